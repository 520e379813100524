"""A recipe with some of its choices changed, and which choices there are: what a panel of controls asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from .choices import Output, Scenes
from .errors import InvalidChoice
from .recipe import Recipe
from .targets.target import ImageTarget

Made = TypeVar("Made", bound=ImageTarget)

_OF_SCENES, _OF_OUTPUT = ({field.name for field in fields(kind)} for kind in (Scenes, Output))


def tuned(recipe: Recipe[Made], **choices: Any) -> Recipe[Made]:
    """Change choices of a recipe, by their names in it.

    Raises:
        InvalidChoice: They make no sense, alone or together.
    """
    of_scenes = {name: value for name, value in choices.items() if name in _OF_SCENES}
    of_output = {name: value for name, value in choices.items() if name in _OF_OUTPUT}
    of_target = {name: value for name, value in choices.items() if name not in {*of_scenes, *of_output}}
    return Recipe(
        replace(recipe.scenes, **of_scenes),
        replace(recipe.target, **of_target) if of_target else recipe.target,
        replace(recipe.output, **of_output),
    )


def value_of(recipe: Recipe[ImageTarget], name: str) -> Any:
    """Give the value of a choice; None where the recipe's target has no such choice."""
    if name in _OF_SCENES:
        return getattr(recipe.scenes, name)
    if name in _OF_OUTPUT:
        return getattr(recipe.output, name)
    return getattr(recipe.target, name, None)


def possible(recipe: Recipe[ImageTarget], name: str, options: Iterable[str]) -> list[str]:
    """List the options of a choice that make sense with the other choices; the present one is always there."""
    found = []
    for option in options:
        try:
            tuned(recipe, **{name: option})
        except InvalidChoice:
            if option != value_of(recipe, name):
                continue
        except TypeError:  # the target has no such choice
            return []
        found.append(option)
    return found


def has_window(recipe: Recipe[ImageTarget]) -> bool:
    """Tell whether first and last day choose the scenes: not where they are named one by one."""
    return not recipe.scenes.ids
