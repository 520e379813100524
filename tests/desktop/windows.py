"""What is wrong with a window: texts that are cut off, controls that the keyboard does not reach or that have no name.

Runs inside the real QGIS, on windows that are shown.
"""

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
    QWidget,
)

CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QAbstractSlider, QLineEdit, QAbstractItemView)
OWN_PARTS = (QComboBox, QAbstractSpinBox, QAbstractItemView)
"""Controls whose inner widgets are theirs, and no controls of their own."""

ROUNDING = 2
"""Pixels by which a widget may be narrower than its text asks for."""


def cut_off(window):
    """Give the texts that have less room than they need."""
    return sorted({said(widget) for widget in _shown(window) if said(widget) and not _has_room(widget)})


def without_keyboard(window):
    """Give the controls that Tab does not reach."""
    return sorted(
        f"{type(one).__name__} {said(one)}".strip()
        for one in _controls(window)
        if one.isEnabled() and not one.focusPolicy() & Qt.FocusPolicy.TabFocus
    )


def without_name(window):
    """Give the controls of which a screen reader could only tell what kind they are."""
    buddies = {label.buddy() for label in window.findChildren(QLabel) if label.buddy()}
    return sorted(
        f"{type(one).__name__} {one.objectName()}".strip()
        for one in _controls(window)
        if not (said(one) or one.accessibleName() or one.toolTip() or one in buddies)
    )


def said(widget):
    """Give the text that a label or a button shows."""
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text().replace("&", "").strip()
    return ""


def _has_room(widget):
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            return widget.height() + ROUNDING >= widget.heightForWidth(widget.width())
        return widget.width() + ROUNDING >= widget.minimumSizeHint().width()
    return widget.width() + ROUNDING >= widget.minimumSizeHint().width()


def _shown(window):
    return [one for one in window.findChildren(QWidget) if one.isVisible()]


def _controls(window):
    """Give what a user can do something with; the inner parts of a control, and what Qt adds by itself, left out."""
    found = []
    for one in _shown(window):
        parents = _parents(one, window)
        if isinstance(one, CONTROLS) and not isinstance(one, QScrollBar):
            if any(isinstance(parent, OWN_PARTS) for parent in parents):
                continue
            if one.objectName().startswith(("qt_dockwidget", "qt_toolbar", "ScrollLeft", "ScrollRight")):
                continue
            found.append(one)
    return found


def _parents(widget, window):
    found = []
    while (widget := widget.parentWidget()) is not None and widget is not window:
        found.append(widget)
    return found
