"""Parameter values as people hand them in -> values as their definitions want them, or one sentence.

QGIS takes the default where it does not understand a value: a misspelt method in a model would be a median without a
word. So every value is evaluated and compared with its definition here, for the dialog, the shell and models alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProperty,
)
from qgis.PyQt.QtCore import QVariant

from ..core.checks import shown
from ..core.errors import InvalidChoice
from ..core.language import _
from .emptied import is_blank
from .parameters import INTEGER

_YES, _NO = ("true", "yes", "on", "y", "t", "1"), ("false", "no", "off", "n", "f", "0")

_MANY = 20
"""Choices that a message lists; of more, only the nearest are named."""


def checked_values(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> dict[str, Any]:
    """Give the parameters with every choice, number, yes or no, and text in its definition's own type.

    What is not given, null or empty is left out, so that the default holds; choices and a text that somebody emptied
    stay empty, in each of the forms of `emptied`.

    Raises:
        InvalidChoice: A value is none of the choices, no number, out of range; with the nearest match.
    """
    values = dict(parameters)
    for definition in algorithm.parameterDefinitions():
        name = definition.name()
        if name not in values:
            continue
        value = _evaluated(values[name], context)
        read = next((read for kind, read in _READERS.items() if isinstance(definition, kind)), None)
        if value is None:
            del values[name]
        elif read is not None:
            found = read(definition, value)
            if found is None:
                del values[name]
            else:
                values[name] = found
    return values


def check_names(algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any]) -> None:
    """Refuse names that are no parameters: Processing ignores them, and a misspelt one would run with the default.

    Raises:
        InvalidChoice: With the nearest name.
    """
    known = [definition.name() for definition in algorithm.parameterDefinitions()]
    folded = {name.casefold(): name for name in known}
    for name in parameters:
        if name not in known:
            near = difflib.get_close_matches(name.casefold(), folded, 1)
            hint = (
                _("Did you mean {name}?", name=folded[near[0]])
                if near
                else _("It has {names}.", names=", ".join(known))
            )
            raise InvalidChoice(
                _("{algorithm} has no parameter {name}.", algorithm=algorithm.displayName(), name=name),
                hint,
            )


def _evaluated(value: Any, context: QgsProcessingContext) -> Any:
    """Evaluate what is data-defined; null becomes None, but a null text, which `NAME=` is at a shell, an empty one."""
    if isinstance(value, QgsProperty):
        value, _ = value.value(context.expressionContext(), None)
    if isinstance(value, QVariant) and value.isNull():
        return "" if value.typeName() == "QString" else None
    return value


def read_choice(definition: QgsProcessingParameterEnum, value: Any) -> str | list[str] | None:
    """Read one option, or several where the parameter takes them; None for an empty text where it takes one.

    Raises:
        InvalidChoice: It is none of the choices; with the nearest.
    """
    if not definition.allowMultiple():
        if isinstance(value, str) and not value.strip():
            return None
        return _option(definition, value)
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        items = [items]
    return [_option(definition, item) for item in items if not is_blank(item)]


def _option(definition: QgsProcessingParameterEnum, value: Any) -> str:
    """Find one option, by its name, or by its place as a model's own choice gives it."""
    options = definition.options()
    place = _whole(value) if not isinstance(value, (str, bool)) else None
    name = value.strip() if isinstance(value, str) else str(place)
    if name in options:  # a month is a number, too
        return name
    if place is not None and 0 <= place < len(options):
        return options[place]
    by_folded = {option.casefold(): option for option in options}
    text = str(value).strip().casefold()
    near = [by_folded[match] for match in difflib.get_close_matches(text, by_folded, 3)]
    hints = [_("Did you mean {name}?", name=_(" or ").join(near))] if near else []
    if len(options) <= _MANY:
        hints.append(_("Choose from {choices}.", choices=", ".join(options)))
    raise InvalidChoice(
        _("{name} is {value}, which is not one of its choices.", name=definition.name(), value=shown(value)),
        " ".join(hints),
    )


def _read_number(definition: QgsProcessingParameterNumber, value: Any) -> float | int | None:
    if isinstance(value, str) and not value.strip():
        return None
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None:
        raise InvalidChoice(
            _("{name} is {value}, which is not a number.", name=definition.name(), value=shown(value)),
            _("Write it like 0.65, without a unit."),
        )
    lowest, highest = definition.minimum(), definition.maximum()
    if not lowest <= number <= highest:
        raise InvalidChoice(
            _("{name} is {number:g}, which is out of range.", name=definition.name(), number=number),
            _("Choose a number {bounds}.", bounds=_range(definition)),
        )
    if definition.dataType() != INTEGER:
        return number
    whole = _whole(number)
    if whole is None:
        raise InvalidChoice(
            _("{name} is {number:g}, which is not a whole number.", name=definition.name(), number=number),
            _("Round it."),
        )
    return whole


def _range(definition: QgsProcessingParameterNumber) -> str:
    lowest, highest = definition.minimum(), definition.maximum()
    return (
        _("from {lowest:g} to {highest:g}", lowest=lowest, highest=highest)
        if highest < _UNBOUNDED
        else _("of at least {lowest:g}", lowest=lowest)
    )


_UNBOUNDED = 1e300
"""QGIS has the largest number of all for no bound."""


def _read_flag(definition: QgsProcessingParameterBoolean, value: Any) -> bool | None:
    text = str(value).strip().lower()
    if not text:
        return None
    if text not in (*_YES, *_NO):
        raise InvalidChoice(
            _("{name} is {value}.", name=definition.name(), value=shown(value)), _("Choose true or false.")
        )
    return text in _YES


def _read_text(definition: QgsProcessingParameterString, value: Any) -> str:
    del definition
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value if not is_blank(item))
    return "" if is_blank(value) else str(value)


def _read_layers(definition: QgsProcessingParameterMultipleLayers, value: Any) -> list[Any] | None:
    """Read a list of layers, in which a folder stands for the GeoTIFFs in it, by name."""
    del definition
    found: list[Any] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        found += _in_folder(item) if isinstance(item, str) else [item]
    return [item for item in found if item != ""] or None


def _in_folder(text: str) -> list[str]:
    try:
        folder = Path(text)
        files = sorted(folder.iterdir()) if text and folder.is_dir() else []
    except (OSError, ValueError):  # closed to us, or no path at all
        files = []
    return [str(file) for file in files if file.suffix.lower() in (".tif", ".tiff")] or [text]


def _whole(value: Any) -> int | None:
    try:
        return int(value) if int(value) == value else None
    except (TypeError, ValueError, OverflowError):
        return None


_READERS: dict[type[QgsProcessingParameterDefinition], Any] = {
    QgsProcessingParameterEnum: read_choice,
    QgsProcessingParameterNumber: _read_number,
    QgsProcessingParameterBoolean: _read_flag,
    QgsProcessingParameterString: _read_text,
    QgsProcessingParameterMultipleLayers: _read_layers,
}
