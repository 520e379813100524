"""Algorithms that make tables: scenes and a target of their own in, rows out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
)

from ..layers import loading
from .blocks import add_scenes
from .destinations import add_survey_outputs, survey_outputs
from .parameters import add
from .recipe_algorithm import RecipeAlgorithm
from .tables import set_aliases, write_table


class TableAlgorithm(RecipeAlgorithm):
    """An algorithm whose result is a table; a subclass says only what differs.

    It fills the attributes of `CsPlusAlgorithm`, declares the parameters of its target and reads them.

    Attributes:
        SINK: Name of the parameter that takes the rows.
    """

    SINK: ClassVar[str] = "TABLE"

    def declare(self) -> None:
        """Add the scenes, the target, the sink, and what is returned."""
        add_scenes(self)
        self.declare_target()
        sink = QgsProcessingParameterFeatureSink(self.SINK, self.NAME)
        add(self, sink, "Table: GeoPackage, CSV or a memory layer.")
        add_survey_outputs(self)
        self.addOutput(QgsProcessingOutputNumber("ROW_COUNT", "Rows"))

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Survey the scenes, ask the target's question, and write the rows."""
        scenes, target = self.recipe.scenes, self.recipe.target
        with self.open_run(feedback) as run:
            survey = run.survey(scenes)
            table = target.table(scenes, run.client.value(target.question(scenes)))
        written = write_table(table, target.columns(scenes), self, parameters, self.SINK, context)
        return {
            self.SINK: written,
            "RECIPE": self.recipe.to_json(),
            "ROW_COUNT": len(table.rows),
            **survey_outputs(survey),
        }

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Name the table's layer, and label its fields."""
        scenes, target = self.recipe.scenes, self.recipe.target
        title = f"{self.NAME} {scenes.start} to {scenes.end}"
        label = partial(set_aliases, columns=target.columns(scenes))
        loading.finish_layer(results[self.SINK], title, context, label)
