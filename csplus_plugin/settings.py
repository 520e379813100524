"""Every setting of the plugin, typed: the environment first, then QGIS's settings, then a default.

Nothing here asks a server or shows a prompt. Outside QGIS only the environment is read.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .core.errors import InvalidChoice
from .earthengine.route import is_loopback
from .earthengine.session import SANDBOX, Connection

if TYPE_CHECKING:
    from qgis.core import QgsSettings

_SCHEMES = {
    "HttpProxy": "http",
    "HttpCachingProxy": "http",
    "Socks5Proxy": "socks5h",
}
"""QGIS's proxy types -> URL scheme; with socks5h the proxy looks host names up, as it does for QGIS."""


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        key: Name in QGIS's settings.
        variables: Environment variables that win over it, the first one first.
        default: Value where nothing is set.
    """

    key: str
    variables: tuple[str, ...]
    default: str = ""

    def value(self) -> str:
        """Read the setting."""
        return self._found()[0]

    def source(self) -> str:
        """Say where the value comes from, in words."""
        return self._found()[1]

    def _found(self) -> tuple[str, str]:
        for variable in self.variables:
            if value := os.environ.get(variable, "").strip():
                return value, f"environment variable {variable}"
        if value := str(_qgis(self.key) or "").strip():
            return value, "QGIS settings"
        return self.default, "default"


ENDPOINT = Setting("csplus/endpoint", ("CSPLUS_ENDPOINT",), "earthengine")
PROJECT = Setting("csplus/project", ("CSPLUS_PROJECT", "GOOGLE_CLOUD_PROJECT"))
KEY_FILE = Setting("csplus/key_file", ("GOOGLE_APPLICATION_CREDENTIALS",))
SANDBOX_DATA = Setting("csplus/sandbox_data", ("CSPLUS_SANDBOX_DATA",))
BYTES_IN_FLIGHT = Setting("csplus/bytes_in_flight", ("CSPLUS_BYTES_IN_FLIGHT",), "256")
LARGE_DOWNLOAD = Setting("csplus/large_download", ("CSPLUS_LARGE_DOWNLOAD",), "5000")
COMPRESSION = Setting("csplus/compression", ("CSPLUS_COMPRESSION",), "DEFLATE")

_MEGABYTE = 1_000_000
_COMPRESSIONS = ("DEFLATE", "ZSTD")


def connection() -> Connection:
    """Give the connection that the user has chosen, with QGIS's proxy.

    Raises:
        InvalidChoice: QGIS's proxy settings cannot be used.
    """
    endpoint = ENDPOINT.value()
    stays_here = endpoint == SANDBOX or is_loopback(endpoint)
    return Connection(
        endpoint=endpoint,
        project=PROJECT.value(),
        key_file=_path(KEY_FILE),
        sandbox_data=_path(SANDBOX_DATA),
        proxies={} if stays_here else proxies(),
        straight=_urls("proxy/noProxyUrls"),
        by_environment=_urls("proxy/proxyExcludedUrls"),
    )


def bytes_in_flight() -> int:
    """Give the bytes of pixels that a download may hold in memory; the setting is in megabytes.

    Raises:
        InvalidChoice: The setting is no number above 0.
    """
    return _megabytes(BYTES_IN_FLIGHT)


def large_download() -> int:
    """Give the bytes above which a run proposes a batch export; the setting is in megabytes.

    Raises:
        InvalidChoice: The setting is no number above 0.
    """
    return _megabytes(LARGE_DOWNLOAD)


def compression() -> str:
    """Give the compression of files: `DEFLATE`, which every program reads, or `ZSTD`, which is faster.

    Raises:
        InvalidChoice: The setting names another.
    """
    value = COMPRESSION.value().upper()
    if value not in _COMPRESSIONS:
        raise InvalidChoice(
            f"The compression {value} ({COMPRESSION.source()}) is not known.",
            f"Choose {' or '.join(_COMPRESSIONS)}.",
        )
    return value


def proxies() -> dict[str, str]:
    """Give QGIS's proxy as `requests` takes it; empty where the environment shall decide.

    Follows `QgsNetworkAccessManager::setupDefaultProxyAndCache`: the type DefaultProxy means the system's.

    Raises:
        InvalidChoice: The proxy's type or its stored account cannot be used.
    """
    kind = str(_qgis("proxy/proxyType") or "DefaultProxy")
    host = str(_qgis("proxy/proxyHost") or "").strip()
    if not _qgis_flag("proxy/proxyEnabled") or kind == "DefaultProxy" or not host:
        return {}
    if kind not in _SCHEMES:
        raise InvalidChoice(
            f"QGIS is set to a proxy of the type {kind}, which carries no requests to Earth Engine.",
            "Choose another type in QGIS under Settings > Options > Network.",
        )
    user, code = _proxy_account()
    account = f"{quote(user, safe='')}:{quote(code, safe='')}@" if user else ""
    port = str(_qgis("proxy/proxyPort") or "").strip()
    url = f"{_SCHEMES[kind]}://{account}{host}{f':{port}' if port.isdigit() and int(port) else ''}"
    return {"http": url, "https": url}


def _proxy_account() -> tuple[str, str]:
    """Name and password for the proxy: from QGIS's authentication store if it keeps them."""
    user, code = str(_qgis("proxy/proxyUser") or ""), str(_qgis("proxy/proxyPassword") or "")
    stored = str(_qgis("proxy/authcfg") or "")
    if not stored:
        return user, code
    from qgis.core import QgsApplication
    from qgis.PyQt.QtNetwork import QNetworkProxy

    manager = QgsApplication.authManager()
    # Asked for while it is locked, the store would open a dialog, which a run must never do.
    if manager.isDisabled() or not manager.masterPasswordIsSet():
        raise InvalidChoice(
            "The account for QGIS's proxy is in QGIS's authentication store, which is locked.",
            "Unlock it in QGIS under Settings > Options > Authentication, or set QGIS_AUTH_PASSWORD_FILE.",
        )
    filled = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "", 0, user, code)
    answered, filled = manager.updateNetworkProxy(filled, stored)
    if not answered:
        raise InvalidChoice(
            "The account for QGIS's proxy cannot be read from QGIS's authentication store.",
            "Choose it again in QGIS under Settings > Options > Network.",
        )
    return filled.user(), filled.password()


def _megabytes(setting: Setting) -> int:
    value = setting.value()
    try:
        size = float(value)
    except ValueError:
        size = 0
    if not 0 < size < float("inf"):
        raise InvalidChoice(
            f"{setting.key} is {value!r} ({setting.source()}).", "Choose a number of megabytes above 0."
        )
    return int(size * _MEGABYTE)


def _path(setting: Setting) -> Path | None:
    value = setting.value()
    return Path(value).expanduser() if value else None


def _urls(key: str) -> tuple[str, ...]:
    """Starts of URLs; an empty one would match every URL, so QGIS leaves it out too."""
    urls = _qgis(key) or ()
    return tuple(url for url in ([urls] if isinstance(urls, str) else urls) if url and url.strip())


def _qgis(key: str) -> Any:
    settings = _qgis_settings()
    return None if settings is None else settings.value(key)


def _qgis_flag(key: str) -> bool:
    """An ini file gives flags back as text."""
    value = _qgis(key)
    return value.lower() == "true" if isinstance(value, str) else bool(value)


def _qgis_settings() -> QgsSettings | None:
    """QGIS's settings, where QGIS is running."""
    try:
        from qgis.core import QgsApplication, QgsSettings
    except ImportError:
        return None
    return QgsSettings() if QgsApplication.instance() else None
