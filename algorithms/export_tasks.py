"""Export tasks: what Earth Engine computes by itself for the project, to see, to wait for, to cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterString,
)

from ..csplus_plugin import settings
from ..csplus_plugin.core.errors import BadRequest, InvalidChoice
from ..csplus_plugin.core.language import _, marked
from ..csplus_plugin.core.table import Column, Table
from ..csplus_plugin.earthengine.operations import Operation
from ..csplus_plugin.earthengine.tasks import read_identities
from ..csplus_plugin.processing.base import CsPlusAlgorithm
from ..csplus_plugin.processing.destinations import table_file
from ..csplus_plugin.processing.exporting import describe, require_done, state_of, wait_for
from ..csplus_plugin.processing.parameters import add, choice, explained
from ..csplus_plugin.processing.run import Run
from ..csplus_plugin.processing.tables import write_table

_ACTIONS = {
    "list": "the project's tasks, this plugin's first, or those of TASK_ID",
    "wait": "until the tasks of TASK_ID are over; without one, those of this plugin",
    "cancel": "the tasks of TASK_ID",
}
_SAID = 20
"""Tasks that the log names; the table has all."""

_COLUMNS = (
    Column("task_id", "text", marked("Id of the task")),
    Column("ours", "flag", marked("Started by this plugin")),
    Column("description", "text", marked("Description")),
    Column("kind", "text", marked("What it makes")),
    Column("state", "text", marked("State")),
    Column("progress", "number", marked("Share that is done (percent)")),
    Column("created", "text", marked("Started by somebody (UTC)")),
    Column("started", "text", marked("Began to run (UTC)")),
    Column("ended", "text", marked("Was over (UTC)")),
    Column("attempt", "whole", marked("How often it was tried")),
    Column("eecu_seconds", "number", marked("Computation that it cost (EECU-seconds)")),
    Column("error", "text", marked("Why it failed")),
    Column("links", "text", marked("Addresses of the result")),
)


class ExportTasks(CsPlusAlgorithm):
    """Lists, waits for and cancels tasks."""

    ID = "exporttasks"
    NAME = "Export tasks"
    GROUP = "connection"
    SUMMARY = "Lists the export tasks of the project, waits for them, or cancels them."
    HELP = (
        "Tasks go on at Earth Engine when QGIS is closed. This lists them with state, progress, cost and errors, those "
        "that this plugin started first; waits until some are over; or cancels some.\n\n"
        "The ids of tasks are the output TASK_IDS of csplus:exportcomposite, so that a model can start tasks in one "
        "step and wait for them in a later one. Waiting fails if one of the tasks fails or is cancelled. A cancel of "
        "the run ends the waiting and not the tasks."
    )
    TAGS = ("batch", "task", "export", "operations", "wait", "cancel")
    HELP_SECTION = "when-it-is-too-large"

    def declare(self) -> None:
        """Add the action, the tasks, the table, and what is returned."""
        add(self, choice("ACTION", "Action", _ACTIONS, "list"), explained(_ACTIONS))
        add(
            self,
            QgsProcessingParameterString("TASK_ID", "Ids of tasks", optional=True),
            "Ids of tasks, separated by commas.",
        )
        table = QgsProcessingParameterFeatureSink("TABLE", "Tasks", optional=True, createByDefault=False)
        add(self, table, "Table with a row for each task: GeoPackage, CSV or a memory layer.")
        self.addOutput(QgsProcessingOutputNumber("TASK_COUNT", "Tasks"))
        self.addOutput(QgsProcessingOutputString("STATE", "State of the tasks"))

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Refuse ids that are none, and to cancel everything."""
        self._read(parameters, context)

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read parameters and settings."""
        self._read(parameters, context)
        self._connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Do it, tell of each task, and write the table."""
        with Run(self._connection, feedback) as run:
            found = self._act(run)
            for task in found[:_SAID]:
                run.say(f"{task.identity} {describe(task)}")
            if len(found) > _SAID:
                run.say(_("And {count} more.", count=len(found) - _SAID))
            if not found:
                run.say(_("There are no tasks."))
        rows = tuple(_row(task) for task in found)
        table = write_table(Table(rows), _COLUMNS, self, parameters, "TABLE", context)
        if self._action == "wait":
            require_done(found)
        return {"TABLE": table, "TASK_COUNT": len(found), "STATE": state_of(found) if found else ""}

    def _read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        table_file(parameters, "TABLE", context)
        self._action = self.parameterAsEnumString(parameters, "ACTION", context)
        self._identities = read_identities(self.parameterAsString(parameters, "TASK_ID", context))
        if self._action == "cancel" and not self._identities:
            raise InvalidChoice(
                _("No task is named to cancel."), _("Give TASK_ID; the action list shows the ids.")
            )

    def _act(self, run: Run) -> Sequence[Operation]:
        if self._identities:
            tasks = [_find(run, identity) for identity in self._identities]
        else:
            tasks = sorted(run.client.tasks(), key=lambda task: not task.is_ours)
        if self._action == "list":
            return tasks
        if self._action == "wait":
            chosen = (
                tasks if self._identities else [task for task in tasks if task.is_ours and not task.is_over]
            )
            return wait_for(run, chosen)
        for task in tasks:
            if not task.is_over:
                run.client.cancel_task(task.identity)
        return [run.client.task(identity) for identity in self._identities]


def _find(run: Run, identity: str) -> Operation:
    try:
        return run.client.task(identity)
    except BadRequest as refused:
        raise BadRequest(
            refused.what,
            _("Without TASK_ID, the action list shows the project's tasks."),
            status=refused.status,
        ) from refused


def _row(task: Operation) -> tuple[Any, ...]:
    return (
        task.identity,
        task.is_ours,
        task.description,
        task.kind,
        task.state,
        100 * task.progress,
        task.created or None,
        task.started or None,
        task.ended or None,
        task.attempt,
        task.eecu_seconds,
        task.error or None,
        " ".join(task.links) or None,
    )
