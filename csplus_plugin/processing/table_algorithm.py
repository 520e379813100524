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

from .. import settings
from ..core.recipe import Recipe
from ..core.targets.target import TableTarget
from ..layers import loading
from .base import CsPlusAlgorithm
from .blocks import add_scenes, read_scenes
from .destinations import add_survey_outputs, survey_outputs
from .parameters import add
from .region import Note
from .run import Run
from .tables import set_aliases, write_table


class TableAlgorithm(CsPlusAlgorithm):
    """An algorithm whose result is a table; a subclass says only what differs.

    It fills the attributes of `CsPlusAlgorithm`, declares the parameters of its target and reads them.

    Attributes:
        SINK: Name of the parameter that takes the rows.
    """

    SINK: ClassVar[str] = "TABLE"

    def declare_target(self) -> None:
        """Add the parameters of the target."""
        raise NotImplementedError

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> TableTarget:
        """Read the target from the parameters.

        Raises:
            InvalidChoice: With one sentence for each thing that can be wrong.
        """
        raise NotImplementedError

    def declare(self) -> None:
        """Add the scenes, the target, the sink, and what is returned."""
        add_scenes(self)
        self.declare_target()
        sink = QgsProcessingParameterFeatureSink(self.SINK, self.NAME)
        add(self, sink, "Table: GeoPackage, CSV or a memory layer.")
        add_survey_outputs(self)
        self.addOutput(QgsProcessingOutputNumber("ROW_COUNT", "Rows"))

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once: it refuses what makes no sense."""
        self._recipe(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings."""
        self.notes: list[str] = []
        self.recipe = self._recipe(parameters, context, self.notes.append)
        self.connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Survey the scenes, ask the target's question, and write the rows."""
        scenes, target = self.recipe.scenes, self.recipe.target
        with Run(self.connection, feedback) as run:
            for note in self.notes:
                run.warn(note)
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

    def _recipe(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Recipe[TableTarget]:
        return Recipe(
            scenes=read_scenes(self, parameters, context, note), target=self.read_target(parameters, context)
        )
