"""Signing in and looking at the account's projects, away from the main thread."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import CsPlusError
from ..core.language import _, marked
from ..earthengine.cloud_projects import CloudProject, list_projects
from ..earthengine.session import Connection
from ..earthengine.sign_in import TIMEOUT, Google, sign_in
from ..layers.background_task import BackgroundTask


class SignInTask(BackgroundTask):
    """Signs in if that is wanted, then lists the account's projects.

    Args:
        connection: The key file, the proxy and the certificates to use.
        google: Google's addresses.
        signs_in: Whether the user signs in; else the account that is there already is used.

    Attributes:
        is_signed_in: Whether the user has signed in.
        projects: What was found.

    Signals:
        browse: The address that the user's browser opens.
        told: How far it is, a sentence.
        ended: It is over.
    """

    DEFECT = marked("Signing in failed: {kind}.")  # its text may quote what was sent

    browse = pyqtSignal(str)
    told = pyqtSignal(str)
    ended = pyqtSignal()

    def __init__(self, connection: Connection, google: Google, *, signs_in: bool) -> None:
        super().__init__(_("Signing in to Earth Engine"))
        self.is_signed_in = False
        self.projects: list[CloudProject] = []
        self._connection, self._google, self._signs_in = connection, google, signs_in

    def work(self) -> None:
        """Wait for the browser, then ask Google."""
        account = None
        if self._signs_in:
            account = sign_in(self._connection, self._show_browser, self.is_unwanted, self._google)
            self.is_signed_in = True
        self.told.emit(_("Looking at the account's Cloud projects…"))
        self.projects = list_projects(self._connection, self.is_unwanted, account, self._google)

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Say that it is over, in the main thread."""
        if not result:
            self.problem = CsPlusError(_("Cancelled."))
        self.ended.emit()

    def _show_browser(self, address: str) -> None:
        self.told.emit(
            _("Continue in your browser. QGIS waits for {minutes:.0f} minutes…", minutes=TIMEOUT / 60)
        )
        self.browse.emit(address)
