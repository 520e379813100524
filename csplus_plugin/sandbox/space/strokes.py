"""What is drawn of lines and points in pixel coordinates: strokes with dashes, markers of several shapes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from osgeo import ogr

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED
from .geometries import AREA, checked, grown

LineType = Literal["solid", "dotted", "dashed"]

_MOST_DASHES = 1_000_000  # of a line, most of which are out of sight
_DOT_STEP, _DASH, _DASH_STEP = 2.0, 3.0, 6.0  # line widths; round ends make a dash one width longer
_CORNERS = 64  # of a circle
_UP = -math.pi / 2
_INNER = {5: math.sin(math.pi / 10) / math.sin(3 * math.pi / 10), 6: 1 / math.sqrt(3)}
"""Radius of the inner corners of a star of straight lines, by its number of points."""

_POLYGONS = {
    "circle": (_CORNERS, _UP),
    "square": (4, math.pi / 4),
    "diamond": (4, _UP),
    "triangle": (3, _UP),
    "triangle_down": (3, -_UP),
    "triangle_left": (3, math.pi),
    "triangle_right": (3, 0.0),
    "pentagon": (5, _UP),
    "hexagon": (6, _UP),
}
"""Number of corners, and the direction of the first one, clockwise from the right."""
_STARS = {"pentagram": 5, "hexagram": 6}
_CROSSES = {"cross": math.pi / 4, "plus": 0.0}
_SAME = {
    "triangle_up": "triangle", "star5": "pentagram", "star6": "hexagram",
    **dict(zip("osdx+ph^v<>", [
        "circle", "square", "diamond", "cross", "plus", "pentagram", "hexagram", "triangle", "triangle_down",
        "triangle_left", "triangle_right",
    ], strict=True)),
}  # fmt: skip

MARKERS = frozenset([*_POLYGONS, *_STARS, *_CROSSES, *_SAME])
"""Names of markers."""


def marker(name: str, x: float, y: float, size: float) -> ogr.Geometry:
    """Give a marker: an area, or the lines of a cross.

    Args:
        name: One of `MARKERS`.
        x: Its middle.
        y: Likewise, downwards.
        size: Its width: the diameter of its circle, the side of a square.
    """
    name, radius = _SAME.get(name, name), size / 2
    if name in _CROSSES:
        cross = ogr.Geometry(ogr.wkbMultiLineString)
        for angle in (_CROSSES[name], _CROSSES[name] + math.pi / 2):
            across, down = radius * math.cos(angle), radius * math.sin(angle)
            cross.AddGeometry(_line(np.array([[x - across, y - down], [x + across, y + down]])))
        return cross
    count, first = (_STARS[name], _UP) if name in _STARS else _POLYGONS[name]
    radii = np.full(count, radius * (math.sqrt(2) if name == "square" else 1))
    if name in _STARS:
        radii = np.tile([radius, radius * _INNER[count]], count)
    angles = first + 2 * math.pi * np.arange(len(radii)) / len(radii)
    corners = np.column_stack([x + radii * np.cos(angles), y + radii * np.sin(angles)])
    ring = ogr.Geometry(ogr.wkbLinearRing)
    for corner in (*corners, corners[0]):
        ring.AddPoint_2D(*corner)
    area = ogr.Geometry(ogr.wkbPolygon)
    area.AddGeometry(ring)
    return area


def strokes(shape: ogr.Geometry, width: float, kind: LineType, size: tuple[int, int]) -> list[ogr.Geometry]:
    """Give the areas that a line, or the outline of an area, covers.

    Args:
        shape: Lines or areas.
        width: Of the line; 0 for none.
        kind: Whether it has gaps.
        size: Rows and columns of what is drawn: dashes elsewhere are left out.

    Raises:
        Refused: There are too many dashes.
    """
    if width <= 0:
        return []
    outline = checked(shape.Boundary()) if shape.GetDimension() == AREA else shape
    if kind == "solid":
        return [grown(outline, width / 2, 8)]
    return [
        grown(dash, width / 2, 8) for line in _lines(outline) for dash in _dashes(line, width, kind, size)
    ]


def single_parts(shape: ogr.Geometry) -> Iterator[ogr.Geometry]:
    """Yield the points, lines and areas that a shape is made of."""
    if shape.GetGeometryName() in {"POINT", "LINESTRING", "POLYGON"}:
        if not shape.IsEmpty():
            yield shape.Clone()
        return
    for i in range(shape.GetGeometryCount()):
        yield from single_parts(shape.GetGeometryRef(i))


def _lines(shape: ogr.Geometry) -> list[np.ndarray]:
    return [np.array(part.GetPoints(), dtype=float)[:, :2] for part in single_parts(shape)]


def _line(points: Sequence[Sequence[float]] | np.ndarray) -> ogr.Geometry:
    line = ogr.Geometry(ogr.wkbLineString)
    for x, y in points:
        line.AddPoint_2D(float(x), float(y))
    return line


def _dashes(points: np.ndarray, width: float, kind: LineType, size: tuple[int, int]) -> list[ogr.Geometry]:
    """Cut a line into dashes or dots, from its start on, so that every part of a picture has the same ones."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    dotted = kind == "dotted"
    step, length = (_DOT_STEP * width, 0.0) if dotted else (_DASH_STEP * width, _DASH * width)
    if along[-1] / step > _MOST_DASHES:
        raise Refused(MEMORY_EXCEEDED)
    starts = np.arange(0.0, along[-1], step)
    x, y = (np.interp(starts, along, points[:, k]) for k in (0, 1))
    reach = length + width
    seen = (x > -reach) & (x < size[1] + reach) & (y > -reach) & (y < size[0] + reach)
    dashes = []
    for start in starts[seen].tolist():
        end = min(start + length, along[-1])
        inner = (along > start) & (along < end)
        places = np.concatenate([[start], along[inner], [end]])
        dash = np.column_stack([np.interp(places, along, points[:, k]) for k in (0, 1)])
        if dotted:
            dot = ogr.Geometry(ogr.wkbPoint)
            dot.AddPoint_2D(*dash[0])
            dashes.append(dot)
        else:
            dashes.append(_line(dash))
    return dashes
