"""GeoTIFF files, written piece by piece.

GDAL reports errors by return values or by exceptions, as its host chose for the whole process. This code
runs inside QGIS and must not choose, so it checks the values and lets exceptions pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from osgeo import gdal, gdal_array

from ..errors import SANDBOX_NAME, Refused
from ..images.image import Grid, Raster
from ..space.projections import quiet_gdal, spatial_reference

Rasters = Mapping[str, Raster]
Piece = tuple[int, int, Rasters]
"""First column, first row, and the pixels that begin there."""

# The service widens what its GeoTIFF writer lacks; GDAL before 3.7 lacks signed bytes.
_WIDER = {"int8": "int16", "int64": "float64", "uint64": "float64"}

IN_MEMORY = ("INTERLEAVE=BAND",)
ON_DISK = ("INTERLEAVE=BAND", "TILED=YES", "COMPRESS=DEFLATE", "BIGTIFF=IF_SAFER")


def write_geotiff(
    path: str,
    grid: Grid,
    types: Mapping[str, np.dtype],
    pieces: Iterable[Piece],
    nodata: float | None = None,
    options: tuple[str, ...] = ON_DISK,
) -> None:
    """Write a GeoTIFF of one data type with named bands.

    Masked pixels hold the nodata value: by default the lowest number of an integer type (0 if unsigned),
    -inf of a floating one. An unmasked 0 of an unsigned type can then not be told from nodata.

    Args:
        path: The file, perhaps one in memory.
        grid: Its pixels.
        types: Data type of each band, in order.
        pieces: The pixels; together they cover the grid.
        nodata: What masked pixels hold, in place of the default.
        options: Creation options of GDAL's driver.

    Raises:
        Refused: The bands have different data types, or cannot hold the nodata value.
    """
    source = common_type(types)
    dtype = np.dtype(_WIDER.get(source.name, source.name))
    if nodata is None:
        nodata = float("-inf") if dtype.kind == "f" else float(np.iinfo(source).min)
    elif dtype.kind != "f" and not (nodata == int(nodata) and _fits(int(nodata), dtype)):
        raise Refused(f"The noData value {nodata:g} does not fit into bands of type {_type_name(dtype)}.")
    dataset = _created(path, grid, len(types), dtype, options)
    try:
        for index, name in enumerate(types, 1):
            band = dataset.GetRasterBand(index)
            band.SetDescription(name)
            band.SetNoDataValue(nodata)
        for column, row, rasters in pieces:
            for index, name in enumerate(types, 1):
                raster = rasters[name]
                values = np.where(raster.mask > 0, raster.values, nodata).astype(dtype)
                check(dataset.GetRasterBand(index).WriteArray(values, column, row))
    finally:
        band = None
        dataset.FlushCache()
        dataset = None  # closing writes the directory of the file


def cloud_optimized(source: str, target: str) -> None:
    """Copy a GeoTIFF into one that is laid out for reading by parts over HTTP, with overviews."""
    options = ["COMPRESS=DEFLATE", "OVERVIEW_RESAMPLING=NEAREST", "BIGTIFF=IF_SAFER"]
    with quiet_gdal():
        rough = made(gdal.OpenEx(source, gdal.OF_RASTER, allowed_drivers=["GTiff"], sibling_files=[]))
        made(gdal.GetDriverByName("COG").CreateCopy(target, rough, 0, options)).FlushCache()


def _created(path: str, grid: Grid, count: int, dtype: np.dtype, options: tuple[str, ...]) -> gdal.Dataset:
    code = gdal_array.NumericTypeCodeToGDALTypeCode(dtype.type)
    driver = gdal.GetDriverByName("GTiff")
    with quiet_gdal():
        dataset = made(driver.Create(path, grid.width, grid.height, count, code, list(options)))
    dataset.SetProjection(spatial_reference(grid.crs).ExportToWkt())
    scale_x, shear_x, left, shear_y, scale_y, top = grid.transform
    dataset.SetGeoTransform((left, scale_x, shear_x, top, shear_y, scale_y))
    dataset.SetMetadataItem("TIFFTAG_SOFTWARE", SANDBOX_NAME)
    return dataset


def common_type(types: Mapping[str, np.dtype]) -> np.dtype:
    """Give the one data type that all bands have.

    Raises:
        Refused: They have several.
    """
    first, *others = types.values()
    other = next((dtype for dtype in others if dtype != first), None)
    if other is not None:
        raise Refused(
            "Exported bands must have compatible data types; found inconsistent types: "
            f"{_type_name(other)} and {_type_name(first)}."
        )
    return first


def _fits(number: int, dtype: np.dtype) -> bool:
    limits = np.iinfo(dtype)
    return limits.min <= number <= limits.max


def _type_name(dtype: np.dtype) -> str:
    """Give a data type's name in the service's messages: Byte, UInt16, Float32 and so on."""
    if dtype == np.uint8:
        return "Byte"
    return dtype.name.capitalize().replace("Uint", "UInt")


def made(dataset: gdal.Dataset | None) -> gdal.Dataset:
    """Give what GDAL made, if it did."""
    if dataset is None:
        raise RuntimeError(gdal.GetLastErrorMsg() or "GDAL made no file.")
    return dataset


def check(code: int) -> None:
    """Raise what GDAL returned as a code."""
    if code != 0:
        raise RuntimeError(gdal.GetLastErrorMsg() or f"GDAL failed with code {code}.")
