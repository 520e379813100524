"""The package, unpacked into an empty plugin path, makes a clear composite by qgis_process on the embedded sandbox.

Three worlds, told apart by what a user's Python has: an Earth Engine library that will do; none, and no compiled
`cryptography`; an old library in front, which another plugin has imported already and goes on using.
"""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import ee
import pytest
from osgeo import gdal

from .conftest import ZIP

PLACE = "-119.9180,-119.9000,37.4090,37.4210 [EPSG:4326]"
COMPOSITE = {
    "EXTENT": PLACE,
    "START": "2023-01-01",
    "END": "2023-01-31",
    "BANDS": "B4,B3,B2",
    "LIVE": "false",
}

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""

NEIGHBOUR = """
import atexit, importlib, importlib.util, json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "extlibs"))
NAMES = ("ee", "google.auth", "googleapiclient", "httplib2", "requests", "urllib3", "certifi", "numpy", "rsa", "six")

def places():
    found = {}
    for name in NAMES:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        found[name] = spec and spec.origin
    return found

def classFactory(iface):
    return Neighbour()

class Neighbour:
    def initProcessing(self):
        try:
            import ee
        except ImportError:
            ee = None
        before = places()

        def report():
            same = ee is None or (sys.modules["ee"] is ee and importlib.import_module("ee") is ee)
            after = places()
            with open(os.environ["NEIGHBOUR_REPORT"], "w") as file:
                json.dump({"before": before, "after": after, "same": same, "ee": ee and ee.__file__}, file)

        atexit.register(report)

    def unload(self):
        pass
"""

OLD_EE = "__version__ = '0.1.300'\nclass ApiFunction: pass\nclass ImageCollection: pass\n"


class World:
    """A user with two plugins: ours from the zip, and a neighbour that watches where packages come from."""

    def __init__(self, folder: Path) -> None:
        self.plugins = folder / "plugins"
        self.report = folder / "report.json"
        with zipfile.ZipFile(ZIP) as archive:
            archive.extractall(self.plugins)
        neighbour = self.plugins / "aneighbour"  # loaded before ours
        (neighbour / "extlibs").mkdir(parents=True)
        (neighbour / "__init__.py").write_text(NEIGHBOUR)
        (neighbour / "metadata.txt").write_text(
            "[general]\nname=Neighbour\nversion=1\nqgisMinimumVersion=3.0\nhasProcessingProvider=yes\n"
        )
        self.environment = {
            "CSPLUS_ENDPOINT": "sandbox",
            "HOME": str(folder),
            "NEIGHBOUR_REPORT": str(self.report),
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "QGIS_CUSTOM_CONFIG_PATH": str(folder / "profile"),
            "QGIS_PLUGINPATH": str(self.plugins),
            "QT_QPA_PLATFORM": "offscreen",
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            "XDG_RUNTIME_DIR": str(folder),
        }
        for plugin in ("aneighbour", "csplus"):
            self.process("plugins", "enable", plugin)

    def without(self, folder: Path, *names: str) -> None:
        """Let no package of these names be importable, wherever it is installed."""
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(BLOCKED.format(names=names))
        self.environment["PYTHONPATH"] = str(folder)

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["qgis_process", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def connection(self) -> dict:
        return json.loads(self.process("--json", "run", "csplus:checkconnection").stdout)["results"]

    def composite(self, target: Path) -> gdal.Dataset:
        parameters = [f"{name}={value}" for name, value in {**COMPOSITE, "OUTPUT": target}.items()]
        self.process("run", "csplus:clearcomposite", "--", *parameters)
        return gdal.Open(str(target))

    def nothing_is_shadowed(self) -> dict:
        """What the neighbour could import comes from where it came from before; give its report."""
        report = json.loads(self.report.read_text())
        assert report["same"]
        for name, place in report["before"].items():
            if place is not None:
                assert report["after"][name] == place, name
        return report


@pytest.fixture
def world(package: zipfile.ZipFile, tmp_path: Path) -> World:
    return World(tmp_path)


def is_a_clear_composite(dataset: gdal.Dataset) -> bool:
    bands = [dataset.GetRasterBand(number) for number in (1, 2, 3)]
    assert [band.GetDescription() for band in bands] == ["B4", "B3", "B2"]
    data = bands[0].ReadAsArray()
    valid = data[data != bands[0].GetNoDataValue()]
    return bool(valid.size > data.size / 2 and 100 < valid.mean() < 4000)


def test_the_environment_s_library_is_preferred(world: World, tmp_path: Path) -> None:
    world.environment["PYTHONPATH"] = sysconfig.get_path("purelib")
    connection = world.connection()
    assert connection["LIBRARY_PLACE"] == str(Path(ee.__file__).parent)
    assert connection["LIBRARY"] == ee.__version__
    assert is_a_clear_composite(world.composite(tmp_path / "clear.tif"))
    assert world.nothing_is_shadowed()["ee"] == ee.__file__


def test_no_library_and_no_cryptography(world: World, tmp_path: Path) -> None:
    world.without(tmp_path / "blocked", "cryptography", "OpenSSL")
    connection = world.connection()
    assert connection["LIBRARY"] == "1.7.24"
    assert connection["LIBRARY_PLACE"] == str(world.plugins / "csplus" / "csplus_plugin" / "vendor" / "ee")
    assert is_a_clear_composite(world.composite(tmp_path / "clear.tif"))
    assert world.nothing_is_shadowed()["before"]["ee"] is None


def test_an_old_library_in_front(world: World, tmp_path: Path) -> None:
    old = world.plugins / "aneighbour" / "extlibs" / "ee"
    old.mkdir()
    (old / "__init__.py").write_text(OLD_EE)
    connection = world.connection()
    assert connection["LIBRARY"] == "1.7.24"
    assert is_a_clear_composite(world.composite(tmp_path / "clear.tif"))
    assert world.nothing_is_shadowed()["ee"] == str(old / "__init__.py")


def test_a_service_account_signs_without_cryptography(world: World, tmp_path: Path) -> None:
    """The path to Google's door without a compiled library: what is sent is looked at, not sent."""
    key = tmp_path / "key.json"
    script = tmp_path / "sign.py"
    script.write_text(SIGN)
    world.without(tmp_path / "blocked", "cryptography", "OpenSSL")
    done = subprocess.run(
        ["/usr/bin/python3", "-s", str(script), str(world.plugins), str(key)],
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["RS256", "signed"]


SIGN = """
import base64, json, sys
sys.path.insert(0, sys.argv[1])
from csplus.csplus_plugin.earthengine import dependencies
dependencies.load("google.auth")
from csplus.csplus_plugin.earthengine.credentials import find_account
import rsa
from pathlib import Path
public, private = rsa.newkeys(1024)
Path(sys.argv[2]).write_text(json.dumps({
    "type": "service_account", "client_email": "me@example.org", "private_key_id": "1",
    "private_key": private.save_pkcs1().decode(), "token_uri": "https://oauth2.googleapis.com/token",
}))
account = find_account(Path(sys.argv[2]))
assertion = account.credentials._make_authorization_grant_assertion()
head, body, signature = assertion.split(b".")
unpadded = lambda part: base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
print(json.loads(unpadded(head))["alg"])
rsa.verify(head + b"." + body, unpadded(signature), public)
print("signed")
"""
