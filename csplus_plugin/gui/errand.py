"""One errand to the service for a window, away from the main thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import SignInNeeded
from ..core.language import _
from ..layers.background_task import BackgroundTask


class Errand(BackgroundTask):
    """Runs a function in a thread of QGIS's pool, and brings back what it gives.

    Args:
        title: What QGIS calls it.
        work: Gets a function that tells whether it is cancelled; raises a `CsPlusError` with what the user is told.

    Signals:
        done: What the function gave.
        failed: What went wrong, a sentence, and whether there is no account.
    """

    done = pyqtSignal(object)
    failed = pyqtSignal(str, bool)

    def __init__(self, title: str, work: Callable[[Callable[[], bool]], Any]) -> None:
        super().__init__(title)
        self._work = work
        self._found: Any = None

    def work(self) -> None:
        """Run the function."""
        self._found = self._work(self.is_unwanted)

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Bring it back, in the main thread."""
        if self.is_dropped:
            return
        if not result:
            self.failed.emit(_("Cancelled."), False)
        elif self.problem is not None:
            self.failed.emit(str(self.problem), isinstance(self.problem, SignInNeeded))
        else:
            self.done.emit(self._found)
