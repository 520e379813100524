"""Algorithms that make images: scenes and a target of their own in, live layers and files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ..core import catalog
from ..core.choices import Output
from ..core.errors import NothingFound
from ..core.grid import grid_for
from ..core.language import _
from ..core.layer_name import layer_name
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.target import ImageTarget
from .blocks import add_output, add_scenes, read_output
from .deliver import Piece, deliver, load_layers
from .destinations import (
    Destinations,
    add_image_outputs,
    check_destinations,
    check_is_no_input,
    survey_outputs,
)
from .place import read_place
from .recipe_algorithm import RecipeAlgorithm
from .run import Run


class ImageAlgorithm(RecipeAlgorithm):
    """An algorithm whose result is an image; a subclass says only what differs.

    It fills the attributes of `CsPlusAlgorithm`, declares the parameters of its target and reads them. Where a run
    makes several images, it also cuts the recipe into pieces.

    Attributes:
        STYLES: Styles to choose from.
        STYLE: The style without a choice; None leaves it to the target.
    """

    STYLES: ClassVar[Sequence[str]] = tuple(catalog.STYLES)
    STYLE: ClassVar[str | None] = None

    recipe: Recipe[ImageTarget]

    def survey(self, run: Run) -> Survey:
        """Ask which scenes there are.

        Raises:
            NothingFound: None that makes a pixel.
        """
        survey = run.survey(self.recipe.scenes)
        check_days(self.recipe.target.fewest_days, survey)
        return survey

    def pieces(self, run: Run, survey: Survey, destinations: Destinations) -> list[Piece]:  # noqa: ARG002
        """Cut the recipe into the images of the run: here, one."""
        title = destinations.name or layer_name(self.recipe, self._place)
        return [Piece(self.recipe, title, survey, destinations.file)]

    def summarise(self, run: Run) -> dict[str, Any]:  # noqa: ARG002
        """Ask for what the algorithm returns of the area as a whole: here, nothing."""
        return {}

    def declare(self) -> None:
        """Add the scenes, the target, the output, and what is returned."""
        self.declare_scenes()
        self.declare_target()
        add_output(self, self.NAME, self.STYLES, self.STYLE)
        add_image_outputs(self)

    def declare_scenes(self) -> None:
        """Add the block *scenes*."""
        add_scenes(self)

    def read_output(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Output:
        """Read the block *output*."""
        return read_output(self, parameters, context)

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once, and look at the destinations."""
        super().check(parameters, context)
        check_destinations(parameters, context)
        check_is_no_input(self, parameters, context, "TABLE")

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings; a model does not check its children, so destinations are checked here again."""
        check_destinations(parameters, context)
        check_is_no_input(self, parameters, context, "TABLE")
        super().read(parameters, context)
        self._place = read_place(self, parameters, context)

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Survey the scenes, then make every piece."""
        destinations = Destinations.read(self, parameters, context)
        if destinations.has_grid:
            # Before anything is asked: a wrong CRS or pixel size should cost no request.
            grid_for(self.recipe.scenes.region, self.recipe.output)
        with self.open_run(feedback) as run:
            survey = self.survey(run)
            summary = self.summarise(run)
            pieces = self.pieces(run, survey, destinations)
            self.delivered = deliver(run, self.recipe, pieces, destinations)
        return {**self.outputs(survey, destinations), **summary}

    def outputs(self, survey: Survey, destinations: Destinations) -> dict[str, Any]:
        """Give what the run returns, once everything is made."""
        results = {"RECIPE": self.recipe.to_json(), "TILE_URL": "", **survey_outputs(survey)}
        if destinations.file is not None:
            results["OUTPUT"] = str(destinations.file)
            results["CLEAR_PERCENT"] = self.delivered[0].clear_percent
        if destinations.script is not None:
            results["SCRIPT"] = str(destinations.script)
        return results

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Make the live layers, and name and style the files' layers."""
        for delivered in self.delivered:
            layer = load_layers(delivered, context)
            if layer:
                results |= {"LIVE_LAYER": layer, "TILE_URL": delivered.tile_url}


def check_days(needed: int, survey: Survey) -> None:
    """Refuse a survey of too few days.

    Raises:
        NothingFound: No pixel can have so many clear days.
    """
    found = len(survey.days)
    if needed > found:
        raise NothingFound(
            _(
                "No pixel can have {needed} clear days: the scenes are of {found}.",
                needed=needed,
                found=found,
            ),
            _("Ask for fewer clear days, or choose a longer window."),
        )
