"""A question to the service that a window asks: in a thread of QGIS's pool, and dropped when nobody waits any more."""

from __future__ import annotations

import threading
from typing import ClassVar

from qgis.core import QgsTask

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _, marked
from ..core.text import clean

_PATIENCE = 2.0
"""Seconds that the plugin's end waits for the thread, which obeys a cancel within a tenth of one."""


class BackgroundTask(QgsTask):
    """A subclass asks in `work`, and hands over what it found in `finished`, which QGIS calls in the main thread.

    Args:
        title: What QGIS calls it.

    Attributes:
        DEFECT: What the user is told of an exception that is no error of ours, with `{kind}` and `{defect}`.
        problem: What went wrong; None: nothing.
    """

    DEFECT: ClassVar[str] = marked("This went wrong: {kind} ({defect}).")

    def __init__(self, title: str) -> None:
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(title, flags)
        self.problem: CsPlusError | None = None
        self.is_dropped = False
        self._over = threading.Event()

    def work(self) -> None:
        """Ask, in the task's thread, as long as `is_unwanted` is false; raise `CsPlusError` with what is told."""
        raise NotImplementedError

    def run(self) -> bool:
        """Work; an exception that left this function would be printed and lost."""
        try:
            self.work()
        except Cancelled:
            return False
        except CsPlusError as problem:
            self.problem = problem
        except Exception as defect:  # noqa: BLE001 an answer or a recipe of anybody's, in the hands of Google's library
            self.problem = CsPlusError(clean(_(self.DEFECT, kind=type(defect).__name__, defect=defect)))
        finally:
            self._over.set()
        return True

    @property
    def is_over(self) -> bool:
        """Whether its thread is out of our code."""
        return self._over.is_set()

    def is_unwanted(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return self.is_dropped or self.isCanceled()

    def drop(self) -> bool:
        """Nobody waits for it any more: give whether its thread is still in our code."""
        self.is_dropped = True
        if self._over.is_set():  # QGIS may have deleted it
            return False
        is_running = self.status() == QgsTask.TaskStatus.Running
        self.cancel()
        return is_running

    def wait(self) -> None:
        """Wait until the thread of a dropped one is out of our code."""
        self._over.wait(_PATIENCE)

    def abandon(self) -> None:
        """Drop it, and wait until its thread is out of our code."""
        if self.drop():
            self.wait()
