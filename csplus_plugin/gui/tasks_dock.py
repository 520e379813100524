"""The dock *Cloud Score+ tasks*: the project's export tasks, looked at while it is seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from qgis.core import QgsProject, QgsRasterLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..core.language import _, marked
from ..core.text import clean
from ..earthengine.operations import Operation
from ..earthengine.results import Kind, Result, results
from ..earthengine.session import Connection
from ..earthengine.task_text import details_of, name_of, problem_of
from ..layers import provenance
from ..layers.live import live_layer
from ..layers.swap import mark
from .task_list import TaskList
from .task_watch import MOST, Opened, TaskWatch

TITLE = marked("Cloud Score+ tasks")
NAME = "csplusTasksDock"
"""QGIS remembers by it where the dock was."""

_NONE = marked("There are no export tasks. csplus:exportcomposite starts some.")
_NO_SANDBOX = marked("The sandbox is not running, so it has no tasks.")


class TasksDock(QDockWidget):
    """Looks at the tasks while it is visible; closed, behind another tab or minimised, it asks for nothing.

    Args:
        iface: The desktop.
        project: The open project.
        connection: Reads the settings, in the main thread.

    Signals:
        sign_in_wanted: The user wants to sign in.
    """

    sign_in_wanted = pyqtSignal()

    def __init__(
        self, iface: QgisInterface, project: QgsProject, connection: Callable[[], Connection]
    ) -> None:
        super().__init__(_(TITLE), iface.mainWindow())
        self.setObjectName(NAME)
        self._project = project
        self.watch = TaskWatch(connection, lambda: self.window().isMinimized())
        self.state = QLabel(self)
        self.list = TaskList(self)
        self.about = QLabel(self)
        self.outcome = QLabel(self)
        self.sign_in_button = QPushButton(_("Sign in"), self)
        self.refresh_button = QPushButton(_("Refresh"), self)
        self.cancel_button = QPushButton(_("Cancel task…"), self)
        self.open_button = QPushButton(_("Open result"), self)
        self.details_button = QPushButton(_("Details…"), self)
        self.window_: QDialog | None = None
        """The question or the details that are open."""
        self._lay_out()
        self._connect()
        self._show()

    def open(self) -> None:
        """Show it."""
        self.show()
        self.raise_()
        self.watch.see(seen=True)

    def stop(self) -> None:
        """Let go of the window, and end what runs."""
        self.visibilityChanged.disconnect(self._on_visibility)
        for signal in (self.watch.changed, self.watch.told, self.watch.opened):
            signal.disconnect()
        self.watch.stop()
        self._close_window()

    def refresh_if_seen(self) -> None:
        """Ask again: the connection has changed."""
        if self.isVisible():
            self.watch.refresh()

    def chosen(self) -> list[Operation]:
        """Give the tasks that are chosen in the list."""
        listing = self.watch.listing
        wanted = self.list.chosen()
        return [task for task in listing.tasks if task.identity in wanted] if listing else []

    def cancel(self) -> None:
        """Ask whether the chosen tasks shall be cancelled, then do it."""
        tasks = [task for task in self.chosen() if not task.is_over]
        if not tasks:
            return
        count, name = len(tasks), name_of(tasks[0])
        sentence = (
            _("Cancel the task {name}? What it has computed is lost.", name=name)
            if count == 1
            else _("Cancel {count} tasks? What they have computed is lost.", count=count)
        )
        box = QMessageBox(QMessageBox.Icon.Question, _(TITLE), "", parent=self)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(sentence)
        yes = box.addButton(
            _("Cancel the task") if count == 1 else _("Cancel them"), QMessageBox.ButtonRole.YesRole
        )
        keep = box.addButton(
            _("Let it go on") if count == 1 else _("Let them go on"), QMessageBox.ButtonRole.NoRole
        )
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)
        ids = [task.identity for task in tasks]
        box.finished.connect(lambda _: self.watch.cancel(ids) if box.clickedButton() is yes else None)
        self._open_window(box)

    def open_result(self) -> None:
        """Load the result of the chosen task, or show where it is."""
        tasks = self.chosen()
        found = self._results(tasks[0]) if tasks else []
        if not found:
            return
        result = found[0]
        if result.kind is Kind.ASSET:
            self.watch.open(result.address)
        elif result.kind is Kind.FILE:
            layer = QgsRasterLayer(result.address, name_of(tasks[0]))
            if layer.isValid():
                self._project.addMapLayer(layer)
                self.outcome.setText(_("The file was loaded."))
            else:
                self.outcome.setText(_("{address} cannot be opened.", address=clean(result.address)))
        elif QDesktopServices.openUrl(QUrl(result.address)):
            self.outcome.setText(_("Its page was opened in your browser."))
        else:
            self.outcome.setText(
                _("No browser could be opened. The result is at {address}", address=result.address)
            )

    def show_details(self) -> None:
        """Show all that is known of the chosen task, to be read and copied."""
        tasks = self.chosen()
        if not tasks:
            return
        box = QDialog(self)
        box.setWindowTitle(_(TITLE))
        text = QPlainTextEdit(details_of(tasks[0]), box)
        text.setReadOnly(True)
        text.setTabChangesFocus(True)
        text.setAccessibleName(_("Details of the task"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, box)
        buttons.rejected.connect(box.reject)
        column = QVBoxLayout(box)
        column.addWidget(text)
        column.addWidget(buttons)
        box.resize(620, 320)
        self._open_window(box)

    def _on_visibility(self, visible: bool) -> None:  # noqa: FBT001 a slot
        self.watch.see(seen=visible)

    def _load(self, opened: Opened) -> None:
        """Put an asset's live layer into the project."""
        recipe = opened.recipe
        name = recipe.target.asset.rpartition("/")[2]
        layer = live_layer(
            opened.tile_url,
            _("{title} (sandbox)", title=name) if opened.is_sandbox else name,
            recipe.scenes.region,
        )
        provenance.describe(layer, recipe, None, sandbox=opened.is_sandbox)
        mark(layer, opened.tile_url)
        self._project.addMapLayer(layer)
        self.outcome.setText(_("{name} was loaded as a live layer.", name=name))

    def _results(self, task: Operation) -> list[Result]:
        listing = self.watch.listing
        return results(task, is_sandbox=listing is not None and listing.is_sandbox)

    def _open_window(self, window: QDialog) -> None:
        self._close_window()
        self.window_ = window
        window.finished.connect(self._close_window)
        window.open()  # not `exec`: the main loop goes on

    def _close_window(self) -> None:
        window, self.window_ = self.window_, None
        if window is not None:
            window.finished.disconnect()
            window.close()
            window.deleteLater()

    def _show(self) -> None:
        watch = self.watch
        self.refresh_button.setEnabled(not watch.is_busy)
        self.sign_in_button.setVisible(watch.has_no_account)
        self.state.setText(self._state_text())
        if watch.listing is not None:
            self.list.fill(watch.listing.tasks, datetime.now(timezone.utc))
        self._show_chosen()

    def _state_text(self) -> str:
        watch, listing = self.watch, self.watch.listing
        if watch.problem:
            return watch.problem
        if listing is None:
            return _("Looking at the tasks…") if watch.is_busy else ""
        if not listing.tasks:
            return _(_NONE) if listing.project else _(_NO_SANDBOX)
        clock = listing.at.astimezone().strftime("%H:%M:%S")
        project, count, active = listing.project, len(listing.tasks), listing.active
        if count == MOST:
            return _(
                "{project}: the latest {count} tasks, {active} active. Updated {clock}.",
                project=project,
                count=count,
                active=active,
                clock=clock,
            )
        if count == 1:
            return _(
                "{project}: 1 task, {active} active. Updated {clock}.",
                project=project,
                active=active,
                clock=clock,
            )
        return _(
            "{project}: {count} tasks, {active} active. Updated {clock}.",
            project=project,
            count=count,
            active=active,
            clock=clock,
        )

    def _show_chosen(self) -> None:
        tasks = self.chosen()
        self.details_button.setEnabled(len(tasks) == 1)
        self.open_button.setEnabled(len(tasks) == 1 and bool(self._results(tasks[0])))
        self.cancel_button.setEnabled(any(not task.is_over for task in tasks))
        self.about.setText(problem_of(tasks[0]) if len(tasks) == 1 else "")
        self.about.setVisible(bool(self.about.text()))

    def _activate(self) -> None:
        """Do what Enter and a double click are for: open what there is, else tell about it."""
        if self.open_button.isEnabled():
            self.open_result()
        else:
            self.show_details()

    def _connect(self) -> None:
        self.refresh_button.clicked.connect(self.watch.refresh)
        self.cancel_button.clicked.connect(self.cancel)
        self.open_button.clicked.connect(self.open_result)
        self.details_button.clicked.connect(self.show_details)
        self.sign_in_button.clicked.connect(self.sign_in_wanted)
        self.list.itemSelectionChanged.connect(self._show_chosen)
        self.list.itemActivated.connect(self._activate)
        self.watch.changed.connect(self._show)
        self.watch.told.connect(self.outcome.setText)
        self.watch.opened.connect(self._load)
        self.visibilityChanged.connect(self._on_visibility)

    def _lay_out(self) -> None:
        for label in (self.state, self.about, self.outcome):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sign_in_button.setToolTip(
            _("Opens Google's page in your browser, then lists your Cloud projects.")
        )
        self.cancel_button.setToolTip(_("Cancels the chosen tasks at Earth Engine; asks first."))
        self.open_button.setToolTip(_("Loads an asset as a live layer; shows the page of a file elsewhere."))
        sign_in = QHBoxLayout()
        sign_in.addWidget(self.sign_in_button)
        sign_in.addStretch()
        buttons = QGridLayout()
        for place, button in enumerate(
            (self.open_button, self.details_button, self.cancel_button, self.refresh_button)
        ):
            buttons.addWidget(button, place // 2, place % 2)
        whole = QWidget(self)
        column = QVBoxLayout(whole)
        column.addWidget(self.state)
        column.addLayout(sign_in)
        column.addWidget(self.list, 1)
        column.addWidget(self.about)
        column.addLayout(buttons)
        column.addWidget(self.outcome)
        self.setWidget(whole)
