"""Which looks made a pixel, and why not the others: read off the pixel's own values, method by method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from statistics import median

from .. import methods
from ..bands import DATE
from ..catalog import METHODS
from ..days import pass_day
from ..language import _, marked, ngettext
from ..targets.composite import Composite
from .parts import Part

_SAME = 1e-6
"""Relative difference of two numbers that are the same one, as the service writes it."""

_DAY = 86_400_000
_EPOCH = date(1970, 1, 1)

Value = float | None


@dataclass(frozen=True)
class Observation:
    """A clear look, as it is reduced.

    Attributes:
        scene: Its `system:index`.
        time: Milliseconds since 1970.
        values: Digital numbers, index values and the score, by name; None where a band is masked.
    """

    scene: str
    time: float
    values: Mapping[str, Value]

    @property
    def moment(self) -> datetime:
        """When it was taken, UTC."""
        return datetime.fromtimestamp(self.time / 1000, timezone.utc)


@dataclass(frozen=True)
class Judgement:
    """What became of the clear looks.

    Attributes:
        sentence: What the pixel is, a whole one.
        taken: Scene -> how it is in the pixel.
        others: Scene -> why it is not, though it is clear.
        picks: Whether some looks are taken and others are not; of a mean, all are in it.
    """

    sentence: str
    taken: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    picks: bool = True


def judge(
    part: Part, clear: Sequence[Observation], pixel: Mapping[str, Value], *, is_inside: bool
) -> Judgement:
    """Tell of a composite's pixel which clear looks made it.

    Args:
        part: The composite.
        clear: Every clear look.
        pixel: Its values, before they are rounded for a file and clipped to the area.
        is_inside: Whether the pixel lies in the area to which the result is clipped.
    """
    target = part.target
    if not isinstance(target, Composite):
        raise TypeError("only a composite is judged")
    if not clear:
        return Judgement(_("No look is clear."))
    known = {name: value for name, value in pixel.items() if value is not None}
    if not known:
        days, fewest = count_days(part, clear), target.min_observations
        if days < fewest:
            why = _(
                "clear, but the pixel has {count} of {fewest} clear days that it needs",
                count=days,
                fewest=fewest,
            )
            few = _("The pixel has {count} of {fewest} clear days that it needs.", count=days, fewest=fewest)
            return Judgement(few, {}, _all(clear, why))
        why = _("clear, but the pixel has no value")
        return Judgement(_("Looks are clear, but the pixel has no value."), {}, _all(clear, why))
    found = _BY_METHOD[target.method](target, clear, known)
    if is_inside:
        return found
    why = _("clear, but the pixel is outside the area")
    return Judgement(_("The pixel is outside the area."), {}, _all(clear, why))


def count_days(part: Part, looks: Iterable[Observation]) -> int:
    """Count the distinct days of looks; what two tiles show of one pass is one."""
    return len({pass_day(look.time, part.scenes.region) for look in looks})


def extremes(
    looks: Sequence[Observation], pixel: Mapping[str, float], *, is_lowest: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Tell whose values the pixel has, name by name: of a minimum, of a maximum."""
    said = marked("the lowest {names}") if is_lowest else marked("the highest {names}")
    not_one = _("clear, but not the lowest in any band")
    if not is_lowest:
        not_one = _("clear, but not the highest in any band")
    taken, others = {}, {}
    for look in looks:
        names = [name for name, value in pixel.items() if is_same(look.values.get(name), value)]
        if names:
            taken[look.scene] = _(said, names=", ".join(names))
        else:
            others[look.scene] = not_one
    return taken, others


def neighbours(
    looks: Sequence[Observation], pixel: Mapping[str, float], middle: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Tell between which looks the pixel lies, name by name: of a median, of a percentile."""
    at: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for name, value in pixel.items():
        known = [(look.scene, one) for look in looks if (one := look.values.get(name)) is not None]
        exact = [scene for scene, one in known if is_same(one, value)]
        for scene in exact:
            at.setdefault(scene, []).append(name)
        if exact:
            continue
        lower = max((one for scene, one in known if one < value), default=None)
        upper = min((one for scene, one in known if one > value), default=None)
        for found, limit in ((below, lower), (above, upper)):
            for scene, one in known:
                if limit is not None and one == limit:
                    found.setdefault(scene, []).append(name)
    taken, others = {}, {}
    for look in looks:
        said = [
            _(phrase, middle=middle, names=", ".join(found[look.scene]))
            for phrase, found in (
                (marked("the {middle} of {names}"), at),
                (marked("next below the {middle} of {names}"), below),
                (marked("next above the {middle} of {names}"), above),
            )
            if look.scene in found
        ]
        if said:
            taken[look.scene] = "; ".join(said)
        else:
            others[look.scene] = _("clear, and counted, but others are nearer to the {middle}", middle=middle)
    return taken, others


def percentile(percent: float) -> str:
    """Name a percentile, within a sentence."""
    return _("percentile {percent:g}", percent=percent)


def begun(text: str) -> str:
    """Let a text begin a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def is_same(one: Value, other: Value) -> bool:
    """Tell whether two numbers are the same one."""
    return one is not None and other is not None and abs(one - other) <= _SAME * max(1e-3, abs(other))


def _single(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    names = [name for name in pixel if name != DATE.name]
    day = pixel.get(DATE.name)
    taken = [
        look
        for look in clear
        if day is not None
        and look.time // _DAY == round(day)
        and all(is_same(look.values.get(name), pixel[name]) for name in names)
    ]
    label = _(METHODS[target.method].label)
    if not taken:
        why = _("clear; which look was taken cannot be told")
        unknown = _("{method}: which look was taken cannot be told from its values.", method=label)
        return Judgement(unknown, {}, _all(clear, why))
    said = _REASONS[target.method](target)
    if len(taken) > 1:
        said = _("{taken}; another look of this day holds the same values", taken=said)
    scenes = {look.scene for look in taken}
    why_not = _WHY_NOT[target.method](target, clear, taken[0])
    others = {look.scene: why_not(look) for look in clear if look.scene not in scenes}
    sentence = ngettext(
        "{method}: the look of {day}, the only clear one.",
        "{method}: the look of {day}, of {count} clear ones.",
        len(clear),
        method=label,
        day=taken[0].moment.date(),
    )
    return Judgement(sentence, dict.fromkeys(scenes, said), others)


WhyNot = Callable[[Observation], str]


def _not_best(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del target, clear
    (score,) = [name for name in taken.values if name in ("cs", "cs_cdf")]
    return lambda look: (
        _("clear, with the same score: one of equals was taken")
        if is_same(look.values[score], taken.values[score])
        else _(
            "clear, but its score {own} is below {taken}",
            own=_short(look.values[score]),
            taken=_short(taken.values[score]),
        )
    )


def _not_latest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del target, clear
    return lambda look: (
        _("clear, but earlier than the one taken")
        if look.time < taken.time
        else _("clear, of the same time: one of equals was taken")
    )


def _not_nearest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del clear
    day = target.target_date
    middle = ((day - _EPOCH).days + 0.5) * _DAY if day else 0.0

    def away(look: Observation) -> float:
        return abs(look.time - middle) / _DAY

    return lambda look: (
        _(
            "clear, but {own:.1f} days from {day}; the one taken is {taken:.1f}",
            own=away(look),
            day=day,
            taken=away(taken),
        )
        if away(look) > away(taken)
        else _("clear, and as near to {day}: one of equals was taken", day=day)
    )


def _not_greenest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del clear
    name = target.indices[0]
    return lambda look: (
        _("clear, with the same {name}: one of equals was taken", name=name)
        if is_same(look.values[name], taken.values[name])
        else _(
            "clear, but its {name} {own} is below {taken}",
            name=name,
            own=_short(look.values[name]),
            taken=_short(taken.values[name]),
        )
    )


def _not_medoid(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    axes = [name for name in target.bands if name in taken.values] or list(taken.values)[:1]
    centre = {name: median(look.values[name] or 0.0 for look in clear) for name in axes}

    def away(look: Observation) -> float:
        return sum(((look.values[name] or 0.0) - centre[name]) ** 2 for name in axes)

    return lambda look: (
        _("clear, but further from the median than the one taken")
        if away(look) > away(taken)
        else _("clear, and as near to the median: one of equals was taken")
    )


_WHY_NOT: Mapping[str, Callable[[Composite, Sequence[Observation], Observation], WhyNot]] = {
    "best": _not_best,
    "latest": _not_latest,
    "nearest": _not_nearest,
    "best_index": _not_greenest,
    "medoid": _not_medoid,
}


_REASONS: Mapping[str, Callable[[Composite], str]] = {
    "best": lambda target: _("taken: the highest score"),  # noqa: ARG005
    "latest": lambda target: _("taken: the latest clear look"),  # noqa: ARG005
    "nearest": lambda target: _("taken: nearest to {day}", day=target.target_date),
    "best_index": lambda target: _("taken: the highest {name}", name=target.indices[0]),
    "medoid": lambda target: _("taken: nearest to the median"),  # noqa: ARG005
}


def _extreme(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    taken, others = extremes(clear, _bands(target, pixel), is_lowest=target.method == "min")
    sentence = ngettext(
        "The only clear look: the lowest.", "The lowest of {count} clear looks, band by band.", len(clear)
    )
    if target.method == "max":
        sentence = ngettext(
            "The only clear look: the highest.",
            "The highest of {count} clear looks, band by band.",
            len(clear),
        )
    return Judgement(sentence, taken, others)


def _middle(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    middle = _("median") if target.method == "median" else percentile(target.percentile)
    taken, others = neighbours(clear, _bands(target, pixel), middle)
    sentence = ngettext(
        "{method} of the only clear look.",
        "{method} of {count} clear looks, band by band.",
        len(clear),
        method=begun(middle),
    )
    return Judgement(sentence, taken, others)


def _mean(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    del target, pixel
    why = _("one of {count} in the mean", count=len(clear))
    return Judgement(
        ngettext("Mean of the only clear look.", "Mean of {count} clear looks.", len(clear)),
        _all(clear, why),
        picks=False,
    )


def _weighted(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    del target, pixel
    score = next(name for name in ("cs_cdf", "cs") if name in clear[0].values)
    total = sum(look.values[score] or 0.0 for look in clear)
    taken = {
        look.scene: _("weighs {share:.0f} % in the mean", share=100 * (look.values[score] or 0.0) / total)
        for look in clear
    }
    sentence = ngettext(
        "Mean of the only clear look, weighted by score.",
        "Mean of {count} clear looks, weighted by score.",
        len(clear),
    )
    return Judgement(sentence, taken, picks=False)


_BY_METHOD: Mapping[str, Callable[[Composite, Sequence[Observation], Mapping[str, float]], Judgement]] = {
    **dict.fromkeys(methods.SINGLE, _single),
    "min": _extreme,
    "max": _extreme,
    "median": _middle,
    "percentile": _middle,
    "mean": _mean,
    "weighted": _weighted,
}


def _bands(target: Composite, pixel: Mapping[str, float]) -> dict[str, float]:
    """Leave the score out: it is reduced beside the bands, and no band of the picture."""
    wanted = {*(target.bands or pixel), *target.indices}
    return {name: value for name, value in pixel.items() if name in wanted and name not in ("cs", "cs_cdf")}


def _all(looks: Iterable[Observation], text: str) -> dict[str, str]:
    return dict.fromkeys((look.scene for look in looks), text)


def _short(value: Value) -> str:
    return _("unknown") if value is None else f"{value:.3f}"
