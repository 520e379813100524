"""Dialog, history, commands, JSON, models and batch mean the same run, for every parameter of every algorithm."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import qgis.core
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.processing.parameters import chosen
from csplus.csplus_plugin.processing.values import checked_values
from qgis.core import (
    NULL,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsProperty,
    QgsReferencedRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsGui, QgsHistoryProviderRegistry
from qgis.PyQt.QtCore import QDate, QDateTime, QTime

from .conftest import PLACE
from .test_contract import CONTRACT, made

AREAS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [[[x, 50], [x + 1, 50], [x, 51], [x, 50]]]},
        }
        for x in (10, 12)
    ],
}

GIVEN_NOTHING = object()
"""The parameter is left out."""

DAY = QDate(2023, 6, 15)


def handed_in(definition: QgsProcessingParameterDefinition, areas: Path) -> list[Any]:
    """What people, dialogs and models hand in for a parameter, the strange along with the usual."""
    default = definition.defaultValue()
    values: list[Any] = [GIVEN_NOTHING, None, NULL, *([] if default is None else [default])]
    kind = definition.type()
    if kind == "enum":
        options = definition.options()
        values += ["", options[-1]]
        if definition.allowMultiple():
            values += [[], [""], [None], ["", options[0]], ",".join(options[:2]), options[:2], options]
        values += [QgsProperty.fromExpression("2 - 1")]
    elif kind == "number":
        values += ["", definition.minimum(), f"{max(definition.minimum(), 1):g}"]
        values += [QgsProperty.fromExpression(f"{max(definition.minimum(), 0)} + 1")]
    elif kind == "boolean":
        values += [True, False, "false", 0]
    elif kind == "string":
        values += ["", " ", "0.3", 'it\'s, "so"', QgsProperty.fromExpression("1 + 1")]
    elif kind == "datetime":
        values += ["", "2023-06-15", DAY, QDateTime(DAY, QTime(0, 0))]
    elif kind == "crs":
        values += ["", "EPSG:3857", qgis.core.QgsCoordinateReferenceSystem("EPSG:32611")]
    elif kind == "extent":
        rectangle = qgis.core.QgsRectangle(-119.92, 37.41, -119.9, 37.422)
        crs = qgis.core.QgsCoordinateReferenceSystem("EPSG:4326")
        values += ["", PLACE, QgsReferencedRectangle(rectangle, crs)]
    elif kind == "source":
        layer = QgsVectorLayer(str(areas), "areas")
        QgsProject.instance().addMapLayer(layer)
        layer.selectByIds([1])
        values += ["", str(areas), layer.id(), QgsProcessingFeatureSourceDefinition(layer.id(), True)]
    return values


def meaning(
    algorithm: QgsProcessingAlgorithm, name: str, given: dict[str, Any], context: QgsProcessingContext
) -> Any:
    """What a run makes of the parameter, or the sentence with which it refuses it."""
    try:
        values = checked_values(algorithm, given, context)
    except InvalidChoice as refused:
        return f"refused: {refused}"
    definition = algorithm.parameterDefinition(name)
    kind = definition.type()
    if kind == "enum" and definition.allowMultiple():
        return chosen(algorithm, values, name, context)
    if kind == "enum":
        return algorithm.parameterAsEnumString(values, name, context)
    if kind == "number":
        return algorithm.parameterAsDouble(values, name, context), values.get(name) is None
    if kind == "boolean":
        return algorithm.parameterAsBoolean(values, name, context)
    if kind == "datetime":
        return algorithm.parameterAsDateTime(values, name, context).date()
    if kind == "crs":
        return algorithm.parameterAsCrs(values, name, context).authid()
    if kind == "extent":
        found = algorithm.parameterAsExtent(values, name, context)
        return found.toString(9), algorithm.parameterAsExtentCrs(values, name, context).authid()
    if kind == "source":
        source = algorithm.parameterAsSource(values, name, context)
        return source and (source.sourceName(), source.featureCount())
    return algorithm.parameterAsString(values, name, context).strip()


Way = Callable[[QgsProcessingAlgorithm, dict[str, Any], QgsProcessingContext], "dict[str, Any] | None"]


def _is_lost(given: dict[str, Any]) -> bool:
    """QGIS 3.40 writes the source of selected features into history, JSON and commands, but not that they were."""
    return any(isinstance(value, QgsProcessingFeatureSourceDefinition) for value in given.values())


def through_history(
    algorithm: QgsProcessingAlgorithm, given: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any] | None:
    if _is_lost(given):
        return None
    registry = QgsGui.historyProviderRegistry()
    entry = {"algorithm_id": algorithm.id(), "parameters": algorithm.asMap(given, context)}
    options = QgsHistoryProviderRegistry.HistoryEntryOptions()
    number, _ = registry.addEntry("processing", entry, options)
    found, _ = registry.entry(number)
    stored = found.entry["parameters"] or {}
    values, *_ = QgsProcessingUtils.preprocessQgisProcessParameters(stored.get("inputs") or {}, "")
    return values


def through_json(
    algorithm: QgsProcessingAlgorithm, given: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any] | None:
    if _is_lost(given):
        return None
    stored = json.loads(json.dumps(algorithm.asMap(given, context))) or {}
    values, *_ = QgsProcessingUtils.preprocessQgisProcessParameters(stored.get("inputs") or {}, "")
    return values


def through_python(
    algorithm: QgsProcessingAlgorithm, given: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any]:
    command = algorithm.asPythonCommand(given, context)
    names = {**vars(qgis.core), "QDate": QDate, "QDateTime": QDateTime, "QTime": QTime}
    return eval(command.removeprefix("processing.run"), names)[1]


def through_a_shell(
    algorithm: QgsProcessingAlgorithm, given: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any] | None:
    command, can_be_written = algorithm.asQgisProcessCommand(given, context)
    if not can_be_written or _is_lost(given):
        return None
    values: dict[str, Any] = {}
    for argument in shlex.split(command)[3:]:
        name, _, text = argument.removeprefix("--").partition("=")
        one = QgsProperty.fromExpression(text[11:]) if text.startswith("expression:") else text
        before = values.get(name)
        values[name] = one if before is None else [*(before if isinstance(before, list) else [before]), one]
    return values


def through_a_model(
    algorithm: QgsProcessingAlgorithm, given: dict[str, Any], context: QgsProcessingContext
) -> dict[str, Any] | None:
    model = QgsProcessingModelAlgorithm("one", "tests")
    child = QgsProcessingModelChildAlgorithm(algorithm.id())
    child.setChildId("child")
    for name, value in given.items():
        if isinstance(value, QgsReferencedRectangle):
            return None  # a model's file has no form for it, and the modeler writes a text
        source = QgsProcessingModelChildParameterSource
        one = source.fromExpression(value.expressionString()) if isinstance(value, QgsProperty) else None
        child.addParameterSources(name, [one or source.fromStaticValue(value)])
    model.addChildAlgorithm(child)
    file = Path(QgsProcessingUtils.tempFolder()) / "one.model3"
    model.toFile(str(file))
    again = QgsProcessingModelAlgorithm()
    assert again.fromFile(str(file))
    values = {}
    for name, sources in again.childAlgorithm("child").parameterSources().items():
        is_expression = sources[0].source() == qgis.core.Qgis.ProcessingModelChildParameterSource.Expression
        values[name] = (
            QgsProperty.fromExpression(sources[0].expression()) if is_expression else sources[0].staticValue()
        )
    return values


WAYS: dict[str, Way] = {
    "history": through_history,
    "JSON": through_json,
    "Python": through_python,
    "shell": through_a_shell,
    "model": through_a_model,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("identity", CONTRACT)
def test_the_same_run(context: QgsProcessingContext, tmp_path: Path, identity: str, way: str) -> None:
    areas = tmp_path / "areas.geojson"
    areas.write_text(json.dumps(AREAS))
    algorithm = made(identity)
    tried = 0
    for definition in algorithm.parameterDefinitions():
        if definition.isDestination():
            continue
        name = definition.name()
        for value in handed_in(definition, areas):
            given = {} if value is GIVEN_NOTHING else {name: value}
            typed = algorithm.preprocessParameters(given)
            meant = meaning(algorithm, name, given, context)
            if isinstance(meant, str) and meant.startswith("refused"):
                continue
            assert meaning(algorithm, name, typed, context) == meant, (name, value)
            found = WAYS[way](algorithm, typed, context)
            if found is None:
                continue
            assert meaning(algorithm, name, found, context) == meant, (name, value, found)
            tried += 1
    assert tried > 0 or not algorithm.parameterDefinitions()
    QgsProject.instance().clear()
