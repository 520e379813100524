"""What is known of one pixel: its values, and every look at it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ..bands import DATE
from .spot import Spot

_TILE = re.compile(r"_T(\d{2}[A-Z]{3})$")
_EPOCH, _LAST_DAY = date(1970, 1, 1), 2_900_000
_FIRST = ("longitude", "latitude", "time", "scene", "tile")
_FORMULA = ("=", "+", "-", "@")
"""With these a spreadsheet takes a text for a formula."""


@dataclass(frozen=True)
class Look:
    """One scene at the pixel.

    Attributes:
        scene: Its `system:index`.
        moment: When it was taken, UTC.
        part: Which of several parts it belongs to; empty where there is one.
        scores: Score band -> 0 to 1, or None where it has no score.
        values: Band or index -> reflectance of 0 to 1 or index value, masked by nothing; None outside the scene.
        is_clear: Whether it is clear, with every mask of the result.
        is_taken: Whether it is in the result.
        why: Why it is, or is not, in words.
    """

    scene: str
    moment: datetime
    part: str
    scores: Mapping[str, float | None]
    values: Mapping[str, float | None]
    is_clear: bool
    is_taken: bool
    why: str

    @property
    def tile(self) -> str:
        """MGRS tile; empty where the id names none."""
        found = _TILE.search(self.scene)
        return found[1] if found else ""


@dataclass(frozen=True)
class Inspection:
    """One pixel of a result.

    Attributes:
        spot: Where it is.
        values: Band of the file -> its value, reflectance 0 to 1 or as it is; None where it has none.
        levels: Band or index -> the values of the result that its looks compare with.
        looks: In order of time.
        variables: Bands and indices of a look.
        score_band: The score that decides.
        thresholds: From which score on a look is clear; several where each part has its own.
        sentence: What the pixel is.
        picks: Whether the result is of some looks alone; else every clear one is in it.
        is_cut: Whether there are more looks than the service lists.
    """

    spot: Spot
    values: Mapping[str, float | None]
    levels: Mapping[str, tuple[float, ...]]
    looks: tuple[Look, ...]
    variables: tuple[str, ...]
    score_band: str
    thresholds: tuple[float, ...]
    sentence: str
    picks: bool
    is_cut: bool = False

    @property
    def has_parts(self) -> bool:
        """Whether looks belong to several parts."""
        return any(look.part for look in self.looks)


def written(name: str, value: float) -> str:
    """Write a value for people: a reflectance or an index with four decimals, a count as it is, a day as a date."""
    if name == DATE.name:
        return (_EPOCH + timedelta(days=round(value))).isoformat() if 0 <= value < _LAST_DAY else f"{value:g}"
    return f"{value:g}" if value == round(value) and abs(value) >= 1 else f"{value:.4f}"


def to_csv(inspection: Inspection, looks: Iterable[Look]) -> str:
    """Write looks as CSV, with a line of names, numbers in full."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    scores = list(next(iter(inspection.looks)).scores) if inspection.looks else []
    parts = ["part"] if inspection.has_parts else []
    writer.writerow([*_FIRST, *parts, "clear", "in_result", "why", *scores, *inspection.variables])
    longitude, latitude = inspection.spot.centre
    for look in looks:
        writer.writerow(
            [
                f"{longitude:.7f}",
                f"{latitude:.7f}",
                look.moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                _text(look.scene),
                look.tile,
                *([look.part] if parts else []),
                int(look.is_clear),
                int(look.is_taken),
                _text(look.why),
                *(_number(look.scores[name]) for name in scores),
                *(_number(look.values[name]) for name in inspection.variables),
            ]
        )
    return out.getvalue()


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
