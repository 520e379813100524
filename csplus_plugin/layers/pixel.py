"""The values of one pixel of a live layer: those that its GeoTIFF would hold, on the same grid, in one request."""

from __future__ import annotations

import math

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsPointXY,
)

from ..core.bands import BandInfo, encoding
from ..core.errors import InvalidChoice
from ..core.grid import Grid, grid_for
from ..core.language import _
from ..core.picture import pixels
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from ..earthengine.client import Client


def pixel_at(recipe: Recipe[ImageTarget], longitude: float, latitude: float) -> Grid:
    """Find the pixel that holds a place, as a grid of one pixel.

    Raises:
        InvalidChoice: The place is outside the area.
    """
    grid = grid_for(recipe.scenes.region, recipe.output)
    crs = QgsCoordinateReferenceSystem.fromOgcWmsCrs(grid.crs)
    if not crs.isValid():
        crs = QgsCoordinateReferenceSystem.fromWkt(grid.wkt())
    geographic = QgsCoordinateReferenceSystem("EPSG:4326")
    transform = QgsCoordinateTransform(geographic, crs, QgsCoordinateTransformContext())
    outside = InvalidChoice(_("The place is outside the area of the layer."))
    try:
        place = transform.transform(QgsPointXY(longitude, latitude))
    except QgsCsException:  # so far away that the CRS does not reach it
        raise outside from None
    if not (math.isfinite(place.x()) and math.isfinite(place.y())):
        raise outside
    column = math.floor((place.x() - grid.left) / grid.resolution)
    row = math.floor((grid.top - place.y()) / grid.resolution)
    if not (0 <= column < grid.width and 0 <= row < grid.height):
        raise outside
    return grid.window(column, row, 1, 1)


def describe_pixel(recipe: Recipe[ImageTarget], pixel: Grid, client: Client) -> str:
    """Request the values of a pixel, and write them as one line.

    Raises:
        Cancelled: The user stopped it.
        ServiceError: One of its classes.
    """
    bands = recipe.target.file_bands(recipe.scenes)
    values = client.pixels(pixels(recipe), pixel.request(), [band.name for band in bands])
    nodata = encoding(bands).nodata
    said = [_say(band, float(values[band.name][0, 0]), nodata) for band in bands]
    if all(value is None for _name, value in said):
        return _("No value: no clear observation.")
    return ", ".join(f"{name} {_('no value') if value is None else value}" for name, value in said) + "."


def _say(band: BandInfo, value: float, nodata: float) -> tuple[str, str | None]:
    if value == nodata:
        return band.name, None
    return band.name, f"{value * band.scale:.4g}"
