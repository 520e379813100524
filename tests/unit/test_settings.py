"""Settings: the environment wins over QGIS, QGIS over the defaults; QGIS's proxy as `requests` takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.earthengine.session import Connection

PROXY = {
    "proxy/proxyEnabled": True,
    "proxy/proxyType": "HttpProxy",
    "proxy/proxyHost": "proxy.example",
    "proxy/proxyPort": "3128",
}


class StoredSettings(dict):
    """What is asked of QgsSettings."""

    def value(self, key: str) -> Any:
        return self.get(key)


@pytest.fixture(autouse=True)
def qgis(monkeypatch: pytest.MonkeyPatch) -> StoredSettings:
    """QGIS's settings, empty, and an environment that says nothing."""
    stored = StoredSettings()
    monkeypatch.setattr(settings, "_qgis_settings", lambda: stored)
    for name in (
        "CSPLUS_ENDPOINT",
        "CSPLUS_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CSPLUS_SANDBOX_DATA",
    ):
        monkeypatch.delenv(name, raising=False)
    return stored


def test_defaults():
    assert settings.connection() == Connection(
        endpoint="earthengine", project="", key_file=None, proxies={}, sandbox_data=None
    )


def test_outside_qgis_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "_qgis_settings", lambda: None)
    monkeypatch.setenv("CSPLUS_ENDPOINT", "sandbox")
    monkeypatch.setenv("CSPLUS_PROJECT", "p")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/keys/a.json")
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", "/data/scenes")
    assert settings.connection() == Connection(
        endpoint="sandbox",
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
        }
    )
    assert settings.connection() == Connection(
        endpoint="high-volume",
        project="stored",
        key_file=Path("/keys/b.json"),
        sandbox_data=Path("/data/b"),
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


def test_an_http_proxy(qgis: StoredSettings):
    qgis.update(PROXY)
    url = "http://proxy.example:3128"
    assert settings.connection().proxies == {"http": url, "https": url}


@pytest.mark.parametrize("flag", ["true", True])
def test_flags_of_an_ini_file_are_text(qgis: StoredSettings, flag: object):
    qgis.update({**PROXY, "proxy/proxyEnabled": flag})
    assert settings.proxies()


@pytest.mark.parametrize(
    "changed",
    [
        {"proxy/proxyEnabled": False},
        {"proxy/proxyEnabled": "false"},
        {"proxy/proxyEnabled": None},
        {"proxy/proxyType": "DefaultProxy"},
        {"proxy/proxyType": None},
        {"proxy/proxyHost": ""},
    ],
)
def test_where_the_environment_decides(qgis: StoredSettings, changed: dict):
    qgis.update({**PROXY, **changed})
    assert settings.proxies() == {}


@pytest.mark.parametrize(
    ("kind", "scheme"), [("HttpCachingProxy", "http"), ("Socks5Proxy", "socks5h"), ("HttpProxy", "http")]
)
def test_types_of_proxy(qgis: StoredSettings, kind: str, scheme: str):
    qgis.update({**PROXY, "proxy/proxyType": kind})
    assert settings.proxies()["https"] == f"{scheme}://proxy.example:3128"


def test_a_proxy_for_something_else_is_one_sentence(qgis: StoredSettings):
    qgis.update({**PROXY, "proxy/proxyType": "FtpCachingProxy"})
    with pytest.raises(InvalidChoice, match="FtpCachingProxy"):
        settings.connection()


def test_a_name_and_password_with_any_characters(qgis: StoredSettings):
    qgis.update({**PROXY, "proxy/proxyUser": "DOM\\me", "proxy/proxyPassword": "p@ss:/w"})
    assert settings.proxies()["https"] == "http://DOM%5Cme:p%40ss%3A%2Fw@proxy.example:3128"
    assert "w@proxy" not in repr(settings.connection())


@pytest.mark.parametrize("port", ["", "0", None])
def test_a_proxy_without_a_port(qgis: StoredSettings, port: str | None):
    qgis.update({**PROXY, "proxy/proxyPort": port})
    assert settings.proxies()["https"] == "http://proxy.example"


def test_excluded_urls(qgis: StoredSettings):
    qgis.update(
        {
            **PROXY,
            "proxy/noProxyUrls": ["https://a.example", "", " "],
            "proxy/proxyExcludedUrls": "https://b.example",
        }
    )
    connection = settings.connection()
    assert connection.straight == ("https://a.example",)
    assert connection.by_environment == ("https://b.example",)


@pytest.mark.parametrize("endpoint", ["sandbox", "http://127.0.0.1:8000"])
def test_a_broken_proxy_does_not_stop_the_sandbox(
    qgis: StoredSettings, monkeypatch: pytest.MonkeyPatch, endpoint: str
):
    qgis.update({**PROXY, "proxy/proxyType": "FtpCachingProxy"})
    monkeypatch.setenv("CSPLUS_ENDPOINT", endpoint)
    assert settings.connection().endpoint == endpoint


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
