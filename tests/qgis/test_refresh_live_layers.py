from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.layers import project_file
from qgis import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProject,
    QgsRasterLayer,
    QgsTask,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..support.fake_service import Answer, FakeService, refusal
from .conftest import JANUARY, Recorder
from .test_renewal import live, pump, url_of

ID = "csplus:refreshlivelayers"


@pytest.fixture
def made(context: QgsProcessingContext) -> QgsRasterLayer:
    results = processing.run("csplus:clearcomposite", JANUARY, context=context)
    layer = results["LIVE_LAYER"].clone()
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_all_live_layers_of_the_project(
    made: QgsRasterLayer, context: QgsProcessingContext, feedback: Recorder
) -> None:
    before = url_of(made)
    extent = made.extent()
    session.close_sessions()  # the next sandbox has another port
    results = processing.run(ID, {}, context=context, feedback=feedback)
    assert results == {"RENEWED": 1, "FAILED": 0}
    assert url_of(made) != before
    assert url_of(made).startswith(next(iter(session._sandboxes.values())).url.rstrip("/"))
    assert made.extent() == extent
    assert "1 request to the service." in feedback.said


def test_chosen_layers_alone(made: QgsRasterLayer, context: QgsProcessingContext) -> None:
    other = made.clone()
    QgsProject.instance().addMapLayer(other)
    session.close_sessions()
    before = url_of(made)
    assert processing.run(ID, {"LAYERS": [other.id()]}, context=context)["RENEWED"] == 1
    assert url_of(made) == before
    assert url_of(other) != before


def test_a_layer_that_cannot_be_renewed_is_counted(
    made: QgsRasterLayer, context: QgsProcessingContext, feedback: Recorder
) -> None:
    QgsProject.instance().addMapLayer(live("http://127.0.0.1:9", "crafted", recipe="{}"))
    results = processing.run(ID, {}, context=context, feedback=feedback)
    assert results == {"RENEWED": 1, "FAILED": 1}
    assert [
        line
        for line in feedback.warned
        if line.startswith("crafted could not be renewed. This is not a recipe")
    ]


def test_without_live_layers(context: QgsProcessingContext) -> None:
    with pytest.raises(QgsProcessingException, match="There is no live layer of Cloud Score"):
        processing.run(ID, {}, context=context)


def test_none_can_be_renewed(context: QgsProcessingContext, monkeypatch: pytest.MonkeyPatch) -> None:
    QgsProject.instance().addMapLayer(live("http://127.0.0.1:9"))
    with FakeService(refusal(403, "No.")) as service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.url)
        with pytest.raises(QgsProcessingException, match="No live layer could be renewed"):
            processing.run(ID, {}, context=context)


def test_as_the_second_step_of_a_model(context: QgsProcessingContext, feedback: Recorder) -> None:
    model = QgsProcessingModelAlgorithm("m", "m", "m")
    source = QgsProcessingModelChildParameterSource
    first = QgsProcessingModelChildAlgorithm("csplus:clearcomposite")
    first.setChildId("made")
    for name, value in JANUARY.items():
        first.addParameterSources(name, [source.fromStaticValue(value)])
    model.addChildAlgorithm(first)
    second = QgsProcessingModelChildAlgorithm(ID)
    second.setChildId("renewed")
    second.addParameterSources("LAYERS", [source.fromChildOutput("made", "LIVE_LAYER")])
    model.addChildAlgorithm(second)
    results, done = model.run({}, context, feedback)
    assert done, feedback.said
    assert results["CHILD_RESULTS"]["renewed"] == {"RENEWED": 1, "FAILED": 0}


def test_layers_are_swapped_in_the_main_thread(
    made: QgsRasterLayer,
    context: QgsProcessingContext,
    feedback: Recorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a model that runs in a thread of its own, as the toolbox has it."""
    from csplus.algorithms import refresh_live_layers
    from qgis.PyQt.QtCore import QThread

    threads = []
    monkeypatch.setattr(refresh_live_layers, "swap", lambda *_: threads.append(QThread.currentThread()))
    model = QgsProcessingModelAlgorithm("m", "m", "m")
    child = QgsProcessingModelChildAlgorithm(ID)
    child.setChildId("renewed")
    model.addChildAlgorithm(child)
    ours = model.create()
    assert ours.prepare({}, context, feedback)
    task = QgsTask.fromFunction("model", lambda _: ours.runPrepared({}, context, feedback))
    QgsApplication.taskManager().addTask(task)
    pump(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert threads == [QCoreApplication.instance().thread()]


@pytest.mark.parametrize("name", ["p.qgs", "p.qgz"])
def test_a_saved_project_keeps_what_only_the_desktop_writes(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    project = QgsProject()
    project.write(str(file))
    text = (
        _text(file)
        .replace("<mapcanvas", "<was")
        .replace(
            "</qgis>",
            '<mapcanvas name="theMapCanvas"><extent>1</extent></mapcanvas><mapcanvas name="b"/></qgis>',
        )
    )
    if name.endswith("qgz"):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("p.qgs", text)
    else:
        file.write_text(text)
    again = QgsProject()
    assert again.read(str(file))
    again.setTitle("changed")
    project_file.save(again)
    saved = _text(file)
    assert saved.count("<mapcanvas") == 2
    assert "theMapCanvas" in saved
    assert "changed" in saved


def _text(file: Path) -> str:
    if file.suffix == ".qgs":
        return file.read_text()
    with zipfile.ZipFile(file) as archive:
        return archive.read(next(n for n in archive.namelist() if n.endswith(".qgs"))).decode()


def test_answers_of_a_service_that_mints(
    context: QgsProcessingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = live("http://127.0.0.1:9")
    QgsProject.instance().addMapLayer(layer)
    with FakeService(Answer(body=b'{"name": "projects/p/maps/fresh"}')) as service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.url)
        processing.run(ID, {}, context=context)
        assert [seen.path for seen in service.seen] == ["/v1/projects/csplus-sandbox/maps?fields=name"]
        assert url_of(layer) == f"{service.url}/v1/projects/p/maps/fresh/tiles/{{z}}/{{x}}/{{y}}"
    session.close_sessions()
