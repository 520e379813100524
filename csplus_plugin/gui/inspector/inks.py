"""The colours of the chart, on light paper and on dark."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QPalette, QPen

_FAINT, _GRID, _GLOW = 170, 45, 110
"""Opacities, of 255."""

_TAKEN = QColor("#e66101")
_CLEAR = {False: QColor("#2166ac"), True: QColor("#67a9cf")}
_LIMIT = {False: QColor("#8b6fa6"), True: QColor("#c2a5cf")}
"""On light paper, and on dark."""

_DARK = 128
"""Lightness below which paper is dark."""


@dataclass(frozen=True)
class Inks:
    """What is drawn with what.

    Attributes:
        paper: The background.
        text: Titles.
        faint: Labels, and marks that are not clear.
        grid: Lines behind the marks.
        clear: Marks that are clear.
        taken: Rings, and the result's own value.
        limit: The threshold.
        glow: Behind what is chosen.
    """

    paper: QColor
    text: QColor
    faint: QColor
    grid: QColor
    clear: QColor
    taken: QColor
    limit: QColor
    glow: QColor

    @classmethod
    def of(cls, palette: QPalette) -> Inks:
        """Choose them for a theme."""
        paper, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        is_dark = paper.lightness() < _DARK
        # A theme that is a style sheet leaves the palette's ink as it was, on another paper.
        if abs(text.lightness() - paper.lightness()) < _DARK // 2:
            text = QColor(Qt.GlobalColor.white if is_dark else Qt.GlobalColor.black)
        return cls(
            paper=paper,
            text=text,
            faint=_thinned(text, _FAINT),
            grid=_thinned(text, _GRID),
            clear=_CLEAR[is_dark],
            taken=_TAKEN,
            limit=_LIMIT[is_dark],
            glow=_thinned(palette.color(QPalette.ColorRole.Highlight), _GLOW),
        )

    def mark(self, *, is_clear: bool) -> QPen:
        """Give the pen of a mark."""
        return QPen(self.clear if is_clear else self.faint, 1.5)

    def ring(self) -> QPen:
        """Give the pen of the ring around what was taken."""
        return QPen(self.taken, 2.2)


def _thinned(colour: QColor, opacity: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(opacity)
    return made
