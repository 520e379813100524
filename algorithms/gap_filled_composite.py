"""Gap-filled composite: region and date window -> a picture without holes that says where each pixel comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterString,
)

from ..csplus_plugin.core import survey as surveying
from ..csplus_plugin.core.errors import NothingFound
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.composite import DEFAULT_STYLE
from ..csplus_plugin.core.targets.gap_filled import GapFilled
from ..csplus_plugin.processing.blocks import add_composite, read_composite
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import INTEGER, add, number, numbers
from ..csplus_plugin.processing.run import Run


class GapFilledComposite(ImageAlgorithm):
    """A composite, and in its holes the same one of looser choices."""

    ID = GapFilled.ALGORITHM
    NAME = "Gap-filled composite"
    GROUP = "composites"
    SUMMARY = "A composite without holes: filled by lower thresholds, wider windows, the same season of other years."
    HELP = (
        "Makes the clear composite as asked. Pixels without a clear observation are filled, one choice after the "
        "other: lower thresholds in the same window; the window widened, at the threshold asked for; the same "
        "season of the years before and after, nearest first. A filled pixel stays.\n\n"
        "The band fill_tier says which choice filled a pixel: 0 as asked, 1 the first lower threshold, and so on; the "
        "log lists them with the share of the area that each fills. The style tier draws it.\n\n"
        "For example THRESHOLD=0.6 THRESHOLDS=0.5,0.4 EXTEND_DAYS=15 EXTEND_YEARS=1 has six tiers: 0.6, 0.5, 0.4, "
        "15 days more on both sides, the year before, the year after."
    )
    TAGS = ("gap", "fill", "holes", "mosaic", "tropics", "seamless", "composite")
    STYLES = GapFilled.styles()
    STYLE = DEFAULT_STYLE

    recipe: Recipe[GapFilled]

    def declare_target(self) -> None:
        """Add the choices to fill from, the block *composite*, and the shares."""
        default = GapFilled()
        add(
            self,
            QgsProcessingParameterString(
                "THRESHOLDS",
                "Then these thresholds",
                ",".join(f"{value:.2f}" for value in default.thresholds),
                optional=True,
            ),
            "Lower thresholds that are tried next in the same window, falling, such as 0.50,0.40; empty for none.",
        )
        add(
            self,
            QgsProcessingParameterString(
                "EXTEND_DAYS",
                "Then windows wider by so many days",
                ",".join(map(str, default.extend_days)),
                optional=True,
            ),
            "Days by which the window is widened on both sides, rising, such as 15,30; empty for none.",
        )
        add(
            self,
            number(
                "EXTEND_YEARS", "Then the same season of so many years", default.extend_years, 0, 5, INTEGER
            ),
            "How many years before and after lend the same season; 0 for none.",
        )
        add_composite(self)
        self.addOutput(
            QgsProcessingOutputNumber("FILLED_PERCENT", "Share of the area that is filled (percent)")
        )
        self.addOutput(
            QgsProcessingOutputNumber("EMPTY_PERCENT", "Share of the area that stays empty (percent)")
        )
        self.addOutput(QgsProcessingOutputString("TIERS", "Every choice, with its share of the area (JSON)"))

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> GapFilled:
        """Read them."""
        return GapFilled(
            **vars(read_composite(self, parameters, context)),
            thresholds=numbers(self, parameters, "THRESHOLDS", context),
            extend_days=tuple(
                int(days) for days in numbers(self, parameters, "EXTEND_DAYS", context, whole=True)
            ),
            extend_years=self.parameterAsInt(parameters, "EXTEND_YEARS", context),
        )

    def survey(self, run: Run) -> Survey:
        """Ask once for every window, and leave out the choices that have no scene to use.

        Raises:
            NothingFound: None has.
        """
        scenes, target = self.recipe.scenes, self.recipe.target
        tiers = target.every_tier(scenes)
        windows = {f"{tier.scenes.start} to {tier.scenes.end}": tier.scenes for tier in tiers}
        found = run.surveys(windows)
        of_tier = {tier.number: found[f"{tier.scenes.start} to {tier.scenes.end}"] for tier in tiers}
        if scenes.unscored_policy == "fail":
            for tier in tiers:
                if of_tier[tier.number].scenes:
                    surveying.require_scenes(tier.scenes, of_tier[tier.number])
        skipped = tuple(tier.number for tier in tiers if len(of_tier[tier.number].days) < target.fewest_days)
        if len(skipped) == len(tiers):
            raise NothingFound(
                _("No window holds enough scenes that can be used."),
                _("Choose more days to extend by, more years, or fewer clear days."),
            )
        for number_ in skipped:
            run.warn(
                _(
                    "Not filled from tier {number}, {choice}: too few scenes that can be used.",
                    number=number_,
                    choice=tiers[number_].label,
                )
            )
        self.recipe = replace(self.recipe, target=replace(target, skipped=skipped))
        every = surveying.merge(list(found.values()))
        for line in surveying.warnings(scenes, every):
            run.warn(line)
        return every

    def summarise(self, run: Run) -> dict[str, Any]:
        """Ask for the share of each tier, in one request."""
        scenes, target = self.recipe.scenes, self.recipe.target
        shares = target.read_summary(run.client.value(target.summary(scenes)))
        tiers = [
            {"tier": tier.number, "choice": tier.label, "percent": round(shares.get(tier.number, 0), 2)}
            for tier in target.tiers(scenes)
        ]
        empty = shares.get(-1, 0.0)
        for tier in tiers:
            run.say(_("Tier {tier}, {choice}: {percent:.1f} percent of the area.", **tier))
        if empty:
            run.warn(_("{empty:.1f} percent of the area stay empty.", empty=empty))
        return {
            "FILLED_PERCENT": 100 - shares.get(0, 0.0) - empty,
            "EMPTY_PERCENT": empty,
            "TIERS": json.dumps(tiers),
        }
