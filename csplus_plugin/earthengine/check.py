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
from ..core.language import _
from ..core.text import clean
from . import dependencies, failures
from .client import Client
from .limiter import Limiter
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
        origin = _("bundled with the plugin") if self.is_vendored else _("from the Python environment")
        return _(
            "earthengine-api {version} in {folder} ({origin})",
            version=self.version,
            folder=self.folder,
            origin=origin,
        )


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
    log(
        _(
            "Library: {found}. Python {python_version}, Cloud Score+ {version}.",
            found=found,
            python_version=platform.python_version(),
            version=version(),
        )
    )
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
    route = _(" through the proxy {proxy}", proxy=opened.proxy) if opened.proxy else ""
    name = _("Cloud Score+ sandbox, not Google Earth Engine,") if opened.is_sandbox else _("Earth Engine")
    log(_("Endpoint: {name} at {base_url}{route}.", name=name, base_url=opened.base_url, route=route))
    log(_("Project: {project}. Account: {account}.", project=opened.project, account=opened.account))
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
    client.limiter = Limiter()  # what others ask for, and are refused, is not what is tested
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
    quota = _("used up (restricted mode)") if report.is_restricted else _("not restricted")
    log(
        _(
            "Round trip: {round_trip:.2f} s. Quota: {quota}. Registration: {registration}.",
            round_trip=round_trip,
            quota=quota,
            registration=registration or _("unknown"),
        )
    )
    if abs(report.clock_offset) > failures.CLOCK_TOLERANCE:
        minutes = abs(report.clock_offset) / 60
        sentence = (
            _("This computer's clock is {minutes:.0f} minutes ahead.", minutes=minutes)
            if report.clock_offset > 0
            else _("This computer's clock is {minutes:.0f} minutes behind.", minutes=minutes)
        )
        log(f"{sentence} {_(failures.SET_THE_CLOCK)}")
    return report


def _read_registration(client: Client) -> str:
    """Ask first: this also opens the connection and refreshes the token, so that the second request is timed alone."""
    try:
        registration = client.project_config().get("registrationState")
    except (BadRequest, PermissionDenied):
        return ""  # not everybody may read it; what matters is whether the project may compute
    return clean(registration, _LONGEST_NAME) if isinstance(registration, str) else ""
