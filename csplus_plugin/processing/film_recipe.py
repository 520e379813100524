"""RECIPE of an animation: a periodic recipe, and the live layers that its frames are drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from ..core.checks import shown
from ..core.errors import InvalidChoice
from ..core.language import _, marked
from ..core.recipe import Recipe
from ..core.targets.periodic import Periodic
from ..layers.timed import TimedLayer, timed_layer
from . import period_pieces
from .deliver import Delivered, live_layer_of, tile_urls
from .periods import cut_into_periods
from .run import Run

_LARGEST_FILE = 20_000_000
"""Bytes; a recipe is longer only by its area, and no area that Earth Engine takes needs more."""

_NEXT = marked("Give RECIPE of Periodic clear composites, or the .json that its SCRIPT wrote.")


def read_periodic(text: str) -> Recipe[Periodic] | None:
    """Read a periodic recipe from its JSON, or from a file of it.

    Args:
        text: JSON, a path, or empty for none.

    Raises:
        InvalidChoice: It is neither, or a recipe of something else.
    """
    text = text.strip()
    if not text:
        return None
    recipe = Recipe.from_json(text if text.startswith("{") else _content(text))
    if not isinstance(recipe.target, Periodic):
        raise InvalidChoice(
            _("RECIPE is of csplus:{algorithm}, which makes no series.", algorithm=recipe.target.ALGORITHM),
            _(_NEXT),
        )
    recipe.target.periods(recipe.scenes)  # refused before anything is asked, where there are too many
    return cast("Recipe[Periodic]", recipe)


def live_layers(run: Run, recipe: Recipe[Periodic]) -> list[TimedLayer]:
    """Have the tile addresses of all periods made, of one survey; no layer comes into a project.

    Raises:
        CsPlusError: No scenes, or what the service refuses.
    """
    survey = run.survey(recipe.scenes)
    pieces = period_pieces.pieces(cut_into_periods(run, recipe, survey))
    urls = tile_urls(run, [piece.recipe for piece in pieces])
    layers = [
        live_layer_of(Delivered(piece, url, run.session.is_sandbox, None))
        for piece, url in zip(pieces, urls, strict=True)
    ]
    return [timed for layer in layers if (timed := timed_layer(layer, keep_style=True))]


def _content(path: str) -> str:
    try:
        file = Path(path)
        if not file.is_file():
            raise InvalidChoice(
                _("RECIPE is {path}, which is neither JSON nor a file.", path=shown(path)), _(_NEXT)
            )
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise InvalidChoice(_("{name} is too large for a recipe.", name=file.name), _(_NEXT))
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as problem:  # closed to us, no path at all, or no text
        raise InvalidChoice(
            _("RECIPE is {path}, which cannot be read as text.", path=shown(path)), _(_NEXT)
        ) from problem
