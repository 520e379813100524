"""QGIS's proxy, with the account for it, as `requests` takes it."""

from __future__ import annotations

from urllib.parse import quote

from . import qgis_settings
from .core.errors import InvalidChoice
from .core.language import _

_SCHEMES = {
    "HttpProxy": "http",
    "HttpCachingProxy": "http",
    "Socks5Proxy": "socks5h",
}
"""QGIS's proxy types -> URL scheme; with socks5h the proxy looks host names up, as it does for QGIS."""


def read_proxies() -> dict[str, str]:
    """Read QGIS's proxy as `requests` takes it; empty where the environment decides.

    Follows `QgsNetworkAccessManager::setupDefaultProxyAndCache`: the type DefaultProxy means the system's.

    Raises:
        InvalidChoice: The proxy's type or its stored account cannot be used.
    """
    kind = str(qgis_settings.read("proxy/proxyType") or "DefaultProxy")
    host = str(qgis_settings.read("proxy/proxyHost") or "").strip()
    if not qgis_settings.read_flag("proxy/proxyEnabled") or kind == "DefaultProxy" or not host:
        return {}
    if kind not in _SCHEMES:
        raise InvalidChoice(
            _("QGIS is set to use a proxy of type {kind}, which cannot reach Earth Engine.", kind=kind),
            _("Choose another type in QGIS under Settings > Options > Network."),
        )
    user, code = _read_account()
    account = f"{quote(user, safe='')}:{quote(code, safe='')}@" if user else ""
    port = str(qgis_settings.read("proxy/proxyPort") or "").strip()
    url = f"{_SCHEMES[kind]}://{account}{host}{f':{port}' if port.isdigit() and int(port) else ''}"
    return {"http": url, "https": url}


def read_no_proxy() -> tuple[str, ...]:
    """Read the starts of URLs that QGIS reaches without any proxy."""
    return _read_urls("proxy/noProxyUrls")


def read_environment_proxy() -> tuple[str, ...]:
    """Read the starts of URLs for which QGIS uses the system's proxy instead of its own."""
    return _read_urls("proxy/proxyExcludedUrls")


def _read_account() -> tuple[str, str]:
    """Read name and password, from QGIS's authentication store if they are kept there."""
    user, code = (
        str(qgis_settings.read("proxy/proxyUser") or ""),
        str(qgis_settings.read("proxy/proxyPassword") or ""),
    )
    stored = str(qgis_settings.read("proxy/authcfg") or "")
    if not stored:
        return user, code
    from qgis.core import QgsApplication
    from qgis.PyQt.QtNetwork import QNetworkProxy

    manager = QgsApplication.authManager()
    # Asked for while it is locked, the store would open a dialog, which a run must never do.
    if manager.isDisabled() or not manager.masterPasswordIsSet():
        raise InvalidChoice(
            _("The account for QGIS's proxy is in QGIS's authentication store, which is locked."),
            _("Unlock it in QGIS under Settings > Options > Authentication, or set QGIS_AUTH_PASSWORD_FILE."),
        )
    filled = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "", 0, user, code)
    answered, filled = manager.updateNetworkProxy(filled, stored)
    if not answered:
        raise InvalidChoice(
            _("The account for QGIS's proxy cannot be read from QGIS's authentication store."),
            _("Choose it again in QGIS under Settings > Options > Network."),
        )
    return filled.user(), filled.password()


def _read_urls(key: str) -> tuple[str, ...]:
    """Read starts of URLs; an empty one would match every URL, so it is left out, as QGIS does."""
    urls = qgis_settings.read(key) or ()
    return tuple(url for url in ([urls] if isinstance(urls, str) else urls) if url and url.strip())
