"""Clear composite: region and date window -> one picture of clear observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext

from ..csplus_plugin.core.targets.composite import DEFAULT_STYLE, Composite
from ..csplus_plugin.processing.blocks import add_composite, read_composite
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm


class ClearComposite(ImageAlgorithm):
    """Link, mask, composite."""

    ID = Composite.ALGORITHM
    NAME = "Clear composite"
    GROUP = "composites"
    SUMMARY = "Cloud-free Sentinel-2 composite of a region and a date window, masked pixel by pixel with Cloud Score+."
    HELP = (
        "Finds the Sentinel-2 scenes over an area, links each to its Cloud Score+ score, keeps the pixels whose score "
        "reaches the threshold, and composites what is left.\n\n"
        "The result is a live layer, drawn by Earth Engine as you pan, or a GeoTIFF in the UTM zone of the area, "
        "or both. Scenes that have no score yet are counted and named. Every result carries its recipe.\n\n"
        "Without an account, choose the endpoint sandbox (CSPLUS_ENDPOINT=sandbox): synthetic scenes around "
        "-119.92,-119.90,37.41,37.42 [EPSG:4326] in 2023.\n\n"
        "For a model or a shell: dates as 2023-01-31; choices by their names, several separated by commas."
    )
    TAGS = ("composite", "mosaic", "median", "cloud mask", "cloud-free")
    HELP_SECTION = "first-composite"
    STYLE = DEFAULT_STYLE

    def declare_target(self) -> None:
        """Add the block *composite*."""
        add_composite(self)

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Composite:
        """Read the block *composite*."""
        return read_composite(self, parameters, context)
