"""Cloud score: region and date window -> how clear each pixel was seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext

from ..csplus_plugin.core.catalog import STATISTICS
from ..csplus_plugin.core.targets.score import Score
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import add, choice, explained, number


class CloudScore(ImageAlgorithm):
    """The score itself, reduced over the window."""

    ID = Score.ALGORITHM
    NAME = "Cloud score"
    GROUP = "evidence"
    SUMMARY = "How clear each pixel was seen in a date window: a number for its scores, or its clear days."
    HELP = (
        "Reduces the scores of all scenes over an area, clear or not, to one number a pixel: 0 is occluded, 1 is "
        "clear. The count is the number of distinct days on which the score reaches the threshold.\n\n"
        "Use it before a composite: where the maximum is low, no method will find a clear pixel; where the count is 0, "
        "a longer window is needed.\n\n"
        "Scenes that have no score yet are counted, named, and left out."
    )
    TAGS = ("score", "quality", "clear days", "observations", "statistics")
    STYLES = ("score", "count")

    def declare_target(self) -> None:
        """Add the statistic."""
        add(self, choice("STATISTIC", "Statistic", STATISTICS, "mean"), explained(STATISTICS))
        add(
            self,
            number("PERCENTILE", "Percentile", 25, 0, 100),
            "For the statistic percentile.",
            advanced=True,
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Score:
        """Read the statistic."""
        return Score(
            statistic=self.parameterAsEnumString(parameters, "STATISTIC", context),
            percentile=self.parameterAsDouble(parameters, "PERCENTILE", context),
        )
