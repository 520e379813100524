from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from csplus.csplus_plugin.core import picture, script
from csplus.csplus_plugin.core.errors import CsPlusError, InvalidChoice
from csplus.csplus_plugin.core.recipe import Recipe
from hypothesis import HealthCheck, given, settings

from ..support.recipes import SIMPLE, composites

QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def without_references(expression: dict) -> object:
    """Write every shared node where it is used, and constants in one way: the numbering of nodes says nothing."""

    def resolve(node: object) -> object:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "valueReference" in node:
            return resolve(expression["values"][node["valueReference"]])
        if "functionDefinitionValue" in node:
            definition = node["functionDefinitionValue"]
            return [definition["argumentNames"], resolve(expression["values"][definition["body"]])]
        if "arrayValue" in node:
            return resolve(node["arrayValue"]["values"])
        if "constantValue" in node:
            return node["constantValue"]
        if "functionReference" in node:
            called = resolve(expression["values"][node["functionReference"]])
            return [called, resolve(node["arguments"])]
        return {name: resolve(value) for name, value in node.items()}

    return resolve(expression["values"][expression["result"]])


@given(recipe=composites())
@QUICK
def test_the_python_script_is_the_plugins_own_expression(
    recipe: Recipe, ee_signatures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ee = ee_signatures
    # A style that draws bands of the file alone: for another the script loads its bands too, and the graphs differ.
    recipe = replace(
        recipe,
        output=replace(recipe.output, style="count"),
        target=replace(recipe.target, count_band=True),
    )
    monkeypatch.setattr(ee, "Initialize", lambda: None)
    names: dict = {}
    exec(script.render(recipe, ".py"), names)  # what a user runs

    def graph(image: object) -> object:
        return without_references(ee.serializer.encode(image, for_cloud_api=True))

    assert graph(names["image"]) == graph(picture.pixels(recipe))


@given(recipe=composites())
@settings(max_examples=10, deadline=None)
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to parse JavaScript")
def test_the_javascript_parses(recipe: Recipe) -> None:
    text = script.render(recipe, ".js")
    done = subprocess.run(["node", "--check", "-"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_recipe_comes_back_from_json(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    script.write(SIMPLE, path)
    assert Recipe.from_json(path.read_text()) == SIMPLE
    assert json.loads(path.read_text())["scenes"]["end"] == "2023-01-31"


def test_a_script_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "composite.js"
    script.write(SIMPLE, path)
    text = path.read_text()
    assert SIMPLE.to_json() in text
    assert '.filterDate("2023-01-01", "2023-02-01")' in text
    assert [child.name for child in tmp_path.iterdir()] == ["composite.js"]


def test_other_endings_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidChoice, match=r"\.js, \.py, \.json"):
        script.write(SIMPLE, tmp_path / "composite.txt")
    with pytest.raises(CsPlusError, match="cannot be written"):
        script.write(SIMPLE, tmp_path / "missing" / "composite.js")
