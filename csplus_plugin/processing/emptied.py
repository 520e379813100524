"""What a user emptied, written so that it stays empty wherever QGIS keeps it.

A value that is null, or not given at all, means the default: for models, shells and scripts alike, as Processing has
it. Where a parameter has a default, an emptied one means none. Of that QGIS keeps too little: history turns `[]` and
the empty text into null, its command for a shell leaves `[]` out, and either would run with the default. A list of one
empty text, and a text of one space, come back from history, JSON, Python, shell and models; they are read as none, like
`[]` and the empty text themselves. A null of QGIS's own, as expressions have it, would be written as 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from qgis.core import (
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QDate, Qt, QVariant

NO_CHOICE = [""]
"""No option at all, in the place of an empty list."""

NO_TEXT = " "
"""No text, in the place of an empty one."""


def kept_empty(
    definitions: Iterable[QgsProcessingParameterDefinition], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the parameters of a dialog, with what was emptied written so that it is kept.

    Args:
        definitions: Of the algorithm's parameters.
        parameters: As the dialog has them.
    """
    values = {name: None if is_blank(value) else value for name, value in parameters.items()}
    for definition in definitions:
        name = definition.name()
        if name not in parameters:
            continue
        given, has_default = parameters[name], definition.defaultValue() is not None
        if isinstance(definition, QgsProcessingParameterEnum) and definition.allowMultiple():
            if _is_emptied(given):
                values[name] = list(NO_CHOICE) if has_default else []
        elif isinstance(definition, QgsProcessingParameterString) and has_default:
            if isinstance(given, str) and is_blank(given):
                values[name] = NO_TEXT
        elif isinstance(definition, QgsProcessingParameterDateTime) and isinstance(given, str):
            # QGIS would write a text without quotes into a command of Python.
            day = QDate.fromString(given.strip(), Qt.DateFormat.ISODate)
            values[name] = day if day.isValid() else values[name]
    return values


def is_blank(value: Any) -> bool:
    """Tell whether a value is nothing: null in one of its forms, or a text of spaces."""
    if isinstance(value, QVariant):
        return value.isNull()
    return value is None or (isinstance(value, str) and not value.strip())


def _is_emptied(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(is_blank, value))
    return isinstance(value, str) and is_blank(value)
