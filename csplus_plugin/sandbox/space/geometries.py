"""Geometries: OGR shapes with a CRS and Earth Engine's idea of what an edge is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from osgeo import ogr

from .. import meter
from ..errors import Refused
from .antimeridian import unwrapped, within_globe
from .crossings import MOST_POINTS, check_buffer, check_overlay, check_union
from .edges import densified, map_lines, transformed
from .projections import (
    DEFAULT_PROJECTION,
    WGS84,
    Projection,
    apply,
    inverse,
    is_geographic,
    quiet_gdal,
    same_crs,
    spatial_reference,
)

AREA = 2  # OGR's dimension of polygons
FARTHEST = 4e9  # metres: a hundred times around the earth

_ZONES = 4  # CRSs of which what was made of a geometry is kept

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Geometry:
    """A shape on the earth.

    Attributes:
        shape: Coordinates in `crs`, x before y; never changed, because threads share it. None for the
            whole earth without limits.
        crs: Authority code or WKT.
        geodesic: Whether edges are shortest paths on the earth rather than straight in `crs`.
        is_ring: Whether a line goes by the name of a ring.
    """

    shape: ogr.Geometry | None
    crs: str = WGS84
    geodesic: bool = True
    is_ring: bool = False

    @property
    def is_unbounded(self) -> bool:
        """Whether this is everywhere."""
        return self.shape is None

    @property
    def kind(self) -> str:
        """GeoJSON's name of the type."""
        return str(self.to_json()["type"])

    def planar(self, crs: str = WGS84) -> ogr.Geometry:
        """Give the shape in some CRS with straight edges: a fresh object that may be changed.

        Edges get extra points first, where they are geodesics or the CRS is another one. In longitude and latitude
        what crosses the antimeridian is cut there.

        Raises:
            Refused: The geometry has no limits, or does not fit in the CRS.
        """
        if self.shape is None:
            raise Refused("Unable to perform this geometry operation. The geometry is unbounded.")
        if same_crs(self.crs, crs) and not self._bends:
            return _on_globe(self.shape.Clone(), crs)
        meter.check()
        bend, total = self._bends, 0

        def bent(points: np.ndarray) -> np.ndarray:
            nonlocal total
            made = densified(unwrapped(points) if bend else points, self.crs, geodesic=bend)
            total += len(made)
            if total > MOST_POINTS:
                raise Refused(meter.MEMORY_EXCEEDED)
            return made

        dense = map_lines(self.shape, bent)
        if same_crs(self.crs, crs):
            return _on_globe(dense, crs)

        def moved(points: np.ndarray) -> np.ndarray:
            made = transformed(points, self.crs, crs)
            return unwrapped(made) if is_geographic(crs) else made

        return _on_globe(map_lines(dense, moved), crs)

    @property
    def _bends(self) -> bool:
        return self.geodesic and is_geographic(self.crs)

    def in_crs(self, crs: str, *, geodesic: bool | None = None) -> Geometry:
        """Give the same place in another CRS; edges are geodesics by default where that CRS is geographic."""
        bent = is_geographic(crs) if geodesic is None else geodesic
        if self.shape is None or (same_crs(self.crs, crs) and bent == self.geodesic):
            return self if self.shape is None else Geometry(self.shape, crs, bent)
        return Geometry(self.planar(crs), crs, bent)

    def bounds(self, crs: str = WGS84) -> tuple[float, float, float, float]:
        """West, south, east, north in some CRS."""
        return self._measures(crs)[0]

    def size(self, crs: str) -> float:
        """Give the area in square units of some CRS; parts that overlap count once each."""
        return self._measures(crs)[1]

    def _measures(self, crs: str) -> tuple[tuple[float, float, float, float], float]:
        def measure() -> tuple[tuple[float, float, float, float], float]:
            shape = self.planar(crs)
            west, east, south, north = shape.GetEnvelope()
            return (west, south, east, north), area_of(shape)

        return self.remembered("measures", crs, measure)

    def intersects(self, other: Geometry) -> bool:
        """Whether the two share a point, in longitude and latitude."""
        if self.shape is None or other.shape is None:
            return True
        check_overlay(self._lonlat, other._lonlat)
        return bool(self._lonlat.Intersects(other._lonlat))

    def remembered(self, key: str, crs: str, make: Callable[[], T]) -> T:
        """Give what depends on the geometry and a CRS and is asked for again and again: that of a few CRSs is kept."""
        kept = self._kept.setdefault(key, {})
        if crs not in kept:
            made = make()
            # Threads may be here at once: each leaves a whole dictionary, of the last few zones.
            kept = self._kept[key] = {**dict(list(kept.items())[1 - _ZONES :]), crs: made}
        return kept[crs]

    @cached_property
    def _kept(self) -> dict[str, dict[str, Any]]:
        return {}

    @cached_property
    def _lonlat(self) -> ogr.Geometry:
        """The shape in longitude and latitude, made once because filters ask for it again and again; never changed."""
        return self.planar()

    def to_json(self) -> dict[str, Any]:
        """GeoJSON, with the CRS and the kind of edges where they are not the default ones."""
        if self.shape is None:
            whole = [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]
            return {"type": "Polygon", "coordinates": whole, "geodesic": False}
        body = _geojson(self.shape)
        if self.is_ring:
            body["type"] = "LinearRing"
        if not same_crs(self.crs, WGS84):
            body["crs"] = {"type": "name", "properties": {"name": self.crs}}
        if not self.geodesic and body["type"] not in {"Point", "MultiPoint"}:
            body["geodesic"] = False
        return body


def _on_globe(shape: ogr.Geometry, crs: str) -> ogr.Geometry:
    return within_globe(shape) if is_geographic(crs) else shape


def ring_of(geometry: Geometry) -> Geometry:
    """Give the outline of a footprint, which is how the service keeps it; several parts stay as they are."""
    body = geometry.to_json()
    if geometry.is_unbounded or body["type"] != "Polygon" or not body["coordinates"]:
        return geometry
    shape = shape_of("LinearRing", body["coordinates"][0])
    return Geometry(shape, geometry.crs, geometry.geodesic, is_ring=True)


def from_geojson(body: object, crs: str = WGS84, *, geodesic: bool = True) -> Geometry:
    """Give a geometry from GeoJSON; rings are closed where they are not.

    Raises:
        Refused: Not GeoJSON.
    """
    if not isinstance(body, dict):
        raise Refused("Invalid GeoJSON geometry.")
    if body.get("type") == "Feature":
        return from_geojson(body.get("geometry"), crs, geodesic=geodesic)
    geodesic = bool(body.get("geodesic", geodesic))
    name = body.get("crs")
    if isinstance(name, dict) and isinstance(name.get("properties"), dict):
        crs = str(name["properties"].get("name", crs))
    if body.get("type") == "GeometryCollection":
        parts = [from_geojson(part, crs, geodesic=geodesic) for part in _listed(body.get("geometries") or [])]
        return Geometry(gathered([p.shape for p in parts if p.shape is not None]), crs, geodesic)
    kind = str(body.get("type"))
    return Geometry(shape_of(kind, body.get("coordinates")), crs, geodesic, is_ring=kind == "LinearRing")


def shape_of(kind: str, coordinates: object) -> ogr.Geometry:
    """Give an OGR shape from a GeoJSON type and coordinates; rings are closed where they are not.

    Raises:
        Refused: The coordinates do not fit the type.
    """
    if kind == "LinearRing":
        kind, coordinates = "LineString", _closed(coordinates)
    elif kind == "Polygon":
        coordinates = [_closed(ring) for ring in _listed(coordinates)]
    elif kind == "MultiPolygon":
        coordinates = [[_closed(ring) for ring in _listed(part)] for part in _listed(coordinates)]
    with quiet_gdal():
        try:
            text = json.dumps({"type": kind, "coordinates": coordinates}, allow_nan=False)
            shape = ogr.CreateGeometryFromJson(text)
        except (RuntimeError, TypeError, ValueError):
            shape = None
    if shape is None or (shape.IsEmpty() and coordinates not in ([], [[]])):
        raise Refused(f"GeometryConstructors.{kind}: Invalid coordinates.")
    return mended(shape)


def mended(shape: ogr.Geometry) -> ogr.Geometry:
    """Give a shape in two dimensions that GEOS takes: a ring that crosses itself is an area by the even-odd rule.

    Raises:
        Refused: Its edges cross too often.
    """
    shape.FlattenTo2D()
    with quiet_gdal():
        if shape.GetDimension() < AREA or shape.IsValid():
            return shape
        check_union(shape)
        return shape.MakeValid() or shape


def _listed(value: object) -> list:
    if not isinstance(value, (list, tuple)):
        raise Refused("Invalid geometry: coordinates must be lists of numbers.")
    return list(value)


def _closed(ring: object) -> list:
    points = _listed(ring)
    return points if not points or points[0] == points[-1] else [*points, points[0]]


def _geojson(shape: ogr.Geometry) -> dict[str, Any]:
    text = shape.ExportToJson(["COORDINATE_PRECISION=15"])
    if text is None:  # GDAL writes some empty geometries, not all of them
        text = '{"type": "GeometryCollection", "geometries": []}'
    body = json.loads(text)
    if body["type"] == "GeometryCollection":
        body["geometries"] = [_geojson(shape.GetGeometryRef(i)) for i in range(shape.GetGeometryCount())]
    return body


def box(west: float, south: float, east: float, north: float, crs: str = WGS84) -> Geometry:
    """Give a rectangle with straight edges in its CRS."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return Geometry(shape_of("Polygon", [ring]), crs, geodesic=False)


def lattice_shape(shape: ogr.Geometry, projection: Projection) -> ogr.Geometry:
    """Give a shape given in pixel coordinates of a projection, in its CRS's coordinates."""
    if projection.transform == DEFAULT_PROJECTION.transform:
        return shape
    return map_lines(shape, lambda p: np.column_stack(apply(projection.transform, p[:, 0], p[:, 1])))


def pixel_shape(shape: ogr.Geometry, projection: Projection) -> ogr.Geometry:
    """Give a shape given in CRS coordinates, in pixel coordinates of a projection."""
    back = inverse(projection.transform)
    return map_lines(shape, lambda p: np.column_stack(apply(back, p[:, 0], p[:, 1])))


def gathered(shapes: Sequence[ogr.Geometry]) -> ogr.Geometry:
    """Several shapes as one, of a multi type where all are of one kind; nothing is dissolved."""
    names = {shape.GetGeometryName() for shape in shapes}
    multi = {"POINT": ogr.wkbMultiPoint, "LINESTRING": ogr.wkbMultiLineString, "POLYGON": ogr.wkbMultiPolygon}
    whole = ogr.Geometry(multi[names.pop()] if len(names) == 1 and names <= set(multi) else _COLLECTION)
    for shape in shapes:
        whole.AddGeometry(shape)
    return whole


_COLLECTION = ogr.wkbGeometryCollection


def united(geometries: Sequence[Geometry]) -> Geometry:
    """Geometries together, in longitude and latitude; areas are dissolved."""
    if any(g.is_unbounded for g in geometries):
        return Geometry(None)
    parts = [part for g in geometries for part in parts_of(g.planar())]
    areas = gathered([part for part in parts if part.GetDimension() == AREA])
    others = [part for part in parts if part.GetDimension() < AREA]
    check_union(areas)
    dissolved = [] if areas.IsEmpty() else parts_of(checked(areas.UnionCascaded()))
    every = [*dissolved, *others]
    return Geometry(every[0].Clone() if len(every) == 1 else gathered(every), geodesic=False)


def parts_of(shape: ogr.Geometry) -> list[ogr.Geometry]:
    """Give the single shapes that a multi shape or a collection is made of."""
    if shape.GetGeometryName() in {"POINT", "LINESTRING", "POLYGON"}:
        return [] if shape.IsEmpty() else [shape]
    return [
        part.Clone() for i in range(shape.GetGeometryCount()) for part in parts_of(shape.GetGeometryRef(i))
    ]


def areas_of(geometry: Geometry, crs: str) -> ogr.Geometry:
    """Give the areas of a geometry in some CRS with straight edges; where they overlap they are joined.

    Raises:
        Refused: The geometry has no limits, or does not fit in the CRS.
    """
    return geometry.remembered("areas", crs, lambda: _joined(parts_of(geometry.planar(crs))))


def lines_of(geometry: Geometry, crs: str) -> ogr.Geometry:
    """Give the lines and points of a geometry in some CRS with straight edges.

    Raises:
        Refused: The geometry has no limits, or does not fit in the CRS.
    """
    thin = lambda: [part for part in parts_of(geometry.planar(crs)) if part.GetDimension() < AREA]  # noqa: E731
    return geometry.remembered("lines", crs, lambda: gathered(thin()))


def _joined(parts: Sequence[ogr.Geometry]) -> ogr.Geometry:
    """Give those of some shapes that are areas, as one that GEOS calls valid."""
    areas = []
    for part in parts:
        if part.GetDimension() == AREA:
            with quiet_gdal():
                is_valid = part.IsValid()
            if not is_valid:
                check_union(part)
            areas += [part] if is_valid else parts_of(checked(part.MakeValid()))
    whole = gathered([area for area in areas if area.GetDimension() == AREA])
    with quiet_gdal():
        if whole.IsValid():
            return whole
    check_union(whole)
    return checked(whole.UnionCascaded())


def checked(shape: ogr.Geometry | None) -> ogr.Geometry:
    """Give what GEOS answered.

    Raises:
        Refused: It could not.
    """
    if shape is None:
        raise Refused("Unable to perform this geometry operation: the geometry is not valid.")
    return shape


def grown(shape: ogr.Geometry, distance: float, segments: int) -> ogr.Geometry:
    """Give a shape with a buffer around it.

    Args:
        shape: The shape.
        distance: Units of its coordinates; negative ones shrink it.
        segments: Edges of a quarter circle.

    Raises:
        Refused: The distance is no length, or GEOS cannot.
    """
    # An infinite distance ends the whole process, and a hundred earths' girths are as good.
    if not abs(distance) <= FARTHEST:
        raise Refused(f"Unable to perform this geometry operation: {distance} is no distance on the earth.")
    check_buffer(shape, distance)
    return checked(shape.Buffer(distance, segments))


def simplified(shape: ogr.Geometry, tolerance: float) -> ogr.Geometry:
    """Give a shape with fewer points, at most that many units of its coordinates off.

    Raises:
        Refused: The tolerance is no length, or GEOS cannot.
    """
    if not 0 <= tolerance <= FARTHEST:
        raise Refused(f"Unable to perform this geometry operation: {tolerance} is no distance on the earth.")
    return checked(shape.SimplifyPreserveTopology(tolerance))


def local_crs(geometry: Geometry) -> str:
    """Give an equidistant CRS around a geometry, in which metres are metres."""
    west, south, east, north = geometry.bounds()
    reference = spatial_reference(WGS84).Clone()
    reference.SetProjCS("around the geometry")
    reference.SetAE((south + north) / 2, (west + east) / 2, 0, 0)
    return reference.ExportToWkt()


def area_of(shape: ogr.Geometry) -> float:
    """Square units of its coordinates; 0 for points and lines."""
    return float(shape.GetArea()) if shape.GetDimension() == AREA else 0.0


def length_of(shape: ogr.Geometry) -> float:
    """Units of its coordinates; 0 for points."""
    return float(shape.Length()) if shape.GetDimension() > 0 else 0.0


def dissolved(shape: ogr.Geometry) -> ogr.Geometry:
    """Overlapping areas joined; anything else as it is."""
    if shape.GetGeometryName() != "MULTIPOLYGON":
        return shape
    check_union(shape)
    return checked(shape.UnionCascaded())


def spherical_area(geometry: Geometry) -> float:
    """Area in square metres, by an equal-area projection around the geometry."""
    if geometry.planar().GetDimension() < AREA:
        return 0.0
    west, south, east, north = geometry.bounds()
    reference = spatial_reference(WGS84).Clone()
    reference.SetProjCS("equal area around the geometry")
    reference.SetLAEA((south + north) / 2, (west + east) / 2, 0, 0)
    return float(geometry.planar(reference.ExportToWkt()).GetArea())


def distance_between(left: Geometry, right: Geometry) -> float:
    """Give the shortest way between two geometries, metres; 0 where they meet."""
    if left.intersects(right):
        return 0.0
    both = Geometry(gathered([left.planar(), right.planar()]), geodesic=False)
    crs = local_crs(both)
    return float(left.planar(crs).Distance(right.planar(crs)))
