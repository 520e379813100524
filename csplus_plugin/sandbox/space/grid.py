"""Output grids, and which source pixel lies under each of their pixel centres."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED
from .interpolation import Function, interpolated
from .projections import Affine, Projection, apply, as_affine, inverse, same_crs, transform_points

_TOLERANCE = 0.005  # of a source pixel, for coordinates in another CRS
_ON_LATTICE = 1e-6  # of a pixel: nearer than this is the same place


@dataclass(frozen=True)
class Grid:
    """A rectangle of pixels in some CRS; a pixel is an area, and (0, 0) the corner of the first one.

    Attributes:
        crs: Authority code such as `EPSG:32611`, or WKT.
        transform: scaleX, shearX, translateX, shearY, scaleY, translateY.
        width: Pixels along x.
        height: Pixels along y.
    """

    crs: str
    transform: Affine
    width: int
    height: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "transform", as_affine(self.transform))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def projection(self) -> Projection:
        """CRS and lattice, without the extent."""
        return Projection(self.crs, self.transform)

    @property
    def corner(self) -> tuple[float, float]:
        """Where the first pixel begins, in the grid's CRS."""
        return self.transform[2], self.transform[5]

    @property
    def is_sheared(self) -> bool:
        """Whether rows and columns are not parallel to the axes."""
        return self.transform[1] != 0 or self.transform[3] != 0

    def window(self, column: float, row: float, width: int, height: int) -> Grid:
        """Part of the grid, or more than it: offsets may be negative, or fractions of a pixel."""
        x, y = apply(self.transform, column, row)
        a, b, _, d, e, _ = self.transform
        return Grid(self.crs, (a, b, x, d, e, y), width, height)

    def padded(self, columns: int, rows: int) -> Grid:
        """Give the grid with that many more pixels on every side."""
        return self.window(-columns, -rows, self.width + 2 * columns, self.height + 2 * rows)

    def refined(self, factor: int) -> Grid:
        """Give the same area in pixels `factor` times smaller."""
        a, b, c, d, e, f = self.transform
        fine = (a / factor, b / factor, c, d / factor, e / factor, f)
        return replace(self, transform=fine, width=self.width * factor, height=self.height * factor)

    def row_blocks(self, max_pixels: int) -> Iterator[Grid]:
        """Give the grid in pieces of whole rows, each of at most that many pixels (one row at least)."""
        rows = max(1, max_pixels // max(1, self.width))
        for top in range(0, self.height, rows):
            yield self.window(0, top, self.width, min(rows, self.height - top))

    def pieces(self, max_pixels: int) -> Iterator[Grid]:
        """Cut the grid into pieces of at most that many pixels, in the order of its pixels: rows, or parts of a row."""
        if self.width <= max_pixels:
            yield from self.row_blocks(max_pixels)
            return
        for top in range(self.height):
            for left in range(0, self.width, max_pixels):
                yield self.window(left, top, min(max_pixels, self.width - left), 1)

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of the pixel centres; two arrays that broadcast to the grid's shape."""
        columns = np.arange(self.width)[np.newaxis, :] + 0.5
        rows = np.arange(self.height)[:, np.newaxis] + 0.5
        a, b, c, d, e, f = self.transform
        if self.is_sheared:
            return a * columns + b * rows + c, d * columns + e * rows + f
        return a * columns + c, e * rows + f

    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in the grid's CRS."""
        columns = np.array([0, self.width, 0, self.width])
        rows = np.array([0, 0, self.height, self.height])
        x, y = apply(self.transform, columns, rows)
        return float(x.min()), float(y.min()), float(x.max()), float(y.max())

    def outline(self, points: int = 21) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates along the border, in the grid's CRS, that many a side."""
        t = np.linspace(0, 1, points)
        columns = np.concatenate([t, np.ones(points), 1 - t, np.zeros(points)]) * self.width
        rows = np.concatenate([np.zeros(points), t, np.ones(points), 1 - t]) * self.height
        return apply(self.transform, columns, rows)

    def bounds_in(self, crs: str) -> tuple[float, float, float, float] | None:
        """West, south, east, north in another CRS; None where the border cannot be transformed."""
        x, y = transform_points(self.crs, crs, *self.outline())
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            return None
        # A curved border may bulge between the points, by far less than this share of the extent.
        margin_x, margin_y = 0.01 * np.ptp(x), 0.01 * np.ptp(y)
        return x.min() - margin_x, y.min() - margin_y, x.max() + margin_x, y.max() + margin_y

    def centres_in(self, crs: str, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
        """Pixel centres in another CRS; two arrays that broadcast to the grid's shape.

        Exact where the CRS is the same. Otherwise right to `tolerance` (in units of `crs`), and the same
        in every window of the grid.
        """
        if same_crs(self.crs, crs):
            return self.centres()
        x, y = self.interpolated(lambda x, y: transform_points(self.crs, crs, x, y), tolerance)
        return x, y

    def interpolated(self, function: Function, tolerance: float) -> np.ndarray:
        """Give a smooth function of place at the pixel centres (numbers, height, width), see `interpolation.py`."""
        return interpolated(self.projection, self.width, self.height, function, tolerance)


def fractional_positions(source: Projection, target: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Where the target's pixel centres fall in the source's pixel coordinates: columns, rows.

    The two arrays broadcast to the target's shape; where neither grid is sheared and the CRS is the
    same, they stay one-dimensional.
    """
    a, b, c, d, e, f = inverse(source.transform)
    pixel = math.sqrt(1 / abs(a * e - b * d))
    x, y = target.centres_in(source.crs, _TOLERANCE * pixel)
    if b == 0 and d == 0:
        return a * x + c, e * y + f
    return a * x + b * y + c, d * x + e * y + f


@dataclass(frozen=True)
class Lookup:
    """Nearest-neighbour sampling of one grid by another.

    Attributes:
        window: First column, first row, width, height of the part of the source that is needed.
        columns: Column inside the window for each output pixel; broadcasts with `rows`.
        rows: Row inside the window for each output pixel.
        inside: Whether the output pixel lies on the source; broadcasts. None where all of them do.
    """

    window: tuple[int, int, int, int]
    columns: np.ndarray
    rows: np.ndarray
    inside: np.ndarray | None

    def take(self, window: np.ndarray) -> np.ndarray:
        """Sample the source's window; pixels off the source get some value, see `inside`."""
        if self.columns.shape[0] == 1 and self.rows.shape[-1] == 1:
            return window[_as_slice(self.rows[:, 0])][:, _as_slice(self.columns[0])]
        return np.take(window, self.rows * window.shape[1] + self.columns)


def nearest(source: Grid, target: Grid) -> Lookup | None:
    """Give the source pixel that contains each target pixel's centre; None where the grids do not meet."""
    columns, rows = fractional_positions(source.projection, target)
    with np.errstate(invalid="ignore"):
        columns, rows = lattice_index(columns), lattice_index(rows)
        inside_columns = (columns >= 0) & (columns < source.width)
        inside_rows = (rows >= 0) & (rows < source.height)
    inside = inside_columns & inside_rows
    if not inside.any():
        return None
    first_column, last_column = _range(columns, inside if columns.shape[0] > 1 else inside_columns)
    first_row, last_row = _range(rows, inside if rows.shape[-1] > 1 else inside_rows)
    window = (first_column, first_row, last_column - first_column + 1, last_row - first_row + 1)
    return Lookup(
        window,
        _indices(columns, first_column, last_column),
        _indices(rows, first_row, last_row),
        None if inside.all() else inside,
    )


def lattice_index(positions: np.ndarray) -> np.ndarray:
    """Give the number of the pixel that each position along an axis lies in, as a float."""
    return np.floor(positions + _ON_LATTICE)


def _range(positions: np.ndarray, inside: np.ndarray) -> tuple[int, int]:
    held = positions[np.broadcast_to(inside, positions.shape)]
    return int(held.min()), int(held.max())


def _indices(positions: np.ndarray, first: int, last: int) -> np.ndarray:
    return (np.clip(np.nan_to_num(positions, posinf=last), first, last) - first).astype(np.intp)


def _as_slice(indices: np.ndarray) -> slice | np.ndarray:
    """Evenly spaced indices as a slice, so that no pixel is copied."""
    steps = np.diff(indices)
    if indices.size == 1:
        return slice(int(indices[0]), int(indices[0]) + 1)
    step = int(steps[0])
    if step <= 0 or (steps != step).any():
        return indices
    return slice(int(indices[0]), int(indices[-1]) + 1, step)


def aligned_offset(lattice: Projection, grid: Grid) -> tuple[int, int] | None:
    """Column and row of the grid's corner on the lattice; None where their pixels do not coincide."""
    if not same_crs(lattice.crs, grid.crs):
        return None
    linear = [i for i in range(6) if i not in {2, 5}]
    size = max(abs(lattice.transform[i]) for i in linear)
    if any(abs(lattice.transform[i] - grid.transform[i]) > size * 1e-9 for i in linear):
        return None
    column, row = apply(inverse(lattice.transform), *grid.corner)
    if abs(column - round(column)) > _ON_LATTICE or abs(row - round(row)) > _ON_LATTICE:
        return None
    return round(column), round(row)


def covering(lattice: Projection, bounds: tuple[float, float, float, float]) -> Grid:
    """Give the smallest grid of whole lattice pixels over a rectangle given in the lattice's CRS.

    Args:
        lattice: Where the pixels lie.
        bounds: West, south, east, north.
    """
    west, south, east, north = bounds
    x, y = apply(
        inverse(lattice.transform), np.array([west, east, west, east]), np.array([south, south, north, north])
    )
    left, top = math.floor(x.min() + _ON_LATTICE), math.floor(y.min() + _ON_LATTICE)
    right, bottom = math.ceil(x.max() - _ON_LATTICE), math.ceil(y.max() - _ON_LATTICE)
    whole = Grid(lattice.crs, lattice.transform, 1, 1)
    return whole.window(left, top, max(1, right - left), max(1, bottom - top))


MAX_PULLED = 1 << 24  # pixels of an intermediate projection that one block may need


def grid_window(lattice: Projection, target: Grid, margin: int) -> Grid | None:
    """Give the part of a lattice that a grid needs; None where the grid cannot be placed on it.

    Raises:
        Refused: It would be too many pixels to compute at once.
    """
    columns, rows = fractional_positions(lattice, target)
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
        return None
    # Half a thousandth of a pixel more: the nearest pixel of a centre on an edge must be in.
    left, right = math.floor(columns.min() - 5e-4) - margin, math.floor(columns.max() + 5e-4) + margin
    top, bottom = math.floor(rows.min() - 5e-4) - margin, math.floor(rows.max() + 5e-4) + margin
    width, height = right - left + 1, bottom - top + 1
    if width * height > MAX_PULLED:
        raise Refused(MEMORY_EXCEEDED)
    return Grid(lattice.crs, lattice.transform, 1, 1).window(left, top, width, height)
