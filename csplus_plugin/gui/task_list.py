"""The list of export tasks: a row each, filled anew with every look, without moving under whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from qgis.PyQt.QtCore import QSignalBlocker, QSize, Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from ..core.ages import age
from ..core.language import _, marked
from ..earthengine.operations import Operation
from ..earthengine.task_text import name_of, state_of

_COLUMNS = (marked("Task"), marked("State"), marked("Age"), marked("EECU-s"))
_NUMBERS = (2, 3)
"""Columns whose texts stand on the right."""

_IDENTITY = Qt.ItemDataRole.UserRole
_SIDE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_RIGHT = int(getattr(_SIDE, "value", _SIDE))
"""As a number, which a list of Qt 5 and of Qt 6 both read."""


class TaskList(QTreeWidget):
    """A table with one row chosen, or several; tasks of others are in italics."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setHeaderLabels(list(map(_, _COLUMNS)))
        self.setAccessibleName(_("Export tasks"))
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.headerItem().setToolTip(3, _("Computation that the task has cost, in EECU-seconds"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setTextElideMode(
            Qt.TextElideMode.ElideMiddle
        )  # names differ at their ends: year_2023-01, year_2023-02

    def minimumSizeHint(self) -> QSize:
        """Give names room beside the other columns, in any font."""
        letters = self.fontMetrics()
        return QSize(52 * letters.averageCharWidth(), 8 * letters.lineSpacing())

    def chosen(self) -> set[str]:
        """Give the ids of the tasks that are chosen."""
        return {item.data(0, _IDENTITY) for item in self.selectedItems()}

    def fill(self, tasks: Iterable[Operation], now: datetime) -> None:
        """Show tasks; what was chosen stays so, and so does the place that the list was moved to."""
        wanted, current = self.chosen(), self.currentItem()
        at = current.data(0, _IDENTITY) if current is not None else None
        place = self.verticalScrollBar().value()
        blocker = QSignalBlocker(self)
        self.clear()
        items = {task.identity: self._add(task, now) for task in tasks}
        if at in items:
            self.setCurrentItem(items[at])
        for identity, item in items.items():
            item.setSelected(identity in wanted)
        blocker.unblock()
        self.verticalScrollBar().setValue(place)

    def _add(self, task: Operation, now: datetime) -> QTreeWidgetItem:
        cost = "" if task.eecu_seconds is None else f"{task.eecu_seconds:.0f}"
        texts = [name_of(task), state_of(task), age(task.created, now), cost]
        item = QTreeWidgetItem(self, texts)
        item.setData(0, _IDENTITY, task.identity)
        item.setToolTip(
            0,
            task.description
            if task.is_ours
            else _("{description}, not started by this plugin", description=task.description),
        )
        item.setToolTip(1, task.error)
        for column in _NUMBERS:
            item.setData(column, Qt.ItemDataRole.TextAlignmentRole, _RIGHT)
        font = item.font(0)
        font.setItalic(not task.is_ours)
        item.setFont(0, font)
        return item
