"""What a pixel is made of where no composite is: of scores, of counted days, of statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..days import pass_day
from ..language import _, ngettext
from ..targets.composite import Composite
from ..targets.metrics import Metrics
from ..targets.score import Score
from .parts import Part
from .verdicts import (
    Judgement,
    Observation,
    Value,
    begun,
    count_days,
    extremes,
    judge,
    neighbours,
    percentile,
)


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
        return Judgement(_("The pixel is outside the area."), picks=False)
    if isinstance(target, Metrics):
        said = _("one of {count} clear looks in the statistics", count=len(one.clear))
        taken = dict.fromkeys((look.scene for look in one.clear), said)
        return Judgement(
            ngettext(
                "Statistics of the only clear look.", "Statistics of {count} clear looks.", len(one.clear)
            ),
            taken,
            picks=False,
        )
    if isinstance(target, Score) and target.statistic != "count":
        return _of_scores(one, target, values)
    counted: set[int] = set()
    taken = {}
    for look in sorted(one.clear, key=lambda look: look.time):
        day = pass_day(look.time, part.scenes.region)
        taken[look.scene] = _("clear, of a day that counts once") if day in counted else _("a clear day")
        counted.add(day)
    sentence = _("Clear days: {count}.", count=len(counted))
    if not isinstance(target, Score):
        seen = count_days(part, one.scored)
        sentence = _("Clear days: {count}, of {seen} with a score.", count=len(counted), seen=seen)
    return Judgement(sentence, taken, picks=False)


def _of_scores(one: AnsweredPart, target: Score, values: Mapping[str, Value]) -> Judgement:
    """Tell of a number for all scores, clear or not, whose it is."""
    name = one.part.scenes.qa_band
    scored, value = one.scored, next(iter(values.values()))
    if value is None:
        return Judgement(_("No look has a score."))
    pixel = {name: value}
    if target.statistic in ("min", "max"):
        is_lowest = target.statistic == "min"
        taken = extremes(scored, pixel, is_lowest=is_lowest)[0]
        why = _("not the lowest score") if is_lowest else _("not the highest score")
        sentence = _("The lowest of {count} scores.", count=len(scored))
        if not is_lowest:
            sentence = _("The highest of {count} scores.", count=len(scored))
        return Judgement(sentence, taken, dict.fromkeys((look.scene for look in scored), why))
    if target.statistic == "percentile":
        middle = percentile(target.percentile)
        taken = neighbours(scored, pixel, middle)[0]
        why = _("others are nearer to the {middle}", middle=middle)
        sentence = _("{method} of {count} scores.", method=begun(middle), count=len(scored))
        return Judgement(sentence, taken, dict.fromkeys((look.scene for look in scored), why))
    said = _("one of {count} scores in the mean", count=len(scored))
    sentence = _("Mean of {count} scores.", count=len(scored))
    return Judgement(sentence, dict.fromkeys((look.scene for look in scored), said), picks=False)
