"""Any collection is a folder: Landsat 8 scenes, laid out as the README says and worked with as the guides do.

Bits of QA_PIXEL, scale and offset: https://developers.google.com/earth-engine/datasets/catalog/LANDSAT_LC08_C02_T1_L2
"""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest

from ...support.scene_folder import Folder, masked

LANDSAT = "LANDSAT/LC08/C02/T1_L2"
SHAPE = (6, 7)
SCALE, OFFSET = 0.0000275, -0.2
DILATED, CIRRUS, CLOUD, SHADOW, CLEAR = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 6
BAD = 0b11111  # fill, dilated cloud, cirrus, cloud, cloud shadow
NAMES = ("SR_B4", "SR_B5", "QA_PIXEL")

Scenes = dict[str, dict[str, np.ndarray]]


@pytest.fixture
def scenes(folder: Folder) -> Scenes:
    """Three scenes with clouds here and there; one pixel is never clear."""
    random = np.random.default_rng(8)
    made = {}
    for day, index in enumerate(("LC08_042034_20230604", "LC08_042034_20230620", "LC08_042034_20230706")):
        red, nir = (random.integers(7300, 30000, SHAPE).astype(np.uint16) for _ in range(2))
        quality = np.where(
            random.random(SHAPE) < 0.6, CLEAR, random.choice([DILATED, CIRRUS, CLOUD, SHADOW], SHAPE)
        )
        quality[0, 0] = CLOUD
        quality[1, 1] = 1  # fill
        made[index] = dict(zip(NAMES, (red, nir, quality.astype(np.uint16)), strict=True))
        made[index]["SR_B4"][2, 2] = 0  # nodata of the surface reflectance alone
        properties = {
            "system:time_start": 1685900000000 + day * 16 * 86_400_000,
            "WRS_PATH": 42,
            "WRS_ROW": 34,
        }
        folder.scene(index, made[index], collection=LANDSAT, pixel=30, **properties)
    return made


def masked_reflectance(image: Any) -> Any:
    """As in the guide on Landsat: bad pixels out, reflectance from 0 to 1."""
    clear = image.select("QA_PIXEL").bitwiseAnd(BAD).eq(0)
    optical = image.select("SR_B.").multiply(SCALE).add(OFFSET)
    return image.addBands(optical, None, True).updateMask(clear)


def expected_median(scenes: Scenes, band: str) -> np.ma.MaskedArray:
    stack = np.ma.array(
        [s[band] * SCALE + OFFSET for s in scenes.values()],
        mask=[(s["QA_PIXEL"] & BAD) != 0 for s in scenes.values()],
    )
    return np.ma.median(stack, axis=0)


def test_bands_and_grid_are_those_of_the_files(folder: Folder, scenes: Scenes) -> None:
    info = folder.info(ee.ImageCollection(LANDSAT).first())
    assert info["id"] == f"{LANDSAT}/LC08_042034_20230604"
    assert [band["id"] for band in info["bands"]] == ["QA_PIXEL", "SR_B4", "SR_B5"]
    assert {band["data_type"]["max"] for band in info["bands"]} == {65535}
    assert info["bands"][0]["crs_transform"] == [30, 0, 500000, 0, -30, 4100000]
    june = (
        ee.ImageCollection(LANDSAT)
        .filterDate("2023-06-01", "2023-07-01")
        .filter(ee.Filter.eq("WRS_PATH", 42))
    )
    assert folder.value(june.size()) == 2


def test_masked_median_and_ndvi(folder: Folder, scenes: Scenes, grid) -> None:
    here = grid(SHAPE[1], SHAPE[0], pixel=30)
    median = ee.ImageCollection(LANDSAT).map(masked_reflectance).median()
    drawn = folder.pixels(median.select(["SR_B4", "SR_B5"]), here)
    red, nir = (expected_median(scenes, band) for band in ("SR_B4", "SR_B5"))
    for band, expected in (("SR_B4", red), ("SR_B5", nir)):
        found = masked(drawn[band])
        assert (found.mask == np.ma.getmaskarray(expected)).all()
        assert np.ma.allclose(found, expected, rtol=0, atol=1e-6)
    assert {(0, 0), (1, 1)} <= set(zip(*np.nonzero(masked(drawn["SR_B4"]).mask), strict=True))

    ndvi = masked(folder.band(median.normalizedDifference(["SR_B5", "SR_B4"]), here))
    expected = (nir - red) / (nir + red)
    # normalizedDifference masks a pixel of which an input is negative, as the documentation says.
    expected = np.ma.masked_where((red < 0) | (nir < 0), expected)
    assert (ndvi.mask == np.ma.getmaskarray(expected)).all()
    assert np.ma.allclose(ndvi, expected, rtol=0, atol=1e-6)
    assert ndvi.count() > 20


def test_a_mean_of_a_region_at_30_metres(folder: Folder, scenes: Scenes) -> None:
    image = ee.Image(f"{LANDSAT}/LC08_042034_20230620").select("SR_B5")
    region = ee.Geometry.Rectangle([500000, 4099820, 500210, 4100000], "EPSG:32611", geodesic=False)
    found = folder.value(image.reduceRegion(ee.Reducer.mean(), region, 30))
    assert found["SR_B5"] == pytest.approx(scenes["LC08_042034_20230620"]["SR_B5"].mean())
