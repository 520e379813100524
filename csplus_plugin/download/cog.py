"""A finished file -> Cloud Optimized GeoTIFF, whose overviews have to come first."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal

from .checked import Advance, Callback, checked, must, small_cache
from .plan import BLOCK

COG = "COG"


def optimize(path: Path, target: Path, compression: str, advance: Advance = lambda _: None) -> None:
    """Copy a finished file.

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
    with small_cache(), checked("The file could not be written"):
        callback = Callback(advance)
        copy = gdal.Translate(str(target), str(path), format=COG, creationOptions=options, callback=callback)
        callback.raise_cancel()
        must(copy is not None)
        del copy
        _read_through(target)


def _read_through(path: Path) -> None:
    """Read every block once: GDAL 3.10 says nothing of a full disk that cut the copy's last blocks off."""
    dataset = gdal.Open(str(path))
    must(dataset is not None)
    for number in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(number)
        for level in (band, *(band.GetOverview(index) for index in range(band.GetOverviewCount()))):
            level.Checksum()
            must(gdal.GetLastErrorType() < gdal.CE_Failure)
