"""Pixels through the official client: every format, exact against numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from osgeo import gdal, osr

from ...support.places import moved
from ...support.servers import (
    B3,
    B4,
    CS_CDF,
    GRID,
    HEIGHT,
    L2A,
    LATER,
    LEFT,
    SCENE,
    SCL,
    SCORES,
    TOP,
    WIDTH,
    ask,
    opened,
    scene,
)


def pixels(ee: Any, image: Any, file_format: str, **options: Any) -> Any:
    return ee.data.computePixels({"expression": image, "fileFormat": file_format, "grid": GRID, **options})


def test_npy_has_one_field_a_band(ee: Any) -> None:
    table = pixels(ee, scene(ee, "B4", "B3"), "NUMPY_NDARRAY")
    assert table.dtype.descr == [("B4", "<u2"), ("B3", "<u2")]
    np.testing.assert_array_equal(table["B4"], B4)
    np.testing.assert_array_equal(table["B3"], B3)


def test_npy_band_ids_choose_and_order(ee: Any) -> None:
    table = pixels(ee, scene(ee, "B4", "B3", "SCL"), "NUMPY_NDARRAY", bandIds=["SCL", "B4"])
    assert table.dtype.names == ("SCL", "B4")
    np.testing.assert_array_equal(table["SCL"], SCL.repeat(2, axis=0).repeat(2, axis=1))


def test_npy_masked_pixels_are_zero(ee: Any) -> None:
    image = scene(ee, "B4").add(1).updateMask(scene(ee, "B4").gt(1000))
    np.testing.assert_array_equal(
        pixels(ee, image, "NUMPY_NDARRAY")["B4"], np.where(B4 > 1000, B4.astype(int) + 1, 0)
    )


def test_without_a_grid_the_whole_image_comes(ee: Any) -> None:
    table = ee.data.computePixels({"expression": scene(ee, "SCL"), "fileFormat": "NUMPY_NDARRAY"})
    np.testing.assert_array_equal(table["SCL"], SCL)


def test_wkt_grid(ee: Any) -> None:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    grid = {name: value for name, value in GRID.items() if name != "crsCode"}
    grid["crsWkt"] = reference.ExportToWkt()
    table = ee.data.computePixels(
        {"expression": scene(ee, "B4"), "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    )
    np.testing.assert_array_equal(table["B4"], B4)


def test_geotiff_of_integers(ee: Any) -> None:
    file = opened(pixels(ee, scene(ee, "B4", "B3"), "GEO_TIFF"))
    np.testing.assert_array_equal(file.ReadAsArray(), np.stack([B4, B3]))
    assert file.GetGeoTransform() == (LEFT, 10, 0, TOP, 0, -10)
    assert file.GetSpatialRef().GetAuthorityCode(None) == "32611"
    assert [file.GetRasterBand(i).GetDescription() for i in (1, 2)] == ["B4", "B3"]
    assert [file.GetRasterBand(i).GetNoDataValue() for i in (1, 2)] == [0, 0]
    assert file.GetRasterBand(1).DataType == gdal.GDT_UInt16
    assert "not Google Earth Engine" in file.GetMetadataItem("TIFFTAG_SOFTWARE")


def test_geotiff_of_scores_marks_masked_pixels(ee: Any) -> None:
    score = ee.Image(f"{SCORES}/{SCENE}").select("cs_cdf")
    file = opened(pixels(ee, score.updateMask(score.gte(0.5)), "GEO_TIFF"))
    assert file.GetRasterBand(1).GetNoDataValue() == -math.inf
    np.testing.assert_array_equal(
        file.ReadAsArray(), np.where(CS_CDF >= 0.5, CS_CDF, -np.inf).astype(np.float32)
    )


def test_geotiff_of_signed_integers_holds_the_lowest_number_where_masked(ee: Any) -> None:
    image = scene(ee, "B4").toInt16().updateMask(scene(ee, "B4").gt(1000))
    file = opened(pixels(ee, image, "GEO_TIFF"))
    assert file.GetRasterBand(1).GetNoDataValue() == -32768
    np.testing.assert_array_equal(file.ReadAsArray(), np.where(B4 > 1000, B4.astype(int), -32768))


def test_geotiff_of_mixed_types_is_refused(ee: Any) -> None:
    mixed = scene(ee, "B4").addBands(ee.Image(f"{SCORES}/{SCENE}").select("cs_cdf"))
    with pytest.raises(ee.EEException) as refusal:
        pixels(ee, mixed, "GEO_TIFF")
    assert str(refusal.value) == (
        "Exported bands must have compatible data types; found inconsistent types: Float32 and UInt16."
    )


def test_png_with_ranges(ee: Any) -> None:
    options = {"ranges": [{"min": 0, "max": 2550}]}
    picture = opened(pixels(ee, scene(ee, "B4", "B3", "B4"), "PNG", visualizationOptions=options))
    red, green, blue, alpha = picture.ReadAsArray()
    clear = (B4 != 0) & (B3 != 0)
    np.testing.assert_array_equal(alpha, np.where(clear, 255, 0))
    np.testing.assert_array_equal(red, np.where(clear, B4 // 10, 0))
    np.testing.assert_array_equal(green, np.where(clear, B3 // 10, 0))
    np.testing.assert_array_equal(blue, red)


def test_png_with_a_palette(ee: Any) -> None:
    options = {"ranges": [{"min": 0, "max": 1}], "paletteColors": ["red", "00ff00"]}
    picture = opened(pixels(ee, scene(ee, "B4").gt(1000), "PNG", visualizationOptions=options))
    expected = np.where(B4 > 1000, 0, 255), np.where(B4 > 1000, 255, 0)
    seen = B4 > 0
    np.testing.assert_array_equal(picture.ReadAsArray()[0][seen], expected[0][seen])
    np.testing.assert_array_equal(picture.ReadAsArray()[1][seen], expected[1][seen])


def test_byte_bands_are_drawn_as_they_are(ee: Any) -> None:
    picture = opened(pixels(ee, scene(ee, "B4").divide(10).toByte(), "PNG"))
    np.testing.assert_array_equal(picture.ReadAsArray()[0], B4 // 10)
    np.testing.assert_array_equal(picture.ReadAsArray()[2], B4 // 10)


def test_other_types_are_drawn_over_their_whole_range(ee: Any) -> None:
    grey = opened(pixels(ee, ee.Image(f"{SCORES}/{SCENE}").select("cs_cdf"), "PNG")).ReadAsArray()[0]
    np.testing.assert_allclose(grey, CS_CDF * 255, atol=1)


@pytest.mark.parametrize(("file_format", "masked", "start"), [
    ("AUTO_JPEG_PNG", False, b"\xff\xd8\xff"),
    ("AUTO_JPEG_PNG", True, b"\x89PNG"),
    ("JPEG", True, b"\xff\xd8\xff"),
])  # fmt: skip
def test_automatic_format_needs_png_for_transparency(
    ee: Any, file_format: str, masked: bool, start: bytes
) -> None:
    image = scene(ee, "SCL").multiply(20).toByte()
    content = pixels(ee, image.updateMask(image.gt(100)) if masked else image, file_format)
    assert content.startswith(start)
    expected = SCL.repeat(2, axis=0).repeat(2, axis=1) * 20.0
    drawn = opened(content).ReadAsArray()[0].astype(float)
    seen = expected > 100 if masked else expected > 0
    assert np.abs(drawn - expected)[seen].mean() < 15  # JPEG is lossy


def test_get_pixels_of_an_asset(ee: Any) -> None:
    table = ee.data.getPixels(
        {"assetId": f"{L2A}/{LATER}", "fileFormat": "NUMPY_NDARRAY", "grid": GRID, "bandIds": ["B4"]}
    )
    np.testing.assert_array_equal(table["B4"], B4)


def corners(left: float, top: float, right: float, bottom: float) -> dict[str, Any]:
    """A region in longitude and latitude within pixels of the grid: its corners lie inside of the outer pixels."""
    places = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    ring = [moved("EPSG:32611", "EPSG:4326", LEFT + 10 * x, TOP - 10 * y) for x, y in places]
    return {"type": "Polygon", "coordinates": [[list(place) for place in ring]]}


def test_get_pixels_of_a_region(ee: Any) -> None:
    """Rows 1 to 3 and columns 2 to 5, on the grid of the request and on the band's own."""
    asked = {"assetId": f"{L2A}/{LATER}", "fileFormat": "NUMPY_NDARRAY", "bandIds": ["B4"]}
    region = corners(2.3, 1.3, 5.7, 3.7)
    lattice = {name: value for name, value in GRID.items() if name != "dimensions"}
    for grid in ({}, {"grid": GRID}, {"grid": lattice}):
        table = ee.data.getPixels({**asked, **grid, "region": region})
        np.testing.assert_array_equal(table["B4"], B4[1:4, 2:6])
    beyond = ee.data.getPixels({**asked, "grid": GRID, "region": corners(-5, -5, 1.5, 0.5)})
    np.testing.assert_array_equal(beyond["B4"], B4[:1, :2])
    with pytest.raises(ee.EEException, match="region has no pixel"):
        ee.data.getPixels({**asked, "region": corners(-50, -50, -40, -40)})
    with pytest.raises(ee.EEException, match="coordinates|empty"):
        ee.data.getPixels({**asked, "region": {"type": "Polygon", "coordinates": []}})


def test_unknown_band_and_format(ee: Any) -> None:
    with pytest.raises(
        ee.EEException, match=r"Band pattern 'B99' did not match any bands. Available bands: \[B4\]"
    ):
        pixels(ee, scene(ee, "B4"), "NUMPY_NDARRAY", bandIds=["B99"])
    with pytest.raises(ee.EEException, match="TF_RECORD_IMAGE is not supported by this sandbox"):
        pixels(ee, scene(ee, "B4"), "TF_RECORD_IMAGE")


def test_image_without_bands_and_without_edges(ee: Any) -> None:
    nothing = ee.ImageCollection(L2A).filterDate("1990-01-01", "1990-02-01").median()
    with pytest.raises(ee.EEException, match="no bands"):
        pixels(ee, nothing, "NUMPY_NDARRAY")
    with pytest.raises(ee.EEException, match="grid"):
        ee.data.computePixels({"expression": ee.Image(1), "fileFormat": "NUMPY_NDARRAY"})
    with pytest.raises(ee.EEException, match="not an Image"):
        pixels(ee, ee.Number(1), "NUMPY_NDARRAY")


def grid_of(width: int, height: int) -> dict[str, Any]:
    return {**GRID, "dimensions": {"width": width, "height": height}}


def test_size_limit_counts_the_mask_byte(ee: Any) -> None:
    request = {"expression": scene(ee, "B4", "B3"), "fileFormat": "NPY", "grid": grid_of(4097, 2048)}
    with pytest.raises(ee.EEException) as refusal:
        ee.data.computePixels(request)
    assert str(refusal.value) == (
        "Total request size (50343936 bytes) must be less than or equal to 50331648 bytes."
    )


def test_side_limit(ee: Any) -> None:
    with pytest.raises(ee.EEException) as refusal:
        ee.data.computePixels({"expression": scene(ee, "B4"), "fileFormat": "NPY", "grid": grid_of(32769, 1)})
    assert str(refusal.value) == "Pixel grid dimensions (32769x1) must be less than or equal to 32768."
    ee.data.computePixels({"expression": scene(ee, "B4"), "fileFormat": "NPY", "grid": grid_of(32768, 1)})


@pytest.mark.parametrize("change", [
    {"dimensions": None},
    {"affineTransform": {"scaleX": 10}},
    {"affineTransform": {**GRID["affineTransform"], "scaleX": "wide"}},
    {"crsCode": "EPSG:999999"},
    {"crsCode": "/etc/passwd"},
    {"crsCode": None},
])  # fmt: skip
def test_impossible_grids(ee: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ee.EEException) as refusal:
        ee.data.computePixels(
            {"expression": scene(ee, "B4"), "fileFormat": "NPY", "grid": {**GRID, **change}}
        )
    assert refusal.value.__context__.resp.status == 400


def tile_over(x: float, y: float, zoom: int) -> tuple[int, int]:
    """Column and row of the map tile at a place of EPSG:32611."""
    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(32611)
    target.ImportFromEPSG(4326)
    latitude, longitude, _ = osr.CoordinateTransformation(source, target).TransformPoint(x, y)
    column = (longitude + 180) / 360 * 2**zoom
    row = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**zoom
    return int(column), int(row)


def test_map_tile_equals_the_nearest_pixels(ee: Any, url: str) -> None:
    image = scene(ee, "B4", "B3", "B4")
    fetcher = image.getMapId({"min": 0, "max": 2550})["tile_fetcher"]
    zoom = 18
    column, row = tile_over(LEFT + 60, TOP - 40, zoom)
    path = fetcher.format_tile_url(column, row, zoom).removeprefix(url)
    status, headers, content = ask(url, "GET", path)
    assert (status, headers["content-type"]) == (200, "image/png")
    drawn = opened(content).ReadAsArray()

    side = 2 * math.pi * 6378137 / 2**zoom
    centres = (np.arange(256) + 0.5) * side / 256
    x, y = np.meshgrid(column * side - math.pi * 6378137 + centres, math.pi * 6378137 - row * side - centres)
    mercator, utm = osr.SpatialReference(), osr.SpatialReference()
    mercator.ImportFromEPSG(3857)
    utm.ImportFromEPSG(32611)
    points = osr.CoordinateTransformation(mercator, utm).TransformPoints(
        np.column_stack([x.ravel(), y.ravel()])
    )
    east, north = np.array(points)[:, 0].reshape(256, 256), np.array(points)[:, 1].reshape(256, 256)
    i, j = (TOP - north) / 10, (east - LEFT) / 10
    inside = (i >= 0) & (i < HEIGHT) & (j >= 0) & (j < WIDTH)
    rows, columns = np.clip(i, 0, HEIGHT - 1).astype(int), np.clip(j, 0, WIDTH - 1).astype(int)
    red, green = B4[rows, columns], B3[rows, columns]
    seen = inside & (red > 0) & (green > 0)
    # A pixel centre on the edge between two source pixels may fall either way.
    certain = (np.abs(i - np.rint(i)) > 0.01) & (np.abs(j - np.rint(j)) > 0.01)
    assert seen.sum() > 5000
    np.testing.assert_array_equal(drawn[3][certain], np.where(seen, 255, 0)[certain])
    np.testing.assert_array_equal(drawn[0][certain & seen], (red // 10)[certain & seen])
    np.testing.assert_array_equal(drawn[1][certain & seen], (green // 10)[certain & seen])


def test_map_of_the_whole_world_and_a_plain_constant(ee: Any, url: str) -> None:
    fetcher = ee.Image(1).getMapId({"min": 0, "max": 1, "palette": ["000000", "ff0000"]})["tile_fetcher"]
    content = ask(url, "GET", fetcher.format_tile_url(0, 0, 0).removeprefix(url))[2]
    assert content.startswith(b"\xff\xd8\xff")
    red, green, _ = opened(content).ReadAsArray().astype(int)
    assert red.min() > 250
    assert green.max() < 5


def test_same_map_has_one_name(ee: Any) -> None:
    image = scene(ee, "B4")
    names = [image.getMapId({"min": 0, "max": top})["mapid"] for top in (1000, 1000, 2000)]
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("projects/sandbox-project/maps/")


def test_map_errors_come_when_the_map_is_made(ee: Any) -> None:
    with pytest.raises(ee.EEException, match="Image asset 'NO/SUCH/IMAGE' not found"):
        ee.Image("NO/SUCH/IMAGE").getMapId()
