"""Names of layers: short, and telling results apart by what is shown, the days, and the place."""

from __future__ import annotations

from .catalog import COUNT_BAND, SCORE_BANDS
from .recipe import Recipe
from .targets.change import Change
from .targets.gap_filled import GapFilled
from .targets.periodic import Periodic
from .targets.target import ImageTarget
from .text import clean
from .window_text import window_text

SANDBOX, FILE, SANDBOX_FILE = " (sandbox)", " (file)", " (file, sandbox)"
"""End the names of layers that a sandbox made, and of those that are files."""

LONGEST = 60
"""Characters of a name; the layer tree cuts longer ones off."""

LONGEST_PLACE = 24
"""Characters of the name of a place in it."""

_WORDS = {
    COUNT_BAND: "Clear days",
    "clear": "Clear days",
    "clear_fraction": "Clear share",
    "dNBR_class": "Burn severity",
    "fill_tier": "Fill tier",
    **{band: f"Score {band}" for band in SCORE_BANDS},
}
"""Bands that are called otherwise than their names say."""


def subject(recipe: Recipe[ImageTarget]) -> str:
    """Say what the layer shows: `True colour, medoid`, `NDVI`, `NBR difference`, `Gap-filled true colour`."""
    target = recipe.target
    style, bands = target.shown(recipe.scenes, recipe.output.style)
    if len(bands) == 1:
        said = _WORDS.get(bands[0]) or _words_of(bands[0])
        is_computed = bands[0] not in _WORDS
    else:
        said, is_computed = style.label.partition(" (")[0], True
    if is_computed and isinstance(target, GapFilled):
        said = f"Gap-filled {said if len(bands) == 1 else said[0].lower() + said[1:]}"
    method = getattr(target, "method", "median")
    return f"{said}, {method.replace('_', ' ')}" if is_computed and method != "median" else said


def _words_of(band: str) -> str:
    """Read the name of a band: `NDVI`, `NDVI_median`, `NBR_difference`, `cs_cdf_mean`."""
    of_what, _, how = band.rpartition("_")
    if of_what in SCORE_BANDS:
        return f"{_WORDS[of_what]}, {how}"
    return f"{of_what} {how}" if of_what else band


def days(recipe: Recipe[ImageTarget]) -> str:
    """Give the days of the layer; of two windows both."""
    scenes, target = recipe.scenes, recipe.target
    window = window_text(scenes.start, scenes.end)
    if isinstance(target, Change) and target.before_start and target.before_end:
        window = f"{window_text(target.before_start, target.before_end)} \N{RIGHTWARDS ARROW} {window}"
    return window


def layer_name(recipe: Recipe[ImageTarget], place: str = "") -> str:
    """Name a layer by its recipe: `NDVI 2023-06, Field 7`.

    Args:
        recipe: Of the layer.
        place: The feature or the layer that the area is of; foreign, so it is made harmless and short.
    """
    place = clean(place, LONGEST_PLACE)
    name = f"{subject(recipe)} {days(recipe)}"
    return f"{name}, {place}" if place else name


def series_name(recipe: Recipe[Periodic], place: str = "") -> str:
    """Name the group of a series by its recipe: `NDVI by month 2023`."""
    target = recipe.target
    often = f"every {target.period_days} days" if target.period == "days" else f"by {target.period}"
    place = clean(place, LONGEST_PLACE)
    name = f"{subject(recipe)} {often} {days(recipe)}"
    return f"{name}, {place}" if place else name


def renamed(name: str, before: Recipe[ImageTarget], after: Recipe[ImageTarget]) -> str:
    """Let a name follow its recipe; one of the user's own stays, but for the days in it."""
    if name.startswith(subject(before)):
        name = subject(after) + name.removeprefix(subject(before))
    return name.replace(days(before), days(after))


def own_name(name: str, recipe: Recipe[ImageTarget]) -> str:
    """Give the name of a layer where a user chose it; empty where it is made of the recipe."""
    name = clean(name, LONGEST).removesuffix(SANDBOX)
    return "" if name.startswith(subject(recipe)) else name
