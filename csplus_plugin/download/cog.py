"""A finished file -> Cloud Optimized GeoTIFF, whose overviews have to come first."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal

from ..core.language import _
from .gdal_errors import as_file_trouble, closing, require
from .gdal_io import Advance, ProgressCallback, limited_cache
from .plan import BLOCK

COG = "COG"


def write_cog(path: Path, target: Path, compression: str, advance: Advance = lambda _: None) -> None:
    """Copy a finished file into a Cloud Optimized GeoTIFF.

    Args:
        path: The finished file.
        target: Where the copy goes.
        compression: `DEFLATE` or `ZSTD`.
        advance: Gets the share that is done, 0 to 1.

    Raises:
        FileTrouble: The disk is full, or a block cannot be read.
        Cancelled: `advance` raised it.
    """
    options = [
        f"COMPRESS={compression}",
        "PREDICTOR=YES",
        f"BLOCKSIZE={BLOCK}",
        "BIGTIFF=IF_SAFER",
        "NUM_THREADS=ALL_CPUS",
    ]
    with limited_cache(), as_file_trouble(_("The file could not be written")):
        callback = ProgressCallback(advance)
        copy = gdal.Translate(str(target), str(path), format=COG, creationOptions=options, callback=callback)
        try:
            callback.raise_cancel()
            require(copy is not None)
        finally:
            with closing():
                del copy
        _read_every_block(target)


def _read_every_block(path: Path) -> None:
    """Read every block once: GDAL 3.10 does not report a full disk that cut off the last blocks."""
    dataset = gdal.Open(str(path))
    require(dataset is not None)
    for number in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(number)
        for level in (band, *(band.GetOverview(index) for index in range(band.GetOverviewCount()))):
            level.Checksum()
            require(gdal.GetLastErrorType() < gdal.CE_Failure)
