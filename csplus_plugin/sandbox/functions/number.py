"""Numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from ..errors import Refused
from ..graph.registry import function
from ..images import pixel_types
from ..values.numbers import BINARY, UNARY
from ..values.types import int_if_whole

_LONGEST = 1000  # characters of a number

OLD_NAMES = {
    "firstNonZero": "first_nonzero",
    "bitwiseAnd": "bitwise_and",
    "bitwiseOr": "bitwise_or",
    "bitwiseXor": "bitwise_xor",
    "bitwiseNot": "bitwise_not",
    "leftShift": "left_shift",
    "rightShift": "right_shift",
}
"""Functions that go by an older name too."""


def names_of(family: str, name: str) -> list[str]:
    """Give the names of a function in a family: its own, and the older one where it has one."""
    return [f"{family}.{n}" for n in (name, OLD_NAMES.get(name)) if n]


def _register_binary(name: str, compute: Callable[[float, float], float]) -> None:
    @function(*names_of("Number", name))
    def binary(left: float, right: float) -> float:
        return int_if_whole(compute(left, right))


def _register_unary(name: str, compute: Callable[[float], float]) -> None:
    @function(*names_of("Number", name))
    def unary(input_: float) -> float:
        return int_if_whole(compute(input_))


def _register_cast(name: str, kind: pixel_types.PixelType) -> None:
    @function(f"Number.{name}", f"Number.to{name[0].upper()}{name[1:]}")
    def cast(input_: float) -> float:
        if not kind.is_int:
            return input_
        low, high = kind.bounds
        return int(min(max(math.trunc(input_), low), high))


for _name, _compute in BINARY.items():
    _register_binary(_name, _compute)
for _name, _of_one in UNARY.items():
    _register_unary(_name, _of_one)
for _name, _kind in pixel_types.NAMED.items():
    _register_cast(_name, _kind)


@function("Number.clamp")
def clamp(number: float, min_: float, max_: float) -> float:
    """Replace a number outside a range by its end."""
    return min(max(number, min_), max_)


@function("Number.unitScale")
def unit_scale(number: float, min_: float, max_: float) -> float:
    """Scale a range to 0 to 1."""
    return (number - min_) / (max_ - min_)


@function("Number.parse")
def parse(input_: str, radix: int) -> float:
    """Give a number from text."""
    if len(input_) > _LONGEST:
        raise Refused(f"Number.parse: More than {_LONGEST} characters.")
    try:
        return int(input_, radix) if radix != 10 else int_if_whole(float(input_))  # noqa: PLR2004 - decimal
    except ValueError as error:
        raise Refused(f"Number.parse: Cannot parse '{input_}' as a number.") from error


_FORMAT = re.compile(r"([^%]*)%([-#+ 0,(]*\d{0,3}(?:\.\d{1,3})?)([sdxXofeEgG])([^%]*)")


@function("Number.format")
def format_(number: float, pattern: str) -> str:
    """Give a number as text, by a printf pattern."""
    parts = _FORMAT.fullmatch(pattern)
    if parts is None:
        raise Refused(f"Number.format: Unsupported format '{pattern}'.")
    before, modifiers, conversion, after = parts.groups()
    value: object = int_if_whole(number) if conversion == "s" else number
    if conversion in "dxXo":
        if not float(number).is_integer():
            raise Refused(f"Number.format: '%{conversion}' needs a whole number, got {number}.")
        value = int(number)
    grouped = "," in modifiers
    modifiers = modifiers.replace(",", "").replace("(", "")
    text = format(value, f",{modifiers}{conversion}") if grouped else f"%{modifiers}{conversion}" % value
    return before + text + after
