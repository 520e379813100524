"""Signing in in the real QGIS, against a stand-in of Google; its pictures are kept under build/sign_in."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from ..support.fake_google import CODE, REFRESH, FakeGoogle
from ..support.fake_service import Answer, refusal
from .desk import Desk

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
    desk = Desk(tmp_path, "sign_in")
    off = "Google Earth Engine API has not been used in project locked-1234 before or it is disabled."
    configs = {"mine-1234": "REGISTERED_NOT_COMMERCIALLY", "locked-1234": refusal(403, off)}
    with Asked(configs) as google:
        told = desk.start("sign_in_steps", "sign_in", CSPLUS_FAKE_GOOGLE=google.service.url, CSPLUS_CODE=CODE)
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
    assert REFRESH not in (desk.pictures / "sign_in.log").read_text()
