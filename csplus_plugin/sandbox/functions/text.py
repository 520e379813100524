"""Strings."""

from __future__ import annotations

import json
import re
from typing import Any

from .. import meter
from ..errors import Refused
from ..graph.registry import function
from ..graph.to_json import to_json
from ..values.json_text import from_json
from ..values.text_patterns import pattern, template
from ..values.types import int_if_whole


def _expression(regex: str, flags: str, text: str) -> re.Pattern[str]:
    return pattern("String", regex, len(text), ignore_case="i" in flags)


@function("String")
def string(input_: Any) -> str:
    """Anything as text."""
    if isinstance(input_, str):
        return input_
    return str(int_if_whole(input_)) if isinstance(input_, int | float) else encode_json(input_)


@function("String.cat")
def cat(string1: str, string2: str) -> str:
    """Two strings one after the other."""
    meter.reserve(4 * (len(string1) + len(string2)))
    return string1 + string2


@function("String.length")
def length(string: str) -> int:
    """Count the characters."""
    return len(string)


@function("String.slice")
def slice_(string: str, start: int, end: int | None) -> str:
    """Give a part; negative positions count from the end."""
    return string[start:end]


@function("String.split")
def split(string: str, regex: str, flags: str) -> list[str]:
    """Parts between the matches of a regular expression; empty ones at the end are left out."""
    if not regex:
        return list(string)
    parts, start = [], 0
    for match in _expression(regex, flags, string).finditer(string):
        parts.append(string[start : match.start()])
        start = match.end()
    parts.append(string[start:])
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


@function("String.replace")
def replace(input_: str, regex: str, replacement: str, flags: str) -> str:
    """Give the first match replaced, or all of them with the flag g."""
    expression = _expression(regex, flags, input_)
    matches = sum(1 for _ in expression.finditer(input_)) if "g" in flags else 1
    # What matches do not overlap, so each group that the replacement names can give the whole input once.
    meter.reserve(4 * (matches * len(replacement) + (replacement.count("$") + 1) * len(input_)))
    return expression.sub(template(replacement), input_, count=0 if "g" in flags else 1)


@function("String.match")
def match(input_: str, regex: str, flags: str) -> list[str]:
    """Give the first match and its groups, or all matches with the flag g."""
    expression = _expression(regex, flags, input_)
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
    return json.dumps(to_json(object_), separators=(",", ":"), sort_keys=True)


@function("String.decodeJSON")
def decode_json(string: str) -> Any:
    """Give a value from JSON."""
    try:
        return from_json(string)
    except ValueError as error:
        raise Refused(f"String.decodeJSON: {error}.") from error
