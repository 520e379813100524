"""Shapes across the antimeridian: their lines unwrapped, and the shape cut there, so that longitudes end at 180."""

from __future__ import annotations

from functools import partial

import numpy as np
from osgeo import ogr

from ..errors import Refused
from .edges import map_lines

TURN = 360.0
"""Degrees."""

_HALF = 180.0
_SOUTH, _NORTH = -91.0, 91.0
_MOST_TURNS = 1000
"""Around the globe; nobody means more."""


def unwrapped(points: np.ndarray) -> np.ndarray:
    """Give a line whose longitudes go on beyond 180 where it crosses the antimeridian.

    An edge of more than half a turn is the short way round. One of a whole turn is meant as it stands, and so is a
    ring around a pole.

    Args:
        points: Longitude and latitude, degrees, (points, 2).
    """
    steps = np.diff(points[:, 0])
    crosses = (np.abs(steps) > _HALF) & (np.abs(steps) < TURN)
    if not crosses.any():
        return points
    turns = np.concatenate([[0], np.cumsum(np.where(crosses, -np.sign(steps), 0))])
    is_ring = bool((points[0] == points[-1]).all())
    return points if is_ring and turns[-1] else points + np.column_stack([turns * TURN, np.zeros(len(turns))])


def within_globe(shape: ogr.Geometry) -> ogr.Geometry:
    """Give the same places with longitudes of -180 to 180: what lies beyond is cut off and moved by a turn.

    Args:
        shape: In longitude and latitude, degrees.
    """
    west, east, _, _ = shape.GetEnvelope()
    if shape.IsEmpty() or (west >= -_HALF and east <= _HALF):
        return shape
    whole: ogr.Geometry | None = None
    for turn in _turns(west, east):
        strip = _strip(turn * TURN - _HALF)
        part = shape.Intersection(strip)
        if part is None or part.IsEmpty() or part.GetDimension() < shape.GetDimension():
            continue
        moved = map_lines(part, partial(_shifted, by=-turn * TURN))
        whole = moved if whole is None else whole.Union(moved)
    return shape if whole is None else whole


def turns(west: float, east: float) -> list[int]:
    """Give the turns around the globe that a map in longitude and latitude reaches: 0 for -180 to 180.

    Raises:
        Refused: They are more than anybody means.
    """
    return list(_turns(west, float(np.nextafter(east, west))))


def _turns(west: float, east: float) -> range:
    first, last = (np.floor((side + _HALF) / TURN) for side in (west, east))
    if not last - first < _MOST_TURNS:
        raise Refused(f"Longitudes from {west:g} to {east:g} reach around the globe too often.")
    return range(int(first), int(last) + 1)


def _shifted(points: np.ndarray, by: float) -> np.ndarray:
    return points + np.array([by, 0.0])


def _strip(west: float) -> ogr.Geometry:
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for x, y in ((0, _SOUTH), (TURN, _SOUTH), (TURN, _NORTH), (0, _NORTH), (0, _SOUTH)):
        ring.AddPoint_2D(west + x, y)
    polygon = ogr.Geometry(ogr.wkbPolygon)
    polygon.AddGeometry(ring)
    return polygon
