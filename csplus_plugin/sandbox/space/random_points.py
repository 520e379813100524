"""Random places in a geometry: uniform on the sphere, along its lines, or among its points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from osgeo import ogr

from .. import meter
from ..errors import Refused
from ..meter import TIMED_OUT
from .geometries import AREA, Geometry, dissolved
from .projections import WGS84, quiet_gdal

_BATCH = 4096  # places that are tried at once
_TRIES = 4_000_000  # in all: an area that fills less of its box is given up


def places_in(region: Geometry, count: int, generator: np.random.Generator) -> np.ndarray:
    """Give places in a geometry, in its parts of the highest dimension.

    Args:
        region: Areas, lines or points.
        count: How many.
        generator: Where chance comes from.

    Returns:
        Longitude and latitude in degrees (count, 2).

    Raises:
        Refused: The geometry is empty or without limits, or too thin.
    """
    shape = region.planar(WGS84)
    highest = -1 if shape.IsEmpty() else shape.GetDimension()
    parts = [part for part in _parts(shape) if part.GetDimension() == highest]
    if not parts:
        raise Refused("FeatureCollection.randomPoints: The region is empty.")
    if highest == AREA:
        return _in_areas(parts, count, generator)
    points = [np.array(part.GetPoints(), dtype=float)[:, :2] for part in parts]
    if highest:
        return _on_lines(points, count, generator)
    every = np.concatenate(points)
    return every[generator.integers(len(every), size=count)]


def _parts(shape: ogr.Geometry) -> list[ogr.Geometry]:
    """Give the single shapes that a shape is made of; areas of a multi polygon do not overlap."""
    if shape.GetGeometryName() in {"POINT", "LINESTRING", "POLYGON"}:
        return [] if shape.IsEmpty() else [shape.Clone()]
    whole = dissolved(shape)
    if whole.GetGeometryName() == "POLYGON":
        return [whole]
    return [part for i in range(whole.GetGeometryCount()) for part in _parts(whole.GetGeometryRef(i))]


def _in_areas(parts: Sequence[ogr.Geometry], count: int, generator: np.random.Generator) -> np.ndarray:
    """Places in the boxes of areas by the boxes' sizes on the sphere; those beside the areas do not count."""
    if count == 0:
        return np.zeros((0, 2))
    with quiet_gdal():  # of areas that are none, such as a ring of two points, there is no prepared form
        tried = [(part.GetEnvelope(), part.CreatePreparedGeometry()) for part in parts]
    prepared = [form for _, form in tried if form is not None]
    boxes = np.array([box for box, form in tried if form is not None]).reshape(-1, 4)
    south, north = (np.sin(np.radians(np.clip(boxes[:, k], -90, 90))) for k in (2, 3))
    sizes = (boxes[:, 1] - boxes[:, 0]) * (north - south)
    if not sizes.sum() > 0:
        raise Refused("FeatureCollection.randomPoints: The region has no area.")
    found: list[np.ndarray] = []
    for _ in range(0, _TRIES, _BATCH):
        meter.check()
        chosen = generator.choice(len(prepared), size=_BATCH, p=sizes / sizes.sum())
        across, upward = generator.random((2, _BATCH))
        longitude = boxes[chosen, 0] + across * (boxes[chosen, 1] - boxes[chosen, 0])
        latitude = np.degrees(np.arcsin(south[chosen] + upward * (north[chosen] - south[chosen])))
        for part, x, y in zip(chosen.tolist(), longitude.tolist(), latitude.tolist(), strict=True):
            if prepared[part].Contains(_point(x, y)):
                found.append(np.array([x, y]))
                if len(found) == count:
                    return np.array(found)
    raise Refused(TIMED_OUT)


def _point(x: float, y: float) -> ogr.Geometry:
    point = ogr.Geometry(ogr.wkbPoint)
    point.AddPoint_2D(x, y)
    return point


def _on_lines(lines: Sequence[np.ndarray], count: int, generator: np.random.Generator) -> np.ndarray:
    """Places on lines by their lengths on the sphere; their edges are short or straight in longitude and latitude."""
    starts = np.concatenate([line[:-1] for line in lines])
    ends = np.concatenate([line[1:] for line in lines])
    lengths = _distances(starts, ends)
    if not lengths.sum() > 0:
        return starts[generator.integers(len(starts), size=count)]
    chosen = generator.choice(len(starts), size=count, p=lengths / lengths.sum())
    share = generator.random((count, 1))
    return starts[chosen] + share * (ends[chosen] - starts[chosen])


def _distances(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Give angles between places, in radians, by the haversine formula, which is exact for small ones."""
    half = np.radians(ends - starts) / 2
    flat = np.cos(np.radians(starts[:, 1])) * np.cos(np.radians(ends[:, 1]))
    return 2 * np.arcsin(np.sqrt(np.clip(np.sin(half[:, 1]) ** 2 + flat * np.sin(half[:, 0]) ** 2, 0, 1)))
