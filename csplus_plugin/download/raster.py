"""Tiles -> one GeoTIFF: nodata, band names, scale, tags, overviews.

GDAL encodes each tile as a small GeoTIFF of its own. The growing file is a row of these, and becomes one GeoTIFF when
directories are appended that say where each block of each level lies: nothing is copied.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal

from ..core.bands import BandInfo, Encoding
from ..core.grid import Grid
from . import overviews, tiff
from .checked import bytes_of, checked, in_memory, must
from .journal import Entry, writing
from .plan import BLOCK, Tile

GEOTIFF = "GTiff"
DEFLATE, ZSTD = "DEFLATE", "ZSTD"

_CLASSIC_LIMIT = 2_500_000_000
"""Uncompressed bytes up to which a file surely stays below the 4 GB of a classic TIFF, overviews included."""


@dataclass(frozen=True)
class Layout:
    """What a file is before it has pixels.

    Attributes:
        grid: CRS, origin, resolution, size.
        bands: Names, descriptions and scales, in order.
        code: Type and nodata.
        tags: Metadata items for the default domain.
        compression: `DEFLATE`, which every program reads, or `ZSTD`, which is written several times as fast.
    """

    grid: Grid
    bands: Sequence[BandInfo]
    code: Encoding
    tags: Mapping[str, str]
    compression: str = DEFLATE

    @property
    def flavour(self) -> tiff.Flavour:
        """Classic TIFF where it is enough."""
        size = self.grid.width * self.grid.height * len(self.bands) * self.code.item_size
        return tiff.CLASSIC if size < _CLASSIC_LIMIT else tiff.BIG

    def options(self) -> list[str]:
        """Give GDAL's creation options."""
        return [
            "TILED=YES",
            f"BLOCKXSIZE={BLOCK}",
            f"BLOCKYSIZE={BLOCK}",
            f"COMPRESS={self.compression}",
            f"PREDICTOR={3 if self.code.dtype.startswith('float') else 2}",
            *(["ZSTD_LEVEL=3"] if self.compression == ZSTD else []),
            "INTERLEAVE=BAND",
            "ENDIANNESS=LITTLE",
        ]


def encode(tile: Tile, pixels: np.ndarray, layout: Layout) -> bytearray:
    """Make a small GeoTIFF of a tile and its overviews, without georeference: the blocks are what counts.

    Args:
        tile: Window and bands.
        pixels: Structured array (height, width), a field a band.
        layout: Of the whole file.

    Raises:
        FileTrouble: GDAL failed.
    """
    infos = [layout.bands[index] for index in tile.bands]
    level = [pixels[info.name] for info in infos]
    with in_memory() as name, checked("The pixels could not be compressed"):
        last = overviews.held_by(tile, layout.grid)
        for number in range(last + 1):
            height, width = level[0].shape
            more = ["APPEND_SUBDATASET=YES"] if number else []
            dataset = _create(name, width, height, len(infos), layout, more)
            following = []
            for index, info in enumerate(infos):
                band = dataset.GetRasterBand(index + 1)
                values = np.ascontiguousarray(level[index], dtype=layout.code.dtype)
                must(band.WriteArray(values) == gdal.CE_None)
                band.FlushCache()  # compressed band by band, or all of the tile waits in GDAL's cache
                if number < last:
                    following.append(overviews.halved(values, info, layout.code.nodata))
            del band, dataset
            level = following
        return bytes_of(name)


def assemble(part: Path, tiles: Mapping[Tile, Entry], layout: Layout) -> None:
    """Append the directories that make one GeoTIFF of the tiles; where there is no tile, there is nodata.

    Raises:
        FileTrouble: The disk is full, or GDAL failed.
    """
    flavour = layout.flavour
    levels = [_Level(layout, number) for number in range(1 + overviews.level_count(layout.grid))]
    with writing(part), part.open("r+b") as file:
        for tile, entry in tiles.items():
            for level, directory in zip(levels, tiff.read_directories(file, entry.at), strict=False):
                level.adopt(tile, directory, entry.at)
        whole = _description(layout)
        reduced = {number: tag for number, tag in whole.items() if number not in tiff.OF_THE_WHOLE}
        reduced[tiff.SUBFILE] = tiff.Tag.of(tiff.REDUCED)
        made = [level.describe(reduced if number else whole) for number, level in enumerate(levels)]
        at = file.seek(0, os.SEEK_END)
        at += file.write(b"\0" * (-at % 8))
        file.write(tiff.directories_bytes(made, flavour, at))
        file.flush()
        file.seek(0)
        file.write(flavour.head(at))


class _Level:
    """Where the blocks of the file, or of one of its overviews, lie."""

    def __init__(self, layout: Layout, number: int) -> None:
        self._shrink, self._flavour = 2**number, layout.flavour
        self._width, self._height = (
            -(-side // self._shrink) for side in (layout.grid.width, layout.grid.height)
        )
        shape = (len(layout.bands), -(-self._height // BLOCK), -(-self._width // BLOCK))
        self._offsets, self._sizes = (np.zeros(shape, f"<u{self._flavour.field}") for _ in range(2))

    def adopt(self, tile: Tile, directory: tiff.Directory, at: int) -> None:
        """Take over a tile's blocks from its own small file, which begins at `at`."""
        span = BLOCK * self._shrink
        rows, columns = -(-tile.height // span), -(-tile.width // span)
        row, column = tile.row // span, tile.column // span
        here = np.s_[tile.bands.start : tile.bands.stop, row : row + rows, column : column + columns]
        shape = (len(tile.bands), rows, columns)
        self._offsets[here] = np.reshape(directory[tiff.BLOCK_OFFSETS].values(), shape) + at
        self._sizes[here] = np.reshape(directory[tiff.BLOCK_SIZES].values(), shape)

    def describe(self, common: tiff.Directory) -> tiff.Directory:
        """Give the directory."""
        kind = self._flavour.offset[1]
        return {
            **common,
            tiff.WIDTH: tiff.Tag.of(self._width),
            tiff.HEIGHT: tiff.Tag.of(self._height),
            tiff.BLOCK_OFFSETS: tiff.Tag(kind, self._offsets.size, self._offsets.tobytes()),
            tiff.BLOCK_SIZES: tiff.Tag(kind, self._sizes.size, self._sizes.tobytes()),
        }


def _description(layout: Layout) -> dict[int, tiff.Tag]:
    """What GDAL writes into the directory of such a file, apart from its size and blocks."""
    with in_memory() as name, checked("The file could not be described"):
        dataset = _create(name, BLOCK, BLOCK, len(layout.bands), layout, ["SPARSE_OK=TRUE"])
        dataset.SetGeoTransform(layout.grid.geotransform())
        dataset.SetProjection(layout.grid.wkt())
        dataset.SetMetadata(dict(layout.tags))
        for number, info in enumerate(layout.bands, 1):
            band = dataset.GetRasterBand(number)
            band.SetNoDataValue(layout.code.nodata)
            band.SetDescription(info.name)
            band.SetMetadataItem("long_name", info.description)
            if info.scale != 1:
                band.SetScale(info.scale)
        del band, dataset
        (directory,) = tiff.read_directories(io.BytesIO(bytes_of(name)))
        return directory


def _create(
    name: str, width: int, height: int, bands: int, layout: Layout, more: Sequence[str]
) -> gdal.Dataset:
    kind = {"uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}[layout.code.dtype]
    options = [*layout.options(), *more]
    dataset = gdal.GetDriverByName(GEOTIFF).Create(name, width, height, bands, kind, options=options)
    must(dataset is not None)
    return dataset
