"""Algorithms through time in models, chained with native raster algorithms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
)

from .conftest import PLACE, Recorder

Source = QgsProcessingModelChildParameterSource


def chain(
    steps: Mapping[str, tuple[str, Mapping[str, Any], Mapping[str, tuple[str, str]]]], kept: tuple[str, str]
) -> QgsProcessingModelAlgorithm:
    """Build a model: step -> algorithm, fixed values, and outputs of other steps; one output is kept."""
    model = QgsProcessingModelAlgorithm("chain", "tests")
    for step, (identity, values, linked) in steps.items():
        child = QgsProcessingModelChildAlgorithm(identity)
        child.setChildId(step)
        for name, value in values.items():
            child.addParameterSources(name, [Source.fromStaticValue(value)])
        for name, (other, output) in linked.items():
            child.addParameterSources(name, [Source.fromChildOutput(other, output)])
        # Every raster is wanted, or the child would make none.
        if identity.startswith("csplus:") or step == kept[0]:
            result = QgsProcessingModelOutput(step, step)
            result.setChildId(step)
            result.setChildOutputName(kept[1] if step == kept[0] else _raster_of(identity))
            child.setModelOutputs({step: result})
        model.addChildAlgorithm(child)
    return model


def destinations(model: QgsProcessingModelAlgorithm, files: Mapping[str, Path]) -> dict[str, str]:
    """Give the files to the model's parameters, by the names of the steps; a model may put the step before a name."""
    names = [definition.name() for definition in model.parameterDefinitions()]
    return {name: str(files[name.split(":")[-1]]) for name in names}


def _raster_of(identity: str) -> str:
    return "OUTPUT_FOLDER" if identity == "csplus:periodiccomposites" else "OUTPUT"


def values(path: str, band: int = 1) -> np.ndarray:
    dataset = gdal.Open(path)
    return dataset.GetRasterBand(band).ReadAsArray()


SUMMER = {"EXTENT": PLACE, "START": "2023-06-01", "END": "2023-06-30", "LIVE": False}
WINTER = {"BEFORE_START": "2023-01-01", "BEFORE_END": "2023-01-31"}


def test_classes_of_change_are_counted(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    model = chain(
        {
            "change": ("csplus:change", {**SUMMER, **WINTER, "INDICES": ["NBR"]}, {}),
            "report": ("native:rasterlayeruniquevaluesreport", {"BAND": 5}, {"INPUT": ("change", "OUTPUT")}),
        },
        ("report", "OUTPUT_TABLE"),
    )
    given = destinations(model, {"change": tmp_path / "change.tif", "report": tmp_path / "report.csv"})
    results = toolbox.run(model, given, context=context, feedback=feedback)
    classes = values(str(tmp_path / "change.tif"), 5)
    report = results["CHILD_RESULTS"]["report"]
    assert report["NODATA_PIXEL_COUNT"] == (classes == -9999).sum()
    assert report["TOTAL_PIXEL_COUNT"] == classes.size
    assert results["CHILD_RESULTS"]["change"]["COMPARED_PERCENT"] > 90


def test_a_season_s_amplitude_becomes_a_mask(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    season = {**SUMMER, "START": "2023-01-01", "BANDS": "", "INDICES": ["NDVI"], "STATISTICS": ["range"]}
    table = {"TABLE": ["-1", "0.3", "0", "0.3", "3", "1"], "RASTER_BAND": 1, "NODATA_FOR_MISSING": True}
    model = chain(
        {
            "metrics": ("csplus:metrics", season, {}),
            "mask": ("native:reclassifybytable", table, {"INPUT_RASTER": ("metrics", "OUTPUT")}),
        },
        ("mask", "OUTPUT"),
    )
    given = destinations(model, {"metrics": tmp_path / "metrics.tif", "mask": tmp_path / "mask.tif"})
    toolbox.run(model, given, context=context, feedback=feedback)
    amplitude, mask = values(str(tmp_path / "metrics.tif")), values(str(tmp_path / "mask.tif"))
    known = (amplitude != -9999) & (np.abs(amplitude - 0.3) > 1e-6)
    np.testing.assert_array_equal(mask[known] == 1, amplitude[known] > np.float32(0.3))
    assert 0.01 < (mask[known] == 1).mean() < 0.99


def test_the_files_of_a_series_are_one_list(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    series = {**SUMMER, "START": "2023-04-01", "BANDS": "", "INDICES": ["NDVI"], "LOAD_FILES": False}
    model = chain(
        {
            "series": ("csplus:periodiccomposites", series, {}),
            "stack": ("gdal:buildvirtualraster", {"SEPARATE": True}, {"INPUT": ("series", "FILES")}),
        },
        ("stack", "OUTPUT"),
    )
    given = destinations(model, {"series": tmp_path / "months", "stack": tmp_path / "stack.vrt"})
    toolbox.run(model, given, context=context, feedback=feedback)
    months = np.stack([values(str(path)) for path in sorted((tmp_path / "months").glob("*.tif"))])
    assert len(months) == 3
    dataset = gdal.Open(str(tmp_path / "stack.vrt"))
    np.testing.assert_array_equal(dataset.ReadAsArray(), months)


def test_holes_are_counted_by_the_tier_that_filled_them(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    march = {**SUMMER, "START": "2023-03-01", "END": "2023-03-31", "BANDS": ["B4"], "EXTEND_YEARS": 0}
    model = chain(
        {
            "filled": ("csplus:gapfilledcomposite", march, {}),
            "report": ("native:rasterlayeruniquevaluesreport", {"BAND": 2}, {"INPUT": ("filled", "OUTPUT")}),
        },
        ("report", "OUTPUT_TABLE"),
    )
    given = destinations(model, {"filled": tmp_path / "filled.tif", "report": tmp_path / "report.csv"})
    results = toolbox.run(model, given, context=context, feedback=feedback)["CHILD_RESULTS"]
    tiers = values(str(tmp_path / "filled.tif"), 2)
    assert results["report"]["NODATA_PIXEL_COUNT"] == (tiers == 65535).sum()
    assert results["filled"]["FILLED_PERCENT"] > 0


def test_the_clearest_day_is_cut_out(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    day = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31", "LIVE": False, "BANDS": ["B4", "B8"]}
    model = chain(
        {
            "day": ("csplus:clearscene", day, {}),
            "statistics": ("native:rasterlayerstatistics", {"BAND": 2}, {"INPUT": ("day", "OUTPUT")}),
        },
        ("day", "OUTPUT"),
    )
    given = destinations(model, {"day": tmp_path / "day.tif"})
    results = toolbox.run(model, given, context=context, feedback=feedback)["CHILD_RESULTS"]
    near = values(str(tmp_path / "day.tif"), 2).astype(float)
    # QGIS multiplies by the file's scale.
    assert results["statistics"]["MEAN"] == pytest.approx(near[near != 65535].mean() * 1e-4)
    assert results["day"]["DATE_FOUND"] == "2023-01-21"
