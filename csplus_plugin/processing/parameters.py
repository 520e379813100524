"""Kinds of parameters: made, added with their help, and read.

What the choices mean is said in `core.catalog` alone; dialog, shell and README take it from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterNumber,
)

from ..core import catalog
from ..core.checks import shown
from ..core.errors import InvalidChoice
from ..core.language import _

INTEGER = Qgis.ProcessingNumberParameterType.Integer
_WIDGETS = f"{__name__.removesuffix('.processing.parameters')}.gui.parameter_widgets"
_DOUBLE = Qgis.ProcessingNumberParameterType.Double


def add(
    algorithm: QgsProcessingAlgorithm,
    definition: QgsProcessingParameterDefinition,
    help_text: str,
    *,
    advanced: bool = False,
) -> None:
    """Add a parameter with its help, and with its own widget in dialogs."""
    definition.setHelp(help_text)
    dress(definition)
    if advanced:
        definition.setFlags(definition.flags() | Qgis.ProcessingParameterFlag.Advanced)
    algorithm.addParameter(definition)


def dress(definition: QgsProcessingParameterDefinition) -> None:
    """Name the widget that QGIS's dialogs show for the parameter; it is imported when one opens.

    Days of a window that has to be given have a default in the dialog alone, the last whole month: at a shell and in a
    model, where nobody sees it, it would move with the calendar.
    """
    widget = ""
    if isinstance(definition, QgsProcessingParameterEnum):
        widget = "Choices" if definition.allowMultiple() else "Choice"
    elif isinstance(definition, QgsProcessingParameterNumber):
        is_plain = definition.dataType() == _DOUBLE and definition.defaultValue() is not None
        widget = "Number" if is_plain else ""
    elif isinstance(definition, QgsProcessingParameterExtent):
        widget = "Extent"
    elif isinstance(definition, QgsProcessingParameterDateTime):
        is_needed = not definition.flags() & Qgis.ProcessingParameterFlag.Optional
        widget = "Day" if is_needed and definition.defaultValue() is None else ""
    if widget:
        definition.setMetadata({"widget_wrapper": {"class": f"{_WIDGETS}.{widget}"}})


def choice(name: str, label: str, options: Iterable[str], default: str | None) -> QgsProcessingParameterEnum:
    """Make a parameter that takes one of the options; without a default, or none."""
    return QgsProcessingParameterEnum(name, label, list(options), False, default, default is None, True)


def choices(
    name: str, label: str, options: Iterable[str], default: list[str] | None = None
) -> QgsProcessingParameterEnum:
    """Make a parameter that takes several of the options, or none."""
    return QgsProcessingParameterEnum(name, label, list(options), True, default, True, True)


def number(
    name: str,
    label: str,
    default: float | None,
    lowest: float,
    highest: float | None,
    kind: Qgis.ProcessingNumberParameterType = _DOUBLE,
) -> QgsProcessingParameterNumber:
    """Make a parameter that takes a number within bounds; optional without a default."""
    definition = QgsProcessingParameterNumber(name, label, kind, default, optional=default is None)
    definition.setMinimum(lowest)
    if highest is not None:
        definition.setMaximum(highest)
    return definition


def explained(options: Mapping[str, str | catalog.Way]) -> str:
    """Explain each option in the catalogue's words, as help in the user's language."""
    return sentence(
        f"{name}: {_(meaning.use if isinstance(meaning, catalog.Way) else meaning)}"
        for name, meaning in options.items()
    )


def sentence(parts: Iterable[str]) -> str:
    """Join the parts of a help text."""
    return _("{what}.", what=_("; ").join(parts))


def paragraph(*sentences: str) -> str:
    """Put sentences, each in the user's language, one after the other."""
    return " ".join(sentences)


def day(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> date:
    """Read a calendar day.

    Raises:
        InvalidChoice: It is none.
    """
    # Only the calendar day: Processing reads a day as midnight in the machine's time zone.
    found = algorithm.parameterAsDateTime(parameters, name, context).date()
    if not found.isValid():
        raise InvalidChoice(_("{name} is not a day.", name=name), _("Write it as 2023-01-31."))
    return date(found.year(), found.month(), found.day())


def optional_day(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> date | None:
    """Read a calendar day that may be left out.

    Raises:
        InvalidChoice: Something is given, but it is no day.
    """
    return None if parameters.get(name) in (None, "") else day(algorithm, parameters, name, context)


def numbers(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    name: str,
    context: QgsProcessingContext,
    *,
    whole: bool = False,
) -> tuple[float, ...]:
    """Read numbers separated by commas; empty for none.

    Raises:
        InvalidChoice: One of them is no number, or no whole one where that is asked for.
    """
    # An empty text means none, where there is a default; Processing would take the default for it.
    text = "" if parameters.get(name) == "" else algorithm.parameterAsString(parameters, name, context)
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(float(int(part)) if whole else float(part))
        except ValueError as problem:
            kind = _("a whole number") if whole else _("a number")
            raise InvalidChoice(
                _("{part} in {name} is not {kind}.", part=shown(part), name=name, kind=kind),
                _("Write numbers separated by commas."),
            ) from problem
    return tuple(found)


def chosen(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> tuple[str, ...]:
    """Read several options; empty for none."""
    # An empty list means none, for a run that wants only an index; Processing would take the default for it.
    if parameters.get(name) in ([], ""):
        return ()
    # Where nothing is given and there is no default, one empty text arrives.
    return tuple(text for text in algorithm.parameterAsEnumStrings(parameters, name, context) if text)
