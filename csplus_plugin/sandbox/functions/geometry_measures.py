"""Geometries measured and reshaped: area, length, buffer, hull, transformation."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..graph.promotion import promote
from ..graph.registry import function
from ..space.geometries import (
    FARTHEST,
    Geometry,
    area_of,
    box,
    checked,
    dissolved,
    grown,
    length_of,
    local_crs,
    simplified,
    spherical_area,
)
from ..space.projections import WGS84, Projection, metres_per_unit
from ..values.types import Element, ErrorMargin


def _on_features(name: str, compute: Callable[..., Any]) -> None:
    """Register a function of a geometry also for features, which keep their properties."""
    parameters = list(inspect.signature(compute).parameters.values())
    renamed = [p.replace(name="feature" if p.name == "geometry" else p.name) for p in parameters]

    def on_feature(*values: Any) -> Any:
        feature, *rest = values
        places = [promote(v, "Geometry") if isinstance(v, Element) else v for v in rest]
        result = compute(promote(feature, "Geometry"), *places)
        return promote(feature, "Feature").with_(place=result) if isinstance(result, Geometry) else result

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
    return Geometry(grown(geometry.planar(crs), distance, 16), crs, geodesic=False).in_crs(
        geometry.crs, geodesic=geometry.geodesic
    )


@measured("bounds")
def bounds(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """Give the box around it."""
    crs = proj.crs if proj else WGS84
    return geometry if geometry.is_unbounded else box(*geometry.bounds(crs), crs=crs)


@measured("area")
def area(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> float:
    """Square metres, or square units of a projection."""
    return area_of(geometry.planar(proj.crs)) if proj else spherical_area(geometry)


def _length(geometry: Geometry, proj: Projection | None, *, areas: bool) -> float:
    shape = geometry.planar(proj.crs if proj else local_crs(geometry))
    if (shape.GetDimension() == 2) != areas:  # noqa: PLR2004 - an area
        return 0.0
    return length_of(checked(shape.Boundary()) if areas else shape)


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
    """Give the centre of mass."""
    crs = proj.crs if proj else local_crs(geometry)
    middle = checked(geometry.planar(crs).Centroid())
    return Geometry(middle, crs, geodesic=False).in_crs(crs if proj else WGS84)


@measured("convexHull")
def convex_hull(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """Give the smallest convex area that holds it."""
    crs = proj.crs if proj else geometry.crs
    return Geometry(checked(geometry.planar(crs).ConvexHull()), crs, geodesic=False)


@measured("dissolve")
def dissolve(geometry: Geometry, max_error: ErrorMargin | None, proj: Projection | None) -> Geometry:
    """Overlapping parts joined."""
    crs = proj.crs if proj else geometry.crs
    return Geometry(dissolved(geometry.planar(crs)), crs, geodesic=False)


@measured("simplify")
def simplify(geometry: Geometry, max_error: ErrorMargin, proj: Projection | None) -> Geometry:
    """Fewer points, at most that far off."""
    projected = max_error.unit == "projected"
    crs = proj.crs if proj else geometry.crs if projected else local_crs(geometry)
    far = FARTHEST if max_error.value is None else max_error.value
    simpler = simplified(geometry.planar(crs), far if projected else far / metres_per_unit(crs))
    return Geometry(simpler, crs, geodesic=False).in_crs(geometry.crs, geodesic=geometry.geodesic)


@measured("transform")
def transform(
    geometry: Geometry, proj: Projection, max_error: ErrorMargin | None, geodesic: bool | None
) -> Geometry:
    """Give the same place in another CRS."""
    return geometry.in_crs(proj.crs, geodesic=geodesic)
