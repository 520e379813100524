"""Tiles -> one GeoTIFF: nodata, band names, scale, tags, overviews. The file is whole, or it is not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from osgeo import gdal

from ..core.composite import BandInfo, Encoding
from ..core.errors import CsPlusError
from ..core.grid import Grid
from .plan import BLOCK, Tile

GEOTIFF, COG = "GTiff", "COG"

_SMALLEST_OVERVIEW = 256
"""Pixels; overviews are halved until the longer side is this small."""


class FileTrouble(CsPlusError):
    """The file cannot be written: no folder, no permission, no room."""


@dataclass(frozen=True)
class Layout:
    """What a file is before it has pixels.

    Attributes:
        grid: CRS, origin, resolution, size.
        bands: Names, descriptions and scales, in order.
        code: Type and nodata.
        tags: Metadata items for the default domain.
    """

    grid: Grid
    bands: Sequence[BandInfo]
    code: Encoding
    tags: Mapping[str, str]


def write(
    path: Path,
    layout: Layout,
    tiles: Iterable[tuple[Tile, np.ndarray]],
    *,
    cloud_optimized: bool = False,
) -> None:
    """Write the tiles as they arrive, then put the finished file in its place.

    Args:
        path: Where the file goes; an older one there is replaced only by a whole new one.
        layout: Grid, bands, type, tags.
        tiles: Windows and their pixels: structured arrays of shape (height, width), a field a band.
        cloud_optimized: Write a Cloud Optimized GeoTIFF.

    Raises:
        FileTrouble: The file cannot be written.
    """
    try:
        workshop = tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent)
    except OSError as problem:
        raise FileTrouble(
            f"Nothing can be written in {path.parent}: {problem.strerror}.", "Choose another file."
        ) from problem
    with workshop as folder:
        part = Path(folder) / "tiled.tif"
        _write_tiled(part, layout, tiles, overviews=not cloud_optimized)
        if cloud_optimized:
            part = _optimize(part, Path(folder) / "cog.tif")
        try:
            os.replace(part, path)  # noqa: PTH105 the one call that also replaces on Windows
        except OSError as problem:
            raise FileTrouble(
                f"{path} cannot be replaced: {problem.strerror}.",
                "Close what has it open, or choose another file.",
            ) from problem


def _write_tiled(
    part: Path, layout: Layout, tiles: Iterable[tuple[Tile, np.ndarray]], *, overviews: bool
) -> None:
    grid, code = layout.grid, layout.code
    options = [
        "TILED=YES",
        f"BLOCKXSIZE={BLOCK}",
        f"BLOCKYSIZE={BLOCK}",
        "COMPRESS=DEFLATE",
        f"PREDICTOR={3 if code.dtype.startswith('float') else 2}",
        "NUM_THREADS=ALL_CPUS",
        "BIGTIFF=IF_SAFER",
        "INTERLEAVE=BAND",
    ]
    gdal.ErrorReset()
    gdal_type = {"uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}[code.dtype]
    dataset = gdal.GetDriverByName(GEOTIFF).Create(
        str(part), grid.width, grid.height, len(layout.bands), gdal_type, options=options
    )
    _check(dataset is not None)
    dataset.SetGeoTransform(grid.geotransform())
    dataset.SetProjection(grid.wkt())
    dataset.SetMetadata(dict(layout.tags))
    for number, info in enumerate(layout.bands, 1):
        band = dataset.GetRasterBand(number)
        band.SetNoDataValue(code.nodata)
        band.SetDescription(info.name)
        band.SetMetadataItem("long_name", info.description)
        if info.scale != 1:
            band.SetScale(info.scale)
    for tile, pixels in tiles:
        for number, info in enumerate(layout.bands, 1):
            values = np.ascontiguousarray(pixels[info.name], dtype=code.dtype)
            _check(dataset.GetRasterBand(number).WriteArray(values, tile.column, tile.row) == gdal.CE_None)
    if overviews:
        levels = _levels(grid)
        if levels:
            _check(dataset.BuildOverviews("AVERAGE", levels) == gdal.CE_None)
    dataset.FlushCache()
    del dataset
    _check(gdal.GetLastErrorType() < gdal.CE_Failure)


def _optimize(part: Path, target: Path) -> Path:
    gdal.ErrorReset()
    options = ["COMPRESS=DEFLATE", "PREDICTOR=YES", f"BLOCKSIZE={BLOCK}", "OVERVIEW_RESAMPLING=AVERAGE"]
    copy = gdal.Translate(str(target), str(part), format=COG, creationOptions=options)
    _check(copy is not None)
    del copy
    _check(gdal.GetLastErrorType() < gdal.CE_Failure)
    return target


def _levels(grid: Grid) -> list[int]:
    levels = []
    while max(grid.width, grid.height) / 2 ** len(levels) > _SMALLEST_OVERVIEW:
        levels.append(2 ** (len(levels) + 1))
    return levels


def _check(done: bool) -> None:  # noqa: FBT001 reads as a sentence where it is used
    # GDAL's exception mode is one for the whole process, and QGIS owns it: ask instead.
    if not done:
        reason = gdal.GetLastErrorMsg() or "no reason given"
        raise FileTrouble(
            f"The file could not be written ({reason}).", "Check the free space and the folder."
        )
