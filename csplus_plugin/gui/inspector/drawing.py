"""How the looks at a pixel are drawn: values above, scores below, along one axis of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qgis.PyQt.QtCore import QPointF, QRectF, QSizeF, Qt
from qgis.PyQt.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from ...core.language import _
from ...core.looks.inspection import Inspection, Look
from ...core.reports.axis import Axis, day_ticks, number_ticks, widened
from .inks import Inks

RADIUS = 4.0
"""Pixels of a mark."""

_GAP = 2.4
"""Lines of text between the two panels."""

_NARROWEST = 0.25
"""Share of the largest value that the axis of values reaches at least."""

_ROUNDING = 1e-6
"""Share of an axis by which a value at its end may seem to be beyond it."""

_UPPER = 0.58
"""Share of the height that values have."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class Mark:
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


class Drawing:
    """The chart of some looks, for one size.

    Args:
        found: The looks; at least one.
        variable: Band or index of the panel of values.
        size: Of the paper, pixels.
        font: Of all text.
        inks: The colours.
    """

    def __init__(self, found: Inspection, variable: str, size: QSizeF, font: QFont, inks: Inks) -> None:
        self._found, self._variable, self._size, self._inks = found, variable, size, inks
        metrics = QFontMetricsF(font)  # a name of its own: QGIS's porting script stumbles over an attribute
        self._metrics = metrics
        self._line = line = self._metrics.height()
        area = QRectF(QPointF(0, 1.6 * line), QPointF(size.width() - line, size.height() - 1.7 * line))
        high = area.height() - _GAP * line
        self._upper = QRectF(area.left(), area.top(), area.width(), high * _UPPER)
        below = self._upper.bottom() + _GAP * line
        self._lower = QRectF(area.left(), below, area.width(), high * (1 - _UPPER))
        most = max(2, int(self._upper.height() // (1.8 * line)))
        low, top = widened(*_range(found, variable), most)
        self._ticks = number_ticks(low, top, most)
        labels = [text for _, text in self._ticks] + ["0.5"]
        left = max(self._metrics.horizontalAdvance(text) for text in labels) + 1.2 * line
        for panel in (self._upper, self._lower):
            panel.setLeft(left)
        self._across = Axis(*_days(found), left + line, self._upper.right())
        self._up = Axis(low, top, self._upper.bottom(), self._upper.top())
        self._grade = Axis(0.0, 1.0, self._lower.bottom(), self._lower.top())
        self.marks = tuple(self._placed())

    def draw(self, painter: QPainter) -> None:
        """Draw all of it."""
        self._draw_grid(painter, self._upper, self._up, self._ticks, self._variable)
        few = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")]
        self._draw_grid(
            painter, self._lower, self._grade, few, _("Score {band}", band=self._found.score_band)
        )
        self._draw_days(painter)
        for level in self._found.levels.get(self._variable, ()):
            self._draw_level(painter, self._upper, self._up.at(level), self._inks.taken)
        for threshold in self._found.thresholds:
            self._draw_level(painter, self._lower, self._grade.at(threshold), self._inks.limit)
        # What is emphasised lies on top.
        for mark in sorted(self.marks, key=lambda one: self._rank(self._found.looks[one.number])):
            self.draw_mark(painter, mark)
        self._draw_legend(painter)

    def draw_mark(self, painter: QPainter, mark: Mark, *, is_chosen: bool = False) -> None:
        """Draw one look in both panels: filled where it is clear, hollow where not, ringed where it was taken."""
        look, inks = self._found.looks[mark.number], self._inks
        has_score = look.scores.get(self._found.score_band) is not None
        pen = inks.mark(is_clear=look.is_clear)
        fill = inks.clear if look.is_clear else inks.paper
        for place, is_known, beyond in ((mark.value, True, mark.beyond), (mark.score, has_score, 0)):
            if place is None:
                continue
            if is_chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(inks.glow)
                painter.drawEllipse(place, 2.6 * RADIUS, 2.6 * RADIUS)
            if look.is_taken and self._found.picks:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(inks.ring())
                painter.drawEllipse(place, 2 * RADIUS, 2 * RADIUS)
            painter.setPen(pen)
            painter.setBrush(fill)
            if not is_known:
                _draw_cross(painter, place)
            elif beyond:
                painter.drawPolygon(_arrow(place, beyond))
            else:
                painter.drawEllipse(place, RADIUS, RADIUS)

    def _placed(self) -> Iterator[Mark]:
        for number, look in enumerate(self._found.looks):
            x = self._across.at(_number(look.moment))
            value, score = look.values.get(self._variable), look.scores.get(self._found.score_band)
            within = None if value is None else min(max(value, self._up.low), self._up.high)
            slack = _ROUNDING * (self._up.high - self._up.low)
            beyond = 0 if value is None else (value > self._up.high + slack) - (value < self._up.low - slack)
            yield Mark(
                number,
                None if within is None else QPointF(x, self._up.at(within)),
                QPointF(x, self._grade.at(min(max(score or 0.0, 0.0), 1.0))),
                beyond,
            )

    def _rank(self, look: Look) -> int:
        return 2 if look.is_taken and self._found.picks else int(look.is_clear)

    def _draw_grid(
        self, painter: QPainter, panel: QRectF, axis: Axis, ticks: Sequence[tuple[float, str]], title: str
    ) -> None:
        line = self._line
        for value, text in ticks:
            y = axis.at(value)
            painter.setPen(QPen(self._inks.grid, 1))
            painter.drawLine(QPointF(panel.left(), y), QPointF(panel.right(), y))
            painter.setPen(self._inks.faint)
            painter.drawText(QRectF(0, y - line / 2, panel.left() - 0.4 * line, line), _RIGHT, text)
        painter.setPen(self._inks.text)
        painter.drawText(QRectF(panel.left(), panel.top() - 1.6 * line, panel.width(), line), _LEFT, title)

    def _draw_days(self, painter: QPainter) -> None:
        line, across = self._line, self._across
        width = self._metrics.horizontalAdvance("30 Sep 2023") + line
        most = max(1, int((across.end - across.begin) // width))
        for number, text in day_ticks(across.low, across.high, most):
            x = across.at(number)
            painter.setPen(QPen(self._inks.grid, 1))
            for panel in (self._upper, self._lower):
                painter.drawLine(QPointF(x, panel.top()), QPointF(x, panel.bottom()))
            painter.setPen(self._inks.faint)
            left = min(max(x - width / 2, 0), self._size.width() - width)
            box = QRectF(left, self._lower.bottom() + 0.3 * line, width, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_level(self, painter: QPainter, panel: QRectF, y: float, colour: object) -> None:
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(panel.left(), y), QPointF(panel.right(), y))

    def _legend(self) -> list[tuple[str, str]]:
        """List kind and name of what needs one, the dearest first."""
        found = self._found
        entries = [("clear", _("clear")), ("hollow", _("not clear"))]
        if found.picks and any(look.is_taken for look in found.looks):
            entries.append(("taken", _("in the result")))
        if any(look.scores.get(found.score_band) is None for look in found.looks):
            entries.append(("cross", _("no score")))
        if found.levels.get(self._variable):
            entries.append(("level", _("result")))
        return [*entries, ("limit", _("threshold"))]

    def _draw_legend(self, painter: QPainter) -> None:
        """Name the marks, at the right, as many as there is room for."""
        line, advance, entries = self._line, self._metrics.horizontalAdvance, self._legend()
        room = self._size.width() - self._upper.left() - advance(self._variable) - line
        width = sum(advance(text) + 2.4 * line for _, text in entries)
        while entries and width > room:
            _, text = entries.pop()
            width -= advance(text) + 2.4 * line
        x, y = self._size.width() - width - 0.3 * line, 0.25 * line
        for kind, text in entries:
            self._draw_sample(painter, kind, QPointF(x + 0.6 * line, y + line / 2))
            painter.setPen(self._inks.faint)
            painter.drawText(QRectF(x + 1.4 * line, y, advance(text) + line, line), _LEFT, text)
            x += advance(text) + 2.4 * line

    def _draw_sample(self, painter: QPainter, kind: str, place: QPointF) -> None:
        inks = self._inks
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if kind in ("limit", "level"):
            half = QPointF(0.55 * self._line, 0)
            painter.setPen(QPen(inks.taken if kind == "level" else inks.limit, 1.5, Qt.PenStyle.DashLine))
            painter.drawLine(place - half, place + half)
            return
        if kind == "taken":
            painter.setPen(inks.ring())
            painter.drawEllipse(place, 1.7 * RADIUS, 1.7 * RADIUS)
        is_clear = kind in ("clear", "taken")
        painter.setPen(inks.mark(is_clear=is_clear))
        if kind == "cross":
            _draw_cross(painter, place)
            return
        painter.setBrush(inks.clear if is_clear else inks.paper)
        painter.drawEllipse(place, RADIUS, RADIUS)


def _range(found: Inspection, variable: str) -> tuple[float, float]:
    """Choose what the axis of values reaches: what is clear, and of the rest what is not far from it.

    A cloud is so bright that it would press everything else together; it is drawn at the edge.
    """
    known = [
        (value, look.is_clear) for look in found.looks if (value := look.values.get(variable)) is not None
    ]
    inner = [value for value, is_clear in known if is_clear]
    inner += found.levels.get(variable, ())
    if not inner:
        inner = [value for value, _ in known] or [0.0, 1.0]
    low, high = min(inner), max(inner)
    reach = max(high - low, 0.25 * abs(high), 0.01)
    near = [value for value, _ in known if low - reach <= value <= high + reach]
    low, high = min([low, *near]), max([high, *near])
    # Two looks that are nearly alike shall look so.
    lacking = max(0.0, _NARROWEST * max(abs(low), abs(high)) - (high - low)) / 2
    return low - lacking, high + lacking


def _days(found: Inspection) -> tuple[float, float]:
    moments = [_number(look.moment) for look in found.looks]
    low, high = min(moments), max(moments)
    margin = max(1.0, (high - low) * 0.02)
    return low - margin, high + margin


def _number(moment: datetime) -> float:
    """Place a moment on the axis of days."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return date(moment.year, moment.month, moment.day).toordinal() + seconds / 86_400


def _arrow(place: QPointF, direction: int) -> QPolygonF:
    """Point out of the panel."""
    tip, foot = QPointF(0, -direction * RADIUS), direction * RADIUS
    return QPolygonF([place + tip, place + QPointF(RADIUS, foot), place + QPointF(-RADIUS, foot)])


def _draw_cross(painter: QPainter, place: QPointF) -> None:
    for sign in (1, -1):
        arm = QPointF(RADIUS, sign * RADIUS)
        painter.drawLine(place - arm, place + arm)
