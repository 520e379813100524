"""An area across longitude 180 is one picture: the sample scenes, moved there, give the pixels of their home."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.grid import home_crs
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.sandbox.folders import sample_scenes
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsRasterLayer, QgsRectangle

from ..support.shifted_samples import BY, shift_samples, shifted_crs
from .conftest import Recorder, polygons

ID = "csplus:clearcomposite"
WINDOW = {"START": "2023-01-01", "END": "2023-01-31", "TILES": "11SKB"}
WEST, EAST, SOUTH, NORTH = -119.915, -119.895, 37.41, 37.42
METRES = "241600,243200,4144000,4145200"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shifted")
    shift_samples(sample_scenes(), made)
    return made


def composite(context: QgsProcessingContext, path: Path, **values: object) -> gdal.Dataset:
    toolbox.run(
        ID,
        {**WINDOW, "OUTPUT": str(path), "LIVE": False, **values},
        context=context,
        feedback=Recorder(),
    )
    return gdal.Open(str(path))


def ring(west: float, east: float) -> str:
    corners = [(west, SOUTH), (east, SOUTH), (east, NORTH), (west, NORTH), (west, SOUTH)]
    return f"POLYGON(({', '.join(f'{x:.6f} {y}' for x, y in corners)}))"


def across(form: str) -> dict[str, object]:
    """The same area in the ways in which people and programs write it."""
    west, east = WEST + BY + 360, EAST + BY + 360
    if form == "an extent beyond 180":
        return {"EXTENT": f"{west:.6f},{east:.6f},{SOUTH},{NORTH} [EPSG:4326]"}
    if form == "an extent from east to west":
        return {"EXTENT": f"{west:.6f},{east - 360:.6f},{SOUTH},{NORTH} [EPSG:4326]"}
    if form == "an extent below -180":
        return {"EXTENT": f"{west - 360:.6f},{east - 360:.6f},{SOUTH},{NORTH} [EPSG:4326]"}
    if form == "two parts":
        return {"AREA": polygons(ring(west, 180), ring(-180, east - 360)).id()}
    return {"AREA": polygons(ring(west, east)).id()}


@pytest.mark.parametrize(
    "form",
    [
        "an extent beyond 180",
        "an extent from east to west",
        "an extent below -180",
        "two parts",
        "a polygon beyond 180",
    ],
)
def test_in_degrees(
    context: QgsProcessingContext, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    grid = {"CRS": "EPSG:4326", "RESOLUTION": 0.0001}
    extent = f"{WEST},{EAST},{SOUTH},{NORTH} [EPSG:4326]"
    home = composite(context, tmp_path / "home.tif", EXTENT=extent, **grid)
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive))
    there = composite(context, tmp_path / "there.tif", **across(form), **grid)
    assert there.GetGeoTransform()[0] == pytest.approx(WEST + BY + 360)
    assert (home.RasterXSize, home.RasterYSize) == (there.RasterXSize, there.RasterYSize) == (200, 100)
    pixels = home.ReadAsArray()
    assert (pixels[0] != 65535).mean() > 0.9
    # A pixel's centre may fall on the edge between two of the scene's, and to either side of it.
    assert (there.ReadAsArray() == pixels).mean() > 0.999


@pytest.mark.parametrize("clip", [True, False])
def test_in_metres_every_pixel_is_the_same(
    context: QgsProcessingContext, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clip: bool
) -> None:
    home = composite(
        context, tmp_path / "home.tif", EXTENT=f"{METRES} [EPSG:32611]", CRS="EPSG:32611", CLIP=clip
    )
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive))
    xmin, xmax, ymin, ymax = map(float, METRES.split(","))
    area = polygons(
        f"POLYGON(({xmin} {ymin}, {xmax} {ymin}, {xmax} {ymax}, {xmin} {ymax}, {xmin} {ymin}))",
        crs=f"PROJ:{shifted_crs()}",
    )
    assert area.crs().isValid()
    there = composite(context, tmp_path / "there.tif", AREA=area.id(), CRS=f"PROJ:{shifted_crs()}", CLIP=clip)
    assert there.GetGeoTransform() == home.GetGeoTransform()
    np.testing.assert_array_equal(there.ReadAsArray(), home.ReadAsArray())


def test_in_the_utm_zone_of_its_centre(
    context: QgsProcessingContext, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive))
    made = composite(context, tmp_path / "there.tif", **across("two parts"))
    assert made.GetSpatialRef().GetAuthorityCode(None) == "32660"
    assert made.RasterXSize == pytest.approx(0.02 * 111320 * np.cos(np.radians(37.4)) / 10, abs=8)
    assert (made.ReadAsArray()[0] != 65535).mean() > 0.9


def test_mercator_ends_there(context: QgsProcessingContext, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="The antimeridian is an edge of EPSG:3857"):
        composite(context, tmp_path / "a.tif", **across("two parts"), CRS="EPSG:3857")


def test_the_live_layer_draws_on_both_sides(
    context: QgsProcessingContext, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive))
    results = toolbox.run(ID, {**WINDOW, **across("two parts")}, context=context, feedback=Recorder())
    layer = results["LIVE_LAYER"]
    assert isinstance(layer, QgsRasterLayer)
    edge = 20037508.34
    for west, east in ((edge - 1200, edge - 100), (-edge + 100, -edge + 800)):
        block = layer.dataProvider().block(1, QgsRectangle(west, 4_496_600, east, 4_497_600), 64, 64)
        drawn = np.frombuffer(bytes(block.data()), np.uint32)
        assert (drawn >> 24 > 0).mean() > 0.9


@pytest.mark.parametrize(
    ("west", "east", "code"),
    [(179.0, 180.9, 32760), (179.2, 181, 32701), (-181, -179.2, 32760), (239, 241, 32711)],
)
def test_the_zone_of_the_centre(west: float, east: float, code: int) -> None:
    assert home_crs(Region.from_bounds(west, -18, east, -16)) == f"EPSG:{code}"
