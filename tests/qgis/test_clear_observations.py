"""Clear observations in the toolbox, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProject
from qgis.PyQt.QtGui import QImage

from .conftest import JANUARY, Recorder

ID = "csplus:clearobservations"
NAMES = ["observations", "clear", "clear_fraction", "longest_gap", "mean_score"]


def test_the_file_and_the_numbers_of_the_area(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    given = {**JANUARY, "OUTPUT": target, "LIVE": False}
    results = toolbox.run(ID, given, context=context, feedback=feedback)
    dataset = gdal.Open(target)
    assert [dataset.GetRasterBand(n + 1).GetDescription() for n in range(5)] == NAMES
    pixels = dict(zip(NAMES, dataset.ReadAsArray(), strict=True))
    inside = pixels["observations"] > 0
    assert (pixels["clear"][inside] <= pixels["observations"][inside]).all()
    assert pixels["observations"].max() <= results["DATE_COUNT"]
    assert (pixels["longest_gap"][inside] <= 30).all()
    assert results["MEAN_CLEAR"] == pytest.approx(pixels["clear"][inside].mean(), rel=0.05)
    assert results["MEAN_SCORE"] == pytest.approx(pixels["mean_score"][inside].mean(), rel=0.05)
    assert results["LONGEST_GAP"] <= pixels["longest_gap"].max()
    assert results["CLEAR_PERCENT"] > 90
    assert any("days with a score" in line for line in feedback.said)


def test_the_count_is_the_composite_s(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    given = {**JANUARY, "OUTPUT": target, "LIVE": False}
    toolbox.run(ID, given, context=context, feedback=feedback)
    clear = gdal.Open(target).ReadAsArray()[1]
    toolbox.run("csplus:cloudscore", {**given, "STATISTIC": "count"}, context=context, feedback=feedback)
    count = gdal.Open(target).ReadAsArray()
    inside = clear >= 0
    np.testing.assert_array_equal(clear[inside], count[inside])


@pytest.mark.parametrize("style", [None, "count", "score"])
def test_it_is_drawn_live_and_from_the_file(
    context: QgsProcessingContext, feedback: Recorder, target: str, style: str | None
) -> None:
    given = {**JANUARY, "OUTPUT": target, "STYLE": style}
    results = toolbox.runAndLoadResults(ID, given, context=context, feedback=feedback)
    tile = urllib.request.urlopen(results["TILE_URL"].format(z=14, x=2734, y=6353), timeout=60).read()
    drawn = QImage.fromData(tile)
    assert len({drawn.pixel(x, y) for x in range(4, 256, 8) for y in range(4, 256, 8)}) >= 4
    layers = {layer.providerType(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert layers["gdal"].renderer().usesBands() == [2 if style == "count" else 3]
