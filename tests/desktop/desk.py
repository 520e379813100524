"""A user's QGIS on a virtual screen, which can be started again and again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STEPS = Path(__file__).resolve().parent

LONGEST_GAP = 0.1
"""Seconds in which the main loop has to come round."""


class Desk:
    """A home, a profile and a folder of pictures; no account, and nothing of ours in the environment.

    Attributes:
        pictures: Folder of what the steps write: pictures, logs, `<part>.json`.
        returned: Exit code of the last QGIS.
        ended: When it ended, in seconds since 1970.
    """

    def __init__(self, home: Path, pictures: str, screen: str = "1400x900x24") -> None:
        if not (shutil.which("qgis") and shutil.which("xvfb-run")):
            pytest.skip("needs qgis and xvfb-run (make setup installs them)")
        self.home = home
        self.screen = screen
        self.pictures = ROOT / "build" / pictures
        plugins = home / "plugins"
        plugins.mkdir()
        (plugins / "csplus").symlink_to(ROOT)
        shutil.rmtree(self.pictures, ignore_errors=True)
        self.pictures.mkdir(parents=True)
        others = {
            name: text for name, text in os.environ.items() if not name.startswith(("CSPLUS", "GOOGLE"))
        }
        self.environment = {
            **others,
            "HOME": str(home),
            "CLOUDSDK_CONFIG": str(home),
            "NO_GCE_CHECK": "true",
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "XDG_RUNTIME_DIR": str(home),
            "PYTHONPATH": os.pathsep.join((sysconfig.get_path("purelib"), str(STEPS))),
            "QGIS_PLUGINPATH": str(plugins),
            "QT_QPA_PLATFORM": "xcb",
            "CSPLUS_DESKTOP_OUT": str(self.pictures),
        }

    def write_settings(self, text: str) -> None:
        """Write QGIS's settings, as they are before its first start."""
        file = self.home / "profiles" / "profiles" / "default" / "QGIS" / "QGIS3.ini"
        file.parent.mkdir(parents=True)
        file.write_text(text)

    def start(self, steps: str, part: str, seconds: float = 200, **environment: str) -> dict:
        """Start QGIS with one of the files of steps, wait for its end, and give what it told.

        Args:
            steps: Name of the file, without its ending.
            part: What the steps shall do, for those that can do several things; names the log and what is told.
            seconds: When to give up.
            environment: Beside that of the desk.
        """
        command = ["xvfb-run", "-a", "-s", f"-screen 0 {self.screen}", "qgis", "--nologo", "--noversioncheck"]
        command += ["--profiles-path", str(self.home / "profiles"), "--code", str(STEPS / f"{steps}.py")]
        with (self.pictures / f"{part}.log").open("w") as log:
            done = subprocess.run(
                command,
                env={**self.environment, "CSPLUS_DESKTOP_PART": part, **environment},
                stdout=log,
                stderr=log,
                timeout=seconds,
                check=False,
            )
        self.ended = time.time()
        self.returned = done.returncode
        told = json.loads((self.pictures / f"{part}.json").read_text())
        assert told.get("failure") is None, told["failure"]
        return told

    def start_unfrozen(self, steps: str, part: str, **environment: str) -> dict:
        """Start it, up to three times where the window froze: a busy machine may be to blame for that."""
        for _ in range(3):
            told = self.start(steps, part, **environment)
            if told["longest_gap"] < LONGEST_GAP:
                break
        return told
