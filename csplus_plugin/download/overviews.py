"""Overviews: each level half as wide and high as the one before, means of four pixels.

A tile brings those of its blocks that no other tile has a share in. What is missing when all have arrived, above all
the coarse levels, is made then from the level before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from osgeo import gdal, gdal_array

from ..core.composite import BandInfo
from ..core.grid import Grid
from . import tiff
from .checked import Advance, checked, must, small_cache
from .plan import BLOCK, Tile

_SMALLEST = 256
"""Pixels; there are levels until the longer side is this small."""


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
    if not missing:
        return
    with small_cache(), checked("The overviews could not be built"):
        dataset = gdal.Open(str(path), gdal.GA_Update)
        must(dataset is not None)
        for number, (level, index, row, column) in enumerate(missing):
            advance(number / len(missing))
            band = dataset.GetRasterBand(index + 1)
            fine = band.GetOverview(level - 1) if level else band
            x, y = 2 * BLOCK * column, 2 * BLOCK * row
            values = fine.ReadAsArray(x, y, min(2 * BLOCK, fine.XSize - x), min(2 * BLOCK, fine.YSize - y))
            must(values is not None)
            block = halved(values, bands[index], nodata)
            must(band.GetOverview(level).WriteArray(block, x // 2, y // 2) == gdal.CE_None)
        dataset.FlushCache()
        del fine, band, dataset


def _missing(path: Path, bands: int) -> Iterator[tuple[int, int, int, int]]:
    """Walk what has to be made, fine levels first: level, band, row and column of the block."""
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
                yield level, index, row, column
            held |= wanted
        known = held
