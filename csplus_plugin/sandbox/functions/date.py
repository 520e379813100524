"""Dates and date ranges (guides/dates_and_ranges)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..values.date_patterns import formatted, parsed
from ..values.dates import AVERAGE, advanced, field, floored, time_zone, unit_of
from ..values.dates import date as as_date
from ..values.types import Date, DateRange


def _local(date: Date, zone: str | None) -> datetime:
    return date.utc.astimezone(time_zone(zone))


@function("Date")
def date(value: Any, time_zone: str | None) -> Date:
    """Give a date from text or milliseconds."""
    return as_date(value, time_zone)


@function("Date.fromYMD")
def from_ymd(year: int, month: int, day: int, time_zone: str | None) -> Date:
    """Give a date from its parts."""
    try:
        return as_date(datetime(year, month, day).isoformat(), time_zone)  # noqa: DTZ001 - the zone follows
    except (OverflowError, ValueError) as error:
        raise Refused(f"Date.fromYMD: {error}.") from error


@function("Date.parse")
def parse(format_: str, date: str, time_zone: str | None) -> Date:
    """Give a date from text, by a pattern of Joda-Time."""
    return parsed(format_, date, time_zone)


@function("Date.millis")
def millis(date: Date) -> int:
    """Milliseconds since 1970."""
    return date.millis


@function("Date.advance")
def advance(date: Date, delta: float, unit: str, time_zone: str | None) -> Date:
    """Give a date some units later."""
    return Date.of(advanced(_local(date, time_zone), delta, unit_of(unit)))


@function("Date.difference")
def difference(date: Date, start: Date, unit: str) -> float:
    """Units between two dates, by the unit's average length."""
    return (date.millis - start.millis) / AVERAGE[unit_of(unit)]


@function("Date.format")
def format_(date: Date, format_: str | None, time_zone: str | None) -> str:
    """Give a date as text."""
    return formatted(_local(date, time_zone), format_)


@function("Date.get")
def get(date: Date, unit: str, time_zone: str | None) -> int:
    """Give a unit of a date."""
    return field(_local(date, time_zone), unit_of(unit))


@function("Date.getRelative")
def get_relative(date: Date, unit: str, in_unit: str, time_zone: str | None) -> int:
    """How many whole units lie between the start of a larger unit and a date."""
    moment = _local(date, time_zone)
    unit, start = unit_of(unit), floored(moment, unit_of(in_unit))
    if unit in {"month", "year"}:
        return (moment.year - start.year) * (12 if unit == "month" else 1) + (
            moment.month - start.month if unit == "month" else 0
        )
    # Days are counted by the calendar, so that a day of 23 hours is one.
    span = moment.replace(tzinfo=None) - start.replace(tzinfo=None)
    return int(span.total_seconds() * 1000 // AVERAGE[unit])


@function("Date.getFraction")
def get_fraction(date: Date, unit: str, time_zone: str | None) -> float:
    """Give the share of a unit that has passed."""
    span = _range(date, unit, time_zone)
    return (date.millis - span.start) / (span.end - span.start)


@function("Date.getRange")
def get_range(date: Date, unit: str, time_zone: str | None) -> DateRange:
    """Give the unit that holds a date."""
    return _range(date, unit, time_zone)


def _range(date: Date, unit: str, zone: str | None) -> DateRange:
    start = floored(_local(date, zone), unit_of(unit))
    return DateRange(Date.of(start).millis, Date.of(advanced(start, 1, unit_of(unit))).millis)


@function("Date.update")
def update(
    date: Date,
    year: int | None,
    month: int | None,
    day: int | None,
    hour: int | None,
    minute: int | None,
    second: float | None,
    time_zone: str | None,
) -> Date:
    """Give a date with some of its parts replaced."""
    given = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
    parts: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if second is not None:
        parts |= {"second": int(second), "microsecond": round(second % 1 * 1e6)}
    try:
        return Date.of(_local(date, time_zone).replace(**parts))
    except ValueError as error:
        raise Refused(f"Date.update: {error}.") from error


@function("Date.unitRatio")
def unit_ratio(numerator: str, denominator: str) -> float:
    """How many of one unit another one has."""
    return AVERAGE[unit_of(numerator)] / AVERAGE[unit_of(denominator)]


@function("DateRange")
def date_range(start: Any, end: Any, time_zone: str | None) -> DateRange:
    """From a start to an end that is not included, or one millisecond; empty where the end is not after the start.

    A range is itself, which is how filterDate takes one.
    """
    if isinstance(start, DateRange):
        if end is not None:
            raise Refused("DateRange: A start that is a DateRange has an end already.")
        return start
    first = as_date(start, time_zone).millis
    last = first + 1 if end is None else as_date(end, time_zone).millis
    return DateRange(first, last)


@function("DateRange.unbounded")
def unbounded() -> DateRange:
    """All of time."""
    return DateRange(float("-inf"), float("inf"))


@function("DateRange.start")
def start(date_range: DateRange) -> Date:
    """Give the first moment."""
    return as_date(date_range.start)


@function("DateRange.end")
def end(date_range: DateRange) -> Date:
    """Give the moment after the last one."""
    return as_date(date_range.end)


@function("DateRange.contains")
def contains(date_range: DateRange, other: Any) -> bool:
    """Whether a date or a range lies in it."""
    if isinstance(other, DateRange):
        return date_range.start <= other.start and other.end <= date_range.end
    return date_range.holds(promote(other, "Date").millis)


@function("DateRange.intersects")
def intersects(date_range: DateRange, other: DateRange) -> bool:
    """Whether two ranges share a moment."""
    return date_range.start < other.end and other.start < date_range.end


@function("DateRange.intersection")
def intersection(date_range: DateRange, other: DateRange) -> DateRange:
    """Give what two ranges share."""
    first, last = max(date_range.start, other.start), min(date_range.end, other.end)
    return DateRange(first, max(first, last))


@function("DateRange.union")
def union(date_range: DateRange, other: DateRange) -> DateRange:
    """Give the span of two ranges."""
    return DateRange(min(date_range.start, other.start), max(date_range.end, other.end))


@function("DateRange.isEmpty")
def is_empty(date_range: DateRange) -> bool:
    """Whether it holds no moment."""
    return date_range.start >= date_range.end


@function("DateRange.isUnbounded")
def is_unbounded(date_range: DateRange) -> bool:
    """Whether it has no start and no end."""
    return date_range.start == float("-inf") and date_range.end == float("inf")
