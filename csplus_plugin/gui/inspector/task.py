"""One question for every look at a pixel, off the main thread."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import pyqtSignal

from ...core.language import _, marked
from ...core.looks.spot import Spot
from ...earthengine.session import Connection
from ...layers.background_task import BackgroundTask
from ...layers.looking import Looked, look_at
from ...layers.swap import LiveLayer


class LookTask(BackgroundTask):
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

    DEFECT = marked("The pixel cannot be read: {kind} ({defect}).")

    placed = pyqtSignal(int, object)
    ended = pyqtSignal(int, object, str)

    def __init__(
        self,
        number: int,
        carrier: Path | LiveLayer | None,
        place: tuple[float, float],
        connection: Connection,
    ) -> None:
        super().__init__(_("Looking at a pixel"))
        self._number, self._carrier, self._place, self._connection = number, carrier, place, connection
        self._found: Looked | None = None

    def work(self) -> None:
        """Ask."""
        self._found = look_at(self._carrier, self._place, self._connection, self.is_unwanted, self._note_spot)

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Hand over what was found, in the main thread."""
        found, self._found = self._found, None
        if result:
            self.ended.emit(self._number, found, str(self.problem or ""))

    def _note_spot(self, spot: Spot) -> None:
        self.placed.emit(self._number, spot)
