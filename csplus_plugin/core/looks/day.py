"""From a look at a pixel to the recipe of its day."""

from __future__ import annotations

from dataclasses import replace

from ..errors import InvalidChoice
from ..recipe import Recipe
from ..targets.clear_scene import ClearScene
from ..targets.target import ImageTarget
from .inspection import Look
from .parts import variables_of


def day_recipe(recipe: Recipe[ImageTarget], look: Look) -> Recipe[ClearScene]:
    """Give the recipe of the clear pixels of a look's day, on the same grid, in the same style where that can draw it.

    Raises:
        InvalidChoice: It makes no sense.
    """
    day = look.moment.date()
    scenes = replace(recipe.scenes, start=day, end=day, months=(), ids=())
    bands, indices = variables_of(recipe.target)
    target = ClearScene(bands=bands, indices=indices)
    try:
        return Recipe(scenes, target, recipe.output)
    except InvalidChoice:
        return Recipe(scenes, target, replace(recipe.output, style=None))
