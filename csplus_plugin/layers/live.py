"""A live XYZ layer: tiles drawn by the service as the canvas asks for them, through QGIS's own `wms` provider."""

from __future__ import annotations

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
)

from ..core.errors import CsPlusError
from ..core.language import _
from ..core.longitudes import HALF
from ..core.region import Region

ZMIN = 8
"""Zoomed out further, one view of the canvas would ask for the composite of a continent."""

ZMAX = 14
"""Web-mercator pixels of about 9.6 m at the equator: finer tiles would show the same 10 m pixels, larger."""

CRS = "EPSG:3857"
"""Of the tiles."""

_FARTHEST_SCALE = 4_000_000
"""Denominator of the smallest map scale at which tiles of `ZMIN` are still worth their price."""


def live_layer(tile_url: str, name: str, region: Region) -> QgsRasterLayer:
    """Make the layer; no request is sent before it is drawn.

    Args:
        tile_url: Template with `{z}`, `{x}` and `{y}`.
        name: Its name in the layer tree.
        region: Where it has pixels, for "zoom to layer".

    Raises:
        CsPlusError: QGIS cannot make a tile layer.
    """
    # QGIS takes any text for a URL, an empty one too, so a bad one would only show as an empty map.
    if not (tile_url.startswith(("http://", "https://")) and "{z}" in tile_url):
        raise CsPlusError(_("The service gave no tile address for {name}.", name=name), _("Run it again."))
    parts = {"type": "xyz", "url": tile_url, "zmin": ZMIN, "zmax": ZMAX}
    layer = QgsRasterLayer(QgsProviderRegistry.instance().encodeUri("wms", parts), name, "wms")
    if not layer.isValid():
        raise CsPlusError(
            _("QGIS could not make a tile layer."), _("Check that its WMS data provider is installed.")
        )
    layer.setExtent(extent(region, layer.crs()))
    layer.setScaleBasedVisibility(True)
    layer.setMinimumScale(_FARTHEST_SCALE)
    return layer


def extent(region: Region, crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """Give the rectangle around a region in another CRS."""
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    # No project's context: this runs in worker threads, where the user's project is out of bounds.
    transform = QgsCoordinateTransform(geographic, crs, QgsCoordinateTransformContext())
    west, south, east, north = region.bounds
    if east > HALF:
        west, east = -HALF, HALF  # tiles end at the antimeridian, and the layer has pixels on both sides
    return transform.transformBoundingBox(QgsRectangle(west, south, east, north))
