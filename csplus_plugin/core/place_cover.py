"""What places cover together: where a survey counts the scenes over them, and looks at their scores."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from osgeo import ogr, osr

from .grid import QuietGdal, spatial_reference
from .longitudes import TURN
from .places import Place
from .region import Region

MOST_VERTICES = 2_000
"""Of what is covered; it travels with the survey."""

_FINE = 5.0
"""Metres: half a pixel, by which edges may move where there are more vertices."""

_DECIMALS = 8
"""Of degrees: a millimetre."""


def cover(places: Sequence[Place]) -> Region:
    """Give the area that places of one UTM zone cover; where that has very many vertices, the hull around them.

    Args:
        places: At least one.
    """
    with QuietGdal():
        every = ogr.Geometry(ogr.wkbMultiPolygon)
        for place in places:
            shape = ogr.CreateGeometryFromJson(json.dumps(place.shape))
            for part in _polygons(shape if shape.IsValid() else shape.MakeValid()):
                every.AddGeometry(part)
        area = _united(every)
        if _vertices(area) > MOST_VERTICES:
            area = area.SimplifyPreserveTopology(_FINE)
        if _vertices(area) > MOST_VERTICES:
            area = area.ConvexHull()
        # The union of a multipolygon has the CRS of none of its parts.
        area.Transform(
            osr.CoordinateTransformation(spatial_reference(places[0].crs), spatial_reference("EPSG:4326"))
        )
        body = json.loads(area.ExportToJson([f"COORDINATE_PRECISION={_DECIMALS}"]))
    near = places[0].box[0]
    polygons = [body["coordinates"]] if body["type"] == "Polygon" else body["coordinates"]
    return Region(
        tuple(
            tuple(tuple((x - TURN * round((x - near) / TURN), y) for x, y, *_ in ring) for ring in polygon)
            for polygon in polygons
        )
    )


def _polygons(shape: ogr.Geometry) -> Iterator[ogr.Geometry]:
    if shape.GetGeometryName() == "POLYGON":
        yield shape
        return
    for number in range(shape.GetGeometryCount()):
        yield from _polygons(shape.GetGeometryRef(number))


def _united(every: ogr.Geometry) -> ogr.Geometry:
    """Dissolve polygons; what GEOS cannot dissolve is the hull around them."""
    try:
        area = every.UnionCascaded()
    except RuntimeError:  # where GDAL raises; elsewhere it gives None
        area = None
    return every.ConvexHull() if area is None or area.IsEmpty() else area


def _vertices(area: ogr.Geometry) -> int:
    if not area.GetGeometryCount():
        return int(area.GetPointCount())
    return sum(_vertices(area.GetGeometryRef(number)) for number in range(area.GetGeometryCount()))
