"""The chart of the looks at a pixel: what the user sees and does there."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from qgis.PyQt.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...core.language import _
from ...core.looks.inspection import Inspection, Look, written
from .drawing import Drawing
from .inks import Inks
from .table import PARTS

_REACH = 14.0
"""Pixels around a mark in which the mouse means it."""


class LooksChart(QWidget):
    """Every look as a mark in both panels: filled where it is clear, hollow where not, ringed where it was taken.

    Args:
        parent: The widget that holds it.

    Signals:
        chosen: The number of a look that the user chose.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Inspection | None = None
        self._variable = ""
        self._selected: int | None = None
        self._hovered: int | None = None
        self._drawing: Drawing | None = None
        self._paper: QPixmap | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Chart of the looks at the pixel"))

    def sizeHint(self) -> QSize:
        """Prefer a wide one."""
        line = QFontMetricsF(self.font()).height()
        return QSize(round(30 * line), round(13 * line))

    def minimumSizeHint(self) -> QSize:
        """Stay readable."""
        line = QFontMetricsF(self.font()).height()
        return QSize(round(14 * line), round(9 * line))

    def show_looks(self, found: Inspection | None, variable: str) -> None:
        """Draw other looks, or another band or index of them."""
        if found is not self._found:
            self._selected = self._hovered = None
        self._found, self._variable = found, variable
        self._paper = self._drawing = None
        self._describe()
        self.update()

    def select(self, number: int | None) -> None:
        """Emphasise one look."""
        if number != self._selected:
            self._selected = number
            self._describe()
            self.update()

    def places(self) -> dict[int, tuple[QPointF | None, QPointF]]:
        """Give the two places of every look on the paper, by its number."""
        marks = self._drawing.marks if self._drawing is not None else ()
        return {mark.number: (mark.value, mark.score) for mark in marks}

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what stays once, and on it what is chosen and what is under the mouse."""
        del event
        if self._paper is None or self._paper.size() != self.size() * self.devicePixelRatioF():
            self._paper = self._drawn()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._paper)
        for number in (self._selected, self._hovered):
            if number is not None and self._drawing is not None:
                self._drawing.draw_mark(painter, self._drawing.marks[number], is_chosen=True)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell of the look under the mouse."""
        number = self._at(event.pos())
        if number != self._hovered:
            self._hovered = number
            self.update()
            if number is None or self._found is None:
                QToolTip.hideText()
            else:
                text = describe(self._found, self._found.looks[number], self._variable)
                QToolTip.showText(self.mapToGlobal(event.pos()), text, self)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget what was under the mouse."""
        del event
        self._hovered = None
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the look under the mouse."""
        number = self._at(event.pos())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go through the looks in time."""
        last = len(self._found.looks) - 1 if self._found is not None else -1
        here = self._selected
        goal = {
            Qt.Key.Key_Right: 0 if here is None else here + 1,
            Qt.Key.Key_Left: last if here is None else here - 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(event.key())
        if goal is None or last < 0:
            super().keyPressEvent(event)
        elif 0 <= goal <= last:
            self.chosen.emit(goal)

    def changeEvent(self, event: QEvent) -> None:
        """Follow another theme, and another font."""
        super().changeEvent(event)
        self._paper = None
        self.update()

    def _describe(self) -> None:
        found = self._found
        if found is None:
            text = ""
        elif self._selected is not None:
            text = describe(found, found.looks[self._selected], self._variable)
        else:
            clear = sum(look.is_clear for look in found.looks)
            text = _(
                "{count} looks, {clear} of them clear. Left and right choose one.",
                count=len(found.looks),
                clear=clear,
            )
        self.setAccessibleDescription(text)

    def _at(self, place: QPoint) -> int | None:
        where, marks = QPointF(place), self._drawing.marks if self._drawing is not None else ()
        near = min(marks, key=lambda mark: mark.distance(where), default=None)
        return near.number if near is not None and near.distance(where) <= _REACH else None

    def _drawn(self) -> QPixmap:
        """Draw all but what is emphasised."""
        ratio, inks = self.devicePixelRatioF(), Inks.of(self.palette())
        paper = QPixmap(self.size() * ratio)
        paper.setDevicePixelRatio(ratio)
        paper.fill(inks.paper)
        painter = QPainter(paper)
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        found, self._drawing = self._found, None
        if found is not None and found.looks:
            self._drawing = Drawing(found, self._variable, QSizeF(self.size()), self.font(), inks)
            self._drawing.draw(painter)
        elif found is not None:
            painter.setPen(inks.faint)
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, _("No look at this pixel."))
        painter.end()
        return paper


def describe(found: Inspection, look: Look, variable: str) -> str:
    """Say what is known of a look, in one line."""
    score, value = look.scores.get(found.score_band), look.values.get(variable)
    parts = [
        f"{look.moment.date()}",
        *([look.tile] if look.tile else []),
        *([_(PARTS[look.part])] if look.part in PARTS else []),
    ]
    parts.append(f"{found.score_band} {score:.2f}" if score is not None else _("no score"))
    if value is not None:
        parts.append(f"{variable} {written(variable, value)}")
    return f"{', '.join(parts)}: {look.why}"
