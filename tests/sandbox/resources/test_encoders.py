"""Rasters as files, read back by other means than those that wrote them."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Band, Grid, PixelType, Raster
from csplus.csplus_plugin.sandbox.resources import encoders, limits
from osgeo import gdal

from ...support.servers import opened

GRID = Grid("EPSG:32611", (20, 0, 500000, 0, -20, 4000000), 3, 2)


def raster(values: list[list[float]], dtype: str, mask: list[list[float]] | None = None) -> Raster:
    array = np.array(values, dtype=dtype)
    return Raster(array, np.ones(array.shape, np.float32) if mask is None else np.array(mask, np.float32))


@pytest.mark.parametrize(("dtype", "stored", "nodata"), [
    ("uint8", "uint8", 0),
    ("int8", "int16", -128),
    ("uint16", "uint16", 0),
    ("int16", "int16", -32768),
    ("uint32", "uint32", 0),
    ("int32", "int32", -(2**31)),
    ("int64", "float64", -math.inf),
    ("float32", "float32", -math.inf),
    ("float64", "float64", -math.inf),
])  # fmt: skip
def test_geotiff_types(dtype: str, stored: str, nodata: float) -> None:
    band = raster([[1, 2, 3], [4, 5, 6]], dtype, [[1, 0, 0.25], [1, 1, 0]])
    file = opened(encoders.geotiff({"score": band}, GRID))
    np.testing.assert_array_equal(
        file.ReadAsArray(), np.array([[1, nodata, 3], [4, 5, nodata]]).astype(stored)
    )
    assert file.ReadAsArray().dtype == stored
    assert file.GetRasterBand(1).GetNoDataValue() == nodata
    assert file.GetGeoTransform() == (500000, 20, 0, 4000000, 0, -20)


def test_geotiff_keeps_shear() -> None:
    sheared = Grid("EPSG:4326", (0.5, 0.1, -120, 0.2, -0.5, 38), 3, 2)
    file = opened(encoders.geotiff({"a": raster([[1, 2, 3], [4, 5, 6]], "uint8")}, sheared))
    assert file.GetGeoTransform() == (-120, 0.5, 0.1, 38, 0.2, -0.5)


def test_geotiff_refuses_mixed_types() -> None:
    bands = {"a": raster([[1]], "int16"), "b": raster([[1]], "int16"), "c": raster([[1]], "uint8")}
    with pytest.raises(Refused, match=r"found inconsistent types: Byte and Int16\.$"):
        encoders.geotiff(bands, GRID)


def test_npy_keeps_partly_masked_pixels_and_drops_what_lies_under_a_mask() -> None:
    content = encoders.npy({
        "a": raster([[7, math.nan, 9]], "float32", [[1, 0, 0.01]]),
        "b": raster([[-1, -2, -3]], "int8"),
    })  # fmt: skip
    table = np.load(io.BytesIO(content), allow_pickle=False)
    assert table.shape == (1, 3)
    np.testing.assert_array_equal(table["a"], np.array([[7, 0, 9]], np.float32))
    np.testing.assert_array_equal(table["b"], np.array([[-1, -2, -3]], np.int8))


def test_opacity_of_a_picture_is_that_of_its_most_transparent_band() -> None:
    half = raster([[10, 20]], "uint8", [[0.5, 1]])
    whole = raster([[30, 40]], "uint8", [[1, 1]])
    gone = raster([[50, 60]], "uint8", [[1, 0]])
    pixels = opened(encoders.png(encoders.colours({"r": half, "g": whole, "b": gone}))).ReadAsArray()
    np.testing.assert_array_equal(pixels[:, 0, 0], [10, 30, 50, 128])
    np.testing.assert_array_equal(pixels[:, 0, 1], [0, 0, 0, 0])


def test_nothing_stays_in_memory() -> None:
    before = gdal.ReadDirRecursive("/vsimem/") or []
    band = {"a": raster([[1, 2], [3, 4]], "uint8")}
    small = Grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 2, 2)
    encoders.geotiff(band, small)
    encoders.png(encoders.colours(band))
    encoders.jpeg(encoders.colours(band))
    assert (gdal.ReadDirRecursive("/vsimem/") or []) == before


@pytest.mark.parametrize("switch", [gdal.UseExceptions, gdal.DontUseExceptions])
def test_works_however_the_host_has_gdal_report_errors(switch: object) -> None:
    was = gdal.GetUseExceptions()
    try:
        switch()
        content = encoders.geotiff({"a": raster([[1, 2, 3], [4, 5, 6]], "uint8")}, GRID)
        assert gdal.GetUseExceptions() == (switch is gdal.UseExceptions)
    finally:
        gdal.UseExceptions() if was else gdal.DontUseExceptions()
    assert opened(content).ReadAsArray().sum() == 21


def bands(count: int, precision: str = "int", top: float = 65535) -> list[Band]:
    return [Band(f"b{i}", PixelType(precision, 0, top)) for i in range(count)]


def grid(width: int, height: int) -> Grid:
    return Grid("EPSG:32611", (10, 0, 0, 0, -10, 0), width, height)


def test_ten_bands_of_uint16_fit_in_a_tile_of_1024() -> None:
    limits.check_pixels(grid(1024, 1024), bands(10))
    with pytest.raises(
        Refused, match=r"^Total request size \(52428800 bytes\) must be less than or equal to 50331648"
    ):
        limits.check_pixels(grid(1024, 1024), bands(10, "float"))


def test_the_size_limit_itself_is_allowed() -> None:
    limits.check_pixels(grid(4096, 2048), bands(2))


def test_number_of_bands_and_empty_grids() -> None:
    limits.check_pixels(grid(1, 1), bands(1024))
    for refused in ((grid(1, 1), bands(1025)), (grid(0, 1), bands(1)), (grid(1, -1), bands(1))):
        with pytest.raises(Refused):
            limits.check_pixels(*refused)
