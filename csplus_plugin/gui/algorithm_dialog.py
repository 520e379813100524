"""The dialogs of algorithms are Processing's own; here they are opened, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from qgis.core import QgsProcessingAlgorithm
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtWidgets import QApplication

from ..core.recipe import Recipe
from ..core.targets.target import Target
from ..processing.recipe_parameters import parameters_of

_open: dict[int, Any] = {}
"""Dialogs that are open, or whose runs go on."""


def open_algorithm(name: str, parameters: Mapping[str, Any]) -> None:
    """Open the dialog of one of our algorithms.

    Args:
        name: Its id, without the provider.
        parameters: What it is filled in with.
    """
    from qgis import processing

    dialog = processing.createAlgorithmDialog(f"csplus:{name}", dict(parameters))
    if dialog is not None:
        # Without this, Python lets go of its half, and the dialog stays on the screen with a button Run that does
        # nothing. QGIS deletes it when it is closed, or when the run ends that goes on without it.
        _open[id(dialog)] = dialog
        dialog.destroyed.connect(partial(_open.pop, id(dialog), None))
        dialog.show()


def close_dialogs() -> None:
    """Close every dialog of ours, also those that the toolbox opened: their algorithms go with the plugin."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QgsProcessingAlgorithmDialogBase) and _is_ours(window.algorithm()):
            window.close()


def _is_ours(algorithm: QgsProcessingAlgorithm | None) -> bool:
    return algorithm is not None and algorithm.id().startswith("csplus:")


def open_recipe(recipe: Recipe[Target], **others: Any) -> None:
    """Open the dialog of the algorithm that makes the recipe, filled in from it.

    Args:
        recipe: Every choice.
        others: Parameters that no recipe holds, such as where the result goes.

    Raises:
        CsPlusError: The recipe cannot be written as parameters.
    """
    open_algorithm(recipe.target.ALGORITHM, {**parameters_of(recipe), **others})
