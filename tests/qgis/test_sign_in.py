"""*Sign in* in the window: the page of options, the message bar, and the choice of a project."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.earthengine.cloud_projects import CloudProject
from csplus.csplus_plugin.gui import sign_in as module
from csplus.csplus_plugin.gui.options import OptionsFactory, OptionsPage
from csplus.csplus_plugin.gui.project_chooser import ProjectChooser
from csplus.csplus_plugin.gui.sign_in import SignIn
from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QUrl
from qgis.PyQt.QtGui import QDesktopServices

from ..support.fake_google import CODE, FakeGoogle
from ..support.fake_service import Answer, refusal
from . import test_first_contact
from .test_first_contact import Window, fail
from .test_renewal import pump

PROJECTS = {
    "mine-1234": "REGISTERED_NOT_COMMERCIALLY",
    "other-1234": "NOT_REGISTERED",
    "locked-1234": refusal(
        403, "Earth Engine API has not been used in project locked-1234 before or it is disabled."
    ),
}

Browse = Callable[[str], None]

window = test_first_contact.window


class Browser:
    """In the place of the user's browser: opens what it is told to, or fails to."""

    def __init__(self) -> None:
        self.browse: Browse | None = None
        self.opened: list[str] = []

    def open(self, url: QUrl) -> bool:
        self.opened.append(bytes(url.toEncoded()).decode())
        if self.browse is None:
            return False
        self.browse(self.opened[-1])
        return True


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    QgsSettings().remove("csplus")
    for setting in settings.TABLE:
        for variable in setting.variables:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    yield tmp_path
    QgsSettings().remove("csplus")
    session.close_sessions()


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGoogle]:
    with FakeGoogle(PROJECTS) as started:
        monkeypatch.setattr(module, "GOOGLE", started.addresses)
        yield started


@pytest.fixture
def browser(google: FakeGoogle, monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = Browser()
    made.browse = google.consent()
    monkeypatch.setattr(QDesktopServices, "openUrl", made.open)
    return made


@pytest.fixture
def changes() -> list[None]:
    return []


@pytest.fixture
def page(changes: list[None]) -> Iterator[OptionsPage]:
    made = OptionsFactory(lambda: changes.append(None)).createWidget(None)
    yield made
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def chooser() -> ProjectChooser:
    """The window of projects, once it is there."""
    found: list[ProjectChooser] = []

    def look() -> bool:
        found[:] = [
            w for w in QgsApplication.topLevelWidgets() if isinstance(w, ProjectChooser) and w.isVisible()
        ]
        return bool(found)

    pump(look)
    return found[0]


def credentials(home: Path) -> Path:
    return home / ".config" / "earthengine" / "credentials"


def test_from_the_button_to_the_project(
    page: OptionsPage, changes: list[None], google: FakeGoogle, browser: Browser, home: Path
) -> None:
    QgsSettings().setValue("csplus/endpoint", "sandbox")
    page.fields[settings.ENDPOINT].show("sandbox")
    page.sign_in_button.click()
    assert page.sign_in_button.text() == "Cancel"
    shown = chooser()
    rows = [shown.table.topLevelItem(row) for row in range(3)]
    assert [(row.text(0), row.text(2)) for row in rows] == [
        ("mine-1234", "✓ Registered, noncommercial"),
        ("locked-1234", "✗ Earth Engine API off"),
        ("other-1234", "✗ Not registered"),
    ]
    assert shown.chosen() == "mine-1234"
    shown.table.setCurrentItem(rows[2])
    assert (
        "https://console.cloud.google.com/earth-engine/configuration?project=other-1234</a>"
        in shown.detail.text()
    )
    shown.table.setCurrentItem(rows[0])
    assert shown.detail.text() == ""
    shown.accept()
    assert page.outcome.text() == "✓ Signed in. The project mine-1234 is chosen."
    assert page.sign_in_button.text() == "Sign in with Google"
    assert page.fields[settings.PROJECT].value() == "mine-1234"
    assert page.fields[settings.ENDPOINT].value() == "earthengine"
    assert QgsSettings().value("csplus/project") == "mine-1234"
    assert settings.connection().endpoint == "earthengine"
    assert len(changes) == 1
    assert credentials(home).stat().st_mode & 0o777 == 0o600
    assert browser.opened[0].startswith("https://accounts.google.com/o/oauth2/auth?")
    found = session.session_for(settings.connection())
    assert (found.project, found.account) == ("mine-1234", "Earth Engine credentials of this computer")


def test_no_project_is_chosen(page: OptionsPage, browser: Browser, home: Path) -> None:
    page.sign_in_button.click()
    chooser().reject()
    assert page.outcome.text() == "✗ Signed in. No project was chosen."
    assert QgsSettings().value("csplus/project") is None
    assert credentials(home).exists()


def test_the_button_cancels_the_choice_too(page: OptionsPage, browser: Browser) -> None:
    page.sign_in_button.click()
    chooser()
    assert (page.outcome.text(), page.sign_in_button.text()) == ("Choose a Cloud project…", "Cancel")
    page.sign_in_button.click()
    assert page.outcome.text() == "✗ Signed in. No project was chosen."
    assert page.sign_in_button.text() == "Sign in with Google"
    assert len(browser.opened) == 1


def test_the_button_cancels_within_a_second(
    page: OptionsPage, google: FakeGoogle, browser: Browser, home: Path
) -> None:
    browser.browse = google.note
    page.sign_in_button.click()
    pump(lambda: bool(browser.opened))
    assert page.outcome.text() == "Continue in your browser. QGIS waits for 3 minutes…"
    begin = time.monotonic()
    page.sign_in_button.click()
    pump(lambda: page.sign_in_button.text() == "Sign in with Google", 3)
    assert time.monotonic() - begin < 1
    assert page.outcome.text() == "✗ Cancelled."
    assert not credentials(home).exists()


def test_consent_is_denied(page: OptionsPage, google: FakeGoogle, browser: Browser) -> None:
    browser.browse = google.visit(error="access_denied")
    page.sign_in_button.click()
    pump(lambda: page.sign_in_button.text() == "Sign in with Google")
    assert page.outcome.text() == "✗ Access was denied in the browser. Sign in again, and choose Allow."


def test_no_browser_can_be_opened(page: OptionsPage, google: FakeGoogle, browser: Browser) -> None:
    browser.browse = None
    page.sign_in_button.click()
    pump(lambda: page.outcome.text().startswith("No browser could be opened"))
    google.consent()(QgsApplication.clipboard().text())
    chooser().accept()
    assert page.outcome.text() == "✓ Signed in. The project mine-1234 is chosen."


def test_closing_the_page_ends_it(google: FakeGoogle, browser: Browser, home: Path) -> None:
    browser.browse = google.note
    page = OptionsFactory(lambda: None).createWidget(None)
    page.sign_in_button.click()
    pump(lambda: bool(browser.opened))
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    pump(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 3)
    assert not credentials(home).exists()


def test_closing_the_page_closes_the_projects(google: FakeGoogle, browser: Browser) -> None:
    page = OptionsFactory(lambda: None).createWidget(None)
    page.sign_in_button.click()
    chooser()
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not [
        w for w in QgsApplication.topLevelWidgets() if isinstance(w, ProjectChooser) and w.isVisible()
    ]


def test_projects_of_who_is_signed_in_already(
    page: OptionsPage, google: FakeGoogle, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.projects_button.click()
    pump(page.projects_button.isEnabled)
    assert page.outcome.text().startswith("✗ No Earth Engine account is signed in on this computer.")
    assert browser.opened == []
    page.sign_in_button.click()
    chooser().reject()
    from csplus.csplus_plugin.earthengine.dependencies import load_ee

    monkeypatch.setattr(load_ee().oauth, "TOKEN_URI", google.addresses.exchange)
    google.exchange = google.renewed()
    page.projects_button.click()
    chooser().accept()
    assert page.outcome.text() == "✓ The project mine-1234 is chosen."
    assert len(browser.opened) == 1


def test_where_the_environment_names_the_project_none_is_chosen(
    page: OptionsPage, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_PROJECT", "theirs")
    page.sign_in_button.click()
    pump(lambda: page.sign_in_button.text() == "Sign in with Google")
    assert page.outcome.text() == (
        "✓ Signed in. The project is theirs, set by the environment variable CSPLUS_PROJECT."
    )


def test_a_key_file_that_is_used_instead_is_named(
    page: OptionsPage, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/somewhere/key.json")
    page.sign_in_button.click()
    chooser().accept()
    assert "But the key file /somewhere/key.json is set" in page.outcome.text()


def test_an_account_without_projects(page: OptionsPage, google: FakeGoogle, browser: Browser) -> None:
    google.configs = {}
    page.sign_in_button.click()
    pump(lambda: page.sign_in_button.text() == "Sign in with Google")
    assert page.outcome.text().startswith("✗ Signed in. The account sees no Cloud project.")


def test_what_google_says_is_text_and_its_console_a_link() -> None:
    problem = '<img src="http://evil.example"> https://evil.example/ https://console.cloud.google.com/a?b=c.'
    shown = ProjectChooser([CloudProject("mine-1234", "<b>name</b>", "Not allowed", problem)], "", None)
    assert shown.table.topLevelItem(0).text(1) == "<b>name</b>"
    text = shown.detail.text()
    assert "<img" not in text
    assert text.count("<a ") == 1
    assert '<a href="https://console.cloud.google.com/a?b=c" ' in text


def test_the_main_loop_goes_on(page: OptionsPage, google: FakeGoogle, browser: Browser) -> None:
    google.configs["slow-1234"] = Answer(stall=2)
    gaps, last = [0.0], [time.monotonic()]

    def look() -> bool:
        gaps.append(time.monotonic() - last[0])
        last[0] = time.monotonic()
        return any(isinstance(w, ProjectChooser) and w.isVisible() for w in QgsApplication.topLevelWidgets())

    page.sign_in_button.click()
    pump(look)
    chooser().reject()
    assert len(gaps) > 20
    assert max(gaps) < 0.5  # two cores that are busy with other work


class TestMessageBar:
    def test_sign_in_is_one_click_away(
        self,
        window: Window,
        google: FakeGoogle,
        browser: Browser,
        home: Path,
    ) -> None:
        fail()
        window.buttons()["Sign in"].click()
        chooser().accept()
        (item,) = window.bar.items()
        assert item.text() == "Signed in. The project mine-1234 is chosen. Run again."
        assert settings.PROJECT.value() == "mine-1234"
        assert credentials(home).exists()

    def test_it_can_be_cancelled_there(self, window: Window, google: FakeGoogle, browser: Browser) -> None:
        browser.browse = google.note
        fail()
        window.buttons()["Sign in"].click()
        pump(lambda: bool(browser.opened))
        assert list(window.buttons()) == ["Cancel"]
        window.buttons()["Cancel"].click()
        pump(lambda: bool(window.buttons()))
        assert list(window.buttons()) == ["Sign in", "Options"]
        assert window.bar.currentItem().text() == "Cancelled."

    def test_a_wrong_state_is_not_enough(self, window: Window, google: FakeGoogle, browser: Browser) -> None:
        browser.browse = google.visit(state="guessed", code=CODE)
        fail()
        window.buttons()["Sign in"].click()
        pump(lambda: bool(google.pages))
        assert google.pages[0][0] == 404
        assert google.service.seen == []


def test_the_plugin_s_end_ends_it(google: FakeGoogle, browser: Browser) -> None:
    browser.browse = google.note
    signing = SignIn(settings.google_connection, lambda: None)
    signing.start()
    pump(lambda: bool(browser.opened))
    begin = time.monotonic()
    signing.stop()
    assert time.monotonic() - begin < 1
    assert not signing.is_running()
    pump(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 3)


def test_nothing_of_it_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CSPLUS_ENDPOINT", "CSPLUS_TOKEN", "GOOGLE_TOKEN_URI"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1")
    assert module.GOOGLE.exchange == "https://oauth2.googleapis.com/token"
    assert settings.google_connection().endpoint == "earthengine"
