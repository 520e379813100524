"""What filters and joins are, before the functions that make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import meter
from ..errors import Refused
from ..made_by import MadeBy
from ..meter import TIMED_OUT
from .types import Element, FeatureCollection

MAX_PAIRS = 1_000_000  # that a join compares

Measure = float | None


@dataclass(frozen=True, eq=False)
class Filter:
    """A condition on an element, or on a pair of elements in a join.

    Attributes:
        test: Takes the element and its partner (None outside joins).
        measure: How far a pair is apart, for joins that keep it; None where the filter has no measure.
        keys: Keys of an element and of a partner that are the same for every pair that passes, so that a join looks
            up partners instead of comparing all; None where there are none.
        made_by: The function and its arguments, to be printed; None where that is not known.
    """

    test: Callable[[Element, Element | None], bool]
    measure: Callable[[Element, Element], Measure] | None = None
    keys: tuple[Callable[[Element], object], Callable[[Element], object]] | None = None
    made_by: MadeBy | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Join:
    """A way to pair two collections.

    Attributes:
        pair: Takes an element of the first collection and its matches with their measures; gives the
            elements of the result.
        made_by: The function and its arguments, to be printed; None where that is not known.
    """

    pair: Callable[[Any, Sequence[tuple[Any, Measure]]], Sequence[Any]]
    made_by: MadeBy | None = field(default=None, repr=False)

    def apply(
        self, primary: FeatureCollection, secondary: FeatureCollection, condition: Filter
    ) -> FeatureCollection:
        """Every element of the first collection with its matches in the second."""
        partners = _partners(primary, secondary, condition)
        if sum(map(len, partners)) > MAX_PAIRS:
            raise Refused(TIMED_OUT)
        joined: list[Any] = []
        for left, possible in zip(primary.elements, partners, strict=True):
            matches = [right for right in possible if _holds(condition, left, right)]
            measured = [
                (right, condition.measure(left, right) if condition.measure else None) for right in matches
            ]
            joined.extend(self.pair(left, measured))
        return primary.with_elements(joined)


def _partners(
    primary: FeatureCollection, secondary: FeatureCollection, condition: Filter
) -> list[Sequence[Element]]:
    """For every element of the first collection, those of the second with which it may pass, in their order."""
    if condition.keys is None:
        return [secondary.elements] * len(primary.elements)
    key_of_element, key_of_partner = condition.keys
    by_key: dict[object, list[Element]] = {}
    for right in secondary.elements:
        meter.check()
        by_key.setdefault(key_of_partner(right), []).append(right)
    return [by_key.get(key_of_element(left), ()) for left in primary.elements]


def _holds(condition: Filter, left: Element, right: Element) -> bool:
    meter.check()
    return condition.test(left, right)
