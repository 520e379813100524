"""Algorithms that carry out a recipe: what those that make images and those that make tables share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback

from .. import settings
from ..core.choices import Output, Scenes
from ..core.recipe import Recipe
from .base import CsPlusAlgorithm
from .blocks import read_scenes
from .region import Note
from .run import Run


class RecipeAlgorithm(CsPlusAlgorithm):
    """Reads the scenes, a target and an output, and opens the run.

    Attributes:
        recipe: Every choice, once the parameters are read.
    """

    recipe: Recipe[Any]
    _run: Run | None = None

    def declare_target(self) -> None:
        """Add the parameters of the target."""
        raise NotImplementedError

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Any:
        """Read the target from the parameters.

        Raises:
            InvalidChoice: With one sentence for each thing that can be wrong.
        """
        raise NotImplementedError

    def read_scenes(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Scenes:
        """Read the block *scenes*; what was done to the area is told to `note`."""
        return read_scenes(self, parameters, context, note)

    def read_output(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Output:
        """Read the output from the parameters: here, there are none for it."""
        del parameters, context
        return Output()

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Build the recipe once: it refuses what makes no sense."""
        self._build_recipe(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings."""
        self._notes: list[str] = []
        self.recipe = self._build_recipe(parameters, context, self._notes.append)
        self._connection = settings.connection()

    def cost(self) -> dict[str, Any]:
        """Give what the run took."""
        run, self._run = self._run, None
        return dict(run.cost) if run is not None else {}

    @contextmanager
    def open_run(self, feedback: QgsProcessingFeedback) -> Iterator[Run]:
        """Open the run, and tell it first what was done to the area.

        Raises:
            CsPlusError: No account, no library, or a connection that makes no sense.
        """
        with Run(self._connection, feedback) as run:
            self._run = run
            for note in self._notes:
                run.warn(note)
            yield run

    def _build_recipe(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Recipe[Any]:
        return Recipe(
            scenes=self.read_scenes(parameters, context, note),
            target=self.read_target(parameters, context),
            output=self.read_output(parameters, context),
        )
