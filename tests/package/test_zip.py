"""What plugins.qgis.org refuses at upload, and what does not belong into a plugin.

The rules are those of the site's `qgis-app/plugins/validator.py` (https://github.com/qgis/QGIS-Plugins-Website);
those on metadata.txt are in tests/unit/test_metadata.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from .conftest import ROOT, ZIP

VENDOR = "csplus/csplus_plugin/vendor/"


def test_its_size() -> None:
    assert ZIP.stat().st_size < 5_000_000  # the site takes 25 MB


def test_one_top_folder_with_what_the_site_asks_for(package: zipfile.ZipFile) -> None:
    names = package.namelist()
    assert {name.partition("/")[0] for name in names} == {"csplus"}
    assert {"csplus/__init__.py", "csplus/metadata.txt", "csplus/LICENSE"} <= set(names)
    assert "csplus/resources/icons/csplus.svg" in names
    assert package.testzip() is None


def test_no_name_that_the_site_refuses(package: zipfile.ZipFile) -> None:
    for name in package.namelist():
        assert ".." not in name
        assert "\\" not in name
        assert not name.startswith("/")
        assert ".pyc" not in name
        assert not re.match(r"^[A-Za-z]:", name)
        assert not {"__MACOSX", ".git", "__pycache__"} & set(name.split("/"))


def test_no_tests_no_binaries_no_tools(package: zipfile.ZipFile) -> None:
    text = {".py", ".txt", ".md", ".json", ".pem", ".rst", ".LICENSE"}
    allowed = {*text, ".svg", ".qml", ".model3", ".html", ".css", ".js", ".po", ".pot", ".mo"}
    for entry in package.infolist():
        path = PurePosixPath(entry.filename)
        is_licence = path.name.upper().startswith(("LICEN", "NOTICE"))
        is_scanner_setting = path.name in (".bandit", ".secrets.baseline")
        assert path.suffix in allowed or is_licence or is_scanner_setting, path
        assert (b"\0" in package.read(entry)) is (path.suffix == ".mo"), (
            path
        )  # compiled from the .po beside it
        assert entry.external_attr >> 16 == 0o644, path
        if path.suffix == ".py":
            assert not {"tests", "testing", "cli"} & set(path.parts[:-1]), path


def test_the_two_files_that_the_sandbox_serves(package: zipfile.ZipFile) -> None:
    for name in ("algorithms.json", "cloud_api_discovery_document.json"):
        assert package.getinfo(f"{VENDOR}ee/tests/{name}").file_size > 10_000


def test_no_service_of_google_but_earth_engine(package: zipfile.ZipFile) -> None:
    assert not [name for name in package.namelist() if "discovery_cache/documents" in name]


def test_every_library_comes_with_its_licence(package: zipfile.ZipFile) -> None:
    locked = re.findall(r"^([\w-]+)==([\d.]+)", (ROOT / "requirements-vendor.txt").read_text(), re.MULTILINE)
    names = [name.lower().replace("-", "_") for name in package.namelist()]
    assert len(locked) > 10
    for library, version in locked:
        folder = f"{VENDOR}licenses/{library}-{version}/licen".lower().replace("-", "_")
        assert any(name.startswith(folder) for name in names), library


def test_nobody_s_look_for_installed_packages_finds_ours(package: zipfile.ZipFile) -> None:
    assert not [name for name in package.namelist() if ".dist-info" in name or ".egg-info" in name]


def test_our_own_files_are_those_of_the_repository(package: zipfile.ZipFile) -> None:
    own = [name for name in package.namelist() if not name.startswith(VENDOR)]
    assert len(own) > 50
    for name in own:
        assert package.read(name) == (ROOT / Path(name).relative_to("csplus")).read_bytes(), name


def test_it_speaks_japanese_from_the_package(package: zipfile.ZipFile, tmp_path: Path) -> None:
    package.extractall(tmp_path)
    code = (
        "from csplus.csplus_plugin.core import language; language.use('ja');"
        " print(language._('No band was chosen.'), language.current())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert told.stdout.strip() == "バンドが選ばれていません。 ja"
