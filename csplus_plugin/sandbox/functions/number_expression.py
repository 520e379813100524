"""`Number.expression`: a formula over numbers and dictionaries of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import Refused
from ..graph.formulas import parse
from ..graph.promotion import promote
from ..graph.registry import call, function

_NAME = "Number.expression"


@function(_NAME)
def expression(expression: str, vars_: dict[str, Any] | None) -> float:
    """Give the value of a formula; a point reaches into a dictionary."""
    result = parse(expression, name=_NAME).run(vars_ or {}, _of_numbers)
    return promote(result, "Number")


def _of_numbers(name: str, values: Sequence[Any]) -> Any:
    if name == "constant":
        return values[0]
    if name == "select":
        return _within(*values)
    if name == "choose":
        condition, one, other = values
        return one if promote(condition, "Number") else other
    return call(f"Number.{name}", [promote(value, "Number") for value in values])


def _within(value: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            raise Refused(f"{_NAME}: There is no element '{key}'.")
        value = value[key]
    return value
