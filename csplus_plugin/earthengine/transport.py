"""The pooled HTTP sessions that requests are sent on. Import it inside functions: it imports `requests`."""

from __future__ import annotations

import platform
import threading
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.wait import wait_for_read

from ..core.about import version
from ..core.language import _
from .responses import receive_error
from .watch import BODY_TIMEOUT, Late, Watch, watch_of_thread

if TYPE_CHECKING:
    import ssl

    from .route import Route

POOL = 48
"""Connections kept open to one host. The service serves 40 requests of a project at once (usage guide)."""

CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 330.0
"""Seconds. The service gives up on an interactive request after five minutes (usage guide)."""

QUIET = 0.005
"""Seconds in which nothing more may arrive on a connection before it is used again."""


def plain_session(route: Route, trusted: ssl.SSLContext) -> requests.Session:
    """Make a session that sends no credentials."""
    return _configured(requests.Session(), route, trusted)


def token_refresher(route: Route, trusted: ssl.SSLContext) -> Any:
    """Make what google-auth refreshes an account's access token with, on the same route."""
    from google.auth.transport.requests import Request

    return Request(plain_session(route, trusted))


def authorized_session(
    credentials: Any, refresher: Any, route: Route, trusted: ssl.SSLContext
) -> requests.Session:
    """Make a session that signs each request; also refreshes the access token after a 401."""
    from google.auth.transport.requests import AuthorizedSession

    _guard_refreshing(credentials)
    return _configured(AuthorizedSession(credentials, auth_request=refresher), route, trusted)


def _guard_refreshing(credentials: Any) -> None:
    """Make the account's library say in its own words that it cannot read what the token service sent."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    refresh = credentials.refresh

    def refresh_or_say(request: Any) -> None:
        try:
            refresh(request)
        except (GoogleAuthError, requests.RequestException, Late):
            raise
        except Exception as broken:
            # It trusts the types in the response: `expires_in`, for one.
            raise TransportError(_("what it sent cannot be read")) from broken

    credentials.refresh = refresh_or_say


def _extend_connections(manager: Any) -> None:
    """Make a manager's pools close connections on which too much arrives, and its connections known to watches.

    Of a response that a proxy sends twice, the second would be taken for that of the next request: another tile's
    pixels, of the same shape. urllib3 looks once more when it takes a connection out of a pool.
    """
    # Its own classes stay below, for those of a SOCKS proxy are others.
    manager.pool_classes_by_scheme = {
        scheme: type(
            kind.__name__,
            (_Quiet, kind),
            {"ConnectionCls": type(kind.ConnectionCls.__name__, (_Watched, kind.ConnectionCls), {})},
        )
        for scheme, kind in manager.pool_classes_by_scheme.items()
    }


class _Watched:
    """What is added to a connection: whoever waits for its response may close it, which wakes who reads."""

    def getresponse(self, *args: Any, **options: Any) -> Any:
        if watch := watch_of_thread():
            watch.waits_on(self.sock)  # type: ignore[attr-defined]
        return super().getresponse(*args, **options)  # type: ignore[misc]


class _Quiet:
    """What is added to a pool of connections."""

    def _put_conn(self, conn: Any) -> None:
        sock = getattr(conn, "sock", None)
        # A TLS socket may have decrypted more than was read of it, which no longer shows from outside.
        if sock is not None and (getattr(sock, "pending", int)() or wait_for_read(sock, QUIET)):
            conn.close()
        super()._put_conn(conn)  # type: ignore[misc]


class _RoutedAdapter(HTTPAdapter):
    """A connection pool that lets the route choose the proxy of each request."""

    def __init__(self, route: Route, trusted: ssl.SSLContext) -> None:
        self._route, self._trusted = route, trusted  # the parent's constructor makes the pool already
        super().__init__(pool_connections=4, pool_maxsize=POOL)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **options, ssl_context=self._trusted)
        _extend_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pool of connections through a proxy."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **options, ssl_context=self._trusted)
        if is_new:  # one is kept for each proxy, and asked for again with every request
            _extend_connections(manager)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave out what requests would load for each connection: the context has it all."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send one request, and receive the body of a response that is wanted at once: a token, for one."""
        options["proxies"] = self._route.proxies_for(request.url or "")
        response = super().send(request, **options)
        if not options.get("stream"):
            # Else requests would read it, however long it is.
            response._content = _receive_short(response)  # noqa: SLF001 where requests keeps what it read
        return response


def _receive_short(response: requests.Response) -> bytes:
    watch = Watch()
    end = threading.Timer(BODY_TIMEOUT, watch.break_off)
    end.daemon = True
    end.start()
    try:
        with response:
            return bytes(receive_error(response, watch))
    finally:
        end.cancel()


def _configured(session: requests.Session, route: Route, trusted: ssl.SSLContext) -> requests.Session:
    # With trust_env, requests would put the environment's proxy before QGIS's and a password from ~/.netrc
    # in the place of our own Authorization. What is wanted of the environment is taken by hand.
    session.trust_env = False
    session.verify = True
    for scheme in ("https://", "http://"):
        session.mount(scheme, _RoutedAdapter(route, trusted))
    # Nothing that we ask redirects, and what is signed, or renews an access token, goes nowhere else. Requests looks
    # at the target even where it does not follow, and reads the whole body then.
    session.get_redirect_target = lambda _: None
    session.headers["Accept-Encoding"] = "gzip"  # the one coding that is decoded
    session.headers["User-Agent"] = f"csplus-qgis/{version()}"
    session.headers["X-Goog-Api-Client"] = f"csplus-qgis/{version()} gl-python/{platform.python_version()}"
    return session
