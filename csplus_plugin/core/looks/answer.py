"""The service's answer to the question for every look at a pixel: read, checked, and put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..catalog import REFLECTANCE_SCALE, SCORE_BANDS
from ..choices import Scenes
from ..errors import Unreachable
from ..language import _
from ..recipe import Recipe
from ..targets.change import Change
from ..targets.gap_filled import FILL_TIER, GapFilled
from ..targets.target import ImageTarget
from ..text import clean
from .counting import AnsweredPart, judge_part
from .inspection import Inspection, Look
from .parts import Part, parts_of, variables_of, windows_of
from .question import MOST, look_names, observed_names, pixel_names
from .rejections import why_not
from .spot import Spot
from .verdicts import Judgement, Observation, Value

_LAST_MOMENT = 253_402_300_799_000
_LONGEST_ID = 100
_LARGEST = 1e30


def read(recipe: Recipe[ImageTarget], spot: Spot, answer: Any) -> Inspection:
    """Read the service's answer.

    Raises:
        Unreachable: It is no answer to the question.
    """
    scenes, target = recipe.scenes, recipe.target
    bands = target.file_bands(scenes)
    raw = _pixel(answer, "value", len(bands))
    (inside,) = _pixel(answer, "inside", 1)
    parts = parts_of(recipe)
    names = look_names(scenes, target)
    looks = [_observations(rows, names) for rows in _list(answer, "looks", len(windows_of(parts)))]
    answered = [_part(part, one) for part, one in zip(parts, _list(answer, "parts", len(parts)), strict=True)]
    values = {
        band.name: None if value is None else value * band.scale
        for band, value in zip(bands, raw, strict=True)
    }
    is_inside = inside is not None or not scenes.clip
    every = tuple({look.scene: look for window in looks for look in window}.values())
    if isinstance(target, Change):
        chosen = [(one, _within(every, one.part.scenes)) for one in answered]
    elif isinstance(target, GapFilled):
        tier = values.get(FILL_TIER.name)
        filled = (one for one in answered if tier is not None and one.part.number == round(tier))
        chosen = [(next(filled, answered[0]), every)]
    else:
        chosen = [(answered[0], every)]
    judged = [(one, looked, judge_part(one, values, is_inside=is_inside)) for one, looked in chosen]
    rows = [
        row
        for one, looked, verdict in judged
        for row in _rows(one, looked, verdict, target, is_change=len(judged) > 1)
    ]
    rows.sort(key=lambda row: (row.moment, row.scene, row.part))
    return Inspection(
        spot=spot,
        values=values,
        levels=_levels(target, values, [one for one, _every, _verdict in judged]),
        looks=tuple(rows),
        variables=tuple(name for name in names if name not in (*SCORE_BANDS, "SCL")),
        score_band=scenes.qa_band,
        thresholds=tuple(dict.fromkeys(part.part.scenes.threshold for part, _every, _verdict in judged)),
        sentence=_sentence(target, judged, values),
        picks=all(verdict.picks for _one, _every, verdict in judged),
        is_cut=any(len(window) == MOST for window in looks),
    )


def _within(looks: Sequence[Observation], scenes: Scenes) -> tuple[Observation, ...]:
    return tuple(look for look in looks if scenes.start <= look.moment.date() <= scenes.end)


def _rows(
    one: AnsweredPart,
    every: Sequence[Observation],
    verdict: Judgement,
    target: ImageTarget,
    *,
    is_change: bool,
) -> list[Look]:
    bands, chosen = variables_of(target)
    clear = {look.scene for look in one.clear}
    rows = []
    for look in every:
        is_taken = look.scene in verdict.taken
        why = verdict.taken.get(look.scene) or verdict.others.get(look.scene)
        if why is None:
            why = why_not(one.part, look, bands)
        values = {
            name: None if (value := look.values[name]) is None else value * REFLECTANCE_SCALE
            for name in bands
        }
        values |= {name: look.values[name] for name in chosen}
        rows.append(
            Look(
                scene=look.scene,
                moment=look.moment,
                part=one.part.label if is_change else "",
                scores={name: look.values[name] for name in SCORE_BANDS},
                values=values,
                is_clear=look.scene in clear,
                is_taken=is_taken,
                why=why,
            )
        )
    return rows


def _sentence(
    target: ImageTarget, judged: Sequence[tuple[AnsweredPart, Any, Judgement]], values: Mapping[str, Value]
) -> str:
    sentences = [verdict.sentence for _part, _every, verdict in judged]
    if len(judged) > 1:
        return _("Before: {before} After: {after}", before=sentences[0], after=sentences[1])
    ((one, every, _verdict),) = judged
    if not every:
        return _("No scene reaches this pixel.")
    if not isinstance(target, GapFilled):
        return sentences[0]
    if values.get(FILL_TIER.name) is None:
        return _("No choice fills this pixel.")
    if not one.part.number:
        return sentences[0]
    return _(
        "Filled by choice {number} ({label}). {sentence}",
        number=one.part.number,
        label=one.part.label,
        sentence=sentences[0],
    )


def _levels(
    target: ImageTarget, values: Mapping[str, Value], parts: Sequence[AnsweredPart]
) -> dict[str, tuple[float, ...]]:
    """Find the values of the result that the looks' values compare with."""
    bands, chosen = variables_of(target)
    found: dict[str, tuple[float, ...]] = {}
    for name in (*bands, *chosen):
        keys = [name, *((f"{name}_{part.part.label}") for part in parts if part.part.label)]
        known = [value for key in keys if (value := values.get(key)) is not None]
        if known:
            found[name] = tuple(known)
    return found


def _part(part: Part, answer: Any) -> AnsweredPart:
    wanted, pixel = observed_names(part), pixel_names(part)
    clear = _observations(_list(answer, "clear"), wanted)
    scored = _observations(_list(answer, "scored"), [part.scenes.qa_band])
    numbers = _pixel(answer, "pixel", len(pixel))
    return AnsweredPart(
        part,
        tuple(look for look in clear if any(look.values[name] is not None for name in wanted[:-1])),
        tuple(look for look in scored if look.values[part.scenes.qa_band] is not None),
        dict(zip(pixel, numbers, strict=True)),
    )


def _observations(rows: Any, names: Sequence[str]) -> tuple[Observation, ...]:
    if not isinstance(rows, list) or len(rows) > MOST:
        raise _damaged()
    made = []
    for row in rows:
        if not isinstance(row, list) or len(row) != len(names) + 2:
            raise _damaged()
        index, time, *values = row
        if not (isinstance(index, str) and type(time) in (int, float) and 0 <= time <= _LAST_MOMENT):
            raise _damaged()
        if not all(map(_is_number, values)):
            raise _damaged()
        # Where the policy keeps scenes without a score, two collections are merged, which puts a number before ids.
        scene = index[2:] if index[:2] in ("1_", "2_") else index
        numbers = dict(zip(names, values, strict=True))
        made.append(Observation(clean(scene, _LONGEST_ID), float(time), numbers))
    return tuple(made)


def _list(answer: Any, key: str, length: int | None = None) -> list[Any]:
    found = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(found, list) or (length is not None and len(found) != length):
        raise _damaged()
    return found


def _pixel(answer: Any, key: str, length: int) -> list[Value]:
    """Read the values of an image; an empty list where no scene reaches the pixel."""
    found = _list(answer, key)
    if len(found) not in (0, length) or not all(map(_is_number, found)):
        raise _damaged()
    return found or [None] * length


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and -_LARGEST < value < _LARGEST)


def _damaged() -> Unreachable:
    return Unreachable(_("The answer to the question for looks is damaged."), _("Click again."))
