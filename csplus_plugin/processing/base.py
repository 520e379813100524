"""What every algorithm shares: names, help, checks, and errors as one sentence."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFileDestination,
)
from qgis.PyQt.QtGui import QIcon

from ..core.about import ROOT, help_page
from ..core.errors import CsPlusError, SignInNeeded
from ..core.language import _
from ..core.text import printable
from .emptied import kept_empty
from .listeners import NO_ACCOUNT
from .values import check_names, checked_values

GROUPS = {
    "composites": ("Composites", "composite.svg"),
    "evidence": ("Evidence", "evidence.svg"),
    "models": ("Models", "composite.svg"),
    "connection": ("Connection", "connection.svg"),
}
"""Group id -> its name and its icon."""

SHARED_TAGS = ("cloud score+", "sentinel-2", "earth engine", "gee", "cloud")
"""Words by which the toolbox finds all of them."""


class CsPlusAlgorithm(QgsProcessingAlgorithm):
    """An algorithm of this plugin: it declares, `check` refuses, `read` reads, `work` works, `finish` loads.

    A subclass fills the class attributes and the methods; a `CsPlusError` raised in any of them reaches the user
    as one sentence.

    Attributes:
        ID: Id without the provider; must never change.
        NAME: Name in the toolbox.
        GROUP: Id of its group, a key of `GROUPS`.
        SUMMARY: One sentence.
        HELP: Plain paragraphs.
        TAGS: Words by which the toolbox finds it, beside those that all share.
        HELP_SECTION: Section of the README that the dialog's *Help* opens.
    """

    ID: ClassVar[str]
    NAME: ClassVar[str]
    GROUP: ClassVar[str]
    SUMMARY: ClassVar[str]
    HELP: ClassVar[str]
    TAGS: ClassVar[tuple[str, ...]] = ()
    HELP_SECTION: ClassVar[str] = "algorithms"

    def declare(self) -> None:
        """Add parameters and outputs."""
        raise NotImplementedError

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Refuse what can be seen without a request: raise `InvalidChoice`."""
        raise NotImplementedError

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read the parameters, in the main thread."""
        raise NotImplementedError

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work, in a worker thread, and return the outputs."""
        raise NotImplementedError

    def cost(self) -> dict[str, Any]:
        """Give the outputs that tell what the run took, once it is over: here, none."""
        return {}

    def finish(self, context: QgsProcessingContext, results: dict[str, Any]) -> None:
        """Make layers, in the main thread (in a model, in the model's), and add them to the results."""

    def createInstance(self) -> CsPlusAlgorithm:
        """Give Processing a fresh one: nothing is shared between runs."""
        return type(self)()

    def name(self) -> str:
        """Give the id without the provider."""
        return self.ID

    def displayName(self) -> str:
        """Give the name in the toolbox."""
        return _(self.NAME)

    def groupId(self) -> str:
        """Give the id of the group."""
        return self.GROUP

    def group(self) -> str:
        """Give the name of the group."""
        return _(GROUPS[self.GROUP][0])

    def icon(self) -> QIcon:
        """Give the icon of the group."""
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        """Give the icon of the group to the modeler."""
        return str(ROOT / "resources" / "icons" / GROUPS[self.GROUP][1])

    def tags(self) -> list[str]:
        """Give the words by which the toolbox finds it."""
        return [*SHARED_TAGS, *self.TAGS]

    def shortDescription(self) -> str:
        """Give one sentence."""
        return _(self.SUMMARY)

    def shortHelpString(self) -> str:
        """Give plain paragraphs: `qgis_process` prints them as they are, the dialog joins their lines."""
        return html.escape(_(self.HELP), quote=False)

    def helpUrl(self) -> str:
        """Give the address that the dialog's *Help* opens."""
        return help_page(self.HELP_SECTION)

    def addParameter(self, definition: QgsProcessingParameterDefinition, createOutput: bool = True) -> bool:  # noqa: FBT001, FBT002, N803
        """Add a parameter, with its label and its help in the user's language."""
        return super().addParameter(in_users_language(definition), createOutput)

    def addOutput(self, definition: QgsProcessingOutputDefinition) -> bool:
        """Add an output, with its label in the user's language."""
        definition.setDescription(_(definition.description()))
        return super().addOutput(definition)

    def initAlgorithm(self, configuration: Mapping[str, Any] | None = None) -> None:
        """Declare parameters and outputs."""
        del configuration
        self.declare()

    def checkParameterValues(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse wrong types, unknown names and combinations that make no sense."""
        try:
            check_names(self, parameters)
            values = checked_values(self, parameters, context)
            self.check(values, context)
        except CsPlusError as problem:
            return False, str(problem)
        except Exception as problem:  # noqa: BLE001 one that leaves this function ends QGIS
            return False, cannot_check(problem)
        return super().checkParameterValues(values, context)

    def preprocessParameters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Let history and commands keep what was emptied in the dialog, which calls this."""
        return kept_empty(self.parameterDefinitions(), parameters)

    def prepareAlgorithm(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Read the parameters."""
        del feedback
        with _Sentence() as sentence:
            self.read(checked_values(self, parameters, context), context)
        sentence.raise_if_any()
        return True

    def processAlgorithm(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do the work, and say how long it took."""
        begin = time.monotonic()
        with _Sentence() as sentence:
            self._results = self.work(checked_values(self, parameters, context), context, feedback)
            self._results |= self.cost()
        sentence.raise_if_any()
        feedback.pushInfo(_("Done in {seconds:.1f} s.", seconds=time.monotonic() - begin))
        return self._results

    def postProcessAlgorithm(
        self, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Finish, and return the results again: QGIS takes these in the place of the first."""
        del feedback
        with _Sentence() as sentence:
            self.finish(context, self._results)
        sentence.raise_if_any()
        return self._results


def in_users_language(definition: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """Translate label, help and kinds of files of a parameter."""
    definition.setDescription(_(definition.description()))
    definition.setHelp(_(definition.help()))
    if isinstance(definition, QgsProcessingParameterFileDestination):
        definition.setFileFilter(_(definition.fileFilter()))
    return definition


def cannot_check(problem: Exception) -> str:
    """Say that a check of parameters failed where nothing of a user's should."""
    return printable(
        _(
            "The parameters cannot be checked: {kind} ({problem}).",
            kind=type(problem).__name__,
            problem=problem,
        )
    )


class _Sentence:
    """Keeps what a user's error says, and lets go of the error.

    QGIS never frees what is raised to it, and on an error hang the frames that it came through: their layers would
    stay open until the end of QGIS. So it is raised anew, when nothing hangs on it.
    """

    def __init__(self) -> None:
        self._text = ""

    def __enter__(self) -> _Sentence:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(problem, CsPlusError):
            return False
        if isinstance(problem, SignInNeeded):
            NO_ACCOUNT.tell(problem.what)
        self._text = str(problem)
        return True

    def raise_if_any(self) -> None:
        """Raise it as Processing wants it."""
        if self._text:
            raise QgsProcessingException(self._text)
