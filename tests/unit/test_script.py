"""The printed scripts, run and compared with the plugin's own expressions; and read, as a person would."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from csplus.csplus_plugin.core import script
from csplus.csplus_plugin.core.bands import encoding
from csplus.csplus_plugin.core.errors import CsPlusError, InvalidChoice
from csplus.csplus_plugin.core.grid import grid_for
from csplus.csplus_plugin.core.picture import picture, pixels
from csplus.csplus_plugin.core.recipe import Recipe
from hypothesis import assume, given

from ..support.examples import examples
from ..support.graphs import graph
from ..support.recipes import SIMPLE, recipes

GOLDEN = Path(__file__).with_name("golden")


def rendered(recipe: Recipe, ending: str) -> str:
    try:
        return script.render(recipe, ending)
    except InvalidChoice as problem:
        # A pixel size that fits no grid over the region, which no download accepts either.
        assume("pixel" not in str(problem))
        raise


def run(text: str, ee: ModuleType, monkeypatch: pytest.MonkeyPatch) -> tuple[dict, dict[str, Any]]:
    """Run what a user runs; give its variables, and what it would export."""
    exported: dict[str, Any] = {}

    def to_drive(**options: Any) -> SimpleNamespace:
        exported.update(options)
        return SimpleNamespace(start=lambda: exported.update(started=True))

    names: dict = {}
    with monkeypatch.context() as patch:
        patch.setattr(ee, "Initialize", lambda: None)
        patch.setattr(ee.batch.Export.image, "toDrive", to_drive)
        exec(text, names)
    return names, exported


@given(recipe=recipes())
@examples()
def test_the_python_script_is_the_plugins_own_expression(
    recipe: Recipe, ee_signatures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, exported = run(rendered(recipe, ".py"), ee_signatures, monkeypatch)
    assert graph(names["picture"]) == graph(picture(recipe))
    assert graph(exported["image"]) == graph(pixels(recipe))


@given(recipe=recipes())
@examples()
def test_the_export_is_the_plugins_own_file(
    recipe: Recipe, ee_signatures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, exported = run(rendered(recipe, ".py"), ee_signatures, monkeypatch)
    grid = grid_for(recipe.scenes.region, recipe.output)
    code = encoding(recipe.target.file_bands(recipe.scenes))
    assert exported["started"]
    assert exported["crs"] == grid.crs
    assert exported["crsTransform"] == [grid.resolution, 0, grid.left, 0, -grid.resolution, grid.top]
    assert exported["formatOptions"] == {"noData": code.nodata}
    assert exported["maxPixels"] >= grid.width * grid.height
    assert recipe.target.ALGORITHM in exported["description"]


@pytest.mark.parametrize("ending", [".js", ".py"])
def test_the_dataset_pages_example_reads_as_on_the_page(ending: str, ee_signatures: ModuleType) -> None:
    assert script.render(SIMPLE, ending) == (GOLDEN / f"clear_composite{ending}.txt").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("ending", [".js", ".py"])
@given(recipe=recipes())
@examples(30)
def test_every_step_has_a_name_that_says_something(
    ending: str, recipe: Recipe, ee_signatures: ModuleType
) -> None:
    text = rendered(recipe, ending)
    for empty in ("forEach", "for_each", "images", "image2", "image_2", "condition", "geometry = ", "value"):
        assert f"{empty} =" not in text
        assert f"{empty}(" not in text
    assert "ee.apply(" not in text


def test_the_recipe_comes_back_from_json(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    script.write(SIMPLE, path)
    assert Recipe.from_json(path.read_text()) == SIMPLE
    assert json.loads(path.read_text())["scenes"]["end"] == "2023-01-31"


def test_a_script_says_what_it_is(tmp_path: Path, ee_signatures: ModuleType) -> None:
    path = tmp_path / "composite.js"
    script.write(SIMPLE, path)
    text = path.read_text()
    assert SIMPLE.to_json() in text
    assert "Pasquarella" in text
    assert [child.name for child in tmp_path.iterdir()] == ["composite.js"]


def test_other_endings_and_folders_are_refused(tmp_path: Path, ee_signatures: ModuleType) -> None:
    with pytest.raises(InvalidChoice, match=r"\.js, \.py, \.json"):
        script.write(SIMPLE, tmp_path / "composite.txt")
    with pytest.raises(CsPlusError, match="cannot be written"):
        script.write(SIMPLE, tmp_path / "missing" / "composite.js")
