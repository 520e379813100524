"""From an algorithm to the project: a layer, and what is done with it once it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingUtils,
    QgsRasterLayer,
)

from . import legend

_alive: list[_OnLoad] = []
"""QGIS does not own post-processors: one that Python lets go of is silently dropped."""


class _OnLoad(QgsProcessingLayerPostProcessorInterface):
    """Runs in the main thread, when the layer is in the project."""

    def __init__(self, action: Callable[[Any], None]) -> None:
        super().__init__()
        self._action = action

    def postProcessLayer(
        self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        del feedback
        self._action(layer)
        project = context.project()
        if project is not None and isinstance(layer, QgsRasterLayer):
            legend.shorten(layer, project)


def load_layer(
    layer: QgsRasterLayer, context: QgsProcessingContext, output: str, *, group: str = "", place: int = 0
) -> str:
    """Pass on a layer that is no destination of Processing, and ask for it to be loaded.

    Args:
        layer: The layer.
        context: Of the run.
        output: Name of the output that it belongs to.
        group: Group of the layer tree to put it in, made where there is none; empty for none.
        place: Layers with higher numbers come to lie on those with lower ones.

    Returns:
        Its id, the value of the output.
    """
    context.temporaryLayerStore().addMapLayer(layer)
    project = context.project()  # None in qgis_process without a project
    if project is not None:
        details = QgsProcessingContext.LayerDetails(
            layer.name(), project, output, QgsProcessingUtils.LayerHint.Raster
        )
        details.forceName = True
        details.groupName, details.layerSortKey = group, place
        details.setPostProcessor(_kept(lambda _: None))
        context.addLayerToLoadOnCompletion(layer.id(), details)
    return layer.id()


def finish_layer(
    result: str, name: str, context: QgsProcessingContext, action: Callable[[Any], None]
) -> None:
    """Name the layer of a file or a sink, and run `action` on it once it is loaded; nothing where it is not."""
    if not context.willLoadLayerOnCompletion(result):
        return
    details = context.layerToLoadOnCompletionDetails(result)
    details.name, details.forceName = name, True
    details.setPostProcessor(_kept(action))


def _kept(action: Callable[[Any], None]) -> _OnLoad:
    _alive.append(_OnLoad(action))
    return _alive[-1]


def forget() -> None:
    """Let go of the post-processors that were kept for QGIS."""
    _alive.clear()
