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
        sentence: What the pixel is.
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
        return Judgement("No look is clear")
    known = {name: value for name, value in pixel.items() if value is not None}
    if not known:
        days, fewest = count_days(part, clear), target.min_observations
        if days < fewest:
            why = f"clear, but the pixel has {_days(days)} and {fewest} are needed"
            return Judgement(f"{_days(days).capitalize()}, and {fewest} are needed", {}, _all(clear, why))
        why = "clear, but the pixel has no value"
        return Judgement("The looks are clear, but the pixel has no value", {}, _all(clear, why))
    found = _BY_METHOD[target.method](target, clear, known)
    if is_inside:
        return found
    why = "clear, but the pixel is outside the area"
    return Judgement("The pixel is outside the area", {}, _all(clear, why))


def count_days(part: Part, looks: Iterable[Observation]) -> int:
    """Count the distinct days of looks; what two tiles show of one pass is one."""
    return len({pass_day(look.time, part.scenes.region) for look in looks})


def extremes(
    looks: Sequence[Observation], pixel: Mapping[str, float], word: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Tell whose values the pixel has, name by name: of a minimum, of a maximum."""
    taken, others = {}, {}
    for look in looks:
        names = [name for name, value in pixel.items() if is_same(look.values.get(name), value)]
        if names:
            taken[look.scene] = f"the {word} {_and(names)}"
        else:
            others[look.scene] = f"clear, but not the {word} in any band"
    return taken, others


def neighbours(
    looks: Sequence[Observation], pixel: Mapping[str, float], word: str
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
        lower = max((one for _, one in known if one < value), default=None)
        upper = min((one for _, one in known if one > value), default=None)
        for found, limit in ((below, lower), (above, upper)):
            for scene, one in known:
                if limit is not None and one == limit:
                    found.setdefault(scene, []).append(name)
    taken, others = {}, {}
    for look in looks:
        said = [
            f"{phrase} {_and(found[look.scene])}"
            for phrase, found in (
                (f"the {word} of", at),
                (f"next below the {word} of", below),
                (f"next above the {word} of", above),
            )
            if look.scene in found
        ]
        if said:
            taken[look.scene] = "; ".join(said)
        else:
            others[look.scene] = f"clear, and counted, but others are nearer to the {word}"
    return taken, others


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
    label = METHODS[target.method].label
    if not taken:
        why = "clear; which look was taken cannot be told"
        return Judgement(f"{label}, of a look that cannot be told from its values", {}, _all(clear, why))
    said = f"taken: {_REASONS[target.method](target)}"
    if len(taken) > 1:
        said = f"{said}; another look of this day holds the same values"
    scenes = {look.scene for look in taken}
    why_not = _WHY_NOT[target.method](target, clear, taken[0])
    others = {look.scene: why_not(look) for look in clear if look.scene not in scenes}
    when = taken[0].moment.date()
    return Judgement(
        f"{label}: the look of {when}, of {len(clear)} clear ones", dict.fromkeys(scenes, said), others
    )


WhyNot = Callable[[Observation], str]


def _not_best(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del target, clear
    (score,) = [name for name in taken.values if name in ("cs", "cs_cdf")]
    return lambda look: (
        "clear, with the same score: one of equals was taken"
        if is_same(look.values[score], taken.values[score])
        else f"clear, but its score {_short(look.values[score])} is below {_short(taken.values[score])}"
    )


def _not_latest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del target, clear
    return lambda look: (
        "clear, but earlier than the one taken"
        if look.time < taken.time
        else "clear, of the same time: one of equals was taken"
    )


def _not_nearest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del clear
    day = target.target_date
    middle = ((day - _EPOCH).days + 0.5) * _DAY if day else 0.0

    def away(look: Observation) -> float:
        return abs(look.time - middle) / _DAY

    return lambda look: (
        f"clear, but {away(look):.1f} days from {day}; the one taken is {away(taken):.1f}"
        if away(look) > away(taken)
        else f"clear, and as near to {day}: one of equals was taken"
    )


def _not_greenest(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    del clear
    name = target.indices[0]
    return lambda look: (
        f"clear, with the same {name}: one of equals was taken"
        if is_same(look.values[name], taken.values[name])
        else f"clear, but its {name} {_short(look.values[name])} is below {_short(taken.values[name])}"
    )


def _not_medoid(target: Composite, clear: Sequence[Observation], taken: Observation) -> WhyNot:
    axes = [name for name in target.bands if name in taken.values] or list(taken.values)[:1]
    centre = {name: median(look.values[name] or 0.0 for look in clear) for name in axes}

    def away(look: Observation) -> float:
        return sum(((look.values[name] or 0.0) - centre[name]) ** 2 for name in axes)

    return lambda look: (
        "clear, but further from the median than the one taken"
        if away(look) > away(taken)
        else "clear, and as near to the median: one of equals was taken"
    )


_WHY_NOT: Mapping[str, Callable[[Composite, Sequence[Observation], Observation], WhyNot]] = {
    "best": _not_best,
    "latest": _not_latest,
    "nearest": _not_nearest,
    "best_index": _not_greenest,
    "medoid": _not_medoid,
}


_REASONS: Mapping[str, Callable[[Composite], str]] = {
    "best": lambda _: "the highest score",
    "latest": lambda _: "the latest clear look",
    "nearest": lambda target: f"nearest to {target.target_date}",
    "best_index": lambda target: f"the highest {target.indices[0]}",
    "medoid": lambda _: "nearest to the median",
}


def _extreme(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    word = "lowest" if target.method == "min" else "highest"
    taken, others = extremes(clear, _bands(target, pixel), word)
    return Judgement(f"The {word} of {_looks(clear)}, band by band", taken, others)


def _middle(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    is_median = target.method == "median"
    word = "median" if is_median else f"percentile {target.percentile:g}"
    taken, others = neighbours(clear, _bands(target, pixel), word)
    return Judgement(f"{word.capitalize()} of {_looks(clear)}, band by band", taken, others)


def _mean(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    del target, pixel
    return Judgement(f"Mean of {_looks(clear)}", _all(clear, f"one of {len(clear)} in the mean"), picks=False)


def _weighted(target: Composite, clear: Sequence[Observation], pixel: Mapping[str, float]) -> Judgement:
    del target, pixel
    score = next(name for name in ("cs_cdf", "cs") if name in clear[0].values)
    total = sum(look.values[score] or 0.0 for look in clear)
    taken = {
        look.scene: f"weighs {100 * (look.values[score] or 0.0) / total:.0f} % in the mean" for look in clear
    }
    return Judgement(f"Mean of {_looks(clear)}, weighted by score", taken, picks=False)


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
    return "unknown" if value is None else f"{value:.3f}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _days(count: int) -> str:
    return "1 clear day" if count == 1 else f"{count} clear days"


def _looks(looks: Sequence[Observation]) -> str:
    return "1 clear look" if len(looks) == 1 else f"{len(looks)} clear looks"
