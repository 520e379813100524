"""A widget for each kind of setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QWidget

from ..core.language import _
from ..settings import Kind, Setting

_LARGEST = 10_000_000
"""Megabytes."""


@dataclass(frozen=True)
class Field:
    """A setting on a page.

    Attributes:
        setting: The setting.
        widget: Shows it.
        value: Reads the widget.
        show: Puts a value into the widget.
    """

    setting: Setting
    widget: QWidget
    value: Callable[[], str]
    show: Callable[[str], None]


def make_field(setting: Setting, parent: QWidget) -> Field:
    """Make the widget of a setting, with its present value; read-only where the environment decides."""
    field = _MAKERS[setting.kind](setting, parent)
    field.show(setting.value())
    field.widget.setAccessibleName(_(setting.label))
    field.widget.setToolTip(_(setting.help))
    field.widget.setEnabled(not setting.fixed_by())
    return field


def _text(setting: Setting, parent: QWidget) -> Field:
    widget = QLineEdit(parent)
    return Field(setting, widget, widget.text, widget.setText)


def _choice(setting: Setting, parent: QWidget) -> Field:
    widget = QComboBox(parent)
    widget.addItems(setting.choices)
    widget.setEditable(setting.kind is Kind.ENDPOINT)

    def show(value: str) -> None:
        if widget.findText(value) < 0 and not widget.isEditable():
            widget.addItem(value)  # a wrong one from the environment is shown as it is
        widget.setCurrentText(value)

    return Field(setting, widget, widget.currentText, show)


def _path(setting: Setting, parent: QWidget) -> Field:
    widget = QgsFileWidget(parent)
    modes = QgsFileWidget.StorageMode
    widget.setStorageMode(modes.GetDirectory if setting.kind is Kind.FOLDER else modes.GetFile)
    return Field(setting, widget, widget.filePath, widget.setFilePath)


def _megabytes(setting: Setting, parent: QWidget) -> Field:
    widget = QDoubleSpinBox(parent)
    widget.setDecimals(0)
    widget.setRange(1, _LARGEST)
    widget.setSuffix(" MB")

    def show(value: str) -> None:
        try:
            widget.setValue(float(value))
        except ValueError:
            widget.setValue(float(setting.default))

    return Field(setting, widget, lambda: f"{widget.value():.0f}", show)


_MAKERS: dict[Kind, Callable[[Setting, QWidget], Field]] = {
    Kind.TEXT: _text,
    Kind.ENDPOINT: _choice,
    Kind.CHOICE: _choice,
    Kind.FILE: _path,
    Kind.FOLDER: _path,
    Kind.MEGABYTES: _megabytes,
}
