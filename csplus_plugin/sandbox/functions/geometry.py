"""Geometries: making them, measuring them, relating them (guides/geometries)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import Refused
from ..graph.registry import function
from ..space.geometries import Geometry, box, from_geojson, gathered, lattice_shape, shape_of
from ..space.projections import WGS84, Projection, is_geographic
from ..values.types import ErrorMargin

_POINT_LIST = {
    "MultiPoint": 1,
    "LineString": 1,
    "LinearRing": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
"""How deep the coordinates of each type are nested, the pair itself not counted."""


def _made(kind: str, coordinates: Any, crs: Projection | None, geodesic: bool | None) -> Geometry:
    if kind == "LinearRing" and isinstance(coordinates, list) and len(coordinates) == 1:
        coordinates = coordinates[0]
    shape = shape_of(kind, _nested(coordinates, _POINT_LIST.get(kind, 0)))
    projection = crs or Projection(WGS84)
    bent = is_geographic(projection.crs) if geodesic is None else geodesic
    return Geometry(lattice_shape(shape, projection), projection.crs, bent, is_ring=kind == "LinearRing")


def _nested(coordinates: Any, depth: int) -> Any:
    """Coordinates, points given as geometries replaced, flat numbers paired."""
    if isinstance(coordinates, Geometry):
        return coordinates.to_json()["coordinates"]
    if not isinstance(coordinates, list):
        return coordinates
    if coordinates and all(isinstance(c, int | float) for c in coordinates) and depth:
        pairs = [list(pair) for pair in zip(coordinates[::2], coordinates[1::2], strict=True)]
        return pairs if depth == 1 else [pairs] if depth == 2 else [[pairs]]  # noqa: PLR2004
    return [_nested(c, max(0, depth - 1)) for c in coordinates]


def _register_constructor(kind: str, *, with_error: bool, even_odd: bool = False) -> None:
    name = f"GeometryConstructors.{kind}"
    if even_odd:

        @function(name)
        def area(
            coordinates: list,
            crs: Projection | None,
            geodesic: bool | None,
            max_error: ErrorMargin | None,
            even_odd: bool,
        ) -> Geometry:
            return _made(kind, coordinates, crs, geodesic)

    elif with_error:

        @function(name)
        def line(
            coordinates: list,
            crs: Projection | None,
            geodesic: bool | None,
            max_error: ErrorMargin | None,
        ) -> Geometry:
            return _made(kind, coordinates, crs, geodesic)

    else:

        @function(name)
        def point(coordinates: list, crs: Projection | None) -> Geometry:
            return _made(kind, coordinates, crs, None)


for _kind in ("Point", "MultiPoint"):
    _register_constructor(_kind, with_error=False)
for _kind in ("LineString", "LinearRing", "MultiLineString"):
    _register_constructor(_kind, with_error=True)
for _kind in ("Polygon", "MultiPolygon"):
    _register_constructor(_kind, with_error=True, even_odd=True)


@function("GeometryConstructors.Rectangle")
def rectangle(coordinates: list, crs: Projection | None, geodesic: bool | None, even_odd: bool) -> Geometry:
    """Give a rectangle from two corners, as four numbers or two points."""
    flat = np.array([_nested(c, 0) for c in coordinates], dtype=float).ravel()
    if flat.size != 4:  # noqa: PLR2004 - two corners
        raise Refused("GeometryConstructors.Rectangle: Need two corners.")
    x1, y1, x2, y2 = (float(v) for v in flat)
    west, south, east, north = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
    ring = [[west, south], [east, south], [east, north], [west, north]]
    return _made("Polygon", [ring], crs, geodesic)


@function("GeometryConstructors.BBox")
def bbox(west: float, south: float, east: float, north: float) -> Geometry:
    """Give a rectangle along meridians and parallels."""
    return box(west, south, east, north)


@function("GeometryConstructors.MultiGeometry")
def multi_geometry(
    geometries: list,
    crs: Projection | None,
    geodesic: bool | None,
    max_error: ErrorMargin | None,
) -> Geometry:
    """Geometries of any type together."""
    crs_name = crs.crs if crs else WGS84
    parts = [geometry.in_crs(crs_name) for geometry in geometries]
    bent = is_geographic(crs_name) if geodesic is None else geodesic
    return Geometry(gathered([p.shape for p in parts if p.shape is not None]), crs_name, bent)


@function("Geometry.coordinates")
def coordinates(geometry: Geometry) -> list:
    """Coordinates as in GeoJSON."""
    return geometry.to_json().get("coordinates", [])


@function("Geometry.type")
def type_(geometry: Geometry) -> str:
    """Give the GeoJSON type."""
    return geometry.kind


@function("Geometry.geometries")
def geometries(geometry: Geometry) -> list[Geometry]:
    """Give the parts of a multi geometry, or the geometry itself."""
    body = geometry.to_json()
    if body["type"] == "GeometryCollection":
        return [from_geojson(part, geometry.crs, geodesic=geometry.geodesic) for part in body["geometries"]]
    if not body["type"].startswith("Multi"):
        return [geometry]
    single = body["type"].removeprefix("Multi")
    parts = [{"type": single, "coordinates": part} for part in body["coordinates"]]
    return [from_geojson(part, geometry.crs, geodesic=geometry.geodesic) for part in parts]


@function("Geometry.isUnbounded")
def is_unbounded(geometry: Geometry) -> bool:
    """Whether it has no limits."""
    return geometry.is_unbounded


@function("Geometry.geodesic", "Geometry.edgesAreGeodesics")
def geodesic(geometry: Geometry) -> bool:
    """Whether edges are shortest paths on the earth."""
    return geometry.geodesic


@function("Geometry.projection")
def projection(geometry: Geometry) -> Projection:
    """Give the CRS of the coordinates."""
    return Projection(geometry.crs)
