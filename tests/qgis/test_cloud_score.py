"""Cloud score in the toolbox and in a model, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.score import Score
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProject
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QImage

from .conftest import JANUARY, Recorder

ID = "csplus:cloudscore"


def run(context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(ID, {**JANUARY, **values}, context=context, feedback=feedback)


def pixels(path: str) -> np.ndarray:
    return gdal.Open(path).ReadAsArray()


def test_the_file_holds_scores(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    results = run(context, feedback, OUTPUT=target, LIVE=False)
    dataset = gdal.Open(target)
    band = dataset.GetRasterBand(1)
    assert (dataset.RasterCount, band.GetDescription(), band.GetNoDataValue()) == (1, "cs_cdf_mean", -9999)
    scores = band.ReadAsArray()
    valid = scores[scores != -9999]
    assert valid.size > 0.7 * scores.size
    assert 0 <= valid.min() < valid.max() <= 1
    recipe = Recipe.from_json(dataset.GetMetadataItem("CSPLUS_RECIPE"))
    assert recipe.target == Score()
    assert results["RECIPE"] == recipe.to_json()
    assert results["SCENE_COUNT"] == results["SCORED_COUNT"] + results["UNSCORED_COUNT"]


def test_statistics_are_in_order(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    found = []
    for statistic in ("min", "percentile", "max"):
        run(context, feedback, STATISTIC=statistic, PERCENTILE=50, OUTPUT=target, LIVE=False)
        found.append(pixels(target))
    low, middle, high = found
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (low < high).any()


def test_the_count_is_that_of_the_composite(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    run(context, feedback, STATISTIC="count", OUTPUT=target, LIVE=False)
    counted = pixels(target)
    assert counted.dtype == np.uint16
    toolbox.run(
        "csplus:clearcomposite",
        {**JANUARY, "OUTPUT": target, "LIVE": False, "BANDS": [], "INDICES": [], "COUNT_BAND": True},
        context=context,
        feedback=feedback,
    )
    np.testing.assert_array_equal(counted, pixels(target))


@pytest.mark.parametrize(("statistic", "least"), [("mean", 20), ("count", 3)])
def test_it_is_drawn_live_and_from_the_file(
    context: QgsProcessingContext, feedback: Recorder, target: str, statistic: str, least: int
) -> None:
    parameters = {**JANUARY, "STATISTIC": statistic, "OUTPUT": target}
    results = toolbox.runAndLoadResults(ID, parameters, context=context, feedback=feedback)
    tile = urllib.request.urlopen(results["TILE_URL"].format(z=14, x=2734, y=6353), timeout=60).read()
    drawn = QImage.fromData(tile)
    assert len({drawn.pixel(x, y) for x in range(4, 256, 8) for y in range(4, 256, 8)}) > least
    layers = {layer.providerType(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert set(layers) == {"wms", "gdal"}
    subject = {"mean": "Score cs_cdf, mean", "count": "Clear days"}[statistic]
    assert layers["wms"].name() == f"{subject} 2023-01 (sandbox)"
    assert layers["gdal"].name() == f"{subject} 2023-01 (file, sandbox)"
    for layer in layers.values():
        assert layer.customProperty("csplus/recipe") == results["RECIPE"]
    renderer = layers["gdal"].renderer()
    assert renderer.type() == "singlebandpseudocolor"
    assert renderer.classificationMax() == (1 if statistic == "mean" else 20)
    image = layers["gdal"].previewAsImage(QSize(64, 64))
    assert len({image.pixel(x, y) for x in range(64) for y in range(64)}) > least


def test_the_recipe_is_on_the_layer_once(context: QgsProcessingContext, feedback: Recorder) -> None:
    layer = run(context, feedback)["LIVE_LAYER"]
    assert layer.customProperty("csplus/recipe")
    assert layer.metadata().history() == []
    assert "Mean of cs_cdf over every observation." in layer.metadata().abstract()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"UNSCORED_POLICY": "keep"}, "policy drop or fail"),
        ({"STATISTIC": "count", "STYLE": "score"}, "Choose count, or leave STYLE empty"),
        ({"METHOD": "median"}, "Cloud score has no parameter METHOD"),
        ({"EXTENT": "10,10.1,50,50.1 [EPSG:4326]"}, "No scenes of L2A"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, change: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(context, feedback, **change)
