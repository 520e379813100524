"""Settings -> endpoint, project, account: a session that requests can be sent on.

A session is opened on first use, once for each connection, and shared by all threads. Opening one asks no server
and shows no prompt.
"""

from __future__ import annotations

import atexit
import copy
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.errors import InvalidChoice, MissingLibrary
from ..core.language import _, marked
from ..core.text import clean
from . import credentials
from .dependencies import install_command, load, load_ee
from .limiter import forget_limiters, limiter_for
from .retry import parse_http_date
from .route import Route, is_loopback
from .waiting import POLL

if TYPE_CHECKING:
    import requests

ENDPOINTS = {
    "earthengine": "https://earthengine.googleapis.com",
    "high-volume": "https://earthengine-highvolume.googleapis.com",
}
"""Names that a user may give, beside `sandbox` and a URL (guides: usage, high-volume endpoint)."""

SANDBOX = "sandbox"

_CACHE = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
"""The variable that moves the folder in which the sample scenes are kept."""

_ADDRESS = re.compile(r"(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)
"""Host and port, in characters that every library reads alike: a backslash ends the host for some of them only."""

_SHOWN = 200
"""Characters of a wrong setting that a message repeats."""

_GOOGLE = ".googleapis.com"
"""What the names of Google's API hosts end with; only Google can give such a name."""

_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:-]{0,99}")
_HOW_TO_SET_A_PROJECT = marked(
    "Set a Google Cloud project in QGIS under Settings > Options > Cloud Score+, or in CSPLUS_PROJECT."
)


@dataclass(frozen=True)
class Connection:
    """How the user wants to reach Earth Engine.

    Attributes:
        endpoint: `earthengine`, `high-volume`, `sandbox`, or a URL.
        project: Cloud project id; empty: the one stored with the credentials.
        key_file: Key file of a service account, or another credentials file.
        proxies: Scheme -> proxy URL, as `requests` takes them; empty: the environment decides.
        sandbox_data: Archive folder for the embedded sandbox; None: the sample scenes.
        no_proxy: Starts of URLs that are reached without any proxy.
        environment_proxy: Starts of URLs for which the environment decides although `proxies` is given.
        certificates: Certificates that QGIS trusts, in the form PEM, beside those of the system.
        trusted_host: A host beside Google's that may have the account's access token; empty: none.
    """

    endpoint: str = "earthengine"
    project: str = ""
    key_file: Path | None = None
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    sandbox_data: Path | None = None
    no_proxy: tuple[str, ...] = ()
    environment_proxy: tuple[str, ...] = ()
    trusted_host: str = ""
    certificates: str = field(default="", repr=False)


class Session:
    """An account, a project and a pool of connections for one Earth Engine. Fit for many threads.

    Attributes:
        base_url: Address of the service, without a slash at the end.
        project: Cloud project that requests are made in.
        account: Kind and, where known, e-mail address of the account: fit for a log.
        is_sandbox: Whether the service runs on this machine, and so is not Google's.
        sign_in_hint: What to do if the service no longer accepts the account, a whole sentence.
        has_responded: Whether the service has responded to a request of this session.
        clock_offset: Seconds by which this computer's clock is ahead of the service's, as of its last response.
        limiter: Of all that this process asks the service for the project.
    """

    def __init__(
        self,
        base_url: str,
        project: str,
        route: Route,
        account: credentials.Account | None = None,
        certificates: str = "",
    ) -> None:
        from . import transport, trust

        self.base_url = base_url
        self.project = project
        self.is_sandbox = is_loopback(base_url)
        self.account = account.description if account else _("none needed")
        self.sign_in_hint = account.sign_in_hint if account else ""
        self.has_responded = False
        self.clock_offset = 0.0
        self.limiter = limiter_for(base_url, project)
        self._route = route
        self._credentials = _with_quota_project(account.credentials, project) if account else None
        trusted = trust.trusting(certificates)
        if self._credentials is None:
            self._http = transport.plain_session(route, trusted)
        else:
            self._refresher = transport.token_refresher(route, trusted)
            self._http = transport.authorized_session(self._credentials, self._refresher, route, trusted)
        self._refreshing = threading.Lock()

    @property
    def host(self) -> str:
        """Host and port of the service."""
        return urlsplit(self.base_url).netloc

    @property
    def service(self) -> str:
        """Name of the service, to begin a sentence with."""
        return _("The sandbox") if self.is_sandbox else _("Earth Engine")

    @property
    def proxy(self) -> str:
        """`host:port` of the proxy that is used; empty if there is none."""
        return self._route.proxy_name(self.base_url)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request and wait until the response begins; its body is still to be read.

        Args:
            method: HTTP method.
            path: Path after `<base_url>/v1/`.
            params: Query parameters.
            body: JSON, encoded.
            headers: Headers of this request alone.

        Raises:
            requests.RequestException: There was no response.
            google.auth.exceptions.GoogleAuthError: The account's access could not be renewed.
        """
        from .transport import CONNECT_TIMEOUT, READ_TIMEOUT

        self._refresh_token()
        sent = {**(headers or {}), **({"X-Goog-User-Project": self.project} if self.project else {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        response = self._http.request(
            method,
            f"{self.base_url}/v1/{path}",
            params=params,
            data=body,
            headers=sent,
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
            stream=True,
        )
        self.has_responded = True
        if date := parse_http_date(response.headers.get("Date")):
            self.clock_offset = time.time() - date.timestamp()
        return response

    def post_form(self, path: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form, and receive a short answer whole.

        Args:
            path: Path after `base_url`, with its slash.
            fields: The form.

        Returns:
            Status and body.

        Raises:
            requests.RequestException: There was no answer, or it is broken.
        """
        from .transport import CONNECT_TIMEOUT
        from .watch import BODY_TIMEOUT

        response = self._http.post(
            f"{self.base_url}{path}",
            data=dict(fields),
            timeout=(CONNECT_TIMEOUT, BODY_TIMEOUT),
            allow_redirects=False,
        )
        return response.status_code, response.content

    def copy(self, base_url: str, project: str) -> Session:
        """Make a session of the same account and connections for another service or project.

        Args:
            base_url: Address of the service; trusted with the account.
            project: Cloud project that is charged. This session must have none, for the account remembers it.
        """
        other = copy.copy(self)
        other.base_url, other.project = base_url, _require_valid(project)
        other.limiter = limiter_for(base_url, project)
        return other

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def _refresh_token(self) -> None:
        """Refresh the access token once, when many workers start together and each would do it by itself."""
        if self._credentials is None or self._credentials.valid:
            return
        with self._refreshing:
            if not self._credentials.valid:
                self._credentials.refresh(self._refresher)


_lock = threading.RLock()
_sessions: dict[Connection, tuple[Any, Session]] = {}
_sandboxes: dict[Path | None, Any] = {}


def session_for(connection: Connection, progress: Callable[[float], None] = lambda _: None) -> Session:
    """Open the session of a connection: the same one for equal connections, until its credentials change on disk.

    Args:
        connection: Who computes.
        progress: Is told what share (0 to 1) of the embedded sandbox's sample scenes is written, which its first start
            does; it raises to end that.

    Raises:
        SignInNeeded: No account, or a broken credentials file.
        InvalidChoice: No project, or an endpoint that cannot be used or is not encrypted or trusted, or a broken file
            of certificates.
        MissingLibrary: A library that the connection needs cannot be imported.
    """
    with _locked(progress):
        load("requests")
        base_url = _base_url(connection, progress)
        needs_account = not is_loopback(base_url)
        state = credentials.files_state(connection.key_file) if needs_account else None
        known_state, session = _sessions.get(connection, (None, None))
        if session is None or known_state != state:
            session = _open(connection, base_url, needs_account=needs_account)
            _sessions[connection] = (state, session)
        return session


def running_sandbox(connection: Connection) -> str:
    """Give the address of the sandbox that a connection reaches, without starting it; empty where none runs."""
    if connection.endpoint != SANDBOX:
        return connection.endpoint.strip().rstrip("/") if is_loopback(connection.endpoint) else ""
    running = _sandboxes.get(connection.sandbox_data)
    return running.url.rstrip("/") if running else ""


@contextmanager
def _locked(progress: Callable[[float], None]) -> Iterator[None]:
    """Wait for another run that opens a session: the first start of the sandbox takes seconds."""
    while not _lock.acquire(timeout=POLL):
        progress(0.0)
    try:
        yield
    finally:
        _lock.release()


def close_sessions() -> None:
    """Close every session and stop the embedded sandboxes: the plugin is being unloaded."""
    with _lock:
        for _, session in _sessions.values():
            session.close()
        _sessions.clear()
        for sandbox in _sandboxes.values():
            sandbox.stop()
            atexit.unregister(sandbox.stop)
        _sandboxes.clear()
        forget_limiters()


def _open(connection: Connection, base_url: str, *, needs_account: bool) -> Session:
    route = Route(connection.proxies, connection.no_proxy, connection.environment_proxy)
    if not needs_account:
        return Session(base_url, _require_valid(connection.project or "csplus-sandbox"), route)
    require_socks_support(connection.proxies)
    account = credentials.find_account(connection.key_file)
    project = connection.project or account.project
    if not project:
        raise InvalidChoice(_("No Google Cloud project is set."), _(_HOW_TO_SET_A_PROJECT))
    return Session(base_url, _require_valid(project), route, account, connection.certificates)


def _base_url(connection: Connection, progress: Callable[[float], None]) -> str:
    endpoint = connection.endpoint.strip()
    if endpoint == SANDBOX:
        return _sandbox_url(connection.sandbox_data, progress)
    if endpoint in ENDPOINTS:
        return ENDPOINTS[endpoint]
    try:
        parts = urlsplit(endpoint)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not _ADDRESS.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise InvalidChoice(
            _(
                "The endpoint {endpoint} is neither a known name nor a URL.",
                endpoint=_strip_account(endpoint),
            ),
            _(
                "Choose {names}, or a URL that starts with https://.",
                names=", ".join((*ENDPOINTS, SANDBOX)),
            ),
        )
    if parts.scheme == "http" and not is_loopback(endpoint):
        raise InvalidChoice(
            _(
                "The endpoint {endpoint} is not encrypted, so credentials are not sent to it.",
                endpoint=_strip_account(endpoint),
            ),
            _("Use a URL that starts with https://."),
        )
    if not is_loopback(endpoint):
        _require_trusted(parts.hostname or "", connection.trusted_host)
    return parts.geturl().rstrip("/")  # what was looked at, without the line breaks that were passed over


def _require_trusted(host: str, trusted_host: str) -> None:
    """Refuse to sign for a host that is neither Google's nor named by the user: an access token is good for all of it.

    A service account's is good for the whole of Google Cloud, so a typing mistake in an address must not spread it.
    """
    if host.endswith(_GOOGLE) or host == trusted_host.strip().lower():
        return
    raise InvalidChoice(
        _(
            "The endpoint's host {host} is not one of Google's (*{google}), so your account's access is not sent "
            "to it.",
            host=host,
            google=_GOOGLE,
        ),
        _(
            "If you trust it, set CSPLUS_TRUSTED_HOST={host}, or csplus/trusted_host in QGIS's settings.",
            host=host,
        ),
    )


def _strip_account(endpoint: str) -> str:
    return clean(endpoint.rpartition("@")[2], _SHOWN)


def _sandbox_url(data: Path | None, progress: Callable[[float], None]) -> str:
    """Start the embedded sandbox, once in the process for each archive folder."""
    if data not in _sandboxes:
        load_ee()  # the sandbox serves the list of functions that comes with the library
        from ..sandbox import server
        from ..sandbox.errors import CannotStart

        try:
            _sandboxes[data] = server.start(data=data, progress=progress)
        except CannotStart as why:
            raise InvalidChoice(
                _("The sandbox cannot start: {why}", why=why),
                _(
                    "Correct CSPLUS_SANDBOX_DATA, or in QGIS Sandbox's archive under Settings > Options > "
                    "Cloud Score+, or leave it empty to use the sample scenes."
                )
                if data
                else _(
                    "Set {variable} to a folder that can be written to, or CSPLUS_SANDBOX_DATA to an archive.",
                    variable=_CACHE,
                ),
            ) from why
        # Its threads work in GDAL, and what still works there when the process takes GDAL down crashes it.
        atexit.register(_sandboxes[data].stop)
    return _sandboxes[data].url.rstrip("/")


def _with_quota_project(account_credentials: Any, project: str) -> Any:
    """Charge requests to the chosen project, whatever project is stored with the credentials."""
    if hasattr(account_credentials, "with_quota_project"):
        return account_credentials.with_quota_project(project)
    return account_credentials


def _require_valid(project: str) -> str:
    if not _PROJECT.fullmatch(project):
        shown = clean(project, _SHOWN)
        raise InvalidChoice(
            _("{project!r} is not a valid Google Cloud project id.", project=shown), _(_HOW_TO_SET_A_PROJECT)
        )
    return project


def require_socks_support(proxies: Mapping[str, str]) -> None:
    """Refuse a SOCKS proxy that cannot be used.

    Raises:
        MissingLibrary: It needs a library that is not there.
    """
    if not any(proxy.startswith("socks") for proxy in proxies.values()):
        return
    try:
        load("socks")
    except MissingLibrary as absent:
        raise MissingLibrary(
            _("QGIS is set to use a SOCKS5 proxy, which needs the Python package PySocks."),
            _(
                "Install it in a terminal, then restart QGIS: {command}",
                command=install_command("PySocks"),
            ),
        ) from absent
