"""The identify tool on a live layer: the pixel's values, those that the GeoTIFF holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.gui.identify import Identify
from osgeo import gdal, osr
from qgis import processing
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsPointXY,
    QgsProcessingContext,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsMapToolIdentify, QgsMapToolPan
from qgis.PyQt.QtCore import QCoreApplication, QSize

from .conftest import JANUARY
from .test_renewal import live, pump

LONGITUDE, LATITUDE = -119.9103, 37.4161


class Window:
    """What is asked of QGIS's interface."""

    def __init__(self) -> None:
        self.canvas = QgsMapCanvas()
        self.canvas.resize(QSize(401, 401))
        self.layer: QgsMapLayer | None = None

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def activeLayer(self) -> QgsMapLayer | None:
        return self.layer


@pytest.fixture
def window(qgis_new_project: None) -> Iterator[Window]:
    made = Window()
    half = 0.0001
    made.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    made.canvas.setExtent(QgsRectangle(LONGITUDE - half, LATITUDE - half, LONGITUDE + half, LATITUDE + half))
    yield made
    made.canvas.deleteLater()


@pytest.fixture
def identify(window: Window) -> Iterator[Identify]:
    made = Identify(window, QgsProject.instance(), settings.connection)
    made.said = []
    made.answered.connect(made.said.append)
    yield made
    made.stop()


PLACE = QgsPointXY(LONGITUDE, LATITUDE)


def click(window: Window, place: QgsPointXY = PLACE) -> None:
    tool = QgsMapToolIdentify(window.canvas)
    window.canvas.setMapTool(tool)
    window.tool = tool
    window.canvas.xyCoordinates.emit(place)
    for message in ("Identifying on clear…", "Identifying done."):
        tool.identifyMessage.emit(message)
    window.canvas.setExtent(QgsRectangle(0, 0, 1, 1))  # as the panel of results does, when it opens
    QCoreApplication.processEvents()


def test_the_line_holds_the_values_of_the_file(
    context: QgsProcessingContext, window: Window, identify: Identify, tmp_path: Path
) -> None:
    target = str(tmp_path / "clear.tif")
    given = {**JANUARY, "BANDS": ["B4", "B8"], "INDICES": ["NDVI"], "OUTPUT": target}
    window.layer = processing.run("csplus:clearcomposite", given, context=context)["LIVE_LAYER"]
    click(window)
    pump(lambda: bool(identify.said))
    (line,) = identify.said
    more = "For every look at it, right-click the layer: Cloud Score+ > Inspect pixels."
    assert line.endswith(f" ({LATITUDE:.5f}, {LONGITUDE:.5f}) {more}")
    dataset = gdal.Open(target)
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    geographic, crs = osr.SpatialReference(), osr.SpatialReference(dataset.GetProjection())
    geographic.ImportFromEPSG(4326)
    for reference in (geographic, crs):
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    x, y, _ = osr.CoordinateTransformation(geographic, crs).TransformPoint(LONGITUDE, LATITUDE)
    column, row = int((x - left) // size), int((top - y) // size)
    found = {name: float(value) for name, value in re.findall(r"(B4|B8|NDVI) (-?\d+\.\d+)", line)}
    for number, name in enumerate(("B4", "B8", "NDVI"), 1):
        band = dataset.GetRasterBand(number)
        expected = band.ReadAsArray(column, row, 1, 1)[0, 0] * (band.GetScale() or 1)
        assert found[name] == pytest.approx(expected, rel=1e-3), name


def test_in_a_project_without_a_crs_the_layer_has_its_own(
    context: QgsProcessingContext, window: Window, identify: Identify
) -> None:
    window.layer = processing.run("csplus:clearcomposite", JANUARY, context=context)["LIVE_LAYER"]
    radius = 6378137  # of EPSG:3857, the CRS of tiles
    place = QgsPointXY(
        math.radians(LONGITUDE) * radius, math.log(math.tan(math.radians(45 + LATITUDE / 2))) * radius
    )
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem())
    click(window, place)
    pump(lambda: bool(identify.said))
    assert f"({LATITUDE:.5f}, {LONGITUDE:.5f})" in identify.said[0]


def test_outside_the_area_and_on_other_layers(window: Window, identify: Identify) -> None:
    window.layer = live("http://127.0.0.1:9")
    click(window)
    pump(lambda: bool(identify.said))
    assert identify.said == ["The place is outside the area of the layer."]
    window.layer = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}", "tiles", "wms")
    click(window)
    window.layer = None
    click(window)
    window.layer = live("http://127.0.0.1:9", recipe="{")
    click(window)
    pump(lambda: len(identify.said) > 1)
    assert identify.said[1].startswith("This is not a recipe")
    assert len(identify.said) == 2


def test_the_tool_is_let_go_of(window: Window, identify: Identify) -> None:
    click(window)
    tool = window.tool
    assert tool.receivers(tool.identifyMessage) == 1
    pan = QgsMapToolPan(window.canvas)
    window.canvas.setMapTool(pan)
    assert tool.receivers(tool.identifyMessage) == 0
    window.canvas.setMapTool(tool)
    assert tool.receivers(tool.identifyMessage) == 1
    assert window.canvas.receivers(window.canvas.xyCoordinates) == 1
    before = window.canvas.receivers(window.canvas.mapToolSet)
    identify.stop()
    assert window.canvas.receivers(window.canvas.xyCoordinates) == 0
    assert tool.receivers(tool.identifyMessage) == 0
    assert window.canvas.receivers(window.canvas.mapToolSet) == before - 1
    window.canvas.mapToolSet.connect(identify._watch)  # for the end of the test
