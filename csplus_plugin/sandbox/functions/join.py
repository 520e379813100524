"""Joins: pairing the elements of two collections (guides/joins_intro)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import Refused
from ..graph.registry import function
from ..values.filters import Filter, Join, Measure
from ..values.properties import in_order
from ..values.types import Element, Feature, FeatureCollection

Matches = Sequence[tuple[Any, Measure]]


def _with(element: Element, **properties: object) -> Any:
    return element.with_(properties={**element.properties, **properties})


def _measured(matches: Matches, key: str | None) -> list[Any]:
    """Give the matching elements, each with its measure as a property where that is wanted."""
    return [_with(element, **{key: measure}) if key else element for element, measure in matches]


def _sorted(elements: list[Any], ordering: str | None, *, ascending: bool) -> list[Any]:
    return in_order(elements, ordering, ascending=ascending) if ordering else elements


@function("Join.simple")
def simple() -> Join:
    """Elements that have a match."""
    return Join(lambda left, matches: [left] if matches else [])


@function("Join.inverted")
def inverted() -> Join:
    """Elements that have none."""
    return Join(lambda left, matches: [] if matches else [left])


@function("Join.saveFirst")
def save_first(
    match_key: str,
    ordering: str | None,
    ascending: bool,
    measure_key: str | None,
    outer: bool,
) -> Join:
    """Elements with their first match as a property."""

    def pair(left: Element, matches: Matches) -> list[Any]:
        found = _sorted(_measured(matches, measure_key), ordering, ascending=ascending)
        if found:
            return [_with(left, **{match_key: found[0]})]
        return [left] if outer else []

    return Join(pair)


@function("Join.saveBest")
def save_best(match_key: str, measure_key: str, outer: bool) -> Join:
    """Elements with the nearest match as a property."""

    def pair(left: Element, matches: Matches) -> list[Any]:
        if not matches:
            return [left] if outer else []
        measured = [(measure, match) for match in matches if (measure := match[1]) is not None]
        if len(measured) < len(matches):
            raise Refused("Join.saveBest: The join condition has no measure.")
        _, best = min(measured, key=lambda pair: pair[0])
        return [_with(left, **{match_key: _measured([best], measure_key)[0]})]

    return Join(pair)


@function("Join.saveAll")
def save_all(
    matches_key: str,
    ordering: str | None,
    ascending: bool,
    measure_key: str | None,
    outer: bool,
) -> Join:
    """Elements with the list of their matches as a property."""

    def pair(left: Element, matches: Matches) -> list[Any]:
        found = _sorted(_measured(matches, measure_key), ordering, ascending=ascending)
        return [_with(left, **{matches_key: found})] if found or outer else []

    return Join(pair)


@function("Join.inner")
def inner(primary_key: str, secondary_key: str, measure_key: str | None) -> Join:
    """One feature a pair, with both elements as properties."""

    def pair(left: Element, matches: Matches) -> list[Any]:
        extras = [{measure_key: measure} if measure_key else {} for _, measure in matches]
        return [
            Feature(None, {primary_key: left, secondary_key: right, **extra})
            for (right, _), extra in zip(matches, extras, strict=True)
        ]

    return Join(pair)


@function("Join.apply")
def apply(
    join: Join, primary: FeatureCollection, secondary: FeatureCollection, condition: Filter
) -> FeatureCollection:
    """Give the joined collection."""
    return join.apply(primary, secondary, condition)
