"""Which passes of the satellite there are over a region, and which of their scenes have a score: a light survey."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .choices import Scenes
from .days import pass_day
from .errors import Unreachable
from .scenes import found, unscored
from .survey import Scene, Survey
from .text import clean

if TYPE_CHECKING:
    import ee

_LAST_MOMENT = 253_402_300_799_000
_LONGEST_ID = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pass:
    """One pass over a region: its tiles together are one look, wherever midnight falls.

    Attributes:
        number: `days.pass_day` of its scenes.
        day: UTC day on which it began.
        first: Milliseconds of its first scene.
        last: Milliseconds of its last scene.
        scene_count: Scenes.
        unscored_count: Scenes that have no score.
    """

    number: int
    day: date
    first: int
    last: int
    scene_count: int
    unscored_count: int


def widened(scenes: Scenes) -> Scenes:
    """Widen the window by a day on either side: a pass belongs to the day on which it began, whole."""
    return replace(scenes, start=scenes.start - _DAY, end=min(scenes.end, date.max - 2 * _DAY) + _DAY)


def question(scenes: Scenes) -> ee.Dictionary:
    """Build the expression whose answer `answer` reads, in one request for any number of days."""
    from .library import ee

    collection = found(widened(scenes))
    return ee.Dictionary(
        {
            "ids": collection.aggregate_array("system:index"),
            "times": collection.aggregate_array("system:time_start"),
            "unscored": unscored(widened(scenes)).aggregate_array("system:index"),
        }
    )


Timed = tuple[int, Scene]
"""A scene, after its milliseconds since 1970."""


def answer(scenes: Scenes, values: Any) -> tuple[Timed, ...]:
    """Read the service's answer: the scenes of the passes that began within the window, in order of time.

    Raises:
        Unreachable: It is no answer to the question.
    """
    ids, times, without = _checked(values)
    keeps = scenes.unscored_policy in ("keep", "scl")
    unscored_ids = {clean(index, _LONGEST_ID) for index in without}
    every = []
    for time, index in sorted(zip(times, (clean(one, _LONGEST_ID) for one in ids), strict=True)):
        moment = datetime.fromtimestamp(time / 1000, timezone.utc)
        is_scored = index not in unscored_ids
        number = pass_day(time, scenes.region)
        every.append((int(time), Scene(index, moment.date(), number, is_scored, is_scored or keeps)))
    begun: dict[int, date] = {}
    for _, scene in every:
        begun.setdefault(scene.pass_day, scene.day)
    inside = {number for number, day in begun.items() if scenes.start <= day <= scenes.end}
    return tuple((time, scene) for time, scene in every if scene.pass_day in inside)


def passes(found_scenes: Iterable[Timed]) -> list[Pass]:
    """Put the scenes of each pass together."""
    made: dict[int, list[Timed]] = {}
    for time, scene in found_scenes:
        made.setdefault(scene.pass_day, []).append((time, scene))
    return [
        Pass(
            number,
            of_pass[0][1].day,
            of_pass[0][0],
            of_pass[-1][0],
            len(of_pass),
            sum(not scene.is_scored for _, scene in of_pass),
        )
        for number, of_pass in made.items()
    ]


def together(scenes: Scenes, found_scenes: Iterable[Scene]) -> Survey:
    """Make one survey of the scenes over several regions, each scene once."""
    each = {scene.index: scene for scene in found_scenes}
    what = f"of {scenes.product} over the features from {scenes.start} to {scenes.end}"
    return Survey(((what, len(each)),), tuple(each[index] for index in sorted(each)))


def _checked(values: Any) -> tuple[list[str], list[float], list[str]]:
    """Refuse an answer to another question, or one that was damaged on its way and still is JSON."""
    found_values = values if isinstance(values, dict) else {}
    ids, times, without = (found_values.get(key) for key in ("ids", "times", "unscored"))
    if isinstance(ids, list) and isinstance(times, list) and isinstance(without, list):
        are_texts = all(isinstance(index, str) for index in (*ids, *without))
        are_times = all(type(time) in (int, float) and 0 <= time <= _LAST_MOMENT for time in times)
        if are_texts and are_times and len(ids) == len(times):
            return ids, times, without
    raise Unreachable(
        "The answer to the question for scenes is damaged.",
        "Run again in a few minutes, and if it stays so, check the network and its proxy.",
    )
