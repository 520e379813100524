"""What a pixel is made of where no composite is: of scores, of counted days, of statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..days import pass_day
from ..targets.composite import Composite
from ..targets.metrics import Metrics
from ..targets.score import Score
from .parts import Part
from .verdicts import Judgement, Observation, Value, count_days, extremes, judge, neighbours


@dataclass(frozen=True)
class AnsweredPart:
    """A part with what the service answered of it.

    Attributes:
        part: The part.
        clear: Its clear looks.
        scored: Those with a score, where it is of scores.
        pixel: The composite's values, where it is one.
    """

    part: Part
    clear: tuple[Observation, ...]
    scored: tuple[Observation, ...]
    pixel: Mapping[str, Value]


def judge_part(one: AnsweredPart, values: Mapping[str, Value], *, is_inside: bool) -> Judgement:
    """Tell which looks made the pixel of a part, of whatever kind.

    Args:
        one: The part.
        values: The pixel as the file holds it.
        is_inside: Whether it lies in the area to which the result is clipped.
    """
    part, target = one.part, one.part.target
    if isinstance(target, Composite):
        return judge(part, one.clear, one.pixel, is_inside=is_inside)
    if not is_inside:
        return Judgement("The pixel is outside the area", picks=False)
    if isinstance(target, Metrics):
        said = f"one of {len(one.clear)} clear looks in the statistics"
        taken = dict.fromkeys((look.scene for look in one.clear), said)
        return Judgement(f"Statistics of {len(one.clear)} clear looks", taken, picks=False)
    if isinstance(target, Score) and target.statistic != "count":
        return _of_scores(one, target, values)
    counted: set[int] = set()
    taken = {}
    for look in sorted(one.clear, key=lambda look: look.time):
        day = pass_day(look.time, part.scenes.region)
        taken[look.scene] = "clear, of a day that counts once" if day in counted else "a clear day"
        counted.add(day)
    seen = "" if isinstance(target, Score) else f" of {count_days(part, one.scored)} with a score"
    return Judgement(f"{len(counted)} clear days{seen}", taken, picks=False)


def _of_scores(one: AnsweredPart, target: Score, values: Mapping[str, Value]) -> Judgement:
    """Tell of a number for all scores, clear or not, whose it is."""
    name = one.part.scenes.qa_band
    scored, value = one.scored, next(iter(values.values()))
    if value is None:
        return Judgement("No look has a score")
    pixel = {name: value}
    if target.statistic in ("min", "max"):
        word = "lowest" if target.statistic == "min" else "highest"
        taken, _ = extremes(scored, pixel, word)
        others = dict.fromkeys((look.scene for look in scored), f"not the {word} score")
        return Judgement(f"The {word} of {len(scored)} scores", taken, others)
    if target.statistic == "percentile":
        word = f"percentile {target.percentile:g}"
        taken, _ = neighbours(scored, pixel, word)
        others = dict.fromkeys((look.scene for look in scored), f"others are nearer to the {word}")
        return Judgement(f"{word.capitalize()} of {len(scored)} scores", taken, others)
    said = f"one of {len(scored)} scores in the mean"
    return Judgement(
        f"Mean of {len(scored)} scores", dict.fromkeys((look.scene for look in scored), said), picks=False
    )
