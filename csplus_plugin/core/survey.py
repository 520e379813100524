"""The run's questions, asked in one request before anything is drawn: which scenes, which scored, which days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from .catalog import L2A_GLOBAL_FROM, PRODUCTS, UNSCORED_POLICIES
from .errors import NothingFound
from .scenes import steps, unscored

if TYPE_CHECKING:
    import ee

    from .choices import Scenes

_NAMED = 10
"""How many unscored scenes are named before the rest is only counted."""


@dataclass(frozen=True)
class Scene:
    """One scene that was found.

    Attributes:
        index: Its `system:index`.
        day: UTC day on which it was taken.
        is_scored: Whether it has a Cloud Score+ score.
    """

    index: str
    day: date
    is_scored: bool


@dataclass(frozen=True)
class Survey:
    """What the archive holds for the choices of a run.

    Attributes:
        left: Number of scenes after each filter, with the filter in words.
        scenes: The scenes that pass every filter, in order of time.
        policy: What becomes of those without a score.
    """

    left: tuple[tuple[str, int], ...]
    scenes: tuple[Scene, ...]
    policy: str

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
        """`system:index` of the scenes without a score."""
        return tuple(sorted(scene.index for scene in self.scenes if not scene.is_scored))

    @property
    def days(self) -> tuple[date, ...]:
        """Distinct UTC days of the scenes that the policy lets through, in order."""
        used = (scene for scene in self.scenes if scene.is_scored or self.policy in ("keep", "scl"))
        return tuple(sorted({scene.day for scene in used}))

    def within(self, first: date, last: date) -> Survey:
        """Narrow it to a shorter window, both days included, without a further request."""
        scenes = tuple(scene for scene in self.scenes if first <= scene.day <= last)
        return replace(self, left=((f"from {first} to {last}", len(scenes)),), scenes=scenes)


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
        }
    )


def answer(scenes: Scenes, values: Mapping[str, Any]) -> Survey:
    """Read the service's answer.

    Raises:
        NothingFound: No scene is left, or none that the policy for unscored scenes lets through.
    """
    narrowing = steps(scenes)
    left = tuple((step.what, int(size)) for step, size in zip(narrowing, values["left"], strict=True))
    for step, (what, size) in zip(narrowing, left, strict=True):
        if size == 0:
            before = (
                f"{_scenes(left[0][1])} {left[0][0]}, but none " if step is not narrowing[0] else "No scenes "
            )
            raise NothingFound(f"{before}{what}.", step.remedy)
    without = set(values["unscored"])
    in_time = sorted(zip(values["times"], values["ids"], strict=True))
    survey = Survey(
        left=left,
        scenes=tuple(Scene(index, _utc_day(time), index not in without) for time, index in in_time),
        policy=scenes.unscored_policy,
    )
    _check_policy(survey)
    return survey


def report(survey: Survey) -> list[str]:
    """Say what was found, a sentence a line."""
    lines = [f"{_scenes(size)} {what}." for what, size in survey.left]
    lines.append(f"{survey.scored_count} scored, {len(survey.unscored_ids)} unscored.")
    if days := survey.days:
        span = f"{days[0]} to {days[-1]}" if len(days) > 1 else f"{days[0]}"
        lines.append(f"{len(days)} distinct {'day' if len(days) == 1 else 'days'}: {span}.")
    return lines


def warnings(scenes: Scenes, survey: Survey) -> list[str]:
    """Say what may surprise, a sentence a line."""
    lines = []
    if survey.unscored_ids:
        done = UNSCORED_POLICIES[survey.policy].removesuffix(" (L2A only)")
        lines.append(f"Without a Cloud Score+ score: {_named(survey.unscored_ids)}. They are {done}.")
    product = PRODUCTS[scenes.product]
    if scenes.start < product.first_day:
        lines.append(f"{product.name} begins on {product.first_day}: the window is shorter than asked.")
    elif product.name == "L2A" and scenes.start < L2A_GLOBAL_FROM:
        lines.append(
            f"L2A has holes before {L2A_GLOBAL_FROM}; the product L1C is complete from {PRODUCTS['L1C'].first_day}."
        )
    return lines


def _check_policy(survey: Survey) -> None:
    if survey.policy == "fail" and survey.unscored_ids:
        raise NothingFound(
            f"{len(survey.unscored_ids)} of {_scenes(survey.scene_count)} have no score: "
            f"{_named(survey.unscored_ids)}.",
            "Wait a few days if they are recent, or choose another policy for unscored scenes.",
        )
    if survey.policy == "drop" and survey.scored_count == 0:
        raise NothingFound(
            f"None of the {_scenes(survey.scene_count)} found has a score yet.",
            "Wait a few days if they are recent, or choose the policy keep or scl for unscored scenes.",
        )


def _utc_day(milliseconds: float) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).date()


def _scenes(count: int) -> str:
    return "1 scene" if count == 1 else f"{count} scenes"


def _named(ids: tuple[str, ...]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")
