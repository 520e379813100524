"""Tiles -> one GeoTIFF, without copying them.

GDAL encodes each tile as a small GeoTIFF of its own. The growing file is a row of these, and becomes one GeoTIFF when
directories are appended that say where each block of each level lies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from osgeo import gdal

from ..core.language import _
from . import overviews, tiff
from .gdal_errors import as_file_trouble, require
from .gdal_io import memory_file, read_memory_file
from .journal import Entry, os_errors_as_file_trouble
from .layout import Layout
from .plan import BLOCK, Tile


def encode_tile(tile: Tile, pixels: np.ndarray, layout: Layout) -> bytearray:
    """Make a small GeoTIFF of a tile and its overviews, without georeference: only its blocks will be used.

    Args:
        tile: Window and bands.
        pixels: Structured array (height, width), a field a band.
        layout: Of the whole file.

    Raises:
        FileTrouble: GDAL failed.
    """
    infos = [layout.bands[index] for index in tile.bands]
    level = [pixels[info.name] for info in infos]
    with memory_file() as name, as_file_trouble(_("The pixels could not be compressed")):
        last = overviews.count_levels_within(tile, layout.grid)
        for number in range(last + 1):
            height, width = level[0].shape
            more_options = ["APPEND_SUBDATASET=YES"] if number else []
            dataset = layout.create_dataset(name, width, height, len(infos), more_options)
            following = []
            for index, info in enumerate(infos):
                band = dataset.GetRasterBand(index + 1)
                values = np.ascontiguousarray(level[index], dtype=layout.encoding.dtype)
                require(band.WriteArray(values) == gdal.CE_None)
                band.FlushCache()  # compressed band by band, or all of the tile waits in GDAL's cache
                if number < last:
                    following.append(overviews.halve(values, info, layout.encoding.nodata))
            del band, dataset
            level = following
        return read_memory_file(name)


def assemble_file(part: Path, tiles: Mapping[Tile, Entry], layout: Layout) -> None:
    """Append the directories that make one GeoTIFF of the tiles; where there is no tile, there is nodata.

    Args:
        part: The growing file.
        tiles: What is in it.
        layout: Of the whole file.

    Raises:
        FileTrouble: The disk is full, or GDAL failed.
    """
    flavour = layout.flavour
    levels = [_Level(layout, number) for number in range(1 + overviews.count_levels(layout.grid))]
    with os_errors_as_file_trouble(part), part.open("r+b") as file:
        for tile, entry in tiles.items():
            for level, directory in zip(levels, tiff.read_directories(file, entry.offset), strict=False):
                level.add_tile(tile, directory, entry.offset)
        full = layout.make_directory()
        reduced = {number: tag for number, tag in full.items() if number not in tiff.FIRST_DIRECTORY_ONLY}
        reduced[tiff.SUBFILE_TYPE] = tiff.Tag.from_integer(tiff.REDUCED_RESOLUTION)
        directories = [
            level.make_directory(reduced if number else full) for number, level in enumerate(levels)
        ]
        offset = file.seek(0, os.SEEK_END)
        offset += file.write(b"\0" * (-offset % 8))
        file.write(tiff.encode_directories(directories, flavour, offset))
        file.flush()
        file.seek(0)
        file.write(flavour.header(offset))


class _Level:
    """Where the blocks of the file, or of one of its overviews, lie."""

    def __init__(self, layout: Layout, number: int) -> None:
        self._shrink, self._flavour = 2**number, layout.flavour
        self._width, self._height = (
            -(-side // self._shrink) for side in (layout.grid.width, layout.grid.height)
        )
        shape = (len(layout.bands), -(-self._height // BLOCK), -(-self._width // BLOCK))
        self._offsets, self._sizes = (np.zeros(shape, f"<u{self._flavour.offset_size}") for _ in range(2))

    def add_tile(self, tile: Tile, directory: tiff.Directory, offset: int) -> None:
        """Note where a tile's blocks lie: in its own small file, which begins at `offset`."""
        span = BLOCK * self._shrink
        rows, columns = -(-tile.height // span), -(-tile.width // span)
        row, column = tile.row // span, tile.column // span
        here = np.s_[tile.bands.start : tile.bands.stop, row : row + rows, column : column + columns]
        shape = (len(tile.bands), rows, columns)
        self._offsets[here] = np.reshape(directory[tiff.BLOCK_OFFSETS].integers(), shape) + offset
        self._sizes[here] = np.reshape(directory[tiff.BLOCK_SIZES].integers(), shape)

    def make_directory(self, common: tiff.Directory) -> tiff.Directory:
        """Make the level's directory from what all levels have in common."""
        kind = self._flavour.offset_type
        return {
            **common,
            tiff.WIDTH: tiff.Tag.from_integer(self._width),
            tiff.HEIGHT: tiff.Tag.from_integer(self._height),
            tiff.BLOCK_OFFSETS: tiff.Tag(kind, self._offsets.size, self._offsets.tobytes()),
            tiff.BLOCK_SIZES: tiff.Tag(kind, self._sizes.size, self._sizes.tobytes()),
        }
