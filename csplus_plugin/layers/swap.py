"""Which layers are live ones of ours, and the swap of a live layer's tile address in place."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from qgis.core import QgsMapLayer, QgsProviderRegistry, QgsRasterLayer

from ..core.region import Region
from .live import extent
from .provenance import MAP_PROPERTY, MINTED_PROPERTY, RECIPE_PROPERTY

YOUNG = 3600.0
"""Seconds for which a tile address is taken to be good; the service promises "a few hours" (REST, maps.create)."""

_MAP = re.compile(r"/v1[a-z]*/(projects/[^/]+/maps/[^/]+)/tiles/")
"""The part of a tile's address that names the map, as the service makes it."""


@dataclass(frozen=True)
class LiveLayer:
    """A live layer of a project, as it was read in the main thread. All of it is foreign: a project may be anybody's.

    Attributes:
        id: The layer's id.
        name: Its name in the layer tree.
        recipe: JSON that may be a recipe.
        tile_url: Address of its tiles.
        map: Name of the map that the address holds, `projects/…/maps/…`.
        age: Seconds since the address was minted; infinite where that is not known.
        is_own: Whether the recipe is this layer's: pasting a style brings another's along.
    """

    id: str
    name: str
    recipe: str
    tile_url: str
    map: str
    age: float
    is_own: bool

    @property
    def is_young(self) -> bool:
        """Whether the address was minted within the hour."""
        return self.age < YOUNG

    @property
    def service(self) -> str:
        """Address of the service that draws the tiles, without a slash at the end."""
        parts = urlsplit(self.tile_url)
        return f"{parts.scheme}://{parts.netloc}"


def read_live(layer: QgsMapLayer | None) -> LiveLayer | None:
    """Read a layer in the main thread; None where it is no live layer of ours. Cheap: it is asked of every layer."""
    if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "wms":
        return None
    recipe = layer.customProperty(RECIPE_PROPERTY)
    if not (isinstance(recipe, str) and recipe):
        return None
    parts = QgsProviderRegistry.instance().decodeUri("wms", layer.source())
    url = str(parts.get("url", ""))
    name = map_name(url)
    if parts.get("type") != "xyz" or not name:
        return None
    own = layer.customProperty(MAP_PROPERTY, name) == name
    return LiveLayer(layer.id(), layer.name(), recipe, url, name, _age(layer), own)


def map_name(url: str) -> str:
    """Find the name of the map in a tile's address, `projects/…/maps/…`; empty where there is none."""
    found = _MAP.search(url)
    return found[1] if found else ""


def mark(layer: QgsRasterLayer, tile_url: str) -> None:
    """Note on a layer which address it has, and since when."""
    layer.setCustomProperty(MINTED_PROPERTY, int(time.time()))
    layer.setCustomProperty(MAP_PROPERTY, map_name(tile_url))


def swap(layer: QgsRasterLayer, tile_url: str, region: Region) -> None:
    """Give a layer another tile address, in the main thread; everything else of it stays, and so does the project."""
    registry = QgsProviderRegistry.instance()
    parts = {**registry.decodeUri("wms", layer.source()), "url": tile_url}
    metadata = layer.metadata()
    layer.setDataSource(registry.encodeUri("wms", parts), layer.name(), "wms")
    layer.setMetadata(metadata)  # QGIS takes what the tiles say of themselves, which is nothing
    mark(layer, tile_url)
    restore_extent(layer, region)
    layer.triggerRepaint()


def restore_extent(layer: QgsRasterLayer, region: Region) -> None:
    """Tell a layer again where it has pixels: QGIS does not keep the extent of a tile layer in a project."""
    layer.setExtent(extent(region, layer.crs()))


def _age(layer: QgsRasterLayer) -> float:
    minted = layer.customProperty(MINTED_PROPERTY)
    if type(minted) not in (int, float):
        return float("inf")
    age = time.time() - minted
    return age if age >= 0 else float("inf")  # a clock that was set back, or a made-up time
