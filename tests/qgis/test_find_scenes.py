"""Find scenes in the toolbox, on the embedded sandbox's sample scenes: rows, layer, pages, and the next step."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import BadRequest, ComputationTooHeavy
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets import scene_list
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.processing import scene_pages
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsDateTimeRange,
    QgsExpressionContext,
    QgsFeature,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProject,
    QgsRenderContext,
    QgsVectorLayer,
    QgsVectorLayerTemporalContext,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from ..support.archives import L2A, SCORES, write_scene
from .conftest import JANUARY, Recorder

ID = "csplus:findscenes"


def find(context: QgsProcessingContext, feedback: Recorder, **values: Any) -> tuple[dict, list[QgsFeature]]:
    given = {**JANUARY, "OUTPUT": "memory:", **values}
    results = toolbox.run(ID, given, context=context, feedback=feedback)
    layer = results["OUTPUT"]
    if isinstance(layer, str):
        layer = QgsVectorLayer(layer)
    return results, list(layer.getFeatures())


@contextmanager
def loaded(context: QgsProcessingContext, feedback: Recorder, **values: Any) -> Iterator[QgsVectorLayer]:
    given = {**JANUARY, "OUTPUT": "TEMPORARY_OUTPUT", **values}
    toolbox.runAndLoadResults(ID, given, context=context, feedback=feedback)
    (layer,) = QgsProject.instance().mapLayers().values()
    yield layer


def test_every_scene_is_a_polygon_with_its_numbers(context: QgsProcessingContext, feedback: Recorder) -> None:
    results, scenes = find(context, feedback)
    assert len(scenes) == results["SCENE_COUNT"] == results["ROW_COUNT"] == 10
    assert [one["scored"] for one in scenes].count(False) == results["UNSCORED_COUNT"] == 1
    for one in scenes:
        assert one.geometry().wkbType() == QgsWkbTypes.Type.MultiPolygon
        assert one["date"].toString("yyyyMMdd") == one["id"][:8]
        assert one["tile"] == one["id"][-5:]
        assert one["orbit"] == 113
        if one["scored"]:
            assert 0 <= one["clear_fraction"] <= 1
            assert 0 < one["mean_cs"] < 1
            assert one["model_version"] == "sandbox-1"
        else:
            assert not one["clear_fraction"]
    shares = [one["clear_fraction"] for one in scenes if one["scored"]]
    assert max(shares) > 0.7
    assert min(shares) < 0.1
    assert any("1 request " in line for line in feedback.said)
    assert any("one pixel of 10 m is looked at every 20 m" in line for line in feedback.said)
    assert any("listed where MIN_CLEAR is 0, without a clear share" in line for line in feedback.warned)
    assert Recipe.from_json(results["RECIPE"]).target == scene_list.SceneList()


def test_a_large_area_is_sampled_and_that_is_said(context: QgsProcessingContext, feedback: Recorder) -> None:
    area = "-119.96,-119.86,37.38,37.45 [EPSG:4326]"
    find(context, feedback, EXTENT=area)
    assert any("one pixel of 10 m is looked at every 70 m" in line for line in feedback.said)
    small = "-119.9200,-119.9100,37.4100,37.4180 [EPSG:4326]"
    find(context, feedback, EXTENT=small)
    assert any("Every pixel of 10 m is looked at." in line for line in feedback.said)


def test_the_least_clear_share_filters_and_an_empty_answer_is_an_empty_layer(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    _, some = find(context, feedback, MIN_CLEAR=0.5)
    assert some
    assert all(one["clear_fraction"] >= 0.5 for one in some)
    results, none = find(context, feedback, MIN_CLEAR=1)
    assert (none, results["ROW_COUNT"]) == ([], 0)
    assert results["OUTPUT"].wkbType() == QgsWkbTypes.Type.MultiPolygon
    assert any("0 scenes listed, at least 100 percent clear" in line for line in feedback.said)


@pytest.mark.parametrize("share", [0.9999995, 1])
def test_a_scene_that_is_all_clear_is_listed_whatever_the_sum_of_weights_rounds_to(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    value = Client.value

    def rounded(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        for feature in answer["answer"][:2]:
            feature["properties"]["clear_fraction"] = share
        return answer

    monkeypatch.setattr(Client, "value", rounded)
    _, scenes = find(context, feedback, MIN_CLEAR=1)
    assert [one["clear_fraction"] for one in scenes] == [share, share]


def test_scenes_none_of_which_has_a_score_are_listed_all_the_same(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results, scenes = find(context, feedback, START="2023-01-11", END="2023-01-11")
    assert [one["scored"] for one in scenes] == [False]
    assert (results["DATE_COUNT"], results["FIRST_DATE"]) == (0, "")


def test_a_scene_without_a_pixel_in_the_area_has_no_score_there_in_rows_and_counts(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the edge of the swath: the footprint touches the area, the pixels do not."""
    empty = np.full((60, 60), np.nan)
    west, whole = empty.copy(), np.full((60, 60), 0.8)
    west[:, :10] = 0.8
    scenes = {"05": whole, "10": west, "15": empty}  # day -> its pixels, and so its scores
    for day, score in scenes.items():
        index = f"202301{day}T184751_202301{day}T184746_T11SKB"
        place = {"origin": (240_000.0, 4_146_000.0)}
        write_scene(tmp_path, L2A, index, {"B4": np.where(np.isnan(score), np.nan, 500)}, **place)
        write_scene(tmp_path, SCORES, index, {"cs_cdf": score, "cs": score}, **place)
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(tmp_path))
    area = "-119.9360,-119.9325,37.4206,37.4234 [EPSG:4326]"  # columns 14 and on
    results, rows = find(context, feedback, EXTENT=area)
    assert [one["scored"] for one in rows] == [True, False, False]
    assert [results[f"{name}_COUNT"] for name in ("SCENE", "SCORED", "UNSCORED", "DATE")] == [3, 1, 2, 1]
    assert any("show nothing of the area, and count as unscored: 2" in line for line in feedback.said)
    with pytest.raises(Exception, match="2 of 3 scenes have no score"):
        find(context, feedback, EXTENT=area, UNSCORED_POLICY="fail")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"UNSCORED_POLICY": "keep"}, "cannot be graded"),
        ({"START": "2023-01-11", "END": "2023-01-11", "UNSCORED_POLICY": "fail"}, "have no score"),
        ({"START": "2016-01-01", "END": "2016-02-01"}, "begins on 2017-03-28"),
        ({"MIN_CLEAR": 80}, "MIN_CLEAR is 80"),
        ({"EXTENT": "10,10.1,50,50.1 [EPSG:4326]"}, "No scenes of L2A over the area"),
        ({"OUTPUT": "/no/such/folder/scenes.gpkg"}, "There is no folder /no/such/folder"),
    ],
)
def test_a_mistake_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, change: dict, said: str
) -> None:
    with pytest.raises(Exception, match=said):
        find(context, feedback, **change)


def test_the_layer_is_styled_named_and_in_time(context: QgsProcessingContext, feedback: Recorder) -> None:
    with loaded(context, feedback) as layer:
        assert layer.name() == "Find scenes 2023-01-01 to 2023-01-31 (sandbox)"
        names = {field.name(): layer.attributeDisplayName(n) for n, field in enumerate(layer.fields())}
        assert names["clear_fraction"] == "Clear in the area, 0 to 1 (cs_cdf >= 0.6)"
        assert names["no_context_fraction"] == "Share of the scene scored without its history, 0 to 1"
        assert json.loads(layer.customProperty("csplus/recipe"))["algorithm"] == "findscenes"
        assert "Copernicus" in layer.metadata().rights()[0]
        renderer, drawing = layer.renderer(), QgsRenderContext()
        drawing.setExpressionContext(QgsExpressionContext())
        drawing.expressionContext().setFields(layer.fields())
        renderer.startRender(drawing, layer.fields())
        labels = {}
        for one in layer.getFeatures():
            drawing.expressionContext().setFeature(one)
            keys = renderer.legendKeysForFeature(one, drawing)
            assert len(keys) == 1, one["id"]
            labels[one["id"][:8]] = next(
                item.label() for item in renderer.legendSymbolItems() if item.ruleKey() in keys
            )
        renderer.stopRender(drawing)
        assert labels["20230111"] == "no score"
        assert labels["20230106"] == "below 20 % clear"
        assert len(set(labels.values())) >= 3


@pytest.mark.parametrize("ending", ["", "gpkg"])
def test_the_temporal_controller_shows_each_scene_on_its_day(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, ending: str
) -> None:
    sink = str(tmp_path / "scenes.gpkg") if ending else "TEMPORARY_OUTPUT"
    with loaded(context, feedback, OUTPUT=sink) as layer:
        moments = [
            QDateTime.fromString(f"2023-01-16T{clock}Z", Qt.DateFormat.ISODate)
            for clock in ("00:00:00", "23:59:59")
        ]
        moment = QgsVectorLayerTemporalContext()
        moment.setLayer(layer)
        properties = layer.temporalProperties()
        assert properties.isActive()
        layer.setSubsetString("")
        layer.selectByExpression(properties.createFilterString(moment, QgsDateTimeRange(*moments)))
        assert {one["id"][:8] for one in layer.selectedFeatures()} == {"20230116"}
        assert layer.selectedFeatureCount() == 2


def test_more_scenes_than_one_answer_holds_come_in_pages(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, expected = find(context, feedback)
    for module in (scene_list, scene_pages):
        monkeypatch.setattr(module, "PAGE", 3)
    _, found = find(context, feedback)
    assert [one.attributes() for one in found] == [one.attributes() for one in expected]
    assert any("4 requests" in line for line in feedback.said)  # 3, 3, 3 and 1 of ten scenes


def test_a_window_that_is_too_heavy_is_asked_for_in_smaller_pages(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, expected = find(context, feedback)
    value = Client.value
    asked = []

    def limited(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        rows = answer.get("answer", []) if isinstance(answer, dict) else answer
        asked.append(len(rows))
        if len(rows) > 1:
            raise ComputationTooHeavy("User memory limit exceeded.")
        return answer

    monkeypatch.setattr(Client, "value", limited)
    _, found = find(context, feedback)
    assert [one.attributes() for one in found] == [one.attributes() for one in expected]
    assert asked[0] == 10
    assert asked.count(1) == 10


def test_a_cancel_between_two_pages_is_obeyed(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (scene_list, scene_pages):
        monkeypatch.setattr(module, "PAGE", 2)
    value, asked = Client.value, []

    def cancelling(self: Client, expression: Any) -> Any:
        asked.append(expression)
        if len(asked) == 3:
            feedback.cancel()
        return value(self, expression)

    monkeypatch.setattr(Client, "value", cancelling)
    with pytest.raises(Exception, match="Cancelled"):
        find(context, feedback)
    assert len(asked) == 3
    assert 20 < feedback.progress() < 30  # two of the eight scenes that are missing


def test_a_single_scene_that_is_too_heavy_is_said(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = Client.value

    def limited(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        if not isinstance(answer, dict) or "answer" in answer:
            raise ComputationTooHeavy("User memory limit exceeded.")
        return answer

    monkeypatch.setattr(Client, "value", limited)
    with pytest.raises(Exception, match="memory limit exceeded"):
        find(context, feedback)


@pytest.mark.parametrize(
    ("extent", "said"),
    [(JANUARY["EXTENT"], "refused the question"), ("10,10.1,50,50.1 [EPSG:4326]", "No scenes of L2A")],
)
def test_a_refused_question_is_explained_by_the_survey_where_no_scene_is_the_reason(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch, extent: str, said: str
) -> None:
    value = Client.value

    def refusing(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        if "answer" in answer:
            raise BadRequest("The service refused the question.")
        return answer

    monkeypatch.setattr(Client, "value", refusing)
    with pytest.raises(Exception, match=said):
        find(context, feedback, EXTENT=extent)


@pytest.mark.parametrize("damage", [None, [], "text", [{}], [{"properties": {"index": "a"}}], {"answer": 1}])
def test_a_damaged_answer_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    value = Client.value

    def damaged(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        return {**answer, "answer": damage} if isinstance(answer, dict) else damage

    monkeypatch.setattr(Client, "value", damaged)
    with pytest.raises(Exception, match="damaged"):
        find(context, feedback)


def test_a_model_goes_from_scenes_by_a_native_filter_to_the_pixels_of_one(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    """Find scenes -> the clear ones, by a native algorithm -> the clearest of them, by its id."""
    source = QgsProcessingModelChildParameterSource
    scenes = child(ID, "scenes", **JANUARY)
    clear = child("native:extractbyexpression", "clear", EXPRESSION='"clear_fraction" > 0.5 and "scored"')
    clear.addParameterSources("INPUT", [source.fromChildOutput("scenes", "OUTPUT")])
    scene = child("csplus:clearscene", "scene", EXTENT=JANUARY["EXTENT"], LIVE=False, BANDS=["B4"])
    clearest = 'array_first(aggregate(@clear_OUTPUT, \'array_agg\', "id", order_by:=-"clear_fraction"))'
    scene.addParameterSources("SCENE_ID", [source.fromExpression(clearest)])
    output = QgsProcessingModelOutput("PIXELS")
    output.setChildId("scene")
    output.setChildOutputName("OUTPUT")
    scene.setModelOutputs({"PIXELS": output})
    model = QgsProcessingModelAlgorithm("clearest scene", "test", "test")
    for one in (scenes, clear, scene):
        model.addChildAlgorithm(one)
    model.updateDestinationParameters()
    (destination,) = model.destinationParameterDefinitions()
    results, fine = model.run({destination.name(): target}, context, feedback)
    assert fine, feedback.warned
    assert results[destination.name()] == target
    taken = json.loads(gdal.Open(target).GetMetadataItem("CSPLUS_RECIPE"))["scenes"]["ids"]
    _, expected = find(context, feedback)
    best = max((one for one in expected if one["scored"]), key=lambda one: one["clear_fraction"])
    assert taken == [best["id"]]
    clear_metres = 100 * (gdal.Open(target).ReadAsArray() != 65535).sum()
    metres = 0.02 * 111_320 * math.cos(math.radians(37.416)) * 0.012 * 111_000
    assert clear_metres / metres == pytest.approx(best["clear_fraction"] * best["coverage"], abs=0.02)


def child(algorithm: str, name: str, **values: Any) -> QgsProcessingModelChildAlgorithm:
    """One step of a model."""
    made = QgsProcessingModelChildAlgorithm(algorithm)
    made.setChildId(name)
    made.setDescription(name)
    for parameter, value in values.items():
        made.addParameterSources(parameter, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    return made
