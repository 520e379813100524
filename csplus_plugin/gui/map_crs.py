"""The CRS of the map, also in a project that has none."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayer
from qgis.gui import QgsMapCanvas


def map_crs(canvas: QgsMapCanvas, layer: QgsMapLayer) -> QgsCoordinateReferenceSystem:
    """Give the CRS in which the map shows a layer: without one, QGIS draws every layer in its own.

    Args:
        canvas: The map.
        layer: What is asked about.
    """
    crs = canvas.mapSettings().destinationCrs()
    return crs if crs.isValid() else layer.crs()
