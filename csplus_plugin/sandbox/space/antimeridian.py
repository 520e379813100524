"""Shapes across the antimeridian: their lines unwrapped, and the shape cut there, so that longitudes end at 180."""

from __future__ import annotations

from functools import partial

import numpy as np
from osgeo import ogr

from .edges import map_lines

_TURN = 360.0
_HALF = 180.0
_SOUTH, _NORTH = -91.0, 91.0


def unwrapped(points: np.ndarray) -> np.ndarray:
    """Give a line whose longitudes go on beyond 180 where it crosses the antimeridian.

    An edge of more than half a turn is the short way round. One of a whole turn is meant as it stands, and so is a
    ring around a pole.

    Args:
        points: Longitude and latitude, degrees, (points, 2).
    """
    steps = np.diff(points[:, 0])
    crosses = (np.abs(steps) > _HALF) & (np.abs(steps) < _TURN)
    if not crosses.any():
        return points
    turns = np.concatenate([[0], np.cumsum(np.where(crosses, -np.sign(steps), 0))])
    is_ring = bool((points[0] == points[-1]).all())
    return (
        points if is_ring and turns[-1] else points + np.column_stack([turns * _TURN, np.zeros(len(turns))])
    )


def within_globe(shape: ogr.Geometry) -> ogr.Geometry:
    """Give the same places with longitudes of -180 to 180: what lies beyond is cut off and moved by a turn.

    Args:
        shape: In longitude and latitude, degrees.
    """
    west, east, _, _ = shape.GetEnvelope()
    if shape.IsEmpty() or (west >= -_HALF and east <= _HALF):
        return shape
    first, last = (int(np.floor((side + _HALF) / _TURN)) for side in (west, east))
    whole: ogr.Geometry | None = None
    for turn in range(first, last + 1):
        strip = _strip(turn * _TURN - _HALF)
        part = shape.Intersection(strip)
        if part is None or part.IsEmpty() or part.GetDimension() < shape.GetDimension():
            continue
        moved = map_lines(part, partial(_shifted, by=-turn * _TURN))
        whole = moved if whole is None else whole.Union(moved)
    return shape if whole is None else whole


def reaching(shape: ogr.Geometry, west: float, east: float) -> ogr.Geometry:
    """Give a shape of the globe again and again, a turn apart, as far as a map in longitude and latitude reaches."""
    first, last = (int(np.floor((side + _HALF) / _TURN)) for side in (west, np.nextafter(east, west)))
    if first == last == 0:
        return shape
    whole = shape.Clone() if first <= 0 <= last else None
    for turn in range(first, last + 1):
        if turn:
            copy = map_lines(shape, partial(_shifted, by=turn * _TURN))
            whole = copy if whole is None else whole.Union(copy)
    return whole


def _shifted(points: np.ndarray, by: float) -> np.ndarray:
    return points + np.array([by, 0.0])


def _strip(west: float) -> ogr.Geometry:
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in ((0, _SOUTH), (_TURN, _SOUTH), (_TURN, _NORTH), (0, _NORTH), (0, _SOUTH)):
        ring.AddPoint_2D(west + x, y)
    polygon = ogr.Geometry(ogr.wkbPolygon)
    polygon.AddGeometry(ring)
    return polygon
