"""The dock *Point inspector*: the pixel that was clicked, and every look at it, as a chart and as a table."""

from __future__ import annotations

from qgis.PyQt.QtCore import QItemSelectionModel, QModelIndex, QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDockWidget,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from ...core.language import _, marked
from ...core.looks.inspection import Inspection, Look, to_csv, written
from ...core.looks.question import MOST
from ...layers.looking import Looked
from .chart import LooksChart
from .table import LooksModel

TITLE = marked("Point inspector")
NAME = "csplusInspectorDock"
"""QGIS remembers by it where the dock was."""

_COPY, _COPIED = marked("Copy as CSV"), marked("Copied as CSV")
_SIZED_ROWS = 50
"""Rows after which the width of the columns is no longer measured."""
_WIDEST_WHY = 320
"""Pixels of the column at first; the user may widen it."""


class InspectorDock(QDockWidget):
    """Shows what was found; asks for nothing.

    Args:
        parent: The window.

    Signals:
        day_wanted: A `Look` whose day the user wants to see.
    """

    day_wanted = pyqtSignal(object)

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(_(TITLE), parent)
        self.setObjectName(NAME)
        self.found: Inspection | None = None
        self.heading, self.values, self.outcome = (QLabel(self) for _n in range(3))
        self._layer_name = ""
        self.variable = QComboBox(self)
        self.chart = LooksChart(self)
        self.model = LooksModel(self)
        self.table = QTableView(self)
        self.csv_button = QPushButton(_(_COPY), self)
        self.day_button = QPushButton(_("Use this day…"), self)
        self._lay_out()
        self._connect()
        self.clear()

    def clear(self) -> None:
        """Show nothing, and how to begin."""
        self._layer_name = ""
        self._show(None)
        self.say(
            _(
                "Click a pixel of a live layer, or of a GeoTIFF that the plugin made; Enter takes the middle of the "
                "map."
            )
        )

    def wait(self, layer_name: str) -> None:
        """Say that the answer is on its way; the one before stays until then."""
        self._layer_name = layer_name
        self.say(_("Asking for every look at this pixel…"))

    def fail(self, sentence: str) -> None:
        """Say what went wrong."""
        self._show(None)
        self.say(sentence)

    def show_found(self, looked: Looked) -> None:
        """Show what was found."""
        self._show(looked.inspection)
        cut = _("Only the first {count} looks are listed.", count=MOST) if looked.inspection.is_cut else ""
        self.say(" ".join(text for text in (looked.inspection.sentence, looked.note, cut) if text))

    def say(self, sentence: str) -> None:
        """Show a sentence below the heading."""
        self.outcome.setText(sentence)
        self.outcome.setVisible(bool(sentence))

    @property
    def selected(self) -> Look | None:
        """The look that is chosen."""
        rows = self.table.selectionModel().selectedRows()
        if self.found is None or not rows:
            return None
        return self.found.looks[self.model.number_of(rows[0].row())]

    def copy(self) -> None:
        """Put every look on the clipboard, in the order of the table."""
        if self.found is not None:
            numbers = map(self.model.number_of, range(self.model.rowCount()))
            looks = [self.found.looks[number] for number in numbers]
            QApplication.clipboard().setText(to_csv(self.found, looks))
            self.csv_button.setText(_(_COPIED))

    def choose(self, number: int) -> None:
        """Choose a look by its number, in the table and in the chart."""
        row = self.model.index(self.model.row_of(number), 0)
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(row, flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(row)

    def _show(self, found: Inspection | None) -> None:
        self.csv_button.setText(_(_COPY))
        chosen = self.variable.currentText()
        self.found = found
        self.model.show_looks(found)
        with QSignalBlocker(self.variable):
            self.variable.clear()
            self.variable.addItems(found.variables if found is not None else ())
            self.variable.setCurrentIndex(max(self.variable.findText(chosen), 0))
        self.chart.show_looks(found, self.variable.currentText())
        for widget in (self.variable, self.chart, self.table):
            widget.setEnabled(found is not None)
        self.csv_button.setEnabled(found is not None and bool(found.looks))
        self.day_button.setEnabled(False)
        self.heading.setText(self._heading(found) if found is not None else "")
        self.values.setText(_values(found) if found is not None else "")
        for label in (self.heading, self.values):
            label.setVisible(found is not None)
        self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self._size_columns()

    def _heading(self, found: Inspection) -> str:
        longitude, latitude = found.spot.centre
        return _(
            "{layer}, at {latitude:.5f}, {longitude:.5f}",
            layer=self._layer_name,
            latitude=latitude,
            longitude=longitude,
        )

    def _size_columns(self) -> None:
        self.table.resizeColumnsToContents()
        for number, column in enumerate(self.model.columns):
            if column.is_long:
                width = min(self.table.columnWidth(number), _WIDEST_WHY)
                self.table.setColumnWidth(number, width)

    def _on_row(self, now: QModelIndex, before: QModelIndex) -> None:
        del before
        number = self.model.number_of(now.row()) if now.isValid() else None
        self.chart.select(number)
        self.day_button.setEnabled(number is not None)

    def _on_variable(self) -> None:
        self.chart.show_looks(self.found, self.variable.currentText())

    def _on_day(self) -> None:
        if (look := self.selected) is not None:
            self.day_wanted.emit(look)

    def _connect(self) -> None:
        self.chart.chosen.connect(self.choose)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.table.doubleClicked.connect(self._on_day)
        self.variable.currentIndexChanged.connect(self._on_variable)
        self.csv_button.clicked.connect(self.copy)
        self.day_button.clicked.connect(self._on_day)

    def _lay_out(self) -> None:
        for label in (self.heading, self.values, self.outcome):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        bold = self.heading.font()
        bold.setBold(True)
        self.heading.setFont(bold)
        self.variable.setAccessibleName(_("Band or index of the chart"))
        self.variable.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.table.setModel(self.model)
        self.table.horizontalHeader().setResizeContentsPrecision(_SIZED_ROWS)
        self.table.setAccessibleName(_("Looks at the pixel"))
        self.table.setSortingEnabled(True)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setAlternatingRowColors(True)
        self.table.setTabKeyNavigation(False)  # Tab goes on to the buttons
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.csv_button.setToolTip(_("Copies every look, with all its numbers, in the order of the table."))
        self.day_button.setToolTip(_("Opens Clear scene for the day of the row that is chosen."))
        controls = QHBoxLayout()
        caption = QLabel(_("&Chart of"), self)
        caption.setBuddy(self.variable)
        controls.addWidget(caption)
        controls.addWidget(self.variable)
        controls.addStretch()
        controls.addWidget(self.csv_button)
        controls.addWidget(self.day_button)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.chart)
        splitter.addWidget(self.table)
        splitter.setChildrenCollapsible(False)
        splitter.setSizes([500, 500])
        whole = QWidget(self)
        column = QVBoxLayout(whole)
        column.addWidget(self.heading)
        said = QHBoxLayout()
        said.addWidget(self.outcome, 1)
        said.addWidget(self.values, 1)
        column.addLayout(said)
        column.addWidget(splitter, 1)
        column.addLayout(controls)
        self.setWidget(whole)
        for one, next_one in (
            (self.chart, self.table),
            (self.table, self.variable),
            (self.variable, self.csv_button),
            (self.csv_button, self.day_button),
        ):
            QWidget.setTabOrder(one, next_one)


def _values(found: Inspection) -> str:
    known = [f"{name} {written(name, value)}" for name, value in found.values.items() if value is not None]
    return _("In the result: {values}", values=", ".join(known) or _("no value"))
