"""Points and polygons whose pixels are asked for: each on the pixel grid of its UTM zone, near ones together."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from osgeo import ogr, osr

from .errors import InvalidChoice
from .grid import QuietGdal, spatial_reference, utm_crs
from .language import _
from .longitudes import HALF, TURN, joined, span
from .region import Region

PIXEL = 10
"""Metres; origins of the grids are multiples of it, as those of the scenes are."""

_CELL = 0.5
"""Degrees of a cell: places in the same one are asked for together, of the scenes over it."""

_CORNERS = 8
"""Corners in a quarter of a circle; the area of the circle is then met to 0.7 percent."""

_MOST_VERTICES = 20_000
"""Of one place: it travels with each of its requests."""

_DECIMALS = 2
"""Of metres: a centimetre moves no weight of a pixel by more than a thousandth."""


@dataclass(frozen=True)
class Place:
    """One point or polygon.

    Attributes:
        key: Tells its geometry from others, 32 hexadecimal digits.
        crs: Code of its UTM zone.
        shape: GeoJSON of a Polygon or MultiPolygon in metres of the zone; of a point, the pixel in which it lies.
        box: West, south, east, north in degrees; east may be beyond 180.
        area: Square metres.
    """

    key: str
    crs: str
    shape: Mapping[str, Any]
    box: tuple[float, float, float, float]
    area: float

    @property
    def pixels(self) -> float:
        """Pixels that it covers, those at the edge by share: the sum of their weights."""
        return self.area / PIXEL**2


@dataclass(frozen=True)
class Group:
    """Places near each other.

    Attributes:
        crs: Code of their UTM zone.
        region: Where the scenes are looked for: always the same for a cell, unless a place reaches out of it.
        places: The places, each once.
    """

    crs: str
    region: Region
    places: tuple[Place, ...]


def place(geometry: Mapping[str, Any], buffer: float = 0) -> Place | None:
    """Lay a geometry on its pixel grid.

    Args:
        geometry: GeoJSON of points or polygons, in longitude and latitude.
        buffer: Metres by which it grows; polygons may shrink.

    Returns:
        None where nothing is left of it.

    Raises:
        InvalidChoice: It lies on no UTM zone, has very many vertices, or is of another kind.
    """
    with QuietGdal():
        shape = ogr.CreateGeometryFromJson(json.dumps(geometry))
        if shape is None or shape.IsEmpty():
            return None
        centre = _first_position(shape)
        try:
            crs = utm_crs(*centre)
        except InvalidChoice as problem:
            raise InvalidChoice(
                _("A feature at latitude {latitude:.4g} has no UTM zone.", latitude=centre[1]),
                _("Leave it out: Sentinel-2 sees no place so near a pole."),
            ) from problem
        degrees, metres = spatial_reference("EPSG:4326"), spatial_reference(crs)
        shape.Transform(osr.CoordinateTransformation(degrees, metres))
        if shape.GetDimension() == 0 and buffer <= 0:
            shape = _pixels_of(shape)
        elif buffer:
            shape = shape.Buffer(buffer, _CORNERS)
        if shape.IsEmpty() or shape.GetDimension() != 2:  # noqa: PLR2004 an area
            return None
        west, east, south, north = shape.GetEnvelope()
        if not all(map(math.isfinite, (west, east, south, north))):
            raise InvalidChoice(_("A feature lies on no UTM zone."), _("Check its coordinates and its CRS."))
        body = json.loads(shape.ExportToJson([f"COORDINATE_PRECISION={_DECIMALS}"]))
        box = _degrees((west, south, east, north), osr.CoordinateTransformation(metres, degrees), centre[0])
    text = json.dumps([crs, body["coordinates"]], separators=(",", ":"))
    if text.count("[") > _MOST_VERTICES:
        raise InvalidChoice(
            _("A feature has more than {most_vertices:,} vertices.", most_vertices=_MOST_VERTICES),
            _("Simplify the features, or split them."),
        )
    return Place(
        hashlib.sha256(text.encode()).hexdigest()[:32],
        crs,
        {"type": body["type"], "coordinates": body["coordinates"]},
        box,
        shape.GetArea(),
    )


def groups(places: Iterable[Place]) -> list[Group]:
    """Put places near each other together, those of one UTM zone; the same place counts once."""
    cells: dict[tuple[str, int, int], dict[str, Place]] = {}
    for one in places:
        west, south, east, north = one.box
        cell = (one.crs, math.floor((west + east) / 2 / _CELL), math.floor((south + north) / 2 / _CELL))
        cells.setdefault(cell, {})[one.key] = one
    return [
        Group(crs, _region(column, row, list(members.values())), tuple(members.values()))
        for (crs, column, row), members in sorted(cells.items())
    ]


def region_of(places: Sequence[Place]) -> Region:
    """Give the box around places.

    Raises:
        InvalidChoice: It is wider than half the globe.
    """
    boxes = [
        (((west, south), (east, south), (east, north), (west, north), (west, south)),)
        for west, south, east, north in (one.box for one in places)
    ]
    # Moved together by whole turns, so that features on both sides of the antimeridian are near each other.
    together = joined(boxes)
    west, east = span(together)
    if east - west > HALF:
        raise InvalidChoice(
            _("The features lie around more than half the globe."), _("Run them in two parts.")
        )
    ys = [y for (ring,) in together for _x, y in ring]
    return Region.from_bounds(west, min(ys), east, max(ys))


def _region(column: int, row: int, places: Sequence[Place]) -> Region:
    wests, souths, easts, norths = zip(*(one.box for one in places), strict=True)
    return Region.from_bounds(
        min(column * _CELL, *wests),
        max(-90.0, min(row * _CELL, *souths)),
        max((column + 1) * _CELL, *easts),
        min(90.0, max((row + 1) * _CELL, *norths)),
    )


def _pixels_of(points: ogr.Geometry) -> ogr.Geometry:
    """Give the pixels in which points lie: every reducer then sees them whole."""
    squares = ogr.Geometry(ogr.wkbMultiPolygon)
    each = (
        [points]
        if points.GetPointCount()
        else [points.GetGeometryRef(n) for n in range(points.GetGeometryCount())]
    )
    for point in each:
        left, bottom = (math.floor(value / PIXEL) * PIXEL for value in (point.GetX(), point.GetY()))
        ring = ogr.Geometry(ogr.wkbLinearRing)
        for x, y in ((0, 0), (PIXEL, 0), (PIXEL, PIXEL), (0, PIXEL), (0, 0)):
            ring.AddPoint_2D(left + x, bottom + y)
        square = ogr.Geometry(ogr.wkbPolygon)
        square.AddGeometry(ring)
        squares.AddGeometry(square)
    return squares.UnionCascaded()


def _first_position(shape: ogr.Geometry) -> tuple[float, float]:
    while shape.GetGeometryCount():
        shape = shape.GetGeometryRef(0)
    return shape.GetX(0), shape.GetY(0)


def _degrees(
    box: tuple[float, float, float, float], transform: osr.CoordinateTransformation, near: float
) -> tuple[float, float, float, float]:
    """Give the box in degrees around a box in metres, with longitudes that go on across the antimeridian."""
    west, south, east, north = box
    shares = [n / 8 for n in range(9)]
    edge = [(west + (east - west) * s, y) for s in shares for y in (south, north)]
    edge += [(x, south + (north - south) * s) for s in shares for x in (west, east)]
    moved = [(x - TURN * round((x - near) / TURN), y) for x, y, *_ in transform.TransformPoints(edge)]
    xs, ys = zip(*moved, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
