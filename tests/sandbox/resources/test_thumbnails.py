"""Pictures and downloads by name: what getThumbURL and getDownloadURL lead to."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from ...support.servers import (
    B3,
    B4,
    HEIGHT,
    L2A,
    LEFT,
    SCENE,
    SCL,
    TOP,
    WIDTH,
    ask,
    ask_error,
    opened,
    rectangle,
    scene,
    whole,
)


def fetch(address: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a plain request, without any sign-in."""
    root, path = address.split("/v1/")
    status, headers, body = ask(root, "GET", f"/v1/{path}")
    assert status == 200, body
    return headers, body


def files(address: str) -> dict[str, Any]:
    """The rasters of a zipped download."""
    with zipfile.ZipFile(io.BytesIO(fetch(address)[1])) as archive:
        return {name: opened(archive.read(name)) for name in archive.namelist()}


def test_download_is_one_file_a_band_by_default(ee: Any) -> None:
    address = scene(ee, "B4", "B3").getDownloadURL({"region": whole(ee), "scale": 10, "name": "mine"})
    found = files(address)
    assert list(found) == ["mine.B4.tif", "mine.B3.tif"]
    np.testing.assert_array_equal(found["mine.B4.tif"].ReadAsArray(), B4)
    np.testing.assert_array_equal(found["mine.B3.tif"].ReadAsArray(), B3)
    assert fetch(address)[0]["content-disposition"] == 'attachment; filename="mine.zip"'


def test_bands_keep_their_own_pixels_where_nothing_is_asked(ee: Any) -> None:
    found = files(scene(ee, "B4", "SCL").getDownloadURL({}))
    assert sorted(found) == [f"{SCENE}.B4.tif", f"{SCENE}.SCL.tif"]
    np.testing.assert_array_equal(found[f"{SCENE}.SCL.tif"].ReadAsArray(), SCL)
    assert found[f"{SCENE}.SCL.tif"].GetGeoTransform() == (LEFT, 20, 0, TOP, 0, -20)


def test_one_zipped_file_of_all_bands(ee: Any) -> None:
    options = {"region": whole(ee), "scale": 10, "filePerBand": False}
    ((name, file),) = files(scene(ee, "B4", "B3").add(0).getDownloadURL(options)).items()
    assert name == "download.tif"
    np.testing.assert_array_equal(file.ReadAsArray(), np.stack([B4, B3]))


@pytest.mark.parametrize("file_format", ["GEO_TIFF", "NPY"])
def test_part_of_an_image_in_its_own_projection(ee: Any, file_format: str) -> None:
    region = rectangle(ee, LEFT + 20, TOP - 50, LEFT + 70, TOP - 10)
    headers, body = fetch(
        scene(ee, "B4").getDownloadURL({"region": region, "scale": 10, "format": file_format})
    )
    if file_format == "NPY":
        values = np.load(io.BytesIO(body))["B4"]
        assert headers["content-type"] == "application/octet-stream"
    else:
        file = opened(body)
        values = file.ReadAsArray()
        assert file.GetGeoTransform() == (LEFT + 20, 10, 0, TOP - 10, 0, -10)
    np.testing.assert_array_equal(values, B4[1:5, 2:7])


def test_exact_grid_by_crs_transform_and_dimensions(ee: Any) -> None:
    options = {
        "crs": "EPSG:32611",
        "crs_transform": [20, 0, LEFT, 0, -20, TOP],
        "dimensions": [4, 3],
        "format": "GEO_TIFF",
    }
    file = opened(fetch(scene(ee, "SCL").getDownloadURL(options))[1])
    assert file.GetGeoTransform() == (LEFT, 20, 0, TOP, 0, -20)
    np.testing.assert_array_equal(file.ReadAsArray(), SCL[:3, :4])


def test_bands_are_chosen_by_the_request(ee: Any) -> None:
    address = scene(ee, "B4", "B3").getDownloadURL({"bands": ["B3"], "format": "NPY"})
    table = np.load(io.BytesIO(fetch(address)[1]))
    assert table.dtype.names == ("B3",)


def test_picture_of_a_size(ee: Any) -> None:
    options = {"region": whole(ee), "dimensions": f"{WIDTH}x{HEIGHT}", "min": 0, "max": 2550, "format": "png"}
    headers, body = fetch(scene(ee, "B4").getThumbURL(options))
    assert headers["content-type"] == "image/png"
    red, green, blue, alpha = opened(body).ReadAsArray()
    np.testing.assert_array_equal(red, B4 // 10)
    np.testing.assert_array_equal(red, green)
    np.testing.assert_array_equal(red, blue)
    np.testing.assert_array_equal(alpha, np.where(B4 > 0, 255, 0))


def test_longest_side_of_a_picture(ee: Any) -> None:
    options = {"region": whole(ee), "dimensions": 60, "min": 0, "max": 2550}
    picture = opened(fetch(scene(ee, "B4").getThumbURL(options))[1])
    assert (picture.RasterXSize, picture.RasterYSize) == (60, 40)


def test_jpeg(ee: Any) -> None:
    body = fetch(ee.Image(1).getThumbURL({"region": whole(ee), "dimensions": 8, "format": "jpg"}))[1]
    assert body.startswith(b"\xff\xd8\xff")


def test_a_composite_needs_a_region(ee: Any) -> None:
    composite = ee.ImageCollection(L2A).select("B4").median()
    with pytest.raises(ee.EEException, match="specify a pixel grid or a region"):
        composite.getThumbURL({})
    picture = opened(fetch(composite.getThumbURL({"region": whole(ee), "min": 0, "max": 2000}))[1])
    assert max(picture.RasterXSize, picture.RasterYSize) == 512


def test_size_limits_are_told_when_the_url_is_made(ee: Any) -> None:
    image = ee.Image(1).toFloat()
    region = rectangle(ee, LEFT, TOP - 40000, LEFT + 40000, TOP)
    with pytest.raises(ee.EEException) as refusal:
        image.getDownloadURL({"region": region, "scale": 10, "crs": "EPSG:32611"})
    # 4000 x 4000 pixels of four bytes and a mask byte.
    assert (
        str(refusal.value)
        == "Total request size (80000000 bytes) must be less than or equal to 50331648 bytes."
    )
    with pytest.raises(ee.EEException) as refusal:
        image.getDownloadURL({"region": region, "scale": 1, "crs": "EPSG:32611"})
    assert str(refusal.value) == "Pixel grid dimensions (40000x40000) must be less than or equal to 32768."


def test_all_files_of_a_download_count_together(ee: Any) -> None:
    region = rectangle(ee, LEFT, TOP - 20000, LEFT + 20000, TOP)
    bands = ee.Image([1, 2, 3]).toFloat()
    with pytest.raises(ee.EEException, match=r"Total request size \(60000000 bytes\)"):
        bands.getDownloadURL({"region": region, "scale": 10, "crs": "EPSG:32611"})


def test_names_of_files_are_made_safe(ee: Any) -> None:
    for name, safe in (
        ("../../etc/x", "_.._etc_x"),
        ('a"\r\nSet-Cookie: b', "a_Set-Cookie_b"),
        ("..", "download"),
    ):
        address = scene(ee, "B4").getDownloadURL({"name": name, "filePerBand": False})
        headers, body = fetch(address)
        assert headers["content-disposition"] == f'attachment; filename="{safe}.zip"'
        assert "set-cookie" not in headers
        assert zipfile.ZipFile(io.BytesIO(body)).namelist() == [f"{safe}.tif"]


def test_same_request_same_name(ee: Any) -> None:
    first, second, other = (scene(ee, band).getDownloadURL({}) for band in ("B4", "B4", "B3"))
    assert first == second != other


def test_names_of_another_project_are_not_found(ee: Any, url: str) -> None:
    path = scene(ee, "B4").getDownloadURL({}).removeprefix(url)
    error = ask_error(url, "GET", path.replace("sandbox-project", "other"))
    assert error["status"] == "NOT_FOUND"


def test_unknown_format(ee: Any) -> None:
    with pytest.raises(ee.EEException, match="File format TF_RECORD_IMAGE is not supported by this sandbox"):
        scene(ee, "B4").getDownloadURL({"format": "TF_RECORD_IMAGE"})
