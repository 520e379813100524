"""Every window of ours in the real QGIS, in the looks that people use; pictures under build/desktop_appearance."""

from __future__ import annotations

import pytest

from .desk import Desk

NIGHT = "[UI]\nUITheme=Night Mapping\n"
JAPANESE = "[locale]\nuserLocale=ja\noverrideFlag=true\n"
TWICE = {"QT_SCALE_FACTOR": "2"}

WINDOWS = {
    *("options", "dialog", "tune", "projects", "inspector_empty", "inspector"),
    *("no_tasks", "no_account", "tasks", "task", "cancel"),
}

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module", params=["light", "night", "twice", "japanese", "japanese_twice"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict:
    look = request.param
    desk = Desk(
        tmp_path_factory.mktemp(look),
        f"desktop_appearance/{look}",
        screen="2800x1800x24" if look.endswith("twice") else "1400x900x24",
    )
    desk.write_settings({"night": NIGHT, "japanese": JAPANESE, "japanese_twice": JAPANESE}.get(look, ""))
    environment = TWICE if look.endswith("twice") else {}
    return desk.start("appearance_steps", look, CSPLUS_ENDPOINT="sandbox", **environment)


def test_the_look_is_the_one_that_was_asked_for(told: dict, request: pytest.FixtureRequest) -> None:
    look = request.node.callspec.params["told"]
    assert told["theme"] == ("Night Mapping" if look == "night" else "default")
    assert round(told["scale"]) == (2 if look.endswith("twice") else 1)
    assert (told["language"] == "ja") is look.startswith("japanese")


def test_every_window_was_seen(told: dict) -> None:
    assert set(told["windows"]) == WINDOWS


def test_nothing_is_cut_off(told: dict) -> None:
    assert {name: found["cut_off"] for name, found in told["windows"].items() if found["cut_off"]} == {}


@pytest.mark.parametrize("fault", ["without_keyboard", "without_name"])
def test_our_own_windows_are_for_keyboards_and_screen_readers(told: dict, fault: str) -> None:
    ours = WINDOWS - {"dialog"}
    assert {name: told["windows"][name][fault] for name in ours if told["windows"][name][fault]} == {}
