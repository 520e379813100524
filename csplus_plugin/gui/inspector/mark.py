"""The mark on the map around the pixel that is inspected."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsGeometry,
    QgsPointXY,
)
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ...core.looks.spot import Spot

_COLOUR, _CASING, _EMPTY = QColor("#e66101"), QColor(255, 255, 255, 200), QColor(0, 0, 0, 0)
_ICON = 20
"""Pixels of the circle that stays visible where the pixel of the result is smaller than one of the screen."""


class PixelMark:
    """The pixel's outline and a circle at its middle.

    Args:
        canvas: The map.

    Attributes:
        crs: Of the layer, in which a map without a CRS shows it.
    """

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._bands: list[QgsRubberBand] = []
        self._spot: Spot | None = None
        self.crs = QgsCoordinateReferenceSystem()

    def show(self, spot: Spot) -> None:
        """Mark a pixel, and no other."""
        self.remove()
        self._spot = spot
        corners = [QgsPointXY(x, y) for x, y in spot.outline]
        half = spot.pixel.resolution / 2
        middle = QgsPointXY(spot.pixel.left + half, spot.pixel.top - half)
        crs = QgsCoordinateReferenceSystem.fromOgcWmsCrs(spot.pixel.crs)
        if not crs.isValid():
            crs = QgsCoordinateReferenceSystem.fromWkt(spot.pixel.wkt())
        to_layer = QgsCoordinateTransform(crs, self.crs, QgsCoordinateTransformContext())
        outline = QgsRubberBand(self._canvas, Qgis.GeometryType.Polygon)
        circle = QgsRubberBand(self._canvas, Qgis.GeometryType.Point)
        circle.setIcon(QgsRubberBand.IconType.ICON_CIRCLE)
        circle.setIconSize(_ICON)
        for band, geometry in (
            (outline, QgsGeometry.fromPolygonXY([corners])),
            (circle, QgsGeometry.fromPointXY(middle)),
        ):
            band.setFillColor(_EMPTY)
            band.setStrokeColor(_COLOUR)
            band.setSecondaryStrokeColor(_CASING)
            band.setWidth(2)
            band.setLineStyle(Qt.PenStyle.SolidLine)
            if not self._canvas.mapSettings().destinationCrs().isValid():
                geometry.transform(to_layer)
            band.setToGeometry(geometry, crs)
            self._bands.append(band)

    def again(self) -> None:
        """Draw it anew: the map has another CRS."""
        if self._spot is not None:
            self.show(self._spot)

    def remove(self) -> None:
        """Take it off the map."""
        self._spot = None
        for band in self._bands:
            self._canvas.scene().removeItem(band)
        self._bands.clear()
