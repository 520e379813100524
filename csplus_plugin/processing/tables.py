"""A target's table -> a feature sink: GeoPackage, CSV or a memory layer, as the user chose."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsJsonUtils,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QMetaType, Qt

from ..core.errors import FileTrouble
from ..core.table import Cell, Column, Table

_TYPES = {
    "text": QMetaType.Type.QString,
    "whole": QMetaType.Type.LongLong,
    "number": QMetaType.Type.Double,
    "day": QMetaType.Type.QDate,
    "flag": QMetaType.Type.Bool,
}


def write_table(
    table: Table,
    columns: Sequence[Column],
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    name: str,
    context: QgsProcessingContext,
) -> str:
    """Write the rows to the sink of the parameter `name`.

    Returns:
        Id of the layer, or the file; empty where the user wants none.

    Raises:
        FileTrouble: The sink cannot be made or written.
    """
    fields = QgsFields()
    for column in columns:
        fields.append(QgsField(column.name, _TYPES[column.kind]))
    kind = QgsWkbTypes.Type.MultiPolygon if table.is_of_places else QgsWkbTypes.Type.NoGeometry
    crs = QgsCoordinateReferenceSystem("EPSG:4326" if table.is_of_places else "")
    sink, destination = algorithm.parameterAsSink(parameters, name, context, fields, kind, crs)
    if sink is None:
        if parameters.get(name) in (None, ""):
            return ""
        raise FileTrouble(f"{name} cannot be written.", "Choose another file.")
    for place, row in enumerate(table.rows):
        feature = QgsFeature(fields)
        feature.setAttributes([_value(cell, column) for cell, column in zip(row, columns, strict=True)])
        if table.shapes and table.shapes[place] is not None:
            shape = QgsJsonUtils.geometryFromGeoJson(json.dumps(table.shapes[place]))
            shape.convertToMultiType()
            feature.setGeometry(shape)
        if not sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise FileTrouble(f"{name} cannot be written: {sink.lastError()}", "Choose another file.")
    sink.flushBuffer()
    return destination


def set_aliases(layer: QgsVectorLayer, columns: Sequence[Column]) -> None:
    """Show the labels of the columns in the place of their names; a file has no room for them."""
    for place, column in enumerate(columns, layer.fields().count() - len(columns)):
        layer.setFieldAlias(place, column.label)


def _value(cell: Cell, column: Column) -> Any:
    if column.kind == "day" and isinstance(cell, str):
        return QDate.fromString(cell, Qt.DateFormat.ISODate)
    return cell
