"""Dates as text and text as dates, by the patterns of Joda-Time's DateTimeFormat."""

from __future__ import annotations

import calendar
import re
from datetime import date as day
from datetime import datetime, timedelta, timezone

from ..errors import Refused
from .dates import time_zone
from .types import Date

_QUOTED = r"'(?:[^']|'')*'"
_PATTERN = re.compile(rf"{_QUOTED}|([A-Za-z])\1*|[^A-Za-z']+")


def formatted(moment: datetime, pattern: str | None) -> str:
    """Give a moment as text.

    Args:
        moment: In the time zone it shall be shown in.
        pattern: As in Joda-Time's DateTimeFormat; None for ISO 8601 to the second.

    Raises:
        Refused: A letter of the pattern is not supported.
    """
    return "".join(_token(moment, m.group(0)) for m in _PATTERN.finditer(pattern or "yyyy-MM-dd'T'HH:mm:ss"))


def _token(moment: datetime, text: str) -> str:  # noqa: PLR0911 - a table of pattern letters
    letter, width = text[0], len(text)
    if letter == "'":
        return "'" if text == "''" else text[1:-1].replace("''", "'")
    if not letter.isalpha():
        return text
    if letter in "yYx" and width == 2:  # noqa: PLR2004 - a year without its century
        return f"{_numbers(moment)[letter] % 100:02}"
    if letter == "E" or (letter == "M" and width > 2):  # noqa: PLR2004 - a name, short or long
        name = calendar.month_name[moment.month] if letter == "M" else calendar.day_name[moment.weekday()]
        return name if width > 3 else name[:3]  # noqa: PLR2004 - the short form has three letters
    if letter == "S":
        return f"{moment.microsecond:06}".ljust(width, "0")[:width]
    if letter == "a":
        return "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004 - noon
    if letter in "zZ":
        return _zone(moment, text)
    if letter == "G":
        return "AD"
    numbers = _numbers(moment)
    if letter not in numbers:
        raise Refused(f"Date.format: Pattern letter '{letter}' is not supported by this sandbox engine.")
    return str(numbers[letter]).zfill(width)


def _zone(moment: datetime, text: str) -> str:
    """Give the time zone: its name short or long, its offset, or its id."""
    offset = moment.strftime("%z")
    if text == "Z":
        return offset
    if text == "ZZ":
        return f"{offset[:3]}:{offset[3:]}"
    if text[0] == "Z":
        return str(getattr(moment.tzinfo, "key", "UTC"))
    if len(text) < 4:  # noqa: PLR2004 - the long form has four letters
        return str(moment.tzname())
    if moment.tzinfo is timezone.utc:
        return "Coordinated Universal Time"
    raise Refused("Date.format: Long names of time zones are not supported by this sandbox engine.")


def _numbers(moment: datetime) -> dict[str, int]:
    iso = moment.isocalendar()
    return {
        "y": moment.year,
        "Y": moment.year,
        "x": iso.year,
        "w": iso.week,
        "e": iso.weekday,
        "M": moment.month,
        "d": moment.day,
        "D": (moment.date() - day(moment.year, 1, 1)).days + 1,
        "H": moment.hour,
        "h": moment.hour % 12 or 12,
        "k": moment.hour or 24,
        "K": moment.hour % 12,
        "C": moment.year // 100,
        "m": moment.minute,
        "s": moment.second,
    }


_READ = {
    "y": r"\d{1,9}",
    "Y": r"\d{1,9}",
    "S": r"\d{1,9}",
    "D": r"\d{1,3}",
    "Z": r"[+-]\d\d:?\d\d",
    "a": "[AaPp][Mm]",
}
_TWO_DIGITS = frozenset("MdHhkKms")
_PIVOT = 50  # two digits from here on mean 19xx


def parsed(pattern: str, text: str, zone: str | None) -> Date:
    """Give a moment from text.

    Args:
        pattern: As in Joda-Time's DateTimeFormat.
        text: What to read.
        zone: Time zone of a text that names none; None for UTC.

    Raises:
        Refused: The text does not fit the pattern, or a letter is not supported.
    """
    pieces = [m.group(0) for m in _PATTERN.finditer(pattern)]
    expression = "".join(f"({_readable(piece)})" for piece in pieces)
    found = re.fullmatch(expression, text, re.IGNORECASE)
    if found is None:
        raise Refused(f"Date.parse: Invalid format: \"{text}\" does not fit '{pattern}'.")
    parts = dict(zip(pieces, found.groups(), strict=True))
    try:
        return Date.of(_moment(parts, zone))
    except ValueError as error:
        raise Refused(f'Date.parse: "{text}" is no date: {error}.') from error


def _readable(piece: str) -> str:
    letter, width = piece[0], len(piece)
    if letter == "'":
        return re.escape("'" if piece == "''" else piece[1:-1].replace("''", "'"))
    if not letter.isalpha():
        return re.escape(piece)
    if letter == "M" and width > 2:  # noqa: PLR2004 - a name
        names = calendar.month_name if width > 3 else calendar.month_abbr  # noqa: PLR2004 - the long form
        return "|".join(names[1:])
    if letter in "yY" and width == 2:  # noqa: PLR2004 - a year without its century
        return r"\d{2}"
    if letter not in _READ and letter not in _TWO_DIGITS:
        raise Refused(f"Date.parse: Pattern letter '{letter}' is not supported by this sandbox engine.")
    return _READ.get(letter, r"\d{1,2}")


def _moment(parts: dict[str, str], zone: str | None) -> datetime:
    numbers = {"year": 1970, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    names = {"y": "year", "Y": "year", "d": "day", "m": "minute", "s": "second"}
    place, afternoon, of_year = time_zone(zone), None, None
    for piece, text in parts.items():
        letter = piece[0]
        if letter in "yY" and len(piece) == 2:  # noqa: PLR2004 - a year without its century
            numbers["year"] = int(text) + (1900 if int(text) >= _PIVOT else 2000)
        elif letter == "M":
            numbers["month"] = int(text) if text.isdigit() else _month(text)
        elif letter in "HkKh":
            numbers["hour"] = int(text) % (24 if letter in "Hk" else 12)
        elif letter == "S":
            numbers["microsecond"] = int(text.ljust(6, "0")[:6])
        elif letter == "a":
            afternoon = text.upper() == "PM"
        elif letter == "D":
            of_year = int(text)
        elif letter == "Z":
            minutes = int(text[1:3]) * 60 + int(text[-2:])
            place = timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))
        elif letter in names:
            numbers[names[letter]] = int(text)
    moment = datetime(**numbers, tzinfo=place) + timedelta(hours=12 if afternoon else 0)
    return moment if of_year is None else moment.replace(month=1, day=1) + timedelta(days=of_year - 1)


def _month(name: str) -> int:
    return [m.lower()[:3] for m in calendar.month_name].index(name.lower()[:3])
