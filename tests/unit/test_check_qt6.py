"""The look-up of Qt and QGIS names finds what QGIS 4 would not."""

from __future__ import annotations

import ast
import importlib.util
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


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_qt6", TOOL)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
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
def test_what_is_missing_is_found(tool: ModuleType, tmp_path: Path, source: str, missing: list[str]) -> None:
    (tmp_path / "PyQt6").mkdir()
    (tmp_path / "PyQt6" / "QtCore.pyi").write_text(QT_CORE)
    (tmp_path / "PyQt6" / "QtGui.pyi").write_text("class QWindow(QtCore.QObject): ...")
    uses = list(tool.used(ast.parse(source)))
    assert uses
    found = {".".join(names) for _, module, names in uses if not tool.exists(tmp_path, module, names)}
    assert found == set(missing)
