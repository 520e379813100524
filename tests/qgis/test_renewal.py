"""Live layers of a project that is opened again, and of one whose tiles are refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.layers import swap as swapping
from csplus.csplus_plugin.layers.provenance import MAP_PROPERTY, MINTED_PROPERTY, RECIPE_PROPERTY
from csplus.csplus_plugin.layers.renewal import Renewal
from csplus.csplus_plugin.layers.rewriting import Rewriting
from csplus.csplus_plugin.plugin import CsPlusPlugin
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsLayerDefinition,
    QgsLayerTreeLayer,
    QgsNetworkAccessManager,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..support.busy import skip_if_too_busy
from ..support.fake_service import Answer, FakeService, Seen, refusal

RECIPE = {
    "schema": 1,
    "algorithm": "clearcomposite",
    "scenes": {
        "region": {
            "type": "Polygon",
            "coordinates": [[[10, 50], [10.1, 50], [10.1, 50.1], [10, 50.1], [10, 50]]],
        },
        "start": "2023-01-01",
        "end": "2023-01-31",
    },
    "target": {},
    "output": {},
}


class MapService:
    """Mints maps, draws none, and counts what it is asked; a map can be made to refuse its tiles."""

    def __init__(self, stall: float = 0.0, status: int = 200) -> None:
        self.stall, self.status = stall, status
        self.fake = FakeService(respond=self._respond)

    @property
    def minted(self) -> list[Seen]:
        return [seen for seen in self.fake.seen if seen.method == "POST"]

    def _respond(self, seen: Seen) -> Answer:
        if seen.method == "POST":
            if self.status != 200:
                return refusal(self.status, "No.")
            name = f"projects/p/maps/new-{len(self.minted)}"
            return Answer(body=json.dumps({"name": name}).encode(), stall=self.stall)
        return refusal(404, "Map not found.")


@pytest.fixture
def service() -> Iterator[MapService]:
    made = MapService()
    with made.fake:
        yield made


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[MapService], str]:
    def choose(service: MapService) -> str:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.fake.url)
        return service.fake.url

    return choose


@pytest.fixture
def project(qgis_new_project: None, processing: CsPlusPlugin) -> Iterator[QgsProject]:
    """The project, without what the plugin does in programs without a window."""
    processing.rewriting.stop()
    yield QgsProject.instance()
    QgsProject.instance().clear()
    processing.rewriting = Rewriting(QgsProject.instance(), settings.connection)


@pytest.fixture
def renewal(project: QgsProject) -> Iterator[Renewal]:
    made = Renewal(project, settings.connection)
    made.said = []
    made.failed.connect(made.said.append)
    yield made
    made.stop()
    session.close_sessions()


def live(url: str, name: str = "old", recipe: object = RECIPE, **properties: object) -> QgsRasterLayer:
    parts = {
        "type": "xyz",
        "url": f"{url}/v1/projects/p/maps/{name}/tiles/{{z}}/{{x}}/{{y}}",
        "zmin": 8,
        "zmax": 14,
    }
    layer = QgsRasterLayer(QgsProviderRegistry.instance().encodeUri("wms", parts), name, "wms")
    layer.setCustomProperty(RECIPE_PROPERTY, json.dumps(recipe) if isinstance(recipe, dict) else recipe)
    for key, value in properties.items():
        layer.setCustomProperty(f"csplus/{key}", value)
    return layer


def url_of(layer: QgsRasterLayer) -> str:
    return QgsProviderRegistry.instance().decodeUri("wms", layer.source())["url"]


def pump(until: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "too late"
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.002)


def settle(renewal: Renewal) -> None:
    for _ in range(5):  # signals of other threads are on their way
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
    pump(lambda: not renewal.is_busy())


def reopen(project: QgsProject, file: Path) -> list[QgsRasterLayer]:
    assert project.write(str(file))
    project.clear()
    assert project.read(str(file))
    return sorted(project.mapLayers().values(), key=lambda layer: layer.name())


def test_twelve_layers_of_a_reopened_project_take_twelve_requests(
    project: QgsProject,
    service: MapService,
    on: Callable,
    renewal: Renewal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = on(service)
    threads = []
    send = session.Session.request

    def note(*given: object, **named: object) -> object:
        threads.append(threading.current_thread())
        return send(*given, **named)

    monkeypatch.setattr(session.Session, "request", note)
    for number in range(12):
        layer = live("http://127.0.0.1:9", f"layer {number:02}".replace(" ", "-"))
        layer.setOpacity(0.4)
        layer.temporalProperties().setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
        layer.temporalProperties().setIsActive(True)
        project.addMapLayer(layer)
    settle(renewal)
    service.fake.seen.clear()
    threads.clear()
    for layer in project.mapLayers().values():
        layer.removeCustomProperty(MINTED_PROPERTY)
    ids = {layer.id() for layer in project.mapLayers().values()}
    layers = reopen(project, tmp_path / "twelve.qgz")
    settle(renewal)
    assert len(service.fake.seen) == len(service.minted) == len(threads) == 12
    assert threading.main_thread() not in threads
    assert {layer.id() for layer in layers} == ids
    for layer in layers:
        assert url_of(layer).startswith(f"{url}/v1/projects/p/maps/new-")
        assert layer.isValid()
        assert layer.opacity() == pytest.approx(0.4)
        assert layer.temporalProperties().isActive()
        extent = layer.extent()
        assert extent.xMinimum() == pytest.approx(10 * 111319.49, rel=1e-5)
        assert extent.width() == pytest.approx(0.1 * 111319.49, rel=1e-5)
        assert abs(layer.customProperty(MINTED_PROPERTY) - time.time()) < 60
    assert not project.isDirty()
    assert renewal.said == []


def test_a_young_layer_is_left_alone_but_knows_its_place_again(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, tmp_path: Path
) -> None:
    url = on(service)
    project.addMapLayer(live(url, minted=int(time.time()) - 3500))
    (layer,) = reopen(project, tmp_path / "young.qgz")
    settle(renewal)
    assert service.fake.seen == []
    assert url_of(layer).startswith(f"{url}/v1/projects/p/maps/old/")
    assert layer.extent().width() == pytest.approx(0.1 * 111319.49, rel=1e-5)


@pytest.mark.parametrize("minted", [None, "now", True, int(time.time()) - 3700, int(time.time()) + 9999])
def test_what_is_not_known_to_be_young_is_renewed(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, minted: object
) -> None:
    layer = live(on(service), minted=minted)
    project.addMapLayer(layer)
    settle(renewal)
    assert len(service.minted) == 1
    assert "/maps/new-1/" in url_of(layer)


def test_a_young_layer_of_a_sandbox_that_is_gone_is_renewed(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    url = on(service)
    layer = live("http://127.0.0.1:9", minted=int(time.time()))
    project.addMapLayer(layer)
    settle(renewal)
    assert url_of(layer).startswith(url)


def test_copies_of_a_layer_are_renewed_each(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    layer = live("http://127.0.0.1:9")
    project.addMapLayers([layer, layer.clone()])
    settle(renewal)
    assert len(service.minted) == 2


def test_the_sandbox_does_not_draw_what_earth_engine_drew(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    layer = live("https://earthengine.googleapis.com")
    project.addMapLayer(layer)
    settle(renewal)
    assert service.fake.seen == []
    assert "/maps/old/" in url_of(layer)
    (sentence,) = renewal.said
    assert "Set the endpoint to earthengine under Settings > Options > Cloud Score+." in sentence


def test_earth_engine_does_not_draw_what_the_sandbox_drew(
    project: QgsProject, renewal: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_ENDPOINT", "earthengine")
    layer = live("http://127.0.0.1:9")
    project.addMapLayer(layer)
    settle(renewal)
    assert "/maps/old/" in url_of(layer)
    (sentence,) = renewal.said
    assert "It was drawn by the sandbox. Set the endpoint to sandbox" in sentence


class Lines:
    """What reaches QGIS's log meanwhile."""

    def __enter__(self) -> Lines:
        self.ours: list[str] = []
        QgsApplication.messageLog().messageReceived.connect(self._take)
        return self

    def _take(self, text: str, panel: str, *_: object) -> None:
        if panel == "Cloud Score+":
            self.ours.append(text)

    def __exit__(self, *_: object) -> None:
        QgsApplication.messageLog().messageReceived.disconnect(self._take)


def changed(**scenes: object) -> dict:
    return {**RECIPE, "scenes": {**RECIPE["scenes"], **scenes}}


CRAFTED = {
    "no JSON": "{",
    "deep": "[" * 100_000,
    "a number": 12,
    "a list": ["recipe"],
    "a map": {},
    "another schema": {**RECIPE, "schema": 2},
    "unknown algorithm": {**RECIPE, "algorithm": "__import__('os')"},
    "wrong types": {**RECIPE, "target": {"bands": "B4"}},
    "unknown choice": changed(evil=1),
    "no region": changed(region=None),
    "beyond the pole": changed(
        region={"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 99], [0, 0]]]}
    ),
    "half a surrogate": {**RECIPE, "algorithm": "\ud800\u202e\x1b[2J"},
    "not a day": changed(start="2023-13-45"),
    "huge": json.dumps({**RECIPE, "target": {"bands": ["B4"] * 1_000_000}}),
}


@pytest.mark.parametrize("kind", CRAFTED)
def test_a_crafted_recipe_does_nothing_but_one_line(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, kind: str
) -> None:
    on(service)
    recipe = CRAFTED[kind]
    layer = live("http://127.0.0.1:9", recipe=recipe if kind != "a map" else json.dumps(recipe))
    source = layer.source()
    with Lines() as lines:
        project.addMapLayer(layer)
        settle(renewal)
    assert service.fake.seen == []
    assert layer.source() == source
    assert renewal.said == []
    if isinstance(recipe, (str, dict)):
        (line,) = lines.ours
        assert line.isprintable()
        assert len(line) < 400
    else:
        assert lines.ours == []  # no text: nobody's recipe


def test_a_crafted_recipe_does_not_keep_others_from_being_renewed(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    bad, good = live("http://127.0.0.1:9", recipe="{"), live("http://127.0.0.1:9")
    project.addMapLayers([bad, good])
    settle(renewal)
    assert "/maps/new-1/" in url_of(good)


def test_other_layers_with_a_recipe_are_not_touched(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    """A style that was pasted brings our properties to any layer."""
    on(service)
    parts = {"type": "xyz", "url": "https://tile.example.org/{z}/{x}/{y}.png"}
    tiles = QgsRasterLayer(QgsProviderRegistry.instance().encodeUri("wms", parts), "tiles", "wms")
    tiles.setCustomProperty(RECIPE_PROPERTY, json.dumps(RECIPE))
    another = live("http://127.0.0.1:9", "this", map="projects/p/maps/that")
    sources = tiles.source(), another.source()
    with Lines() as lines:
        project.addMapLayers([tiles, another])
        settle(renewal)
    assert (tiles.source(), another.source()) == sources
    assert service.fake.seen == []
    (line,) = lines.ours
    assert "pasted" in line


def test_layers_that_fail_are_one_sentence(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    service.status = 403
    project.addMapLayers([live("http://127.0.0.1:9", f"l{n}") for n in range(3)])
    settle(renewal)
    (sentence,) = renewal.said
    assert sentence.startswith("3 live layers could not be renewed. ")
    service.status = 401
    renewal._notice(project.mapLayers().values())
    settle(renewal)
    assert len(renewal.said) == 1  # then silence
    service.status = 200
    renewal.renew_all()
    settle(renewal)
    assert all("/maps/new-" in url_of(layer) for layer in project.mapLayers().values())


def ask_for_a_tile(layer: QgsRasterLayer) -> None:
    url = url_of(layer).replace("{z}/{x}/{y}", "8/1/1")
    QgsNetworkAccessManager.blockingGet(QNetworkRequest(QUrl(url)))


def test_a_refused_tile_renews_its_layer_once(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    url = on(service)
    service.stall = 0.3
    layer, other = live(url, minted=int(time.time())), live(url, "other", minted=int(time.time()))
    project.addMapLayers([layer, other])
    settle(renewal)
    assert service.minted == []
    for _ in range(4):  # QGIS itself repeats a refused tile three times, at once
        ask_for_a_tile(layer)
    settle(renewal)
    assert len(service.minted) == 1
    assert "/maps/new-1/" in url_of(layer)
    assert "/maps/other/" in url_of(other)
    assert renewal.said == []
    for _ in range(4):
        ask_for_a_tile(layer)
        settle(renewal)
    assert len(service.minted) == 1
    (sentence,) = renewal.said
    assert "refused" in sentence


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_service_is_no_reason(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, status: int
) -> None:
    url = on(service)
    layer = live(url, minted=int(time.time()))
    project.addMapLayer(layer)
    settle(renewal)
    service.fake.respond = lambda seen: refusal(status, "Later.")
    ask_for_a_tile(layer)
    settle(renewal)
    assert [seen.method for seen in service.fake.seen] == ["GET"]


def test_a_project_without_our_layers_costs_nothing(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(service)
    monkeypatch.setattr(settings, "connection", lambda: pytest.fail("settings were read"))
    project.addMapLayer(QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}", "tiles", "wms"))
    manager = QgsNetworkAccessManager.instance()
    before = manager.receivers(manager.finished)
    assert not renewal.is_busy()
    layer = live("https://earthengine.googleapis.com")
    project.addMapLayer(layer)
    assert renewal._is_listening
    renewal._timer.stop()
    project.removeMapLayer(layer)
    assert not renewal._is_listening
    assert manager.receivers(manager.finished) == before


def test_twelve_layers_on_a_slow_service_do_not_hold_up_the_window(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    service.stall = 1.5
    for _ in range(3):  # a busy machine holds the window up, too, but hardly three times
        project.clear()
        service.fake.seen.clear()
        project.addMapLayers([live("http://127.0.0.1:9", f"l{n}") for n in range(12)])
        begin = last = time.monotonic()
        longest = 0.0
        while renewal.is_busy():
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        took = last - begin
        assert len(service.minted) == 12
        if longest < 0.1 and took < 2 * service.stall:
            break
    if longest >= 0.1 or took >= 2 * service.stall:
        skip_if_too_busy()
    assert longest < 0.1
    assert took < 2 * service.stall, "one after the other"


def test_a_project_that_is_closed_meanwhile(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal
) -> None:
    on(service)
    service.stall = 30
    project.addMapLayer(live("http://127.0.0.1:9"))
    pump(lambda: bool(service.minted))
    begin = time.monotonic()
    project.clear()
    settle(renewal)
    assert time.monotonic() - begin < 2
    service.stall = 0
    project.addMapLayer(live("http://127.0.0.1:9", "next"))
    settle(renewal)
    assert ["/maps/new-2/" in url_of(layer) for layer in project.mapLayers().values()] == [True]
    assert renewal.said == []


def test_the_end_of_the_plugin_in_the_middle(project: QgsProject, service: MapService, on: Callable) -> None:
    on(service)
    service.stall = 30
    renewal = Renewal(project, settings.connection)
    layer = live("http://127.0.0.1:9")
    project.addMapLayer(layer)
    pump(lambda: bool(service.minted))
    begin = time.monotonic()
    renewal.stop()
    assert time.monotonic() - begin < 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("csplus renewal")]
    project.addMapLayer(live("http://127.0.0.1:9", "later"))
    pump(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert len(service.minted) == 1
    assert "/maps/old/" in url_of(layer)
    session.close_sessions()


def test_a_live_layer_of_a_run_notes_its_map(project: QgsProject) -> None:
    layer = live("https://earthengine.googleapis.com")
    swapping.mark(layer, url_of(layer))
    assert layer.customProperty(MAP_PROPERTY) == "projects/p/maps/old"
    assert swapping.read_live(layer).is_young
    assert Recipe.from_json(layer.customProperty(RECIPE_PROPERTY)).scenes.start.year == 2023


def test_a_layer_definition_that_is_loaded_is_renewed(
    project: QgsProject, service: MapService, on: Callable, renewal: Renewal, tmp_path: Path
) -> None:
    url = on(service)
    file = str(tmp_path / "layer.qlr")
    layer = live("http://127.0.0.1:9")
    node = QgsLayerTreeLayer(layer)
    assert QgsLayerDefinition.exportLayerDefinition(file, [node])[0]
    works, why = QgsLayerDefinition.loadLayerDefinition(file, project, project.layerTreeRoot())
    assert works, why
    settle(renewal)
    (loaded,) = project.mapLayers().values()
    assert url_of(loaded).startswith(url)
    assert len(service.minted) == 1
