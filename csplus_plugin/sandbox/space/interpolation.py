"""Smooth functions of place over a grid's pixels, interpolated between points that no request can move.

Transforming every pixel's centre into another CRS would take longer than all else, so it is done at anchors and
the rest is interpolated. The anchors lie on multiples of a spacing counted from the CRS's own origin, in pixels of
the grid, and each cell between them is judged by itself. So a pixel gets the same value, to the last bit, in
whatever window it is asked for: a download in tiles is the same as in one piece.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .projections import Projection, apply, inverse

Function = Callable[[np.ndarray, np.ndarray], Sequence[np.ndarray]]
"""Some numbers at each place: from x and y in the grid's CRS to arrays of their shape, not finite where unknown."""

_SPACINGS = (64, 16, 4)  # pixels between anchors; each for the cells where the one before is too coarse
_FARTHEST = 2.0**31  # pixels from the CRS's origin: to here a double holds the fractions of an origin
_FRACTION_BITS = (20, 40)  # the coarsest and the finest fraction of a pixel that an origin is rounded to
_BITS_PER_METRE = 17  # 8 micrometres: far less than matters, far more than a double rounds a coordinate by


def interpolated(
    lattice: Projection, width: int, height: int, function: Function, tolerance: float
) -> np.ndarray:
    """Give a function at the centres of a window's pixels: (numbers, height, width), float64.

    Args:
        lattice: The pixels; (0, 0) is the corner of the window's first one.
        width: Pixels along x.
        height: Pixels along y.
        function: Called once for many places, with two arrays of one shape.
        tolerance: The largest error, in units of the function; cells that are worse halfway between their
            anchors get closer anchors, and at last none.
    """
    a, b, _, d, e, _ = lattice.transform
    left, top = _origin(lattice)

    def at(columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        u, v = np.meshgrid(columns, rows)
        return np.stack(function(a * u + b * v, d * u + e * v))

    columns, rows = left + np.arange(width) + 0.5, top + np.arange(height) + 0.5
    spacings = _SPACINGS if _is_near(left, top) else ()
    with np.errstate(invalid="ignore", over="ignore"):
        return _between(at, columns, rows, tolerance, spacings)


def _origin(lattice: Projection) -> tuple[float, float]:
    """Columns and rows from the CRS's origin to a window's corner, the same fraction for all windows of a grid.

    The corners that a client computes for its tiles differ by rounding, so the fraction is rounded to what no such
    difference reaches: a few micrometres.
    """
    a, b, c, d, e, f = lattice.transform
    column, row = apply(inverse((a, b, 0.0, d, e, 0.0)), c, f)
    if not _is_near(column, row):
        return column, row
    coarsest, finest = _FRACTION_BITS
    bits = _BITS_PER_METRE + math.floor(math.log2(lattice.nominal_scale))
    grains = 2.0 ** min(max(bits, coarsest), finest)
    return round(column * grains) / grains, round(row * grains) / grains


def _is_near(column: float, row: float) -> bool:
    return abs(column) < _FARTHEST and abs(row) < _FARTHEST


@dataclass(frozen=True)
class _Cells:
    """The cells between anchors along one axis that hold some pixels.

    Attributes:
        places: Anchors and the points halfway between them, alternately: twice the number of cells, and one.
        cell: Which cell holds each pixel.
        share: How far into its cell each pixel's centre is, 0 to 1.
    """

    places: np.ndarray
    cell: np.ndarray
    share: np.ndarray


def _cells(centres: np.ndarray, spacing: int) -> _Cells:
    counted = centres / spacing  # exact, as everything here: the spacing is a power of two
    number = np.floor(counted)
    first, last = number[0], number[-1]
    places = np.arange(2 * first, 2 * last + 3) * (spacing / 2)
    return _Cells(places, (number - first).astype(np.intp), counted - number)


def _between(
    at: Callable[[np.ndarray, np.ndarray], np.ndarray],
    columns: np.ndarray,
    rows: np.ndarray,
    tolerance: float,
    spacings: Sequence[int],
) -> np.ndarray:
    if not spacings:
        return at(columns, rows)
    across, down = _cells(columns, spacings[0]), _cells(rows, spacings[0])
    exact = at(across.places, down.places)
    good = _errors(exact) <= tolerance / 2
    if good.all():
        return _bilinear(exact[:, ::2, ::2], across, down)
    bad = ~good[down.cell][:, across.cell]
    here = tuple(slice(i[0], i[-1] + 1) for i in map(np.flatnonzero, (bad.any(axis=1), bad.any(axis=0))))
    closer = _between(at, columns[here[1]], rows[here[0]], tolerance, spacings[1:])
    if bad.all():
        return closer
    found = _bilinear(exact[:, ::2, ::2], across, down)
    np.copyto(found[:, here[0], here[1]], closer, where=bad[here])
    return found


def _errors(exact: np.ndarray) -> np.ndarray:
    """How wrong each cell is halfway along its sides and in its middle; not a number where it cannot be told.

    The middle alone would not do: the curvatures along rows and columns cancel there.
    """
    anchors = exact[:, ::2, ::2]
    along, beside = (anchors[:, :, 1:] + anchors[:, :, :-1]) / 2, (anchors[:, 1:] + anchors[:, :-1]) / 2
    middle = np.abs((along[:, 1:] + along[:, :-1]) / 2 - exact[:, 1::2, 1::2])
    along, beside = np.abs(along - exact[:, ::2, 1::2]), np.abs(beside - exact[:, 1::2, ::2])
    sides = (along[:, 1:], along[:, :-1], beside[:, :, 1:], beside[:, :, :-1])
    return np.maximum.reduce([middle, *sides]).max(axis=0)


def _bilinear(anchors: np.ndarray, across: _Cells, down: _Cells) -> np.ndarray:
    # One operation at a time: a matrix product would be shorter, but its last bits depend on its shape.
    steps = np.diff(anchors, axis=2)
    lines = anchors[:, :, across.cell] + steps[:, :, across.cell] * across.share
    found = np.take(np.diff(lines, axis=1), down.cell, axis=1)
    found *= down.share[:, np.newaxis]
    found += np.take(lines, down.cell, axis=1)
    return found
