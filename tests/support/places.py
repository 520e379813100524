"""Coordinates in another CRS, a point at a time and not by the code under test: what to expect."""

from __future__ import annotations

from functools import cache

from osgeo import osr


def moved(source: str, target: str, x: float, y: float) -> tuple[float, float]:
    """A point's coordinates; x is the easting or longitude in both CRSs, which are codes such as EPSG:4326."""
    return _way(source, target).TransformPoint(x, y)[:2]


@cache
def _way(source: str, target: str) -> osr.CoordinateTransformation:
    ends = []
    for name in (source, target):
        reference = osr.SpatialReference()
        reference.SetFromUserInput(name)
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        ends.append(reference)
    return osr.CoordinateTransformation(*ends)
