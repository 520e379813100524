"""Export tasks in the toolbox: seen, waited for, cancelled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.processing.listeners import TASKS_GO_ON
from csplus.csplus_plugin.sandbox.server import start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel
from qgis import processing as toolbox
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
)

from ..support.fake_service import Answer, FakeService, Seen, refusal
from .conftest import JANUARY, Recorder

ID = "csplus:exporttasks"
Source = QgsProcessingModelChildParameterSource


@pytest.fixture
def ask(context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch) -> Callable:
    def with_values(url: str, algorithm: Any = ID, **values: object) -> dict:
        monkeypatch.setenv("CSPLUS_ENDPOINT", url)
        return toolbox.run(algorithm, values, context=context, feedback=feedback)

    return with_values


def export(ask: Callable, url: str, **values: object) -> str:
    return ask(url, "csplus:exportcomposite", **JANUARY, **values)["TASK_IDS"]


def test_tasks_are_listed_waited_for_and_cancelled(ask: Callable, tmp_path: Path) -> None:
    # Slow enough that the tasks are still there when they are asked for.
    with start(exports=tmp_path, model=ServiceModel(work=1.0)) as running:
        first = export(ask, running.url, NAME="first")
        second = export(ask, running.url, NAME="second")
        third = export(ask, running.url, NAME="third")
        listed = ask(running.url, TABLE="memory:")
        assert listed["TASK_COUNT"] == 3
        rows = list(listed["TABLE"].getFeatures())
        assert [row["task_id"] for row in rows] == [third, second, first]  # the latest first
        assert [row["description"] for row in rows] == ["csplus_third", "csplus_second", "csplus_first"]
        assert all(row["ours"] and row["kind"] == "EXPORT_IMAGE" and row["created"] for row in rows)
        # The sandbox runs two at a time.
        assert rows[0]["state"] == "PENDING"
        cancelled = ask(running.url, ACTION="cancel", TASK_ID=third)
        assert cancelled["STATE"] == "CANCELLED"
        waited = ask(running.url, ACTION="wait", TASK_ID=f"{first}, {second}", TABLE="memory:")
        assert waited["STATE"] == "SUCCEEDED"
        states = {row["task_id"]: row["state"] for row in waited["TABLE"].getFeatures()}
        assert states == {first: "SUCCEEDED", second: "SUCCEEDED"}
        assert sorted(path.name for path in (tmp_path / "drive").iterdir()) == ["first.tif", "second.tif"]
        # Cancelling what is over changes nothing.
        assert ask(running.url, ACTION="cancel", TASK_ID=first)["STATE"] == "SUCCEEDED"
        with pytest.raises(QgsProcessingException, match="csplus_third was cancelled"):
            ask(running.url, ACTION="wait", TASK_ID=third)


def test_a_task_that_failed_is_told_in_the_services_words(
    ask: Callable, feedback: Recorder, tmp_path: Path
) -> None:
    def respond(seen: Seen) -> Answer:
        metadata = {"state": "FAILED", "description": "csplus_x", "attempt": 5, "batchEecuUsageSeconds": 12.6}
        found = {
            "name": "projects/csplus-sandbox/operations/ABC",
            "done": True,
            "metadata": metadata,
            "error": {"code": 3, "message": "User memory limit exceeded.\x1b[2J"},
        }
        return Answer(body=json.dumps(found).encode())

    with FakeService(respond=respond) as service:
        listed = ask(service.url, TASK_ID="ABC", TABLE="memory:")
        (row,) = listed["TABLE"].getFeatures()
        assert (row["state"], row["attempt"], row["eecu_seconds"]) == ("FAILED", 5, 12.6)
        assert any("13 EECU-seconds. User memory limit exceeded." in line for line in feedback.said)
        assert not any("\x1b" in line for line in feedback.said)
        with pytest.raises(QgsProcessingException, match="csplus_x has failed: User memory limit exceeded"):
            ask(service.url, ACTION="wait", TASK_ID="ABC")


def test_an_unknown_task_is_one_sentence(ask: Callable, tmp_path: Path) -> None:
    with (
        start(exports=tmp_path) as running,
        pytest.raises(QgsProcessingException, match=r"Operation .* not found"),
    ):
        ask(running.url, TASK_ID="NOPE")


def test_what_may_not_be_seen_is_told(ask: Callable) -> None:
    with (
        FakeService(refusal(403, "Permission 'earthengine.operations.list' denied.")) as service,
        pytest.raises(QgsProcessingException, match="is not allowed to do this in the project"),
    ):
        ask(service.url)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"ACTION": "cancel"}, "No task is named to cancel"),
        ({"TASK_ID": "../../x"}, "is not the id of a task"),
        ({"ACTION": "stop"}, "is not one of its choices"),
        ({"TABLE": "/no/such/folder/tasks.csv"}, "There is no folder /no/such/folder"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    ask: Callable, values: dict[str, Any], said: str
) -> None:
    with FakeService(refusal(500, "never")) as service:
        with pytest.raises(QgsProcessingException, match=said):
            ask(service.url, **values)
        assert not service.seen


def test_in_a_model_one_step_starts_tasks_and_a_later_one_waits_for_them(
    ask: Callable, tmp_path: Path
) -> None:
    model = QgsProcessingModelAlgorithm("batch", "tests")
    start_them = QgsProcessingModelChildAlgorithm("csplus:exportcomposite")
    start_them.setChildId("start")
    for name, value in {**JANUARY, "NAME": "x"}.items():
        start_them.addParameterSources(name, [Source.fromStaticValue(value)])
    wait = QgsProcessingModelChildAlgorithm(ID)
    wait.setChildId("wait")
    wait.addParameterSources("ACTION", [Source.fromStaticValue("wait")])
    wait.addParameterSources("TASK_ID", [Source.fromChildOutput("start", "TASK_IDS")])
    result = QgsProcessingModelOutput("tasks", "tasks")
    result.setChildId("wait")
    result.setChildOutputName("TABLE")
    wait.setModelOutputs({"tasks": result})
    for child in (start_them, wait):
        model.addChildAlgorithm(child)
    (name,) = [definition.name() for definition in model.parameterDefinitions()]
    with start(exports=tmp_path, model=ServiceModel(work=1.0)) as running:
        (row,) = ask(running.url, model, **{name: "memory:"})[name].getFeatures()
    assert (row["description"], row["state"]) == ("csplus_x", "SUCCEEDED")
    assert (tmp_path / "drive" / "x.tif").is_file()


def test_a_cancelled_wait_names_what_goes_on(
    context: QgsProcessingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feedback, left = Recorder(), []

    def note(connection: object, identities: tuple[str, ...]) -> None:
        left.append(identities)

    with start(exports=tmp_path, model=ServiceModel(work=3.0)) as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)
        given = {**JANUARY, "NAME": "x"}
        identity = toolbox.run("csplus:exportcomposite", given, context=context)["TASK_IDS"]
        threading.Timer(1.0, feedback.cancel).start()
        TASKS_GO_ON.add(note)
        try:
            with pytest.raises(QgsProcessingException, match="Cancelled"):
                toolbox.run(ID, {"ACTION": "wait", "TASK_ID": identity}, context=context, feedback=feedback)
        finally:
            TASKS_GO_ON.remove(note)
    assert feedback.warned[-1].endswith(f"TASK_ID={identity}")
    assert left == [(identity,)]
