"""Which way a request goes: directly, through QGIS's proxy, or through that of the environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Route:
    """The proxies to use, and where not to use them.

    Attributes:
        proxies: Scheme -> proxy URL, as `requests` takes them. May hold a password, so it is never shown.
            Empty: the environment decides (HTTPS_PROXY, NO_PROXY, the system's settings).
        no_proxy: Starts of URLs that are reached without any proxy.
        environment_proxy: Starts of URLs for which the environment decides although `proxies` is given.
    """

    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    no_proxy: tuple[str, ...] = ()
    environment_proxy: tuple[str, ...] = ()

    def proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies for one URL, as `requests` takes them; a loopback URL has none."""
        if is_loopback(url) or url.startswith(self.no_proxy):
            return {}
        if self.proxies and not url.startswith(self.environment_proxy):
            return dict(self.proxies)
        from requests.utils import get_environ_proxies

        return dict(get_environ_proxies(url))

    def proxy_name(self, url: str) -> str:
        """Return `host:port` of the proxy for a URL, without name and password; empty if there is none."""
        from requests.utils import select_proxy

        proxy = select_proxy(url, self.proxies_for(url))
        return urlsplit(proxy if "//" in proxy else f"//{proxy}").netloc.rpartition("@")[2] if proxy else ""


def is_loopback(url: str) -> bool:
    """Tell whether a URL stays on this machine."""
    try:
        host = urlsplit(url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
