"""Widgets of single parameters in Processing's own dialogs: labels in the place of codes, days that work at once.

`processing.parameters.dress` names a class here in a parameter's metadata, and QGIS's dialogs import and call it when
they open; without a desktop nothing of this is read, and a QGIS that does not know such metadata shows its own widget.
Values are the same as those of QGIS's widgets: options by their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsProcessingContext,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterDefinition,
    QgsRectangle,
)
from qgis.gui import (
    QgsAbstractProcessingParameterWidgetWrapper,
    QgsDoubleSpinBox,
    QgsGui,
    QgsProcessingGui,
    QgsProcessingParameterWidgetContext,
)
from qgis.PyQt.QtCore import QDate, QLocale, Qt
from qgis.PyQt.QtWidgets import QComboBox, QDialog, QHBoxLayout, QToolButton, QWidget

from ..core import catalog, labels
from ..core.default_days import default_day
from ..core.errors import InvalidChoice
from ..core.language import _, marked
from ..processing.emptied import is_blank
from ..processing.values import read_choice
from .checklist import ChecklistField

_DECIMALS = 6
"""As many as QGIS's own field takes."""

_AUTOMATIC = marked("Automatic")
"""No choice, where the algorithm then chooses by itself."""


class _Wrapper(QgsAbstractProcessingParameterWidgetWrapper):
    """What QGIS makes of the class that a parameter's metadata names."""

    def __new__(
        cls, definition: QgsProcessingParameterDefinition, dialog: QDialog, *_: Any, **__: Any
    ) -> Any:
        """Make the widget; in the modeler QGIS's own, which takes inputs, expressions and results of other steps."""
        if type(dialog).__name__ == "ModelerParametersDialog":
            return cls._in_modeler(definition, dialog)
        return super().__new__(cls)

    def __init__(
        self, definition: QgsProcessingParameterDefinition, dialog: QDialog, *_: Any, **__: Any
    ) -> None:
        is_batch = type(dialog).__name__ == "BatchAlgorithmDialog"
        kind = QgsProcessingGui.WidgetType.Batch if is_batch else QgsProcessingGui.WidgetType.Standard
        super().__init__(definition, kind)
        self._holder: QWidget | None = None
        self.setDialog(dialog)

    def createWrappedWidget(self, context: QgsProcessingContext) -> QWidget:
        """Make the widget, and show the default.

        In the place of QGIS's own, which hands a widget that Python made back as if it were a new one: the first handle
        is then taken for dead, and QGIS ends when the dialog is deleted.
        """
        if self._holder is None:
            self._holder = self.createWidget()
            self.setParameterValue(self.parameterDefinition().defaultValue(), context)
        return self._holder

    def wrappedWidget(self) -> QWidget | None:
        """Give the widget, once it is made."""
        return self._holder

    def createWidget(self) -> QWidget:
        """Make the widget."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        self.inner = self._make()
        row.addWidget(self.inner)
        holder.setFocusProxy(self.inner)
        return holder

    def _make(self) -> QWidget:
        raise NotImplementedError

    @classmethod
    def _in_modeler(cls, definition: QgsProcessingParameterDefinition, dialog: Any) -> QWidget:
        made = QgsGui.processingGuiRegistry().createModelerParameterWidget(
            dialog.model, dialog.childId, definition, dialog.context
        )
        made.setDialog(dialog)
        return made

    def _tell(self) -> None:
        self.widgetValueHasChanged.emit(self)


class Choice(_Wrapper):
    """One option: a box of labels."""

    def _make(self) -> QWidget:
        definition = self.parameterDefinition()
        self._box = QComboBox()
        if definition.flags() & Qgis.ProcessingParameterFlag.Optional:
            self._box.addItem(_(_AUTOMATIC), None)
        for option in labels.options(definition.name(), definition.options()):
            self._box.addItem(option.label, option.value)
            self._box.setItemData(self._box.count() - 1, option.hint, Qt.ItemDataRole.ToolTipRole)
        self._box.setToolTip(definition.toolTip())
        self._box.currentIndexChanged.connect(self._take)
        self._take()
        return self._box

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Choose an option by its name or place; the default for what is none."""
        del context
        self._box.setCurrentIndex(max(self._box.findData(_read(self.parameterDefinition(), value)), 0))

    def widgetValue(self) -> str | None:
        """Give the name of the option; QGIS also asks while a dialog goes, when the box is gone."""
        return self._value

    def _take(self) -> None:
        self._value: str | None = self._box.currentData()
        self._tell()


class Choices(_Wrapper):
    """Several options: a line, and a list to tick; bands are those of the product."""

    def _make(self) -> QWidget:
        definition = self.parameterDefinition()
        name = definition.name()
        self._field = ChecklistField(
            definition.description(), labels.options(name, definition.options()), labels.empty_text(name)
        )
        self._field.setToolTip(definition.toolTip())
        self._field.changed.connect(self._tell)
        return self._field

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Tick options; none where they were emptied, the default where nothing is given."""
        del context
        self._field.tick(_read(self.parameterDefinition(), value) or [])

    def widgetValue(self) -> list[str]:
        """Give the names of the options."""
        return self._field.ticked()

    def postInitialize(self, wrappers: Iterable[QgsAbstractProcessingParameterWidgetWrapper]) -> None:
        """Follow the product, where there is one."""
        if self.parameterDefinition().name() == "BANDS":
            for other in wrappers:
                if other.parameterDefinition().name() == "PRODUCT":
                    other.widgetValueHasChanged.connect(self._follow)
                    self._follow(other)

    def _follow(self, product: QgsAbstractProcessingParameterWidgetWrapper) -> None:
        found = catalog.PRODUCTS.get(str(product.parameterValue()))
        if found is not None:
            self._field.hide_options(set(self.parameterDefinition().options()) - set(found.bands))

    @classmethod
    def _in_modeler(cls, definition: QgsProcessingParameterDefinition, dialog: Any) -> QWidget:
        """Let a model keep that nothing is ticked: QGIS hands over no source at all, which is the default."""
        made = super()._in_modeler(definition, dialog)
        native = made.value

        def value() -> Any:
            found = native()
            if found == [] and definition.defaultValue() is not None:
                return QgsProcessingModelChildParameterSource.fromExpression("''")
            return found

        made.value = value
        return made


class Number(_Wrapper):
    """A number with decimals, of which no more are shown than it has: 0.60, 10."""

    def _make(self) -> QWidget:
        definition = self.parameterDefinition()
        self._field = _Decimals(2 if definition.maximum() <= 1 else 0)
        self._field.setDecimals(_DECIMALS)
        self._field.setRange(definition.minimum(), definition.maximum())
        self._field.setSingleStep(0.05 if definition.maximum() <= 1 else 1)
        self._field.setExpressionsEnabled(True)
        self._field.setClearValue(definition.defaultValue())
        self._field.setToolTip(definition.toolTip())
        self._field.valueChanged.connect(self._take)
        self._take()
        return self._field

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Show a number; the default for what is none."""
        del context
        try:
            number = float(self.parameterDefinition().defaultValue() if is_blank(value) else value)
        except (TypeError, ValueError):
            number = float(self.parameterDefinition().defaultValue())
        self._field.setValue(number)

    def widgetValue(self) -> float:
        """Give the number."""
        return self._value

    def _take(self) -> None:
        self._value = self._field.value()
        self._tell()


class _Decimals(QgsDoubleSpinBox):
    def __init__(self, least: int) -> None:
        self._least = least  # before, because the field writes its text while it is made
        super().__init__()

    def textFromValue(self, value: float) -> str:
        """Write a number without zeros at its end, but for the least decimals."""
        decimals = len(f"{value:.{_DECIMALS}f}".partition(".")[2].rstrip("0"))
        return QLocale().toString(value, "f", max(decimals, self._least))


class _Around(_Wrapper):
    """QGIS's own widget, with something added."""

    def __init__(
        self, definition: QgsProcessingParameterDefinition, dialog: QDialog, *_: Any, **__: Any
    ) -> None:
        super().__init__(definition, dialog)
        self._native = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(definition, self.type())
        self._native.setDialog(dialog)
        self._native.widgetValueHasChanged.connect(self._tell)

    def setWidgetContext(self, context: QgsProcessingParameterWidgetContext) -> None:
        """Pass it on."""
        super().setWidgetContext(context)
        self._native.setWidgetContext(context)

    def _make(self) -> QWidget:
        return self._native.createWrappedWidget(QgsProcessingContext())

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Pass it on."""
        self._native.setParameterValue(value, context)

    def widgetValue(self) -> Any:
        """Take it from there."""
        return self._native.parameterValue()


class Day(_Around):
    """A day that has to be given: at first, one of the last whole month."""

    def _make(self) -> QWidget:
        made = super()._make()
        self.setWidgetValue(None, QgsProcessingContext())
        return made

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:
        """Show a day; without one, that of the last whole month."""
        if is_blank(value):
            today = QDate.currentDate()
            found = default_day(
                self.parameterDefinition().name(), date(today.year(), today.month(), today.day())
            )
            value = QDate(found.year, found.month, found.day)
        super().setWidgetValue(value, context)


class Extent(_Around):
    """An extent, with a button for that of the map."""

    def _make(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        inner = super()._make()
        row.addWidget(inner)
        self._canvas = self.widgetContext().mapCanvas()
        if self._canvas is not None:
            button = QToolButton()
            button.setText(_("Map"))
            button.setToolTip(_("Take the extent of the map"))
            button.setAccessibleName(_("Take the extent of the map"))
            button.clicked.connect(self._take_map)
            row.addWidget(button)
        made.setFocusProxy(inner)
        return made

    def _take_map(self) -> None:
        extent, crs = self._canvas.extent(), self._canvas.mapSettings().destinationCrs()
        if (
            crs.isValid() and not crs.authid()
        ):  # one of the user's own, which nothing outside the project would know
            extent, crs = _in_degrees(extent, crs)
        sides = (extent.xMinimum(), extent.xMaximum(), extent.yMinimum(), extent.yMaximum())
        self.setWidgetValue(f"{','.join(map(repr, sides))} [{crs.authid()}]", QgsProcessingContext())


def _in_degrees(
    extent: QgsRectangle, crs: QgsCoordinateReferenceSystem
) -> tuple[QgsRectangle, QgsCoordinateReferenceSystem]:
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    try:
        found = QgsCoordinateTransform(crs, geographic, QgsCoordinateTransformContext())
        return found.transformBoundingBox(extent), geographic
    except QgsCsException:
        return extent, crs


def _read(definition: QgsProcessingParameterDefinition, value: Any) -> Any:
    """Read options as a run does; the default for null, and for what a run would refuse."""
    if value is not None and not (is_blank(value) and not isinstance(value, str)):
        try:
            found = read_choice(definition, value)
        except InvalidChoice:
            found = None
        if found is not None:
            return found
    default = definition.defaultValue()
    return default if default is None else read_choice(definition, default)
