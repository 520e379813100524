"""Clear observations: region and date window -> how often each pixel was seen, and how often clear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from qgis.core import QgsProcessingContext, QgsProcessingOutputNumber

from ..csplus_plugin.core.targets.observations import Observations
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.run import Run

_SUMMARY = {
    "MEAN_OBSERVATIONS": ("observations", "Days with a score, mean of the area"),
    "MEAN_CLEAR": ("clear", "Clear days, mean of the area"),
    "MEAN_CLEAR_FRACTION": ("clear_fraction", "Share of the days that is clear, mean of the area"),
    "LONGEST_GAP": ("longest_gap", "Longest time without a clear day anywhere in the area (days)"),
    "MEAN_SCORE": ("mean_score", "Score, mean of the area"),
}
"""Output -> band, and what it is."""


class ClearObservations(ImageAlgorithm):
    """Counts by distinct day."""

    ID = Observations.ALGORITHM
    NAME = "Clear observations"
    GROUP = "evidence"
    SUMMARY = "How often each pixel was seen in a date window, how often it was clear, and the longest time between."
    HELP = (
        "Counts by distinct day, so that what two tiles show of one pass is one observation. The bands: observations "
        "(days with a score), clear (days on which it reaches the threshold), clear_fraction, longest_gap (days "
        "without a clear look, from the window's first day to its last), mean_score.\n\n"
        "Use it to choose a window: a monthly series needs a longest gap below a month. The area's means are among the "
        "outputs, for models and shells.\n\n"
        "Scenes that have no score yet are counted, named, and left out."
    )
    TAGS = ("observations", "availability", "clear days", "gap", "revisit", "statistics")
    STYLES = ("count", "score")

    def declare_target(self) -> None:
        """Add the numbers of the whole area; there is nothing to choose."""
        for name, (_, text) in _SUMMARY.items():
            self.addOutput(QgsProcessingOutputNumber(name, text))

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Observations:
        """Read nothing."""
        del parameters, context
        return Observations()

    def summarise(self, run: Run) -> dict[str, Any]:
        """Ask for the numbers of the whole area, in one request."""
        target, scenes = cast("Observations", self.recipe.target), self.recipe.scenes
        found = target.read_summary(run.client.value(target.summary(scenes)))
        run.say(target.summary_sentence(found))
        return {name: found[band] for name, (band, _) in _SUMMARY.items()}
