"""The map tool of the inspector: says where the user clicked."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsPointXY
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class InspectTool(QgsMapTool):
    """A click, or Enter for the middle of the map.

    Args:
        canvas: The map.

    Signals:
        chosen: A place, in the CRS of the map.
    """

    chosen = pyqtSignal(QgsPointXY)

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.setCursor(QgsApplication.getThemeCursor(QgsApplication.Cursor.CrossHair))

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Take a click of the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(event.mapPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter for a click in the middle; the arrows move the map, so the keyboard reaches every pixel."""
        if event.key() in _ENTER:
            self.chosen.emit(self.canvas().center())
            event.accept()
        else:
            super().keyPressEvent(event)
