"""QGIS's proxy as `requests` takes it, and where it does not stand in the way."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin import proxy, settings
from csplus.csplus_plugin.core.errors import InvalidChoice

from ..support.stored_settings import StoredSettings, replace_settings

PROXY = {
    "proxy/proxyEnabled": True,
    "proxy/proxyType": "HttpProxy",
    "proxy/proxyHost": "proxy.example",
    "proxy/proxyPort": "3128",
}


@pytest.fixture(autouse=True)
def qgis(monkeypatch: pytest.MonkeyPatch) -> StoredSettings:
    """QGIS's settings, empty, and an environment that says nothing."""
    return replace_settings(monkeypatch)


def test_an_http_proxy(qgis: StoredSettings):
    qgis.update(PROXY)
    url = "http://proxy.example:3128"
    assert settings.connection().proxies == {"http": url, "https": url}


@pytest.mark.parametrize("flag", ["true", True])
def test_flags_of_an_ini_file_are_text(qgis: StoredSettings, flag: object):
    qgis.update({**PROXY, "proxy/proxyEnabled": flag})
    assert proxy.read_proxies()


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
    assert proxy.read_proxies() == {}


@pytest.mark.parametrize(
    ("kind", "scheme"), [("HttpCachingProxy", "http"), ("Socks5Proxy", "socks5h"), ("HttpProxy", "http")]
)
def test_types_of_proxy(qgis: StoredSettings, kind: str, scheme: str):
    qgis.update({**PROXY, "proxy/proxyType": kind})
    assert proxy.read_proxies()["https"] == f"{scheme}://proxy.example:3128"


def test_a_proxy_for_something_else_is_one_sentence(qgis: StoredSettings):
    qgis.update({**PROXY, "proxy/proxyType": "FtpCachingProxy"})
    with pytest.raises(InvalidChoice, match="FtpCachingProxy"):
        settings.connection()


def test_a_name_and_password_with_any_characters(qgis: StoredSettings):
    qgis.update({**PROXY, "proxy/proxyUser": "DOM\\me", "proxy/proxyPassword": "p@ss:/w"})
    assert proxy.read_proxies()["https"] == "http://DOM%5Cme:p%40ss%3A%2Fw@proxy.example:3128"
    assert "w@proxy" not in repr(settings.connection())


@pytest.mark.parametrize("port", ["", "0", None])
def test_a_proxy_without_a_port(qgis: StoredSettings, port: str | None):
    qgis.update({**PROXY, "proxy/proxyPort": port})
    assert proxy.read_proxies()["https"] == "http://proxy.example"


def test_excluded_urls(qgis: StoredSettings):
    qgis.update(
        {
            **PROXY,
            "proxy/noProxyUrls": ["https://a.example", "", " "],
            "proxy/proxyExcludedUrls": "https://b.example",
        }
    )
    connection = settings.connection()
    assert connection.no_proxy == ("https://a.example",)
    assert connection.environment_proxy == ("https://b.example",)


@pytest.mark.parametrize("endpoint", ["sandbox", "http://127.0.0.1:8000"])
def test_a_broken_proxy_does_not_stop_the_sandbox(
    qgis: StoredSettings, monkeypatch: pytest.MonkeyPatch, endpoint: str
):
    qgis.update({**PROXY, "proxy/proxyType": "FtpCachingProxy"})
    monkeypatch.setenv("CSPLUS_ENDPOINT", endpoint)
    assert settings.connection().endpoint == endpoint
