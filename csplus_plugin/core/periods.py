"""A window cut into periods: weeks, dekads, months, quarters, seasons, years, or so many days."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from .errors import InvalidChoice
from .language import _

MOST = 500
"""Periods of one run; each is an image of its own."""

_DAY = timedelta(days=1)

_SEASONS = ("DJF", "MAM", "JJA", "SON")
"""Meteorological seasons by the initials of their months."""

_NORTH = ("winter", "spring", "summer", "autumn")
_SOUTH = ("summer", "autumn", "winter", "spring")


@dataclass(frozen=True)
class Period:
    """One period, as far as it lies in the window.

    Attributes:
        name: Short, fit for a file: `2023-01`, `2024-DJF`.
        label: For people, where the name does not say it: `2024-DJF winter`.
        start: First day in the window.
        end: Last day in the window, included.
        day_count: Days of the whole period.
    """

    name: str
    label: str
    start: date
    end: date
    day_count: int

    @property
    def is_whole(self) -> bool:
        """Tell whether the window holds all of it."""
        return (self.end - self.start).days + 1 == self.day_count


def cut(kind: str, start: date, end: date, *, days: int = 10, is_south: bool = False) -> list[Period]:
    """Cut a window, both days included, into periods in order of time; none loses its last day.

    Args:
        kind: A key of `catalog.PERIODS`.
        start: First day.
        end: Last day, included.
        days: Length of a period of the kind `days`, counted from the first day.
        is_south: Whether seasons bear the names of the southern hemisphere.

    Raises:
        InvalidChoice: There are more than `MOST`.
    """
    periods: list[Period] = []
    kinds: dict[str, Callable[[date], Iterator[_Whole]]] = {
        **_CALENDAR,
        "season": partial(_seasons, names=_SOUTH if is_south else _NORTH),
        "days": partial(_days, days=days),
    }
    for name, label, first, last in kinds[kind](start):
        if first > end:
            return periods
        if len(periods) == MOST:
            raise InvalidChoice(
                _(
                    "From {start} to {end} there are more than {most} periods of the kind {kind}.",
                    start=start,
                    end=end,
                    most=MOST,
                    kind=kind,
                ),
                _("Choose longer periods, or a shorter window."),
            )
        length = (last - first).days + 1
        periods.append(Period(name, label, max(first, start), min(last, end), length))
    return periods


_Whole = tuple[str, str, date, date]
"""Name, label, first and last day of a whole period."""


def _weeks(start: date) -> Iterator[_Whole]:
    first = start - timedelta(days=start.weekday())
    for begin in _every(first, 7):
        year, week, _ = begin.isocalendar()
        yield f"{year}-W{week:02}", f"{begin} to {_after(begin, 6)}", begin, _after(begin, 6)


def _dekads(start: date) -> Iterator[_Whole]:
    for first in _months_from(start, 1):
        for number, begin in enumerate((1, 11, 21), 1):
            last = (10, 20, _length(first))[number - 1]
            if first.replace(day=last) >= start:
                name = f"{first:%Y-%m}-D{number}"
                yield (
                    name,
                    f"{first:%Y-%m} {begin} to {last}",
                    first.replace(day=begin),
                    first.replace(day=last),
                )


def _months(start: date) -> Iterator[_Whole]:
    for first in _months_from(start, 1):
        yield f"{first:%Y-%m}", f"{first:%Y-%m}", first, _last_of(first, 1)


def _quarters(start: date) -> Iterator[_Whole]:
    for first in _months_from(start.replace(month=(start.month - 1) // 3 * 3 + 1), 3):
        quarter = first.month // 3 + 1
        yield f"{first.year}-Q{quarter}", f"{first.year}-Q{quarter}", first, _last_of(first, 3)


def _seasons(start: date, names: Sequence[str]) -> Iterator[_Whole]:
    before = start.month % 3
    year, month = (start.year, start.month - before) if start.month > before else (start.year - 1, 12)
    for first in _months_from(date(year, month, 1), 3):
        place = first.month // 3 % 4
        # The season of December is named by its January.
        year = first.year + (first.month == 12)  # noqa: PLR2004
        last = _last_of(first, 3)
        name = f"{year}-{_SEASONS[place]}"
        yield name, f"{name} {names[place]}", first, last


def _years(start: date) -> Iterator[_Whole]:
    for first in _months_from(start.replace(month=1), 12):
        yield f"{first.year}", f"{first.year}", first, _last_of(first, 12)


def _days(start: date, days: int) -> Iterator[_Whole]:
    for first in _every(start, days):
        last = _after(first, days - 1)
        yield f"{first}", f"{first} to {last}" if days > 1 else f"{first}", first, last


_CALENDAR: dict[str, Callable[[date], Iterator[_Whole]]] = {
    "week": _weeks,
    "dekad": _dekads,
    "month": _months,
    "quarter": _quarters,
    "year": _years,
}


def _every(first: date, days: int) -> Iterator[date]:
    while True:
        yield first
        if (date.max - first).days < days:
            return
        first += timedelta(days=days)


def _after(first: date, days: int) -> date:
    """Count on so many days, or to the calendar's end."""
    return first + timedelta(days=min(days, (date.max - first).days))


def _months_from(first: date, step: int) -> Iterator[date]:
    """Give the first day of every so many months."""
    number = first.year * 12 + first.month - 1
    while number // 12 <= date.max.year:
        yield date(number // 12, number % 12 + 1, 1)
        number += step


def _last_of(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months - 1
    last = date(min(number // 12, date.max.year), number % 12 + 1, 1)
    return last.replace(day=_length(last))


def _length(month: date) -> int:
    return calendar.monthrange(month.year, month.month)[1]
