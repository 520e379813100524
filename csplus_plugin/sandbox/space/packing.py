"""How files pack their pixels, and where to cut a grid so that no block of a file is unpacked twice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .grid import Grid, fractional_positions, lattice_index
from .projections import Projection, same_crs

Window = tuple[int, int, int, int]
"""First column, first row, width and height of a part of a grid."""


@dataclass(frozen=True)
class Packing:
    """Blocks of pixels that can be unpacked only as a whole.

    Attributes:
        lattice: The pixels; (0, 0) is the corner of the first block.
        columns: Pixels of a block along x.
        rows: Pixels of a block along y.
        layers: How many collections lie between the file and the image: 1 for a composite of scenes.
    """

    lattice: Projection
    columns: int
    rows: int
    layers: int = 0

    def pixels_under(self, grid: Grid) -> float:
        """Give how many pixels of the file lie under one of the grid's, roughly; infinite where nobody can tell."""
        x, y = fractional_positions(self.lattice, grid.window(grid.width // 2, grid.height // 2, 2, 2))
        x, y = np.broadcast_arrays(x, y)
        area = abs((x[0, 1] - x[0, 0]) * (y[1, 0] - y[0, 0]) - (x[1, 0] - x[0, 0]) * (y[0, 1] - y[0, 0]))
        return float(area) if math.isfinite(area) else math.inf

    def largest_block(self, grid: Grid) -> int:
        """Give the most pixels of the grid that lie in one block; 0 where the grid's rows are not those of the file."""
        runs = self._runs(grid)
        return 0 if runs is None else max(runs[0]) * max(runs[1])

    def cut(self, grid: Grid, most: int) -> list[Window]:
        """Cut a grid along the edges of blocks into rectangles of at most `most` pixels; squares if it is askew.

        Where a block has more pixels it is cut into some rows at a time.
        """
        side = math.isqrt(most)
        runs = self._runs(grid)
        if runs is None:
            runs = _even(grid.width, max(1, side)), _even(grid.height, max(1, side))
        widths = [part for run in _grouped(runs[0], side) for part in _even(run, most)]
        rows = max(1, most // max(widths))
        heights = [part for run in _grouped(runs[1], rows) for part in _even(run, rows)]
        return [
            (left, top, width, height) for top, height in _placed(heights) for left, width in _placed(widths)
        ]

    def _runs(self, grid: Grid) -> tuple[list[int], list[int]] | None:
        """Give how many columns, and rows, of the grid lie in each block; None where they are not those of the file."""
        if not same_crs(self.lattice.crs, grid.crs):
            return None
        columns, rows = fractional_positions(self.lattice, grid)
        if columns.shape[0] > 1 or rows.shape[-1] > 1:
            return None
        across = _run_lengths(lattice_index(columns[0]) // self.columns)
        return across, _run_lengths(lattice_index(rows[:, 0]) // self.rows)


def row_windows(grid: Grid, most: int) -> list[Window]:
    """Cut a grid into whole rows, as many at a time as have at most `most` pixels, and one at least."""
    rows = max(1, most // max(1, grid.width))
    return [(0, top, grid.width, min(rows, grid.height - top)) for top in range(0, grid.height, rows)]


def _run_lengths(numbers: np.ndarray) -> list[int]:
    ends = np.flatnonzero(np.diff(numbers)) + 1
    return np.diff(np.concatenate([[0], ends, [numbers.size]])).tolist()


def _grouped(runs: Sequence[int], most: int) -> Iterator[int]:
    """Put neighbours together while they have at most `most`; a longer run stays as it is."""
    held = 0
    for run in runs:
        if held and held + run > most:
            yield held
            held = 0
        held += run
    yield held


def _even(length: int, most: int) -> list[int]:
    """Cut a length into nearly equal parts of at most `most`."""
    count = -(-length // most)
    return [length * (i + 1) // count - length * i // count for i in range(count)]


def _placed(lengths: Sequence[int]) -> list[tuple[int, int]]:
    starts = np.cumsum([0, *lengths[:-1]]).tolist()
    return list(zip(starts, lengths, strict=True))
