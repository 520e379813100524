"""LAYERS and BASEMAP, or what is visible in the project -> copies that a film can be drawn of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsRectangle,
)

from ..core.checks import shown
from ..core.errors import InvalidChoice
from ..core.text import clean
from ..layers.timed import TimedLayer, copy_of, timed_layer
from .region import read_extent


@dataclass(frozen=True)
class Scene:
    """What is drawn, and where.

    Attributes:
        layers: All of them, the first on top.
        timed: Those that have a time.
        crs: Of the picture.
        extent: Of the picture, in that CRS.
    """

    layers: list[TimedLayer]
    timed: list[TimedLayer]
    crs: QgsCoordinateReferenceSystem
    extent: QgsRectangle

    @contextmanager
    def adopted(self) -> Iterator[None]:
        """Take the copies into the present thread, and let go of them in the end."""
        try:
            for layer in self.layers:
                layer.adopt()
            yield
        finally:
            self.layers.clear()
            self.timed.clear()


def _given_layers(
    parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> list[QgsMapLayer]:
    """Find the layers of a parameter; none where it is empty.

    Raises:
        InvalidChoice: One is no layer.
    """
    found = []
    for item in parameters.get(name) or []:
        layer = (
            item if isinstance(item, QgsMapLayer) else QgsProcessingUtils.mapLayerFromString(item, context)
        )
        if layer is None or not layer.isValid():
            raise InvalidChoice(
                f"{name} has {shown(item)}, which is no layer that QGIS can open.",
                "Choose layers of the project, files, or a folder of GeoTIFFs.",
            )
        found.append(layer)
    return found


def read_scene(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Scene:
    """Copy the layers, and find the CRS and the extent of the picture.

    Raises:
        InvalidChoice: No layer with a time, one without in LAYERS, or an extent that shows none of them.
    """
    project = context.project()
    given = _given_layers(parameters, "LAYERS", context)
    layers, timed = [], []
    for layer in given or _visible(context):
        in_project = project is not None and project.mapLayer(layer.id()) is not None
        made = timed_layer(layer, keep_style=in_project)
        if made is not None:
            timed.append(made)
        elif given:
            raise InvalidChoice(
                f"{clean(layer.name(), 60)} has no time.",
                "Set its temporal range in the layer's properties, or give it as BASEMAP.",
            )
        layers.append(made or copy_of(layer))
    if not timed:
        raise InvalidChoice(
            "No layer with a time is chosen or visible.",
            "Give LAYERS: layers with a temporal range, or GeoTIFFs that the plugin made.",
        )
    layers += [copy_of(layer) for layer in _given_layers(parameters, "BASEMAP", context)]
    crs = algorithm.parameterAsCrs(parameters, "CRS", context)
    if not crs.isValid() and not given:
        crs = project.crs()
    if not crs.isValid():
        crs = timed[0].layer.crs()
    return Scene(layers, timed, crs, _extent(algorithm, parameters, context, timed, crs))


def _visible(context: QgsProcessingContext) -> list[QgsMapLayer]:
    project = context.project()
    if project is None:
        return []
    root = project.layerTreeRoot()
    nodes = {node.layerId(): node for node in root.findLayers()}
    return [
        layer
        for layer in root.layerOrder()
        if layer.isValid() and layer.isSpatial() and layer.id() in nodes and nodes[layer.id()].isVisible()
    ]


def _extent(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    timed: list[TimedLayer],
    crs: QgsCoordinateReferenceSystem,
) -> QgsRectangle:
    whole = QgsRectangle()
    for one in timed:
        if not one.extent.isNull() and one.extent.isFinite():
            whole.combineExtentWith(_box(one.extent, one.layer.crs(), crs, context))
    if parameters.get("EXTENT") in (None, ""):
        wanted = whole
    else:
        geometry, given_in = read_extent(algorithm, parameters, context)
        wanted = _box(geometry.boundingBox(), given_in, crs, context)
        if not whole.isNull() and not wanted.intersects(whole):
            raise InvalidChoice("None of the layers has pixels in the EXTENT.", "Choose another.")
    if wanted.isNull() or not wanted.isFinite() or not (wanted.width() > 0 and wanted.height() > 0):
        raise InvalidChoice("The layers have no extent.", "Give an EXTENT: xmin,xmax,ymin,ymax [EPSG:code].")
    return wanted


def _box(
    box: QgsRectangle,
    source: QgsCoordinateReferenceSystem,
    crs: QgsCoordinateReferenceSystem,
    context: QgsProcessingContext,
) -> QgsRectangle:
    transform = QgsCoordinateTransform(source, crs, context.transformContext())
    try:
        return transform.transformBoundingBox(box)
    except QgsCsException as problem:
        raise InvalidChoice(
            f"The extent cannot be turned into {crs.authid() or 'the CRS of the picture'}.",
            "Choose another CRS.",
        ) from problem
