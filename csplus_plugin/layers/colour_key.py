"""The legend of a live layer of one band: QGIS knows tiles as pictures, so what their colours mean is a picture, too.

It lies in the project with the layer, and stands in the layer tree and in the legends of layouts.
"""

from __future__ import annotations

from base64 import b64encode

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QBuffer, QByteArray, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter

from ..core.catalog import Style
from ..core.language import _
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget

_WIDTH, _LINE, _RIM = 150, 18, 4
"""Pixels: of the bar, of a line, of the paper around both."""

_LETTERS = 11
"""Height of the letters, pixels."""

_PAPER, _INK = QColor("white"), QColor("#222222")
"""A picture cannot follow the theme, so it brings its paper along."""


def show(layer: QgsRasterLayer, recipe: Recipe[ImageTarget]) -> None:
    """Give a live layer its legend; one of three bands has none."""
    style, bands = recipe.target.shown(recipe.scenes, recipe.output.style)
    if len(bands) != 1:
        layer.setLegendPlaceholderImage("")
        return
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    draw(style).save(buffer, "PNG")
    layer.setLegendPlaceholderImage(f"base64:{b64encode(bytes(data)).decode()}")


def draw(style: Style) -> QImage:
    """Draw the classes of a style, or its colours from the lowest value to the highest."""
    font = QFont("Sans")
    font.setPixelSize(_LETTERS)
    metrics = QFontMetricsF(font)
    labels = [_(label) for label in style.classes]
    widest = max((_LINE + 6 + metrics.horizontalAdvance(label) for label in labels), default=_WIDTH)
    lines = len(labels) or 2
    image = QImage(round(widest) + 2 * _RIM, lines * _LINE + 2 * _RIM, QImage.Format.Format_RGB32)
    image.fill(_PAPER)
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(_INK)
    if labels:
        _draw_classes(painter, style, labels, widest)
    else:
        _draw_bar(painter, style)
    painter.end()
    return image


def _draw_classes(painter: QPainter, style: Style, labels: list[str], widest: float) -> None:
    for place, (colour, label) in enumerate(zip(style.palette, labels, strict=True)):
        top = _RIM + place * _LINE
        painter.fillRect(QRectF(_RIM, top + 2, _LINE, _LINE - 4), QColor(colour))
        area = QRectF(_RIM + _LINE + 6, top, widest, _LINE)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, label)


def _draw_bar(painter: QPainter, style: Style) -> None:
    bar = QRectF(_RIM, _RIM, _WIDTH, _LINE - 4)
    ramp = QLinearGradient(bar.topLeft(), bar.topRight())
    for place, colour in enumerate(style.palette):
        ramp.setColorAt(place / (len(style.palette) - 1), QColor(colour))
    painter.fillRect(bar, ramp)
    area = QRectF(_RIM, _RIM + _LINE, _WIDTH, _LINE)
    middle = (style.minimum + style.maximum) / 2
    for side, value in (
        (Qt.AlignmentFlag.AlignLeft, style.minimum),
        (Qt.AlignmentFlag.AlignHCenter, middle),
        (Qt.AlignmentFlag.AlignRight, style.maximum),
    ):
        painter.drawText(area, side | Qt.AlignmentFlag.AlignTop, f"{value:g}".replace("-", "\N{MINUS SIGN}"))
