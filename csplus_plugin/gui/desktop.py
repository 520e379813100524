"""The plugin's part in the desktop: what is put into the window, how its parts hear of each other, the first steps."""

from __future__ import annotations

from qgis.core import Qgis, QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices

from .. import settings
from ..core.language import _
from ..earthengine.session import SANDBOX
from ..layers.renewal import Renewal
from ..processing.listeners import NO_ACCOUNT
from .algorithm_dialog import close_dialogs, open_algorithm
from .identify import Identify
from .inspector.inspector import PointInspector
from .layer_menu import LayerMenu
from .left_tasks import LeftTasks
from .main_menu import MainMenu
from .messages import Messages
from .options import PAGE, OptionsFactory
from .sign_in import SignIn
from .tasks_dock import TasksDock
from .tune_dock import TuneDock

_HELP = "https://developers.google.com/earth-engine/guides/access"
"""How to get access to Earth Engine, by Google."""

_SAMPLE = {
    "EXTENT": "-119.93,-119.8874,37.399,37.4328 [EPSG:4326]",
    "START": "2023-06-01",
    "END": "2023-08-31",
}
"""Where and when the sandbox has scenes."""


class Desktop(QObject):
    """What the window has of us, from its construction to `stop`.

    Args:
        iface: The desktop.
        project: The open project.
    """

    _no_account = pyqtSignal(str)

    def __init__(self, iface: QgisInterface, project: QgsProject) -> None:
        super().__init__()
        self._iface = iface
        self._messages = Messages(iface)
        self.renewal = Renewal(project, settings.connection)
        self.renewal.failed.connect(self._messages.warn)
        self._options = OptionsFactory(self._follow_settings)
        iface.registerOptionsWidgetFactory(self._options)
        self._identify = Identify(iface, project, settings.connection)
        self._identify.answered.connect(self._messages.tell)
        self._sign_in = SignIn(settings.google_connection, iface.mainWindow)
        self._sign_in.told.connect(self._show_sign_in)
        self._sign_in.chosen.connect(self.renewal.renew_all)
        self._sign_in.ended.connect(self._end_sign_in)
        self._dock = TuneDock(iface, project, settings.connection)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._dock)
        self._dock.hide()
        self.tasks = TasksDock(iface, project, settings.connection)
        iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.tasks)
        self.tasks.hide()
        self.tasks.sign_in_wanted.connect(self._sign_in.start)
        self._inspector = PointInspector(iface, project, settings.connection)
        self._menu = LayerMenu(iface)
        self._menu.tuning.connect(self._dock.open)
        self._menu.inspecting.connect(self._inspector.start)
        self._dock.toggleViewAction().setText(_("Tune a live layer"))
        self._main_menu = MainMenu(
            iface,
            [self._inspector.action, self._dock.toggleViewAction(), self.tasks.toggleViewAction()],
            {_("Options…"): self._open_options, _("Help"): self._open_help},
        )
        self._menu.done.connect(self._messages.inform)
        self._menu.failed.connect(self._messages.tell)
        # A signal, because runs are in threads of their own.
        self._no_account.connect(self._welcome)
        self._tell = self._no_account.emit
        NO_ACCOUNT.add(self._tell)
        self._left_tasks = LeftTasks(self._messages, self.tasks)

    def stop(self) -> None:
        """Take everything out of the window."""
        close_dialogs()
        self._left_tasks.stop()
        NO_ACCOUNT.remove(self._tell)
        self._no_account.disconnect(self._welcome)
        self._sign_in.stop()
        for signal in (self._sign_in.told, self._sign_in.chosen, self._sign_in.ended):
            signal.disconnect()
        self._main_menu.stop()
        self._menu.stop()
        self._menu.tuning.disconnect(self._dock.open)
        self._menu.inspecting.disconnect(self._inspector.start)
        self._inspector.stop()
        self._menu.done.disconnect(self._messages.inform)
        self._menu.failed.disconnect(self._messages.tell)
        self._dock.stop()
        self._iface.removeDockWidget(self._dock)
        self._dock.deleteLater()
        self.tasks.sign_in_wanted.disconnect()
        self.tasks.stop()
        self._iface.removeDockWidget(self.tasks)
        self.tasks.deleteLater()
        self._identify.stop()
        self._identify.answered.disconnect(self._messages.tell)
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self.renewal.stop()
        self.renewal.failed.disconnect(self._messages.warn)
        self._messages.clear()

    def _welcome(self, sentence: str) -> None:
        """Show whoever runs without an account the ways to go on."""
        ways = {_("Options"): self._open_options, _("Help"): self._open_help}
        if not settings.ENDPOINT.fixed_by():
            ways = {_("Try the sandbox"): self._choose_sandbox, **ways}
        self._messages.show(sentence, {_("Sign in"): self._sign_in.start, **ways})

    def _follow_settings(self) -> None:
        """Ask again for what was refused: the connection has changed."""
        self.renewal.renew_all()
        self.tasks.refresh_if_seen()

    def _show_sign_in(self, sentence: str) -> None:
        self._messages.show(sentence, {_("Cancel"): self._sign_in.cancel}, Qgis.MessageLevel.Info)

    def _end_sign_in(self, works: bool, sentence: str) -> None:  # noqa: FBT001 a slot
        if works:
            self._messages.inform(_("{sentence} Run again.", sentence=sentence))
            self.tasks.refresh_if_seen()
        else:
            self._messages.show(
                sentence, {_("Sign in"): self._sign_in.start, _("Options"): self._open_options}
            )

    def _choose_sandbox(self) -> None:
        settings.ENDPOINT.store(SANDBOX)
        # Short, as the bar cuts long ones off beside docks.
        self._messages.show(
            _("The sandbox is chosen: synthetic scenes of one place in 2023, no account needed."),
            {
                _("Clear composite there…"): lambda: open_algorithm("clearcomposite", _SAMPLE),
                _("Options"): self._open_options,
            },
            Qgis.MessageLevel.Success,
        )
        self._follow_settings()

    def _open_options(self) -> None:
        self._iface.showOptionsDialog(self._iface.mainWindow(), PAGE)

    def _open_help(self) -> None:
        QDesktopServices.openUrl(QUrl(_HELP))
