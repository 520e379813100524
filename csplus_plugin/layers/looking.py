"""Every look at the pixel of a layer, live or a GeoTIFF of ours, in one request; in any thread but the main one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from osgeo import gdal

from ..core.errors import CsPlusError, InvalidChoice
from ..core.grid import QuietGdal
from ..core.language import _
from ..core.looks.answer import read
from ..core.looks.inspection import Inspection, written
from ..core.looks.question import question
from ..core.looks.spot import Spot
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from ..earthengine.route import is_loopback
from ..earthengine.session import SANDBOX, Connection
from . import minting
from .carried import read_carrier
from .file_recipe import SANDBOX_TAG
from .pixel import pixel_at
from .swap import LiveLayer

_SAME = 1e-4
"""Relative difference of two values that are the same one, in the type of a file."""


@dataclass(frozen=True)
class Looked:
    """What was found.

    Attributes:
        recipe: Of the layer.
        inspection: The pixel and its looks.
        note: What else there is to say, a sentence; may be empty.
    """

    recipe: Recipe[ImageTarget]
    inspection: Inspection
    note: str = ""


def look_at(
    carrier: Path | LiveLayer | None,
    place: tuple[float, float],
    connection: Connection,
    is_cancelled: Callable[[], bool],
    note_spot: Callable[[Spot], None],
) -> Looked:
    """Ask for every look at a pixel.

    Args:
        carrier: What carries the recipe.
        place: Longitude and latitude, degrees.
        connection: Who computes.
        is_cancelled: Asked often.
        note_spot: Told which pixel it is, before the request.

    Raises:
        CsPlusError: One of its classes: no recipe, another service's layer, a place outside, a service that refuses.
    """
    recipe = read_carrier(carrier)
    if not isinstance(recipe.target, ImageTarget):
        raise InvalidChoice(_("The recipe of the layer makes no image."), _("Choose another layer."))
    spot = Spot(pixel_at(recipe, *place))
    note_spot(spot)
    if isinstance(carrier, LiveLayer):
        minting.check_service(carrier, connection)
    elif carrier is not None:
        _check_service(carrier, connection)
    client = minting.open_client(connection, is_cancelled)
    inspection = read(recipe, spot, client.value(question(recipe, spot)))
    note = _compare(carrier, recipe, inspection) if isinstance(carrier, Path) else ""
    return Looked(recipe, inspection, note)


def _check_service(file: Path, connection: Connection) -> None:
    """Refuse to explain a file of the sandbox by Earth Engine, or the other way round: its scenes are invented.

    Raises:
        CsPlusError: With what to set.
    """
    with QuietGdal():
        dataset = gdal.Open(str(file))
        is_made_there = dataset is not None and dataset.GetMetadataItem(SANDBOX_TAG) is not None
    is_sandbox = connection.endpoint == SANDBOX or is_loopback(connection.endpoint)
    if is_made_there and not is_sandbox:
        raise CsPlusError(
            _("The file was made by the sandbox."),
            _("Set the endpoint to sandbox under Settings > Options > Cloud Score+."),
        )
    if is_sandbox and not is_made_there:
        raise CsPlusError(
            _(
                "The file was made by Earth Engine, and the endpoint is the sandbox, whose scenes are not Google's."
            ),
            _("Set the endpoint to earthengine under Settings > Options > Cloud Score+."),
        )


def _compare(file: Path, recipe: Recipe[ImageTarget], inspection: Inspection) -> str:
    """Say where a file holds something else than what its recipe makes now: scenes and scores come later, too."""
    held = _values_in(file, recipe, inspection)
    other = [name for name, value in held.items() if not _is_same(value, inspection.values[name])]
    if not other:
        return ""
    nothing = _("no value")
    said = ", ".join(
        f"{name} {nothing if (value := held[name]) is None else written(name, value)}" for name in other
    )
    return _("The file holds other values than its recipe makes now: {values}.", values=said)


def _values_in(file: Path, recipe: Recipe[ImageTarget], inspection: Inspection) -> Mapping[str, float | None]:
    """Read the pixel from the file; empty where it is not on the file's grid."""
    pixel = inspection.spot.pixel
    bands = recipe.target.file_bands(recipe.scenes)
    try:
        with QuietGdal():
            dataset = gdal.Open(str(file))
            if dataset is None or dataset.RasterCount != len(bands):
                return {}
            left, width, _row, top, _column, height = dataset.GetGeoTransform()
            column, row = round((pixel.left - left) / width), round((pixel.top - top) / height)
            if not (0 <= column < dataset.RasterXSize and 0 <= row < dataset.RasterYSize):
                return {}
            values = dataset.ReadAsArray(column, row, 1, 1)
            nodata = dataset.GetRasterBand(1).GetNoDataValue()
    except RuntimeError:  # where another plugin has switched GDAL's exceptions on
        return {}
    if values is None:
        return {}
    return {
        band.name: None if value == nodata else float(value) * band.scale
        for band, value in zip(bands, values.reshape(-1), strict=True)
    }


def _is_same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _SAME * max(1.0, abs(other))
