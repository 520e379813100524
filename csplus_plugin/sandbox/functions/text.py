"""Strings."""

from __future__ import annotations

import json
from typing import Any

from ..answers import to_json
from ..errors import Refused
from ..patterns import Pattern
from ..registry import function
from ..values import tidy


def _expression(regex: str, flags: str) -> Pattern:
    try:
        return Pattern(regex, ignore_case="i" in flags)
    except ValueError as error:
        raise Refused(f"String: Invalid regular expression '{regex}': {error}.") from error


@function("String")
def string(input_: Any) -> str:
    """Anything as text."""
    if isinstance(input_, str):
        return input_
    return str(tidy(input_)) if isinstance(input_, int | float) else json.dumps(to_json(input_))


@function("String.cat")
def cat(string1: str, string2: str) -> str:
    """Two strings one after the other."""
    return string1 + string2


@function("String.length")
def length(string: str) -> int:
    """Number of characters."""
    return len(string)


@function("String.slice")
def slice_(string: str, start: int, end: int | None) -> str:
    """A part; negative positions count from the end."""
    return string[start:end]


@function("String.split")
def split(string: str, regex: str, flags: str) -> list[str]:
    """Parts between the matches of a regular expression."""
    return _expression(regex, flags).split(string) if regex else list(string)


@function("String.replace")
def replace(input_: str, regex: str, replacement: str, flags: str) -> str:
    """The first match replaced, or all of them with the flag g."""
    return _expression(regex, flags).sub(replacement, input_, count=0 if "g" in flags else 1)


@function("String.match")
def match(input_: str, regex: str, flags: str) -> list[str]:
    """The first match and its groups, or all matches with the flag g."""
    expression = _expression(regex, flags)
    if "g" in flags:
        return [m.group(0) for m in expression.finditer(input_)]
    found = expression.search(input_)
    return [found.group(0), *found.groups()] if found else []


@function("String.index")
def index(target: str, pattern: str) -> int:
    """Where a pattern is first, or -1."""
    return target.find(pattern)


@function("String.rindex")
def rindex(target: str, pattern: str) -> int:
    """Where a pattern is last, or -1."""
    return target.rfind(pattern)


@function("String.equals")
def equals(reference: str, target: Any) -> bool:
    """Whether it is the same string."""
    return reference == target


@function("String.compareTo")
def compare_to(string1: str, string2: str) -> int:
    """-1, 0 or 1 by alphabetical order."""
    return (string1 > string2) - (string1 < string2)


@function("String.toLowerCase")
def to_lower_case(string: str) -> str:
    """In small letters."""
    return string.lower()


@function("String.toUpperCase")
def to_upper_case(string: str) -> str:
    """In capital letters."""
    return string.upper()


@function("String.trim")
def trim(string: str) -> str:
    """Without space at both ends."""
    return string.strip()


@function("String.encodeJSON")
def encode_json(object_: Any) -> str:
    """Anything as JSON."""
    return json.dumps(to_json(object_))


@function("String.decodeJSON")
def decode_json(string: str) -> Any:
    """A value from JSON."""
    try:
        return json.loads(string)
    except ValueError as error:
        raise Refused(f"String.decodeJSON: {error}.") from error
