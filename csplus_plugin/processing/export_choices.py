"""The block *destination* of an export: declared and read; and the images of a run, each with its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingAlgorithm, QgsProcessingContext, QgsProcessingParameterString

from ..core.export import DESTINATIONS, Destination, check_name
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.composite import Composite
from ..core.targets.periodic import Periodic
from .exporting import Export
from .image_algorithm import check_days
from .parameters import add, choice, explained
from .periods import cut_into_periods
from .run import Run


def add_destination(algorithm: QgsProcessingAlgorithm) -> None:
    """Add where the results go, and what they are called there."""
    add(algorithm, choice("DESTINATION", "Destination", DESTINATIONS, "drive"), explained(DESTINATIONS))
    for name, label, text in (
        ("NAME", "Name", "Name of the file or asset; the period is added to it. Empty: made of the days."),
        ("FOLDER", "Folder", "Folder in Drive, among the project's assets, or in the bucket."),
        ("BUCKET", "Bucket", "For the destination cloud_storage: the bucket's name."),
    ):
        add(algorithm, QgsProcessingParameterString(name, label, optional=True), text)


def read_destination(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> tuple[Destination, str]:
    """Read where the results go, and their name; an empty one is made of the days.

    Raises:
        InvalidChoice: They do not go together, or are no names.
    """

    def text(name: str) -> str:
        return algorithm.parameterAsString(parameters, name, context).strip()

    kind = algorithm.parameterAsEnumString(parameters, "DESTINATION", context)
    destination = Destination(kind, text("FOLDER").strip("/"), text("BUCKET"))
    if text("NAME"):
        check_name(text("NAME"))
    return destination, text("NAME")


def images(run: Run, recipe: Recipe[Composite], survey: Survey, name: str) -> list[Export]:
    """Give the images of a run, with their names.

    Raises:
        NothingFound: None of them can have a pixel.
    """
    scenes, target = recipe.scenes, recipe.target
    if not isinstance(target, Periodic):
        check_days(target.fewest_days, survey)
        return [Export(recipe, survey, name or f"{target.ALGORITHM}_{scenes.start}_{scenes.end}")]
    return [
        Export(part.recipe, part.survey, f"{name or Composite.ALGORITHM}_{part.period.name}")
        for part in cut_into_periods(run, Recipe(scenes, target, recipe.output), survey)
        if part.recipe is not None
    ]
