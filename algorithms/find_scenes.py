"""Find scenes: region and date window -> footprints, and how clear each scene is within the region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import Qgis, QgsProcessingContext, QgsVectorLayer

from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey, check_policy
from ..csplus_plugin.core.table import Table
from ..csplus_plugin.core.targets.scene_list import SceneList, graded
from ..csplus_plugin.layers.scene_style import style_scenes
from ..csplus_plugin.processing.parameters import add, number
from ..csplus_plugin.processing.run import Run
from ..csplus_plugin.processing.scene_pages import ask_in_pages
from ..csplus_plugin.processing.table_algorithm import TableAlgorithm


class FindScenes(TableAlgorithm):
    """A footprint for each scene."""

    ID = SceneList.ALGORITHM
    NAME = "Find scenes"
    GROUP = "evidence"
    SUMMARY = "The scenes of an area and a date window as footprints: how clear each one is within the area."
    HELP = (
        "Lists every scene as a polygon with its id, day, tile, orbit and scene cloud, and with what counts within "
        "your area: the clear share at the threshold, the means of both scores, and how much of the area the scene "
        "shows. A scene of 60 percent cloud may be clear over your fields.\n\n"
        "The layer is coloured by clear share, and the Temporal Controller shows each scene on its day. A scene that "
        "has no score in the area yet is listed too, grey, with scored = false and no clear share.\n\n"
        "The shares are of the pixels that have a score. In a large area one pixel in so many metres is looked at, and "
        "the log says in how many. One request; more than 5000 scenes come in pages."
    )
    TAGS = ("footprints", "catalogue", "search", "cloud cover", "clear share", "list", "tiles")
    SINK = "OUTPUT"
    SINK_HELP = "Footprints with a row for each scene: GeoPackage, or a memory layer."
    GEOMETRY = Qgis.ProcessingSourceType.VectorPolygon

    recipe: Recipe[SceneList]

    def declare_target(self) -> None:
        """Add the least clear share."""
        add(
            self,
            number("MIN_CLEAR", "Least clear share (0 to 1)", 0, 0, 1),
            "Leave out scenes of which less than this share is clear in the area, such as 0.8; above 0 also those "
            "without a score.",
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> SceneList:
        """Read it."""
        return SceneList(min_clear=self.parameterAsDouble(parameters, "MIN_CLEAR", context))

    def ask(self, run: Run) -> tuple[Survey, Table]:
        """Ask in one request, or in pages."""
        scenes, target = self.recipe.scenes, self.recipe.target
        survey, answer = ask_in_pages(run, scenes, target)
        counted = graded(survey, answer)
        if nothing := survey.scored_count - counted.scored_count:
            run.say(_("Scenes that show nothing of the area, and count as unscored: {count}.", count=nothing))
        check_policy(scenes, counted, needs_scores=False)
        return counted, target.table(scenes, counted, answer)

    def style(self, layer: QgsVectorLayer) -> None:
        """Colour by clear share, and give each scene its day."""
        style_scenes(layer, "clear_fraction", "date")
