"""The looks at a pixel as rows, which sort by any column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from ...core.catalog import SCORE_BANDS
from ...core.language import _, marked
from ...core.looks.inspection import Inspection, Look

_SIDE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_RIGHT = int(getattr(_SIDE, "value", _SIDE))
"""As a number, which a table of Qt 5 and of Qt 6 both read."""

PARTS = {"before": marked("before"), "after": marked("after")}
"""Windows of a change, by the labels of their parts."""


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        title: Its heading.
        text: What a cell says.
        key: What it is sorted by, not how it is written; None comes first.
        is_number: Whether it is aligned to the right.
        is_long: Whether its texts may be longer than a window has room for.
    """

    title: str
    text: Callable[[Look], str]
    key: Callable[[Look], Any]
    is_number: bool = False
    is_long: bool = False


class LooksModel(QAbstractTableModel):
    """Rows of one inspection.

    Args:
        parent: Who owns it.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looks: tuple[Look, ...] = ()
        self._order: list[int] = []
        self.columns: tuple[Column, ...] = ()

    def show_looks(self, found: Inspection | None) -> None:
        """Take other looks."""
        self.beginResetModel()
        self._looks = found.looks if found is not None else ()
        self._order = list(range(len(self._looks)))
        self.columns = _columns(found) if found is not None else ()
        self.endResetModel()

    def number_of(self, row: int) -> int:
        """Give the number of the look in a row."""
        return self._order[row]

    def row_of(self, number: int) -> int:
        """Give the row of a look."""
        return self._order.index(number)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows; here, because a proxy model asks for two cells at every comparison."""
        if not 0 <= column < len(self.columns):
            return
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        numbers = [self._order[index.row()] for index in before]
        key = self.columns[column].key
        keyed = [(key(look), number) for number, look in enumerate(self._looks)]
        known = sorted(one for one in keyed if one[0] is not None)
        ranked = [number for value, number in keyed if value is None] + [number for _, number in known]
        self._order = ranked if order == Qt.SortOrder.AscendingOrder else ranked[::-1]
        rows = {number: row for row, number in enumerate(self._order)}
        after = [
            self.index(rows[number], index.column()) for number, index in zip(numbers, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the looks."""
        return 0 if parent is not None and parent.isValid() else len(self._looks)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give what a cell says, and how it is aligned."""
        if not index.isValid():
            return None
        look, column = self._looks[self._order[index.row()]], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(look)
        if role == Qt.ItemDataRole.ToolTipRole:
            return look.why
        if role == Qt.ItemDataRole.TextAlignmentRole and column.is_number:
            return _RIGHT
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Give the headings."""
        is_heading = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return self.columns[section].title if is_heading and section < len(self.columns) else None


def _columns(found: Inspection) -> tuple[Column, ...]:
    other_scores = [name for name in SCORE_BANDS if name != found.score_band]
    made = [
        Column(
            _("Date"), lambda look: look.moment.strftime("%Y-%m-%d"), lambda look: look.moment.timestamp()
        ),
        Column(_("Tile"), lambda look: look.tile, lambda look: look.tile),
    ]
    if found.has_parts:
        made.append(Column(_("Window"), lambda look: _(PARTS.get(look.part, "")), lambda look: look.part))
    made += [
        Column(_("In result"), lambda look: _state(found, look), lambda look: (look.is_taken, look.is_clear)),
        Column(_("Why"), lambda look: look.why, lambda look: look.why, is_long=True),
        _number(found.score_band, lambda look: look.scores.get(found.score_band), 3),
        *(_number(name, lambda look, name=name: look.values.get(name), 4) for name in found.variables),
        *(_number(name, lambda look, name=name: look.scores.get(name), 3) for name in other_scores),
    ]
    return tuple(made)


def _state(found: Inspection, look: Look) -> str:
    if look.is_taken:
        return _("taken") if found.picks else _("counted")
    return _("clear") if look.is_clear else _("not clear")


def _number(title: str, value: Callable[[Look], float | None], decimals: int) -> Column:
    def text(look: Look) -> str:
        found = value(look)
        return "" if found is None else f"{found:.{decimals}f}"

    return Column(title, text, value, is_number=True)
