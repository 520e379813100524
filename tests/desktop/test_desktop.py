"""The real QGIS on a virtual screen. Its pictures are kept under build/desktop, to be looked at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "desktop"

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict:
    if not (shutil.which("qgis") and shutil.which("xvfb-run")):
        pytest.skip("needs qgis and xvfb-run (make setup installs them)")
    home = tmp_path_factory.mktemp("desktop")
    plugins = home / "plugins"
    plugins.mkdir()
    (plugins / "csplus").symlink_to(ROOT)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    environment = {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
        "XDG_RUNTIME_DIR": str(home),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "QGIS_PLUGINPATH": str(plugins),
        "QT_QPA_PLATFORM": "xcb",
        "CSPLUS_ENDPOINT": "sandbox",
        "CSPLUS_DESKTOP_OUT": str(PICTURES),
    }
    command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", "qgis", "--nologo", "--noversioncheck"]
    command += ["--profiles-path", str(home / "profiles"), "--code", str(ROOT / "tests/desktop/steps.py")]
    with (PICTURES / "qgis.log").open("w") as log:
        subprocess.run(command, env=environment, stdout=log, stderr=log, timeout=400, check=False)
    return json.loads((PICTURES / "outcome.json").read_text())


def test_every_step_was_reached(outcome: dict) -> None:
    assert outcome.get("failure") is None, outcome["failure"]
    assert outcome["steps"] == ["start", "dialog", "photograph", "run", "log"]


def test_the_plugin_starts_in_silence(outcome: dict) -> None:
    assert not [text for text in outcome["messages"] if "csplus" in text or "Cloud Score" in text]
    assert outcome["ee_at_start"] is False


def test_the_run_from_the_dialog_succeeds_and_loads_its_layers(outcome: dict) -> None:
    assert outcome["successful"] is True
    name = "Clear composite 2023-01-01 to 2023-01-31 (sandbox)"
    assert outcome["layers"] == [["gdal", name, True], ["wms", name, True]]
    assert int(outcome["results"]["SCENE_COUNT"]) > 0


def test_the_live_layer_is_drawn(outcome: dict) -> None:
    assert outcome["colours"] > 50
    for picture in ("dialog.png", "log.png", "live_layer.png"):
        assert (PICTURES / picture).stat().st_size > 10_000
