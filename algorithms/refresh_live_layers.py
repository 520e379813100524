"""Refresh live layers: new tile addresses for the live layers of a project, or for some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingParameterMultipleLayers,
)

from ..csplus_plugin import settings
from ..csplus_plugin.core.errors import CsPlusError, InvalidChoice
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.text import clean
from ..csplus_plugin.layers import minting
from ..csplus_plugin.layers.project_file import save
from ..csplus_plugin.layers.swap import LiveLayer, read_live, swap
from ..csplus_plugin.processing.base import CsPlusAlgorithm
from ..csplus_plugin.processing.run import Run


class RefreshLiveLayers(CsPlusAlgorithm):
    """Mints the layers' recipes anew in a worker thread, and swaps the addresses in the main thread."""

    ID = "refreshlivelayers"
    NAME = "Refresh live layers"
    GROUP = "connection"
    SUMMARY = "Gives live layers new tile addresses, made from the recipes that they carry."
    HELP = (
        "Earth Engine serves the tiles of a live layer for some hours. QGIS renews the live layers of a project by "
        "itself when the project is opened, and when tiles are refused; this does it on demand, in a model, or from a "
        "terminal for a project that others publish.\n\n"
        "Style, opacity, order and dates of the layers stay as they are. Run by qgis_process with --PROJECT_PATH, the "
        "project file is saved, as nothing of it would be left otherwise; in QGIS, saving is up to you.\n\n"
        "It fails if no layer could be renewed; the log names each that could not."
    )
    TAGS = ("live layer", "renew", "expired", "tiles", "project")
    HELP_SECTION = "live-layers"

    def declare(self) -> None:
        """Add the layers, and what is counted."""
        layers = QgsProcessingParameterMultipleLayers(
            "LAYERS",
            "Live layers (empty: all of the project)",
            Qgis.ProcessingSourceType.Raster,
            optional=True,
        )
        layers.setHelp("Live layers of this plugin; without a choice, all of the project's.")
        self.addParameter(layers)
        self.addOutput(QgsProcessingOutputNumber("RENEWED", "Layers renewed"))
        self.addOutput(QgsProcessingOutputNumber("FAILED", "Layers that could not be renewed"))

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Refuse to run where there is nothing to renew."""
        self._find(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Find the layers, and read the settings."""
        self._layers = self._find(parameters, context)
        self._connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Mint the addresses."""
        del parameters, context
        self._minted: list[minting.Minted] = []
        with Run(self._connection, feedback) as run:
            for minted in minting.renew(self._layers, self._connection, lambda: run.client, force=True):
                self._minted.append(minted)
                run.show(100 * len(self._minted) / len(self._layers), "Renewing")
                if minted.problem:
                    run.warn(
                        _(
                            "{name} could not be renewed. {problem}",
                            name=clean(minted.layer.name),
                            problem=minted.problem,
                        )
                    )
        failed = [minted for minted in self._minted if minted.problem]
        if len(failed) == len(self._minted):
            raise CsPlusError(_("No live layer could be renewed."), failed[0].problem)
        return {"RENEWED": len(self._minted) - len(failed), "FAILED": len(failed)}

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Swap the addresses; in `qgis_process`, save the project."""
        del results
        for minted in self._minted:
            layer = context.getMapLayer(minted.layer.id)
            if layer is not None and minted.tile_url and minted.region is not None:
                swap(layer, minted.tile_url, minted.region)
        project = context.project()
        if QgsApplication.platform() == "qgis_process" and project is not None and project.fileName():
            save(project)

    def _find(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> list[LiveLayer]:
        project = context.project()
        chosen = self.parameterAsLayerList(parameters, "LAYERS", context)
        if not chosen and project is not None:
            chosen = list(project.mapLayers().values())
        found = [live for live in map(read_live, chosen) if live is not None]
        if not found:
            raise InvalidChoice(
                _("There is no live layer of Cloud Score+."),
                _("Open a project that holds one; in a terminal, name it with --PROJECT_PATH."),
            )
        return found
