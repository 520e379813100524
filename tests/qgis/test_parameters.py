"""What a user can get wrong, before anything is asked of the service: one sentence each."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.processing.blocks import read_output, read_scenes
from csplus.csplus_plugin.processing.region import read_region
from osgeo import gdal, osr
from qgis import processing as toolbox
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QTime

from .conftest import JANUARY, Recorder, polygons


@pytest.fixture
def algorithm() -> QgsProcessingAlgorithm:
    return QgsApplication.processingRegistry().createAlgorithmById("csplus:clearcomposite")


SQUARE = "POLYGON((10 50, 11 50, 11 51, 10 51, 10 50))"
OTHER = "POLYGON((12 50, 13 50, 13 51, 12 51, 12 50))"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"EXTENT": None}, "neither an extent nor an area"),
        ({"EXTENT": "1,1,2,2 [EPSG:4326]"}, "empty"),
        ({"EXTENT": "500000,510000,4100000,4110000"}, "The extent has no CRS"),
        ({"EXTENT": "-179,179,0,1 [EPSG:4326]"}, "wider than half the globe"),
        ({"EXTENT": "37.41,37.42,-119.92,-119.9 [EPSG:4326]"}, "changed places"),
        ({"EXTENT": "-119.92,-119.9,37.41,37.42 [EPSG:99999]"}, "no CRS that is known"),
        ({"END": "2022-12-31"}, "before the start"),
        ({"END": "2023-13-01"}, "END"),
        ({"THRESHOLD": 1.5}, "THRESHOLD"),
        ({"THRESHOLD": math.nan}, "THRESHOLD is nan"),
        ({"CRS": "EPSG:999999"}, "CRS"),
        ({"BANDS": ["B10"]}, "L2A has no band 'B10'"),
        ({"BANDS": "B4,B44"}, "BANDS"),
        ({"BANDS": []}, "No band"),
        ({"INDICES": "NVDI"}, "INDICES"),
        ({"STYLE": "index"}, "none was chosen"),
        ({"PRODUCT": "L1C", "UNSCORED_POLICY": "scl"}, "no scene classification"),
        ({"START": "2016-01-01", "END": "2016-02-01"}, "Choose the product L1C"),
        ({"TILES": "11SKB, nowhere"}, "'NOWHERE' is not an MGRS tile"),
        ({"SCRIPT": "/tmp/composite.txt"}, r"\.js, \.py, \.json"),
        ({"TRESHOLD": 0.5}, "Did you mean THRESHOLD"),
        ({"OUTPUT": "/tmp/clear.png"}, "GeoTIFF"),
    ],
)
def test_one_sentence_for_each_mistake(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, change: dict, said: str
) -> None:
    import re

    fine, reason = algorithm.checkParameterValues({**JANUARY, **change}, context)
    assert not fine
    assert re.search(said, reason), reason
    assert "Traceback" not in reason


def test_an_area_without_polygons(algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext) -> None:
    fine, reason = algorithm.checkParameterValues({**JANUARY, "AREA": polygons().id()}, context)
    assert not fine
    assert "no polygon" in reason


def test_what_is_right_passes(algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext) -> None:
    assert algorithm.checkParameterValues(JANUARY, context) == (True, "")


def test_the_area_wins_over_the_extent(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    region = read_region(algorithm, {**JANUARY, "AREA": polygons(SQUARE, OTHER).id()}, context)
    assert region.bounds == (10, 50, 13, 51)
    assert len(region.polygons) == 2


def test_only_selected_features_when_asked(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    layer = polygons(SQUARE, OTHER)
    layer.selectByIds([2])
    chosen = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    assert read_region(algorithm, {**JANUARY, "AREA": chosen}, context).bounds == (12, 50, 13, 51)
    assert read_region(algorithm, {**JANUARY, "AREA": layer.id()}, context).bounds == (10, 50, 13, 51)


@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:3857", "EPSG:32611"])
@pytest.mark.parametrize("as_text", [True, False])
def test_extents_in_any_crs(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, code: str, as_text: bool
) -> None:
    degrees, crs = QgsRectangle(-119.92, 37.41, -119.90, 37.422), QgsCoordinateReferenceSystem(code)
    to_crs = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), crs, QgsProject())
    box = to_crs.transformBoundingBox(degrees)
    text = f"{box.xMinimum()},{box.xMaximum()},{box.yMinimum()},{box.yMaximum()} [{code}]"
    extent = text if as_text else QgsReferencedRectangle(box, crs)
    found = read_region(algorithm, {**JANUARY, "EXTENT": extent}, context).bounds
    # A box of UTM grows by the meridian convergence when it is boxed again in degrees.
    assert found == pytest.approx(
        (-119.92, 37.41, -119.90, 37.422), abs=2e-3 if code == "EPSG:32611" else 1e-6
    )


def test_an_extent_without_crs_in_degrees_is_taken_as_such(algorithm: QgsProcessingAlgorithm) -> None:
    region = read_region(algorithm, {"EXTENT": "10,11,50,51"}, QgsProcessingContext())
    assert region == Region.from_bounds(10, 50, 11, 51)


@pytest.mark.parametrize(
    "day",
    ["2023-12-31", QDate(2023, 12, 31), QDateTime(QDate(2023, 12, 31), QTime(0, 0))],
)
def test_a_day_is_a_day_in_every_form(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, day: object
) -> None:
    assert read_scenes(algorithm, {**JANUARY, "END": day}, context).end == date(2023, 12, 31)


def test_text_from_a_shell_is_understood(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    typed = {**JANUARY, "MONTHS": "1,12", "TILES": "t11skb,10SGG", "ORBIT": "13", "CLIP": "false"}
    scenes = read_scenes(algorithm, typed, context)
    assert (scenes.months, scenes.tiles, scenes.orbit, scenes.clip) == (
        (1, 12),
        ("11SKB", "10SGG"),
        13,
        False,
    )


def test_a_crs_without_a_code_becomes_wkt(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    custom = QgsCoordinateReferenceSystem.fromProj("+proj=laea +lat_0=37 +lon_0=-120 +datum=WGS84")
    assert read_output(algorithm, {"CRS": custom}, context).crs.startswith("PROJCS")
    assert read_output(algorithm, {"CRS": "EPSG:3857"}, context).crs == "EPSG:3857"
    assert read_output(algorithm, {}, context).crs is None


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("EPSG:4978", "EPSG:4978 is geocentric"),
        ("EPSG:5773", "EPSG:5773 is vertical"),
        ("EPSG:9518", "EPSG:9518 is compound"),
        ("ESRI:54035", "A GeoTIFF cannot hold the CRS ESRI:54035"),
    ],
)
def test_a_crs_that_no_file_could_have_is_refused(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, crs: str, said: str
) -> None:
    fine, reason = algorithm.checkParameterValues(
        {**JANUARY, "CRS": QgsCoordinateReferenceSystem(crs)}, context
    )
    assert not fine
    assert said in reason


@pytest.mark.parametrize(
    "crs", ["ESRI:54009", "ESRI:102008", "IGNF:LAMB93", "ESRI:54030", "EPSG:3035", "EPSG:31370"]
)
def test_the_file_carries_the_crs_that_was_asked_for(
    context: QgsProcessingContext, target: str, crs: str
) -> None:
    chosen = QgsCoordinateReferenceSystem(crs)
    toolbox.run(
        "csplus:clearcomposite",
        {**JANUARY, "CRS": chosen, "OUTPUT": target, "LIVE": False},
        context=context,
        feedback=Recorder(),
    )
    found = gdal.Open(target)
    wanted = osr.SpatialReference()
    wanted.SetFromUserInput(chosen.toWkt(Qgis.CrsWktVariant.Wkt2_2019))
    wanted.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    assert found.GetSpatialRef().IsSame(wanted)
    assert (found.ReadAsArray()[0] != 65535).mean() > 0.3


@pytest.mark.parametrize(
    ("extent", "bounds"),
    [("179.5,-179.5,-18,-17", (179.5, -18, 180.5, -17)), ("10,-10,50,51", (-10, 50, 10, 51))],
)
def test_an_extent_whose_sides_changed_places(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, extent: str, bounds: tuple
) -> None:
    assert read_region(algorithm, {"EXTENT": f"{extent} [EPSG:4326]"}, context).bounds == bounds


@pytest.mark.parametrize("crs", ["ESRI:102008", "EPSG:5070", "EPSG:26911", "EPSG:32610", "EPSG:3857"])
def test_warped_back_it_is_the_same_picture(context: QgsProcessingContext, tmp_path: Path, crs: str) -> None:
    def made(name: str, **values: object) -> str:
        given = {**JANUARY, "OUTPUT": str(tmp_path / name), "LIVE": False, "CLIP": False, **values}
        return toolbox.run("csplus:clearcomposite", given, context=context, feedback=Recorder())["OUTPUT"]

    home = gdal.Open(made("home.tif"))
    there = made("there.tif", CRS=QgsCoordinateReferenceSystem(crs), RESOLUTION=3)
    west, size, _, north, _, _ = home.GetGeoTransform()
    bounds = (west, north - size * home.RasterYSize, west + size * home.RasterXSize, north)
    back = gdal.Warp(
        "",
        there,
        format="MEM",
        dstSRS=home.GetProjection(),
        outputBounds=bounds,
        xRes=size,
        yRes=size,
        overviewLevel="NONE",  # else it would take means
    )
    pixels, again = home.ReadAsArray()[0], back.ReadAsArray()[0]
    inside = (pixels != 65535) & (again != 65535)
    assert inside.mean() > 0.8
    assert (pixels == again)[inside].mean() > 0.9


def test_whether_a_file_can_have_it_is_asked_of_gdal(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, target: str
) -> None:
    """Equal Earth: GDAL 3.6 loses it, later ones write its code."""
    given = {**JANUARY, "CRS": QgsCoordinateReferenceSystem("EPSG:8857"), "OUTPUT": target, "LIVE": False}
    fine, reason = algorithm.checkParameterValues(given, context)
    if fine:
        toolbox.run("csplus:clearcomposite", given, context=context, feedback=Recorder())
        assert gdal.Open(target).GetSpatialRef().GetAuthorityCode(None) == "8857"
    else:
        assert "cannot hold the CRS EPSG:8857" in reason
