"""`qgis_process` for a user with this checkout as plugin, without an account."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACE = "-119.9180,-119.9000,37.4090,37.4210 [EPSG:4326]"
JANUARY = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31"}

Process = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A user with this checkout as plugin, without an account; the sample scenes are shared between tests."""
    home = tmp_path_factory.mktemp("home")
    plugins = tmp_path_factory.mktemp("plugins")
    (plugins / "csplus").symlink_to(ROOT)
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    made = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "QGIS_CUSTOM_CONFIG_PATH": str(home / "profile"),
        "QGIS_PLUGINPATH": str(plugins),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CACHE_HOME": cache,
        "XDG_RUNTIME_DIR": str(home),
        "NO_GCE_CHECK": "true",
    }
    subprocess.run(["qgis_process", "plugins", "enable", "csplus"], env=made, check=True, capture_output=True)
    return made


@pytest.fixture(scope="module")
def process(environment: dict[str, str]) -> Process:
    def run(*arguments: str, endpoint: str = "sandbox", stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(
            ["qgis_process", *arguments],
            env={**environment, "CSPLUS_ENDPOINT": endpoint},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def given(**values: object) -> list[str]:
    return ["--", *(f"{name}={value}" for name, value in {**JANUARY, **values}.items())]
