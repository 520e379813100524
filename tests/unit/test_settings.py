"""Settings: the environment wins over QGIS, QGIS over the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest
from csplus.csplus_plugin import qgis_settings, settings
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.earthengine.session import Connection

from ..support.stored_settings import StoredSettings, replace_settings


@pytest.fixture(autouse=True)
def qgis(monkeypatch: pytest.MonkeyPatch) -> StoredSettings:
    """QGIS's settings, empty, and an environment that says nothing."""
    return replace_settings(monkeypatch)


def test_defaults():
    assert settings.connection() == Connection(
        endpoint="earthengine", project="", key_file=None, proxies={}, sandbox_data=None
    )


def test_outside_qgis_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(qgis_settings, "_open", lambda: None)
    monkeypatch.setenv("CSPLUS_ENDPOINT", "sandbox")
    monkeypatch.setenv("CSPLUS_PROJECT", "p")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/keys/a.json")
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", "/data/scenes")
    monkeypatch.setenv("CSPLUS_TRUSTED_HOST", "ee.example")
    assert settings.connection() == Connection(
        endpoint="sandbox",
        trusted_host="ee.example",
        project="p",
        key_file=Path("/keys/a.json"),
        sandbox_data=Path("/data/scenes"),
    )


def test_qgis_settings(qgis: StoredSettings):
    qgis.update(
        {
            "csplus/endpoint": "high-volume",
            "csplus/project": "stored",
            "csplus/key_file": "/keys/b.json",
            "csplus/sandbox_data": "/data/b",
            "csplus/trusted_host": "ee.example",
        }
    )
    assert settings.connection() == Connection(
        endpoint="high-volume",
        project="stored",
        key_file=Path("/keys/b.json"),
        sandbox_data=Path("/data/b"),
        trusted_host="ee.example",
    )
    assert settings.PROJECT.source() == "QGIS settings"


def test_the_environment_wins(qgis: StoredSettings, monkeypatch: pytest.MonkeyPatch):
    qgis["csplus/project"] = "stored"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "google's")
    assert settings.PROJECT.value() == "google's"
    monkeypatch.setenv("CSPLUS_PROJECT", "ours")
    assert settings.PROJECT.value() == "ours"
    assert settings.PROJECT.source() == "environment variable CSPLUS_PROJECT"


@pytest.mark.parametrize("nothing", ["", "   "])
def test_an_empty_variable_says_nothing(qgis: StoredSettings, monkeypatch: pytest.MonkeyPatch, nothing: str):
    qgis["csplus/endpoint"] = "sandbox"
    monkeypatch.setenv("CSPLUS_ENDPOINT", nothing)
    assert settings.ENDPOINT.value() == "sandbox"


def test_a_path_may_start_at_home(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json")
    assert settings.connection().key_file == Path("/home/somebody/key.json")


def test_numbers_of_a_download(monkeypatch: pytest.MonkeyPatch, qgis: StoredSettings):
    assert (settings.bytes_in_flight(), settings.large_download()) == (256_000_000, 5_000_000_000)
    qgis["csplus/large_download"] = "300"
    monkeypatch.setenv("CSPLUS_BYTES_IN_FLIGHT", "64.5")
    assert (settings.bytes_in_flight(), settings.large_download()) == (64_500_000, 300_000_000)


@pytest.mark.parametrize("value", ["much", "0", "-3", "nan", "inf"])
def test_a_size_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("CSPLUS_BYTES_IN_FLIGHT", value)
    with pytest.raises(InvalidChoice, match="CSPLUS_BYTES_IN_FLIGHT"):
        settings.bytes_in_flight()


def test_compression(monkeypatch: pytest.MonkeyPatch):
    assert settings.compression() == "DEFLATE"
    monkeypatch.setenv("CSPLUS_COMPRESSION", "zstd")
    assert settings.compression() == "ZSTD"
    monkeypatch.setenv("CSPLUS_COMPRESSION", "jpeg")
    with pytest.raises(InvalidChoice, match="JPEG"):
        settings.compression()
