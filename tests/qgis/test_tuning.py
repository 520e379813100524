"""The dock: a live layer is redrawn in place as choices change, two requests a change, and back again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.gui import tuning as tuning_module
from csplus.csplus_plugin.gui.tune_dock import TuneDock
from csplus.csplus_plugin.layers.provenance import MINTED_PROPERTY, RECIPE_PROPERTY
from csplus.csplus_plugin.layers.swap import swap
from osgeo import gdal, osr
from qgis import processing as toolbox
from qgis.core import QgsMapLayer, QgsProcessingContext, QgsProject, QgsRasterLayer, QgsReadWriteContext
from qgis.PyQt.QtCore import QDate, QObject, pyqtSignal
from qgis.PyQt.QtXml import QDomDocument

from ..support import recipes
from ..support.fake_service import Answer, FakeService, Seen, refusal
from .conftest import JANUARY, PLACE
from .test_renewal import live, pump, url_of


class Window(QObject):
    """What is asked of QGIS's interface."""

    currentLayerChanged = pyqtSignal(QgsMapLayer)  # noqa: N815 QGIS's own name
    layer: QgsMapLayer | None = None

    def mainWindow(self) -> None:
        return None

    def activeLayer(self) -> QgsMapLayer | None:
        return self.layer

    def choose(self, layer: QgsMapLayer | None) -> None:
        self.layer = layer
        self.currentLayerChanged.emit(layer)


@pytest.fixture
def window(qgis_new_project: None) -> Window:
    return Window()


@pytest.fixture
def dock(window: Window) -> Iterator[TuneDock]:
    made = TuneDock(window, QgsProject.instance(), settings.connection)
    made.open()
    yield made
    made.stop()
    made.deleteLater()


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


@pytest.fixture
def layer(context: QgsProcessingContext, window: Window) -> QgsRasterLayer:
    """A live layer of the sandbox, in the project and chosen."""
    given = {**JANUARY, "BANDS": ["B4", "B3", "B2"]}
    made = toolbox.run("csplus:clearcomposite", given, context=context)["LIVE_LAYER"]
    context.temporaryLayerStore().takeMapLayer(made)
    QgsProject.instance().addMapLayer(made)
    QgsProject.instance().setDirty(False)
    window.choose(made)
    return made


def settle(dock: TuneDock) -> None:
    pump(lambda: not dock.tuning.is_busy)


def share_of(file: str) -> float:
    """The share of the pixels with a value, of those whose centre lies in the area: by GDAL and numpy."""
    dataset = gdal.Open(file)
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    geographic, crs = osr.SpatialReference(), osr.SpatialReference(dataset.GetProjection())
    geographic.ImportFromEPSG(4326)
    for reference in (geographic, crs):
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    rows, columns = np.mgrid[: dataset.RasterYSize, : dataset.RasterXSize]
    centres = np.stack([left + (columns + 0.5) * size, top - (rows + 0.5) * size], axis=-1).reshape(-1, 2)
    places = np.array(osr.CoordinateTransformation(crs, geographic).TransformPoints(centres.tolist()))
    west, east, south, north = map(float, PLACE.split(" ")[0].split(","))
    within = (places[:, 0] > west) & (places[:, 0] < east) & (places[:, 1] > south) & (places[:, 1] < north)
    return float(np.mean(dataset.ReadAsArray().ravel()[within] != 65535))


def recipe_of(layer: QgsRasterLayer) -> Recipe:
    return Recipe.from_json(layer.customProperty(RECIPE_PROPERTY))


def test_the_slider_redraws_the_layer_in_place_and_says_what_is_kept(
    layer: QgsRasterLayer, dock: TuneDock, asked: list, context: QgsProcessingContext, target: str
) -> None:
    dock.tuning.choose(layer)
    before, source, name = recipe_of(layer), layer.source(), layer.name()
    layer.setOpacity(0.7)
    assert dock.spin.value() == 0.6
    for step in range(61, 98):  # dragged: one change, not many
        dock.slider.setValue(step)
    settle(dock)
    after = recipe_of(layer)
    assert after.scenes.threshold == dock.spin.value() == 0.97
    assert after.target == before.target
    assert after.output == before.output
    assert layer.source() != source
    assert layer.isValid()
    assert layer.opacity() == pytest.approx(0.7)
    assert layer.name() == name
    assert ">= 0.97" in layer.metadata().abstract()
    assert layer.metadata().abstract().startswith("Made by the Cloud Score+ sandbox")
    assert QgsProject.instance().isDirty()
    assert len(asked) == 2
    assert sorted(url.rsplit("/", 1)[-1] for url, _ in asked) == ["maps", "value:compute"]
    assert threading.main_thread() not in [thread for _, thread in asked]
    assert dock.outcome.text() == ""
    given = {**JANUARY, "THRESHOLD": 0.97, "BANDS": ["B4"], "LIVE": False, "OUTPUT": target}
    toolbox.run("csplus:clearcomposite", given, context=context)
    share = share_of(target)
    assert 0.05 < share < 0.95
    assert dock.tuning.drawn.share == pytest.approx(share, abs=0.005)
    assert dock.share.text() == f"{100 * dock.tuning.drawn.share:.1f} % of the area"


def test_a_swap_keeps_what_the_layer_says_of_itself(layer: QgsRasterLayer) -> None:
    before = (layer.metadata().abstract(), layer.metadata().rights(), layer.metadata().licenses())
    attribution = layer.serverProperties().attribution()
    swap(layer, url_of(layer).replace("/maps/", "/maps/other"), recipe_of(layer).scenes.region)
    assert all(before)
    assert (layer.metadata().abstract(), layer.metadata().rights(), layer.metadata().licenses()) == before
    assert layer.serverProperties().attribution() == attribution != ""


def test_name_time_and_metadata_follow_the_days(layer: QgsRasterLayer, dock: TuneDock) -> None:
    dock.last.setDate(QDate(2023, 2, 10))
    settle(dock)
    assert recipe_of(layer).scenes.end == date(2023, 2, 10)
    assert layer.name() == "True colour 2023-01-01\N{EN DASH}02-10 (sandbox)"
    assert layer.metadata().title() == layer.name()
    assert layer.temporalProperties().fixedTemporalRange().end().toString("yyyy-MM-dd") == "2023-02-10"
    assert (
        layer.metadata().extent().temporalExtents()[0].end().toString("yyyy-MM-dd HH:mm")
        == "2023-02-10 23:59"
    )
    assert "2023-01-01 to 2023-02-10" in layer.metadata().abstract()
    layer.setName("Mine")
    dock.first.setDate(QDate(2023, 2, 1))
    settle(dock)
    assert layer.name() == "Mine"


def test_days_in_the_wrong_order_are_said_and_put_right_by_the_next_change(
    layer: QgsRasterLayer, dock: TuneDock, asked: list
) -> None:
    dock.first.setDate(QDate(2023, 2, 1))
    assert not dock.tuning.is_busy
    assert "is before the start" in dock.outcome.text()
    assert dock.first.date() == QDate(2023, 2, 1)
    dock.last.setDate(QDate(2023, 2, 20))
    settle(dock)
    assert dock.outcome.text() == ""
    assert (recipe_of(layer).scenes.start, recipe_of(layer).scenes.end) == (
        date(2023, 2, 1),
        date(2023, 2, 20),
    )
    assert len(asked) == 2


def test_method_score_and_style(layer: QgsRasterLayer, dock: TuneDock) -> None:
    for box, value in ((dock.method, "best"), (dock.score, "cs"), (dock.style_, "false_color")):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
    settle(dock)
    made = recipe_of(layer)
    assert (made.target.method, made.scenes.qa_band, made.output.style) == ("best", "cs", "false_color")
    assert dock.method.findData("nearest") == -1  # it has no day to be near to


def test_undo_goes_back_step_by_step_without_a_request(
    layer: QgsRasterLayer, dock: TuneDock, asked: list
) -> None:
    seen = [(layer.customProperty(RECIPE_PROPERTY), url_of(layer))]
    assert not dock.undo_button.isEnabled()
    for step in (50, 70):
        dock.slider.setValue(step)
        settle(dock)
        seen.append((layer.customProperty(RECIPE_PROPERTY), url_of(layer)))
    shares = [dock.tuning.drawn.share]
    assert len({url for _, url in seen}) == 3
    requests = len(asked)
    dock.slider.setValue(90)
    dock.undo_button.click()  # what is not drawn yet is taken back first
    assert dock.slider.value() == 70
    for expected in (seen[1], seen[0]):
        dock.undo_button.click()
        assert (layer.customProperty(RECIPE_PROPERTY), url_of(layer)) == expected
        shares.append(dock.tuning.drawn.share)
    assert dock.slider.value() == 60
    assert not dock.undo_button.isEnabled()
    assert len(asked) == requests
    assert shares[0] < shares[1]  # the lower threshold keeps more
    assert shares[2] is None


def test_undo_asks_again_where_the_address_is_old(layer: QgsRasterLayer, dock: TuneDock, asked: list) -> None:
    layer.setCustomProperty(MINTED_PROPERTY, 1)
    first = url_of(layer)
    dock.slider.setValue(50)
    settle(dock)
    dock.undo_button.click()
    settle(dock)
    assert recipe_of(layer).scenes.threshold == 0.6
    assert url_of(layer) != first or layer.customProperty(MINTED_PROPERTY) > 1
    assert not dock.undo_button.isEnabled()
    assert len(asked) == 4


def test_undo_asks_again_where_the_address_is_another_service_s(
    refusing: QgsRasterLayer, dock: TuneDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive of the sandbox is another one now: what it drew before is of other scenes."""
    dock.tuning.choose(refusing)
    for step in (70, 80):
        dock.slider.setValue(step)
        settle(dock)
    maps: list[str] = []

    def respond(seen: Seen) -> Answer:
        maps.append(seen.path)
        return Answer(body=b'{"name": "projects/p/maps/elsewhere"}')

    with FakeService(respond=respond) as other:
        monkeypatch.setenv("CSPLUS_ENDPOINT", other.url)
        dock.undo_button.click()
        settle(dock)
        assert recipe_of(refusing).scenes.threshold == 0.7
        assert url_of(refusing).startswith(other.url)
        assert [path for path in maps if "/maps" in path]
        session.close_sessions()


def test_days_without_a_scene_are_said_so(layer: QgsRasterLayer, dock: TuneDock) -> None:
    before = layer.customProperty(RECIPE_PROPERTY)
    dock.first.setDate(QDate(2022, 1, 1))  # a year before the sandbox's first scene
    dock.last.setDate(QDate(2022, 2, 1))
    settle(dock)
    assert "2022-01-01" in dock.outcome.text()
    assert "band" not in dock.outcome.text()
    assert layer.customProperty(RECIPE_PROPERTY) == before


def test_an_older_answer_is_dropped(layer: QgsRasterLayer, dock: TuneDock) -> None:
    for step in (30, 90):
        dock.slider.setValue(step)
        pump(lambda: dock.tuning._task is not None)  # asked for, and overtaken
    settle(dock)
    assert recipe_of(layer).scenes.threshold == 0.9
    dock.undo_button.click()
    assert recipe_of(layer).scenes.threshold == 0.6


def test_make_it_a_file_fills_the_dialog_in(
    layer: QgsRasterLayer, dock: TuneDock, monkeypatch: pytest.MonkeyPatch, context: QgsProcessingContext
) -> None:
    filled = []
    monkeypatch.setattr(toolbox, "createAlgorithmDialog", lambda *given: filled.append(given))
    dock.slider.setValue(55)
    settle(dock)
    dock.file_button.click()
    ((algorithm, parameters),) = filled
    assert parameters["LIVE"] is False
    assert parameters["OUTPUT"] == "TEMPORARY_OUTPUT"
    results = toolbox.run(algorithm, parameters, context=context)
    assert results["RECIPE"] == layer.customProperty(RECIPE_PROPERTY)
    assert gdal.Open(results["OUTPUT"]).RasterCount == 3


def test_a_service_that_is_gone_is_said_and_the_layer_stays(window: Window, dock: TuneDock) -> None:
    made = live("https://earthengine.googleapis.com")
    QgsProject.instance().addMapLayer(made)
    window.choose(made)
    text, url = made.customProperty(RECIPE_PROPERTY), url_of(made)
    dock.slider.setValue(70)
    settle(dock)
    assert dock.outcome.text().startswith("It was drawn by Earth Engine, and the endpoint is the sandbox")
    assert (made.customProperty(RECIPE_PROPERTY), url_of(made)) == (text, url)


@pytest.fixture
def refusing(window: Window, monkeypatch: pytest.MonkeyPatch) -> Iterator[QgsRasterLayer]:
    """A live layer of a service that knows no values, and no maps of the tile 11SKB."""

    def respond(seen: Seen) -> Answer:
        if seen.method == "POST" and "/maps" in seen.path and b"11SKB" not in seen.body:
            return Answer(body=b'{"name": "projects/p/maps/new"}')
        return refusal(400, "Too many notes.")

    with FakeService(respond=respond) as service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.url)
        made = live(service.url)
        QgsProject.instance().addMapLayer(made)
        window.choose(made)
        yield made
        QgsProject.instance().clear()
        session.close_sessions()


def test_a_share_that_cannot_be_counted_leaves_the_layer_drawn(
    refusing: QgsRasterLayer, dock: TuneDock
) -> None:
    dock.tuning.choose(refusing)
    dock.slider.setValue(70)
    settle(dock)
    assert url_of(refusing).split("/v1/")[1].startswith("projects/p/maps/new/")
    assert recipe_of(refusing).scenes.threshold == 0.7
    assert dock.tuning.drawn.share is None
    assert "Too many notes" in dock.outcome.text()


def test_a_map_that_is_refused_leaves_the_layer_as_it_is(refusing: QgsRasterLayer, dock: TuneDock) -> None:
    dock.tuning.choose(refusing)
    before = refusing.source()
    dock.tuning.change(threshold=0.7, tiles=("11SKB",))
    settle(dock)
    assert refusing.source() == before
    assert "Too many notes" in dock.outcome.text()
    assert dock.undo_button.isEnabled()
    dock.undo_button.click()
    assert dock.slider.value() == 60
    assert dock.outcome.text() == ""


def test_the_name_follows_a_layer_that_is_renamed(dock: TuneDock, layer: QgsRasterLayer) -> None:
    group = QgsProject.instance().layerTreeRoot().addGroup("mine")
    node = group.addLayer(layer)
    for name in ("My valley", "My other valley"):
        layer.setName(name)
        assert dock.layer_name.text() == name
    node.setName("In the tree")
    assert dock.layer_name.text() == "In the tree"


def test_a_layer_that_is_removed_meanwhile(layer: QgsRasterLayer, window: Window, dock: TuneDock) -> None:
    dock.slider.setValue(70)
    pump(lambda: dock.tuning._task is not None)
    QgsProject.instance().removeMapLayer(layer.id())
    window.layer = None
    settle(dock)
    pump(lambda: dock.tuning.drawn is None)
    assert "Choose a live layer" in dock.layer_name.text()


def test_foreign_recipes_and_other_layers(window: Window, dock: TuneDock, asked: list) -> None:
    window.choose(live("http://127.0.0.1:9", recipe="{"))
    assert dock.outcome.text().startswith("This is not a recipe")
    for other in (None, QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}", "tiles", "wms")):
        window.choose(other)
        assert dock.outcome.text() == ""
        assert not dock.slider.isEnabled()
    assert asked == []


def test_a_pasted_style_brings_a_recipe_along_and_its_symbology_alone_does_not(
    layer: QgsRasterLayer, window: Window, dock: TuneDock
) -> None:
    for categories, is_spoilt in (
        (QgsMapLayer.StyleCategory.Symbology, False),
        (QgsMapLayer.StyleCategory.AllStyleCategories, True),
    ):
        other = live("http://127.0.0.1:9")
        QgsProject.instance().addMapLayer(other)
        style = QDomDocument()
        layer.exportNamedStyle(style, QgsReadWriteContext(), categories)
        other.importNamedStyle(style, categories)
        window.choose(other)
        assert (dock.tuning.drawn is None) is is_spoilt
        if is_spoilt:
            assert dock.outcome.text().endswith("paste the category Symbology alone.")
        else:
            assert dock.outcome.text() == ""


def test_a_stored_composite_cannot_be_tuned(window: Window, dock: TuneDock, asked: list) -> None:
    kept = recipes.Recipe(recipes.JANUARY, recipes.stored(recipes.SIMPLE.target, "projects/p/assets/a"))
    window.choose(live("http://127.0.0.1:9", recipe=kept.to_json()))
    assert dock.outcome.text().startswith("This layer draws an asset")
    assert not dock.slider.isEnabled()
    assert asked == []


def test_closed_it_watches_nothing(window: Window, dock: TuneDock) -> None:
    assert window.receivers(window.currentLayerChanged) == 1
    dock.close()
    assert window.receivers(window.currentLayerChanged) == 0
    dock.show()
    assert window.receivers(window.currentLayerChanged) == 1


def test_another_target_offers_what_its_recipe_has(
    context: QgsProcessingContext, window: Window, dock: TuneDock
) -> None:
    given = {**JANUARY, "STATISTIC": "count", "STYLE": "count"}
    made = toolbox.run("csplus:cloudscore", given, context=context)["LIVE_LAYER"]
    context.temporaryLayerStore().takeMapLayer(made)
    QgsProject.instance().addMapLayer(made)
    window.choose(made)
    assert not dock.method.isEnabled()
    dock.slider.setValue(20)
    settle(dock)
    assert json.loads(made.customProperty(RECIPE_PROPERTY))["scenes"]["threshold"] == 0.2
    assert 0.5 < dock.tuning.drawn.share <= 1
    assert tuning_module.DELAY < 1000
