"""The package, unpacked into an empty plugin path, makes a clear composite by qgis_process on the embedded sandbox.

Three worlds, told apart by what a user's Python has: an Earth Engine library that will do; none, and no compiled
`cryptography`; an old library in front, which another plugin has imported already and goes on using.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import ee
import pytest
from osgeo import gdal

from .conftest import ZIP

NEIGHBOUR = Path(__file__).with_name("neighbour.py")
PLACE = "-119.9180,-119.9000,37.4090,37.4210 [EPSG:4326]"
JANUARY = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31", "BANDS": "B4,B3,B2", "LIVE": False}
VENDORED = "1.7.24"

ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("cryptography", "OpenSSL"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""

OLD_EE = "__version__ = '0.1.300'\nclass ApiFunction: pass\nclass ImageCollection: pass\n"


class World:
    """A user with two plugins: ours from the zip, and a neighbour that watches where packages come from."""

    def __init__(self, folder: Path) -> None:
        plugins = folder / "plugins"
        with zipfile.ZipFile(ZIP) as archive:
            archive.extractall(plugins)
        self.ours = plugins / "csplus"
        self.neighbour = plugins / "aneighbour"
        self.neighbour.mkdir()
        shutil.copy(NEIGHBOUR, self.neighbour / "__init__.py")
        (self.neighbour / "metadata.txt").write_text(
            "[general]\nname=Neighbour\nversion=1\nqgisMinimumVersion=3.0\nhasProcessingProvider=yes\n"
        )
        self.target = folder / "clear.tif"
        self.packages = folder / "packages"
        self.packages.mkdir()
        self.environment = {
            "CSPLUS_ENDPOINT": "sandbox",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.packages),
            "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
            "QGIS_PLUGINPATH": str(plugins),
            "QT_QPA_PLATFORM": "offscreen",
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "XDG_RUNTIME_DIR": str(folder),
        }

    def without_cryptography(self) -> None:
        (self.packages / "sitecustomize.py").write_text(ABSENT)

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout

    def report(self) -> dict[str, Any]:
        """Run check connection and clear composite inside the neighbour's algorithm; give what it saw."""
        for plugin in ("aneighbour", "csplus"):
            self.run("qgis_process", "plugins", "enable", plugin)
        composite = f"COMPOSITE={json.dumps({**JANUARY, 'OUTPUT': str(self.target)})}"
        answer = self.run("qgis_process", "--json", "run", "neighbour:watch", "--", composite)
        return json.loads(json.loads(answer)["results"]["REPORT"])


@pytest.fixture
def world(package: zipfile.ZipFile, tmp_path: Path) -> World:
    return World(tmp_path)


def is_clear(composite: Path) -> bool:
    """Whether most pixels are known and as bright as land, not as clouds."""
    dataset = gdal.Open(str(composite))
    band = dataset.GetRasterBand(1)
    data = band.ReadAsArray()
    known = data[data != band.GetNoDataValue()]
    return bool(known.size > data.size / 2 and 100 < known.mean() < 3000)


def moved(report: dict[str, Any]) -> list[str]:
    """The packages that could be imported before, and now would come from another place."""
    return [name for name, place in report["before"].items() if place and report["after"][name] != place]


def test_the_environment_s_library_is_preferred(world: World) -> None:
    world.environment["PYTHONPATH"] = sysconfig.get_path("purelib")
    report = world.report()
    assert report["connection"]["LIBRARY_PLACE"] == str(Path(ee.__file__).parent)
    assert report["connection"]["LIBRARY"] == ee.__version__
    assert is_clear(world.target)
    assert report["theirs"] == ee.__file__
    assert report["theirs_is_in_place"]
    assert moved(report) == []


def test_no_library_and_no_cryptography(world: World) -> None:
    world.without_cryptography()
    report = world.report()
    assert report["connection"]["LIBRARY"] == VENDORED
    assert report["connection"]["LIBRARY_PLACE"] == str(world.ours / "csplus_plugin" / "vendor" / "ee")
    assert is_clear(world.target)
    assert report["theirs"] is None
    assert report["before"]["ee"] is None
    assert moved(report) == []


def test_an_old_library_in_front(world: World) -> None:
    old = world.neighbour / "extlibs" / "ee" / "__init__.py"
    old.parent.mkdir(parents=True)
    old.write_text(OLD_EE)
    report = world.report()
    assert report["connection"]["LIBRARY"] == VENDORED
    assert is_clear(world.target)
    assert report["theirs"] == report["after"]["ee"] == str(old)
    assert report["theirs_is_in_place"]
    assert moved(report) == []


RELOAD = Path(__file__).parents[1] / "process" / "reload_session.py"


def reload(world: World) -> list[Any]:
    """Run, disable, enable, run, upgrade, run, in one session: what each step gave and left behind."""
    python = str(Path(sys.executable).resolve())  # the system's own, without the packages of the tests
    return json.loads(world.run(python, str(RELOAD), str(world.ours.parent)).splitlines()[-1])["steps"]


def is_clean(left: dict[str, Any]) -> bool:
    return not any(any(value) if isinstance(value, list) else value for value in left.values())


def test_disabled_and_enabled_again_with_the_libraries_of_the_package(world: World) -> None:
    steps = reload(world)
    assert isinstance(steps[0], int), steps[0]
    assert steps[0] == steps[2] == steps[4]
    assert all(is_clean(left) for left in steps[1::2]), steps[1::2]


def test_disabled_and_enabled_again_beside_an_old_library(world: World) -> None:
    old = world.packages / "ee" / "__init__.py"
    old.parent.mkdir()
    old.write_text(OLD_EE)
    steps = reload(world)
    assert isinstance(steps[0], int), steps[0]
    assert steps[0] == steps[2] == steps[4]
    assert all(is_clean(left) for left in steps[1::2]), steps[1::2]


SIGN = """
import base64, json, sys
from pathlib import Path
sys.path[:] = [sys.argv[1], *(place for place in sys.path if "-packages" not in place)]
from csplus.csplus_plugin.earthengine import dependencies
dependencies.load("google.auth")
from csplus.csplus_plugin.earthengine.credentials import find_account
import rsa
public, private = rsa.newkeys(1024)
key = Path(sys.argv[2])
key.write_text(json.dumps({
    "type": "service_account", "client_email": "me@example.org", "private_key_id": "1", "project_id": "p",
    "private_key": private.save_pkcs1().decode(), "token_uri": "https://oauth2.googleapis.com/token",
}))
account = find_account(key)
signed, _, signature = account.credentials._make_authorization_grant_assertion().rpartition(b".")
rsa.verify(signed, base64.urlsafe_b64decode(signature + b"=="), public)
print(account.description, rsa.__file__)
"""


def test_a_service_account_signs_without_any_package_around(world: World, tmp_path: Path) -> None:
    world.without_cryptography()
    printed = world.run(sys.executable, "-c", SIGN, str(world.ours.parent), str(tmp_path / "key.json"))
    assert printed.startswith("service account me@example.org")
    assert printed.strip().endswith(str(world.ours / "csplus_plugin" / "vendor" / "rsa" / "__init__.py"))
