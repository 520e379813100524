"""Lists."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import meter
from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..reducers.reducer import Reducer
from ..space.geometries import Geometry
from ..values.filters import Filter
from ..values.types import Algorithm, Feature, as_number, int_if_whole

MAX_LENGTH = 1_000_000


def _at(list_: list, index: int, name: str) -> int:
    """Give an index from the start, given from either end."""
    if not -len(list_) <= index < len(list_):
        raise Refused(
            f"{name}: List index must be between 0 and {len(list_) - 1}, or -{len(list_)} and -1. Found {index}."
        )
    return index % len(list_)


@function("List.sequence")
def sequence(start: float, end: float | None, step: float, count: int | None) -> list[float]:
    """Numbers at equal distances: to an end that is included, or so many of them."""
    if end is None and count is None:
        raise Refused("List.sequence: Need at least one of end and count.")
    if not all(math.isfinite(number) for number in (start, step, end or 0)):
        raise Refused("List.sequence: start, end and step must be finite.")
    if count is not None and not 0 <= count <= MAX_LENGTH:
        raise Refused(f"List.sequence: count must be between 0 and {MAX_LENGTH}.")
    if end is not None and count is not None:
        return [int_if_whole(float(v)) for v in np.linspace(start, end, count)]
    if end is not None:
        if step == 0:
            raise Refused("List.sequence: step must not be 0.")
        count = max(0, int((end - start) / step + 1e-9) + 1) if (end - start) / step > -1e-9 else 0  # noqa: PLR2004
        if count > MAX_LENGTH:
            raise Refused(f"List.sequence: More than {MAX_LENGTH} elements.")
    return [int_if_whole(start + i * step) for i in range(count or 0)]


@function("List.map")
def map_(list_: list, base_algorithm: Algorithm, drop_nulls: bool) -> list:
    """Give a function of every element."""
    results = [base_algorithm(item) for item in list_]
    return [r for r in results if r is not None] if drop_nulls else results


@function("List.iterate")
def iterate(list_: list, function_: Algorithm, first: object) -> object:
    """Give a function of every element and the result so far."""
    result = first
    for item in list_:
        meter.check()
        result = function_(item, result)
    return result


@function("List.filter")
def filter_(list_: list, filter_: Filter) -> list:
    """Give the elements that pass; plain ones have the property `item`."""
    return [
        v for v in list_ if filter_.test(v if hasattr(v, "properties") else Feature(None, {"item": v}), None)
    ]


@function("List.reduce")
def reduce(list_: list, reducer: Reducer) -> Any:
    """Give the elements by a reducer; a single output is given as it is."""
    rows = (
        [item if isinstance(item, list) else [item] for item in list_]
        if reducer.inputs > 1
        else [[v] for v in list_]
    )
    results = reducer.values([[_plain(v) for v in row] for row in rows])
    return next(iter(results.values())) if len(results) == 1 else results


def _plain(value: object) -> object:
    number = as_number(value)
    return value if number is None else number


@function("List.get")
def get(list_: list, index: int) -> object:
    """Give an element."""
    return list_[_at(list_, index, "List.get")]


@function("List.getNumber")
def get_number(list_: list, index: int) -> float:
    """Give an element that is a number."""
    return promote(list_[_at(list_, index, "List.getNumber")], "Number")


@function("List.getString")
def get_string(list_: list, index: int) -> str:
    """Give an element that is a string."""
    return promote(list_[_at(list_, index, "List.getString")], "String")


@function("List.getArray")
def get_array(list_: list, index: int) -> np.ndarray:
    """Give an element that is an array."""
    return promote(list_[_at(list_, index, "List.getArray")], "Array")


@function("List.getGeometry")
def get_geometry(list_: list, index: int) -> Geometry:
    """Give an element that is a geometry."""
    return promote(list_[_at(list_, index, "List.getGeometry")], "Geometry")


@function("List.set")
def set_(list_: list, index: int, element: object) -> list:
    """Give the list with one element replaced."""
    at = _at(list_, index, "List.set")
    return [*list_[:at], element, *list_[at + 1 :]]


@function("List.size", "List.length")
def size(list_: list) -> int:
    """How many elements."""
    return len(list_)


@function("List.add")
def add(list_: list, element: object) -> list:
    """One element more."""
    return [*list_, element]


@function("List.cat")
def cat(list_: list, other: list) -> list:
    """Two lists one after the other."""
    return [*list_, *other]


@function("List.slice")
def slice_(list_: list, start: int, end: int | None, step: int | None) -> list:
    """Give a part of the list."""
    return list_[slice(start, end, step)]


@function("List.splice")
def splice(list_: list, start: int, count: int, other: list | None) -> list:
    """Replace some elements by those of another list."""
    start = start + len(list_) if start < 0 else start
    return [*list_[:start], *(other or []), *list_[start + count :]]


@function("List.insert")
def insert(list_: list, index: int, element: object) -> list:
    """One element more, at a place."""
    return [*list_[:index], element, *list_[index:]]


@function("List.sort")
def sort(list_: list, keys: list | None) -> list:
    """Ascending, by the elements or by other keys."""
    if keys is not None and len(keys) != len(list_):
        raise Refused("List.sort: keys must be as long as the list.")
    order = sorted(range(len(list_)), key=lambda i: _order((keys or list_)[i]))
    return [list_[i] for i in order]


def _order(value: object) -> tuple:
    number = as_number(value)
    if number is not None:
        return (0, number, "")
    return (1, 0, str(value)) if value is not None else (2, 0, "")


@function("List.reverse")
def reverse(list_: list) -> list:
    """From the last to the first."""
    return list_[::-1]


@function("List.flatten")
def flatten(list_: list) -> list:
    """Flatten lists of lists into one list."""
    flat: list = []
    for item in list_:
        inner = flatten(item) if isinstance(item, list) else [item]
        meter.reserve(8 * len(inner))
        flat += inner
    return flat


@function("List.zip")
def zip_(list_: list, other: list) -> list:
    """Pairs of the elements at the same places."""
    return [list(pair) for pair in zip(list_, other, strict=False)]


@function("List.unzip")
def unzip(list_: list) -> list:
    """Columns of a list of rows."""
    return [list(column) for column in zip(*list_, strict=True)]


@function("List.repeat")
def repeat(value: object, count: int) -> list:
    """Give the same value several times."""
    if not 0 <= count <= MAX_LENGTH:
        raise Refused(f"List.repeat: count must be between 0 and {MAX_LENGTH}.")
    return [value] * count


@function("List.rotate")
def rotate(list_: list, distance: int) -> list:
    """Elements moved towards the end, those that fall off to the start."""
    shift = distance % len(list_) if list_ else 0
    return [*list_[len(list_) - shift :], *list_[: len(list_) - shift]]


@function("List.swap")
def swap(list_: list, pos1: int, pos2: int) -> list:
    """Two elements exchanged."""
    copy = list(list_)
    one, other = _at(list_, pos1, "List.swap"), _at(list_, pos2, "List.swap")
    copy[one], copy[other] = copy[other], copy[one]
    return copy


@function("List.join")
def join(list_: list, separator: str) -> str:
    """Give the elements as one text."""
    # Four bytes a character: one that needs them makes all others need them too.
    meter.reserve(4 * len(separator) * len(list_))
    parts = []
    for value in list_:
        part = str(int_if_whole(value) if isinstance(value, float) else value)
        meter.reserve(4 * len(part))
        parts.append(part)
    return separator.join(parts)
