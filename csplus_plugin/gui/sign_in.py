"""*Sign in*: the browser, then the choice of a project. The page of options and the message bar both start it."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import QgsApplication
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QDialog, QWidget

from .. import settings
from ..core.errors import CsPlusError
from ..core.language import _, marked
from ..earthengine.cloud_projects import CloudProject
from ..earthengine.session import SANDBOX, Connection
from ..earthengine.sign_in import GOOGLE
from .project_chooser import ProjectChooser
from .sign_in_task import SignInTask

_NO_PROJECT = marked(
    "The account sees no Cloud project. Create one and register it for Earth Engine at "
    "https://console.cloud.google.com/earth-engine, then choose it here."
)


class SignIn(QObject):
    """One sign-in at a time.

    Args:
        connection: Reads the settings, in the main thread.
        window: In front of which the projects are shown.

    Signals:
        told: How far it is, a sentence.
        ended: Whether a project is chosen now, and a sentence.
        chosen: A project was chosen and stored.
    """

    told = pyqtSignal(str)
    ended = pyqtSignal(bool, str)
    chosen = pyqtSignal()

    def __init__(self, connection: Callable[[], Connection], window: Callable[[], QWidget | None]) -> None:
        super().__init__()
        self._connection, self._window = connection, window
        self._task: SignInTask | None = None
        self._chooser: ProjectChooser | None = None

    def is_running(self) -> bool:
        """Tell whether somebody is signing in, or choosing a project."""
        return self._task is not None or self._chooser is not None

    def start(self, *, signs_in: bool = True) -> None:
        """Sign in, then let the user choose a project.

        Args:
            signs_in: False: only choose a project, with the account that is there.
        """
        self.stop()
        try:
            connection = self._connection()
        except CsPlusError as problem:
            self.ended.emit(False, str(problem))
            return
        self._task = SignInTask(connection, GOOGLE, signs_in=signs_in)
        self._task.browse.connect(self._browse)
        self._task.told.connect(self.told)
        self._task.ended.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)

    def cancel(self) -> None:
        """End it; `ended` follows."""
        if self._task is not None:
            self._task.cancel()
        elif self._chooser is not None:
            self._chooser.reject()

    def stop(self) -> None:
        """End it without a word, and close its window."""
        task, self._task = self._task, None
        if task is not None:
            for signal in (task.browse, task.told, task.ended):
                signal.disconnect()
            task.abandon()
        chooser, self._chooser = self._chooser, None
        if chooser is not None and not sip.isdeleted(chooser):  # a window takes its own with it
            chooser.finished.disconnect()
            chooser.close()
            chooser.deleteLater()

    def _browse(self, address: str) -> None:
        if not QDesktopServices.openUrl(QUrl(address)):
            QgsApplication.clipboard().setText(address)
            self.told.emit(
                _("No browser could be opened. Paste the address, now in the clipboard, into one here.")
            )

    def _end(self) -> None:
        task, self._task = self._task, None
        if task is None:
            return
        done = _("Signed in.") if task.is_signed_in else ""
        fixed_by = settings.PROJECT.fixed_by()
        if task.problem:
            self.ended.emit(False, f"{done} {task.problem}".strip())
        elif fixed_by:
            sentence = _(
                "The project is {project}, set by the environment variable {variable}.",
                project=settings.PROJECT.value(),
                variable=fixed_by,
            )
            self.ended.emit(True, _with_key_file(f"{done} {sentence}".strip()))
        elif not task.projects:
            self.ended.emit(False, f"{done} {_(_NO_PROJECT)}".strip())
        else:
            self._choose(task.projects, done)

    def _choose(self, projects: list[CloudProject], done: str) -> None:
        chooser = ProjectChooser(projects, settings.PROJECT.value(), self._window())
        self._chooser = chooser
        chooser.finished.connect(lambda result: self._store(result, done))
        self.told.emit(_("Choose a Cloud project…"))
        chooser.open()  # not `exec`: the main loop goes on

    def _store(self, result: int, done: str) -> None:
        chooser, self._chooser = self._chooser, None
        if chooser is None:
            return
        project = chooser.chosen()
        chooser.deleteLater()
        if result != QDialog.DialogCode.Accepted or not project:
            self.ended.emit(False, f"{done} {_('No project was chosen.')}".strip())
            return
        settings.PROJECT.store(project)
        if settings.ENDPOINT.value() == SANDBOX and not settings.ENDPOINT.fixed_by():
            settings.ENDPOINT.store("")  # whoever signs in wants Earth Engine
        self.chosen.emit()
        self.ended.emit(
            True,
            _with_key_file(f"{done} {_('The project {project} is chosen.', project=project)}".strip()),
        )


def _with_key_file(sentence: str) -> str:
    """Add what else decides who is signed in."""
    file = settings.KEY_FILE.value()
    return (
        f"{sentence} {_('But the key file {file} is set, and its account is used.', file=file)}"
        if file
        else sentence
    )
