"""Signing in in the real QGIS, against a stand-in of Google; its pictures are kept under build/sign_in."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ..support.fake_google import CODE, REFRESH, FakeGoogle
from ..support.fake_service import Answer, refusal

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build" / "sign_in"

pytestmark = pytest.mark.desktop


class Asked(FakeGoogle):
    """Is told what was asked over HTTP: the browser is in another process."""

    def _respond(self, seen):
        parts = urlsplit(seen.path)
        if parts.path == "/asked":
            self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return Answer()
        return super()._respond(seen)


def test_from_the_message_bar_to_a_chosen_project(tmp_path: Path) -> None:
    if not (shutil.which("qgis") and shutil.which("xvfb-run")):
        pytest.skip("needs qgis and xvfb-run (make setup installs them)")
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "csplus").symlink_to(ROOT)
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    unused = {name: value for name, value in os.environ.items() if not name.startswith(("CSPLUS", "GOOGLE"))}
    environment = {
        **unused,
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "QGIS_PLUGINPATH": str(plugins),
        "QT_QPA_PLATFORM": "xcb",
        "CSPLUS_DESKTOP_OUT": str(PICTURES),
        "CSPLUS_CODE": CODE,
    }
    command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", "qgis", "--nologo", "--noversioncheck"]
    command += [
        "--profiles-path",
        str(tmp_path / "profiles"),
        "--code",
        str(ROOT / "tests/desktop/sign_in_steps.py"),
    ]
    off = "Google Earth Engine API has not been used in project locked-1234 before or it is disabled."
    configs = {"mine-1234": "REGISTERED_NOT_COMMERCIALLY", "locked-1234": refusal(403, off)}
    with Asked(configs) as google, (PICTURES / "qgis.log").open("w") as log:
        environment["CSPLUS_FAKE_GOOGLE"] = google.service.url
        subprocess.run(command, env=environment, stdout=log, stderr=log, timeout=150, check=False)
    told = json.loads((PICTURES / "sign_in.json").read_text())
    assert told.get("failure") is None, told["failure"]
    assert told["waiting"] == ["Continue in your browser. QGIS waits for 3 minutes…"]
    assert "Back to QGIS" in told["page"]
    assert told["projects"] == [
        ["mine-1234", "Name of mine-1234", "✓ Registered, noncommercial"],
        ["locked-1234", "Name of locked-1234", "✗ Earth Engine API off"],
    ]
    assert told["told"] == ["Signed in. The project mine-1234 is chosen. Run again."]
    assert told["project"] == "mine-1234"
    stored = tmp_path / ".config" / "earthengine" / "credentials"
    assert json.loads(stored.read_text())["refresh_token"] == REFRESH
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert REFRESH not in (PICTURES / "qgis.log").read_text()
