"""Reading single-band GeoTIFFs: headers once, pixels by block through a cache of bounded size.

GDAL takes a file for what its first bytes say, and a virtual raster, or a file beside a GeoTIFF, makes it read
other files of the disk and ask other hosts. So nothing is opened but GeoTIFFs, without files beside them
(`.aux.xml`, `.ovr`, `.msk`) and without overviews, which may lie anywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal, gdal_array

from ..errors import Refused
from ..images.image import Canvas, Raster, constant_array_view, masked_raster
from ..images.pixel_types import PixelType, of_dtype
from ..space.grid import Grid, nearest
from ..space.packing import Window
from ..space.projections import canonical_crs, quiet_gdal
from .block_cache import Block, BlockCache
from .own_files import broken

BLOCK = 256  # source pixels a side: the unit of reading and caching where a file has none of its own
OWN_BLOCKS = range(64, 1025)  # sides of the blocks of a file that are used as they are
CACHE_BYTES = 256 << 20
MOST_PIXELS = 1 << 31  # of a file: 18 times a Sentinel-2 tile at 10 m
MOST_BLOCK_BYTES = (
    64 << 20
)  # of a file's own block, which GDAL holds as a whole, with those of its other bands
WHOLE_WINDOW = 1 << 24  # source pixels; a larger window is read decimated, like a coarser pyramid level


@dataclass(frozen=True)
class BandFile:
    """A GeoTIFF with one band.

    Attributes:
        path: The file.
        grid: Its pixels.
        type: What they hold.
        block: Columns and rows that are read and kept together.
    """

    path: Path
    grid: Grid
    type: PixelType
    block: tuple[int, int] = (BLOCK, BLOCK)


def open_band(path: Path, kind: PixelType | None = None) -> BandFile:
    """Read a file's header.

    Args:
        path: The file.
        kind: The catalogue's pixel type; None to take the file's own.

    Raises:
        Refused: Not a georeferenced raster, or one whose header promises more than can be read.
    """
    dataset = _open(path)
    _check_size(dataset, path)
    a, b, c, d, e, f = dataset.GetGeoTransform()
    crs = _crs_name(dataset)
    if not crs:
        raise Refused(f"The archive's file '{path.name}' of scene '{path.parent.name}' has no CRS.", 500)
    if not (all(map(math.isfinite, (a, b, c, d, e, f))) and math.isfinite(1 / ((b * f - c * e) or math.nan))):
        raise broken(f"file '{path.name}' of scene '{path.parent.name}' has pixels without a size")
    grid = Grid(crs, (b, c, a, e, f, d), dataset.RasterXSize, dataset.RasterYSize)
    dtype = np.dtype(gdal_array.GDALTypeCodeToNumericTypeCode(dataset.GetRasterBand(1).DataType))
    if dtype.kind not in "uif":
        raise broken(f"file '{path.name}' of scene '{path.parent.name}' holds no real numbers")
    return BandFile(path, grid, kind or of_dtype(dtype), _block_size(dataset))


def _check_size(dataset: gdal.Dataset, path: Path) -> None:
    """Look at what a header promises before anything is read: a kilobyte can promise all memory there is.

    Raises:
        Refused: Too many pixels, or blocks too large.
    """
    name = f"file '{path.name}' of scene '{path.parent.name}'"
    if not dataset.RasterCount:
        raise broken(f"{name} has no band")
    if dataset.RasterXSize * dataset.RasterYSize > MOST_PIXELS:
        raise broken(f"{name} has more than {MOST_PIXELS} pixels")
    band = dataset.GetRasterBand(1)
    columns, rows = band.GetBlockSize()
    size = columns * rows * max(1, gdal.GetDataTypeSize(band.DataType) // 8)
    if size * dataset.RasterCount > MOST_BLOCK_BYTES:
        raise broken(f"{name} has blocks of more than {MOST_BLOCK_BYTES} bytes")


def _block_size(dataset: gdal.Dataset) -> tuple[int, int]:
    """Give the file's own blocks, so that none is unpacked twice; squares where it has long strips."""
    columns, rows = dataset.GetRasterBand(1).GetBlockSize()
    return (columns, rows) if columns in OWN_BLOCKS and rows in OWN_BLOCKS else (BLOCK, BLOCK)


def _open(path: Path) -> gdal.Dataset:
    with quiet_gdal():
        try:
            dataset = gdal.OpenEx(
                str(path),
                gdal.OF_RASTER | gdal.OF_READONLY,
                allowed_drivers=["GTiff"],
                open_options=["OVERVIEW_LEVEL=NONE"],
                sibling_files=[],
            )
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            dataset = None
    if dataset is None:
        raise Refused(f"The archive's file '{path.name}' of scene '{path.parent.name}' cannot be read.", 500)
    return dataset


def _crs_name(dataset: gdal.Dataset) -> str:
    reference = dataset.GetSpatialRef()
    if reference is None:
        return ""
    authority, code = reference.GetAuthorityName(None), reference.GetAuthorityCode(None)
    return f"{authority}:{code}" if authority == "EPSG" and code else canonical_crs(reference.ExportToWkt())


class BandReader:
    """Draws band files on canvases; shared by all threads, each of which opens its own datasets."""

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._blocks = BlockCache(cache_bytes)

    def draw(self, band: BandFile, canvas: Canvas) -> Raster:
        """Sample a file by nearest neighbour on the canvas's grid."""
        lookup = canvas.once(("nearest", band.grid), lambda: nearest(band.grid, canvas.grid))
        if lookup is None:
            return masked_raster(canvas.shape, band.type)
        values, valid = self._window(band, lookup.window, canvas)
        if values.shape != (lookup.window[3], lookup.window[2]):
            source = _shrunk(band.grid, lookup.window, (values.shape[0], values.shape[1]))
            lookup = nearest(source, canvas.grid)
            if lookup is None:
                return masked_raster(canvas.shape, band.type)
            column, row, width, height = lookup.window
            values = values[row : row + height, column : column + width]
            valid = None if valid is None else valid[row : row + height, column : column + width]
        mask = (
            constant_array_view(canvas.shape, 1, np.float32)
            if valid is None
            else lookup.take(valid).astype(np.float32)
        )
        if lookup.inside is not None:
            mask = (mask * lookup.inside).astype(np.float32, copy=False)
        return Raster(band.type.convert(lookup.take(values)), mask)

    def _window(self, band: BandFile, window: Window, canvas: Canvas) -> Block:
        _, _, width, height = window
        if width * height > WHOLE_WINDOW:
            factor = max(1, math.isqrt(width * height // max(1, 4 * canvas.grid.size)))
            return _read(band.path, window, (max(1, width // factor), max(1, height // factor)))
        read = None if canvas.around is None else _read_around(band, window, canvas.around)
        return self._blocks_of(band, window) if read is None else read

    def _blocks_of(self, band: BandFile, window: Window) -> Block:
        column, row, width, height = window
        columns, rows = band.block
        first_x, last_x = column // columns, (column + width - 1) // columns
        first_y, last_y = row // rows, (row + height - 1) // rows
        blocks = [
            [self._block(band, x, y) for x in range(first_x, last_x + 1)] for y in range(first_y, last_y + 1)
        ]
        top, left = row - first_y * rows, column - first_x * columns
        here = (slice(top, top + height), slice(left, left + width))
        values = _joined([[b[0] for b in line] for line in blocks])[here]
        if all(b[1] is None for line in blocks for b in line):
            return values, None
        filled = [[np.ones(b[0].shape, bool) if b[1] is None else b[1] for b in line] for line in blocks]
        return values, _joined(filled)[here]

    def _block(self, band: BandFile, x: int, y: int) -> Block:
        columns, rows = band.block
        width = min(columns, band.grid.width - x * columns)
        height = min(rows, band.grid.height - y * rows)
        window = (x * columns, y * rows, width, height)
        return self._blocks.get((band.path, x, y), lambda: _read(band.path, window, (width, height)))


def _read_around(band: BandFile, window: Window, around: Canvas) -> Block | None:
    """Give a window out of what is read once for all of a larger canvas; None if that cannot be."""
    lookup = around.once(("nearest", band.grid), lambda: nearest(band.grid, around.grid))
    if lookup is None or lookup.window[2] * lookup.window[3] > WHOLE_WINDOW:
        return None
    left, top, width, height = lookup.window
    column, row = window[0] - left, window[1] - top
    if min(column, row) < 0 or column + window[2] > width or row + window[3] > height:
        return None
    if band.path not in around.read:
        around.read[band.path] = _read(band.path, lookup.window, (width, height))
    values, valid = around.read[band.path]
    here = slice(row, row + window[3]), slice(column, column + window[2])
    return values[here], None if valid is None or valid[here].all() else valid[here]


def _read(path: Path, window: Window, size: tuple[int, int]) -> Block:
    """Pixels and validity of a window; None for a window without any masked pixel."""
    dataset = _open(path)
    band = dataset.GetRasterBand(1)
    with quiet_gdal():
        try:
            values = band.ReadAsArray(*window, *size)
            valid = None if values is None else _validity(band, values, window)
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            values = valid = None
    if values is None or valid is None:
        raise Refused(f"The archive's file '{path.name}' of scene '{path.parent.name}' is damaged.", 500)
    return values, None if valid.all() else valid


def _validity(band: gdal.Band, values: np.ndarray, window: tuple[int, int, int, int]) -> np.ndarray | None:
    flags = band.GetMaskFlags()
    valid: np.ndarray | None
    if flags == gdal.GMF_ALL_VALID:
        valid = np.ones(values.shape, bool)
    elif flags == gdal.GMF_NODATA:
        valid = values != band.GetNoDataValue()
    else:
        held = band.GetMaskBand().ReadAsArray(*window, values.shape[1], values.shape[0])
        valid = None if held is None else held > 0
    if valid is not None and values.dtype.kind == "f":
        valid &= np.isfinite(values)
    return valid


def _joined(blocks: list[list[np.ndarray]]) -> np.ndarray:
    return blocks[0][0] if len(blocks) == len(blocks[0]) == 1 else np.block(blocks)


def _shrunk(grid: Grid, window: tuple[int, int, int, int], shape: tuple[int, int]) -> Grid:
    """Give the window as a grid of fewer, larger pixels."""
    part = grid.window(*window)
    a, b, c, d, e, f = part.transform
    kx, ky = part.width / shape[1], part.height / shape[0]
    return Grid(grid.crs, (a * kx, b * ky, c, d * kx, e * ky, f), shape[1], shape[0])
