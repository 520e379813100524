"""How much of each pixel an area covers, computed from its edges (guides/reducers_weighting)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from osgeo import ogr

from .. import meter
from .geometries import Geometry, areas_of
from .grid import Grid
from .projections import apply, inverse

LEVELS = 256
"""That coverage is told in: shares of less than one level are nothing."""

_PIECES = 1 << 20  # of edges, one a pixel, that are held at once


def in_levels(share: np.ndarray) -> np.ndarray:
    """Give coverage as the service keeps it: the nearest of 256 levels, 0 below the first, float32."""
    level = np.rint(share * LEVELS) / LEVELS
    return np.where(share * LEVELS < 1 - 1e-9, 0, level).astype(np.float32)


def area_coverage(geometry: Geometry, grid: Grid) -> np.ndarray:
    """Give the share of each pixel that the areas of a geometry cover, exact but for rounding (height, width)."""
    edges = geometry.remembered("edges", grid.crs, lambda: _edges(areas_of(geometry, grid.crs)))
    a, b, _, d, e, _ = grid.transform
    back = inverse(grid.transform)
    x0, y0 = apply(back, edges.starts[:, 0], edges.starts[:, 1])
    x1, y1 = apply(back, edges.ends[:, 0], edges.ends[:, 1])
    height, width = grid.shape
    near = (
        (np.maximum(y0, y1) > 0) & (np.minimum(y0, y1) < height) & (np.minimum(x0, x1) < width) & (y0 != y1)
    )
    flat = np.zeros(height * (width + 2))
    for piece in _pieces(np.stack([x0, y0, x1, y1])[:, near], width, height):
        row, column, rise, share = piece
        at = row * (width + 2) + column
        # An edge covers the part of its pixel to the right of it, and all pixels further right.
        flat += np.bincount(at, rise * (1 - share), flat.size)
        flat += np.bincount(at + 1, rise * share, flat.size)
    covered = flat.reshape(height, width + 2)[:, :width].cumsum(axis=1)
    return np.clip(covered if a * e - b * d > 0 else -covered, 0, 1)


@dataclass(frozen=True)
class _Edges:
    """Edges of areas in a CRS; outlines turn clockwise and holes the other way, x to the right and y up.

    Attributes:
        starts: Where each one begins (n, 2).
        ends: Where it ends (n, 2).
    """

    starts: np.ndarray
    ends: np.ndarray


def _edges(shape: ogr.Geometry) -> _Edges:
    rings = list(_rings(shape))
    if not rings:
        return _Edges(np.zeros((0, 2)), np.zeros((0, 2)))
    return _Edges(np.concatenate([r[:-1] for r in rings]), np.concatenate([r[1:] for r in rings]))


def _rings(shape: ogr.Geometry) -> Iterator[np.ndarray]:
    if shape.GetGeometryName() != "POLYGON":
        for i in range(shape.GetGeometryCount()):
            yield from _rings(shape.GetGeometryRef(i))
        return
    for i in range(shape.GetGeometryCount()):
        points = shape.GetGeometryRef(i).GetPoints() or []
        if points:
            ring = np.array(points, dtype=float)[:, :2]
            x, y = (ring - ring[0]).T
            is_clockwise = float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum()) < 0
            yield ring if is_clockwise == (i == 0) else ring[::-1]


def _pieces(edges: np.ndarray, width: int, height: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Cut edges (4, n) at the sides of pixels.

    Yields:
        Some of the pieces: row, column, how far each one rises, and where it is in its pixel from left to right.
    """
    x0, y0, x1, y1 = edges
    dx, dy = x1 - x0, y1 - y0
    first, last = np.sort([-y0 / dy, (height - y0) / dy], axis=0)
    first, last = np.maximum(first, 0), np.minimum(last, 1)
    x0, x1 = x0 + first * dx, x0 + last * dx
    y0, y1 = np.clip(y0 + first * dy, 0, height), np.clip(y0 + last * dy, 0, height)
    is_left = (x0 <= 0) & (x1 <= 0)
    x0, x1 = np.where(is_left, 0, x0), np.where(is_left, 0, x1)
    columns, rows = _cuts(x0, x1, width), _cuts(y0, y1, height)
    ends = np.cumsum(columns[1] + rows[1] + 2)
    done = 0
    while done < ends.size:
        meter.check()
        before = ends[done - 1] if done else 0
        end = max(done + 1, int(np.searchsorted(ends, before + _PIECES, side="right")))
        some = slice(done, end)
        yield _cut(
            (x0[some], y0[some], x1[some], y1[some]),
            (columns[0][some], columns[1][some]),
            (rows[0][some], rows[1][some]),
            (width, height),
        )
        done = end


def _cuts(start: np.ndarray, end: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the first whole number between two, and how many there are, from 0 to `most`."""
    first = np.maximum(np.floor(np.minimum(start, end)) + 1, 0)
    last = np.minimum(np.ceil(np.maximum(start, end)) - 1, most)
    return first, np.maximum(last - first + 1, 0).astype(np.int64)


def _cut(
    edges: tuple[np.ndarray, ...],
    columns: tuple[np.ndarray, np.ndarray],
    rows: tuple[np.ndarray, np.ndarray],
    size: tuple[int, int],
) -> tuple[np.ndarray, ...]:
    x0, y0, x1, y1 = edges
    width, height = size
    every = np.arange(x0.size)
    owners, shares = [every, every], [np.zeros(x0.size), np.ones(x0.size)]
    for start, end, (first, count) in ((x0, x1, columns), (y0, y1, rows)):
        owner = np.repeat(every, count)
        number = first[owner] + np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
        owners.append(owner)
        shares.append(np.clip((number - start[owner]) / (end - start)[owner], 0, 1))
    owner, share = np.concatenate(owners), np.concatenate(shares)
    order = np.lexsort((share, owner))
    owner, share = owner[order], share[order]
    same = owner[:-1] == owner[1:]
    edge, begin, end = owner[:-1][same], share[:-1][same], share[1:][same]
    middle = (begin + end) / 2
    x = np.clip(x0[edge] + middle * (x1 - x0)[edge], 0, width)
    y = y0[edge] + middle * (y1 - y0)[edge]
    column = np.floor(x)
    return (
        np.clip(np.floor(y), 0, height - 1).astype(np.int64),
        column.astype(np.int64),
        (end - begin) * (y1 - y0)[edge],
        x - column,
    )
