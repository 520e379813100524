"""Times of layers -> the frames of an animation, in order. Times are those of UTC, without a time zone on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .errors import InvalidChoice
from .language import _

STEPS = {
    "ranges": "a frame for each distinct time of the layers",
    "day": "a frame for each day",
    "week": "a frame for each seven days from the first",
    "month": "a frame for each calendar month",
    "year": "a frame for each calendar year",
}

MOST_FRAMES = 1000
MOST_PIXELS = 2_000_000_000
"""Of all frames together: 960 of 1920 x 1080, about 10 GB of PNG at the worst."""

FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 without a zone, as all here
"""Stand for the ends of a span that has none."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_DECEMBER = 12


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of time.

    Attributes:
        begin: First moment.
        end: Last moment, or the first after it; equal to `begin` for a single moment.
    """

    begin: datetime
    end: datetime

    def is_endless(self) -> bool:
        """Tell whether an end is open: such a layer is always there, and makes no frame."""
        return self.begin == FIRST or self.end == LAST

    def last_day(self) -> date:
        """Give the last day that it holds a part of."""
        return (self.end - _SECOND).date() if self.end > self.begin else self.end.date()

    def meets(self, other: Span) -> bool:
        """Tell whether the two share time; that one ends at the moment when the other begins is not enough."""
        if self.begin == other.begin:
            return True
        first, second = sorted((self, other))
        return second.begin < first.end


ALWAYS = Span(FIRST, LAST)


def frames(spans: Iterable[Span], step: str) -> list[Span]:
    """Choose the frames, in order.

    By `ranges`, every distinct span makes a frame, but one in which others follow each other: a layer of the whole year
    beside twelve of months is in all of their frames, and has none of its own.

    Args:
        spans: Of the layers.
        step: A key of `STEPS`.

    Raises:
        InvalidChoice: There is no span with two ends, or there are too many frames.
    """
    distinct = sorted({span for span in spans if not span.is_endless()})
    if not distinct:
        raise InvalidChoice(
            _("No layer has a time with two ends."), _("Set the temporal range of the layers.")
        )
    if step == "ranges":
        _check_count(len(distinct))
        return [span for span in distinct if not _holds_a_sequence(span, distinct)]
    last = max(span.end for span in distinct)
    found, begin = [], _floor(distinct[0].begin, step)
    while begin <= last:
        following = _next(begin, step)
        found.append(Span(begin, following))
        _check_count(len(found))
        begin = following
    return found


def label(span: Span) -> str:
    """Write the shortest ISO date that tells the frame: a year, a month, a day, two days, or times of a day."""
    begin, end = span.begin, span.end
    if begin != _floor(begin, "day") or timedelta() < end - begin < _DAY - _SECOND:
        first = f"{begin:%Y-%m-%d %H:%M}"
        return first if begin == end else f"{first} to {end:%Y-%m-%d %H:%M}"
    # There are two ways to write an end: the last second of a day, or the midnight after it.
    after = end if end == _floor(end, "day") else min(end, LAST - _SECOND) + _SECOND
    for step, form in (("year", "%Y"), ("month", "%Y-%m"), ("day", "%Y-%m-%d")):
        if begin == _floor(begin, step) and after == _next(begin, step):
            return begin.strftime(form)
    return f"{begin.date()}" if begin == end else f"{begin.date()} to {end.date()}"


def _check_count(count: int) -> None:
    if count > MOST_FRAMES:
        raise InvalidChoice(
            _("There would be more than {most:,} frames.", most=MOST_FRAMES),
            _("Choose fewer layers, or a longer STEP: month or year."),
        )


def _holds_a_sequence(span: Span, spans: Sequence[Span]) -> bool:
    inside = [
        other for other in spans if other != span and span.begin <= other.begin <= other.end <= span.end
    ]
    return bool(inside) and min(other.end for other in inside) < max(other.begin for other in inside)


def _floor(moment: datetime, step: str) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if step == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if step == "month" else day


def _next(begin: datetime, step: str) -> datetime:
    try:
        if step == "year":
            return begin.replace(year=begin.year + 1)
        if step == "month":
            december = begin.month == _DECEMBER
            return begin.replace(year=begin.year + december, month=begin.month % _DECEMBER + 1)
        return begin + timedelta(days=7 if step == "week" else 1)
    except (OverflowError, ValueError):
        return LAST
