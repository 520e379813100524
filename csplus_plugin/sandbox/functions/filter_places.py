"""Filters: conditions on places, of one element or of a pair (guides/joins_spatial)."""

# ruff: noqa: ARG001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Callable

from ..graph.promotion import promote
from ..graph.registry import function
from ..space.crossings import check_overlay
from ..space.geometries import Geometry, distance_between, spherical_area
from ..values.filters import Filter
from ..values.operands import Operands, selected
from ..values.types import Element, ErrorMargin


def _spatial(name: str, relate: Callable[[Geometry, Geometry], bool]) -> None:
    """Register a filter on the geometries of both sides, in longitude and latitude."""

    @function(name)
    def spatial(
        left_field: str | None,
        right_value: object,
        right_field: str | None,
        left_value: object,
        max_error: ErrorMargin,
    ) -> Filter:
        operands = Operands(left_field, right_value, right_field, left_value)

        def test(element: Element, partner: Element | None) -> bool:
            left, right = operands.of(element, partner)
            return left is not None and right is not None and relate(_place(left), _place(right))

        return Filter(test)


def _place(value: object) -> Geometry:
    return promote(value, "Geometry")


def _contains(outer: Geometry, inner: Geometry) -> bool:
    if outer.is_unbounded or inner.is_unbounded:
        return outer.is_unbounded
    one, other = outer.planar(), inner.planar()
    check_overlay(one, other)
    return bool(one.Contains(other))


_spatial("Filter.intersects", lambda a, b: a.intersects(b))
_spatial("Filter.disjoint", lambda a, b: not a.intersects(b))
_spatial("Filter.contains", _contains)
_spatial("Filter.isContained", lambda a, b: _contains(b, a))


@function("Filter.withinDistance")
def within_distance(
    distance: float,
    left_field: str | None,
    right_value: object,
    right_field: str | None,
    left_value: object,
    max_error: ErrorMargin,
) -> Filter:
    """Geometries at most that many metres apart."""
    operands = Operands(left_field, right_value, right_field, left_value)

    def apart(element: Element, partner: Element | None) -> float | None:
        left, right = operands.of(element, partner)
        return None if left is None or right is None else distance_between(_place(left), _place(right))

    return Filter(lambda a, b: (d := apart(a, b)) is not None and d <= distance, apart)


@function("Filter.area")
def area(min_: float, max_: float, max_error: ErrorMargin | None, geometry_selector: str | None) -> Filter:
    """Give the geometry's area in square metres, ends included."""

    def test(element: Element, _: Element | None) -> bool:
        place = selected(element, geometry_selector or ".geo")
        return place is not None and min_ <= spherical_area(_place(place)) <= max_

    return Filter(test)
