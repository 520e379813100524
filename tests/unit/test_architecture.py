"""Who may know whom: the imports of the shipped code, read without running it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "csplus_plugin"
ABOVE = ("core", "earthengine", "download", "layers", "processing", "gui", "settings", "provider", "plugin")
"""From the ground up."""

SHIPPED = [
    path
    for folder in (PLUGIN, ROOT / "algorithms")
    for path in sorted(folder.rglob("*.py"))
    if "vendor" not in path.parts
]


def imports(path: Path, *, top_level: bool = False) -> Iterator[str]:
    """Yield what a module imports, relative names resolved from the root."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(ROOT).parent.parts)
            if node.level:
                package = package[: len(package) - node.level + 1]
                base = ".".join([*package, *([node.module] if node.module else [])])
            else:
                base = node.module or ""
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def below(folder: Path) -> list[Path]:
    found = [path for path in SHIPPED if folder in path.parents]
    assert found
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_inside_the_plugin_are_relative_and_qt_comes_through_qgis(path: Path) -> None:
    for name in imports(path):
        assert not name.startswith(("PyQt5", "PyQt6", "csplus.")), name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert (node.module or "").split(".")[0] not in ("csplus_plugin", "algorithms")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_ee_at_load_time(path: Path) -> None:
    assert not [name for name in imports(path, top_level=True) if name.split(".")[0] == "ee"]


def test_expressions_are_built_with_the_library_that_was_chosen() -> None:
    """`import ee` would take another plugin's old copy; under TYPE_CHECKING it is only a name."""
    for path in SHIPPED:
        if path != PLUGIN / "core" / "library.py":
            lines = path.read_text(encoding="utf-8").splitlines()
            guarded = "if TYPE_CHECKING:" in lines
            found = [line for line in lines if line.strip() == "import ee"]
            assert found in ([], ["    import ee"] if guarded else []), path


@pytest.mark.parametrize("folder", ["core", "earthengine", "download", "sandbox"])
def test_the_lower_floors_know_no_qgis(folder: str) -> None:
    for path in below(PLUGIN / folder):
        assert not [name for name in imports(path) if name.split(".")[0] in ("qgis", "processing")], path


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("core", (*ABOVE[1:], "sandbox")),
        ("earthengine", ABOVE[2:]),
        ("download", (*ABOVE[3:], "sandbox")),
        ("layers", (*ABOVE[4:], "sandbox")),
        ("processing", ("gui", "sandbox", "provider", "plugin")),
        ("sandbox", ("core", *ABOVE[1:])),
    ],
)
def test_a_floor_knows_only_what_is_below(folder: str, forbidden: tuple[str, ...]) -> None:
    for path in below(PLUGIN / folder):
        for name in imports(path):
            parts = name.split(".")
            assert not (parts[0] == "csplus_plugin" and len(parts) > 1 and parts[1] in forbidden), (
                path,
                name,
            )
            assert parts[0] != "algorithms", (path, name)


@pytest.mark.parametrize(
    "folder", [ROOT / "algorithms", *(PLUGIN / name for name in ("core", "download", "processing"))]
)
def test_no_window_and_no_open_project(folder: Path) -> None:
    for path in below(folder):
        text = path.read_text(encoding="utf-8")
        assert "iface" not in text, path
        assert "QgsProject.instance" not in text, path


def test_the_root_has_no_side_effects() -> None:
    names = set(imports(ROOT / "__init__.py", top_level=True))
    assert {name.split(".")[0] for name in names} <= {"__future__", "typing"}


def test_core_and_sandbox_start_without_ee() -> None:
    modules = (
        *("core.picture", "core.recipe", "core.script", "core.survey"),
        *("sandbox.server", "settings", "earthengine.client"),
    )
    code = (
        f"import sys; import {', '.join(f'csplus_plugin.{name}' for name in modules)};"
        " sys.exit('ee' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


SHARED = (
    "collection_ids",
    "errors",
    "made_by",
    "meter",
    "nesting",
    "sharing",
    "service_model",
    "folders",
    "assumptions",
)
"""The sandbox's files that every room may use."""


def rooms() -> list[str]:
    """The sandbox's rooms from the ground up, as CONTRIBUTING lists them."""
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("| room | idea |")[1]
    return re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE)


def test_contributing_names_every_room() -> None:
    folders = {path.parent.name for path in (PLUGIN / "sandbox").glob("*/__init__.py")}
    assert set(rooms()) == folders
    files = {path.stem for path in (PLUGIN / "sandbox").glob("*.py")}
    assert files == {*SHARED, "__init__", "__main__", "server"}


@pytest.mark.parametrize("room", rooms())
def test_a_room_of_the_sandbox_imports_only_rooms_below_it(room: str) -> None:
    allowed = {*SHARED, *rooms()[: rooms().index(room) + 1]} - ({"samples"} - {room})
    for path in below(PLUGIN / "sandbox" / room):
        for name in imports(path):
            parts = name.split(".")
            if parts[:2] == ["csplus_plugin", "sandbox"] and len(parts) > 2:
                assert parts[2] in allowed, (path, name)


def test_samples_are_written_without_the_rest() -> None:
    own = ("csplus_plugin.sandbox.samples", "csplus_plugin.sandbox.collection_ids")
    for path in below(PLUGIN / "sandbox" / "samples"):
        for name in imports(path):
            within = name == "csplus_plugin.sandbox" or name.startswith(own)
            assert not name.startswith("csplus_plugin") or within, name


def test_no_two_files_import_each_other_in_a_circle() -> None:
    known = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SHIPPED}
    needs = {
        module: {name for name in imports(path) if name in known and name != module}
        for module, path in known.items()
    }
    # Take away what needs nothing that is left; what then remains stands in a circle or above one.
    while free := [module for module, needed in needs.items() if not needed & set(needs)]:
        for module in free:
            del needs[module]
    assert not needs
