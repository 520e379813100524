"""Which passes of the satellite there are over a region, and which of their scenes have a score: a light survey."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from .choices import Scenes
from .days import pass_day
from .errors import Unreachable
from .language import _
from .place_cover import cover
from .place_scores import seen_and_hidden
from .scenes import found, unscored
from .survey import Scene, Survey
from .text import clean

if TYPE_CHECKING:
    import ee

    from .places import Place

_LAST_MOMENT = 253_402_300_799_000
_LONGEST_ID = 100
_DAY = timedelta(days=1)

_IDS = ("ids", "unscored", "over", "seen", "hidden")
"""The parts of an answer that are lists of ids."""


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


def question(scenes: Scenes, places: Sequence[Place]) -> ee.Dictionary:
    """Build the expression whose answer `answer` reads, in one request for any number of days.

    Args:
        scenes: The choices; the region is where passes are looked for.
        places: In it, all of one UTM zone, for which scenes are counted.
    """
    from .library import ee

    collection, over = found(widened(scenes)), replace(widened(scenes), region=cover(places))
    seen, hidden = seen_and_hidden(over, places)
    return ee.Dictionary(
        {
            "ids": collection.aggregate_array("system:index"),
            "times": collection.aggregate_array("system:time_start"),
            "unscored": unscored(widened(scenes)).aggregate_array("system:index"),
            "over": found(over).aggregate_array("system:index"),
            "seen": ee.List([one.aggregate_array("system:index") for one in seen]).flatten(),
            "hidden": hidden.aggregate_array("system:index"),
        }
    )


Timed = tuple[int, Scene]
"""A scene, after its milliseconds since 1970."""


@dataclass(frozen=True)
class Found:
    """What there is over a group of places.

    Attributes:
        timed: The scenes of the passes that began within the window, in order of time.
        over: `system:index` of those that lie over the places.
        seen: Of those whose score says something of the places.
        hidden: Of those whose score exists and says nothing of them.
    """

    timed: tuple[Timed, ...]
    over: frozenset[str]
    seen: frozenset[str]
    hidden: frozenset[str]


def answer(scenes: Scenes, values: Any) -> Found:
    """Read the service's answer.

    Raises:
        Unreachable: It is no answer to the question.
    """
    times, ids = _checked(values)
    keeps = scenes.unscored_policy in ("keep", "scl")
    unscored_ids = set(ids["unscored"])
    every = []
    for time, index in sorted(zip(times, ids["ids"], strict=True)):
        moment = datetime.fromtimestamp(time / 1000, timezone.utc)
        is_scored = index not in unscored_ids
        number = pass_day(time, scenes.region)
        every.append((int(time), Scene(index, moment.date(), number, is_scored, is_scored or keeps)))
    begun: dict[int, date] = {}
    for _time, scene in every:
        begun.setdefault(scene.pass_day, scene.day)
    inside = {number for number, day in begun.items() if scenes.start <= day <= scenes.end}
    timed = tuple((time, scene) for time, scene in every if scene.pass_day in inside)
    return Found(timed, *(frozenset(ids[key]) for key in ("over", "seen", "hidden")))


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


def together(scenes: Scenes, founds: Iterable[Found]) -> Survey:
    """Make one survey of the scenes over several groups of places, each scene once.

    A score counts where it says something of any place, and is none where it is masked over every one.
    """
    founds = tuple(founds)
    each = {scene.index: scene for one in founds for _, scene in one.timed if scene.index in one.over}
    hidden = set[str]().union(*(one.hidden for one in founds)).difference(*(one.seen for one in founds))
    hidden &= {index for index, scene in each.items() if scene.is_scored}
    what = _(
        "of {product} over the features from {start} to {end}",
        product=scenes.product,
        start=scenes.start,
        end=scenes.end,
    )
    return Survey(
        ((what, len(each)),),
        tuple(
            replace(each[index], is_scored=False, is_used=False) if index in hidden else each[index]
            for index in sorted(each)
        ),
        tuple(sorted(hidden)),
    )


def _checked(values: Any) -> tuple[list[float], dict[str, list[str]]]:
    """Refuse an answer to another question, or one that was damaged on its way and still is JSON."""
    found_values = values if isinstance(values, dict) else {}
    times, ids = found_values.get("times"), {key: found_values.get(key) for key in _IDS}
    if not (isinstance(times, list) and all(_is_number(time) for time in times)):
        raise _damaged()
    cleaned = {key: _texts(some) for key, some in ids.items()}
    if len(cleaned["ids"]) != len(times):
        raise _damaged()
    return times, cleaned


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= _LAST_MOMENT


def _texts(values: Any) -> list[str]:
    if not (isinstance(values, list) and all(isinstance(one, str) for one in values)):
        raise _damaged()
    return [clean(one, _LONGEST_ID) for one in values]


def _damaged() -> Unreachable:
    return Unreachable(
        _("The answer to the question for scenes is damaged."),
        _("Run again in a few minutes, and if it stays so, check the network and its proxy."),
    )
