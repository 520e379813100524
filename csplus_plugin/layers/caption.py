"""The strip below a frame: its date, and small, where the pictures come from."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter

_LARGEST, _SMALLEST = 1 / 26, 10
"""Height of the date's letters: a share of the frame's width, and pixels."""

_NOTE, _SMALLEST_NOTE = 1 / 75, 8
_WRAPPED = Qt.TextFlag.TextWordWrap


class Caption:
    """Lays out the strip once for all frames, so that they are alike.

    Args:
        width: Of the frames, in pixels.
        dates: What stands below each frame; all empty for no date.
        notes: Attribution and the like.
    """

    def __init__(self, width: int, dates: Sequence[str], notes: Sequence[str]) -> None:
        self._width, self._notes = width, "  ·  ".join(notes)
        self._margin = max(4, width // 80)
        room = width - 2 * self._margin
        self._font = _font(max(_SMALLEST, round(width * _LARGEST)), bold=True)
        longest = max((self._advance(date) for date in dates), default=0)
        while longest > room and self._font.pixelSize() > _SMALLEST:
            self._font.setPixelSize(self._font.pixelSize() - 1)
            longest = max(self._advance(date) for date in dates)
        self._small = _font(max(_SMALLEST_NOTE, round(width * _NOTE)))
        self._date_height = max((_height(self._font, date, room) for date in dates if date), default=0)
        self._note_height = _height(self._small, self._notes, room) if self._notes else 0
        parts = [part for part in (self._date_height, self._note_height) if part]
        self.height = sum(parts) + (len(parts) + 1) * (self._margin // 2) if parts else 0
        """Pixels."""

    def below(self, picture: QImage, date: str) -> QImage:
        """Put the picture above the strip."""
        made = QImage(QSize(self._width, picture.height() + self.height), QImage.Format.Format_RGB32)
        made.fill(QColor("white"))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.drawImage(0, 0, picture)
        room = self._width - 2 * self._margin
        top = picture.height() + self._margin // 2
        if self._date_height:
            painter.setFont(self._font)
            painter.setPen(QColor("#111111"))
            box = QRect(self._margin, top, room, self._date_height)
            painter.drawText(box, _WRAPPED, date)
            top += self._date_height + self._margin // 2
        if self._note_height:
            painter.setFont(self._small)
            painter.setPen(QColor("#555555"))
            painter.drawText(QRect(self._margin, top, room, self._note_height), _WRAPPED, self._notes)
        painter.end()
        return made

    def _advance(self, text: str) -> int:
        return QFontMetrics(self._font).horizontalAdvance(text)


def _height(font: QFont, text: str, width: int) -> int:
    return QFontMetrics(font).boundingRect(QRect(0, 0, width, width), _WRAPPED, text).height()


def _font(pixels: int, *, bold: bool = False) -> QFont:
    font = QFont()
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font
