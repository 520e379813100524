"""An axis: from values to places on paper, and the ticks that people expect there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ..language import _, marked

MONTHS = (
    *(marked("Jan"), marked("Feb"), marked("Mar"), marked("Apr"), marked("May"), marked("Jun")),
    *(marked("Jul"), marked("Aug"), marked("Sep"), marked("Oct"), marked("Nov"), marked("Dec")),
)

_NICE = (1, 2, 2.5, 5, 10)

_RULES: tuple[Callable[[date], bool], ...] = (
    lambda day: day.day > 0,
    lambda day: day.toordinal() % 2 == 0,
    lambda day: day.day in (1, 6, 11, 16, 21, 26),
    lambda day: day.day in (1, 11, 21),
    lambda day: day.day == 1,
    lambda day: day.day == 1 and day.month % 2 == 1,
    lambda day: day.day == 1 and day.month % 3 == 1,
    lambda day: day.day == 1 and day.month in (1, 7),
)
"""Which days get a tick, from the closest to the widest."""

_LONG = 15_000
"""Days from which on only years are tried."""

_DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class Axis:
    """A range of values along so many units of a drawing.

    Attributes:
        low: Value at its begin.
        high: Value at its end; above `low`.
        begin: Where it begins in the drawing.
        end: Where it ends; less than `begin` for an axis that goes up.
    """

    low: float
    high: float
    begin: float
    end: float

    def at(self, value: float) -> float:
        """Give the place of a value in the drawing."""
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)


def number_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Choose round numbers within a range, and write them with the decimals that tell them apart."""
    step = _step(high - low, most)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step, decimals) != step:  # 0.25 needs one more than its size says
        decimals += 1
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(number * step, f"{number * step:.{decimals}f}") for number in range(first, last + 1)]


def widened(low: float, high: float, most: int) -> tuple[float, float]:
    """Widen a range to round numbers; one of no width, too."""
    if not high > low:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    step = _step(high - low, most)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def day_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    """Choose days within a range: single days, first days of months, or of years; as many as asked at most.

    Args:
        low: Number of the first day in the calendar, as `date.toordinal` gives it.
        high: Number of the last day.
        most: Ticks that there is room for.
    """
    first, last = max(1, math.ceil(low)), min(date.max.toordinal(), math.floor(high))
    if last - first < _LONG:
        days = [date.fromordinal(number) for number in range(first, last + 1)]
        for rule in _RULES:
            chosen = [day for day in days if rule(day)]
            if 0 < len(chosen) <= most:
                return _labelled(chosen)
    step = max(1, math.ceil(_step((high - low) / _DAYS_OF_YEAR, most)))
    begin, end = date.fromordinal(first).year, date.fromordinal(last).year
    years = range(-(-begin // step) * step, end + 1, step)
    return _labelled(
        [day for day in (date(year, 1, 1) for year in years) if first <= day.toordinal() <= last]
    )


def _labelled(days: list[date]) -> list[tuple[float, str]]:
    """Write each day as short as it stays clear: the year only where it is new."""
    only_months, only_years = (
        all(day.day == 1 for day in days),
        all(day.month == day.day == 1 for day in days),
    )
    ticks, year = [], None
    for day in days:
        month = _(MONTHS[day.month - 1])
        text = month if only_months else _("{day} {month}", day=day.day, month=month)
        if day.year != year:
            is_year = only_years and len(days) > 1
            text = f"{day.year}" if is_year else _("{day_or_month} {year}", day_or_month=text, year=day.year)
        ticks.append((float(day.toordinal()), text))
        year = day.year
    return ticks


def _step(span: float, most: int) -> float:
    """Choose the round number that divides a span into so many parts at most."""
    rough = span / max(most, 1)
    size = 10.0 ** math.floor(math.log10(rough))
    return next(nice * size for nice in _NICE if nice * size >= rough * (1 - 1e-9))
