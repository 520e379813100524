"""Names of layers: short, and telling results apart by what is shown, the days, and the place."""

from __future__ import annotations

from collections.abc import Sequence

from .catalog import COUNT_BAND, SCORE_BANDS, Style
from .fallback import fallback
from .language import _, in_english, marked
from .recipe import Recipe
from .targets.change import Change
from .targets.gap_filled import GapFilled
from .targets.periodic import Periodic
from .targets.target import ImageTarget
from .text import clean
from .window_text import window_text

SANDBOX, FILE, SANDBOX_FILE = marked(" (sandbox)"), marked(" (file)"), marked(" (file, sandbox)")
"""End the names of layers that a sandbox made, and of those that are files."""

LONGEST = 60
"""Characters of a name; the layer tree cuts longer ones off."""

LONGEST_PLACE = 24
"""Characters of the name of a place in it."""

_WORDS = {
    COUNT_BAND: marked("Clear days"),
    "clear": marked("Clear days"),
    "clear_fraction": marked("Clear share"),
    "dNBR_class": marked("Burn severity"),
    "fill_tier": marked("Fill tier"),
}
"""Bands that are called otherwise than their names say; scores are, too."""


def subject(recipe: Recipe[ImageTarget]) -> str:
    """Say what the layer shows: `True colour, medoid`, `NDVI`, `NBR difference`, `Gap-filled true colour`."""
    return _subject(recipe, *recipe.target.shown(recipe.scenes, recipe.output.style))


def _subject(recipe: Recipe[ImageTarget], style: Style, bands: Sequence[str]) -> str:
    target = recipe.target
    if len(bands) == 1:
        said, is_computed = _words_of(bands[0]), not _has_words(bands[0])
    else:
        said, is_computed = _(style.label).partition(" (")[0], True
    if is_computed and isinstance(target, GapFilled):
        said = _("Gap-filled {what}", what=said if len(bands) == 1 else said[0].lower() + said[1:])
    method = getattr(target, "method", "median")
    return f"{said}, {method.replace('_', ' ')}" if is_computed and method != "median" else said


def _has_words(band: str) -> bool:
    return band in _WORDS or band in SCORE_BANDS


def _words_of(band: str) -> str:
    """Read the name of a band: `NDVI`, `NDVI_median`, `NBR_difference`, `cs_cdf_mean`."""
    if band in _WORDS:
        return _(_WORDS[band])
    if band in SCORE_BANDS:
        return _("Score {band}", band=band)
    of_what, _line, how = band.rpartition("_")
    if of_what in SCORE_BANDS:
        return f"{_words_of(of_what)}, {how}"
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


def file_name(name: str, recipe: Recipe[ImageTarget]) -> str:
    """Name the layer of a file, which may lack the bands of the style and then shows something else.

    Args:
        name: Of the layer that shows what the style says.
        recipe: Of the file.
    """
    shown = recipe.target.shown(recipe.scenes, recipe.output.style)
    held = [band.name for band in recipe.target.file_bands(recipe.scenes)]
    styled = _subject(recipe, *shown)
    if set(shown[1]) <= set(held) or not name.startswith(styled):
        return name
    return _subject(recipe, *fallback(held)) + name.removeprefix(styled)


def series_name(recipe: Recipe[Periodic], place: str = "") -> str:
    """Name the group of a series by its recipe: `NDVI by month 2023`."""
    target = recipe.target
    often = (
        _("every {count} days", count=target.period_days)
        if target.period == "days"
        else _("by {period}", period=target.period)
    )
    place = clean(place, LONGEST_PLACE)
    name = f"{subject(recipe)} {often} {days(recipe)}"
    return f"{name}, {place}" if place else name


def renamed(name: str, before: Recipe[ImageTarget], after: Recipe[ImageTarget]) -> str:
    """Let a name follow its recipe; one of the user's own stays, but for the days in it."""
    for known in _subjects(before):
        if name.startswith(known):
            name = subject(after) + name.removeprefix(known)
            break
    return name.replace(days(before), days(after))


def own_name(name: str, recipe: Recipe[ImageTarget]) -> str:
    """Give the name of a layer where a user chose it; empty where it is made of the recipe."""
    name = clean(name, LONGEST).removesuffix(SANDBOX).removesuffix(_(SANDBOX))
    return "" if name.startswith(_subjects(recipe)) else name


def _subjects(recipe: Recipe[ImageTarget]) -> tuple[str, str]:
    """Say what the layer shows, in the user's language and in English: a project may be anybody's."""
    with in_english():
        english = subject(recipe)
    return subject(recipe), english
