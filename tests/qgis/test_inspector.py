"""The point inspector: a click, one request, every look in a chart and in a table."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.gui.inspector import inspector as module
from csplus.csplus_plugin.gui.inspector.drawing import RADIUS, Drawing
from csplus.csplus_plugin.gui.inspector.inks import Inks
from csplus.csplus_plugin.gui.inspector.inspector import PointInspector
from csplus.csplus_plugin.layers.pixel import pixel_at
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsMapLayer,
    QgsPointXY,
    QgsProcessingContext,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsMapToolPan
from qgis.PyQt.QtCore import QEvent, QPointF, QSize, QSizeF, Qt, QTimer
from qgis.PyQt.QtGui import QAction, QActionGroup, QColor, QFont, QMouseEvent, QPalette
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QMainWindow, QToolBar

from ..support.fake_service import Answer, FakeService, Seen, refusal
from .conftest import JANUARY
from .test_renewal import RECIPE as ABROAD
from .test_renewal import live, pump

LONGITUDE, LATITUDE = -119.9103, 37.4161

TWO_WINDOWS = {
    "BEFORE_START": "2023-01-01",
    "BEFORE_END": "2023-01-31",
    "START": "2023-02-01",
    "END": "2023-02-28",
}


class Window:
    """What is asked of QGIS's interface."""

    def __init__(self) -> None:
        self.main = QMainWindow()
        self.main.resize(QSize(1200, 900))
        self.canvas = QgsMapCanvas(self.main)
        self.canvas.resize(QSize(401, 401))
        self.bar = QToolBar(self.main)
        self.group = QActionGroup(self.main)
        self.layer: QgsMapLayer | None = None

    def mainWindow(self) -> QMainWindow:
        return self.main

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def activeLayer(self) -> QgsMapLayer | None:
        return self.layer

    def mapToolActionGroup(self) -> QActionGroup:
        return self.group

    def addToolBarIcon(self, action: QAction) -> None:
        self.bar.addAction(action)

    def removeToolBarIcon(self, action: QAction) -> None:
        self.bar.removeAction(action)

    def addDockWidget(self, area: Qt.DockWidgetArea, dock: QDockWidget) -> None:
        self.main.addDockWidget(area, dock)

    def removeDockWidget(self, dock: QDockWidget) -> None:
        self.main.removeDockWidget(dock)


@pytest.fixture
def window(qgis_new_project: None) -> Iterator[Window]:
    made = Window()
    half = 0.0005
    made.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))
    made.canvas.setExtent(QgsRectangle(LONGITUDE - half, LATITUDE - half, LONGITUDE + half, LATITUDE + half))
    made.main.show()
    yield made
    made.layer = None  # a test that failed is kept beyond the end of QGIS, which a layer would not survive
    made.main.close()
    made.main.deleteLater()


@pytest.fixture
def inspector(window: Window) -> Iterator[PointInspector]:
    made = PointInspector(window, QgsProject.instance(), settings.connection)
    yield made
    if made.action is not None:
        made.stop()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, threading.Thread]]:
    """Requests, each with the thread that sent it."""
    found: list[tuple[str, threading.Thread]] = []
    send = session.Session.request

    def note(self: session.Session, method: str, url: str, *given: object, **named: object) -> object:
        found.append((url, threading.current_thread()))
        return send(self, method, url, *given, **named)

    monkeypatch.setattr(session.Session, "request", note)
    return found


def composite(context: QgsProcessingContext, **given: object) -> dict:
    return toolbox.run("csplus:clearcomposite", {**JANUARY, "BANDS": ["B4", "B8"], **given}, context=context)


def click(window: Window, inspector: PointInspector, x: float = LONGITUDE, y: float = LATITUDE) -> None:
    """Release the left button over a place."""
    crs = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"),
        window.canvas.mapSettings().destinationCrs(),
        QgsProject.instance(),
    )
    inspector.start()
    place = window.canvas.mapSettings().mapToPixel().transform(crs.transform(QgsPointXY(x, y)))
    position = QPointF(place.x(), place.y()).toPoint()
    for kind, held in (
        (QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton),
        (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
    ):
        event = QMouseEvent(
            kind, QPointF(position), Qt.MouseButton.LeftButton, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(window.canvas.viewport(), event)


def settle(inspector: PointInspector) -> None:
    pump(lambda: not inspector.is_busy)


def rows(inspector: PointInspector) -> list[dict[str, str]]:
    model = inspector.dock.model
    titles = [column.title for column in inspector.dock.model.columns]
    return [
        {title: model.index(row, number).data() for number, title in enumerate(titles)}
        for row in range(model.rowCount())
    ]


def of_the_file(file: str, inspector: PointInspector) -> list[float]:
    """The pixel that the inspector chose, by GDAL."""
    dataset = gdal.Open(file)
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    pixel = inspector.dock.found.spot.pixel
    column, row = round((pixel.left - left) / size), round((top - pixel.top) / size)
    return dataset.ReadAsArray(column, row, 1, 1).reshape(-1).tolist()


def test_one_click_is_one_request_and_shows_every_look(
    context: QgsProcessingContext,
    window: Window,
    inspector: PointInspector,
    asked: list,
    target: str,
) -> None:
    made = composite(context, METHOD="best", OUTPUT=target)
    window.layer = made["LIVE_LAYER"]
    asked.clear()
    click(window, inspector)
    assert inspector.is_busy
    assert inspector.dock.outcome.text() == "Asking for every look at this pixel…"
    settle(inspector)
    assert [url.rsplit("/", 1)[-1] for url, _ in asked] == ["value:compute"]
    assert threading.main_thread() not in [thread for _, thread in asked]
    found = inspector.dock.found
    assert of_the_file(target, inspector) == [
        pytest.approx(10_000 * found.values[band]) for band in ("B4", "B8")
    ]
    (taken,) = [row for row in rows(inspector) if row["In result"] == "taken"]
    assert [float(taken[band]) for band in ("B4", "B8")] == [
        pytest.approx(found.values[band], abs=5e-5) for band in ("B4", "B8")
    ]
    assert float(taken["cs_cdf"]) == max(
        float(row["cs_cdf"]) for row in rows(inspector) if row["In result"] != "not clear"
    )
    assert len(found.looks) == made["SCENE_COUNT"]
    assert [row["Date"] for row in rows(inspector)] == sorted(row["Date"] for row in rows(inspector))
    assert inspector.dock.outcome.text().startswith(f"Best: the look of {taken['Date']}, of ")
    latitude, longitude = map(float, inspector.dock.heading.text().split(", at ")[1].split(", "))
    assert (longitude, latitude) == (pytest.approx(LONGITUDE, abs=1e-4), pytest.approx(LATITUDE, abs=1e-4))


def test_a_geotiff_is_inspected_by_its_tags(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, target: str
) -> None:
    composite(context, METHOD="latest", LIVE=False, OUTPUT=target)
    window.layer = QgsRasterLayer(target, "dropped")
    click(window, inspector)
    settle(inspector)
    found = inspector.dock.found
    assert "Latest: the look of" in inspector.dock.outcome.text()
    assert "holds other values" not in inspector.dock.outcome.text()
    before = of_the_file(target, inspector)
    window.layer = None
    dataset = gdal.Open(target, gdal.GA_Update)
    band = dataset.GetRasterBand(1)
    band.WriteArray(band.ReadAsArray() + 77)
    del band, dataset
    window.layer = QgsRasterLayer(target, "changed")
    click(window, inspector)
    settle(inspector)
    held = (before[0] + 77) / 10_000
    assert inspector.dock.outcome.text().endswith(
        f"The file holds other values than its recipe makes now: B4 {held:.4g}."
    )
    assert inspector.dock.found.values == found.values


def test_in_a_project_without_a_crs_the_same_pixel(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, target: str
) -> None:
    window.layer = composite(context, OUTPUT=target)["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    expected = inspector.dock.found.spot.pixel
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem())
    for layer in (window.layer, QgsRasterLayer(target, "a file, in UTM")):
        window.layer = layer
        crs = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"), layer.crs(), QgsProject.instance()
        )
        middle = crs.transform(QgsPointXY(LONGITUDE, LATITUDE))
        window.canvas.setExtent(QgsRectangle.fromCenterAndSize(middle, 50, 50))
        click(window, inspector, middle.x(), middle.y())  # nothing is transformed on such a map
        settle(inspector)
        assert inspector.dock.found is not None, inspector.dock.outcome.text()
        assert inspector.dock.found.spot.pixel == expected
        for band in inspector.mark._bands:
            assert band.asGeometry().centroid().asPoint().distance(middle) < 20


def test_in_any_crs_of_the_map_the_same_pixel(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    seen = []
    for code in ("EPSG:4326", "EPSG:3857", "EPSG:32611", "EPSG:3035"):
        crs = QgsCoordinateReferenceSystem(code)
        transform = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem("EPSG:4326"), crs, QgsProject.instance()
        )
        middle = transform.transform(QgsPointXY(LONGITUDE, LATITUDE))
        size = 0.0005 if crs.isGeographic() else 50
        window.canvas.setDestinationCrs(crs)
        window.canvas.setExtent(QgsRectangle.fromCenterAndSize(middle, size, size))
        click(window, inspector)
        settle(inspector)
        seen.append(inspector.dock.found.spot.pixel)
        bands = inspector.mark._bands
        assert len(bands) == 2
        place = bands[0].asGeometry().centroid().asPoint()
        assert place.distance(middle) < 20 * (1e-5 if crs.isGeographic() else 1)
    assert len(set(seen)) == 1


def test_the_mark_is_the_pixel_and_goes_with_the_dock(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    items = len(window.canvas.scene().items())
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32611"))
    click(window, inspector)
    settle(inspector)
    outline = inspector.mark._bands[0].asGeometry().boundingBox()
    pixel = inspector.dock.found.spot.pixel
    assert (outline.xMinimum(), outline.yMaximum()) == pytest.approx((pixel.left, pixel.top))
    assert (outline.width(), outline.height()) == pytest.approx((10, 10))
    assert pixel.left % 10 == pixel.top % 10 == 0
    window.canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:4326"))  # it follows
    assert inspector.mark._bands[0].asGeometry().boundingBox().contains(QgsPointXY(LONGITUDE, LATITUDE))
    assert len(window.canvas.scene().items()) == items + 2
    inspector.dock.close()
    QApplication.processEvents()
    assert len(window.canvas.scene().items()) == items
    assert inspector.dock.found is None


def test_outside_and_on_other_layers_it_is_one_sentence(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, asked: list, tmp_path: Path
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    asked.clear()
    click(window, inspector, LONGITUDE, LATITUDE)
    settle(inspector)
    window.canvas.setExtent(QgsRectangle(9, 49, 11, 51))
    click(window, inspector, 10, 50)
    settle(inspector)
    assert inspector.dock.outcome.text() == "The place is outside the area of the layer."
    assert inspector.dock.found is None
    assert inspector.mark._bands == []
    plain = tmp_path / "plain.tif"
    gdal.GetDriverByName("GTiff").Create(str(plain), 2, 2).SetProjection("")
    for layer, words in (
        (None, "Choose a live layer"),
        (
            QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}", "tiles", "wms"),
            "Choose a live layer",
        ),
        (QgsRasterLayer(str(plain), "plain"), f"{plain} carries no recipe."),
        (live("http://127.0.0.1:9", recipe="{"), "This is not a recipe"),
        (live("http://127.0.0.1:9", recipe="[" * 100_000), "This is not a recipe"),
        (live("https://earthengine.googleapis.com"), "It was drawn by Earth Engine, and the endpoint is"),
    ):
        window.layer = layer
        click(window, inspector, 10.05, 50.05)
        settle(inspector)
        assert inspector.dock.outcome.text().startswith(words)
        assert rows(inspector) == []
        assert not inspector.dock.csv_button.isEnabled()
    assert len(asked) == 1


def test_a_file_of_earth_engine_is_not_explained_by_the_sandbox(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, target: str
) -> None:
    composite(context, LIVE=False, OUTPUT=target)
    dataset = gdal.Open(target, gdal.GA_Update)
    dataset.SetMetadataItem("CSPLUS_SANDBOX", None)
    del dataset
    window.layer = QgsRasterLayer(target, "theirs")
    click(window, inspector)
    settle(inspector)
    assert inspector.dock.outcome.text().startswith("The file was made by Earth Engine")


@pytest.mark.parametrize(
    ("algorithm", "given", "words"),
    [
        ("clearcomposite", {"METHOD": "median"}, "Median of "),
        ("clearcomposite", {"METHOD": "mean"}, "Mean of "),
        ("clearcomposite", {"METHOD": "percentile", "PERCENTILE": 20}, "Percentile 20 of "),
        ("clearcomposite", {"METHOD": "medoid"}, "Medoid: the look of 2023-01-"),
        ("clearcomposite", {"METHOD": "weighted"}, "Mean of "),
        ("clearcomposite", {"METHOD": "nearest", "TARGET_DATE": "2023-01-12"}, "Nearest in time: the look"),
        ("clearcomposite", {"METHOD": "best_index", "INDICES": ["NDVI"]}, "Best index: the look of"),
        ("clearcomposite", {"METHOD": "min"}, "The lowest of "),
        ("clearcomposite", {"METHOD": "max"}, "The highest of "),
        ("gapfilledcomposite", {"THRESHOLDS": "0.5", "EXTEND_DAYS": "15", "EXTEND_YEARS": 0}, "Median of "),
        ("clearscene", {}, "Best: the look of 2023-01-"),
        ("change", TWO_WINDOWS, "Before: Median of "),
        ("metrics", {}, "Statistics of "),
        ("clearobservations", {}, ""),
        ("cloudscore", {}, "Mean of "),
    ],
)
def test_layers_of_every_kind(
    context: QgsProcessingContext,
    window: Window,
    inspector: PointInspector,
    algorithm: str,
    given: dict,
    words: str,
) -> None:
    window.layer = toolbox.run(f"csplus:{algorithm}", {**JANUARY, **given}, context=context)["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    found = inspector.dock.found
    assert inspector.dock.outcome.text().startswith(words)
    assert found is not None
    assert len(found.looks) > 5 or algorithm == "clearscene"
    assert any(look.is_taken for look in found.looks)
    assert any(value is not None for value in found.values.values())


def test_a_piece_of_a_series_is_a_composite_of_its_own_window(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, tmp_path: Path
) -> None:
    given = {**JANUARY, "END": "2023-02-28", "PERIOD": "month", "LIVE": False, "OUTPUT_FOLDER": str(tmp_path)}
    files = toolbox.run("csplus:periodiccomposites", given, context=context)["FILES"]
    assert len(files) == 2
    for month, file in enumerate(files, 1):
        window.layer = QgsRasterLayer(file, "piece")
        click(window, inspector)
        settle(inspector)
        days = {look.moment.date() for look in inspector.dock.found.looks}
        assert len(days) > 3
        assert {day.month for day in days} == {month}


def test_a_newer_click_drops_the_older_one(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    shown = []
    inspector.start()
    show = inspector.dock.show_found
    inspector.dock.show_found = lambda looked: (shown.append(looked), show(looked))
    first = LONGITUDE - 0.0004
    click(window, inspector, first)
    older = inspector._task
    click(window, inspector)
    assert inspector._task is not older
    settle(inspector)
    pump(lambda: not [one for one in threading.enumerate() if "csplus request" in one.name])
    QApplication.processEvents()
    assert len(shown) == 1
    found = inspector.dock.found
    assert found.spot.centre[0] == pytest.approx(LONGITUDE, abs=1e-4)
    inspector._take(inspector._number - 1, None, "An answer that was on its way.")
    inspector._mark(inspector._number - 1, None)
    assert inspector.dock.found is found


def test_chart_and_table_choose_the_same_look(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context, INDICES=["NDVI"])["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    dock = inspector.dock
    dock.chart.grab()
    places = dock.chart.places()
    assert len(places) == len(dock.found.looks)
    number = 3
    QTest.mouseClick(
        dock.chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[number][1].toPoint()
    )
    assert dock.selected is dock.found.looks[number]
    assert dock.chart._selected == number
    dock.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert dock.selected is dock.found.looks[number]
    dock.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    dock.table.selectRow(0)
    assert dock.chart._selected == len(dock.found.looks) - 1
    dock.chart.setFocus()
    QTest.keyClick(dock.chart, Qt.Key.Key_Left)
    assert dock.selected is dock.found.looks[-2]
    QTest.keyClick(dock.chart, Qt.Key.Key_Home)
    assert dock.selected is dock.found.looks[0]
    QTest.keyClick(dock.chart, Qt.Key.Key_Left)  # nothing is before it
    assert dock.selected is dock.found.looks[0]
    assert f"{dock.selected.moment.date()}" in dock.chart.accessibleDescription()
    assert [dock.variable.itemText(n) for n in range(dock.variable.count())] == ["B4", "B8", "NDVI"]
    dock.variable.setCurrentText("NDVI")
    assert dock.chart._variable == "NDVI"
    assert dock.chart._selected == 0


def test_every_column_sorts_by_what_it_means(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context, UNSCORED_POLICY="keep", INDICES=["NDVI"])["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    titles = [column.title for column in inspector.dock.model.columns]
    assert titles == ["Date", "Tile", "In result", "Why", "cs_cdf", "B4", "B8", "NDVI", "cs"]
    for title in ("cs_cdf", "B4", "NDVI"):
        inspector.dock.table.sortByColumn(titles.index(title), Qt.SortOrder.AscendingOrder)
        values = [float(row[title]) if row[title] else -9.0 for row in rows(inspector)]
        assert values == sorted(values)
        assert len(set(values)) > 2


def test_csv_holds_every_look_in_the_order_of_the_table(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context, METHOD="best")["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    dock = inspector.dock
    dock.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    dock.csv_button.click()
    lines = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    assert len(lines) == len(dock.found.looks)
    values = [float(line["B4"]) for line in lines if line["B4"]]
    assert values == sorted(values, reverse=True)
    by_scene = {look.scene: look for look in dock.found.looks}
    for line in lines:
        look = by_scene[line["scene"]]
        assert (line["tile"], line["why"]) == (look.tile, look.why)
        assert (int(line["clear"]), int(line["in_result"])) == (look.is_clear, look.is_taken)
        assert line["time"] == look.moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        score = look.scores["cs_cdf"]
        assert line["cs_cdf"] == ("" if score is None else f"{score:.6g}")
    assert sum(int(line["in_result"]) for line in lines) == 1


@pytest.mark.parametrize("algorithm", ["clearcomposite", "clearobservations", "change"])
def test_use_this_day_fills_the_dialog_of_clear_scene_in(
    context: QgsProcessingContext,
    window: Window,
    inspector: PointInspector,
    algorithm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled = []
    monkeypatch.setattr(toolbox, "createAlgorithmDialog", lambda *given: filled.append(given))
    given = {**JANUARY, "STYLE": "swir"} if algorithm == "clearcomposite" else dict(JANUARY)
    if algorithm == "change":
        given |= TWO_WINDOWS
    window.layer = toolbox.run(f"csplus:{algorithm}", given, context=context)["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    dock = inspector.dock
    assert not dock.day_button.isEnabled()
    number = next(n for n, look in enumerate(dock.found.looks) if look.is_clear)
    dock.choose(number)
    dock.day_button.click()
    ((name, parameters),) = filled
    assert name == "csplus:clearscene"
    day = dock.found.looks[number].moment.date()
    assert parameters["DATE"] == day.isoformat()
    if algorithm == "clearcomposite":
        assert parameters["STYLE"] == "swir"
    results = toolbox.run(name, {**parameters, "LIVE": True}, context=context)
    assert date.fromisoformat(results["DATE_FOUND"]) == day


def test_the_keyboard_alone_is_enough(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    inspector.action.trigger()
    assert window.canvas.mapTool() is inspector.tool
    QTest.keyClick(window.canvas, Qt.Key.Key_Return)
    settle(inspector)
    assert inspector.dock.found.spot.centre == pytest.approx((LONGITUDE, LATITUDE), abs=1e-4)
    dock = inspector.dock
    order, widget = [], dock.chart
    for _ in range(5):
        order.append(widget)
        widget = widget.nextInFocusChain()
        while not (widget.focusPolicy() & Qt.FocusPolicy.TabFocus) or not widget.isVisible():
            widget = widget.nextInFocusChain()
    assert order[:4] == [dock.chart, dock.table, dock.variable, dock.csv_button]
    for widget in (dock.chart, dock.table, dock.variable):
        assert widget.accessibleName()
    assert "looks" in dock.chart.accessibleDescription()


def test_the_action_is_checked_with_the_tool_and_no_longer_than_it(
    window: Window, inspector: PointInspector
) -> None:
    other = QAction("Pan", window.main)
    other.setCheckable(True)
    window.group.addAction(other)
    pan = QgsMapToolPan(window.canvas)
    pan.setAction(other)
    inspector.action.trigger()
    assert inspector.action.isChecked()
    assert not other.isChecked()
    assert not inspector.dock.isHidden()
    window.canvas.setMapTool(pan)
    assert other.isChecked()
    assert not inspector.action.isChecked()
    window.canvas.unsetMapTool(pan)


@pytest.fixture
def refusing(window: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], None]]:
    """A service whose answer to every question is the one that is set."""
    answers = [refusal(400, "Too many notes.")]

    def respond(seen: Seen) -> Answer:
        del seen
        return answers[-1]

    with FakeService(respond=respond) as service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.url)
        window.layer = live(service.url)
        window.canvas.setExtent(QgsRectangle(10.04, 50.04, 10.06, 50.06))
        yield answers.append
        session.close_sessions()


def test_a_service_that_refuses_or_answers_nonsense_is_one_sentence(
    window: Window, inspector: PointInspector, refusing: Callable[[Answer], None]
) -> None:
    click(window, inspector, 10.05, 50.05)
    settle(inspector)
    assert "Too many notes." in inspector.dock.outcome.text()
    for body in (b'{"result": {"looks": 7}}', b'{"result": null}', b'{"result": [1, 2]}'):
        refusing(Answer(body=body))
        click(window, inspector, 10.05, 50.05)
        settle(inspector)
        assert inspector.dock.outcome.text().startswith("The answer to the question for looks is damaged.")
        assert inspector.dock.found is None


def test_before_it_is_used_it_is_an_action_and_nothing_else(
    window: Window, inspector: PointInspector
) -> None:
    assert inspector.tool is inspector.dock is None
    assert window.main.findChildren(QDockWidget) == []
    assert inspector.action in window.bar.actions()
    assert not inspector.action.icon().isNull()
    project = QgsProject.instance()
    before = project.receivers(project.cleared)
    inspector.start()
    assert project.receivers(project.cleared) == before + 1


def test_it_leaves_nothing_in_the_window(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    project, canvas = QgsProject.instance(), window.canvas
    items = len(canvas.scene().items())
    before = (
        project.receivers(project.cleared),
        canvas.receivers(canvas.destinationCrsChanged),
        len(window.bar.actions()),
    )
    click(window, inspector)
    settle(inspector)
    click(window, inspector)  # and one that is not answered yet
    began = time.monotonic()
    inspector.stop()
    assert time.monotonic() - began < 1.5
    inspector.action = None
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.main.findChildren(QDockWidget) == []
    assert window.group.actions() == []
    assert canvas.mapTool() is None
    assert len(canvas.scene().items()) == items
    assert (
        project.receivers(project.cleared),
        canvas.receivers(canvas.destinationCrsChanged),
        len(window.bar.actions()),
    ) == (before[0], before[1], before[2] - 1)
    pump(lambda: not [one for one in threading.enumerate() if "csplus request" in one.name])


def test_a_year_of_looks_costs_the_main_thread_little(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    """Its own computing time, so that a busy machine does not count."""
    window.layer = composite(context, END="2023-12-31", METHOD="best", INDICES=["NDVI"])["LIVE_LAYER"]
    turns: list[float] = []
    before = time.thread_time()

    def look() -> None:
        nonlocal before
        turns.append(time.thread_time() - before)
        before = time.thread_time()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    click(window, inspector)
    settle(inspector)
    answered = len(turns)
    pump(lambda: len(turns) > answered + 5)  # it is drawn by then
    timer.stop()
    assert len(inspector.dock.found.looks) > 100
    assert len(inspector.dock.chart.places()) == len(inspector.dock.found.looks)
    assert max(turns[1:]) < 0.1


def test_another_project_shows_nothing_of_the_one_before(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context)["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    window.layer = None
    QgsProject.instance().clear()
    assert inspector.dock.found is None
    assert inspector.mark._bands == []
    assert inspector.dock.outcome.text().startswith("Click a pixel")
    assert inspector.action.text() == module.TEXT


@pytest.mark.parametrize(("x", "y"), [(60.1, 90.0), (180.0, -90.0), (60.2, 0.1), (-29.9, 37.4), (0.0, 0.0)])
def test_places_that_the_grid_does_not_reach_are_outside(x: float, y: float) -> None:
    recipe = Recipe.from_json(json.dumps(ABROAD))
    with pytest.raises(InvalidChoice, match="outside the area"):
        pixel_at(recipe, x, y)


def is_near(one: QColor, other: QColor) -> bool:
    return (
        max(
            abs(a - b)
            for a, b in zip(
                (one.red(), one.green(), one.blue()), (other.red(), other.green(), other.blue()), strict=True
            )
        )
        < 40
    )


@pytest.mark.parametrize("dark", [False, True])
def test_the_marks_are_filled_hollow_and_ringed_on_any_paper(
    context: QgsProcessingContext, window: Window, inspector: PointInspector, dark: bool
) -> None:
    window.layer = composite(context, METHOD="best", INDICES=["NDVI"])["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    chart, found = inspector.dock.chart, inspector.dock.found
    paper = QColor("#222222" if dark else "#ffffff")
    palette = chart.palette()
    palette.setColor(QPalette.ColorRole.Base, paper)
    palette.setColor(QPalette.ColorRole.Text, QColor("#000000"))  # as a style sheet of dark colours leaves it
    chart.setPalette(palette)
    chart.resize(900, 400)
    image = chart.grab().toImage()
    kinds = set()
    for number, (value, score) in chart.places().items():
        look = found.looks[number]
        neighbours = [
            abs(other[0].x() - score.x())
            for n, other in ((n, p[::-1]) for n, p in chart.places().items())
            if n != number
        ]
        if min(neighbours) < 12 or look.scores["cs_cdf"] is None:
            continue
        middle = QColor(image.pixel(score.toPoint()))
        assert is_near(middle, paper) is not look.is_clear
        edge = QColor(image.pixel((score + QPointF(0, RADIUS)).toPoint()))
        assert not is_near(edge, paper)
        ring = QColor(image.pixel((score + QPointF(0, 2 * RADIUS)).toPoint()))
        assert is_near(ring, QColor("#e66101")) is look.is_taken
        kinds.add((look.is_clear, look.is_taken))
        assert value is None or abs(value.x() - score.x()) < 1e-6
    assert {(False, False), (True, True)} <= kinds
    inks = Inks.of(chart.palette())
    assert abs(inks.text.lightness() - paper.lightness()) > 150


def test_scores_and_values_stand_where_they_belong(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context, METHOD="best", INDICES=["NDVI"])["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    dock = inspector.dock
    dock.variable.setCurrentText("NDVI")
    dock.chart.resize(900, 400)
    dock.chart.grab()
    places, looks = dock.chart.places(), dock.found.looks
    for one, other in pairwise(range(len(looks))):
        assert places[one][1].x() <= places[other][1].x()
    scored = [n for n, look in enumerate(looks) if look.scores["cs_cdf"] is not None]
    by_score = sorted(scored, key=lambda n: looks[n].scores["cs_cdf"])
    heights = [places[n][1].y() for n in by_score]
    assert heights == sorted(heights, reverse=True)
    low, high = by_score[0], by_score[-1]
    pixels = (places[low][1].y() - places[high][1].y()) / (
        looks[high].scores["cs_cdf"] - looks[low].scores["cs_cdf"]
    )
    middle = by_score[len(by_score) // 2]
    expected = places[low][1].y() - pixels * (looks[middle].scores["cs_cdf"] - looks[low].scores["cs_cdf"])
    assert places[middle][1].y() == pytest.approx(expected, abs=0.01)
    assert max(places[n][0].y() for n in scored) < min(places[n][1].y() for n in scored)  # two panels


def test_only_what_is_not_clear_may_lie_beyond_the_axis(
    context: QgsProcessingContext, window: Window, inspector: PointInspector
) -> None:
    window.layer = composite(context, METHOD="median", BANDS=["B2", "B4"])["LIVE_LAYER"]
    click(window, inspector)
    settle(inspector)
    (first, *_), found = inspector.dock.found.looks, inspector.dock.found
    values = {0.06000000000000001: True, 0.0544: True, 0.0572: True, 0.8: False, -0.4: False}
    looks = [replace(first, values={"B2": value}, is_clear=clear) for value, clear in values.items()]
    made = replace(found, looks=tuple(looks), levels={"B2": (0.0572,)}, variables=("B2",))
    drawn = Drawing(made, "B2", QSizeF(600, 300), QFont(), Inks.of(QPalette()))
    assert [mark.beyond for mark in drawn.marks] == [0, 0, 0, 1, -1]
    heights = [mark.value.y() for mark in drawn.marks[:3]]
    assert heights[0] < heights[2] < heights[1]
    assert heights[1] - heights[0] < 0.6 * (drawn.marks[4].value.y() - drawn.marks[3].value.y())
