"""Filters: conditions on properties and dates, of one element or of a pair (guides/joins_intro)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from .. import meter
from ..errors import Refused
from ..graph.promotion import promote, type_name
from ..graph.registry import function
from ..nesting import deeper
from ..space.geometries import Geometry
from ..values.dates import date as as_date
from ..values.filters import Filter
from ..values.operands import Operands, selected
from ..values.types import Element, as_number, hashable

Compare = Callable[[Any, Any], bool]


def _comparison(*names: str, compare: Compare) -> None:
    """Register a filter that compares two values; a missing value never passes."""

    @function(*names)
    def comparison(
        left_field: str | None, right_value: object, right_field: str | None, left_value: object
    ) -> Filter:
        # A list that is given is looked up for every element.
        operands = Operands(left_field, _looked_up(right_value), right_field, _looked_up(left_value))

        def test(element: Element, partner: Element | None) -> bool:
            left, right = operands.of(element, partner)
            return left is not None and right is not None and compare(left, right)

        if compare is _equal and left_field is not None and right_field is not None:
            return Filter(test, keys=(_key_by(left_field), _key_by(right_field)))
        return Filter(test)


def _ordered(holds: Callable[[Any, Any], bool]) -> Compare:
    """Give a comparison of two numbers or moments, or of two strings."""

    def compare(left: object, right: object) -> bool:
        a, b = as_number(left), as_number(right)
        if a is not None and b is not None:
            return holds(a, b)
        return isinstance(left, str) and isinstance(right, str) and holds(left, right)

    return compare


def _equal(left: object, right: object) -> bool:
    a, b = as_number(left), as_number(right)
    return a == b if a is not None and b is not None else hashable(left) == hashable(right)


def _key(value: object) -> object:
    """Give what is the same of two values exactly where they are equal."""
    number = as_number(value)
    return (hashable(value), None) if number is None else number


def _key_by(field: str) -> Callable[[Element], object]:
    return lambda element: _key(selected(element, field))


class _Lookup(list[Any]):
    """A list that knows where an equal value is without going through it."""

    def __init__(self, values: Iterable[Any]) -> None:
        super().__init__(values)
        self._keys = frozenset(_key(value) for value in self)

    def holds(self, value: object) -> bool:
        return _key(value) in self._keys


def _looked_up(value: object) -> object:
    return _Lookup(value) if isinstance(value, list) else value


def _listed(values: object, value: object) -> bool:
    if isinstance(values, _Lookup):
        return values.holds(value)
    return not isinstance(values, str) and any(_equal(v, value) for v in promote(values, "List"))


def _textual(holds: Callable[[str, str], bool]) -> Compare:
    return lambda left, right: isinstance(left, str) and isinstance(right, str) and holds(left, right)


_comparison("Filter.equals", "Filter.eq", compare=_equal)
_comparison("Filter.notEquals", "Filter.neq", compare=lambda a, b: not _equal(a, b))
_comparison("Filter.lessThan", "Filter.lt", compare=_ordered(lambda a, b: a < b))
_comparison("Filter.lessThanOrEquals", "Filter.lte", compare=_ordered(lambda a, b: a <= b))
_comparison("Filter.greaterThan", "Filter.gt", compare=_ordered(lambda a, b: a > b))
_comparison("Filter.greaterThanOrEquals", "Filter.gte", compare=_ordered(lambda a, b: a >= b))
_comparison("Filter.stringContains", compare=_textual(lambda a, b: b in a))
_comparison("Filter.stringStartsWith", compare=_textual(str.startswith))
_comparison("Filter.stringEndsWith", compare=_textual(str.endswith))
_comparison("Filter.listContains", compare=_listed)
_comparison("Filter.inList", compare=lambda value, values: _listed(values, value))


def _holds_date(span: object, value: object) -> bool:
    millis, dates = as_number(value), promote(span, "DateRange")
    if dates.start >= dates.end:
        raise Refused("Empty date ranges not supported for the current operation.")
    return millis is not None and dates.holds(millis)


_comparison("Filter.dateRangeContains", compare=_holds_date)


@function("Filter.maxDifference")
def max_difference(
    difference: float,
    left_field: str | None,
    right_value: object,
    right_field: str | None,
    left_value: object,
) -> Filter:
    """Numbers or moments at most that far apart."""
    operands = Operands(left_field, right_value, right_field, left_value)

    def apart(element: Element, partner: Element | None) -> float | None:
        left, right = (as_number(v) for v in operands.of(element, partner))
        return None if left is None or right is None else abs(left - right)

    return Filter(lambda a, b: (d := apart(a, b)) is not None and d <= difference, apart)


@function("Filter.rangeContains")
def range_contains(field: str, min_value: object, max_value: object) -> Filter:
    """Give a property between two values, both included."""
    below = _ordered(lambda a, b: a <= b)

    def test(element: Element, _: Element | None) -> bool:
        value = selected(element, field)
        return value is not None and below(min_value, value) and below(value, max_value)

    return Filter(test)


_CALENDAR: dict[str, Callable[[datetime], int]] = {
    "year": lambda t: t.year,
    "month": lambda t: t.month,
    "hour": lambda t: t.hour,
    "minute": lambda t: t.minute,
    "day_of_year": lambda t: t.timetuple().tm_yday,
    "day_of_month": lambda t: t.day,
    "day_of_week": lambda t: t.isoweekday(),
}


@function("Filter.calendarRange")
def calendar_range(start: int, end: int | None, field: str) -> Filter:
    """Give a calendar field of the element's start time, UTC, ends included; wraps where end is before start."""
    if field not in _CALENDAR:
        raise Refused(
            f"Filter.calendarRange: Unknown field '{field}'. Must be one of: {', '.join(_CALENDAR)}."
        )
    last = start if end is None else end
    read = _CALENDAR[field]

    def test(element: Element, _: Element | None) -> bool:
        millis = as_number(element.properties.get("system:time_start"))
        if millis is None:
            return False
        value = read(as_date(millis).utc)
        return start <= value <= last if start <= last else value >= start or value <= last

    return Filter(test)


@function("Filter.dayOfYear")
def day_of_year(start: int, end: int) -> Filter:
    """Days of the year, ends included."""
    return calendar_range(start, end, "day_of_year")


def _tested(condition: Filter, element: Element, partner: Element | None) -> bool:
    # Filters of filters that share their parts are tested without end.
    meter.check()
    return deeper(lambda: condition.test(element, partner))


@function("Filter.and")
def and_(filters: list[Filter]) -> Filter:
    """All of them pass."""
    measures = [f.measure for f in filters if f.measure]
    keys = [f.keys for f in filters if f.keys]
    return Filter(
        lambda a, b: all(_tested(f, a, b) for f in filters),
        measures[0] if measures else None,
        keys[0] if keys else None,
    )


@function("Filter.or")
def or_(filters: list[Filter]) -> Filter:
    """At least one of them passes."""
    return Filter(lambda a, b: any(_tested(f, a, b) for f in filters))


@function("Filter.not")
def not_(filter_: Filter) -> Filter:
    """Let pass what the other filter does not."""
    return Filter(lambda a, b: not _tested(filter_, a, b))


@function("Filter.notNull")
def not_null(properties: list[str]) -> Filter:
    """All of the properties are there and not null."""
    return Filter(lambda element, _: all(selected(element, name) is not None for name in properties))


@function("Filter.hasGeometry")
def has_geometry() -> Filter:
    """There is a geometry."""
    return Filter(lambda element, _: element.geometry() is not None)


def _is_type(value: object, name: object) -> bool:
    actual = value.kind if isinstance(value, Geometry) else type_name(value)
    kinds = {"Integer": "Number", "Float": "Number"}
    return name in {actual, kinds.get(actual), "Geometry" if isinstance(value, Geometry) else None}


_comparison("Filter.hasType", compare=_is_type)


@function("Filter.always")
def always() -> Filter:
    """Let everything pass."""
    return Filter(lambda _, __: True)


@function("Filter.never")
def never() -> Filter:
    """Let nothing pass."""
    return Filter(lambda _, __: False)
