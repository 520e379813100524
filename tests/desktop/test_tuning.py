"""The context menu, the dialog filled in from a recipe, and the dock, in the real QGIS; pictures are kept."""

from __future__ import annotations

import re

import pytest

from .desk import LONGEST_GAP, Desk

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict:
    desk = Desk(tmp_path_factory.mktemp("tuning"), "desktop_tuning")
    return desk.start_unfrozen("tuning_steps", "tuning", CSPLUS_ENDPOINT="sandbox")


def test_nothing_is_shown_and_nothing_loaded_at_start(told: dict) -> None:
    assert told["dock_at_start"] is False
    assert told["ee_at_start"] is False


def test_the_context_menu_offers_what_the_layer_can(told: dict) -> None:
    both = ["Inspect pixels", "Edit and run again…", "Copy recipe"]
    assert told["menus"] == [both, ["Tune…", *both]]


def test_the_dialog_of_a_dropped_file_is_filled_in(told: dict) -> None:
    filled = told["filled_in"]
    assert filled["METHOD"] == "best"
    assert filled["START"].startswith("2023-01-01") or "2023, 1, 1" in filled["START"]
    numbers = [float(one) for one in re.findall(r"-?\d+\.\d+", filled["EXTENT"])]
    assert numbers == pytest.approx([-119.93, -119.8874, 37.399, 37.4328])


def test_run_makes_the_same_again(told: dict) -> None:
    assert told["ran_again"] is True
    assert told["again"] == [2, 1]  # two layers of one recipe
    assert told["dialogs_kept"] == 0


def test_the_slider_redraws_the_layer(told: dict) -> None:
    assert told["dock_open"] is told["within"] is True
    assert told["dock_width"] < 400
    assert told["threshold"] == 0.97
    assert re.fullmatch(r"\d+\.\d % of the area", told["share"])
    assert told["changed"] > 20


def test_undo_draws_what_was_before(told: dict) -> None:
    assert told["differs_after_undo"] < 5


def test_the_window_does_not_freeze_meanwhile(told: dict) -> None:
    assert told["longest_gap"] < LONGEST_GAP


def test_make_it_a_file_fills_the_dialog_in(told: dict) -> None:
    assert told["file"]["THRESHOLD"] == "0.5"
    assert told["file"]["LIVE"] == "False"
    assert told["file"]["OUTPUT"]


def test_another_layer_is_left_alone(told: dict) -> None:
    assert told["other_layer"].startswith("Choose a live layer")


def test_the_plugin_leaves_nothing_in_the_window(told: dict) -> None:
    assert told["left"] == told["docks_left"] == told["menu_left"] == []
    assert told["dialog_stays"] is False
    assert told["dock_again"] == "csplusTuneDock"
