"""The context menu of layers that carry a recipe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.gui.layer_menu import LayerMenu
from csplus.csplus_plugin.layers.provenance import RECIPE_PROPERTY
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsMapLayer, QgsProcessingContext, QgsRasterLayer
from qgis.gui import QgsLayerTreeView
from qgis.PyQt.QtWidgets import QApplication, QMenu

from .conftest import JANUARY
from .test_renewal import live


class Tree(QgsLayerTreeView):
    """A layer tree with one layer chosen."""

    layer: QgsMapLayer | None = None

    def currentLayer(self) -> QgsMapLayer | None:
        return self.layer


class Window:
    def __init__(self) -> None:
        self.tree = Tree()

    def layerTreeView(self) -> Tree:
        return self.tree


@pytest.fixture
def window(qgis_new_project: None) -> Iterator[Window]:
    made = Window()
    yield made
    made.tree.deleteLater()


@pytest.fixture
def menu(window: Window) -> Iterator[LayerMenu]:
    made = LayerMenu(window)
    made.said = []
    made.done.connect(made.said.append)
    made.failed.connect(made.said.append)
    yield made
    made.stop()


def opened(window: Window) -> dict:
    """Open the context menu; the actions of ours by their texts."""
    shown = QMenu()
    window.tree.contextMenuAboutToShow.emit(shown)
    window.shown = shown
    return {action.text(): action for sub in shown.findChildren(QMenu) for action in sub.actions()}


def test_a_live_layer_and_the_file_of_a_run_open_the_dialog_filled_in(
    context: QgsProcessingContext,
    window: Window,
    menu: LayerMenu,
    target: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled = []
    monkeypatch.setattr(toolbox, "createAlgorithmDialog", lambda *given: filled.append(given))
    given = {**JANUARY, "THRESHOLD": 0.55, "METHOD": "best", "STYLE": "swir", "OUTPUT": target}
    results = toolbox.run("csplus:clearcomposite", given, context=context)
    dropped = QgsRasterLayer(target, "dropped")
    for layer in (results["LIVE_LAYER"], dropped):
        window.tree.layer = layer
        opened(window)["Edit and run again…"].trigger()
        algorithm, parameters = filled.pop()
        assert algorithm == "csplus:clearcomposite"
        again = toolbox.run(algorithm, {**parameters, "LIVE": False}, context=context)
        assert again["RECIPE"] == results["RECIPE"]
        opened(window)["Copy recipe"].trigger()
        assert QApplication.clipboard().text() == results["RECIPE"]
        assert menu.said.pop().startswith("The recipe of ")
    assert "Tune…" not in opened(window)  # the file cannot be
    assert menu.said == []


def test_the_tags_of_a_file_count_and_not_a_style_that_was_pasted(
    context: QgsProcessingContext, window: Window, menu: LayerMenu, target: str
) -> None:
    recipe = toolbox.run(
        "csplus:clearcomposite", {**JANUARY, "LIVE": False, "OUTPUT": target}, context=context
    )["RECIPE"]
    window.tree.layer = QgsRasterLayer(target, "mine")
    other = json.loads(recipe)
    other["scenes"]["threshold"] = 0.1
    window.tree.layer.setCustomProperty(RECIPE_PROPERTY, json.dumps(other))
    opened(window)["Copy recipe"].trigger()
    assert Recipe.from_json(QApplication.clipboard().text()).to_json() == recipe


def test_other_layers_are_left_alone(window: Window, menu: LayerMenu, tmp_path: Path) -> None:
    plain = tmp_path / "plain.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(plain), 2, 2)
    dataset.SetProjection("")
    del dataset
    tiles = QgsRasterLayer("type=xyz&url=http://127.0.0.1:9/{z}/{x}/{y}", "tiles", "wms")
    for layer in (None, QgsRasterLayer(str(plain), "plain"), QgsRasterLayer(str(tmp_path), "none"), tiles):
        window.tree.layer = layer
        assert opened(window) == {}
        assert window.shown.actions() == []


@pytest.mark.parametrize("recipe", ["{", '{"schema": 1, "algorithm": "x"}', "[" * 100_000])
def test_a_foreign_recipe_is_one_sentence(window: Window, menu: LayerMenu, recipe: str) -> None:
    window.tree.layer = live("http://127.0.0.1:9", recipe=recipe)
    for action in ("Edit and run again…", "Copy recipe"):
        opened(window)[action].trigger()
        assert "recipe" in menu.said.pop()
        assert menu.said == []


def test_the_layer_tree_is_let_go_of(window: Window) -> None:
    before = window.tree.receivers(window.tree.contextMenuAboutToShow)
    menu = LayerMenu(window)
    assert window.tree.receivers(window.tree.contextMenuAboutToShow) == before + 1
    menu.stop()
    assert window.tree.receivers(window.tree.contextMenuAboutToShow) == before
    window.tree.layer = live("http://127.0.0.1:9")
    assert opened(window) == {}
