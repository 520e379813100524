"""Checks of single choices: a recipe may come from anybody's project or file, so nothing is taken on trust."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from .errors import InvalidChoice
from .language import _

_SHOWN = 40
"""Letters of a wrong value that a message repeats."""


def one_of(what: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a value that is none of the choices."""
    if value not in choices:
        raise InvalidChoice(
            _("{value} is not a {what}.", value=shown(value), what=_(what)),
            _("Choose from {choices}.", choices=", ".join(choices)),
        )


def between(what: str, value: float, lowest: float, highest: float) -> None:
    """Refuse a number outside a range, both ends included; and no number at all."""
    # `not (a <= x <= b)` also refuses nan, which passes every other comparison of a Processing number.
    if not lowest <= value <= highest:
        raise InvalidChoice(
            _(
                "The {what} of {value} is not between {lowest} and {highest}.",
                what=_(what),
                value=shown(value),
                lowest=lowest,
                highest=highest,
            )
        )


def each_once(names: Sequence[str]) -> None:
    """Refuse names of which one stands twice."""
    if len(set(names)) < len(names):
        raise InvalidChoice(
            _("{names} names one twice.", names=shown(", ".join(names))), _("Name each once.")
        )


def check_types(block: Any) -> None:
    """Refuse a dataclass whose values are not of the types that its fields declare.

    Raises:
        InvalidChoice: For the first that is not.
    """
    hints = typing.get_type_hints(type(block))
    for field in fields(block):
        value = getattr(block, field.name)
        if not _fits(value, hints[field.name]):
            raise InvalidChoice(
                _(
                    "The choice {name} is {value}, which is of the wrong kind.",
                    name=field.name,
                    value=shown(value),
                ),
                _("Take the JSON from a layer or a file that the plugin made."),
            )


def _fits(value: Any, kind: Any) -> bool:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        return type(value) is tuple and all(_fits(item, inner[0]) for item in value)
    if kind is float:  # a whole number is a number, yes or no is none
        return type(value) in (int, float)
    return type(value) is kind


def shown(value: Any) -> str:
    """Write a foreign value as a message may repeat it: printable, and cut where it is long."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
