"""Dates: reading them, time zones, calendar units."""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import Refused
from .types import Date

MILLIS = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}
"""Length of the fixed units in milliseconds."""

AVERAGE = {**MILLIS, "month": 365.2425 / 12 * 86_400_000, "year": 365.2425 * 86_400_000}
"""Average length of every unit in milliseconds, by the Gregorian calendar."""

UNITS = tuple(AVERAGE)

_MOST_MILLIS = 2.0**63  # of a moment: what 64 bits hold


def date(value: object, zone: str | None = None) -> Date:
    """Give a moment from a date, a string such as `2023-01-31T10:30:00`, or milliseconds since 1970.

    Args:
        value: What to read.
        zone: Time zone of a string that has none of its own; None for UTC.

    Raises:
        Refused: Not a date.
    """
    if isinstance(value, Date):
        return value
    if isinstance(value, int | float):
        if not abs(value) < _MOST_MILLIS:  # nor is NaN
            raise Refused(f"Date: {str(value)[:40]} is out of range.")
        return Date(int(value))
    if not isinstance(value, str):
        raise Refused("Date: Parameter 'value' must be a date, a number or a string.")
    text = value.strip()
    partial = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?(T.*)?", text)
    if not partial:
        raise Refused(f"Date: Bad date/time '{value}'.")
    year, month, of_month, clock = partial.groups()
    try:
        moment = datetime.fromisoformat(
            f"{year}-{int(month or 1):02}-{int(of_month or 1):02}{clock or 'T00:00:00'}"
        )
    except ValueError as error:
        raise Refused(f"Date: Bad date/time '{value}'.") from error
    return Date.of(moment if moment.tzinfo else moment.replace(tzinfo=time_zone(zone)))


def time_zone(name: str | None) -> tzinfo:
    """Give a time zone by its IANA name; None for UTC.

    Raises:
        Refused: No such zone.
    """
    if name is None or name.upper() in {"UTC", "Z", "GMT"}:
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Refused(f"Date: The time zone '{name}' is not recognised.") from error


def unit_of(name: str) -> str:
    """Give a unit's canonical name; plurals are understood.

    Raises:
        Refused: No such unit.
    """
    unit = name.lower().removesuffix("s")
    if unit not in AVERAGE:
        raise Refused(f"Date: Unrecognized unit: '{name}'. Expected one of: {', '.join(UNITS)}.")
    return unit


def advanced(moment: datetime, delta: float, unit: str) -> datetime:
    """Give a moment later by some units; months and years are those of the calendar, the last day at most.

    Raises:
        Refused: Outside the years 1 to 9999.
    """
    try:
        if unit in MILLIS:
            fixed = timedelta(milliseconds=delta * MILLIS[unit])
            # Days and weeks follow the clock on the wall, shorter units the one that never jumps.
            if unit in {"day", "week"}:
                return moment + fixed
            return (moment.astimezone(timezone.utc) + fixed).astimezone(moment.tzinfo)
        whole = int(delta // 1) if delta >= 0 else -int(-delta // 1)
        months = moment.year * 12 + moment.month - 1 + whole * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        shifted = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
        return shifted + timedelta(milliseconds=(delta - whole) * AVERAGE[unit])
    except (OverflowError, ValueError) as error:
        raise Refused("Date.advance: The date is out of range.") from error


def floored(moment: datetime, unit: str) -> datetime:
    """Give the start of the unit that a moment lies in; weeks start on Monday."""
    start = moment.replace(microsecond=0)
    if unit == "second":
        return start
    start = start.replace(second=0)
    if unit == "minute":
        return start
    start = start.replace(minute=0)
    if unit == "hour":
        return start
    start = start.replace(hour=0)
    if unit == "week":
        return start - timedelta(days=start.weekday())
    if unit == "day":
        return start
    return start.replace(day=1) if unit == "month" else start.replace(day=1, month=1)


def field(moment: datetime, unit: str) -> int:
    """Give a unit of a moment: years as such, months from 1, weeks by ISO 8601, days of the month."""
    return moment.isocalendar().week if unit == "week" else getattr(moment, unit)
