"""How far apart points may lie where a whole area is looked at: fine enough for its shape, few for one request."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from .language import _
from .longitudes import Position
from .region import Region

ALL = 1 - 1e-6
"""Share from which on an area is whole: a mean of many weights may end a little below 1."""

METRES_PER_DEGREE = 111_320
"""Of latitude."""

_FINEST = 10
"""Metres: the pixels of Sentinel-2."""

_LONGEST_SIDE = 3000
"""Points along the longer side at most: scattered parts lie on one grid, of which the service takes ten million."""


def spacing(region: Region, points: int) -> int:
    """Choose the metres between points so that about `points` squared lie in the region; never less than 10.

    By its area, not by the box around it, so that fields scattered over a county are still looked at.

    Returns:
        A multiple of 10 metres.
    """
    west, south, east, north = region.bounds
    narrowing = math.cos(math.radians((south + north) / 2))
    area = sum(
        abs(_area(outer)) - sum(abs(_area(hole)) for hole in holes) for outer, *holes in region.polygons
    )
    longer = max((east - west) * narrowing, north - south)
    metres = METRES_PER_DEGREE * max(math.sqrt(max(area, 0) * narrowing) / points, longer / _LONGEST_SIDE)
    return max(_FINEST, math.ceil(metres / _FINEST) * _FINEST)


def sentence(region: Region, points: int) -> str:
    """Say how far apart points lie."""
    metres = spacing(region, points)
    if metres == _FINEST:
        return _("Every pixel of 10 m is looked at.")
    return _("The area is large: one pixel of 10 m is looked at every {metres} m.", metres=metres)


def _area(ring: Sequence[Position]) -> float:
    """Measure a ring, in square degrees."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring)) / 2
