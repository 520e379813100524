"""The task that mints live layers anew: everything that may wait, away from the main thread."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import pyqtSignal

from ..core.language import _
from ..earthengine.session import Connection
from . import minting
from .background_task import BackgroundTask
from .swap import LiveLayer


class RenewalTask(BackgroundTask):
    """Renews layers, one after the other as the answers come.

    Args:
        layers: The layers, and for each whether a young address is renewed too.
        connection: Who computes.

    Signals:
        renewed: What became of a layer, a `Minted`, as soon as it is known.
        ended: Why layers could not be renewed, a sentence each; those that are to blame themselves left out.
    """

    renewed = pyqtSignal(object)
    ended = pyqtSignal(list)

    def __init__(self, layers: Sequence[tuple[LiveLayer, bool]], connection: Connection) -> None:
        super().__init__(_("Renewing live layers of Cloud Score+"))
        self.ids = {layer.id for layer, _ in layers}
        self._layers, self._connection = layers, connection
        self._problems: list[str] = []

    def work(self) -> None:
        """Mint."""
        for force in (False, True):
            chosen = [layer for layer, forced in self._layers if forced is force]
            for minted in minting.renew(chosen, self._connection, self._open, force=force):
                if minted.problem and not minted.is_foreign:
                    self._problems.append(minted.problem)
                self.renewed.emit(minted)

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Say that it is over, in the main thread."""
        del result
        if self.problem is not None:
            self._problems.append(str(self.problem))
        self.ended.emit(self._problems)

    def _open(self) -> minting.Client:
        return minting.open_client(self._connection, self.is_unwanted)
