"""The README's tables and examples are what the code says."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from csplus.csplus_plugin.sandbox.assumptions import ASSUMPTIONS
from csplus.csplus_plugin.sandbox.graph.evaluator import supported

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "csplus_plugin" / "sandbox"
README = (SANDBOX / "README.md").read_text(encoding="utf-8")


def between(name: str) -> list[str]:
    return README.split(f"<!-- {name} -->\n")[1].split("\n<!-- end -->")[0].splitlines()


def test_every_assumption_has_its_row() -> None:
    rows = between("assumptions")[2:]
    assert rows == [f"| {question} | {choice} |" for question, choice in ASSUMPTIONS.items()]
    assert len(rows) > 50


def test_every_function_is_listed() -> None:
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in between("functions")[2:]]
    listed = [
        name if family == "alone" else f"{family}.{name}"
        for family, _, names in rows
        for name in names.split(", ")
    ]
    assert sorted(listed) == supported()
    for _, counts, names in rows:
        evaluated, known = map(int, counts.split(" of "))
        assert evaluated == len(names.split(", ")) <= known


def test_the_tool_writes_what_is_there() -> None:
    spec = importlib.util.spec_from_file_location("sandbox_readme", ROOT / "tools" / "sandbox_readme.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tables = {"assumptions": tool.assumptions(), "functions": tool.families()}
    assert tool.with_tables(README, tables) == README


@pytest.mark.parametrize("example", re.findall(r"```python\n(@function.*?)```", README, re.DOTALL))
def test_examples_are_the_code(example: str) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (SANDBOX / "functions").rglob("*.py"))
    lines = [line.strip() for line in example.strip().splitlines()]
    assert all(line in sources for line in lines if line)


def test_files_that_it_names_are_there() -> None:
    for name in re.findall(r"`((?:\w+/)*\w+\.py)`", README):
        assert (SANDBOX / name).exists() or (ROOT / name).exists(), name
