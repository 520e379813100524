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
from .swap import LiveLayer, read_live

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
    return read_carrier(carrier_of(layer))


def carrier_of(layer: QgsMapLayer | None) -> Path | LiveLayer | None:
    """Give what may carry a layer's recipe, in the main thread, without reading it: a file, or a live layer."""
    # Not the property of a file: a style that was pasted brings another layer's along.
    return _file(layer) or read_live(layer)


def read_carrier(carrier: Path | LiveLayer | None) -> Recipe[Target]:
    """Read the recipe, in any thread.

    Raises:
        CsPlusError: There is none, or none that this plugin reads.
    """
    if carrier is None:
        raise CsPlusError(
            _("The layer carries no recipe."), _("Choose a live layer or a GeoTIFF that the plugin made.")
        )
    if isinstance(carrier, Path):
        return file_recipe.read(carrier)
    return minting.read_recipe(carrier)


def _file(layer: QgsMapLayer | None) -> Path | None:
    """Give the GeoTIFF of a layer, if it is one on this machine."""
    if not isinstance(layer, QgsRasterLayer) or layer.providerType() != "gdal":
        return None
    file = Path(layer.source())
    return file if file.suffix.lower() in _ENDINGS and file.is_file() else None
