"""Tiles -> one GeoTIFF: nodata, band names, scale, tags, overviews.

GDAL encodes each tile as a small GeoTIFF of its own, in the thread that fetched it. The growing file is a row of these,
and becomes one GeoTIFF when a directory is appended that says where each block lies: nothing is copied.
"""

from __future__ import annotations

import io
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal

from ..core.composite import BandInfo, Encoding
from ..core.errors import Cancelled, FileTrouble
from ..core.grid import Grid, QuietGdal
from . import tiff
from .journal import Entry, writing
from .plan import BLOCK, Tile

GEOTIFF, COG = "GTiff", "COG"
DEFLATE, ZSTD = "DEFLATE", "ZSTD"

_SMALLEST_OVERVIEW = 256
"""Pixels; overviews are halved until the longer side is this small."""

_CLASSIC_LIMIT = 2_500_000_000
"""Uncompressed bytes up to which a file surely stays below the 4 GB of a classic TIFF, overviews included."""

_CACHE = 32 * 1024 * 1024
"""Bytes of GDAL's block cache while a file is finished; its own choice is a share of the machine's memory."""

Advance = Callable[[float], None]
"""Told the share that is done, 0 to 1; may raise `Cancelled`."""


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


def encode(tile: Tile, pixels: np.ndarray, layout: Layout) -> bytes:
    """Make a small GeoTIFF of a tile, without georeference: its blocks are what counts.

    Args:
        tile: Window and bands.
        pixels: Structured array (height, width), a field a band.
        layout: Of the whole file.

    Raises:
        FileTrouble: GDAL failed.
    """
    with _in_memory() as name, _checked("The pixels could not be compressed"):
        dataset = _create(name, tile.width, tile.height, len(tile.bands), layout, [])
        for number, index in enumerate(tile.bands, 1):
            band = dataset.GetRasterBand(number)
            values = np.ascontiguousarray(pixels[layout.bands[index].name], dtype=layout.code.dtype)
            _must(band.WriteArray(values) == gdal.CE_None)
            band.FlushCache()  # compressed band by band, or all of the tile waits in GDAL's cache
        del band, dataset
        return _bytes_of(name)


def assemble(part: Path, tiles: Mapping[Tile, Entry], layout: Layout) -> None:
    """Append the directory that makes one GeoTIFF of the tiles; where there is no tile, there is nodata.

    Raises:
        FileTrouble: The disk is full, or GDAL failed.
    """
    grid, flavour = layout.grid, layout.flavour
    down, across = -(-grid.height // BLOCK), -(-grid.width // BLOCK)
    kind = f"<u{flavour.field}"
    offsets, sizes = (np.zeros((len(layout.bands), down, across), kind) for _ in range(2))
    with writing(part), part.open("r+b") as file:
        for tile, entry in tiles.items():
            directory = tiff.read_directory(file, entry.at)
            rows, columns = -(-tile.height // BLOCK), -(-tile.width // BLOCK)
            row, column = tile.row // BLOCK, tile.column // BLOCK
            blocks = np.s_[tile.bands.start : tile.bands.stop, row : row + rows, column : column + columns]
            shape = (len(tile.bands), rows, columns)
            offsets[blocks] = np.reshape(directory[tiff.BLOCK_OFFSETS].values(), shape) + entry.at
            sizes[blocks] = np.reshape(directory[tiff.BLOCK_SIZES].values(), shape)
        made = _description(layout)
        for number, value in ((tiff.WIDTH, grid.width), (tiff.HEIGHT, grid.height)):
            made[number] = tiff.Tag.of(value)
        for number, values in ((tiff.BLOCK_OFFSETS, offsets), (tiff.BLOCK_SIZES, sizes)):
            made[number] = tiff.Tag(flavour.offset[1], values.size, values.tobytes())
        at = file.seek(0, os.SEEK_END)
        at += file.write(b"\0" * (-at % 8))
        file.write(tiff.directory_bytes(made, flavour, at))
        file.flush()
        file.seek(0)
        file.write(flavour.head(at))


def add_overviews(path: Path, layout: Layout, advance: Advance = lambda _: None) -> None:
    """Build overviews inside the file: means, but the nearest pixel of bands that cannot be blended.

    Raises:
        FileTrouble: The disk is full, or a block cannot be read.
        Cancelled: `advance` raised it.
    """
    levels = _levels(layout.grid)
    if not levels:
        return
    with _small_cache(), _checked("The overviews could not be built"):
        dataset = gdal.Open(str(path), gdal.GA_Update)
        _must(dataset is not None)
        _must(dataset.BuildOverviews("NONE", levels) == gdal.CE_None)
        share = 1 / len(layout.bands)
        for index, info in enumerate(layout.bands):
            band = dataset.GetRasterBand(index + 1)
            overviews = [band.GetOverview(level) for level in range(band.GetOverviewCount())]
            method = "AVERAGE" if info.blends else "NEAREST"
            callback = _Callback(advance, index * share, share)
            done = gdal.RegenerateOverviews(band, overviews, method, callback)
            callback.raise_cancel()
            _must(done == gdal.CE_None)
        dataset.FlushCache()
        del overviews, band, dataset


def optimize(path: Path, target: Path, layout: Layout, advance: Advance = lambda _: None) -> None:
    """Copy a finished file to a Cloud Optimized GeoTIFF, whose overviews have to come first.

    Raises:
        FileTrouble: The disk is full, or a block cannot be read.
        Cancelled: `advance` raised it.
    """
    options = [
        f"COMPRESS={layout.compression}",
        "PREDICTOR=YES",
        f"BLOCKSIZE={BLOCK}",
        "BIGTIFF=IF_SAFER",
        "NUM_THREADS=ALL_CPUS",
    ]
    with _small_cache(), _checked("The file could not be written"):
        callback = _Callback(advance)
        copy = gdal.Translate(str(target), str(path), format=COG, creationOptions=options, callback=callback)
        callback.raise_cancel()
        _must(copy is not None)
        del copy
        _read_through(target)


def _read_through(path: Path) -> None:
    """Read every block once: GDAL 3.10 says nothing of a full disk that cut the copy's last blocks off."""
    dataset = gdal.Open(str(path))
    _must(dataset is not None)
    for number in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(number)
        for level in (band, *(band.GetOverview(index) for index in range(band.GetOverviewCount()))):
            level.Checksum()
            _must(gdal.GetLastErrorType() < gdal.CE_Failure)


def _description(layout: Layout) -> dict[int, tiff.Tag]:
    """What GDAL writes into the directory of such a file, apart from its size and blocks."""
    with _in_memory() as name, _checked("The file could not be described"):
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
        return tiff.read_directory(io.BytesIO(_bytes_of(name)))


def _create(
    name: str, width: int, height: int, bands: int, layout: Layout, more: Sequence[str]
) -> gdal.Dataset:
    kind = {"uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}[layout.code.dtype]
    options = [*layout.options(), *more]
    dataset = gdal.GetDriverByName(GEOTIFF).Create(name, width, height, bands, kind, options=options)
    _must(dataset is not None)
    return dataset


def _levels(grid: Grid) -> list[int]:
    levels = []
    while max(grid.width, grid.height) / 2 ** len(levels) > _SMALLEST_OVERVIEW:
        levels.append(2 ** (len(levels) + 1))
    return levels


@contextmanager
def _in_memory() -> Iterator[str]:
    name = f"/vsimem/csplus-{uuid.uuid4().hex}.tif"
    try:
        yield name
    finally:
        gdal.Unlink(name)


def _bytes_of(name: str) -> bytes:
    file = gdal.VSIFOpenL(name, "rb")
    try:
        return bytes(gdal.VSIFReadL(1, gdal.VSIStatL(name).size, file))
    finally:
        gdal.VSIFCloseL(file)


class _Refused(Exception):
    """GDAL's return code says no."""


def _must(done: bool) -> None:  # noqa: FBT001 reads as a sentence where it is used
    if not done:
        raise _Refused


@contextmanager
def _checked(what: str) -> Iterator[None]:
    """Turn a failure of GDAL into a sentence, whether it answers with a code, an error, or an exception.

    GDAL's exception mode is one for the whole process, and QGIS owns it.
    """
    gdal.ErrorReset()
    try:
        with QuietGdal():
            yield
        failed = gdal.GetLastErrorType() >= gdal.CE_Failure  # what was only found out as the file was closed
    except (_Refused, RuntimeError):
        failed = True
    if failed:
        reason = gdal.GetLastErrorMsg() or "no reason given"
        raise FileTrouble(
            f"{what} ({reason}).",
            "Check the free space and run again: the download goes on where it stopped.",
        )


_finishing = threading.Lock()
_finishers: list[int] = []


@contextmanager
def _small_cache() -> Iterator[None]:
    """Hold GDAL's block cache small while any file is finished; it is one for the whole process."""
    with _finishing:
        if not _finishers:
            _finishers.append(gdal.GetCacheMax())
            gdal.SetCacheMax(min(_CACHE, _finishers[0]))
        _finishers.append(0)
    try:
        yield
    finally:
        with _finishing:
            _finishers.pop()
            if len(_finishers) == 1:
                gdal.SetCacheMax(_finishers.pop())


class _Callback:
    """What GDAL calls while it works: passes the share on, and stops it when the user cancels."""

    def __init__(self, advance: Advance, begin: float = 0, share: float = 1) -> None:
        self._advance, self._begin, self._share = advance, begin, share
        self._cancel: Cancelled | None = None

    def __call__(self, done: float, *_: object) -> int:
        try:
            self._advance(self._begin + done * self._share)
        except Cancelled as cancel:
            self._cancel = cancel
            return 0
        return 1

    def raise_cancel(self) -> None:
        """Raise the cancel that stopped GDAL."""
        if self._cancel:
            raise self._cancel
