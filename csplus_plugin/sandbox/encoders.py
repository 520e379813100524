"""Rasters as the bytes of a file: NPY, GeoTIFF, PNG, JPEG.

GDAL reports errors by return values or by exceptions, as its host chose for the whole process. This code
runs inside QGIS and must not choose, so it checks the values and lets exceptions pass.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from osgeo import gdal, gdal_array

from .errors import Refused
from .images import Grid, Raster
from .projections import spatial_reference

SANDBOX_NAME = "Cloud Score+ sandbox (not Google Earth Engine)"

OPAQUE = 255

Rasters = Mapping[str, Raster]

# The service widens what its GeoTIFF writer lacks; GDAL before 3.7 lacks signed bytes.
_GEOTIFF_TYPES = {"int8": "int16", "int64": "float64", "uint64": "float64"}


def npy(rasters: Rasters) -> bytes:
    """A structured array of shape (height, width) with one field a band; masked pixels are 0."""
    first = next(iter(rasters.values()))
    fields = [(name, raster.values.dtype) for name, raster in rasters.items()]
    table = np.zeros(first.values.shape, dtype=fields)
    for name, raster in rasters.items():
        np.copyto(table[name], raster.values, where=raster.mask > 0)
    stream = io.BytesIO()
    np.save(stream, table, allow_pickle=False)
    return stream.getvalue()


def geotiff(rasters: Rasters, grid: Grid) -> bytes:
    """A GeoTIFF of one data type with named bands.

    Masked pixels hold the nodata value: the lowest number of an integer type (0 if unsigned), -inf of a
    floating one. An unmasked 0 of an unsigned type can therefore not be told from nodata.

    Raises:
        Refused: The bands have different data types.
    """
    source = _common_type(rasters)
    dtype = np.dtype(_GEOTIFF_TYPES.get(source.name, source.name))
    nodata = float("-inf") if dtype.kind == "f" else float(np.iinfo(source).min)
    with _scratch("tif") as path:
        code = gdal_array.NumericTypeCodeToGDALTypeCode(dtype.type)
        dataset = _made(
            gdal.GetDriverByName("GTiff").Create(
                path, grid.width, grid.height, len(rasters), code, ["INTERLEAVE=BAND"]
            )
        )
        dataset.SetProjection(spatial_reference(grid.crs).ExportToWkt())
        scale_x, shear_x, left, shear_y, scale_y, top = grid.transform
        dataset.SetGeoTransform((left, scale_x, shear_x, top, shear_y, scale_y))
        dataset.SetMetadataItem("TIFFTAG_SOFTWARE", SANDBOX_NAME)
        for index, (name, raster) in enumerate(rasters.items(), 1):
            band = dataset.GetRasterBand(index)
            band.SetDescription(name)
            band.SetNoDataValue(nodata)
            _check(band.WriteArray(np.where(raster.mask > 0, raster.values, nodata).astype(dtype)))
        band = None
        dataset.FlushCache()
        dataset = None  # closing writes the directory of the file
        return _read(path)


def png(colours: np.ndarray) -> bytes:
    """A PNG of an array (4, height, width) of bytes: red, green, blue, opacity."""
    return _picture("PNG", colours)


def jpeg(colours: np.ndarray) -> bytes:
    """A JPEG of an array (4, height, width) of bytes, without the opacity."""
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
    memory = _made(gdal.GetDriverByName("MEM").Create("", width, height, count, gdal.GDT_Byte))
    for index, channel in enumerate(channels, 1):
        _check(memory.GetRasterBand(index).WriteArray(channel))
    with _scratch(driver.lower()) as path:
        _made(gdal.GetDriverByName(driver).CreateCopy(path, memory, 0, list(options))).FlushCache()
        return _read(path)


def _common_type(rasters: Rasters) -> np.dtype:
    """The one data type that all bands have."""
    types = [raster.values.dtype for raster in rasters.values()]
    other = next((dtype for dtype in types if dtype != types[0]), None)
    if other is not None:
        raise Refused(
            "Exported bands must have compatible data types; found inconsistent types: "
            f"{_type_name(other)} and {_type_name(types[0])}."
        )
    return types[0]


def _type_name(dtype: np.dtype) -> str:
    """A data type's name in the service's messages: Byte, UInt16, Float32 and so on."""
    if dtype == np.uint8:
        return "Byte"
    return dtype.name.capitalize().replace("Uint", "UInt")


@contextmanager
def _scratch(suffix: str) -> Iterator[str]:
    """The name of a file in memory that nobody else uses; it is gone afterwards."""
    path = f"/vsimem/csplus-sandbox-{uuid.uuid4().hex}.{suffix}"
    try:
        yield path
    finally:
        for name in (path, f"{path}.aux.xml"):
            if gdal.VSIStatL(name) is not None:
                gdal.Unlink(name)


def _made(dataset: gdal.Dataset | None) -> gdal.Dataset:
    if dataset is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or "GDAL made no file.")
    return dataset


def _check(code: int) -> None:
    if code != 0:
        raise RuntimeError(gdal.GetLastErrorMsg() or f"GDAL failed with code {code}.")


def _read(path: str) -> bytes:
    size = gdal.VSIStatL(path).size
    file = gdal.VSIFOpenL(path, "rb")
    if file is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or "GDAL wrote no file.")
    try:
        return bytes(gdal.VSIFReadL(1, size, file))
    finally:
        gdal.VSIFCloseL(file)
