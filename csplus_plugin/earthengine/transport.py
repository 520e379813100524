"""The pooled HTTP sessions that requests are sent on. Import it inside functions: it imports `requests`."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from ..core.about import version

if TYPE_CHECKING:
    from .route import Route

POOL = 48
"""Connections kept open to one host. The service serves 40 requests of a project at once (usage guide)."""

CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 330.0
"""Seconds. The service gives up on an interactive request after five minutes (usage guide)."""


def plain_session(route: Route) -> requests.Session:
    """Make a session that sends no credentials."""
    return _configured(requests.Session(), route)


def token_refresher(route: Route) -> Any:
    """Make what google-auth refreshes an account's access token with, on the same route."""
    from google.auth.transport.requests import Request

    class Refresher(Request):
        """Sends what renews the token, a signed claim or a refresh token, to the address asked, and nowhere else."""

        def __call__(self, url: str, *args: Any, **options: Any) -> Any:
            return super().__call__(url, *args, **{**options, "allow_redirects": False})

    return Refresher(plain_session(route))


def authorized_session(credentials: Any, refresher: Any, route: Route) -> requests.Session:
    """Make a session that signs each request; also refreshes the access token after a 401."""
    from google.auth.transport.requests import AuthorizedSession

    return _configured(AuthorizedSession(credentials, auth_request=refresher), route)


class _RoutedAdapter(HTTPAdapter):
    """A connection pool that lets the route choose the proxy of each request."""

    def __init__(self, route: Route) -> None:
        super().__init__(pool_connections=4, pool_maxsize=POOL)
        self._route = route

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send one request."""
        options["proxies"] = self._route.proxies_for(request.url or "")
        return super().send(request, **options)


def _configured(session: requests.Session, route: Route) -> requests.Session:
    # With trust_env, requests would put the environment's proxy before QGIS's and a password from ~/.netrc
    # in the place of our own Authorization. What is wanted of the environment is taken by hand.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, _RoutedAdapter(route))
    session.headers["User-Agent"] = f"csplus-qgis/{version()}"
    session.headers["X-Goog-Api-Client"] = f"csplus-qgis/{version()} gl-python/{platform.python_version()}"
    return session
