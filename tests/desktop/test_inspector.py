"""The point inspector in the real QGIS, at normal size and at 200 %; pictures are kept."""

from __future__ import annotations

import re

import pytest

from ..support.busy import skip_if_too_busy
from .desk import LONGEST_GAP, Desk

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module", params=["1", "2"], ids=["100 %", "200 %"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict:
    screen = {"1": "1400x900x24", "2": "2800x1800x24"}[request.param]
    desk = Desk(tmp_path_factory.mktemp("inspector"), f"desktop_inspector/{request.param}", screen)
    return desk.start_unfrozen(
        "inspector_steps", "inspector", CSPLUS_ENDPOINT="sandbox", QT_SCALE_FACTOR=request.param
    )


def test_at_start_there_is_an_action_and_nothing_else(told: dict) -> None:
    assert told["at_start"] == []
    assert told["ee_at_start"] is False
    assert told["actions"] == 1
    assert told["checked"] is True


def test_a_click_shows_a_year_of_looks(told: dict) -> None:
    assert told["looks"] > 70
    assert told["months"] == list(range(1, 13))
    assert len(told["taken"]) == 1
    assert told["sentence"].startswith(f"Best: the look of {told['taken'][0]}, of ")


def test_the_window_does_not_freeze_meanwhile(told: dict) -> None:
    if told["longest_gap"] >= LONGEST_GAP:
        skip_if_too_busy()
    assert told["longest_gap"] < LONGEST_GAP


def test_hover_and_click_in_the_chart(told: dict) -> None:
    assert told["hover"].startswith(told["taken"][0])
    assert told["hover"].endswith(": taken: the highest score")
    assert told["row"] == told["taken"]


def test_csv_and_day(told: dict) -> None:
    assert told["csv"] == told["looks"] + 1
    year, month, day = map(int, told["taken"][0].split("-"))
    assert re.findall(r"\d+", told["day"]["DATE"].split("(")[-1])[:3] == [str(year), str(month), str(day)]
    numbers = [float(one) for one in re.findall(r"-?\d+\.\d+", told["day"]["EXTENT"])]
    assert numbers == pytest.approx([-119.93, -119.8874, 37.399, 37.4328])


def test_other_methods_and_none(told: dict) -> None:
    assert re.match(r"Median of \d+ clear looks, band by band\.", told["median"])
    assert told["none"] == "No look is clear."
    assert told["no_look"] == "No scene reaches this pixel."
    assert told["outside"] == "The place is outside the area of the layer."


def test_the_plugin_leaves_nothing_in_the_window(told: dict) -> None:
    assert told["left"] == told["docks_left"] == []
    assert told["actions_left"] == 0
    assert told["tool_left"] != "InspectTool"
    assert told["actions_again"] == 1
