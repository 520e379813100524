"""LAYERS, or what is visible in the project, and BASEMAP -> copies that a film can be drawn of."""

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
from ..core.language import _
from ..core.region import Region
from ..core.text import clean
from ..layers.live import CRS as TILES_CRS
from ..layers.live import extent as extent_of
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

    def put_on_top(self, timed: list[TimedLayer]) -> None:
        """Add layers with a time in the present thread, while the others are adopted."""
        for layer in timed:
            layer.adopt()
        self.layers[:0] = timed
        self.timed[:0] = timed

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
                _("{name} has {item}, which is no layer that QGIS can open.", name=name, item=shown(item)),
                _("Choose layers of the project, files, or a folder of GeoTIFFs."),
            )
        found.append(layer)
    return found


def read_scene(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    region: Region | None = None,
) -> Scene:
    """Copy the layers, and find the CRS and the extent of the picture.

    Args:
        algorithm: Has LAYERS, BASEMAP, CRS and EXTENT.
        parameters: Of the run.
        context: Of the run.
        region: Of live layers that are made later, in the place of LAYERS; None for none.

    Raises:
        InvalidChoice: No layer with a time, one without in LAYERS, or an extent that shows none of them.
    """
    if region is not None:
        return _scene_of(region, algorithm, parameters, context)
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
                _("{name} has no time.", name=clean(layer.name(), 60)),
                _("Set its temporal range in the layer's properties, or give it as BASEMAP."),
            )
        layers.append(made or copy_of(layer))
    if not timed:
        raise InvalidChoice(
            _("No layer with a time is chosen or visible."),
            _("Give LAYERS: layers with a temporal range, or GeoTIFFs that the plugin made."),
        )
    layers += [copy_of(layer) for layer in _given_layers(parameters, "BASEMAP", context)]
    crs = algorithm.parameterAsCrs(parameters, "CRS", context)
    if not crs.isValid() and not given:
        crs = project.crs()
    if not crs.isValid():
        crs = timed[0].layer.crs()
    boxes = [(one.extent, one.layer.crs()) for one in timed]
    return Scene(layers, timed, crs, _extent(algorithm, parameters, context, boxes, crs))


def _scene_of(
    region: Region,
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
) -> Scene:
    """Find the place of a picture whose layers with times are not made yet."""
    if parameters.get("LAYERS"):
        raise InvalidChoice(
            _("Both LAYERS and RECIPE are given."),
            _("Choose one of the two; what lies below goes into BASEMAP."),
        )
    below = [copy_of(layer) for layer in _given_layers(parameters, "BASEMAP", context)]
    tiles = QgsCoordinateReferenceSystem(TILES_CRS)
    crs = algorithm.parameterAsCrs(parameters, "CRS", context)
    crs = crs if crs.isValid() else tiles
    boxes = [(extent_of(region, tiles), tiles)]
    return Scene(below, [], crs, _extent(algorithm, parameters, context, boxes, crs))


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
    boxes: list[tuple[QgsRectangle, QgsCoordinateReferenceSystem]],
    crs: QgsCoordinateReferenceSystem,
) -> QgsRectangle:
    whole = QgsRectangle()
    for box, source in boxes:
        if not box.isNull() and box.isFinite():
            whole.combineExtentWith(_box(box, source, crs, context))
    if parameters.get("EXTENT") in (None, ""):
        wanted = whole
    else:
        geometry, given_in = read_extent(algorithm, parameters, context)
        wanted = _box(geometry.boundingBox(), given_in, crs, context)
        if not whole.isNull() and not wanted.intersects(whole):
            raise InvalidChoice(_("None of the layers has pixels in the EXTENT."), _("Choose another."))
    if wanted.isNull() or not wanted.isFinite() or not (wanted.width() > 0 and wanted.height() > 0):
        raise InvalidChoice(
            _("The layers have no extent."), _("Give an EXTENT: xmin,xmax,ymin,ymax [EPSG:code].")
        )
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
            _("The extent cannot be turned into {crs}.", crs=crs.authid() or _("the CRS of the picture")),
            _("Choose another CRS."),
        ) from problem
