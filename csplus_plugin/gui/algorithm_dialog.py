"""The dialogs of algorithms are Processing's own; here they are opened, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.recipe import Recipe
from ..core.targets.target import Target
from ..processing.recipe_parameters import parameters_of


def open_algorithm(name: str, parameters: Mapping[str, Any]) -> None:
    """Open the dialog of one of our algorithms.

    Args:
        name: Its id, without the provider.
        parameters: What it is filled in with.
    """
    from qgis import processing

    dialog = processing.createAlgorithmDialog(f"csplus:{name}", dict(parameters))
    if dialog is not None:
        dialog.show()


def open_recipe(recipe: Recipe[Target], **others: Any) -> None:
    """Open the dialog of the algorithm that makes the recipe, filled in from it.

    Args:
        recipe: Every choice.
        others: Parameters that no recipe holds, such as where the result goes.

    Raises:
        CsPlusError: The recipe cannot be written as parameters.
    """
    open_algorithm(recipe.target.ALGORITHM, {**parameters_of(recipe), **others})
