"""The page Settings > Options > Cloud Score+, made from the table of settings."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import QgsApplication
from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from .. import settings
from ..core.about import ROOT
from ..core.errors import CsPlusError
from ..core.language import _, marked
from ..earthengine.session import SANDBOX
from ..settings import Setting
from .connection_test import ConnectionTest
from .fields import Field, make_field
from .sign_in import SignIn

TITLE = "Cloud Score+"
_SIGN_IN = marked("Sign in with Google")

PAGE = "csplusOptions"
"""The page's name in QGIS's dialog."""


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page whenever the dialog is opened.

    Args:
        on_change: Called when settings were stored.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        super().__init__(TITLE, QIcon(str(ROOT / "resources" / "icons" / "csplus.svg")), "csplus")
        self._on_change = on_change

    def createWidget(self, parent: QWidget) -> QgsOptionsPageWidget:
        """Make the page."""
        return OptionsPage(parent, self._on_change)


class OptionsPage(QgsOptionsPageWidget):
    """One row a setting, the ways in with and without an account, and a test of the connection.

    Args:
        parent: The dialog.
        on_change: Called when settings were stored.
    """

    def __init__(self, parent: QWidget | None, on_change: Callable[[], None]) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        self._on_change = on_change
        self._running = _Running()
        self._running.sign_in = SignIn(lambda: settings.google_connection(self._value), self.window)
        self.destroyed.connect(self._running.cancel)
        self.fields = {setting: make_field(setting, self) for setting in settings.TABLE}
        self.sign_in_button = QPushButton(_(_SIGN_IN), self)
        self.sign_in_button.setToolTip(
            _("Opens Google's page in your browser, then lists your Cloud projects.")
        )
        self.projects_button = QPushButton(_("Choose a project…"), self)
        self.projects_button.setToolTip(_("Lists the Cloud projects of the account, with what each lacks."))
        self.test_button = QPushButton(_("Test"), self)
        self.sandbox_button = QPushButton(_("Try without an account"), self)
        self.outcome = QLabel(self)
        self._lay_out()
        self.test_button.clicked.connect(self.test)
        self.sandbox_button.clicked.connect(self.choose_sandbox)
        self.sign_in_button.clicked.connect(lambda: self.sign_in(signs_in=True))
        self.projects_button.clicked.connect(lambda: self.sign_in(signs_in=False))
        self._running.sign_in.told.connect(self.outcome.setText)
        self._running.sign_in.chosen.connect(self._show_chosen)
        self._running.sign_in.ended.connect(self._end_sign_in)

    def apply(self) -> None:
        """Store what was changed."""
        before = [setting.value() for setting in settings.TABLE]
        for field in self.fields.values():
            if not field.setting.fixed_by():
                field.setting.store(field.value())
        if [setting.value() for setting in settings.TABLE] != before:
            self._on_change()

    def test(self) -> None:
        """Test the connection as the page shows it, stored or not."""
        if self._running.test is not None:
            self._running.cancel_test()
            return
        try:
            connection = settings.connection(self._value)
        except CsPlusError as problem:
            self._end(False, str(problem))
            return
        self.outcome.setText(_("Testing…"))
        self.test_button.setText(_("Cancel"))
        self._running.test = ConnectionTest(connection)
        self._running.test.told.connect(self.outcome.setText)
        self._running.test.ended.connect(self._end)
        QgsApplication.taskManager().addTask(self._running.test)

    def choose_sandbox(self) -> None:
        """Choose the sandbox, store it, and start it."""
        self.fields[settings.ENDPOINT].show(SANDBOX)
        self.apply()
        if self._running.test is None:
            self.test()

    def sign_in(self, *, signs_in: bool) -> None:
        """Sign in and choose a project; or only choose one, or cancel what is running."""
        if self._running.sign_in.is_running():
            self._running.sign_in.cancel()
            return
        self.outcome.setText(_("Starting…"))
        self.sign_in_button.setText(_("Cancel"))
        self.projects_button.setEnabled(False)
        self._running.sign_in.start(signs_in=signs_in)

    def _show_chosen(self) -> None:
        for setting in (settings.PROJECT, settings.ENDPOINT):
            if not setting.fixed_by():
                self.fields[setting].show(setting.value())
        self._on_change()

    def _end_sign_in(self, works: bool, sentence: str) -> None:  # noqa: FBT001 a slot
        self.sign_in_button.setText(_(_SIGN_IN))
        self.projects_button.setEnabled(True)
        self._show_outcome(works, sentence)

    def _value(self, setting: Setting) -> str:
        return (
            setting.value() if setting.fixed_by() else self.fields[setting].value().strip() or setting.default
        )

    def _end(self, works: bool, sentence: str) -> None:  # noqa: FBT001 a slot
        self._running.test = None
        self.test_button.setText(_("Test"))
        self._show_outcome(works, sentence)

    def _show_outcome(self, works: bool, sentence: str) -> None:  # noqa: FBT001
        self.outcome.setText(f"{'✓' if works else '✗'} {sentence}")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in self.fields.values():
            form.addRow(_(field.setting.label), _with_help(field, self))
        buttons = QHBoxLayout()
        buttons.addWidget(self.sign_in_button)
        buttons.addWidget(self.projects_button)
        buttons.addWidget(self.test_button)
        buttons.addWidget(self.sandbox_button)
        buttons.addStretch()
        self.sandbox_button.setEnabled(not settings.ENDPOINT.fixed_by())
        self.outcome.setWordWrap(True)
        self.outcome.setTextFormat(Qt.TextFormat.PlainText)
        self.outcome.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addLayout(buttons)
        column.addWidget(self.outcome)
        column.addStretch()


class _Running:
    """What is running, if anything is: it outlives a page that is closed."""

    sign_in: SignIn

    def __init__(self) -> None:
        self.test: ConnectionTest | None = None

    def cancel(self) -> None:
        """End all of it: the page is gone."""
        self.sign_in.stop()
        self.cancel_test()

    def cancel_test(self) -> None:
        if self.test is not None:
            self.test.cancel()


def _with_help(field: Field, parent: QWidget) -> QWidget:
    """Put what a setting is for under its widget, or which environment variable decides."""
    variable = field.setting.fixed_by()
    text = (
        _(
            "{value}: set by the environment variable {variable}.",
            value=field.setting.value(),
            variable=variable,
        )
        if variable
        else _(field.setting.help)
    )
    note = QLabel(text, parent)
    note.setWordWrap(True)
    note.setTextFormat(Qt.TextFormat.PlainText)
    font = note.font()
    if font.pointSizeF() > 0:  # a theme may give it in pixels
        font.setPointSizeF(0.9 * font.pointSizeF())
    note.setFont(font)
    both = QWidget(parent)
    column = QVBoxLayout(both)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(field.widget)
    column.addWidget(note)
    return both
