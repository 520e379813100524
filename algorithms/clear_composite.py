"""Clear composite: region and date window -> one picture of clear observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from ..csplus_plugin import settings
from ..csplus_plugin.core.recipe import Recipe
from .base import CsPlusAlgorithm
from .deliver import Delivery, Destinations, add_outputs, check_destinations
from .parameters import add_composite, add_output, add_scenes, read_composite, read_output, read_scenes


class ClearComposite(CsPlusAlgorithm):
    """Link, mask, composite."""

    ID = "clearcomposite"
    NAME = "Clear composite"
    GROUP = "composites"
    SUMMARY = "Cloud-free Sentinel-2 composite of a region and a date window, masked pixel by pixel with Cloud Score+."
    HELP = (
        "Finds the Sentinel-2 scenes over an area, links each to its Cloud Score+ grade, keeps the pixels whose score "
        "reaches the threshold, and composites what is left.\n\n"
        "The result is a live layer, drawn by Earth Engine as you pan, or a GeoTIFF in the UTM zone of the area, "
        "or both. Scenes that have no score yet are counted and named. Every result carries its recipe.\n\n"
        "Without an account, choose the endpoint sandbox (CSPLUS_ENDPOINT=sandbox): synthetic scenes around "
        "-119.92,-119.90,37.41,37.42 [EPSG:4326] in 2023.\n\n"
        "For a model or a shell: dates as 2023-01-31; choices by their names, several separated by commas."
    )
    TAGS = ("composite", "mosaic", "median", "cloud mask", "cloud-free")

    def declare(self) -> None:
        """Add the three blocks."""
        add_scenes(self)
        add_composite(self)
        add_output(self)
        add_outputs(self)

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once: it refuses what makes no sense."""
        self._recipe(parameters, context)
        check_destinations(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings."""
        self.recipe = self._recipe(parameters, context)
        self.connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Deliver the composite."""
        destinations = Destinations.read(self, parameters, context)
        return Delivery(self.recipe, self.NAME, destinations, self.connection, context, feedback).run()

    def _recipe(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Recipe:
        return Recipe(
            algorithm=self.ID,
            scenes=read_scenes(self, parameters, context),
            composite=read_composite(self, parameters, context),
            output=read_output(self, parameters, context),
        )
