"""Export composite: region and date window -> tasks that Earth Engine runs by itself, one a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
)

from ..csplus_plugin.core.catalog import PERIODS, STYLES
from ..csplus_plugin.core.choices import Output
from ..csplus_plugin.core.errors import CsPlusError
from ..csplus_plugin.core.grid import grid_for
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.table import Table
from ..csplus_plugin.core.targets.composite import Composite
from ..csplus_plugin.core.targets.periodic import Periodic
from ..csplus_plugin.earthengine.operations import SUCCEEDED
from ..csplus_plugin.processing import export_results, exporting
from ..csplus_plugin.processing.blocks import (
    add_composite,
    add_grid,
    add_scenes,
    read_composite,
    read_output,
)
from ..csplus_plugin.processing.deliver import load_layers
from ..csplus_plugin.processing.destinations import (
    add_survey_outputs,
    check_destinations,
    check_is_no_input,
    survey_outputs,
    table_file,
)
from ..csplus_plugin.processing.export_choices import add_destination, images, read_destination
from ..csplus_plugin.processing.export_retrieval import Retrieved, retrieve
from ..csplus_plugin.processing.exporting import Export
from ..csplus_plugin.processing.parameters import INTEGER, add, choice, explained, number, paragraph
from ..csplus_plugin.processing.recipe_algorithm import RecipeAlgorithm
from ..csplus_plugin.processing.run import Run
from ..csplus_plugin.processing.tables import write_table

_STARTING = 0.05
"""Share of the progress that starting is where the tasks are waited for."""

_ONE = "none"
_PERIODS = {_ONE: "one composite of the whole window", **PERIODS}


class ExportComposite(RecipeAlgorithm):
    """The composites of a download, computed by tasks."""

    ID = "exportcomposite"
    NAME = "Export composite"
    GROUP = "composites"
    SUMMARY = (
        "Clear composites computed by Earth Engine's batch system, into Drive, Cloud Storage or an asset."
    )
    HELP = (
        "For what is too large for a download, or too long for this computer: Earth Engine computes the same composite "
        "by itself and puts it into Google Drive, a Cloud Storage bucket, or an asset of your project. Grid, values, "
        "type and nodata are those of the download; in an asset, pixels without a value are masked.\n\n"
        "The run ends once the tasks are started, and they go on when QGIS is closed. With WAIT it ends when they do, "
        "and fails if one of them fails; assets are then loaded as live layers. A cancel ends the waiting and not the "
        "tasks, unless CANCEL_TASKS is on.\n\n"
        "In a model, a step with WAIT is one whose results a later step can use: an asset by csplus:openasset, a file "
        "in Cloud Storage where GDAL has credentials for it, a file in Drive not at all.\n\n"
        "With PERIOD, there is a task for each period. Files hold no tags, as Earth Engine writes none: keep the "
        "table, which has the recipe of each. An asset has the recipe and the attribution among its properties."
    )
    TAGS = ("batch", "task", "drive", "cloud storage", "asset", "large")
    HELP_SECTION = "when-it-is-too-large"

    def declare(self) -> None:
        """Add the scenes, the composite, the grid, the destination, and what is returned."""
        add_scenes(self)
        self.declare_target()
        add_grid(self)
        add_destination(self)
        add(
            self,
            QgsProcessingParameterBoolean("WAIT", "Wait for the tasks", False),
            "Wait until the tasks are over: looks after a second, then ever less often, down to every half minute.",
        )
        add(
            self,
            QgsProcessingParameterBoolean(
                "CANCEL_TASKS", "Cancel the tasks when the run is cancelled", False
            ),
            "Off: tasks that were started go on when the run is cancelled.",
            advanced=True,
        )
        add(
            self,
            QgsProcessingParameterBoolean("LIVE", "Load assets as live layers", True),
            "With WAIT and the destination asset: load each asset as a live layer once it is there.",
        )
        add(
            self,
            choice("STYLE", "Style", STYLES, "true_color"),
            paragraph(
                _("Colours of the live layers, as far as the assets hold the bands."),
                explained({name: style.label for name, style in STYLES.items()}),
            ),
        )
        folder = QgsProcessingParameterFolderDestination(
            "OUTPUT_FOLDER", "Folder for the files", optional=True, createByDefault=False
        )
        add(
            self,
            folder,
            "With WAIT: folder to download assets and files in Cloud Storage to; skipped if empty.",
        )
        table = QgsProcessingParameterFeatureSink(
            "TABLE", "Table of tasks", optional=True, createByDefault=False
        )
        add(self, table, "Table with a row for each task: its id, its days, its size, its state.")
        self.addOutput(QgsProcessingOutputString("TASK_IDS", "Ids of the tasks, separated by commas"))
        self.addOutput(QgsProcessingOutputString("STATE", "State of the tasks"))
        self.addOutput(QgsProcessingOutputString("RESULTS", "Ids, files or addresses of the results"))
        self.addOutput(QgsProcessingOutputMultipleLayers("FILES", "Files that were downloaded"))
        self.addOutput(QgsProcessingOutputRasterLayer("LIVE_LAYER", "Live layer of the asset"))
        self.addOutput(QgsProcessingOutputMultipleLayers("LIVE_LAYERS", "Live layers of several assets"))
        self.addOutput(QgsProcessingOutputString("TILE_URL", "Tile address of the live layer"))
        self.addOutput(QgsProcessingOutputNumber("EECU_SECONDS", "Computation of the tasks (EECU-seconds)"))
        add_survey_outputs(self)

    def declare_target(self) -> None:
        """Add the period, and the block *composite*."""
        add(self, choice("PERIOD", "Period", _PERIODS, _ONE), explained(_PERIODS))
        add(
            self,
            number("PERIOD_DAYS", "Days of a period", 10, 1, 3660, INTEGER),
            "For the period days: how many.",
            advanced=True,
        )
        add_composite(self)

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Composite:
        """Read them."""
        composite = read_composite(self, parameters, context)
        period = self.parameterAsEnumString(parameters, "PERIOD", context)
        if period == _ONE:
            return composite
        days = self.parameterAsInt(parameters, "PERIOD_DAYS", context)
        return Periodic(**vars(composite), period=period, period_days=days)

    def read_output(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Output:
        """Read the grid."""
        return read_output(self, parameters, context)

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once, and look at the destinations."""
        super().check(parameters, context)
        table_file(parameters, "TABLE", context)
        check_is_no_input(self, parameters, context, "TABLE")
        destination, _name = read_destination(self, parameters, context)
        if parameters.get("OUTPUT_FOLDER"):
            check_destinations(parameters, context)
            export_results.check_folder(
                destination, waits=self.parameterAsBoolean(parameters, "WAIT", context)
            )

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings; a model does not check its children, so the table's place is checked again."""
        check_is_no_input(self, parameters, context, "TABLE")
        table_file(parameters, "TABLE", context)  # what is started without it would have to be looked for
        super().read(parameters, context)
        self._destination, self._name = read_destination(self, parameters, context)

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Survey the scenes, start the tasks, wait if that is wished, and write the table."""
        waits, cancel, live = (
            self.parameterAsBoolean(parameters, name, context) for name in ("WAIT", "CANCEL_TASKS", "LIVE")
        )
        folder = self.parameterAsFileOutput(parameters, "OUTPUT_FOLDER", context)
        grid_for(self.recipe.scenes.region, self.recipe.output)  # a wrong pixel size should cost no request
        with self.open_run(feedback) as run:
            survey = run.survey(self.recipe.scenes)
            exports = images(run, self.recipe, survey, self._name)
            exporting.announce(run, exports, self._destination)
            if not waits and run.has_passing_service:
                run.warn(_("The embedded sandbox ends with this process, so its tasks are waited for."))
                waits = True
            share = _STARTING if waits else 1
            started: list[Export] = []
            try:
                exporting.start(run, exports, self._destination, started, share=share, cancel=cancel)
                if waits:
                    exporting.wait(run, started, cancel=cancel)
            except CsPlusError:
                # What was started may go on without the run, and files hold no recipe: the table does.
                if started:
                    with suppress(CsPlusError, QgsProcessingException):
                        self._write(run, started, parameters, context)
                raise
            exports = started
            tasks = [one.task for one in exports if one.task]
            results = export_results.addresses(run, exports, self._destination)
            if exporting.state_of(tasks) == SUCCEEDED:
                export_results.say_what_reads_them(run, self._destination)
            table = self._write(run, exports, parameters, context)
            exporting.require_done(tasks)
            retrieved = Retrieved()
            if waits:
                retrieved = retrieve(run, exports, results, self._destination, folder=folder, live=live)
            self.delivered = retrieved.layers
        return {
            "TASK_IDS": ",".join(task.identity for task in tasks),
            "STATE": exporting.state_of(tasks),
            "TABLE": table,
            "RESULTS": ",".join(results),
            "FILES": [str(file) for file in retrieved.files],
            **({"OUTPUT_FOLDER": folder} if folder else {}),
            "EECU_SECONDS": exporting.cost_of(tasks),
            "RECIPE": self.recipe.to_json(),
            **survey_outputs(survey),
        }

    def _write(
        self,
        run: Run,
        exports: Sequence[Export],
        parameters: Mapping[str, Any],
        context: QgsProcessingContext,
    ) -> str:
        rows = [exporting.row(one, self._destination, run.session.project) for one in exports]
        return write_table(Table(tuple(rows)), exporting.COLUMNS, self, parameters, "TABLE", context)

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Make the live layers of the assets."""
        layers = [load_layers(delivered, context) for delivered in self.delivered]
        if len(layers) == 1:
            results |= {"LIVE_LAYER": layers[0], "TILE_URL": self.delivered[0].tile_url}
        elif layers:
            results["LIVE_LAYERS"] = layers
