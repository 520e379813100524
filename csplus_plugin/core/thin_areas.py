"""Areas thinner than a pixel: no pixel's centre may lie in them, and yet people want the pixels that they touch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osgeo import ogr, osr

from .errors import InvalidChoice
from .grid import home_crs, outline, spatial_reference
from .longitudes import continued
from .region import Region

if TYPE_CHECKING:
    from .choices import Output

_REACH = 0.75
"""Pixels; the centre of a pixel that an area touches is nearer than half a diagonal, 0.71."""


def clip_area(region: Region, output: Output) -> Region:
    """Give the area whose pixels are kept: the region, grown by three quarters of a pixel where it is a thin one."""
    try:
        return _grown(region, output.crs or home_crs(region), output.resolution)
    except InvalidChoice:
        # A live layer reaches further than any zone, and pixels of degrees reach beyond the poles: neither is thin.
        return region


def _grown(region: Region, crs: str, size: float) -> Region:
    shape = outline(region, crs)
    # Taking half a pixel off every edge leaves something of an area larger than what is taken off.
    if shape.GetArea() > size / 2 * _length(shape) or not shape.Buffer(-size / 2).IsEmpty():
        return region
    grown = shape.Buffer(_REACH * size, 2)
    grown.Transform(osr.CoordinateTransformation(spatial_reference(crs), spatial_reference("EPSG:4326")))
    body = json.loads(grown.ExportToJson())
    polygons = [body["coordinates"]] if body["type"] == "Polygon" else body["coordinates"]
    return Region(tuple(tuple(continued(ring) for ring in polygon) for polygon in polygons))


def _length(shape: ogr.Geometry) -> float:
    return sum(shape.GetGeometryRef(number).Boundary().Length() for number in range(shape.GetGeometryCount()))
