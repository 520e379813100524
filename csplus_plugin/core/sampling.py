"""How far apart points may lie where a whole area is looked at: fine enough for its shape, few for one request."""

from __future__ import annotations

from .region import Region

METRES_PER_DEGREE = 111_320
"""Of latitude."""

_FINEST = 10
"""Metres: the pixels of Sentinel-2."""


def spacing(region: Region, points: int) -> float:
    """Choose the metres between points so that so many lie along the longer side of the region, or 10 metres."""
    west, south, east, north = region.bounds
    return max(_FINEST, max(east - west, north - south) * METRES_PER_DEGREE / points)
