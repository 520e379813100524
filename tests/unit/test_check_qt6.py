"""The look-up of Qt and QGIS names finds what QGIS 4 would not."""

from __future__ import annotations

import ast
import importlib.util
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_qt6.py"
QT_CORE = """
class Qt:
    class AlignmentFlag(enum.Flag):
        AlignCenter = ... # type: Qt.AlignmentFlag
class QObject:
    def setParent(self, a0): ...
class QTimer(QObject):
    def start(self): ...
def qVersion() -> str: ...
"""


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("check_qt6", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with zipfile.ZipFile(tmp_path / "PyQt6-6.whl", "w") as wheel:
        wheel.writestr("PyQt6/QtCore.pyi", QT_CORE)
        wheel.writestr("PyQt6/QtGui.pyi", "class QWindow(QtCore.QObject): ...")
    monkeypatch.setattr(module, "WHEELS", tmp_path)
    return module


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("from qgis.PyQt.QtCore import Qt\nQt.AlignmentFlag.AlignCenter", []),
        ("from qgis.PyQt.QtCore import Qt\nQt.AlignCenter", ["Qt.AlignCenter"]),
        ("from qgis.PyQt.QtCore import Qt\nQt.AlignmentFlag.AlignMiddle", ["Qt.AlignmentFlag.AlignMiddle"]),
        (
            "from qgis.PyQt.QtCore import QTimer as T\nT.setParent.__name__, T.singleShot",
            ["QTimer.singleShot"],
        ),
        ("from qgis.PyQt.QtGui import QWindow\nQWindow.setParent", []),
        ("from qgis.PyQt.QtCore import QRegExp, qVersion", ["QRegExp"]),
        ("from qgis.PyQt.QtScript import QScriptEngine", ["QScriptEngine"]),
    ],
)
def test_what_is_missing_is_found(tool: ModuleType, source: str, missing: list[str]) -> None:
    uses = list(tool.used(ast.parse(source)))
    assert uses
    found = {".".join(names) for _, module, names in uses if not tool.exists(module, names)}
    assert found == set(missing)
