"""JSON that somebody else wrote, as values."""

from __future__ import annotations

import json
import math
from typing import Any

_DIGITS = 18  # of a whole number that certainly has no more than 64 bits


def from_json(text: str | bytes) -> Any:
    """Read the value of a JSON text. A whole number of more than 64 bits becomes a floating-point one.

    Raises:
        ValueError: It is not JSON, it is nested too deeply, or a number is not finite or beyond the largest one.
    """
    try:
        return json.loads(text, parse_constant=_no_number, parse_int=_whole, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{word} is not JSON.")


def _whole(digits: str) -> float:
    # Python's own whole numbers have no limit, and thousands of digits take it minutes to read.
    if len(digits) <= _DIGITS:
        return int(digits)
    number = _finite(digits)
    return int(digits) if abs(number) < 2.0**63 else number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"The number {text[:20]}... is out of range.")
    return number
