"""The real QGIS on a virtual screen. Its pictures are kept under build/desktop, to be looked at."""

from __future__ import annotations

import pytest

from .desk import Desk

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desktop"), "desktop")


@pytest.fixture(scope="module")
def outcome(desk: Desk) -> dict:
    return desk.start("steps", "outcome", 400, CSPLUS_ENDPOINT="sandbox")


def test_every_step_was_reached(outcome: dict) -> None:
    assert outcome["steps"] == ["start", "open_dialog", "photograph", "ran", "show_log"]


def test_the_plugin_starts_in_silence(outcome: dict) -> None:
    assert not [text for text in outcome["messages"] if "csplus" in text or "Cloud Score" in text]
    assert outcome["ee_at_start"] is False


def test_the_run_from_the_dialog_succeeds_and_loads_its_layers(outcome: dict) -> None:
    assert outcome["successful"] is True
    file, live = "True colour 2023-01 (file, sandbox)", "True colour 2023-01 (sandbox)"
    assert outcome["layers"] == [["gdal", file, True], ["wms", live, True]]
    assert int(outcome["results"]["SCENE_COUNT"]) > 0


def test_the_live_layer_is_drawn(desk: Desk, outcome: dict) -> None:
    assert outcome["colours"] > 50
    for picture in ("dialog.png", "log.png", "live_layer.png"):
        assert (desk.pictures / picture).stat().st_size > 10_000
