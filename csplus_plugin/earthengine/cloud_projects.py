"""The Cloud projects of an account, and what each of them lacks for Earth Engine."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..core.errors import BadRequest, Cancelled, PermissionDenied, ServiceError
from ..core.language import _, marked
from ..core.text import clean
from . import credentials, failures
from .client import Client
from .retry import Backoff
from .route import Route
from .session import Connection, Session, require_socks_support
from .sign_in import GOOGLE, Google

_TIMEOUT = 20.0
"""Seconds for each of the two: the list, and what every project lacks."""

_PAGES, _PAGE_SIZE = 5, 200
"""What is read of the list: an account of a large organisation sees thousands."""

_MOST_ASKED = 60
"""Projects whose state is asked for, one small request each."""

_AT_ONCE = 8

_LONGEST_NAME = 60
"""Characters; a project's name has 4 to 30 (Resource Manager reference, v1/projects)."""

_ID = re.compile(r"(?:[a-z0-9][a-z0-9.-]{0,80}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""Id of a project, with the domain before it that old ones have (Resource Manager reference, v1/projects)."""

_OF_SCRIPTS = re.compile(r"sys-\d+")
"""Projects that Google makes for Apps Script: nobody can use them for anything else."""

_REGISTERED = {
    "REGISTERED_NOT_COMMERCIALLY": marked("Registered, noncommercial"),
    "REGISTERED_COMMERCIALLY": marked("Registered, commercial"),
}


@dataclass(frozen=True)
class CloudProject:
    """A project that an account can see.

    Attributes:
        id: Its id.
        name: Its name, as its owner chose it.
        state: What it is to Earth Engine, in a few words.
        problem: What is wrong, and what to do; empty: nothing is known to be.
    """

    id: str
    name: str
    state: str = ""
    problem: str = ""


def list_projects(
    connection: Connection,
    is_cancelled: Callable[[], bool] = lambda: False,
    account: credentials.Account | None = None,
    google: Google = GOOGLE,
) -> list[CloudProject]:
    """List the account's projects, those that work first.

    Args:
        connection: The key file, the proxy and the certificates to use.
        is_cancelled: Asked several times a second.
        account: Whose projects; None: those of the account that a run would find.
        google: Google's addresses.

    Raises:
        Cancelled: The user stopped it.
        SignInNeeded: There is no account, or it is not accepted.
        ServiceError: The list cannot be read.
    """
    require_socks_support(connection.proxies)
    account = account or credentials.find_account(connection.key_file)
    route = Route(connection.proxies, connection.no_proxy, connection.environment_proxy)
    session = Session(google.resource_manager, "", route, account, connection.certificates)
    try:
        found = _read_list(session, is_cancelled)
        end = time.monotonic() + _TIMEOUT

        def examine(one: CloudProject) -> CloudProject:
            return _examine(one, session.copy(google.earth_engine, one.id), is_cancelled, end)

        with ThreadPoolExecutor(_AT_ONCE) as workers:
            examined = list(workers.map(examine, found[:_MOST_ASKED]))
    finally:
        session.close()
    unknown = [CloudProject(one.id, one.name, _("Not looked at")) for one in found[_MOST_ASKED:]]
    return sorted([*examined, *unknown], key=lambda one: (bool(one.problem), one.state == "", one.id))


def _read_list(session: Session, is_cancelled: Callable[[], bool]) -> list[CloudProject]:
    """Read the pages of the list (Resource Manager reference, v1/projects.list)."""
    end = time.monotonic() + _TIMEOUT
    client = _client(session, is_cancelled, end)
    found: dict[str, CloudProject] = {}
    page = ""
    try:
        for _page in range(_PAGES):
            params = {"filter": "lifecycleState:ACTIVE", "pageSize": str(_PAGE_SIZE)}
            answer = client.resource("projects", {**params, "pageToken": page} if page else params)
            listed = answer.get("projects", [])
            for entry in listed if isinstance(listed, list) else []:
                if project := _read_entry(entry):
                    found.setdefault(project.id, project)
            page = answer.get("nextPageToken", "")
            if not isinstance(page, str) or not page:
                break
    except Cancelled:
        if is_cancelled():
            raise
        raise failures.timed_out(_TIMEOUT, session) from None
    except (PermissionDenied, BadRequest) as refused:
        raise PermissionDenied(
            _("Google does not list the projects of this account (status {status}).", status=refused.status),
            _(
                "Enter the project's id under Settings > Options > Cloud Score+; "
                "https://console.cloud.google.com/cloud-resource-manager shows it."
            ),
            status=refused.status,
        ) from refused
    return list(found.values())


def _read_entry(entry: Any) -> CloudProject | None:
    """Read one of the list; None where it cannot be used."""
    if not isinstance(entry, dict) or entry.get("lifecycleState", "ACTIVE") != "ACTIVE":
        return None
    found, name = entry.get("projectId"), entry.get("name")
    if not isinstance(found, str) or not _ID.fullmatch(found) or _OF_SCRIPTS.match(found):
        return None
    return CloudProject(found, clean(name, _LONGEST_NAME) if isinstance(name, str) else "")


def _examine(
    project: CloudProject, session: Session, is_cancelled: Callable[[], bool], end: float
) -> CloudProject:
    """Ask how a project is registered, charging the project itself: so it also shows whether it may be used."""
    try:
        found = _client(session, is_cancelled, end).project_config().get("registrationState")
    except Cancelled:
        if is_cancelled():
            raise
        state, problem = _("No answer"), str(failures.timed_out(_TIMEOUT, session))
    except ServiceError as why:
        state, problem = _name_problem(why), str(why)
    else:
        state, problem = _read_state(found, project.id)
    return CloudProject(project.id, project.name, state, problem)


def _read_state(found: Any, project: str) -> tuple[str, str]:
    if found == "NOT_REGISTERED":
        return _("Not registered"), (
            _(
                "The project {project} is not registered for Earth Engine. Register it at {page}.",
                project=project,
                page=failures.registration_page(project),
            )
        )
    known = _REGISTERED.get(found) if isinstance(found, str) else None
    return _(known) if known else _("Registration unknown"), ""


def _name_problem(why: ServiceError) -> str:
    if failures.is_api_off(why.what):
        return _("Earth Engine API off")
    if failures.is_not_registered(why.what):
        return _("Not registered")
    return _("Not allowed") if isinstance(why, PermissionDenied) else _("No answer")


def _client(session: Session, is_cancelled: Callable[[], bool], end: float) -> Client:
    return Client(session, lambda: is_cancelled() or time.monotonic() > end, backoff=Backoff(max_tries=2))
