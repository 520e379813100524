"""Disabled, enabled and upgraded in one session: nothing stays that the next version would stumble over."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from .conftest import ROOT

CLEAN = {
    "modules": [],
    "vendored": [],
    "path": [],
    "finders": [],
    "threads": [],
    "provider": False,
    "signals": [0, 0, 0],
}


def run_session(plugins: Path, environment: dict[str, str]) -> dict:
    script = Path(__file__).with_name("reload_session.py")
    done = subprocess.run(
        [sys.executable, str(script), str(plugins)],
        env={**environment, "CSPLUS_ENDPOINT": "sandbox"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_run_disable_enable_run_upgrade_run(tmp_path: Path, environment: dict[str, str]) -> None:
    plugin = tmp_path / "csplus"
    for name in ("algorithms", "csplus_plugin", "resources"):
        shutil.copytree(ROOT / name, plugin / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "metadata.txt"):
        shutil.copy(ROOT / name, plugin / name)
    told = run_session(tmp_path, environment)
    first, after_first, second, after_second, third, after_third = told["steps"]
    assert isinstance(first, int), first
    assert first == second == third
    assert [after_first, after_second, after_third] == [CLEAN] * 3
    assert told["version"] == "9.9.9"
