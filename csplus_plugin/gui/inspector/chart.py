"""The chart of the looks at a pixel: values above, scores below, along one axis of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qgis.PyQt.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from qgis.PyQt.QtWidgets import QSizePolicy, QToolTip, QWidget

from ...core.looks.inspection import Inspection, Look, written
from ...core.reports.axis import Axis, day_ticks, number_ticks, widened

_REACH = 14.0
"""Pixels around a mark in which the mouse means it."""

_RADIUS = 4.0
_GAP = 2.1
"""Of the height of a line of text, between the two panels."""

_FAINT, _GRID = 170, 45
"""Opacities, of 255."""

_TAKEN, _LIMIT = QColor("#e66101"), QColor("#c2a5cf")
_CLEAR = {False: QColor("#2166ac"), True: QColor("#67a9cf")}
"""On a light background, and on a dark one."""

_DARK = 128
"""Lightness below which a background is dark."""


@dataclass(frozen=True)
class _Mark:
    """A look on the paper.

    Attributes:
        number: Its place among the looks.
        value: Where it stands in the panel of values; None where it has none.
        score: Where it stands in the panel of scores.
        beyond: 1 where its value is above the panel, -1 where it is below it.
    """

    number: int
    value: QPointF | None
    score: QPointF
    beyond: int = 0

    def distance(self, place: QPointF) -> float:
        """Measure to the nearer one of its two places."""
        return min((one - place).manhattanLength() for one in (self.value, self.score) if one is not None)


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
        self._marks: list[_Mark] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Chart of the looks at the pixel")

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
        return {mark.number: (mark.value, mark.score) for mark in self._marks}

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it all."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().brush(QPalette.ColorRole.Base))
        self._marks = []
        if self._found is not None and self._found.looks:
            self._draw(painter, self._found)
        elif self._found is not None:
            painter.setPen(self._ink(_FAINT))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No look at this pixel.")
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
        self.update()

    def _describe(self) -> None:
        found = self._found
        if found is None:
            text = ""
        elif self._selected is not None:
            text = describe(found, found.looks[self._selected], self._variable)
        else:
            clear = sum(look.is_clear for look in found.looks)
            text = f"{len(found.looks)} looks, {clear} of them clear. Left and right choose one."
        self.setAccessibleDescription(text)

    def _at(self, place: QPointF) -> int | None:
        place = QPointF(place)
        near = min(self._marks, key=lambda mark: mark.distance(place), default=None)
        return near.number if near is not None and near.distance(place) <= _REACH else None

    def _draw(self, painter: QPainter, found: Inspection) -> None:
        metrics = QFontMetricsF(self.font())
        line = metrics.height()
        top_of_legend = line * 0.25
        levels = found.levels.get(self._variable, ())
        area = QRectF(self.rect()).adjusted(0, 1.6 * line, -line, -1.7 * line)
        high = area.height() - _GAP * line
        upper = QRectF(area.left(), area.top(), area.width(), high * 0.58)
        lower = QRectF(area.left(), upper.bottom() + _GAP * line, area.width(), high * 0.42)
        most = max(2, int(upper.height() // (1.8 * line)))
        low_value, high_value = widened(*self._range(found), most)
        ticks = number_ticks(low_value, high_value, most)
        labels = [text for _, text in ticks] + ["0.75"]
        left = max(metrics.horizontalAdvance(text) for text in labels) + 1.2 * line
        for panel in (upper, lower):
            panel.setLeft(left)
        across = Axis(*self._days(found), left + line, upper.right())
        up = Axis(low_value, high_value, upper.bottom(), upper.top())
        grade = Axis(0.0, 1.0, lower.bottom(), lower.top())
        self._draw_grid(painter, upper, up, ticks, self._variable)
        few = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
        self._draw_grid(painter, lower, grade, few, f"Score {found.score_band}")
        self._draw_days(painter, lower, upper, across)
        for level in levels:
            self._draw_level(painter, upper, up.at(level), _TAKEN)
        for threshold in found.thresholds:
            self._draw_level(painter, lower, grade.at(threshold), self._limit())
        self._marks = list(self._placed(found, across, up, grade))
        # What is emphasised lies on top.
        for mark in sorted(self._marks, key=lambda one: self._rank(found.looks[one.number], one.number)):
            self._draw_mark(painter, found, mark)
        self._draw_legend(painter, found, QPointF(left, top_of_legend), bool(levels))

    def _days(self, found: Inspection) -> tuple[float, float]:
        moments = [_number(look.moment) for look in found.looks]
        low, high = min(moments), max(moments)
        margin = max(1.0, (high - low) * 0.02)
        return low - margin, high + margin

    def _range(self, found: Inspection) -> tuple[float, float]:
        """Choose what the axis of values reaches: what is clear, and of the rest what is not far from it.

        A cloud is so bright that it would press everything else together; it is drawn at the edge.
        """
        known = [
            (value, look.is_clear)
            for look in found.looks
            if (value := look.values.get(self._variable)) is not None
        ]
        inner = [value for value, is_clear in known if is_clear]
        inner += found.levels.get(self._variable, ())
        if not inner:
            inner = [value for value, _ in known] or [0.0, 1.0]
        low, high = min(inner), max(inner)
        reach = max(high - low, 0.25 * abs(high), 0.01)
        near = [value for value, _ in known if low - reach <= value <= high + reach]
        return min([low, *near]), max([high, *near])

    def _placed(self, found: Inspection, across: Axis, up: Axis, grade: Axis) -> Iterator[_Mark]:
        for number, look in enumerate(found.looks):
            x = across.at(_number(look.moment))
            value, score = look.values.get(self._variable), look.scores.get(found.score_band)
            beyond = 0 if value is None else (value > up.high) - (value < up.low)
            yield _Mark(
                number,
                None if value is None else QPointF(x, up.at(min(max(value, up.low), up.high))),
                QPointF(x, grade.at(min(max(score or 0.0, 0.0), 1.0))),
                beyond,
            )

    def _rank(self, look: Look, number: int) -> int:
        if number in (self._selected, self._hovered):
            return 3
        return 2 if look.is_taken and self._picks() else int(look.is_clear)

    def _picks(self) -> bool:
        return self._found is not None and self._found.picks

    def _draw_mark(self, painter: QPainter, found: Inspection, mark: _Mark) -> None:
        look = found.looks[mark.number]
        is_chosen = mark.number in (self._selected, self._hovered)
        colour = self._clear() if look.is_clear else self._ink(_FAINT)
        has_score = look.scores.get(found.score_band) is not None
        for place, is_known, beyond in ((mark.value, True, mark.beyond), (mark.score, has_score, 0)):
            if place is None:
                continue
            if is_chosen:
                glow = QColor(self.palette().color(QPalette.ColorRole.Highlight))
                glow.setAlpha(110)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(glow)
                painter.drawEllipse(place, 2.6 * _RADIUS, 2.6 * _RADIUS)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if look.is_taken and found.picks:
                painter.setPen(QPen(_TAKEN, 2.2))
                painter.drawEllipse(place, 2 * _RADIUS, 2 * _RADIUS)
            painter.setPen(QPen(colour, 1.5))
            if not is_known:
                _draw_cross(painter, place)
                continue
            painter.setBrush(colour if look.is_clear else self.palette().color(QPalette.ColorRole.Base))
            if beyond:
                painter.drawPolygon(_arrow(place, beyond))
            else:
                painter.drawEllipse(place, _RADIUS, _RADIUS)

    def _draw_grid(
        self,
        painter: QPainter,
        panel: QRectF,
        axis: Axis,
        ticks: Sequence[tuple[float, str]],
        title: str,
    ) -> None:
        line = QFontMetricsF(self.font()).height()
        for value, text in ticks:
            y = axis.at(value)
            painter.setPen(QPen(self._ink(_GRID), 1))
            painter.drawLine(QPointF(panel.left(), y), QPointF(panel.right(), y))
            painter.setPen(self._ink(_FAINT))
            box = QRectF(0, y - line / 2, panel.left() - 0.4 * line, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(self._ink(255))
        box = QRectF(panel.left(), panel.top() - 1.15 * line, panel.width(), line)
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)

    def _draw_days(self, painter: QPainter, lower: QRectF, upper: QRectF, across: Axis) -> None:
        metrics = QFontMetricsF(self.font())
        width = metrics.horizontalAdvance("30 Sep 2023") + metrics.height()
        most = max(1, int((across.end - across.begin) // width))
        for number, text in day_ticks(across.low, across.high, most):
            x = across.at(number)
            painter.setPen(QPen(self._ink(_GRID), 1))
            for panel in (upper, lower):
                painter.drawLine(QPointF(x, panel.top()), QPointF(x, panel.bottom()))
            painter.setPen(self._ink(_FAINT))
            left = min(max(x - width / 2, 0), self.width() - width)
            box = QRectF(left, lower.bottom() + 0.3 * metrics.height(), width, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_level(self, painter: QPainter, panel: QRectF, y: float, colour: QColor) -> None:
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(panel.left(), y), QPointF(panel.right(), y))

    def _draw_legend(self, painter: QPainter, found: Inspection, place: QPointF, has_level: bool) -> None:  # noqa: FBT001 of its own
        """Name the marks, at the right, as many as there is room for."""
        metrics = QFontMetricsF(self.font())
        line, base = metrics.height(), self.palette().color(QPalette.ColorRole.Base)
        room = metrics.horizontalAdvance(self._variable) + line
        entries: list[tuple[str, str]] = [("clear", "clear"), ("hollow", "not clear")]
        if found.picks and any(look.is_taken for look in found.looks):
            entries.append(("taken", "in the result"))
        if any(look.scores.get(found.score_band) is None for look in found.looks):
            entries.append(("cross", "no score"))
        entries.append(("limit", "threshold"))
        if has_level:
            entries.append(("level", "result"))
        width = sum(metrics.horizontalAdvance(text) + 2.4 * line for _, text in entries)
        while entries and width > self.width() - place.x() - room:
            _, text = entries.pop()
            width -= metrics.horizontalAdvance(text) + 2.4 * line
        x, y = self.width() - width - 0.5 * line, place.y() + line / 2
        for kind, text in entries:
            middle = QPointF(x + 0.6 * line, y)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if kind in ("limit", "level"):
                colour = _TAKEN if kind == "level" else self._limit()
                painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(x - 0.2 * line, y), QPointF(x + 1.1 * line, y))
            elif kind == "cross":
                painter.setPen(QPen(self._ink(_FAINT), 1.5))
                _draw_cross(painter, middle)
            else:
                colour = self._ink(_FAINT) if kind == "hollow" else self._clear()
                if kind == "taken":
                    painter.setPen(QPen(_TAKEN, 2.2))
                    painter.drawEllipse(middle, 1.7 * _RADIUS, 1.7 * _RADIUS)
                painter.setPen(QPen(colour, 1.5))
                painter.setBrush(base if kind == "hollow" else colour)
                painter.drawEllipse(middle, _RADIUS, _RADIUS)
            painter.setPen(self._ink(_FAINT))
            box = QRectF(x + 1.4 * line, place.y(), metrics.horizontalAdvance(text) + line, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            x += metrics.horizontalAdvance(text) + 2.4 * line

    def _ink(self, opacity: int) -> QColor:
        colour = QColor(self.palette().color(QPalette.ColorRole.Text))
        base = self.palette().color(QPalette.ColorRole.Base)
        # A theme that is a style sheet leaves the palette's ink as it was, on another paper.
        if abs(colour.lightness() - base.lightness()) < _DARK // 2:
            colour = QColor(Qt.GlobalColor.white if self._is_dark() else Qt.GlobalColor.black)
        colour.setAlpha(opacity)
        return colour

    def _clear(self) -> QColor:
        return _CLEAR[self._is_dark()]

    def _limit(self) -> QColor:
        return _LIMIT if self._is_dark() else _LIMIT.darker(150)

    def _is_dark(self) -> bool:
        return self.palette().color(QPalette.ColorRole.Base).lightness() < _DARK


def describe(found: Inspection, look: Look, variable: str) -> str:
    """Say what is known of a look, in one line."""
    score, value = look.scores.get(found.score_band), look.values.get(variable)
    parts = [
        f"{look.moment.date()}",
        *([look.tile] if look.tile else []),
        *([look.part] if look.part else []),
    ]
    parts.append(f"{found.score_band} {score:.2f}" if score is not None else "no score")
    if value is not None:
        parts.append(f"{variable} {written(variable, value)}")
    return f"{', '.join(parts)}: {look.why}"


def _arrow(place: QPointF, direction: int) -> QPolygonF:
    """Point out of the panel."""
    tip, foot = QPointF(0, -direction * _RADIUS), direction * _RADIUS
    return QPolygonF([place + tip, place + QPointF(_RADIUS, foot), place + QPointF(-_RADIUS, foot)])


def _draw_cross(painter: QPainter, place: QPointF) -> None:
    for sign in (1, -1):
        arm = QPointF(_RADIUS, sign * _RADIUS)
        painter.drawLine(place - arm, place + arm)


def _number(moment: datetime) -> float:
    """Place a moment on the axis of days."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return date(moment.year, moment.month, moment.day).toordinal() + seconds / 86_400
