"""Tasks that go on after their run was cancelled: a line in the message bar asks whether they are cancelled, too."""

from __future__ import annotations

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.language import _, ngettext
from ..earthengine.session import Connection
from ..processing.listeners import TASKS_GO_ON
from .messages import Messages
from .tasks_dock import TasksDock

_AFTER_QGIS = 1000
"""Milliseconds after which QGIS has said in the message bar that a run has ended."""


class LeftTasks(QObject):
    """Listens to runs, from its construction to `stop`.

    Args:
        messages: The message bar.
        dock: Where it is seen what becomes of the tasks.
    """

    _left_behind = pyqtSignal(object, object)

    def __init__(self, messages: Messages, dock: TasksDock) -> None:
        super().__init__()
        self._messages, self._dock = messages, dock
        self._left: tuple[Connection, tuple[str, ...]] | None = None
        # After QGIS's own line about the run that was cancelled, or it would lie on ours.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        # A signal, because runs are in threads of their own.
        self._left_behind.connect(self._keep)
        self._tell = self._left_behind.emit
        TASKS_GO_ON.add(self._tell)

    def stop(self) -> None:
        """Listen no more."""
        TASKS_GO_ON.remove(self._tell)
        self._left_behind.disconnect(self._keep)
        self._timer.stop()

    def _keep(self, connection: Connection, identities: tuple[str, ...]) -> None:
        self._left = connection, identities
        self._timer.start(_AFTER_QGIS)

    def _show(self) -> None:
        left, self._left = self._left, None
        if left is None:
            return
        connection, identities = left
        count = len(identities)
        self._messages.show(
            ngettext(
                "The run was cancelled. Its task goes on.",
                "The run was cancelled. Its {count} tasks go on.",
                count,
            ),
            {
                ngettext("Cancel the task too", "Cancel the tasks too", count): lambda: self._cancel(
                    connection, identities
                ),
                _("Show tasks"): self._dock.open,
            },
        )

    def _cancel(self, connection: Connection, identities: tuple[str, ...]) -> None:
        self._dock.open()
        self._dock.watch.cancel(identities, connection)
