"""Edges of shapes: straight lines or shortest paths on the earth, given points enough to be transformed."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from osgeo import ogr

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED
from .projections import metres_per_unit, transform_points

SEGMENT = 5_000.0  # metres between the points that an edge gets before it is bent by a transformation
MAX_POINTS = 2_000_000  # a line
MAX_SEGMENTS = 1000  # an edge

Points = np.ndarray
"""Coordinates (points, 2)."""


def map_lines(shape: ogr.Geometry, change: Callable[[Points], Points]) -> ogr.Geometry:
    """Give a copy of a shape with each of its lines, rings and points changed as an array (points, 2)."""
    # A ring inside a polygon calls itself a line string everywhere but in its name.
    kind = ogr.wkbLinearRing if shape.GetGeometryName() == "LINEARRING" else shape.GetGeometryType()
    if shape.GetGeometryCount():
        whole = ogr.Geometry(kind)
        for i in range(shape.GetGeometryCount()):
            whole.AddGeometryDirectly(map_lines(shape.GetGeometryRef(i), change))
        return whole
    if shape.IsEmpty():
        return shape.Clone()
    points = np.array(shape.GetPoints(), dtype=float)[:, :2]
    changed = ogr.Geometry(kind)
    for x, y in change(points):
        changed.AddPoint_2D(x, y)
    return changed


def transformed(points: Points, source: str, target: str) -> Points:
    """Points from one CRS in another.

    Raises:
        Refused: There is no such place in the other CRS.
    """
    x, y = transform_points(source, target, points[:, 0], points[:, 1])
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise Refused(f"Unable to transform geometry into requested projection {target[:40]}.")
    return np.column_stack([x, y])


def densified(points: Points, crs: str, *, geodesic: bool) -> np.ndarray:
    """More points along each edge: on the shortest path on the sphere, or on the straight line.

    Raises:
        Refused: There would be more points than one geometry may have.
    """
    lengths = np.hypot(*np.diff(points, axis=0).T) * metres_per_unit(crs)
    if (lengths <= SEGMENT).all():
        return points
    pieces, total = [points[:1]], 0
    for start, end in pairwise(points):
        length = math.hypot(*(end - start)) * metres_per_unit(crs)
        count = min(MAX_SEGMENTS, max(1, math.ceil(length / SEGMENT)))
        total += count
        if total > MAX_POINTS:
            raise Refused(MEMORY_EXCEEDED)
        share = np.linspace(0, 1, count + 1)[1:, np.newaxis]
        pieces.append(_great_circle(start, end, share) if geodesic else start + (end - start) * share)
    return np.concatenate(pieces)


def _great_circle(start: np.ndarray, end: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Points on the shortest path between two places, longitude and latitude in degrees."""
    a, b = _unit_vector(start), _unit_vector(end)
    angle = math.acos(min(1.0, max(-1.0, float(a @ b))))
    if angle < 1e-12 or math.pi - angle < 1e-9:  # noqa: PLR2004 - the same place, or antipodes
        return start + (end - start) * share
    along = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / math.sin(angle)
    longitude = np.degrees(np.arctan2(along[:, 1], along[:, 0]))
    # Longitudes continue from the start, so that an edge over the antimeridian stays in one piece.
    longitude = start[0] + (longitude - start[0] + 180) % 360 - 180
    path = np.column_stack([longitude, np.degrees(np.arcsin(np.clip(along[:, 2], -1, 1)))])
    if abs(path[-1, 0] - end[0]) < 1e-6:  # noqa: PLR2004 - degrees
        path[-1] = end
    return path


def _unit_vector(place: np.ndarray) -> np.ndarray:
    longitude, latitude = np.radians(place)
    flat = math.cos(latitude)
    return np.array([flat * math.cos(longitude), flat * math.sin(longitude), math.sin(latitude)])
