"""The legend of a file: what its bands are, without the numbers and the "(Gray)" that QGIS writes before and after."""

from __future__ import annotations

from qgis.core import QgsMapLayerLegendUtils, QgsMultiBandColorRenderer, QgsProject, QgsRasterLayer


def shorten(layer: QgsRasterLayer, project: QgsProject) -> None:
    """Leave out the line that repeats the only band's name, and name the three of a picture shortly.

    Args:
        layer: Styled, and in the layer tree.
        project: Whose layer tree.
    """
    node = project.layerTreeRoot().findLayer(layer.id())
    renderer = layer.renderer()
    if node is None or renderer is None:
        return
    entries = len(layer.legend().createLayerTreeModelLegendNodes(node))
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        for place, band in enumerate(bands[:entries]):
            name = layer.dataProvider().generateBandName(band).partition(": ")[2]
            if name:
                QgsMapLayerLegendUtils.setLegendNodeUserLabel(node, place, name)
    elif entries > 1:
        QgsMapLayerLegendUtils.setLegendNodeOrder(node, list(range(1, entries)))
    layer.legendChanged.emit()
