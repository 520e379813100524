"""Signing in and looking at the account's projects, away from the main thread."""

from __future__ import annotations

import threading

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..core.text import clean
from ..earthengine.cloud_projects import CloudProject, list_projects
from ..earthengine.session import Connection
from ..earthengine.sign_in import TIMEOUT, Google, sign_in

_PATIENCE = 2.0
"""Seconds that the plugin's end waits for the thread, which obeys a cancel within a tenth of one."""


class SignInTask(QgsTask):
    """Signs in if that is wanted, then lists the account's projects; QGIS runs it in a thread of its pool.

    Args:
        connection: The key file, the proxy and the certificates to use.
        google: Google's addresses.
        signs_in: Whether the user signs in; else the account that is there already is used.

    Attributes:
        is_signed_in: Whether the user has signed in.
        projects: What was found.
        problem: What went wrong, a sentence; empty: nothing.

    Signals:
        browse: The address that the user's browser opens.
        told: How far it is, a sentence.
        ended: It is over.
    """

    browse = pyqtSignal(str)
    told = pyqtSignal(str)
    ended = pyqtSignal()

    def __init__(self, connection: Connection, google: Google, *, signs_in: bool) -> None:
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(_("Signing in to Earth Engine"), flags)
        self.is_signed_in = False
        self.projects: list[CloudProject] = []
        self.problem = _("Cancelled.")
        self._connection, self._google, self._signs_in = connection, google, signs_in
        self._over = threading.Event()

    def run(self) -> bool:
        """Wait for the browser, then ask Google."""
        try:
            account = None
            if self._signs_in:
                account = sign_in(self._connection, self._show_browser, self.isCanceled, self._google)
                self.is_signed_in = True
            self.told.emit(_("Looking at the account's Cloud projects…"))
            self.projects = list_projects(self._connection, self.isCanceled, account, self._google)
            self.problem = ""
        except Cancelled:
            pass
        except CsPlusError as problem:
            self.problem = str(problem)
        except Exception as defect:  # noqa: BLE001 one that left this function would be lost
            # Its text may quote what was sent.
            self.problem = clean(_("Signing in failed: {kind}.", kind=type(defect).__name__))
        finally:
            self._over.set()
        return True

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Say that it is over, in the main thread."""
        del result
        self.ended.emit()

    def abandon(self) -> None:
        """Cancel it, and wait until its thread is out of our code."""
        is_running = self.status() == QgsTask.TaskStatus.Running
        self.cancel()
        if is_running:
            self._over.wait(_PATIENCE)

    def _show_browser(self, address: str) -> None:
        self.told.emit(
            _("Continue in your browser. QGIS waits for {minutes:.0f} minutes…", minutes=TIMEOUT / 60)
        )
        self.browse.emit(address)
