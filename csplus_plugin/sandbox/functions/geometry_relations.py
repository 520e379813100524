"""Two geometries: overlays, relations, distances."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Callable

from osgeo import ogr

from ..errors import Refused
from ..space.crossings import check_overlay
from ..space.geometries import Geometry, checked, distance_between
from ..space.projections import WGS84, Projection, is_geographic, same_crs
from ..values.types import ErrorMargin
from .geometry_measures import measured


def _working_crs(left: Geometry, right: Geometry, proj: Projection | None) -> str:
    """Give the CRS in which two geometries meet: the one asked for, their own if they share a planar one."""
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
        one, other = left.planar(crs), right.planar(crs)
        check_overlay(one, other)
        return Geometry(checked(getattr(one, method)(other)), crs, geodesic=False)


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
        one, other = left.planar(crs), right.planar(crs)
        check_overlay(one, other)
        return bool(relate(one, other))


for _name, _relate in {
    "intersects": ogr.Geometry.Intersects,
    "disjoint": ogr.Geometry.Disjoint,
    "contains": ogr.Geometry.Contains,
    "containedIn": ogr.Geometry.Within,
}.items():
    _register_relation(_name, _relate)


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
