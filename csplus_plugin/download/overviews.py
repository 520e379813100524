"""Overviews: each level half as wide and high as the one before, means of four pixels.

A tile brings those of its blocks that no other tile has a share in. What is missing when all have arrived, above all
the coarse levels, is made then from the level before.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from osgeo import gdal, gdal_array

from ..core.bands import BandInfo
from ..core.grid import Grid
from . import tiff
from .checked import Advance, checked, must, small_cache
from .plan import BLOCK, Tile

_SMALLEST = 256
"""Pixels; there are levels until the longer side is this small."""

_READERS = min(4, os.cpu_count() or 1)
"""Blocks that are made at once."""

_FAILED = "The overviews could not be built"

_AHEAD = 64
"""Blocks that may wait to be written."""


def level_count(grid: Grid) -> int:
    """Say how many levels a file of this size has."""
    longest, count = max(grid.width, grid.height), 0
    while longest / 2**count > _SMALLEST:
        count += 1
    return count


def held_by(tile: Tile, grid: Grid) -> int:
    """Say how many levels have blocks that lie in this tile alone, from the finest on."""
    for level in range(level_count(grid)):
        span = BLOCK * 2 ** (level + 1)
        for begin, length, end in (
            (tile.column, tile.width, grid.width),
            (tile.row, tile.height, grid.height),
        ):
            if begin % span or (length % span and begin + length < end):
                return level
    return level_count(grid)


def halved(values: np.ndarray, info: BandInfo, nodata: float) -> np.ndarray:
    """Halve both sides, rounded up: the mean of those of four pixels that are known, or one of them.

    Args:
        values: Pixels of one band, (height, width); begins where a pixel of the result does.
        info: Whether its values can be blended.
        nodata: The value of unknown pixels.
    """
    if not info.blends:
        return np.ascontiguousarray(values[::2, ::2])
    height, width = values.shape
    if height % 2 or width % 2:
        values = np.pad(values, ((0, height % 2), (0, width % 2)), mode="edge")
    fine = gdal_array.OpenArray(np.ascontiguousarray(values))
    fine.GetRasterBand(1).SetNoDataValue(nodata)
    coarse = gdal.GetDriverByName("MEM").Create(
        "", values.shape[1] // 2, values.shape[0] // 2, 1, fine.GetRasterBand(1).DataType
    )
    target = coarse.GetRasterBand(1)
    must(gdal.RegenerateOverviews(fine.GetRasterBand(1), [target], "AVERAGE") == gdal.CE_None)
    return target.ReadAsArray()


def complete(path: Path, bands: Sequence[BandInfo], nodata: float, advance: Advance = lambda _: None) -> None:
    """Make the blocks that no tile brought, inside the file.

    Args:
        path: A file whose directories list all levels.
        bands: Names and whether they blend, in order.
        nodata: The value of unknown pixels.
        advance: Told the share that is done.

    Raises:
        FileTrouble: The disk is full, or a block cannot be read.
        Cancelled: `advance` raised it.
    """
    missing = list(_missing(path, len(bands)))
    done = 0
    with small_cache(), checked(_FAILED), ThreadPoolExecutor(_READERS) as pool:
        for level, blocks in groupby(missing, key=lambda block: block.level):
            fine = _Fine(path, bands, nodata)  # opened anew, to see the level before
            dataset = gdal.Open(str(path), gdal.GA_Update)
            must(dataset is not None)
            while some := list(islice(blocks, _AHEAD)):
                for block, values in zip(some, pool.map(fine.halved, some), strict=True):
                    advance(done / len(missing))
                    done += 1
                    target = dataset.GetRasterBand(block.band + 1).GetOverview(level)
                    must(target.WriteArray(values, block.column * BLOCK, block.row * BLOCK) == gdal.CE_None)
            dataset.FlushCache()
            del target, dataset


@dataclass(frozen=True)
class _Block:
    """A block of an overview; level and band count from 0."""

    level: int
    band: int
    row: int
    column: int


class _Fine:
    """What blocks are made from, read by several threads, each through a handle of its own."""

    def __init__(self, path: Path, bands: Sequence[BandInfo], nodata: float) -> None:
        self._path, self._bands, self._nodata = path, bands, nodata
        self._of_thread = threading.local()

    def halved(self, block: _Block) -> np.ndarray:
        """Make a block."""
        with checked(_FAILED):  # GDAL's reasons are told to the thread that asked
            if not hasattr(self._of_thread, "dataset"):
                self._of_thread.dataset = gdal.Open(str(self._path))
            must(self._of_thread.dataset is not None)
            band = self._of_thread.dataset.GetRasterBand(block.band + 1)
            fine = band.GetOverview(block.level - 1) if block.level else band
            x, y, span = 2 * BLOCK * block.column, 2 * BLOCK * block.row, 2 * BLOCK
            values = fine.ReadAsArray(x, y, min(span, fine.XSize - x), min(span, fine.YSize - y))
            must(values is not None)
            return halved(values, self._bands[block.band], self._nodata)


def _missing(path: Path, bands: int) -> Iterator[_Block]:
    """Walk what has to be made, fine levels first."""
    with path.open("rb") as file:
        directories = tiff.read_directories(file)
    known: np.ndarray | None = None
    for level, directory in enumerate(directories, -1):
        across, down = (-(-directory[side].values()[0] // BLOCK) for side in (tiff.WIDTH, tiff.HEIGHT))
        held = np.reshape(directory[tiff.BLOCK_OFFSETS].values(), (bands, down, across)) != 0
        if known is not None:
            below = np.zeros((bands, 2 * down, 2 * across), bool)
            below[:, : known.shape[1], : known.shape[2]] = known
            wanted = below.reshape(bands, down, 2, across, 2).any(axis=(2, 4)) & ~held
            for index, row, column in np.argwhere(wanted).tolist():
                yield _Block(level, index, row, column)
            held |= wanted
        known = held
