"""Why a look at a pixel is not clear, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..catalog import SCL_CLASSES
from ..choices import Scenes
from ..labels import WORDS
from ..language import _
from .parts import Part
from .verdicts import Observation

_CLASS_NAMES = {number: name for name, number in SCL_CLASSES.items()}


def why_not(part: Part, look: Observation, bands: Sequence[str]) -> str:
    """Say why a look is not clear.

    Args:
        part: To which it is not.
        look: Its numbers, masked by nothing.
        bands: The spectral ones among them.
    """
    return next(_reasons(part, look, bands))


def _reasons(part: Part, look: Observation, bands: Sequence[str]) -> Iterator[str]:
    scenes = part.scenes
    score, missing = look.values[scenes.qa_band], [band for band in bands if look.values[band] is None]
    seen_class = look.values.get("SCL")
    name = "" if seen_class is None else _CLASS_NAMES.get(round(seen_class), "")
    if not scenes.start <= look.moment.date() <= scenes.end:
        yield _("not needed: outside the days of what filled the pixel ({label})", label=part.label)
    if len(missing) == len(bands):
        yield _("not seen: the scene does not reach here")
    if score is None and scenes.unscored_policy not in ("keep", "scl"):
        yield _("no score")
    if score is None:
        yield (
            _("no score, and of the class {name}", name=_class(name)) if name else _("no score, and masked")
        )
    elif score < scenes.threshold:
        yield _(
            "{band} {score} is below {threshold:g}",
            band=scenes.qa_band,
            score=_below(score, scenes.threshold),
            threshold=scenes.threshold,
        )
    if name in scenes.also_mask:
        yield _("its class is masked: {name}", name=_class(name))
    if missing:
        yield _("without a value in {bands}", bands=", ".join(missing))
    yield _masks(scenes)


def _below(score: float, threshold: float) -> str:
    """Write a score so that it reads as below the threshold."""
    texts = (f"{score:.{digits}f}" for digits in (2, 3, 4))
    return next((text for text in texts if float(text) < threshold), repr(score))


def _masks(scenes: Scenes) -> str:
    buffer, trim = scenes.dilate, scenes.edge_trim
    if buffer and trim:
        return _(
            "within {buffer:g} m of a rejected pixel, or {trim:g} m of the edge of the scene",
            buffer=buffer,
            trim=trim,
        )
    if buffer:
        return _("within {buffer:g} m of a rejected pixel", buffer=buffer)
    if trim:
        return _("within {trim:g} m of the edge of the scene", trim=trim)
    return _("masked, beside the score")


def _class(name: str) -> str:
    """Name a scene class, as the dialogs do."""
    return _(WORDS["ALSO_MASK"][name])
