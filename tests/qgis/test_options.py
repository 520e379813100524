"""The page of options: what it shows, what it stores, and its two buttons."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.gui.options import OptionsFactory, OptionsPage
from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QCoreApplication, QEvent

from ..support.fake_service import Answer, FakeService, refusal
from .test_renewal import pump


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing stored, and nothing in the environment."""
    QgsSettings().remove("csplus")
    for setting in settings.TABLE:
        for variable in setting.variables:
            monkeypatch.delenv(variable, raising=False)
    yield
    QgsSettings().remove("csplus")
    session.close_sessions()


@pytest.fixture
def changes() -> list[None]:
    return []


@pytest.fixture
def page(changes: list[None]) -> Callable[[], OptionsPage]:
    factory = OptionsFactory(lambda: changes.append(None))
    return lambda: factory.createWidget(None)


def test_every_setting_has_a_row_with_its_default(page: Callable[[], OptionsPage]) -> None:
    shown = page()
    assert {s.label: f.value() for s, f in shown.fields.items()} == {
        "Endpoint": "earthengine",
        "Google Cloud project": "",
        "Key file": "",
        "Trusted host": "",
        "Sandbox's archive": "",
        "Memory of a download": "256",
        "Large download": "5000",
        "Compression of files": "DEFLATE",
    }
    assert all(field.widget.isEnabled() for field in shown.fields.values())


def test_what_is_changed_is_stored_and_only_that(
    page: Callable[[], OptionsPage], changes: list[None]
) -> None:
    shown = page()
    shown.apply()
    assert changes == []
    assert QgsSettings().value("csplus/endpoint") is None
    shown.fields[settings.ENDPOINT].show("https://example.googleapis.com")
    shown.fields[settings.PROJECT].show("  mine ")
    shown.fields[settings.LARGE_DOWNLOAD].show("300")
    shown.apply()
    assert len(changes) == 1
    assert settings.connection().endpoint == "https://example.googleapis.com"
    assert settings.connection().project == "mine"
    assert settings.large_download() == 300_000_000
    assert QgsSettings().value("csplus/compression") is None
    again = page()
    assert again.fields[settings.PROJECT].value() == "mine"
    again.fields[settings.PROJECT].show("")
    again.apply()
    assert QgsSettings().value("csplus/project") is None


def test_the_environment_wins_and_is_shown(
    page: Callable[[], OptionsPage], monkeypatch: pytest.MonkeyPatch
) -> None:
    QgsSettings().setValue("csplus/project", "stored")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "theirs")
    monkeypatch.setenv("CSPLUS_ENDPOINT", "high-volume")
    monkeypatch.setenv("CSPLUS_BYTES_IN_FLIGHT", "much")
    shown = page()
    field = shown.fields[settings.PROJECT]
    assert (field.value(), field.widget.isEnabled()) == ("theirs", False)
    assert not shown.fields[settings.ENDPOINT].widget.isEnabled()
    assert not shown.sandbox_button.isEnabled()
    shown.apply()
    assert QgsSettings().value("csplus/project") == "stored"
    labels = [label.text() for label in shown.findChildren(type(shown.outcome))]
    assert "theirs: set by the environment variable GOOGLE_CLOUD_PROJECT." in labels


def test_one_click_starts_the_sandbox(page: Callable[[], OptionsPage], changes: list[None]) -> None:
    shown = page()
    shown.sandbox_button.click()
    assert settings.ENDPOINT.value() == "sandbox"
    assert len(changes) == 1
    pump(lambda: shown.test_button.text() == "Test", 60)
    assert shown.outcome.text().startswith("✓ It works: a Cloud Score+ sandbox at http://127.0.0.1:")
    assert "not Google Earth Engine" in shown.outcome.text()


def test_the_test_uses_what_the_page_shows(page: Callable[[], OptionsPage]) -> None:
    with FakeService(refusal(403, "Project mine is not registered to use Earth Engine.")) as service:
        shown = page()
        shown.fields[settings.ENDPOINT].show(service.url)
        shown.test_button.click()
        pump(lambda: shown.test_button.text() == "Test")
    assert shown.outcome.text().startswith("✗ ")
    assert "Register the project" in shown.outcome.text()
    assert settings.ENDPOINT.value() == "earthengine"  # tested, not stored


def test_a_test_is_cancelled_by_its_button_and_by_closing(page: Callable[[], OptionsPage]) -> None:
    with FakeService(Answer(stall=60)) as service:
        shown = page()
        shown.fields[settings.ENDPOINT].show(service.url)
        shown.test_button.click()
        pump(lambda: bool(service.seen))
        shown.test_button.click()
        pump(lambda: shown.test_button.text() == "Test", 3)
        assert shown.outcome.text() == "✗ Cancelled."
        shown.test_button.click()
        pump(lambda: len(service.seen) > 1)
        shown.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        pump(lambda: QgsApplication.taskManager().countActiveTasks() == 0, 3)


def test_nobody_signed_in(
    page: Callable[[], OptionsPage], monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    shown = page()
    shown.test_button.click()
    pump(lambda: shown.test_button.text() == "Test")
    assert shown.outcome.text().startswith("✗ No Earth Engine account is signed in")
