"""Change between two windows: region and two date windows -> before, after, and what lies between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDateTime,
)

from ..csplus_plugin.core import survey as surveying
from ..csplus_plugin.core.catalog import MEASURES
from ..csplus_plugin.core.language import _, marked
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.change import Change
from ..csplus_plugin.processing.blocks import add_bands, add_method, read_method
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm, check_days
from ..csplus_plugin.processing.parameters import add, choice, chosen, day, explained
from ..csplus_plugin.processing.run import Run

_DATE = Qgis.ProcessingDateTimeParameterDataType.Date


class ChangeBetweenWindows(ImageAlgorithm):
    """Two composites, compared."""

    ID = Change.ALGORITHM
    NAME = "Change between two windows"
    GROUP = "composites"
    SUMMARY = "Composites of two date windows and their difference, ratio or relative change, band by band."
    HELP = (
        "Makes the same clear composite of a window before and of one after (first and last day), and compares them: "
        "for each band and index the file holds before, after and the measure. Where either window has no clear look "
        "there is no change, and the log says how much of the area that is.\n\n"
        "With the index NBR and the measure difference it adds dNBR (before less after) and its seven classes of burn "
        "severity, as USGS and FIREMON define them; choose windows of the same season, one before the fire, one "
        "after.\n\n"
        "For example INDICES=NBR BEFORE_START=2023-05-01 BEFORE_END=2023-06-30 START=2023-09-01 END=2023-10-31. For "
        "floods INDICES=MNDWI, for harvest or clearing INDICES=NDVI."
    )
    TAGS = ("change", "difference", "before", "after", "burn", "dnbr", "fire", "flood", "deforestation")
    STYLES = Change.styles()

    recipe: Recipe[Change]

    def declare_target(self) -> None:
        """Add the window before, the measure, and the block *composite* without what cannot be compared."""
        for name, label in (
            ("BEFORE_START", "First day before"),
            ("BEFORE_END", "Last day before (included)"),
        ):
            add(self, QgsProcessingParameterDateTime(name, label, _DATE), f"{label}, as 2023-01-31.")
        add(self, choice("MEASURE", "Measure", MEASURES, "difference"), explained(MEASURES))
        add_method(self)
        add_bands(self, (), ("NBR",), "Spectral indices to compare, such as NBR,NDVI.")
        for window in ("BEFORE", "AFTER"):
            self.addOutput(
                QgsProcessingOutputNumber(
                    f"NO_{window}_PERCENT",
                    f"Share of the area without a clear look {window.lower()} (percent)",
                )
            )
        self.addOutput(
            QgsProcessingOutputNumber("COMPARED_PERCENT", "Share of the area that is compared (percent)")
        )
        self.addOutput(QgsProcessingOutputNumber("BEFORE_SCENE_COUNT", "Scenes found before"))
        self.addOutput(QgsProcessingOutputNumber("BEFORE_DATE_COUNT", "Distinct days before"))

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Change:
        """Read them."""
        return Change(
            **read_method(self, parameters, context),
            bands=chosen(self, parameters, "BANDS", context),
            indices=chosen(self, parameters, "INDICES", context),
            before_start=day(self, parameters, "BEFORE_START", context),
            before_end=day(self, parameters, "BEFORE_END", context),
            measure=self.parameterAsEnumString(parameters, "MEASURE", context),
        )

    def survey(self, run: Run) -> Survey:
        """Ask for both windows in one request.

        Raises:
            NothingFound: One of them has no scene to use.
        """
        scenes, target = self.recipe.scenes, self.recipe.target
        windows = {marked("Before"): target.before(scenes), marked("After"): scenes}
        found = run.surveys(windows)
        for name, window in windows.items():
            surveying.require_scenes(window, found[name])
            check_days(target.fewest_days, found[name])
            for line in surveying.warnings(window, found[name]):
                run.warn(f"{_(name)}: {line}")
        self._before = found["Before"]
        return found["After"]

    def summarise(self, run: Run) -> dict[str, Any]:
        """Ask how much of the area was seen in both windows."""
        target = self.recipe.target
        seen = target.read_summary(run.client.value(target.summary(self.recipe.scenes)))
        missing = {name: 100 * (1 - seen[name]) for name in ("before", "after")}
        run.say(
            _(
                "{both:.1f} percent of the area are compared; {before:.1f} percent have no clear "
                "look before, {after:.1f} percent none after.",
                both=100 * seen["both"],
                before=missing["before"],
                after=missing["after"],
            )
        )
        return {
            "NO_BEFORE_PERCENT": missing["before"],
            "NO_AFTER_PERCENT": missing["after"],
            "COMPARED_PERCENT": 100 * seen["both"],
            "BEFORE_SCENE_COUNT": self._before.scene_count,
            "BEFORE_DATE_COUNT": len(self._before.days),
        }
