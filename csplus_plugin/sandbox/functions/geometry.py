"""Geometries: making them, measuring them, relating them (guides/geometries)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from osgeo import ogr

from ..errors import Refused
from ..geometries import (
    Geometry,
    box,
    checked,
    from_geojson,
    gathered,
    lattice_shape,
    local_crs,
    shape_of,
    spherical_area,
)
from ..projections import WGS84, Projection, is_geographic, same_crs
from ..promotion import promote
from ..registry import function
from ..values import Element, ErrorMargin

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
    """A rectangle from two corners, as four numbers or two points."""
    flat = np.array([_nested(c, 0) for c in coordinates], dtype=float).ravel()
    if flat.size != 4:  # noqa: PLR2004 - two corners
        raise Refused("GeometryConstructors.Rectangle: Need two corners.")
    x1, y1, x2, y2 = (float(v) for v in flat)
    west, south, east, north = min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
    ring = [[west, south], [east, south], [east, north], [west, north]]
    return _made("Polygon", [ring], crs, geodesic)


@function("GeometryConstructors.BBox")
def bbox(west: float, south: float, east: float, north: float) -> Geometry:
    """A rectangle along meridians and parallels."""
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


def _on_features(name: str, compute: Callable[..., Any]) -> None:
    """Register a function of a geometry also for features, which keep their properties."""
    parameters = list(inspect.signature(compute).parameters.values())
    renamed = [p.replace(name="feature" if p.name == "geometry" else p.name) for p in parameters]

    def on_feature(*values: Any) -> Any:
        feature, *rest = values
        places = [promote(v, "Geometry") if isinstance(v, Element) else v for v in rest]
        result = compute(promote(feature, "Geometry"), *places)
        return promote(feature, "Feature").but(place=result) if isinstance(result, Geometry) else result

    on_feature.__signature__ = inspect.Signature(renamed)  # type: ignore[attr-defined]
    function(f"Feature.{name}")(on_feature)


def measured(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register under `Geometry.` and `Feature.`."""

    def register(compute: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            function(f"Geometry.{name}")(compute)
            _on_features(name, compute)
        return compute

    return register


@measured("buffer")
def buffer(
    geometry: Geometry, distance: float, max_error: ErrorMargin | None, proj: Projection | None
) -> Geometry:
    """Grown by a distance, or shrunk by a negative one: metres, or units of a projection."""
    crs = proj.crs if proj else local_crs(geometry)
    grown = checked(geometry.planar(crs).Buffer(distance, 16))
    return Geometry(grown, crs, geodesic=False).in_crs(geometry.crs, geodesic=geometry.geodesic)


@measured("bounds")
def bounds(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """The box around it."""
    crs = proj.crs if proj else WGS84
    return geometry if geometry.is_unbounded else box(*geometry.bounds(crs), crs=crs)


@measured("area")
def area(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> float:
    """Square metres, or square units of a projection."""
    return geometry.planar(proj.crs).GetArea() if proj else spherical_area(geometry)


def _length(geometry: Geometry, proj: Projection | None, *, areas: bool) -> float:
    shape = geometry.planar(proj.crs if proj else local_crs(geometry))
    if (shape.GetDimension() == 2) != areas:  # noqa: PLR2004 - an area
        return 0.0
    return checked(shape.Boundary()).Length() if areas else shape.Length()


@measured("length")
def length(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> float:
    """Metres of lines; 0 for areas."""
    return _length(geometry, proj, areas=False)


@measured("perimeter")
def perimeter(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> float:
    """Metres around areas; 0 for lines."""
    return _length(geometry, proj, areas=True)


@measured("centroid")
def centroid(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """The centre of mass."""
    crs = proj.crs if proj else local_crs(geometry)
    middle = checked(geometry.planar(crs).Centroid())
    return Geometry(middle, crs, geodesic=False).in_crs(crs if proj else WGS84)


@measured("convexHull")
def convex_hull(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """The smallest convex area that holds it."""
    crs = proj.crs if proj else geometry.crs
    return Geometry(checked(geometry.planar(crs).ConvexHull()), crs, geodesic=False)


@measured("dissolve")
def dissolve(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """Overlapping parts joined."""
    crs = proj.crs if proj else geometry.crs
    return Geometry(
        checked(geometry.planar(crs).UnionCascaded() or geometry.planar(crs)), crs, geodesic=False
    )


@measured("simplify")
def simplify(geometry: Geometry, max_error: ErrorMargin, proj: Projection | None) -> Geometry:
    """Fewer points, at most that many metres off."""
    crs = proj.crs if proj else local_crs(geometry)
    simpler = checked(geometry.planar(crs).SimplifyPreserveTopology(float(max_error.value or 0)))
    return Geometry(simpler, crs, geodesic=False).in_crs(geometry.crs, geodesic=geometry.geodesic)


@measured("transform")
def transform(
    geometry: Geometry, proj: Projection, max_error: ErrorMargin | None, geodesic: bool | None
) -> Geometry:
    """The same place in another CRS."""
    return geometry.in_crs(proj.crs, geodesic=geodesic)


def _working_crs(left: Geometry, right: Geometry, proj: Projection | None) -> str:
    """The CRS in which two geometries meet: the one asked for, their own if they share a planar one."""
    if proj is not None:
        return proj.crs
    shared = same_crs(left.crs, right.crs) and not is_geographic(left.crs)
    return left.crs if shared else WGS84


def _register_overlay(name: str, method: str) -> None:
    @measured(name)
    def overlay(
        left: Geometry, right: Geometry, max_error: ErrorMargin | None, proj: Projection | None
    ) -> Geometry:
        if left.is_unbounded or right.is_unbounded:
            return _with_everything(name, left, right)
        crs = _working_crs(left, right, proj)
        return Geometry(checked(getattr(left.planar(crs), method)(right.planar(crs))), crs, geodesic=False)


def _with_everything(name: str, left: Geometry, right: Geometry) -> Geometry:
    if name == "intersection":
        return right if left.is_unbounded else left
    if name == "union":
        return Geometry(None)
    raise Refused(f"Geometry.{name}: Unable to perform this geometry operation. The geometry is unbounded.")


for _name, _method in {
    "intersection": "Intersection",
    "union": "Union",
    "difference": "Difference",
    "symmetricDifference": "SymDifference",
}.items():
    _register_overlay(_name, _method)


def _register_relation(name: str, relate: Callable[[ogr.Geometry, ogr.Geometry], bool]) -> None:
    @measured(name)
    def relation(
        left: Geometry, right: Geometry, max_error: ErrorMargin | None, proj: Projection | None
    ) -> bool:
        if left.is_unbounded or right.is_unbounded:
            return {"disjoint": False, "contains": left.is_unbounded, "containedIn": right.is_unbounded}.get(
                name, True
            )
        crs = _working_crs(left, right, proj)
        return bool(relate(left.planar(crs), right.planar(crs)))


for _name, _relate in {
    "intersects": ogr.Geometry.Intersects,
    "disjoint": ogr.Geometry.Disjoint,
    "contains": ogr.Geometry.Contains,
    "containedIn": ogr.Geometry.Within,
}.items():
    _register_relation(_name, _relate)


def distance_between(left: Geometry, right: Geometry) -> float:
    """The shortest way between two geometries, metres; 0 where they meet."""
    if left.intersects(right):
        return 0.0
    both = Geometry(gathered([left.planar(), right.planar()]), geodesic=False)
    crs = local_crs(both)
    return float(left.planar(crs).Distance(right.planar(crs)))


@measured("distance")
def distance(
    left: Geometry,
    right: Geometry,
    max_error: ErrorMargin | None,
    proj: Projection | None,
    spherical: bool,
) -> float:
    """Metres, or units of a projection."""
    return left.planar(proj.crs).Distance(right.planar(proj.crs)) if proj else distance_between(left, right)


@measured("withinDistance")
def within_distance(
    left: Geometry,
    right: Geometry,
    distance: float,
    max_error: ErrorMargin | None,
    proj: Projection | None,
) -> bool:
    """Whether they are at most that far apart."""
    if proj:
        return left.planar(proj.crs).Distance(right.planar(proj.crs)) <= distance
    return distance_between(left, right) <= distance


@function("Geometry.coordinates")
def coordinates(geometry: Geometry) -> list:
    """Coordinates as in GeoJSON."""
    return geometry.to_json().get("coordinates", [])


@function("Geometry.type")
def type_(geometry: Geometry) -> str:
    """The GeoJSON type."""
    return geometry.kind


@function("Geometry.geometries")
def geometries(geometry: Geometry) -> list[Geometry]:
    """The parts of a multi geometry, or the geometry itself."""
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
    """The CRS of the coordinates."""
    return Projection(geometry.crs)
