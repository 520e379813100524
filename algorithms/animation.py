"""Animation: layers with times, drawn frame by frame into one file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsExpressionContext,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterCrs,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterString,
)

from ..csplus_plugin import settings
from ..csplus_plugin.core.frames import STEPS
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.targets.periodic import Periodic
from ..csplus_plugin.core.text import printable
from ..csplus_plugin.processing import film_file
from ..csplus_plugin.processing.base import CsPlusAlgorithm
from ..csplus_plugin.processing.destinations import check_place, written_path
from ..csplus_plugin.processing.film import AUTO, LARGEST_SIDE, LEAST_SIDE, Film, Look, check_label
from ..csplus_plugin.processing.film_layers import Scene, read_scene
from ..csplus_plugin.processing.film_recipe import live_layers, read_periodic
from ..csplus_plugin.processing.interrupts import interrupts
from ..csplus_plugin.processing.parameters import INTEGER, add, choice, explained, number
from ..csplus_plugin.processing.run import Run


class Animation(CsPlusAlgorithm):
    """Draws with QGIS alone: without a recipe, nothing but the tiles of live layers is asked of the service."""

    ID = "animation"
    NAME = "Animation"
    GROUP = "composites"
    SUMMARY = "A film of layers with times: animated PNG or GIF, with the date below each frame."
    HELP = (
        "Draws a frame for each time of the layers, in order, and writes an animated PNG, which every browser plays; "
        "a GIF where the name ends in .gif and QGIS's Python has Pillow. Any layer with a time will do: live layers "
        "and files of this plugin, other rasters with a temporal range, vectors with dates in their fields.\n\n"
        "For example, twelve monthly composites in the folder 2023, one second each: LAYERS=2023 SECONDS=1 "
        "OUTPUT=2023.png. A GeoTIFF of this plugin knows its dates and its colours by itself. In the place of layers a "
        "RECIPE of Periodic clear composites will do: the frames are drawn from live tiles, with no download.\n\n"
        "Below each frame stand its date, where the pictures come from, and whether the sandbox made them. Where the "
        "tiles of a layer are not served the run stops with a sentence, rather than leave a frame empty.\n\n"
        "For a video, give FRAMES and run: ffmpeg -framerate 2 -i frame_%04d.png film.mp4"
    )
    TAGS = ("animation", "film", "movie", "gif", "apng", "time series", "timelapse", "temporal")

    def declare(self) -> None:
        """Add parameters and outputs."""
        any_layer = QgsProcessing.SourceType.TypeMapLayer
        layers = QgsProcessingParameterMultipleLayers("LAYERS", "Layers with times", any_layer, optional=True)
        add(
            self,
            layers,
            "The first on top. Files and folders of GeoTIFFs that the plugin made, too. "
            "Empty: everything that is visible in the project.",
        )
        recipe = QgsProcessingParameterString("RECIPE", "Or a periodic recipe", optional=True)
        add(
            self,
            recipe,
            "In the place of layers: what Periodic clear composites returns as RECIPE, or the .json that its SCRIPT "
            "wrote. The frames are then drawn from live tiles, and no layer is made.",
        )
        basemap = QgsProcessingParameterMultipleLayers("BASEMAP", "Layers below", any_layer, optional=True)
        add(self, basemap, "In every frame, below the others. At a shell: wms://type=xyz&url=…")
        extent = QgsProcessingParameterExtent("EXTENT", "Extent", optional=True)
        add(self, extent, "Of the picture. Empty: that of the layers with times, or of the recipe.")
        width = number("WIDTH", "Width (pixels)", 800, LEAST_SIDE, LARGEST_SIDE, INTEGER)
        add(self, width, "Of each frame.")
        height = number("HEIGHT", "Height (pixels)", 0, 0, LARGEST_SIDE, INTEGER)
        add(self, height, "Of each frame, with the strip below it. 0: by the shape of the extent.")
        add(self, number("SECONDS", "Seconds a frame", 0.5, 0.02, 60), "How long each frame is shown.")
        label = QgsProcessingParameterString("LABEL", "Date below", AUTO, optional=True)
        add(self, label, "auto: the shortest that tells the frame. no: none. Else a format: MMMM yyyy.")
        step = choice("STEP", "Frames", STEPS, "ranges")
        add(self, step, explained(STEPS), advanced=True)
        crs = QgsProcessingParameterCrs("CRS", "CRS of the picture", optional=True)
        add(
            self,
            crs,
            "Empty: that of the first of LAYERS, or of the project; EPSG:3857 with a RECIPE.",
            advanced=True,
        )
        output = QgsProcessingParameterFileDestination(
            "OUTPUT", "Animation", "Animated PNG (*.png *.apng);;GIF (*.gif)"
        )
        add(self, output, "Ends in .png, or in .gif.")
        frames = QgsProcessingParameterFolderDestination(
            "FRAMES", "Folder of frames", optional=True, createByDefault=False
        )
        add(self, frames, "An empty or a new one, for frame_0001.png and so on.")
        self.addOutput(QgsProcessingOutputNumber("FRAME_COUNT", "Frames"))
        self.addOutput(QgsProcessingOutputString("FIRST_DATE", "First day"))
        self.addOutput(QgsProcessingOutputString("LAST_DATE", "Last day"))

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Refuse files that cannot be written, and layers without a time."""
        if text := written_path(parameters.get("OUTPUT"), context):
            film_file.check_ending(Path(text))
            check_place(Path(text))
        if text := written_path(parameters.get("FRAMES"), context):
            film_file.check_frames(Path(text))
        check_label(self.parameterAsString(parameters, "LABEL", context))
        self._read_scene(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Copy the layers, which belong to the project."""
        self._recipe, self._scene = self._read_scene(parameters, context)
        # Without a recipe, a connection that makes no sense is no matter.
        self._connection = settings.connection() if self._recipe else None
        self._look = Look(
            width=self.parameterAsInt(parameters, "WIDTH", context),
            height=self.parameterAsInt(parameters, "HEIGHT", context),
            label=check_label(self.parameterAsString(parameters, "LABEL", context)),
            step=self.parameterAsEnumString(parameters, "STEP", context),
        )
        self._transforms = context.transformContext()
        self._expressions = QgsExpressionContext(context.expressionContext())

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Plan the frames, then draw and write them one by one."""
        file = Path(self.parameterAsFileOutput(parameters, "OUTPUT", context))
        folder = self.parameterAsString(parameters, "FRAMES", context)
        seconds = self.parameterAsDouble(parameters, "SECONDS", context)
        with self._scene.adopted(), self._running(feedback) as is_cancelled:
            film = Film(self._scene, self._look, self._transforms, self._expressions)
            count, size = len(film.spans), film.size
            film_file.check_pixels(file, count * size.width() * size.height())
            feedback.pushInfo(
                printable(
                    _(
                        "{count} frames of {width} x {height} pixels, {seconds:g} s each.",
                        count=count,
                        width=size.width(),
                        height=size.height(),
                        seconds=seconds,
                    )
                )
            )
            pictures = film.draw(feedback, is_cancelled)
            with closing(pictures):
                film_file.write_film(pictures, count, seconds, file, Path(folder) if folder else None)
        return {
            "OUTPUT": str(file),
            "FRAMES": folder,
            "FRAME_COUNT": count,
            "FIRST_DATE": film.spans[0].begin.date().isoformat(),
            "LAST_DATE": max(span.last_day() for span in film.spans).isoformat(),
        }

    def _read_scene(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> tuple[Recipe[Periodic] | None, Scene]:
        recipe = read_periodic(self.parameterAsString(parameters, "RECIPE", context))
        return recipe, read_scene(self, parameters, context, recipe.scenes.region if recipe else None)

    @contextmanager
    def _running(self, feedback: QgsProcessingFeedback) -> Iterator[Callable[[], bool]]:
        """Open a run where there is a recipe, make its layers, and tell how to see that the user wants it to end."""
        if self._recipe is None or self._connection is None:
            stop = threading.Event()
            with interrupts(stop):
                yield lambda: stop.is_set() or feedback.isCanceled()
            return
        with Run(self._connection, feedback) as run:
            self._scene.put_on_top(live_layers(run, self._recipe))
            yield run.is_cancelled
