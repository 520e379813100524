"""Look up every name that the plugin takes from Qt and QGIS in declarations of both: `check_qt6.py FOLDER`.

QGIS 4 is Qt 6 only, where enums must be written with their class (`Qt.DateFormat.ISODate`) and some names are gone.
This needs neither: it reads the `.pyi` files of the packages PyQt6 and qgis-stubs in the folder. It follows names as
far as they are classes and enums; what a call returns is not followed, so it finds missing names, not wrong types.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    ROOT / "__init__.py",
    *sorted((ROOT / "algorithms").rglob("*.py")),
    *sorted((ROOT / "csplus_plugin").rglob("*.py")),
]

FOLLOWED_FROM_QT = "qgis.PyQt."
OF_QGIS = ("qgis.core", "qgis.gui", "qgis.analysis")

LEFT_OUT_BY_THE_STUBS = {"QgsCsException", "QgsProcessingException"}
"""Exceptions have no declarations there; the tests raise them in QGIS."""


def main(declared: Path) -> int:
    """Print what is missing; 0 if nothing is."""
    looked_up, missing = 0, []
    for path in SOURCES:
        if "vendor" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, module, names in used(tree):
            looked_up += 1
            if names[0] not in LEFT_OUT_BY_THE_STUBS and not exists(declared, module, names):
                missing.append(
                    f"{path.relative_to(ROOT)}:{line}: {module}.{'.'.join(names)} is not in {stub_of(module)}"
                )
    print(
        "\n".join(missing)
        if missing
        else f"{looked_up} uses of Qt and QGIS names are all known to PyQt6 and PyQGIS"
    )
    return 1 if missing else 0


def used(tree: ast.Module) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield line, module and dotted name of every use: `from qgis.PyQt.QtCore import Qt`, `Qt.DateFormat.ISODate`."""
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith((FOLLOWED_FROM_QT, *OF_QGIS)):
            for alias in node.names:
                imported[alias.asname or alias.name] = (node.module or "", alias.name)
                yield node.lineno, node.module or "", (alias.name,)
    for node in ast.walk(tree):
        names: list[str] = []
        inner: ast.expr | None = node if isinstance(node, ast.Attribute) else None
        while isinstance(inner, ast.Attribute):
            names.insert(0, inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in imported:
            module, name = imported[inner.id]
            yield node.lineno, module, (name, *names)


def exists(declared: Path, module: str, names: tuple[str, ...]) -> bool:
    """Whether a dotted name is declared; what lies behind a function or a value is taken for granted."""
    scope: ast.Module | ast.ClassDef = declarations(declared / stub_of(module))
    for name in names:
        found = member(declared, module, scope, name)
        if found is None:
            return False
        if not isinstance(found, ast.ClassDef):
            return True
        scope = found
    return True


def member(declared: Path, module: str, scope: ast.Module | ast.ClassDef, name: str) -> ast.stmt | None:
    """Find the declaration of a name in a module or in a class and its bases."""
    for node in scope.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if getattr(node, "name", None) == name or name in {getattr(target, "id", None) for target in targets}:
            return node
    if isinstance(scope, ast.ClassDef):
        for base in scope.bases:
            *path, last = ast.unparse(base).split(".")
            home = f"{FOLLOWED_FROM_QT}{path[-1]}" if path and path[-1].startswith("Qt") else module
            parent = member(declared, home, declarations(declared / stub_of(home)), last)
            found = member(declared, home, parent, name) if isinstance(parent, ast.ClassDef) else None
            if found is not None:
                return found
    return None


def stub_of(module: str) -> str:
    """`qgis.PyQt.QtCore` -> `PyQt6/QtCore.pyi`; `qgis.core` -> `qgis-stubs/_core.pyi`."""
    if module.startswith(FOLLOWED_FROM_QT):
        return f"PyQt6/{module.removeprefix(FOLLOWED_FROM_QT)}.pyi"
    return f"qgis-stubs/_{module.removeprefix('qgis.')}.pyi"


@cache
def declarations(stub: Path) -> ast.Module:
    """Read one `.pyi` file; empty if there is none."""
    return ast.parse(stub.read_text(encoding="utf-8") if stub.is_file() else "")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
