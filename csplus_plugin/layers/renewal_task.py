"""The task that mints live layers anew: everything that may wait, away from the main thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled
from ..core.language import _
from ..core.text import clean
from ..earthengine.session import Connection
from . import minting
from .swap import LiveLayer

_PATIENCE = 2.0
"""Seconds that the plugin's end waits for the thread, which obeys a cancel within a tenth of one."""


class RenewalTask(QgsTask):
    """Renews layers; QGIS runs it in a thread of its pool.

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
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(_("Renewing live layers of Cloud Score+"), flags)
        self.ids = {layer.id for layer, _ in layers}
        self._layers, self._connection = layers, connection
        self._problems: list[str] = []
        self._over = threading.Event()

    def run(self) -> bool:
        """Mint, in the task's thread; an exception that left it would be printed and lost."""
        try:
            for force in (False, True):
                chosen = [layer for layer, forced in self._layers if forced is force]
                for minted in minting.renew(chosen, self._connection, self._open, force=force):
                    if minted.problem and not minted.is_foreign:
                        self._problems.append(minted.problem)
                    self.renewed.emit(minted)
        except Cancelled:
            return False
        except Exception as defect:  # noqa: BLE001 said in the log like any other failure
            self._problems.append(clean(f"{type(defect).__name__}: {defect}"))
        finally:
            self._over.set()
        return True

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Say that it is over, in the main thread."""
        del result
        self.ended.emit(self._problems)

    def abandon(self) -> None:
        """Cancel it, and wait until its thread is out of our code."""
        is_running = self.status() == QgsTask.TaskStatus.Running
        self.cancel()
        if is_running:
            self._over.wait(_PATIENCE)

    def _open(self) -> minting.Client:
        return minting.open_client(self._connection, self.isCanceled)
