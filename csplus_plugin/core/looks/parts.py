"""What a pixel of a result is made of: one composite, or several, or counts and scores."""

from __future__ import annotations

from dataclasses import dataclass

from ..catalog import ANY_BAND
from ..choices import Scenes
from ..recipe import Recipe
from ..targets.change import Change
from ..targets.composite import Composite
from ..targets.gap_filled import GapFilled
from ..targets.metrics import Metrics
from ..targets.target import ImageTarget

MOST_INDICES = 12
"""Spectral indices of a look that are asked for; the first ones."""

_USUAL = ("B2", "B3", "B4", "B8")
"""Bands that are shown of a look where the result is of scores alone."""


@dataclass(frozen=True)
class Part:
    """One reduction of looks to a pixel.

    Attributes:
        label: What it is, beside others; empty where it is the only one.
        number: Its place, the value of `fill_tier`.
        scenes: Whose looks.
        target: A plain composite, or a target that counts or grades.
    """

    label: str
    number: int
    scenes: Scenes
    target: ImageTarget


def parts_of(recipe: Recipe[ImageTarget]) -> tuple[Part, ...]:
    """List what a pixel is made of."""
    scenes, target = recipe.scenes, recipe.target
    if isinstance(target, Change):
        windows = (("before", target.before(scenes)), ("after", scenes))
        return tuple(
            Part(label, number, window, target.composite) for number, (label, window) in enumerate(windows)
        )
    if isinstance(target, GapFilled):
        return tuple(
            Part(tier.label, tier.number, tier.scenes, target.composite) for tier in target.tiers(scenes)
        )
    if isinstance(target, Composite):
        return (Part("", 0, scenes, target.composite),)
    return (Part("", 0, scenes, target),)


def windows_of(parts: tuple[Part, ...]) -> tuple[Scenes, ...]:
    """List the windows whose scenes are all the looks of the parts: one that lies within another is left out."""
    by_window = {(part.scenes.start, part.scenes.end): part.scenes for part in parts}
    return tuple(
        scenes
        for window, scenes in by_window.items()
        if not any(other != window and other[0] <= window[0] and window[1] <= other[1] for other in by_window)
    )


def variables_of(target: ImageTarget) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List the spectral bands, and the indices, that are shown of each look."""
    if isinstance(target, Composite):
        return target.bands or (ANY_BAND,), target.indices[:MOST_INDICES]
    if isinstance(target, Metrics):
        return target.bands or (ANY_BAND,), target.indices[:MOST_INDICES]
    return _USUAL, ()
