"""The recipe that a layer carries: a live one as a property, a GeoTIFF in its tags."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal
from qgis.core import QgsMapLayer, QgsRasterLayer

from ..core.errors import CsPlusError
from ..core.grid import QuietGdal
from ..core.language import _
from ..core.recipe import Recipe
from ..core.targets.target import Target
from . import file_recipe, minting
from .swap import read_live

_ENDINGS = (".tif", ".tiff")


def carries_recipe(layer: QgsMapLayer | None) -> bool:
    """Tell whether a layer carries a recipe, without reading it; of a file on this machine the header is read."""
    file = _file(layer)
    if file is None:
        return read_live(layer) is not None
    try:
        with QuietGdal():
            dataset = gdal.Open(str(file))
            return dataset is not None and dataset.GetMetadataItem(file_recipe.TAG) is not None
    except RuntimeError:  # where another plugin has switched GDAL's exceptions on
        return False


def read_carried(layer: QgsMapLayer | None) -> Recipe[Target]:
    """Read the recipe that a layer carries.

    Raises:
        CsPlusError: It carries none, or none that this plugin reads.
    """
    file = _file(layer)
    if file is not None:
        # Not the property: a style that was pasted brings another layer's along.
        return file_recipe.read(file)
    live = read_live(layer)
    if live is None:
        raise CsPlusError(
            _("The layer carries no recipe."), _("Choose a live layer or a GeoTIFF that the plugin made.")
        )
    return minting.read_recipe(live)


def _file(layer: QgsMapLayer | None) -> Path | None:
    """Give the GeoTIFF of a layer, if it is one on this machine."""
    if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "gdal":
        return None
    file = Path(layer.source())
    return file if file.suffix.lower() in _ENDINGS and file.is_file() else None
