"""A window of days, as the names of layers hold it: as short as it can be written."""

from __future__ import annotations

import calendar
from datetime import date

_TO = "\N{EN DASH}"


def window_text(first: date, last: date) -> str:
    """Write first and last day, without what they share: one day, days of a month, whole months, whole years."""
    if first == last:
        return f"{first}"
    if first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]:
        return _months(first, last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first}{_TO}{last:%d}"
    return f"{first}{_TO}{last:%m-%d}" if first.year == last.year else f"{first}{_TO}{last}"


def _months(first: date, last: date) -> str:
    if (first.month, last.month) == (1, 12):
        return f"{first.year}" if first.year == last.year else f"{first.year}{_TO}{last.year}"
    if first.year != last.year:
        return f"{first:%Y-%m}{_TO}{last:%Y-%m}"
    return f"{first:%Y-%m}" if first.month == last.month else f"{first:%Y-%m}{_TO}{last:%m}"
