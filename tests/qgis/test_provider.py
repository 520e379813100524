from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest
from csplus.csplus_plugin import plugin
from csplus.csplus_plugin.core.about import ROOT
from csplus.csplus_plugin.plugin import CsPlusPlugin
from csplus.csplus_plugin.provider import CsPlusProvider
from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtSvg import QSvgRenderer


def provider() -> CsPlusProvider:
    return QgsApplication.processingRegistry().providerById("csplus")


def test_identity() -> None:
    ours = provider()
    metadata = configparser.ConfigParser()  # as the plugin site reads it, interpolation included
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    general = metadata["general"]
    assert ours.id() == "csplus"
    assert ours.versionInfo() == general["version"]
    assert general["hasProcessingProvider"] == "yes"
    assert (general["qgisMinimumVersion"], general["qgisMaximumVersion"]) == ("3.40", "4.99")
    assert "Google Earth Engine plugin" in general["about"]
    for key in ("name", "description", "author", "email", "tracker", "repository"):
        assert general[key]
    assert (ROOT / general["icon"]).is_file()


def test_every_algorithm_explains_itself() -> None:
    algorithms = provider().algorithms()
    assert algorithms
    for algorithm in algorithms:
        assert algorithm.shortDescription()
        assert "<" not in algorithm.shortHelpString()
        assert algorithm.group()
        assert algorithm.tags()
        for definition in algorithm.parameterDefinitions():
            assert definition.help(), definition.name()


def test_the_readme_lists_every_algorithm() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for algorithm in provider().algorithms():
        row = f"| `{algorithm.id()}` | {algorithm.displayName()} | {algorithm.shortDescription()} |"
        assert row in readme


def test_help_leads_to_a_section_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", readme, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for algorithm in provider().algorithms():
        page, _, anchor = algorithm.helpUrl().partition("#")
        assert page.startswith("https://")
        assert anchor in anchors, algorithm.name()


def test_the_icons_are_drawn() -> None:
    for path in [provider().svgIconPath(), *(a.svgIconPath() for a in provider().algorithms())]:
        assert QSvgRenderer(path).isValid(), path
        assert not QIcon(path).pixmap(24, 24).isNull()


def test_instances_share_nothing() -> None:
    algorithm = provider().algorithm("clearcomposite")
    assert algorithm.create() is not algorithm.create()


LOADING = """
import socket, sys
sys.path[:0] = {paths!r}
opened = []
socket.socket.connect = lambda *a: opened.append(a)
socket.create_connection = lambda *a, **k: opened.append(a)
socket.getaddrinfo = lambda *a, **k: opened.append(a)
import builtins
builtins.input = lambda *a: opened.append(a)
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
import conftest
import csplus
plugin = csplus.classFactory(None)
plugin.initProcessing()
algorithm = QgsApplication.processingRegistry().createAlgorithmById("csplus:clearcomposite")
algorithm.shortHelpString()
found = [name for name in ("ee", "google.auth", "requests", "googleapiclient") if name in sys.modules]
plugin.unload()
print(repr((found, opened)))
"""


def test_loading_imports_no_ee_opens_no_socket_asks_nothing(tmp_path: Path) -> None:
    code = LOADING.format(paths=[str(ROOT / "tests"), *sys.path])
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout.strip() == "([], [])"


def test_the_desktop_starts_the_provider_too(
    processing: CsPlusPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugin, "forget_modules", lambda: None)  # the other tests go on with them
    registry = QgsApplication.processingRegistry()
    processing.unload()
    assert registry.providerById("csplus") is None
    processing.initGui()
    assert registry.providerById("csplus") is not None
