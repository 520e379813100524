"""Try the connection with two tiny questions, and say what is found on the way.

Everything that can stand in the way (library, settings, credentials, network, proxy, clock, project) is met here
in the order in which a real run meets it, and each failure is an error that names the next step.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.about import version
from ..core.errors import BadRequest, Cancelled, PermissionDenied
from . import dependencies, faults
from .client import Client
from .retry import Backoff
from .session import Connection, Session, session_for

PATIENCE = 15.0
"""Seconds that the service has for both questions together; it needs about one."""

ONE = {"result": "0", "values": {"0": {"constantValue": 1}}}
"""The smallest expression: the number 1."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Library:
    """The Earth Engine client library in use.

    Attributes:
        version: Its version.
        place: The folder it was loaded from.
        is_vendored: Whether it came with the plugin.
    """

    version: str
    place: Path
    is_vendored: bool

    def __str__(self) -> str:
        origin = "came with the plugin" if self.is_vendored else "of the environment"
        return f"earthengine-api {self.version} in {self.place} ({origin})"


@dataclass(frozen=True)
class Connected:
    """A connection that works.

    Attributes:
        round_trip: Seconds from a tiny question to its answer.
        registration: How the project is registered, in the service's words; empty if it does not say.
        is_restricted: Whether the project's monthly quota is used up, so that it is answered more slowly.
        clock_offset: Seconds by which this computer's clock is ahead of the service's.
    """

    round_trip: float
    registration: str
    is_restricted: bool
    clock_offset: float


def library(say: Say) -> Library:
    """Find the library.

    Raises:
        MissingLibrary: None can be used.
    """
    place = dependencies.ee_place()
    dependencies.load("requests")
    vendored = dependencies.VENDOR.resolve()
    found = Library(dependencies.ee_version(), place, vendored in place.parents)
    say(f"Library: {found}. Python {platform.python_version()}, Cloud Score+ {version()}.")
    return found


def session(connection: Connection, say: Say) -> Session:
    """Read settings and credentials; asks no server.

    Raises:
        SignInNeeded: No account, or a broken credentials file.
        InvalidChoice: No project, or an endpoint that makes no sense.
    """
    opened = session_for(connection)
    way = f" through the proxy {opened.proxy}" if opened.proxy else ""
    name = "Cloud Score+ sandbox, not Google Earth Engine," if opened.is_sandbox else "Earth Engine"
    say(f"Endpoint: {name} at {opened.base_url}{way}.")
    say(f"Project: {opened.project}. Account: {opened.account}.")
    return opened


def ask(session: Session, say: Say, is_cancelled: Callable[[], bool] = lambda: False) -> Connected:
    """Ask the service how the project is set up, and what 1 is.

    Raises:
        Cancelled: The user stopped the run.
        ServiceError: One of its classes, within `PATIENCE`.
    """
    end = time.monotonic() + PATIENCE
    client = Client(session, lambda: is_cancelled() or time.monotonic() > end, say, Backoff(tries=1))
    try:
        registration = _registration(client)
        begin = time.monotonic()
        client.value(ONE)
        round_trip = time.monotonic() - begin
    except Cancelled:
        if is_cancelled():
            raise
        raise faults.too_slow(PATIENCE, session) from None
    found = Connected(round_trip, registration, client.is_restricted, session.clock_offset)
    quota = "used up, answered more slowly" if found.is_restricted else "not restricted"
    say(f"Round trip: {round_trip:.2f} s. Quota: {quota}. Registration: {registration or 'not told'}.")
    if abs(found.clock_offset) > faults.CLOCK_TOLERANCE:
        ahead = "ahead" if found.clock_offset > 0 else "behind"
        say(
            f"The clock of this computer is {abs(found.clock_offset) / 60:.0f} minutes {ahead}. {faults.SET_THE_CLOCK}"
        )
    return found


def _registration(client: Client) -> str:
    """The first question also opens the connection and renews the access, so that the second shows the round trip."""
    try:
        return str(client.project_config().get("registrationState", ""))
    except (BadRequest, PermissionDenied):
        return ""  # not everybody may read it; what matters is whether the project may compute
