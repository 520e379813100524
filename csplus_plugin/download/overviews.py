"""Overviews: each level half as wide and high as the one before, means of four pixels.

A tile brings the blocks of overviews that lie in it alone. What is missing when all tiles have arrived, above all the
coarse levels, is then made from the level before.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

import numpy as np
from osgeo import gdal, gdal_array

from ..core.bands import BandInfo
from ..core.grid import Grid
from ..core.language import _, marked
from . import tiff
from .gdal_errors import as_file_trouble, closing, require
from .gdal_io import Advance, limited_cache
from .plan import BLOCK, Tile

_MIN_SIDE = 256
"""Pixels; levels are added until the longer side is no longer than this."""

_WORKERS = min(4, os.cpu_count() or 1)
"""Blocks that are made at once."""

_FAILED = marked("The overviews could not be built")

_BATCH = 64
"""Blocks that may wait to be written."""


def count_levels(grid: Grid) -> int:
    """Count the levels that a file of this size has."""
    longest, count = max(grid.width, grid.height), 0
    while longest / 2**count > _MIN_SIDE:
        count += 1
    return count


def count_levels_within(tile: Tile, grid: Grid) -> int:
    """Count the levels, from the finest on, whose blocks lie in this tile alone where it lies."""
    for level in range(count_levels(grid)):
        span = BLOCK * 2 ** (level + 1)
        for begin, length, end in (
            (tile.column, tile.width, grid.width),
            (tile.row, tile.height, grid.height),
        ):
            if begin % span or (length % span and begin + length < end):
                return level
    return count_levels(grid)


def halve(values: np.ndarray, info: BandInfo, nodata: float) -> np.ndarray:
    """Halve both sides, rounded up: each pixel is the mean of those of four that are known, or one of the four.

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
    require(gdal.RegenerateOverviews(fine.GetRasterBand(1), [target], "AVERAGE") == gdal.CE_None)
    return target.ReadAsArray()


def build_missing(
    path: Path, bands: Sequence[BandInfo], nodata: float, advance: Advance = lambda _: None
) -> None:
    """Make the blocks that no tile brought, in the file itself.

    Args:
        path: A file whose directories list all levels.
        bands: Names and whether they blend, in order.
        nodata: The value of unknown pixels.
        advance: Gets the share that is done, 0 to 1.

    Raises:
        FileTrouble: The disk is full, or a block cannot be read.
        Cancelled: `advance` raised it.
    """
    missing = list(_find_missing(path, len(bands)))
    before = _read_offsets(path)
    checksums: dict[_Block, int] = {}
    done = 0
    with limited_cache(), as_file_trouble(_(_FAILED)), ThreadPoolExecutor(_WORKERS) as pool:
        for _level, blocks in groupby(missing, key=lambda block: block.level):
            source = _Source(path, bands, nodata)  # opened anew, to see the level before
            dataset = gdal.Open(str(path), gdal.GA_Update)
            require(dataset is not None)
            try:
                while batch := list(islice(blocks, _BATCH)):
                    for block, values in zip(batch, pool.map(source.make_block, batch), strict=True):
                        advance(done / len(missing))
                        done += 1
                        checksums[block] = zlib.crc32(values.tobytes())
                        _write(dataset, block, values)
                dataset.FlushCache()
            finally:
                with closing():
                    del dataset
        _check(path, before, checksums)


def _write(dataset: gdal.Dataset, block: _Block, values: np.ndarray) -> None:
    target = _level(dataset, block.band, block.level)
    require(target.WriteArray(values, block.column * BLOCK, block.row * BLOCK) == gdal.CE_None)


def _check(path: Path, before: Sequence[np.ndarray], checksums: Mapping[_Block, int]) -> None:
    """Read back what was made: on a full disk GDAL may lose blocks as it closes a file, without a word."""
    after = _read_offsets(path)
    require(len(after) == len(before))
    for old, new in zip(before, after, strict=True):
        require(bool((new[old != 0] == old[old != 0]).all()))  # what tiles brought lies where it lay
    dataset = gdal.Open(str(path))
    require(dataset is not None)
    for block, checksum in checksums.items():
        band = _level(dataset, block.band, block.level)
        x, y = BLOCK * block.column, BLOCK * block.row
        values = band.ReadAsArray(x, y, min(BLOCK, band.XSize - x), min(BLOCK, band.YSize - y))
        require(values is not None and zlib.crc32(np.ascontiguousarray(values).tobytes()) == checksum)


def _level(dataset: gdal.Dataset, band: int, level: int) -> gdal.Band:
    """Give an overview of a band, or with -1 the band; a full disk may have cost the file its directories."""
    found = dataset.GetRasterBand(band + 1) if band < dataset.RasterCount else None
    if found is not None and level >= 0:
        found = found.GetOverview(level)
    require(found is not None)
    return found


def _read_offsets(path: Path) -> list[np.ndarray]:
    """Read where the blocks of the file and of each overview lie; 0 for none."""
    try:
        with path.open("rb") as file:
            directories = tiff.read_directories(file)
    except ValueError:
        return []
    return [np.array(directory[tiff.BLOCK_OFFSETS].integers()) for directory in directories]


@dataclass(frozen=True)
class _Block:
    """A block of an overview; all numbers count from 0."""

    level: int
    band: int
    row: int
    column: int


class _Source:
    """The levels that blocks are made from, read by several threads, each through a handle of its own."""

    def __init__(self, path: Path, bands: Sequence[BandInfo], nodata: float) -> None:
        self._path, self._bands, self._nodata = path, bands, nodata
        self._per_thread = threading.local()

    def make_block(self, block: _Block) -> np.ndarray:
        """Make a block from the level before."""
        with as_file_trouble(_(_FAILED)):  # GDAL keeps its errors for each thread
            if not hasattr(self._per_thread, "dataset"):
                self._per_thread.dataset = gdal.Open(str(self._path))
            require(self._per_thread.dataset is not None)
            fine = _level(self._per_thread.dataset, block.band, block.level - 1)
            x, y, span = 2 * BLOCK * block.column, 2 * BLOCK * block.row, 2 * BLOCK
            values = fine.ReadAsArray(x, y, min(span, fine.XSize - x), min(span, fine.YSize - y))
            require(values is not None)
            return halve(values, self._bands[block.band], self._nodata)


def _find_missing(path: Path, bands: int) -> Iterator[_Block]:
    """Find the blocks that have to be made, fine levels first."""
    with path.open("rb") as file:
        directories = tiff.read_directories(file)
    known: np.ndarray | None = None
    for level, directory in enumerate(directories, -1):
        across, down = (-(-directory[side].integers()[0] // BLOCK) for side in (tiff.WIDTH, tiff.HEIGHT))
        held = np.reshape(directory[tiff.BLOCK_OFFSETS].integers(), (bands, down, across)) != 0
        if known is not None:
            below = np.zeros((bands, 2 * down, 2 * across), bool)
            below[:, : known.shape[1], : known.shape[2]] = known
            wanted = below.reshape(bands, down, 2, across, 2).any(axis=(2, 4)) & ~held
            for index, row, column in np.argwhere(wanted).tolist():
                yield _Block(level, index, row, column)
            held |= wanted
        known = held
