"""The one way to deliver: questions first, then live layer, file, script. Every drawing algorithm goes it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputString,
)

from ..csplus_plugin import settings
from ..csplus_plugin.core import composite, script, survey
from ..csplus_plugin.core.errors import InvalidChoice
from ..csplus_plugin.core.grid import grid_for
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.download.cog import COG
from ..csplus_plugin.download.download import download
from ..csplus_plugin.download.fetch import FetchOptions
from ..csplus_plugin.download.layout import Layout
from ..csplus_plugin.download.plan import Plan, plan
from ..csplus_plugin.download.progress import Progress
from ..csplus_plugin.earthengine.client import Client, encoded
from ..csplus_plugin.earthengine.dependencies import ee_place, ee_version, prepare_expressions
from ..csplus_plugin.earthengine.session import SANDBOX, Connection, close_sessions, session_for
from ..csplus_plugin.layers import hand_over, provenance, style
from ..csplus_plugin.layers.live import live_layer
from ..csplus_plugin.provider import version
from .interrupts import interrupts

_COUNTS = {
    "SCENE_COUNT": "Scenes found",
    "SCORED_COUNT": "Scenes with a score",
    "UNSCORED_COUNT": "Scenes without a score",
    "DATE_COUNT": "Distinct days",
}
_TEXTS = {
    "TILE_URL": "Tile address of the live layer",
    "RECIPE": "Recipe (JSON)",
    "FIRST_DATE": "Day of the first scene",
    "LAST_DATE": "Day of the last scene",
}


@dataclass(frozen=True)
class Destinations:
    """Where a result goes.

    Attributes:
        live: Make a live layer.
        file: GeoTIFF to write, or None.
        cloud_optimized: Write it as a COG.
        script: Script or recipe to write, or None.
    """

    live: bool
    file: Path | None
    cloud_optimized: bool
    script: Path | None

    @classmethod
    def read(
        cls, algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> Destinations:
        """Read them from the parameters.

        Once in a run, and in the worker thread: this also registers what is to be loaded, and QGIS forgets what was
        registered while the algorithm was being prepared.
        """
        raster = algorithm.parameterAsOutputLayer(parameters, "OUTPUT", context)
        text = algorithm.parameterAsFileOutput(parameters, "SCRIPT", context)
        return cls(
            live=algorithm.parameterAsBoolean(parameters, "LIVE", context),
            file=Path(raster) if raster else None,
            cloud_optimized=algorithm.parameterAsEnumString(parameters, "FORMAT", context) == COG,
            script=Path(text) if text else None,
        )


def check_destinations(parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
    """Refuse files whose endings name another format.

    Raises:
        InvalidChoice: With the endings that are possible.
    """
    raster = _written(parameters.get("OUTPUT"), context)
    if raster and Path(raster).suffix.lower() not in (".tif", ".tiff"):
        raise InvalidChoice(f"{Path(raster).name} is not a GeoTIFF.", "Choose a name that ends in .tif.")
    if text := _written(parameters.get("SCRIPT"), context):
        script.check_ending(Path(text))


def _written(destination: Any, context: QgsProcessingContext) -> str:
    """The path that a user wrote; empty for none and for a temporary file."""
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination, _ = destination.sink.valueAsString(context.expressionContext(), "")
    if not isinstance(destination, str) or destination == QgsProcessing.TEMPORARY_OUTPUT:
        return ""
    return destination


def add_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    """Declare what a delivery returns beside the destinations."""
    algorithm.addOutput(QgsProcessingOutputRasterLayer("LIVE_LAYER", "Live layer"))
    for name, label in _TEXTS.items():
        algorithm.addOutput(QgsProcessingOutputString(name, label))
    for name, label in _COUNTS.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


@dataclass
class Delivery:
    """One run: what was chosen, what is known so far, and the steps in order.

    Attributes:
        recipe: Every choice.
        title: Name of what is made, for layers.
        destinations: Where it goes.
        connection: Who computes it.
        context: Of the run.
        feedback: Of the run.
    """

    recipe: Recipe
    title: str
    destinations: Destinations
    connection: Connection
    context: QgsProcessingContext
    feedback: QgsProcessingFeedback

    def __post_init__(self) -> None:
        """Lay out the grid before anything is asked: a wrong CRS or resolution should cost no request."""
        self.plan = self._plan() if self.destinations.file else None
        if self.connection.endpoint == SANDBOX:
            self.feedback.pushInfo(
                "Starting the sandbox; on first use it writes its sample scenes, for some seconds."
            )
        self.session = session_for(self.connection)
        self.stop = threading.Event()
        self.client = Client(self.session, self._is_cancelled, self.feedback.pushInfo)
        scenes, mark = self.recipe.scenes, " (sandbox)" if self.session.is_sandbox else ""
        self.name = f"{self.title} {scenes.start} to {scenes.end}{mark}"

    def run(self) -> dict[str, Any]:
        """Answer the questions, then make what was asked for, and return the outputs.

        Raises:
            CsPlusError: Anything that a user can cause or that the service refuses.
        """
        try:
            with interrupts(self.stop):
                return self._run()
        except BaseException:
            # In qgis_process the end is near, and an embedded sandbox that still computes would crash it.
            if QgsApplication.platform() == "qgis_process":
                close_sessions()
            raise

    def _is_cancelled(self) -> bool:
        return self.stop.is_set() or self.feedback.isCanceled()

    def _run(self) -> dict[str, Any]:
        prepare_expressions(self.client.algorithms)
        self._introduce()
        found = self._survey()
        results: dict[str, Any] = {
            "RECIPE": self.recipe.to_json(),
            "SCENE_COUNT": found.scene_count,
            "SCORED_COUNT": found.scored_count,
            "UNSCORED_COUNT": len(found.unscored_ids),
            "DATE_COUNT": len(found.days),
            "FIRST_DATE": found.days[0].isoformat(),
            "LAST_DATE": found.days[-1].isoformat(),
            "TILE_URL": "",
        }
        # The file first: a live layer is not left in the project by a run that fails.
        if self.destinations.file is not None:
            self._download(found, self.destinations.file)
            results["OUTPUT"] = str(self.destinations.file)
        if self.destinations.live:
            results |= self._live(found)
        if self.destinations.script is not None:
            script.write(self.recipe, self.destinations.script)
            results["SCRIPT"] = str(self.destinations.script)
        if not (self.destinations.live or self.destinations.file or self.destinations.script):
            self.feedback.pushWarning(
                "Only the scenes were counted: neither LIVE nor OUTPUT nor SCRIPT was asked for."
            )
        self.feedback.pushInfo(f"{self.client.requests_made} requests to the service.")
        return results

    def _introduce(self) -> None:
        session = self.session
        if session.is_sandbox:
            self.feedback.pushWarning(
                f"{session.base_url} is a Cloud Score+ sandbox, not Google Earth Engine: its scenes are not Google's."
            )
        else:
            self.feedback.pushInfo(
                f"Earth Engine at {session.base_url}, project {session.project}, {session.account}."
            )
        self.feedback.pushDebugInfo(f"earthengine-api {ee_version()} from {ee_place()}")

    def _survey(self) -> survey.Survey:
        scenes = self.recipe.scenes
        found = survey.answer(scenes, self.client.value(survey.question(scenes)))
        for line in survey.report(found):
            self.feedback.pushInfo(line)
        for line in survey.warnings(scenes, found):
            self.feedback.pushWarning(line)
        return found

    def _live(self, found: survey.Survey) -> dict[str, Any]:
        url = self.client.map(composite.picture(self.recipe))
        layer = live_layer(url, self.name, self.recipe.scenes.region)
        provenance.describe(layer, self.recipe, found, sandbox=self.session.is_sandbox)
        return {"TILE_URL": url, "LIVE_LAYER": hand_over.layer(layer, self.context, "LIVE_LAYER")}

    def _plan(self) -> Plan:
        scenes = self.recipe.scenes
        grid = grid_for(scenes.region, self.recipe.output)
        code = composite.encoding(self.recipe)
        area = scenes.region if scenes.clip else None
        return plan(grid, len(composite.file_bands(self.recipe)), code.item_size, area)

    def _download(self, found: survey.Survey, path: Path) -> None:
        self.feedback.pushInfo(f"Download: {self.plan}")
        limit = settings.large_download()
        if self.plan.size > limit:
            self.feedback.pushWarning(
                f"More than {limit / 1e6:.0f} MB take their time. A batch export runs on the service alone: "
                "the script that SCRIPT writes has one in its last lines."
            )
        layout = Layout(
            grid=self.plan.grid,
            bands=composite.file_bands(self.recipe),
            encoding=composite.encoding(self.recipe),
            tags=provenance.tags(
                self.recipe,
                found,
                endpoint=self.session.base_url,
                version=version(),
                sandbox=self.session.is_sandbox,
            ),
            compression=settings.compression(),
        )
        download(
            self.client,
            encoded(composite.pixels(self.recipe)),
            self.plan,
            layout,
            path,
            cloud_optimized=self.destinations.cloud_optimized,
            options=FetchOptions(memory=settings.bytes_in_flight()),
            progress=Progress(self.plan.size, self._show, self.feedback.pushInfo, self.feedback.pushWarning),
            archive=f"{found.scene_count} scenes, {found.scored_count} scored",
            is_cancelled=self._is_cancelled,
        )
        recipe, sandbox = self.recipe, self.session.is_sandbox

        def finish(layer: Any) -> None:
            style.apply(layer, recipe)
            provenance.describe(layer, recipe, found, sandbox=sandbox)

        hand_over.file(str(path), self.name, self.context, finish)

    def _show(self, percent: float, text: str) -> None:
        self.feedback.setProgress(percent)
        self.feedback.setProgressText(text)
