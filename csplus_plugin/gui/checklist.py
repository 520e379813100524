"""A field for several of many options: a line that names them, and a list to search and tick."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..core.labels import Option
from ..core.language import _

_ROWS, _LETTERS = 18, 55
"""Size of the list, in the font's own measure."""

_VALUE = Qt.ItemDataRole.UserRole


class ChecklistField(QWidget):
    """Shows what is ticked, and opens the list.

    Args:
        title: Of the list.
        options: In order.
        empty: What to show where nothing is ticked.

    Signals:
        changed: What is ticked has changed.
    """

    changed = pyqtSignal()

    def __init__(self, title: str, options: Sequence[Option], empty: str) -> None:
        super().__init__()
        self._title, self._options = title, options
        self._ticked: list[str] = []
        self._hidden: frozenset[str] = frozenset()
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        self.line.setPlaceholderText(empty)
        self.button = QToolButton()
        self.button.setText("…")
        self.button.setToolTip(_("Choose: {title}", title=title))
        self.button.setAccessibleName(_("Choose: {title}", title=title))
        self.button.clicked.connect(self.open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line)
        row.addWidget(self.button)
        self.setFocusProxy(self.button)

    def ticked(self) -> list[str]:
        """Give the options that are ticked, in the order of the options."""
        return [option.value for option in self._offered() if option.value in self._ticked]

    def tick(self, values: Collection[str]) -> None:
        """Tick these options and no others."""
        before = self.ticked()
        self._ticked = list(values)
        self._show(before)

    def hide_options(self, values: Iterable[str]) -> None:
        """Offer all options but these; one of them that was ticked counts again once it is offered again."""
        before = self.ticked()
        self._hidden = frozenset(values)
        self._show(before)

    def open(self) -> None:
        """Let the user tick."""
        dialog = Checklist(self._title, self._offered(), self.ticked(), self.window())
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.tick(dialog.ticked())
        dialog.deleteLater()

    def _offered(self) -> list[Option]:
        return [option for option in self._options if option.value not in self._hidden]

    def _show(self, before: Sequence[str]) -> None:
        found = self.ticked()
        chosen = [option for option in self._offered() if option.value in found]
        self.line.setText(", ".join(option.short for option in chosen))
        self.line.setToolTip("\n".join(option.label for option in chosen))
        self.line.setCursorPosition(0)
        if found != before:
            self.changed.emit()


class Checklist(QDialog):
    """The list, under headings, with a search.

    Args:
        title: Of the window.
        options: In order.
        ticked: Those that are ticked at first.
        parent: The window that it belongs to.
    """

    def __init__(
        self, title: str, options: Sequence[Option], ticked: Collection[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.search = QgsFilterLineEdit()
        self.search.setShowSearchIcon(True)
        self.search.setPlaceholderText(_("Search"))
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setRootIsDecorated(any(option.group for option in options))
        self._items = self._fill(options, ticked)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        for text, state in (
            (_("Tick all that are shown"), Qt.CheckState.Checked),
            (_("Tick none"), Qt.CheckState.Unchecked),
        ):
            button = QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _, state=state: self._set_all(state))
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        column = QVBoxLayout(self)
        for widget in (self.search, self.tree, buttons):
            column.addWidget(widget)
        metrics = self.fontMetrics()
        self.resize(_LETTERS * metrics.averageCharWidth(), _ROWS * metrics.lineSpacing() * 3 // 2)
        self.search.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from the search to the first that it found; in the list, Enter takes what is ticked."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.search.hasFocus():
            found = [item for item in self._items if not item.isHidden()]
            if self.search.text() and found:
                self.tree.setCurrentItem(found[0])
                self.tree.setFocus()
            event.accept()
        else:
            super().keyPressEvent(event)

    def ticked(self) -> list[str]:
        """Give what is ticked."""
        return [
            str(item.data(0, _VALUE)) for item in self._items if item.checkState(0) == Qt.CheckState.Checked
        ]

    def _fill(self, options: Sequence[Option], ticked: Collection[str]) -> list[QTreeWidgetItem]:
        headings: dict[str, QTreeWidgetItem] = {}
        for name in sorted({option.group for option in options if option.group}):
            headings[name] = QTreeWidgetItem(self.tree, [name])
            headings[name].setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        items = []
        for option in options:
            item = QTreeWidgetItem(headings.get(option.group) or self.tree, [option.label])
            item.setData(0, _VALUE, option.value)
            item.setToolTip(0, option.hint or option.label)
            is_ticked = option.value in ticked
            item.setCheckState(0, Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
            if is_ticked and item.parent() is not None:
                item.parent().setExpanded(True)
            items.append(item)
        return items

    def _filter(self, text: str) -> None:
        """Show the options that hold every word, under their headings."""
        words = text.casefold().split()
        for item in self._items:
            heading = item.parent()
            said = f"{item.text(0)} {heading.text(0) if heading else ''}".casefold()
            item.setHidden(not all(word in said for word in words))
        for place in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(place)
            if top.childCount():
                shown = [n for n in range(top.childCount()) if not top.child(n).isHidden()]
                top.setHidden(not shown)
                top.setExpanded(bool(words))

    def _set_all(self, state: Qt.CheckState) -> None:
        for item in self._items:
            if state == Qt.CheckState.Unchecked or not item.isHidden():
                item.setCheckState(0, state)
