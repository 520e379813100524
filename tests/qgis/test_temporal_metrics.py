"""Temporal metrics in the toolbox, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import urllib.request

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.metrics import Metrics
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProject
from qgis.PyQt.QtGui import QImage

from .conftest import JANUARY, Recorder

ID = "csplus:metrics"


def run(context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(ID, {**JANUARY, "LIVE": False, **values}, context=context, feedback=feedback)


def test_a_band_for_each_pair(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    run(context, feedback, OUTPUT=target, STATISTICS="median,range,count")
    dataset = gdal.Open(target)
    names = [dataset.GetRasterBand(n + 1).GetDescription() for n in range(dataset.RasterCount)]
    assert names == [f"{v}_{s}" for v in ("B4", "B8", "NDVI") for s in ("median", "range", "count")]
    assert Recipe.from_json(dataset.GetMetadataItem("CSPLUS_RECIPE")).target == Metrics(
        statistics=("median", "range", "count")
    )
    pixels = dict(zip(names, dataset.ReadAsArray(), strict=True))
    assert (pixels["NDVI_range"][pixels["NDVI_count"] > 1] >= 0).all()
    np.testing.assert_array_equal(pixels["B4_median"] == -9999, pixels["B4_count"] <= 0)


def test_bands_alone_stay_whole_numbers(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    run(context, feedback, OUTPUT=target, INDICES="", BANDS="B4")
    dataset = gdal.Open(target)
    assert dataset.GetRasterBand(1).DataType == gdal.GDT_UInt16
    assert dataset.GetRasterBand(1).GetScale() == pytest.approx(0.0001)
    assert dataset.GetRasterBand(3).GetScale() in (None, 1)  # a count has none


def test_the_median_is_the_composite_s(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    run(context, feedback, OUTPUT=target, INDICES="", STATISTICS="median")
    found = gdal.Open(target).ReadAsArray()
    given = {**JANUARY, "LIVE": False, "OUTPUT": target, "BANDS": "B4,B8"}
    toolbox.run("csplus:clearcomposite", given, context=context, feedback=feedback)
    np.testing.assert_array_equal(found, gdal.Open(target).ReadAsArray())


@pytest.mark.parametrize(
    ("values", "least"),
    [
        ({"BANDS": "B4", "INDICES": "", "STATISTICS": "median"}, 20),
        ({"BANDS": "", "INDICES": "NDVI", "STATISTICS": "p90"}, 20),
        ({"BANDS": "", "INDICES": "NDVI", "STATISTICS": "range"}, 20),
        ({"BANDS": "B4", "INDICES": "", "STATISTICS": "count"}, 3),
    ],
)
def test_the_first_band_is_drawn_live_and_from_the_file(
    context: QgsProcessingContext, feedback: Recorder, target: str, values: dict, least: int
) -> None:
    results = toolbox.runAndLoadResults(
        ID, {**JANUARY, "OUTPUT": target, **values}, context=context, feedback=feedback
    )
    tile = urllib.request.urlopen(results["TILE_URL"].format(z=14, x=2734, y=6353), timeout=60).read()
    drawn = QImage.fromData(tile)
    assert len({drawn.pixel(x, y) for x in range(4, 256, 8) for y in range(4, 256, 8)}) > least
    layers = {layer.providerType(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert layers["gdal"].renderer().type() == "singlebandpseudocolor"
