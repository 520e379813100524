"""`make test` gives the same verdict twice: no test draws what another run would not."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
OWN_SEED = {"attack", "benchmarks"}
"""Folders that no `make test` runs, and that print their seed."""
UNSEEDED = re.compile(r"default_rng\(\)|\bRandom\(\)|SystemRandom|urandom")
OF_THE_MODULE = re.compile(r"(?<!np\.)\brandom\.(?!Random\b)[a-z]\w*\(")


def sources() -> Iterator[tuple[Path, str]]:
    for path in sorted(TESTS.rglob("*.py")):
        inside = path.relative_to(TESTS)
        if inside.parts[0] not in OWN_SEED and "node_modules" not in inside.parts and path != Path(__file__):
            yield inside, path.read_text(encoding="utf-8")


def test_every_property_test_says_how_many_examples() -> None:
    """`examples` is the one door to hypothesis's settings, and keeps them the same in every run."""
    found = 0
    for path, source in sources():
        if path != Path("support/examples.py"):
            assert not re.search(r"\bsettings\(|register_profile|load_profile", source), path
        for node in ast.walk(ast.parse(source)):
            decorators = [ast.unparse(d) for d in getattr(node, "decorator_list", [])]
            if any(d.startswith("given(") for d in decorators):
                found += 1
                assert any(d.startswith("examples(") or d == "always" for d in decorators), (path, node.name)
    assert found > 30


def test_no_test_draws_by_chance() -> None:
    """Every generator has a seed, and none is Python's module itself."""
    for path, source in sources():
        assert not UNSEEDED.search(source), path
        if re.search(r"^import random\b", source, re.MULTILINE):
            assert not OF_THE_MODULE.search(source), path
        assert not re.search(r"^from random import", source, re.MULTILINE), path


DRAWING = """
from hypothesis import given, strategies as st
from examples import examples

@examples(10)
@given(st.integers())
def test_drawn(number):
    print("DRAWN", number)
"""


@pytest.mark.parametrize(
    ("factor", "seed", "same"), [(1, (1, 2), True), (2, (1, 1), True), (2, (1, 2), False)]
)
def test_what_is_drawn(tmp_path: Path, factor: int, seed: tuple[int, int], same: bool) -> None:
    """The same without a wish for more, whatever the seed and the profile; with it, the seed's."""
    (tmp_path / "test_drawn.py").write_text(DRAWING)
    paths = os.pathsep.join([str(TESTS / "support"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "CSPLUS_EXAMPLES": str(factor), "PYTHONPATH": paths}
    drawn = [
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:pytest_qgis", "-q", "-s", f"--hypothesis-seed={each}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for each in seed
    ]
    numbers = [[line for line in lines if "DRAWN" in line] for lines in drawn]
    assert len(numbers[0]) >= 5
    assert (numbers[0] == numbers[1]) is same
