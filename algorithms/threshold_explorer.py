"""Threshold explorer: region and date window -> how much is kept, by threshold, for both scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingOutputNumber

from ..csplus_plugin.core.catalog import PERIODS, SCORE_BANDS
from ..csplus_plugin.core.errors import NoScores, NothingFound
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.table import Table
from ..csplus_plugin.core.targets.thresholds import NO_PERIOD, Thresholds
from ..csplus_plugin.core.threshold_curves import highest_of_all
from ..csplus_plugin.processing.parameters import INTEGER, add, choice, explained, number
from ..csplus_plugin.processing.run import Run
from ..csplus_plugin.processing.table_algorithm import TableAlgorithm


class ThresholdExplorer(TableAlgorithm):
    """A row for each threshold."""

    ID = Thresholds.ALGORITHM
    NAME = "Threshold explorer"
    GROUP = "evidence"
    SUMMARY = (
        "Which threshold: the share of an area that is kept in a date window, by threshold, for both scores."
    )
    HELP = (
        "Tells for every threshold which share of the area has at least one clear look, and which has at least "
        "MIN_OBSERVATIONS clear days, for cs and for cs_cdf; of the whole window, or of each period. The log and the "
        "report name the highest threshold that still keeps 95 percent of the area.\n\n"
        "Go lower on tidal flats, bright sand and snow, which score low although they are clear. Go higher where haze "
        "or the edges of clouds are left.\n\n"
        "The service makes histograms of the best scores of each pixel; only those come back, in one request. QA_BAND "
        "and THRESHOLD are drawn into the chart, and change nothing else."
    )
    TAGS = ("which threshold", "histogram", "chart", "report", "share", "coverage", "clear days")
    HAS_REPORT = True

    recipe: Recipe[Thresholds]

    def declare_target(self) -> None:
        """Add the step, the number of days, the period, and the answer in numbers."""
        add(self, number("STEP", "Step", Thresholds().step, 0.01, 0.25), "From one threshold to the next.")
        add(
            self,
            number("MIN_OBSERVATIONS", "Fewest clear days", Thresholds().min_observations, 1, 50, INTEGER),
            "Also tell the share of the area with at least so many distinct clear days.",
        )
        kinds = {NO_PERIOD: "the window as a whole", **PERIODS}
        add(self, choice("PERIOD", "Period", kinds, NO_PERIOD), explained(kinds))
        add(
            self,
            number("PERIOD_DAYS", "Days of a period", 10, 1, 3660, INTEGER),
            "For the period days: how many.",
            advanced=True,
        )
        for band in SCORE_BANDS:
            text = f"Highest threshold of {band} that keeps 95 percent of the area (empty: none does)"
            self.addOutput(QgsProcessingOutputNumber(f"THRESHOLD_{band.upper()}", text))

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Thresholds:
        """Read them."""
        return Thresholds(
            step=self.parameterAsDouble(parameters, "STEP", context),
            min_observations=self.parameterAsInt(parameters, "MIN_OBSERVATIONS", context),
            period=self.parameterAsEnumString(parameters, "PERIOD", context),
            period_days=self.parameterAsInt(parameters, "PERIOD_DAYS", context),
        )

    def ask(self, run: Run) -> tuple[Survey, Table]:
        """Ask in one request; scenes without a score say nothing here, whatever the policy."""
        try:
            return super().ask(run)
        except NoScores as problem:
            next_step = _("Wait a few days if they are recent, or choose a longer window.")
            raise NothingFound(problem.what, next_step) from problem

    def summarise(self, table: Table) -> dict[str, Any]:
        """Give the thresholds that cover the area."""
        return {f"THRESHOLD_{band.upper()}": highest_of_all(table, band) for band in SCORE_BANDS}
