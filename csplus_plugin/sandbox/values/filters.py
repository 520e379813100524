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
        made_by: The function and its arguments, to be printed; None where that is not known.
    """

    test: Callable[[Element, Element | None], bool]
    measure: Callable[[Element, Element], Measure] | None = None
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
        if len(primary.elements) * len(secondary.elements) > MAX_PAIRS:
            raise Refused(TIMED_OUT)
        joined: list[Any] = []
        for left in primary.elements:
            matches = [right for right in secondary.elements if _holds(condition, left, right)]
            measured = [
                (right, condition.measure(left, right) if condition.measure else None) for right in matches
            ]
            joined.extend(self.pair(left, measured))
        return primary.with_elements(joined)


def _holds(condition: Filter, left: Element, right: Element) -> bool:
    meter.check()
    return condition.test(left, right)
