"""Rasters as the bytes of a file: NPY, GeoTIFF, PNG, JPEG."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from osgeo import gdal

from ..images.image import Grid
from .geotiffs import IN_MEMORY, Rasters, check, made, write_geotiff

OPAQUE = 255


def npy(rasters: Rasters) -> bytes:
    """Give a structured array of shape (height, width) with one field a band; masked pixels are 0."""
    first = next(iter(rasters.values()))
    fields = [(name, raster.values.dtype) for name, raster in rasters.items()]
    table = np.zeros(first.values.shape, dtype=fields)
    for name, raster in rasters.items():
        np.copyto(table[name], raster.values, where=raster.mask > 0)
    stream = io.BytesIO()
    np.save(stream, table, allow_pickle=False)
    return stream.getvalue()


def geotiff(rasters: Rasters, grid: Grid) -> bytes:
    """Give a GeoTIFF of one data type with named bands; see `write_geotiff`.

    Raises:
        Refused: The bands have different data types.
    """
    types = {name: raster.values.dtype for name, raster in rasters.items()}
    with _scratch("tif") as path:
        write_geotiff(path, grid, types, [(0, 0, rasters)], options=IN_MEMORY)
        return _read(path)


def png(colours: np.ndarray) -> bytes:
    """Give a PNG of an array (4, height, width) of bytes: red, green, blue, opacity."""
    return _picture("PNG", colours)


def jpeg(colours: np.ndarray) -> bytes:
    """Give a JPEG of an array (4, height, width) of bytes, without the opacity."""
    return _picture("JPEG", colours[:3], "QUALITY=90")


def colours(rasters: Rasters) -> np.ndarray:
    """Red, green, blue and opacity as bytes (4, height, width), from 3 byte bands or 1 (grey).

    A pixel is as opaque as the most transparent of its bands, and black where it cannot be seen.
    """
    bands = list(rasters.values())
    opacity = np.minimum.reduce([raster.mask for raster in bands])
    alpha = np.rint(np.clip(opacity, 0, 1) * OPAQUE).astype(np.uint8)
    channels = [np.where(alpha > 0, raster.values, 0).astype(np.uint8) for raster in bands]
    return np.stack([*(channels * 3 if len(channels) == 1 else channels), alpha])


def _picture(driver: str, channels: np.ndarray, *options: str) -> bytes:
    count, height, width = channels.shape
    memory = made(gdal.GetDriverByName("MEM").Create("", width, height, count, gdal.GDT_Byte))
    for index, channel in enumerate(channels, 1):
        check(memory.GetRasterBand(index).WriteArray(channel))
    with _scratch(driver.lower()) as path:
        made(gdal.GetDriverByName(driver).CreateCopy(path, memory, 0, list(options))).FlushCache()
        return _read(path)


@contextmanager
def _scratch(suffix: str) -> Iterator[str]:
    """Give the name of a file in memory that nobody else uses; it is gone afterwards."""
    path = f"/vsimem/csplus-sandbox-{uuid.uuid4().hex}.{suffix}"
    try:
        yield path
    finally:
        for name in (path, f"{path}.aux.xml"):
            if gdal.VSIStatL(name) is not None:
                gdal.Unlink(name)


def _read(path: str) -> bytes:
    size = gdal.VSIStatL(path).size
    file = gdal.VSIFOpenL(path, "rb")
    if file is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or "GDAL wrote no file.")
    try:
        return bytes(gdal.VSIFReadL(1, size, file))
    finally:
        gdal.VSIFCloseL(file)
