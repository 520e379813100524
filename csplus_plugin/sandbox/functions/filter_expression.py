"""Filters written as a formula over properties, such as `CLOUDY_PIXEL_PERCENTAGE < 20 && MGRS_TILE == '11SKB'`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import Refused
from ..graph.formulas import parse
from ..graph.registry import call, function
from ..values.filters import Filter
from ..values.properties import property_of
from ..values.types import Element, Feature

_NAME = "Filter.expression"
_COMPARISONS = {
    "eq": "equals",
    "neq": "notEquals",
    "lt": "lessThan",
    "lte": "lessThanOrEquals",
    "gt": "greaterThan",
    "gte": "greaterThanOrEquals",
}


@function(_NAME)
def expression(expression: str) -> Filter:
    """Filter elements whose properties make the formula true; a missing property makes its comparison false."""
    formula = parse(expression, name=_NAME, of_properties=True)

    def test(element: Element, _: Element | None) -> bool:
        scope = {name: _Known(property_of(element, name)) for name in formula.variables}
        return bool(_value(formula.run(scope, _of_properties)))

    return Filter(test)


class _Known:
    """A property's value, which may be null where a formula's variable must not be."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _value(operand: Any) -> Any:
    return operand.value if isinstance(operand, _Known) else operand


def _of_properties(name: str, values: Sequence[Any]) -> Any:
    operands = [_value(value) for value in values]
    if name == "constant":
        return operands[0]
    if name in {"and", "or", "not"}:
        truths = [bool(operand) for operand in operands]
        return not truths[0] if name == "not" else (all if name == "and" else any)(truths)
    if name in _COMPARISONS:
        return _compared(_COMPARISONS[name], *operands)
    if name in {"add", "subtract", "multiply", "divide", "mod", "pow"}:
        return None if None in operands else call(f"Number.{name}", operands)
    raise Refused(f"{_NAME}: '{name}' is not supported by this sandbox engine.")


def _compared(name: str, left: Any, right: Any) -> bool:
    """Two values by the filter of that comparison."""
    if left is None or right is None:
        return False
    return call(f"Filter.{name}", ["left", right]).test(Feature(None, {"left": left}), None)
