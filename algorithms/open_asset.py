"""Open asset: a composite that an export has stored -> a live layer, or a GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingParameterString

from ..csplus_plugin import settings
from ..csplus_plugin.core.errors import BadRequest
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.stored import Stored, check_asset
from ..csplus_plugin.layers.stored_asset import read_stored
from ..csplus_plugin.processing.blocks import add_output
from ..csplus_plugin.processing.deliver import Piece, deliver
from ..csplus_plugin.processing.destinations import Destinations, add_image_outputs, check_destinations
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import add
from ..csplus_plugin.processing.run import Run


class OpenAsset(ImageAlgorithm):
    """Draws and downloads what an asset holds, by the recipe that is among its properties."""

    ID = "openasset"
    NAME = "Open asset"
    GROUP = "composites"
    SUMMARY = "Loads a composite that was exported to an Earth Engine asset, as a live layer or a GeoTIFF."
    HELP = (
        "csplus:exportcomposite stores composites as assets. This draws one as a live layer, with nothing left to "
        "compute, or downloads it as the GeoTIFF that a download of its recipe would be: same grid, values, type and "
        "nodata. Recipe, days and attribution come with it.\n\n"
        "In a model it is the step after an export with WAIT: its ASSET is the output RESULTS of that step."
    )
    TAGS = ("asset", "export", "live layer", "download")

    def declare(self) -> None:
        """Add the asset, the output, and what is returned."""
        asset = QgsProcessingParameterString("ASSET", "Asset")
        add(self, asset, "Id of the asset, such as projects/my-project/assets/name.")
        add_output(self, self.NAME, self.STYLES, None, has_grid=False)
        add_image_outputs(self)

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Look at the id and at the destinations."""
        check_asset(self._asset(parameters, context))
        check_destinations(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings."""
        self.check(parameters, context)
        self._notes: list[str] = []
        self._connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Read the asset's recipe, count its scenes, and deliver it."""
        destinations = Destinations.read(self, parameters, context)
        style = self.parameterAsEnumString(parameters, "STYLE", context) or None
        with self.open_run(feedback) as run:
            self.recipe = _read(run, self._asset(parameters, context), style)
            survey = run.survey(self.recipe.scenes)
            self.delivered = deliver(run, self.recipe, self.pieces(run, survey, destinations), destinations)
        return self.outputs(survey, destinations)

    def pieces(self, run: Run, survey: Survey, destinations: Destinations) -> list[Piece]:  # noqa: ARG002
        """Give the one image, called as the asset is."""
        name = self.recipe.target.asset.rpartition("/")[2]  # type: ignore[attr-defined]
        return [Piece(self.recipe, name, survey, destinations.file)]

    def _asset(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> str:
        return self.parameterAsString(parameters, "ASSET", context).strip()


def _read(run: Run, asset: str, style: str | None) -> Recipe[Stored]:
    try:
        return read_stored(run.client, asset, style)
    except BadRequest as refused:
        raise BadRequest(
            refused.what,
            _("Check the id, and whether the asset is shared with your account."),
            status=refused.status,
        ) from refused
