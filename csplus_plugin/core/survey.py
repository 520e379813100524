"""The run's questions, asked in one request before anything is drawn: which scenes, which scored, which days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from .catalog import L2A_GLOBAL_FROM, PRODUCTS, UNSCORED_POLICIES
from .days import pass_day
from .errors import NoScores, NothingFound, Unreachable
from .hidden_scores import hidden
from .language import _, ngettext
from .scenes import steps, unscored
from .text import clean

if TYPE_CHECKING:
    import ee

    from .choices import Scenes

_LAST_MOMENT = 253_402_300_799_000
"""Milliseconds from 1970 to the last second of the year 9999, which is the calendar's last."""

_IDS = ("ids", "unscored", "hidden")
"""The parts of an answer that are lists of ids."""

_LONGEST_ID = 100
"""Characters of a scene's id that are kept; Sentinel-2's have 38."""

_NAMED = 10
"""How many unscored scenes are named before the rest is only counted."""


@dataclass(frozen=True)
class Scene:
    """One scene that was found.

    Attributes:
        index: Its `system:index`.
        day: UTC day on which it was taken.
        pass_day: Number of the day on the sun's clock at the region's centre, on which no pass meets midnight.
        is_scored: Whether it has a Cloud Score+ score over the area.
        is_used: Whether the policy for scenes without a score lets it through.
    """

    index: str
    day: date
    pass_day: int
    is_scored: bool
    is_used: bool


@dataclass(frozen=True)
class Survey:
    """What the archive holds for the choices of a run.

    Attributes:
        left: Number of scenes after each filter, with the filter in words.
        scenes: The scenes that pass every filter, in order of time.
        hidden_ids: `system:index` of those whose score is masked over the whole area.
    """

    left: tuple[tuple[str, int], ...]
    scenes: tuple[Scene, ...]
    hidden_ids: tuple[str, ...] = ()

    @property
    def scene_count(self) -> int:
        """Scenes that pass every filter."""
        return len(self.scenes)

    @property
    def scored_count(self) -> int:
        """Scenes that have a score."""
        return sum(scene.is_scored for scene in self.scenes)

    @property
    def unscored_ids(self) -> tuple[str, ...]:
        """`system:index` of the scenes without a score over the area."""
        return tuple(sorted(scene.index for scene in self.scenes if not scene.is_scored))

    @property
    def used_count(self) -> int:
        """Scenes that the policy lets through."""
        return sum(scene.is_used for scene in self.scenes)

    @property
    def days(self) -> tuple[date, ...]:
        """Days of the scenes that the policy lets through, in order; a pass over midnight is of the day it began."""
        begun: dict[int, date] = {}
        for scene in self.scenes:
            if scene.is_used:
                begun.setdefault(scene.pass_day, scene.day)
        return tuple(sorted(begun.values()))

    def of(self, indices: Iterable[str]) -> Survey:
        """Narrow it to scenes by their `system:index`."""
        chosen = set(indices)
        scenes = tuple(scene for scene in self.scenes if scene.index in chosen)
        return Survey(
            left=((_("of the {count} chosen", count=len(chosen)), len(scenes)),),
            scenes=scenes,
            hidden_ids=tuple(index for index in self.hidden_ids if index in chosen),
        )

    def within(self, first: date, last: date) -> Survey:
        """Narrow it to a shorter window, both days included, without a further request."""
        scenes = tuple(scene for scene in self.scenes if first <= scene.day <= last)
        inside = {scene.index for scene in scenes}
        return Survey(
            left=((_("from {first} to {last}", first=first, last=last), len(scenes)),),
            scenes=scenes,
            hidden_ids=tuple(index for index in self.hidden_ids if index in inside),
        )


def question(scenes: Scenes) -> ee.Dictionary:
    """Build the expression whose answer `answer` reads."""
    from .library import ee

    narrowing = steps(scenes)
    found = narrowing[-1].collection
    return ee.Dictionary(
        {
            "left": [step.collection.size() for step in narrowing],
            "ids": found.aggregate_array("system:index"),
            "times": found.aggregate_array("system:time_start"),
            "unscored": unscored(scenes).aggregate_array("system:index"),
            "hidden": hidden(scenes).aggregate_array("id"),
        }
    )


def merge(surveys: Sequence[Survey]) -> Survey:
    """Put surveys of several windows together; a scene that lies in two of them counts once."""
    scenes = {scene.index: scene for survey in surveys for scene in survey.scenes}
    return Survey(
        left=((_("of all windows"), len(scenes)),),
        scenes=tuple(sorted(scenes.values(), key=lambda scene: (scene.day, scene.index))),
        hidden_ids=tuple(sorted({index for survey in surveys for index in survey.hidden_ids})),
    )


def question_with(scenes: Scenes, more: ee.ComputedObject) -> ee.Dictionary:
    """Put a further question to the same request; `answers` takes the two apart."""
    from .library import ee

    return ee.Dictionary({"survey": question(scenes), "answer": more})


def answers(scenes: Scenes, values: Any, *, needs_scores: bool = True) -> tuple[Survey, Any]:
    """Read the service's answer to `question_with`.

    Raises:
        NothingFound: As `answer` does.
        Unreachable: Likewise.
    """
    parts = values if isinstance(values, dict) else {}
    return answer(scenes, parts.get("survey"), needs_scores=needs_scores), parts.get("answer")


def answer(scenes: Scenes, values: Any, *, needs_scores: bool = True) -> Survey:
    """Read the service's answer, and refuse one that leaves nothing to work with.

    Args:
        scenes: The choices.
        values: The value of `question`, decoded JSON.
        needs_scores: Whether scenes of which none can be used are as good as none.

    Raises:
        NothingFound: No scene is left, or none that the policy for unscored scenes lets through.
        Unreachable: It is no answer to the question.
    """
    survey = read(scenes, values)
    require_scenes(scenes, survey, needs_scores=needs_scores)
    return survey


def require_scenes(scenes: Scenes, survey: Survey, *, needs_scores: bool = True) -> None:
    """Refuse a survey that leaves nothing to work with.

    Raises:
        NothingFound: No scene is left, or none that the policy for unscored scenes lets through.
    """
    left = survey.left
    for place, (step, (what, size)) in enumerate(zip(steps(scenes), left, strict=True)):
        if size == 0:
            before, count = left[0]
            said = (
                _("{scenes} {before}, but none {what}.", scenes=_scenes(count), before=before, what=what)
                if place
                else _("No scenes {what}.", what=what)
            )
            raise NothingFound(said, step.remedy)
    check_policy(scenes, survey, needs_scores=needs_scores)


def read(scenes: Scenes, values: Any) -> Survey:
    """Read the service's answer.

    Raises:
        Unreachable: It is no answer to the question.
    """
    narrowing = steps(scenes)
    _check_shape(values, len(narrowing))
    left = tuple((step.what, int(size)) for step, size in zip(narrowing, values["left"], strict=True))
    ids = [clean(index, _LONGEST_ID) for index in values["ids"]]
    without, hidden_ids = (
        {clean(index, _LONGEST_ID) for index in values[key]} for key in ("unscored", "hidden")
    )
    keeps = scenes.unscored_policy in ("keep", "scl")

    def scene(time: float, index: str) -> Scene:
        day = datetime.fromtimestamp(time / 1000, timezone.utc).date()
        is_scored = index not in without and index not in hidden_ids
        return Scene(
            index, day, pass_day(time, scenes.region), is_scored, is_scored or (keeps and index in without)
        )

    in_time = sorted(zip(values["times"], ids, strict=True))
    return Survey(left, tuple(scene(time, index) for time, index in in_time), tuple(sorted(hidden_ids)))


def _check_shape(values: Any, step_count: int) -> None:
    """Refuse an answer to another question, or one that was damaged on its way and still is JSON."""
    found = values if isinstance(values, dict) else {}
    is_sound = all(isinstance(found.get(key), list) for key in ("left", "times", *_IDS)) and (
        all(_is_number(one) for key in ("left", "times") for one in found[key])
        and all(isinstance(index, str) for key in _IDS for index in found[key])
        and len(found["left"]) == step_count
        and len(found["times"]) == len(found["ids"])
    )
    if not is_sound:
        raise Unreachable(
            _("The answer to the question for scenes is damaged."),
            _("Run again in a few minutes, and if it stays so, check the network and its proxy."),
        )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= _LAST_MOMENT


def report(survey: Survey) -> list[str]:
    """Say what was found, a sentence a line."""
    lines = [_("{scenes} {what}.", scenes=_scenes(size), what=what) for what, size in survey.left]
    lines.append(
        _(
            "{scored} scored, {unscored} unscored.",
            scored=survey.scored_count,
            unscored=len(survey.unscored_ids),
        )
    )
    if days := survey.days:
        lines.append(
            ngettext(
                "{count} distinct day: {first}.",
                "{count} distinct days: {first} to {last}.",
                len(days),
                first=days[0],
                last=days[-1],
            )
        )
    return lines


def warnings(scenes: Scenes, survey: Survey, *, needs_scores: bool = True) -> list[str]:
    """Say what may surprise, a sentence a line; where no scores are needed, scenes without one are listed."""
    lines = []
    unscored_ids = tuple(index for index in survey.unscored_ids if index not in survey.hidden_ids)
    if unscored_ids:
        done = (
            _(UNSCORED_POLICIES[scenes.unscored_policy])
            if needs_scores
            else _("listed where MIN_CLEAR is 0, without a clear share")
        )
        lines.append(
            _(
                "Without a Cloud Score+ score: {ids}. They are {done}.",
                ids=_named(unscored_ids),
                done=done,
            )
        )
    if survey.hidden_ids:
        ids = _named(survey.hidden_ids)
        lines.append(
            _("Score masked over the whole area: {ids}. Nothing of them is used.", ids=ids)
            if needs_scores
            else _("Score masked over the whole area: {ids}. They count as scenes without one.", ids=ids)
        )
    product = PRODUCTS[scenes.product]
    if scenes.start < product.first_day:
        lines.append(
            _(
                "{name} begins on {first_day}: the window is shorter than asked.",
                name=product.name,
                first_day=product.first_day,
            )
        )
    elif product.name == "L2A" and scenes.start < L2A_GLOBAL_FROM:
        lines.append(
            _(
                "L2A has holes before {day}; the product L1C is complete from {first_day}.",
                day=L2A_GLOBAL_FROM,
                first_day=PRODUCTS["L1C"].first_day,
            )
        )
    return lines


def check_policy(scenes: Scenes, survey: Survey, *, needs_scores: bool) -> None:
    """Refuse what the policy for scenes without a score does not let through.

    Raises:
        NoScores: Nothing is let through.
        NothingFound: The policy is to fail.
    """
    if scenes.unscored_policy == "fail" and survey.unscored_ids:
        raise NothingFound(
            _(
                "{count} of {scenes} have no score: {ids}.",
                count=len(survey.unscored_ids),
                scenes=_scenes(survey.scene_count),
                ids=_named(survey.unscored_ids),
            ),
            _("Wait a few days if they are recent, or choose another policy for unscored scenes."),
        )
    if survey.used_count == 0 and needs_scores:
        raise NoScores(
            _(
                "None of the {scenes} found has a score over the area yet.",
                scenes=_scenes(survey.scene_count),
            ),
            _("Wait a few days if they are recent, or choose the policy keep or scl for unscored scenes."),
        )


def _scenes(count: int) -> str:
    return ngettext("{count} scene", "{count} scenes", count)


def _named(ids: tuple[str, ...]) -> str:
    more = len(ids) - _NAMED
    listed = ", ".join(ids[:_NAMED])
    return _("{listed} and {more} more", listed=listed, more=more) if more > 0 else listed
