"""The dock of export tasks in the real QGIS, and the question after a run that was cancelled; pictures are kept."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin.sandbox.server import start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel

from .desk import LONGEST_GAP, Desk

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict:
    desk = Desk(tmp_path_factory.mktemp("tasks"), "desktop_tasks")
    # Slow enough that a task still runs when its run is cancelled.
    for attempt in range(3):
        folder = tmp_path_factory.mktemp(f"exports{attempt}")
        with start(exports=folder, model=ServiceModel(work=4.0)) as running:
            found = desk.start("tasks_steps", "tasks", CSPLUS_ENDPOINT=running.url)
        if found["longest_gap"] < LONGEST_GAP:
            break
    return found


def test_nothing_is_shown_and_nothing_loaded_at_start(told: dict) -> None:
    assert told["dock_at_start"] is False
    assert told["ee_at_start"] is False
    assert told["in_panels"] is True


def test_after_a_cancel_the_message_bar_asks_about_the_task(told: dict) -> None:
    assert any("The run was cancelled. Its task goes on." in line for line in told["said"])


def test_the_task_is_cancelled_on_demand(told: dict) -> None:
    assert [row[:2] for row in told["after_cancel"]] == [["to_be_cancelled", "cancelled"]]


def test_the_window_does_not_freeze_meanwhile(told: dict) -> None:
    assert told["longest_gap"] < LONGEST_GAP


def test_an_export_that_was_waited_for_is_a_live_layer(told: dict) -> None:
    assert told["layers_of_the_run"] == ["stored (sandbox)"]


def test_the_keyboard_opens_a_result(told: dict) -> None:
    assert [row[:2] for row in told["rows"]] == [["stored", "done"], ["to_be_cancelled", "cancelled"]]
    assert told["can_open"] is True
    assert told["told"] == "stored was loaded as a live layer."
    assert told["colours"] > 20
    assert told["dock_width"] < 450


def test_the_plugin_leaves_nothing_in_the_window(told: dict) -> None:
    assert told["details_open"] == 1
    for name in ("left", "docks_left", "windows_left", "buttons_left"):
        assert told[name] == [], name
    assert told["timers_left"] is False
    assert told["dock_again"] == "csplusTasksDock"
