"""Test the connection with two small requests, and report what is found on the way.

What can go wrong (library, settings, credentials, network, proxy, clock, project) is tested here in the order in
which a real run needs it, and each failure is an error that names the next step.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.about import version
from ..core.errors import BadRequest, Cancelled, PermissionDenied
from ..core.text import clean
from . import dependencies, failures
from .client import Client
from .retry import Backoff
from .session import Connection, Session, session_for

TIMEOUT = 15.0
"""Seconds that the service has for both requests together; it needs about one."""

_LONGEST_NAME = 100
"""Characters of a state's name; the service's have about 30."""

SMALLEST_EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
"""The number 1."""

Log = Callable[[str], None]


@dataclass(frozen=True)
class Library:
    """The Earth Engine client library in use.

    Attributes:
        version: Its version.
        folder: Where it was loaded from.
        is_vendored: Whether it came with the plugin.
    """

    version: str
    folder: Path
    is_vendored: bool

    def __str__(self) -> str:
        origin = "bundled with the plugin" if self.is_vendored else "from the Python environment"
        return f"earthengine-api {self.version} in {self.folder} ({origin})"


@dataclass(frozen=True)
class ConnectionReport:
    """A connection that works.

    Attributes:
        round_trip: Seconds from a small request to its response.
        registration: How the project is registered, in the service's words; empty if it does not say.
        is_restricted: Whether the project's monthly quota is used up, so that fewer of its requests are served at once.
        clock_offset: Seconds by which this computer's clock is ahead of the service's.
    """

    round_trip: float
    registration: str
    is_restricted: bool
    clock_offset: float


def find_library(log: Log) -> Library:
    """Find the Earth Engine library that is used.

    Raises:
        MissingLibrary: There is none that can be used.
    """
    folder = dependencies.ee_place()
    dependencies.load("requests")
    vendored = dependencies.VENDOR.resolve()
    found = Library(dependencies.ee_version(), folder, vendored in folder.parents)
    log(f"Library: {found}. Python {platform.python_version()}, Cloud Score+ {version()}.")
    return found


def open_session(
    connection: Connection, log: Log, progress: Callable[[float], None] = lambda _: None
) -> Session:
    """Read settings and credentials, without asking a server.

    Args:
        connection: Who computes.
        log: Gets what is found.
        progress: As for `session_for`.

    Raises:
        SignInNeeded: No account, or a broken credentials file.
        InvalidChoice: No project, or an endpoint that cannot be used.
    """
    opened = session_for(connection, progress)
    route = f" through the proxy {opened.proxy}" if opened.proxy else ""
    name = "Cloud Score+ sandbox, not Google Earth Engine," if opened.is_sandbox else "Earth Engine"
    log(f"Endpoint: {name} at {opened.base_url}{route}.")
    log(f"Project: {opened.project}. Account: {opened.account}.")
    return opened


def probe_service(
    session: Session, log: Log, is_cancelled: Callable[[], bool] = lambda: False
) -> ConnectionReport:
    """Request how the project is set up, and the value of 1.

    Raises:
        Cancelled: The user stopped the run.
        ServiceError: One of its classes, within `TIMEOUT`.
    """
    end = time.monotonic() + TIMEOUT
    client = Client(session, lambda: is_cancelled() or time.monotonic() > end, log, Backoff(max_tries=1))
    try:
        registration = _read_registration(client)
        begin = time.monotonic()
        client.value(SMALLEST_EXPRESSION)
        round_trip = time.monotonic() - begin
    except Cancelled:
        if is_cancelled():
            raise
        raise failures.timed_out(TIMEOUT, session) from None
    report = ConnectionReport(round_trip, registration, client.is_restricted, session.clock_offset)
    quota = "used up (restricted mode)" if report.is_restricted else "not restricted"
    log(f"Round trip: {round_trip:.2f} s. Quota: {quota}. Registration: {registration or 'unknown'}.")
    if abs(report.clock_offset) > failures.CLOCK_TOLERANCE:
        ahead = "ahead" if report.clock_offset > 0 else "behind"
        log(
            f"This computer's clock is {abs(report.clock_offset) / 60:.0f} minutes {ahead}. {failures.SET_THE_CLOCK}"
        )
    return report


def _read_registration(client: Client) -> str:
    """Ask first: this also opens the connection and refreshes the token, so that the second request is timed alone."""
    try:
        registration = client.project_config().get("registrationState")
    except (BadRequest, PermissionDenied):
        return ""  # not everybody may read it; what matters is whether the project may compute
    return clean(registration, _LONGEST_NAME) if isinstance(registration, str) else ""
