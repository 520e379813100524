"""The run's questions, asked in one request before anything is drawn: which scenes, which scored, which days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from .catalog import L2A_GLOBAL_FROM, PRODUCTS
from .errors import NothingFound
from .scenes import steps, unscored

if TYPE_CHECKING:
    import ee

    from .recipe import Scenes

_NAMED = 10
"""How many unscored scenes are named before the rest is only counted."""


@dataclass(frozen=True)
class Survey:
    """What the archive holds for the choices of a run.

    Attributes:
        left: Number of scenes after each filter, with the filter in words.
        unscored_ids: `system:index` of the scenes without a score.
        days: Distinct UTC days of the scenes, in order.
    """

    left: tuple[tuple[str, int], ...]
    unscored_ids: tuple[str, ...]
    days: tuple[date, ...]

    @property
    def scene_count(self) -> int:
        """Scenes that pass every filter."""
        return self.left[-1][1]

    @property
    def scored_count(self) -> int:
        """Scenes that have a score."""
        return self.scene_count - len(self.unscored_ids)


def question(scenes: Scenes) -> ee.Dictionary:
    """Build the expression whose answer `answer` reads."""
    from .library import ee

    narrowing = steps(scenes)
    return ee.Dictionary(
        {
            "left": [step.collection.size() for step in narrowing],
            "times": narrowing[-1].collection.aggregate_array("system:time_start"),
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
    days = sorted({datetime.fromtimestamp(time / 1000, timezone.utc).date() for time in values["times"]})
    survey = Survey(left, tuple(sorted(values["unscored"])), tuple(days))
    _check_policy(scenes, survey)
    return survey


def report(survey: Survey) -> list[str]:
    """Say what was found, a sentence a line."""
    lines = [f"{_scenes(size)} {what}." for what, size in survey.left]
    span = f"{survey.days[0]} to {survey.days[-1]}" if len(survey.days) > 1 else f"{survey.days[0]}"
    lines.append(f"{len(survey.days)} distinct {'day' if len(survey.days) == 1 else 'days'}: {span}.")
    lines.append(f"{survey.scored_count} scored, {len(survey.unscored_ids)} unscored.")
    return lines


def warnings(scenes: Scenes, survey: Survey) -> list[str]:
    """Say what may surprise, a sentence a line."""
    lines = []
    if survey.unscored_ids:
        done = {
            "drop": "They are left out",
            "keep": "They are used unmasked",
            "scl": "They are masked by their scene classification",
        }[scenes.unscored_policy]
        lines.append(f"Without a Cloud Score+ score: {_named(survey.unscored_ids)}. {done}.")
    product = PRODUCTS[scenes.product]
    if scenes.start < product.first_day:
        lines.append(f"{product.name} begins on {product.first_day}: the window is shorter than asked.")
    elif product.name == "L2A" and scenes.start < L2A_GLOBAL_FROM:
        lines.append(
            f"L2A has holes before {L2A_GLOBAL_FROM}; the product L1C is complete from {PRODUCTS['L1C'].first_day}."
        )
    return lines


def _check_policy(scenes: Scenes, survey: Survey) -> None:
    if scenes.unscored_policy == "fail" and survey.unscored_ids:
        raise NothingFound(
            f"{len(survey.unscored_ids)} of {_scenes(survey.scene_count)} have no score: "
            f"{_named(survey.unscored_ids)}.",
            "Wait a few days if they are recent, or choose another policy for unscored scenes.",
        )
    if scenes.unscored_policy == "drop" and survey.scored_count == 0:
        raise NothingFound(
            f"None of the {_scenes(survey.scene_count)} found has a score yet.",
            "Wait a few days if they are recent, or choose the policy keep or scl for unscored scenes.",
        )


def _scenes(count: int) -> str:
    return "1 scene" if count == 1 else f"{count} scenes"


def _named(ids: tuple[str, ...]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")
