"""Clear scene: region and day, or the id of a scene -> the clear pixels of that one look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterString,
)

from ..csplus_plugin.core.asked_look import Asked
from ..csplus_plugin.core.choices import Scenes
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.clear_scene import ClearScene as Target
from ..csplus_plugin.core.targets.clear_scene import of_pass
from ..csplus_plugin.core.targets.composite import DEFAULT_STYLE
from ..csplus_plugin.processing.blocks import add_bands, add_scenes, read_scenes
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.one_look import find_look
from ..csplus_plugin.processing.parameters import add, chosen, optional_day
from ..csplus_plugin.processing.region import Note
from ..csplus_plugin.processing.run import Run


class ClearScene(ImageAlgorithm):
    """One pass or one scene, masked."""

    ID = Target.ALGORITHM
    NAME = "Clear scene"
    GROUP = "composites"
    SUMMARY = "The clear pixels of one day, its tiles put together, or of one scene by its id."
    HELP = (
        "Gives one look as it was, without compositing: the tiles of a day put together, masked where the score is "
        "below the threshold. A day is one pass of the satellite, wherever midnight falls.\n\n"
        "Give DATE; or SCENE_ID, as Find scenes lists it; or only START and END for the clearest day between them. If "
        "there is nothing on that day, the nearest ones are named, each with the share of the area that is clear.\n\n"
        "For example DATE=2023-01-26, or START=2023-01-01 END=2023-03-31 for the clearest day of the winter."
    )
    TAGS = ("single date", "scene", "image", "day", "clearest", "mosaic")
    STYLE = DEFAULT_STYLE
    STYLES = Target.styles()

    recipe: Recipe[Target]

    def declare_scenes(self) -> None:
        """Add the block *scenes*; a day or an id stands for the window."""
        add_scenes(self, window_is_optional=True)

    def declare_target(self) -> None:
        """Add the day, the id, the bands, and what is told of the look."""
        day = QgsProcessingParameterDateTime(
            "DATE", "Day", Qgis.ProcessingDateTimeParameterDataType.Date, optional=True
        )
        add(self, day, "Day, as 2023-01-26; empty for the clearest one from the first day to the last.")
        scene = QgsProcessingParameterString("SCENE_ID", "Id of a scene", optional=True)
        add(
            self, scene, "One scene alone, such as 20230126T184739_20230126T184748_T11SKB; wins over the day."
        )
        default = Target()
        add_bands(
            self,
            default.bands,
            default.indices,
            "Spectral indices, such as NDVI; they make the file Float32.",
        )
        self.addOutput(QgsProcessingOutputString("DATE_FOUND", "Day of the look"))
        self.addOutput(QgsProcessingOutputString("SCENE_IDS", "Ids of its scenes"))
        self.addOutput(
            QgsProcessingOutputNumber(
                "CLEAR_SHARE_PERCENT", "Share of the area that is clear (percent), estimated"
            )
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Target:
        """Read them."""
        self._asked = self._read_asked(parameters, context)
        return Target(
            bands=chosen(self, parameters, "BANDS", context),
            indices=chosen(self, parameters, "INDICES", context),
        )

    def read_scenes(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Scenes:
        """Read the block *scenes*, with a window around the day or the scene."""
        start, end = (optional_day(self, parameters, name, context) for name in ("START", "END"))
        window = self._read_asked(parameters, context).window(start, end)
        return read_scenes(self, parameters, context, note, window)

    def survey(self, run: Run) -> Survey:
        """Find the pass, and narrow the recipe to it."""
        scenes = self.recipe.scenes
        found = run.survey(scenes)
        self._taken, self._share = find_look(run, scenes, found, self._asked)
        self.recipe = replace(self.recipe, scenes=of_pass(scenes, self._taken))
        return found.of(self._taken.ids)

    def summarise(self, run: Run) -> dict[str, Any]:  # noqa: ARG002
        """Tell which look it is."""
        return {
            "DATE_FOUND": self._taken.day.isoformat(),
            "SCENE_IDS": ",".join(self._taken.ids),
            "CLEAR_SHARE_PERCENT": 100 * self._share,
        }

    def _read_asked(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Asked:
        day = optional_day(self, parameters, "DATE", context)
        return Asked(day, self.parameterAsString(parameters, "SCENE_ID", context).strip())
