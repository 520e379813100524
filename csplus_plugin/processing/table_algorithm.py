"""Algorithms that make tables: scenes and a target of their own in, rows out, and a report where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsVectorLayer,
)

from ..core.language import _
from ..core.recipe import Recipe
from ..core.reports.report import Report
from ..core.survey import Survey
from ..core.table import Table
from ..core.targets.target import TableTarget
from ..layers import loading, provenance
from .blocks import add_scenes
from .destinations import (
    add_survey_outputs,
    check_is_no_input,
    check_report,
    survey_outputs,
    table_file,
)
from .parameters import add
from .recipe_algorithm import RecipeAlgorithm
from .reports import add_report, write_report
from .run import Run
from .tables import set_aliases, write_table


class TableAlgorithm(RecipeAlgorithm):
    """An algorithm whose result is a table; a subclass says only what differs.

    It fills the attributes of `CsPlusAlgorithm`, declares the parameters of its target and reads them.

    Attributes:
        SINK: Name of the parameter that takes the rows.
        SINK_HELP: Its help.
        GEOMETRY: Of the rows, for the modeler.
        HAS_REPORT: Whether it also makes a page with charts.
    """

    SINK: ClassVar[str] = "TABLE"
    SINK_HELP: ClassVar[str] = "Table: GeoPackage, CSV or a memory layer."
    GEOMETRY: ClassVar[Qgis.ProcessingSourceType] = Qgis.ProcessingSourceType.Vector
    HAS_REPORT: ClassVar[bool] = False

    recipe: Recipe[TableTarget]

    def ask(self, run: Run) -> tuple[Survey, Table]:
        """Ask for the scenes and for the rows: here, in one request."""
        scenes, target = self.recipe.scenes, self.recipe.target
        survey, answer = run.survey_with(scenes, target.question(scenes))
        return survey, target.table(scenes, survey, answer)

    def summarise(self, table: Table) -> dict[str, Any]:  # noqa: ARG002
        """Give the outputs that the algorithm has beside its rows: here, none."""
        return {}

    def style(self, layer: QgsVectorLayer) -> None:
        """Style the layer of the rows, once it is loaded: here, not at all."""

    def declare(self) -> None:
        """Add the scenes, the target, the sink, the report, and what is returned."""
        add_scenes(self)
        self.declare_target()
        # Who wants only the report leaves the table out.
        sink = QgsProcessingParameterFeatureSink(
            self.SINK, self.NAME, self.GEOMETRY, optional=self.HAS_REPORT
        )
        add(self, sink, self.SINK_HELP)
        if self.HAS_REPORT:
            add_report(self)
        add_survey_outputs(self)
        self.addOutput(QgsProcessingOutputNumber("ROW_COUNT", "Rows"))

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once, and look at the places of table and report."""
        super().check(parameters, context)
        table_file(parameters, self.SINK, context)
        check_is_no_input(self, parameters, context, self.SINK)
        check_report(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings; a model does not check its children, so the places are checked again."""
        table_file(parameters, self.SINK, context)
        check_is_no_input(self, parameters, context, self.SINK)
        check_report(parameters, context)
        super().read(parameters, context)

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Ask, say what was found, and write the rows and the report."""
        scenes, target = self.recipe.scenes, self.recipe.target
        with self.open_run(feedback) as run:
            for line in target.notes(scenes):
                run.say(line)
            self._survey, table = self.ask(run)
            for line in target.findings(scenes, table):
                run.say(line)
            self._is_sandbox = run.session.is_sandbox
        results = {
            "RECIPE": self.recipe.to_json(),
            "ROW_COUNT": len(table.rows),
            **survey_outputs(self._survey),
            **self.summarise(table),
        }
        # The report first: a sink is whole only once its layer is closed, and a file that cannot be is found out here.
        if self.HAS_REPORT and (page := self.parameterAsFileOutput(parameters, "REPORT", context)):
            write_report(self._report(table), Path(page))
            results["REPORT"] = page
        results[self.SINK] = write_table(table, target.columns(scenes), self, parameters, self.SINK, context)
        return results

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Name the table's layer, label its fields, style it, and note where it comes from."""
        loading.finish_layer(results[self.SINK], self._title(), context, self._finish_layer)

    def _finish_layer(self, layer: QgsVectorLayer) -> None:
        set_aliases(layer, self.recipe.target.columns(self.recipe.scenes))
        provenance.describe(layer, self.recipe, self._survey, sandbox=self._is_sandbox)
        self.style(layer)

    def _title(self) -> str:
        scenes = self.recipe.scenes
        title = _("{name} {start} to {end}", name=self.displayName(), start=scenes.start, end=scenes.end)
        return _("{title} (sandbox)", title=title) if self._is_sandbox else title

    def _report(self, table: Table) -> Report:
        scenes, target = self.recipe.scenes, self.recipe.target
        return Report(
            title=self._title(),
            lead=(
                *target.findings(scenes, table),
                *provenance.origin(self.recipe, self._survey),
                *target.notes(scenes),
            ),
            charts=target.charts(scenes, table),
            columns=target.columns(scenes),
            table=table,
            recipe=self.recipe.to_json(),
            notices=(_(provenance.SANDBOX_SENTENCE),) if self._is_sandbox else (),
        )
