"""Periodic clear composites: region and date window -> a series of pictures, with their places in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
)

from ..csplus_plugin.core.catalog import PERIODS
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.layer_name import SANDBOX, series_name
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.composite import DEFAULT_STYLE
from ..csplus_plugin.core.targets.periodic import Periodic
from ..csplus_plugin.processing import period_pieces, period_table
from ..csplus_plugin.processing.blocks import add_composite, add_output, add_scenes, read_composite
from ..csplus_plugin.processing.deliver import Piece, load_file, load_layers
from ..csplus_plugin.processing.destinations import (
    Destinations,
    add_series_outputs,
    make_folder,
    survey_outputs,
)
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import INTEGER, add, choice, explained, number
from ..csplus_plugin.processing.periods import cut_into_periods
from ..csplus_plugin.processing.run import Run
from ..csplus_plugin.processing.tables import write_table


class PeriodicComposites(ImageAlgorithm):
    """One composite a period, all of one survey."""

    ID = Periodic.ALGORITHM
    NAME = "Periodic clear composites"
    GROUP = "composites"
    SUMMARY = "A clear composite for every week, month, season or other period of a date window, as a series in time."
    HELP = (
        "Makes the same composite for each period of the window: live layers in one group, the newest on top, which "
        "the Temporal Controller plays; GeoTIFFs in a folder, one a period; or both. A period that the window cuts off "
        "is named. One without a usable scene is a row of the table, and no picture.\n\n"
        "Every layer and file has the recipe of an ordinary clear composite. Run again with the same folder, a file "
        "that is there, of the same recipe and scenes, is kept: an interrupted year goes on where it stopped, and next "
        "month adds one file.\n\n"
        "For example PERIOD=month START=2023-01-01 END=2023-12-31 gives twelve. PERIOD=days PERIOD_DAYS=5 counts from "
        "the first day."
    )
    TAGS = ("monthly", "series", "season", "time", "temporal", "week", "dekad", "year")
    STYLE = DEFAULT_STYLE

    recipe: Recipe[Periodic]

    def declare(self) -> None:
        """Add the scenes, the target, the folder, the table, and what is returned."""
        add_scenes(self)
        self.declare_target()
        add_output(self, "Folder for the composites", self.STYLES, self.STYLE, is_series=True)
        add(
            self,
            QgsProcessingParameterBoolean("LOAD_FILES", "Load the files as layers", True),
            "Load the downloaded files as layers of one group. Switch off inside models.",
            advanced=True,
        )
        table = QgsProcessingParameterFeatureSink(
            "TABLE", "Table of periods", optional=True, createByDefault=False
        )
        add(self, table, "Table with a row for each period: its days, its scenes, its file.")
        add_series_outputs(self)
        self.addOutput(QgsProcessingOutputNumber("PERIOD_COUNT", "Periods with a composite"))
        self.addOutput(QgsProcessingOutputNumber("EMPTY_COUNT", "Periods without one"))

    def declare_target(self) -> None:
        """Add the period, and the block *composite*."""
        add(self, choice("PERIOD", "Period", PERIODS, "month"), explained(PERIODS))
        add(
            self,
            number("PERIOD_DAYS", "Days of a period", 10, 1, 3660, INTEGER),
            "For the period days: how many.",
            advanced=True,
        )
        add_composite(self)

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Periodic:
        """Read them."""
        composite = read_composite(self, parameters, context)
        return Periodic(
            **vars(composite),
            period=self.parameterAsEnumString(parameters, "PERIOD", context),
            period_days=self.parameterAsInt(parameters, "PERIOD_DAYS", context),
        )

    def survey(self, run: Run) -> Survey:
        """Ask once for the whole window: a period may have too few days, and others enough."""
        return run.survey(self.recipe.scenes)

    def pieces(self, run: Run, survey: Survey, destinations: Destinations) -> list[Piece]:
        """Make a piece of every period that has enough scenes, and say which are cut off or empty."""
        self._parts = cut_into_periods(run, self.recipe, survey)
        group = destinations.name or series_name(self.recipe, self._place)
        group += _(SANDBOX) if run.session.is_sandbox else ""
        if destinations.folder is not None:
            make_folder(destinations.folder)
        return period_pieces.pieces(self._parts, destinations.folder, group, destinations.name)

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Make every period's composite, and write the table."""
        self._loads_files = self.parameterAsBoolean(parameters, "LOAD_FILES", context)
        results = super().work(parameters, context, feedback)
        results |= {
            "TABLE": write_table(
                period_table.table(self._parts, self.delivered),
                period_table.COLUMNS,
                self,
                parameters,
                "TABLE",
                context,
            ),
            "PERIOD_COUNT": len(self.delivered),
            "EMPTY_COUNT": len(self._parts) - len(self.delivered),
            "FILES": [str(one.piece.file) for one in self.delivered if one.piece.file],
        }
        return results

    def outputs(self, survey: Survey, destinations: Destinations) -> dict[str, Any]:
        """Give the recipe, the counts and the folder."""
        results = {"RECIPE": self.recipe.to_json(), **survey_outputs(survey)}
        if destinations.folder is not None:
            results["OUTPUT_FOLDER"] = str(destinations.folder)
        if destinations.script is not None:
            results["SCRIPT"] = str(destinations.script)
        return results

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Make the layers."""
        results["LIVE_LAYERS"] = [layer for one in self.delivered if (layer := load_layers(one, context))]
        for one in self.delivered if self._loads_files else ():
            if one.piece.file is not None:
                load_file(one, context)
