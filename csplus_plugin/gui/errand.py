"""One errand to the service for a window, away from the main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled, CsPlusError, SignInNeeded
from ..core.language import _
from ..core.text import clean

_PATIENCE = 2.0
"""Seconds that the plugin's end waits for the thread, which obeys a cancel within a tenth of one."""


class Errand(QgsTask):
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
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(title, flags)
        self._work = work
        self._found: Any = None
        self._problem, self._has_no_account = _("Cancelled."), False
        self._is_dropped = False
        self._over = threading.Event()

    def run(self) -> bool:
        """Run it; an exception that left this function would be printed and lost."""
        try:
            self._found = self._work(self._is_over)
            self._problem = ""
        except Cancelled:
            pass
        except CsPlusError as problem:
            self._problem, self._has_no_account = str(problem), isinstance(problem, SignInNeeded)
        except Exception as defect:  # noqa: BLE001 an answer of anybody's, in the hands of Google's library
            self._problem = clean(f"{type(defect).__name__}: {defect}.")
        finally:
            self._over.set()
        return True

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Bring it back, in the main thread."""
        del result
        if self._is_dropped:
            return
        if self._problem:
            self.failed.emit(self._problem, self._has_no_account)
        else:
            self.done.emit(self._found)

    @property
    def is_over(self) -> bool:
        """Whether its thread is out of our code."""
        return self._over.is_set()

    def drop(self) -> bool:
        """Nobody waits for it any more: give whether its thread is still in our code."""
        self._is_dropped = True
        if self._over.is_set():  # QGIS may have deleted it
            return False
        is_running = self.status() == QgsTask.TaskStatus.Running
        self.cancel()
        return is_running

    def wait(self) -> None:
        """Wait until the thread of a dropped one is out of our code."""
        self._over.wait(_PATIENCE)

    def _is_over(self) -> bool:
        return self._is_dropped or self.isCanceled()
