"""What the colours of a live layer mean: a picture in the layer tree, which a project keeps."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.change import Change
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.layers import provenance
from qgis.core import QgsImageLegendNode, QgsLayerTreeModel, QgsProject, QgsRasterLayer
from qgis.PyQt.QtGui import QImage

from .test_renewal import live

SCENES = Scenes(region=Region.from_bounds(10, 50, 10.5, 50.25), start=date(2023, 1, 1), end=date(2023, 1, 31))
NDVI = Recipe(SCENES, Composite(indices=("NDVI",)), Output(style="index"))


def key(layer: QgsRasterLayer) -> QImage:
    text = layer.legendPlaceholderImage()
    return QImage.fromData(b64decode(text.removeprefix("base64:"))) if text else QImage()


def colours(image: QImage) -> list[str]:
    """Those of the middle of the first line, from left to right."""
    return [image.pixelColor(x, 10).name() for x in range(image.width())]


@pytest.fixture
def layer(qgis_new_project: None) -> QgsRasterLayer:
    return live("https://earthengine.googleapis.com")


def test_a_bar_from_the_lowest_colour_to_the_highest(layer: QgsRasterLayer) -> None:
    provenance.describe(layer, NDVI, None, sandbox=False)
    seen = [name for name in colours(key(layer)) if name != "#ffffff"]
    assert 145 <= len(seen) <= 150
    style, _ = NDVI.target.shown(SCENES, "index")
    for at, wanted in ((0, style.palette[0]), (-1, style.palette[-1])):
        red, green, blue = (int(seen[at][n : n + 2], 16) for n in (1, 3, 5))
        assert [red, green, blue] == pytest.approx([int(wanted[n : n + 2], 16) for n in (1, 3, 5)], abs=4)


def test_a_line_for_each_class(layer: QgsRasterLayer) -> None:
    before = Change(indices=("NBR",), bands=(), before_start=date(2022, 1, 1), before_end=date(2022, 1, 31))
    recipe = Recipe(SCENES, before, Output())
    provenance.describe(layer, recipe, None, sandbox=False)
    style, _ = before.shown(SCENES, None)
    image = key(layer)
    found = [image.pixelColor(10, 4 + 18 * line + 9).name() for line in range(len(style.classes))]
    assert found == [colour.lower() for colour in style.palette]


def test_it_goes_with_the_style(layer: QgsRasterLayer) -> None:
    provenance.describe(layer, NDVI, None, sandbox=False)
    provenance.describe_again(layer, replace(NDVI, output=Output(style="true_color")))
    assert key(layer).isNull()
    provenance.describe_again(layer, NDVI)
    assert not key(layer).isNull()


def test_a_project_keeps_it_and_the_layer_tree_shows_it(layer: QgsRasterLayer, tmp_path: Path) -> None:
    provenance.describe(layer, NDVI, None, sandbox=False)
    drawn = key(layer)
    QgsProject.instance().addMapLayer(layer)
    assert QgsProject.instance().write(str(tmp_path / "p.qgz"))
    again = QgsProject()
    assert again.read(str(tmp_path / "p.qgz"))
    node = again.layerTreeRoot().findLayers()[0]
    nodes = QgsLayerTreeModel(again.layerTreeRoot()).layerLegendNodes(node)
    assert [one for one in nodes if isinstance(one, QgsImageLegendNode)]
    assert key(node.layer()) == drawn
