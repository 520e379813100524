"""A model that comes with the plugin: QGIS's own model algorithm, with a name, help and checks as ours have them."""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

from ..core.about import ROOT, help_page
from ..core.errors import CsPlusError
from ..core.language import _
from .base import GROUPS, SHARED_TAGS, cannot_check, in_users_language
from .emptied import kept_empty
from .parameters import dress
from .values import check_names, checked_values

MODELS = ROOT / "resources" / "models"


class ShippedModel(QgsProcessingModelAlgorithm):
    """Chains algorithms; the file says which.

    QGIS drops the destinations of children that it does not find, so it is to be made when their providers are there.

    Args:
        file: The `.model3`.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self.fromFile(str(file))
        self.setSourceFilePath(str(file))  # without it, QGIS writes no command of Python
        texts = {str(name).casefold().replace(" ", "_"): text for name, text in self.helpContent().items()}
        for definition in self.parameterDefinitions():
            dress(definition)
        for definition in self.destinationParameterDefinitions():
            definition.setHelp(str(texts.get(definition.name(), "")))
        for definition in self.parameterDefinitions():
            in_users_language(definition)
        for output in self.outputDefinitions():
            output.setDescription(_(output.description()))

    def createInstance(self) -> ShippedModel:
        """Give Processing a fresh one: nothing is shared between runs."""
        return ShippedModel(self._file)

    def displayName(self) -> str:
        """Give the name in the toolbox."""
        return _(self._text("NAME"))

    def group(self) -> str:
        """Give the name of the group."""
        return _(GROUPS[self.groupId()][0])

    def icon(self) -> QIcon:
        """Give the icon of the group."""
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        """Give the icon of the group to the modeler."""
        return str(ROOT / "resources" / "icons" / GROUPS[self.groupId()][1])

    def helpUrl(self) -> str:
        """Give the address that the dialog's *Help* opens."""
        return help_page("algorithms")

    def tags(self) -> list[str]:
        """Give the words by which the toolbox finds it."""
        return [*SHARED_TAGS, *self._text("TAGS").split(",")]

    def shortDescription(self) -> str:
        """Give one sentence."""
        return _(super().shortDescription())

    def shortHelpString(self) -> str:
        """Give plain paragraphs: `qgis_process` prints them as they are."""
        return html.escape(_(self._text("ALG_DESC")), quote=False)

    def checkParameterValues(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse wrong types and unknown names."""
        try:
            check_names(self, parameters)
            checked_values(self, parameters, context)
        except CsPlusError as problem:
            return False, str(problem)
        except Exception as problem:  # noqa: BLE001 one that leaves this function ends QGIS
            return False, cannot_check(problem)
        return super().checkParameterValues(parameters, context)

    def preprocessParameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Let history and commands keep what was emptied in the dialog, which calls this."""
        return kept_empty(self.parameterDefinitions(), parameters)

    def processAlgorithm(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run it in a context of its own.

        In one where a model ran before, or runs around it, QGIS takes the results of that one's steps for those of the
        same name.
        """
        own = QgsProcessingContext()
        own.copyThreadSafeSettings(context)
        own.clearModelResult()
        own.setLayersToLoadOnCompletion(context.layersToLoadOnCompletion())
        own.temporaryLayerStore().transferLayersFromStore(context.temporaryLayerStore())
        try:
            return super().processAlgorithm(parameters, own, feedback)
        finally:
            # Taken over are also post-processors, which a context deletes with itself, and the results of steps.
            own.copyThreadSafeSettings(context)
            context.takeResultsFrom(own)

    def _text(self, name: str) -> str:
        return str(self.helpContent().get(name, ""))
