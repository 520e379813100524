"""qgis_process speaks the language of QGIS's options, else the system's; what scripts rely on stays."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import JANUARY

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture
def in_japanese(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """A profile whose options say Japanese."""
    (options,) = Path(environment["QGIS_CUSTOM_CONFIG_PATH"]).rglob("QGIS3.ini")
    before = options.read_text(encoding="utf-8")
    options.write_text(f"{before}\n[locale]\noverrideFlag=true\nuserLocale=ja\n", encoding="utf-8")
    yield {**environment, "CSPLUS_ENDPOINT": "sandbox"}
    options.write_text(before, encoding="utf-8")


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["qgis_process", *arguments],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def test_help_is_japanese_and_ids_are_not(in_japanese: dict[str, str]) -> None:
    told = run(in_japanese, "help", "csplus:clearcomposite")
    assert told.returncode == 0, told.stderr
    assert "雲なし合成" in told.stdout
    assert "晴天判定のしきい値" in told.stdout
    for name in ("THRESHOLD", "UNSCORED_POLICY", "best_index", "true_color", "LIVE_LAYER"):
        assert name in told.stdout


def test_scripts_find_the_same_in_both_languages(
    environment: dict[str, str], in_japanese: dict[str, str]
) -> None:
    told = json.loads(run(in_japanese, "--json", "help", "csplus:clearcomposite").stdout)
    assert told["algorithm_details"]["name"] == "雲なし合成"
    assert {"EXTENT", "START", "END", "THRESHOLD"} <= told["parameters"].keys()
    assert told["parameters"]["METHOD"]["available_options"]["0"] == "median"
    assert "RECIPE" in told["outputs"]


def test_an_error_of_a_run_is_japanese(in_japanese: dict[str, str]) -> None:
    given = [f"{name}={value}" for name, value in JANUARY.items()]
    told = run(in_japanese, "run", "csplus:clearcomposite", "--", *given, "MONTHS=7", "LIVE=false")
    assert told.returncode != 0
    assert "シーンはありません。 月を増やしてください。" in told.stdout + told.stderr
    assert "Traceback" not in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("system", "is_japanese"), [("ja_JP.UTF-8", True), ("C.UTF-8", False), ("fr_FR.UTF-8", False)]
)
def test_without_a_choice_the_system_decides(
    environment: dict[str, str], system: str, is_japanese: bool
) -> None:
    told = run({**environment, "LC_ALL": system}, "help", "csplus:clearcomposite")
    assert told.returncode == 0, told.stderr
    assert bool(JAPANESE.search(told.stdout)) is is_japanese
