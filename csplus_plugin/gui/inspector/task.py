"""One question for every look at a pixel, off the main thread."""

from __future__ import annotations

import threading
from pathlib import Path

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ...core.errors import Cancelled, CsPlusError
from ...core.language import _
from ...core.looks.spot import Spot
from ...core.text import clean
from ...earthengine.session import Connection
from ...layers.looking import Looked, look_at
from ...layers.swap import LiveLayer

_PATIENCE = 2.0
"""Seconds that the plugin's end waits for the thread, which obeys a cancel within a tenth of one."""


class LookTask(QgsTask):
    """Asks for one pixel; QGIS runs it in a thread of its pool.

    Args:
        number: Of the click, given back with every answer: an answer may be on its way when a newer click comes.
        carrier: What carries the layer's recipe.
        place: Longitude and latitude, degrees.
        connection: Who computes.

    Signals:
        placed: Number of the click, and its pixel, a `Spot`.
        ended: Number of the click, what was found (`Looked`, or None), and what went wrong, a sentence.
    """

    placed = pyqtSignal(int, object)
    ended = pyqtSignal(int, object, str)

    def __init__(
        self,
        number: int,
        carrier: Path | LiveLayer | None,
        place: tuple[float, float],
        connection: Connection,
    ) -> None:
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(_("Looking at a pixel"), flags)
        self._number, self._carrier, self._place, self._connection = number, carrier, place, connection
        self._found: Looked | None = None
        self._sentence = ""
        self._is_dropped = False
        self._over = threading.Event()

    def run(self) -> bool:
        """Ask, in the task's thread; an exception that left it would be printed and lost."""
        try:
            self._found = look_at(
                self._carrier, self._place, self._connection, self._is_over, self._note_spot
            )
        except Cancelled:
            return False
        except CsPlusError as problem:
            self._sentence = str(problem)
        except Exception as defect:  # noqa: BLE001 a recipe of anybody's, in the hands of Google's library
            self._sentence = clean(
                _("The pixel cannot be read: {kind} ({defect}).", kind=type(defect).__name__, defect=defect)
            )
        finally:
            self._over.set()
        return True

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Hand over what was found, in the main thread."""
        found, self._found = self._found, None
        if result:
            self.ended.emit(self._number, found, self._sentence)

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        self._is_dropped = True
        if not self._over.is_set():
            self.cancel()

    def abandon(self) -> None:
        """Cancel it, and wait until its thread is out of our code."""
        is_running = self.status() == QgsTask.TaskStatus.Running
        self.drop()
        if is_running:
            self._over.wait(_PATIENCE)

    def _is_over(self) -> bool:
        return self._is_dropped or self.isCanceled()

    def _note_spot(self, spot: Spot) -> None:
        self.placed.emit(self._number, spot)
