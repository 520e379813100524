"""A target's table -> a feature sink: GeoPackage, CSV or a memory layer, as the user chose."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
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
from ..core.language import _
from ..core.table import Cell, Column, Table
from ..core.text import clean

_TYPES = {
    "text": QMetaType.Type.QString,
    "whole": QMetaType.Type.LongLong,
    "number": QMetaType.Type.Double,
    "day": QMetaType.Type.QDate,
    "flag": QMetaType.Type.Bool,
}


_LONGEST_CAUSE = 120
"""Characters of what a driver says of a failure: behind its first words may stand a whole command of SQL."""


@dataclass(frozen=True)
class Key:
    """A first column that keeps the type of the field from which it comes, so that rows can be joined by it.

    Attributes:
        field: The field.
        values: Cell of the column -> value of the field.
    """

    field: QgsField
    values: Mapping[Cell, Any]


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
    return write_rows(
        table.rows,
        columns,
        algorithm,
        parameters,
        name,
        context,
        shapes=table.shapes,
        is_of_places=table.is_of_places,
    )


def write_rows(
    rows: Iterable[Sequence[Cell]],
    columns: Sequence[Column],
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    name: str,
    context: QgsProcessingContext,
    *,
    shapes: Sequence[Mapping[str, Any] | None] = (),
    is_of_places: bool = False,
    key: Key | None = None,
) -> str:
    """Write rows as they come, so that no more than one has to be in memory; else as `write_table`.

    Rows that the user does not want as a table are gone through all the same: a report may be made of them.
    """
    fields = QgsFields()
    for place, column in enumerate(columns):
        own = key.field if key is not None and place == 0 else None
        fields.append(QgsField(column.name, _TYPES[column.kind]) if own is None else _like(own, column.name))
    kind = QgsWkbTypes.Type.MultiPolygon if is_of_places else QgsWkbTypes.Type.NoGeometry
    crs = QgsCoordinateReferenceSystem("EPSG:4326" if is_of_places else "")
    sink, destination = algorithm.parameterAsSink(parameters, name, context, fields, kind, crs)
    if sink is None:
        if parameters.get(name) in (None, ""):
            deque(rows, maxlen=0)
            return ""
        raise FileTrouble(_("{name} cannot be written.", name=name), _("Choose another file."))
    with _Table(name, sink, destination) as written:
        del sink
        for place, row in enumerate(rows):
            feature = QgsFeature(fields)
            values = [_value(cell, column) for cell, column in zip(row, columns, strict=True)]
            if key is not None:
                values[0] = key.values[row[0]]
            feature.setAttributes(values)
            if shapes and shapes[place] is not None:
                shape = QgsJsonUtils.geometryFromGeoJson(json.dumps(shapes[place]))
                shape.convertToMultiType()
                feature.setGeometry(shape)
            written.add(feature)
        written.close()
    return destination


class _Table:
    """A sink on its way: its file is whole in the end, or absent. It alone keeps the sink, so that it can close it."""

    def __init__(self, name: str, sink: QgsFeatureSink, destination: str) -> None:
        self._name, self._sink = name, sink
        self._file = Path(destination)  # of a layer in memory or in a database there is none
        self._rows = 0

    def __enter__(self) -> _Table:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_of_it: object) -> None:
        self._sink = None
        if kind is not None:
            with suppress(OSError):
                if self._file.is_file():
                    self._file.unlink()

    def add(self, feature: QgsFeature) -> None:
        """Write a row."""
        if not self._sink.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
            raise self._trouble()
        self._rows += 1

    def close(self) -> None:
        """Write what is left. That this fails nobody tells, so the file is looked at."""
        if not self._sink.flushBuffer():
            raise self._trouble()
        self._sink = None
        if self._file.is_file() and not _is_whole(self._file, self._rows):
            raise self._trouble()

    def _trouble(self) -> FileTrouble:
        cause = clean(self._sink.lastError(), _LONGEST_CAUSE) if self._sink is not None else ""
        return FileTrouble(
            _("{name} cannot be written: {cause}", name=self._name, cause=cause)
            if cause
            else _("{name} cannot be written whole.", name=self._name),
            _("Make room on the disk, or choose another file."),
        )


def _is_whole(file: Path, row_count: int) -> bool:
    """Tell whether a GeoPackage or a CSV file holds every row to its end; of other formats nothing is known."""
    ending = file.suffix.lower()
    if ending not in (".gpkg", ".csv"):
        return True
    if ending == ".csv" and not _ends_with_a_line(file):
        return False
    layer = QgsVectorLayer(str(file), "written", "ogr", QgsVectorLayer.LayerOptions(loadDefaultStyle=False))
    return layer.isValid() and layer.featureCount() == row_count


def _ends_with_a_line(file: Path) -> bool:
    """Tell whether the last row goes to its end: one that ends amid a number can be read, too."""
    with file.open("rb") as content:
        content.seek(max(0, file.stat().st_size - 1))
        return content.read() == b"\n"


def set_aliases(layer: QgsVectorLayer, columns: Sequence[Column]) -> None:
    """Show the labels of the columns in the place of their names; a file has no room for them."""
    for place, column in enumerate(columns, layer.fields().count() - len(columns)):
        layer.setFieldAlias(place, _(column.label))


def _like(field: QgsField, name: str) -> QgsField:
    """Make a field of the same type; of another provider's, the name of the type means nothing."""
    return QgsField(name, field.type(), "", field.length(), field.precision())


def _value(cell: Cell, column: Column) -> Any:
    if column.kind == "day" and isinstance(cell, str):
        return QDate.fromString(cell, Qt.DateFormat.ISODate)
    return cell
