"""From a worker thread to the project: a layer, and what is done with it once it is there."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
)

_alive: list[QgsProcessingLayerPostProcessorInterface] = []
"""QGIS does not own post-processors: one that Python drops never runs, and nobody is told."""


class _OnLoad(QgsProcessingLayerPostProcessorInterface):
    """Runs in the main thread, when the layer is in the project."""

    def __init__(self, action: Callable[[QgsMapLayer], None]) -> None:
        super().__init__()
        self._action = action

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        del context, feedback
        self._action(layer)


def layer(made: QgsMapLayer, context: QgsProcessingContext, output: str) -> str:
    """Pass on a layer that has no file, and ask for it to be loaded; returns its id, the output's value."""
    context.temporaryLayerStore().addMapLayer(made)
    project = context.project()  # None in qgis_process without a project
    if project is not None:
        details = QgsProcessingContext.LayerDetails(
            made.name(), project, output, QgsProcessingUtils.LayerHint.Raster
        )
        details.forceName = True
        context.addLayerToLoadOnCompletion(made.id(), details)
    return made.id()


def file(path: str, name: str, context: QgsProcessingContext, action: Callable[[QgsMapLayer], None]) -> None:
    """Name a file's layer and style it, if the user wants it loaded."""
    if not context.willLoadLayerOnCompletion(path):
        return
    details = context.layerToLoadOnCompletionDetails(path)
    details.name, details.forceName = name, True
    _alive.append(_OnLoad(action))
    details.setPostProcessor(_alive[-1])


def forget() -> None:
    """Let go of what was kept for QGIS."""
    _alive.clear()
