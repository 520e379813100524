"""One property of a whole collection as a number, a list or a dictionary; null values do not count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..graph.registry import function
from ..reducers.reducer import as_key
from ..values.properties import property_of
from ..values.types import FeatureCollection, as_number, hashable


def _held(collection: FeatureCollection, name: str) -> list[Any]:
    values = (property_of(element, name) for element in collection.elements)
    return [value for value in values if value is not None]


def _numbers(collection: FeatureCollection, name: str) -> list[float]:
    return [number for value in _held(collection, name) if (number := as_number(value)) is not None]


def _mean(numbers: list[float]) -> float | None:
    return math.fsum(numbers) / len(numbers) if numbers else None


def _variance(numbers: list[float], lost: int) -> float | None:
    """Variance with that many degrees of freedom lost: 0 for a population, 1 for a sample."""
    if len(numbers) <= lost:
        return None
    mean = math.fsum(numbers) / len(numbers)
    return math.fsum((n - mean) ** 2 for n in numbers) / (len(numbers) - lost)


def _root(variance: float | None) -> float | None:
    return None if variance is None else math.sqrt(variance)


def _extreme(values: list[Any], choose: Callable[..., Any]) -> Any:
    return (
        choose(values, key=lambda v: (as_number(v) is None, v if as_number(v) is None else as_number(v)))
        if values
        else None
    )


def _stats(values: list[Any]) -> dict[str, Any]:
    numbers = [n for v in values if (n := as_number(v)) is not None]
    return {
        "max": max(numbers, default=None),
        "mean": _mean(numbers),
        "min": min(numbers, default=None),
        "sample_sd": _root(_variance(numbers, 1)),
        "sample_var": _variance(numbers, 1),
        "sum": math.fsum(numbers),
        "sum_sq": math.fsum(n * n for n in numbers),
        "total_count": len(values),
        "total_sd": _root(_variance(numbers, 0)),
        "total_var": _variance(numbers, 0),
        "valid_count": len(numbers),
        "weight_sum": len(numbers),
        "weighted_sum": math.fsum(numbers),
    }


def _histogram(values: list[Any]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for value in values:
        counted[as_key(value)] = counted.get(as_key(value), 0) + 1
    return dict(sorted(counted.items()))


_OF_VALUES: dict[str, Callable[[list[Any]], Any]] = {
    "array": list,
    "first": lambda values: values[0] if values else None,
    "count": len,
    "count_distinct": lambda values: len({hashable(v) for v in values}),
    "histogram": _histogram,
    "min": lambda values: _extreme(values, min),
    "max": lambda values: _extreme(values, max),
    "stats": _stats,
}
_OF_NUMBERS: dict[str, Callable[[list[float]], Any]] = {
    "mean": _mean,
    "sum": math.fsum,
    "product": math.prod,
    "sample_sd": lambda numbers: _root(_variance(numbers, 1)),
    "sample_var": lambda numbers: _variance(numbers, 1),
    "total_sd": lambda numbers: _root(_variance(numbers, 0)),
    "total_var": lambda numbers: _variance(numbers, 0),
}


def _register(name: str, select: Callable[..., list[Any]], aggregate: Callable[[list[Any]], Any]) -> None:
    @function(f"AggregateFeatureCollection.{name}")
    def aggregated(collection: FeatureCollection, property_: str) -> Any:
        return aggregate(select(collection, property_))


for _name, _aggregate in _OF_VALUES.items():
    _register(_name, _held, _aggregate)
for _name, _aggregate in _OF_NUMBERS.items():
    _register(_name, _numbers, _aggregate)
