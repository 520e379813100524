"""How much work two shapes are for GEOS, estimated before it is asked: it neither stops nor gives memory back.

An overlay takes some 10 microseconds and a kilobyte for every place where two edges cross. Two combs of a few
hundred teeth, which a request of a kilobyte can make, cross in millions of places.
"""

from __future__ import annotations

import numpy as np
from osgeo import ogr

from .. import meter
from ..errors import Refused
from ..meter import MEMORY_EXCEEDED

MOST_CROSSINGS = 300_000  # some 3 seconds and 300 MB
MOST_POINTS = 1_000_000  # of the shapes of one operation
_NEIGHBOURS = 8  # edges that meet an edge of the same shape at its ends, with a margin
_COMPARED = 10_000_000  # pairs of edges that are looked at for an estimate

Boxes = np.ndarray
"""West, south, east, north of edges or parts (n, 4)."""


def check_overlay(left: ogr.Geometry, right: ogr.Geometry) -> None:
    """Look at two shapes before GEOS does.

    Raises:
        Refused: Their edges cross too often, or the time is up.
    """
    meter.check()
    few = points_of(left), points_of(right)
    if sum(few) > MOST_POINTS:
        raise Refused(MEMORY_EXCEEDED)
    if few[0] * few[1] > MOST_CROSSINGS:
        _check_pairs(_edges(left), _edges(right), MOST_CROSSINGS)


def check_union(shape: ogr.Geometry) -> None:
    """Look at a shape before GEOS dissolves it or mends it.

    Raises:
        Refused: Its edges cross too often, or the time is up.
    """
    meter.check()
    count = points_of(shape)
    if count > MOST_POINTS:
        raise Refused(MEMORY_EXCEEDED)
    if count * count > MOST_CROSSINGS:
        edges = _edges(shape)
        _check_pairs(edges, edges, MOST_CROSSINGS + _NEIGHBOURS * len(edges))


def check_buffer(shape: ogr.Geometry, distance: float) -> None:
    """Look at a shape before GEOS puts a buffer around each of its parts and dissolves them.

    Raises:
        Refused: The parts meet too often, or the time is up.
    """
    meter.check()
    if points_of(shape) > MOST_POINTS // 10:
        raise Refused(MEMORY_EXCEEDED)
    count = shape.GetGeometryCount()
    if count * count > MOST_CROSSINGS:
        envelopes = np.array([shape.GetGeometryRef(i).GetEnvelope() for i in range(count)])
        around = np.array([-distance, -distance, distance, distance])
        boxes = envelopes[:, [0, 2, 1, 3]] + around
        _check_pairs(boxes, boxes, MOST_CROSSINGS)


def points_of(shape: ogr.Geometry) -> int:
    """How many points a shape has."""
    parts = shape.GetGeometryCount()
    if not parts:
        return int(shape.GetPointCount())
    return sum(points_of(shape.GetGeometryRef(i)) for i in range(parts))


def _edges(shape: ogr.Geometry) -> Boxes:
    """Give the boxes of all edges; of points, those themselves."""
    lines: list[np.ndarray] = []
    waiting = [shape]
    while waiting:
        part = waiting.pop()
        waiting += [part.GetGeometryRef(i) for i in range(part.GetGeometryCount())]
        if not part.GetGeometryCount() and not part.IsEmpty():
            points = np.array(part.GetPoints(), dtype=float)[:, :2]
            start, end = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
            lines.append(np.hstack([np.minimum(start, end), np.maximum(start, end)]))
    return np.concatenate(lines) if lines else np.zeros((0, 4))


def _check_pairs(left: Boxes, right: Boxes, most: int) -> None:
    """Refuse boxes that overlap too often, by a sample of each side: many crossings may come from few edges."""
    for some, all_ in ((left, right), (right, left)):
        tried = max(1, min(len(some), _COMPARED // max(1, len(all_))))
        sample = some[np.linspace(0, len(some) - 1, tried).astype(int)]
        found = 0
        for west, south, east, north in sample:
            found += np.count_nonzero(
                (all_[:, 0] <= east) & (all_[:, 2] >= west) & (all_[:, 1] <= north) & (all_[:, 3] >= south)
            )
        if found / tried * len(some) > most:
            raise Refused(MEMORY_EXCEEDED)
