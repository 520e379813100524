"""The comparison with the real service, as far as it goes without one: the sandbox answers every question."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import ee
import pytest
from csplus.csplus_plugin.sandbox.archive.archive import Archive
from csplus.csplus_plugin.sandbox.folders import sample_scenes
from csplus.csplus_plugin.sandbox.graph.evaluator import Evaluator

SCRIPT = Path(__file__).resolve().parents[1] / "live" / "compare.py"


def load() -> object:
    spec = importlib.util.spec_from_file_location("compare", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


compare = load()


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(Archive(sample_scenes()))


@pytest.mark.parametrize("section", compare.SECTIONS, ids=lambda section: section.__name__)
def test_questions(evaluator: Evaluator, section: object) -> None:
    for question, build in section():
        answer = compare.sandbox_answer(evaluator, ee.serializer.encode(build(), for_cloud_api=True))
        refused = answer["error"] if isinstance(answer, dict) and "error" in answer else None
        if section is compare.errors:
            assert refused, question
            assert "not supported" not in refused, question
        elif question not in {"an empty date range", "a kernel"}:
            assert refused is None, (question, refused)


def test_what_is_the_same() -> None:
    assert compare.same({"a": [1, 2.0000001]}, {"a": [1.0, 2]})
    assert not compare.same({"a": [1]}, {"a": [1, 2]})
    assert not compare.same(None, 0)
    assert not compare.same(True, "yes")


def test_it_asks_nobody_without_being_told() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CSPLUS_LIVE"}
    done = subprocess.run(
        [sys.executable, SCRIPT], check=False, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "CSPLUS_LIVE=1" in done.stdout
