"""The rows of time series join back to their features, whatever tells these apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from qgis import processing as toolbox
from qgis.core import QgsFeature, QgsField, QgsGeometry, QgsProcessingContext, QgsVectorLayer
from qgis.PyQt.QtCore import QDate, QMetaType

from .conftest import Recorder

KIND = QMetaType.Type
WINDOW = {"START": "2023-01-06", "END": "2023-01-10", "MIN_CLEAR": 0}
TEXTS = (
    *("a,b", 'say "x"', "O'Neil", "a;b", "Süd ☃", "a  b", " lead", "no\u00a0break", "NULL", ""),
    *("\N{MAN}\u200d\N{EAR OF RICE}", "tab\tinside", "two\nlines", "<b>&amp;</b>", "x" * 250, "%s {0} \\"),
)


def points(kind: KIND, values: tuple[Any, ...]) -> QgsVectorLayer:
    """Make a layer of a point for each value, which stands in the field `id`."""
    layer = QgsVectorLayer("Point?crs=EPSG:4326", "points", "memory")
    layer.dataProvider().addAttributes([QgsField("id", kind)])
    layer.updateFields()
    features = []
    for number, value in enumerate(values):
        feature = QgsFeature(layer.fields())
        feature.setAttribute("id", value)
        feature.setGeometry(QgsGeometry.fromWkt(f"POINT({-119.914 + 0.0005 * number} 37.416)"))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def series(context: QgsProcessingContext, feedback: Recorder, layer: QgsVectorLayer, table: str) -> str:
    given = {**WINDOW, "FEATURES": layer, "ID_FIELD": "id", "TABLE": table}
    return toolbox.run("csplus:timeseries", given, context=context, feedback=feedback)["TABLE"]


@pytest.mark.parametrize("ending", ["", "gpkg"])
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (KIND.QString, TEXTS),
        (KIND.Int, (3, -5, 0, 2**31 - 1)),
        (KIND.LongLong, (2**40, -1, 2, -(2**40))),
        (KIND.Double, (1.0, 2.5, 1e20, -0.1)),
        (KIND.QDate, (QDate(2023, 1, 1), QDate(2023, 1, 2))),
        (KIND.Bool, (True, False)),
    ],
    ids=["text", "int", "long", "double", "date", "bool"],
)
def test_every_row_finds_its_feature(
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    kind: KIND,
    values: tuple[Any, ...],
    ending: str,
) -> None:
    layer = points(kind, values)
    table = series(context, feedback, layer, str(tmp_path / "series.gpkg") if ending else "TEMPORARY_OUTPUT")
    given = {"INPUT": layer, "FIELD": "id", "INPUT_2": table, "FIELD_2": "feature", "METHOD": 1}
    joined = toolbox.run(
        "native:joinattributestable", {**given, "OUTPUT": "memory:"}, context=context, feedback=feedback
    )
    assert joined["JOINED_COUNT"] == len(values)
    found = {feature["id"]: feature["feature"] for feature in joined["OUTPUT"].getFeatures()}
    assert found == {value: value for value in values}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("a", "b", "a"), "does not tell the features apart"),
        ((None, "b", None), "does not tell the features apart"),
        (("x" * 1_001, "b"), "more than 1,000 characters"),
    ],
)
def test_a_field_that_cannot_be_joined_by_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, values: tuple[Any, ...], said: str
) -> None:
    with pytest.raises(Exception, match=said):
        series(context, feedback, points(KIND.QString, values), "memory:")


def test_one_feature_without_an_id_keeps_its_rows(context: QgsProcessingContext, feedback: Recorder) -> None:
    table = series(context, feedback, points(KIND.QString, ("a", None)), "memory:")
    keys = [row["feature"] for row in table.getFeatures()]
    assert keys.count("a") == len(keys) / 2 > 0
