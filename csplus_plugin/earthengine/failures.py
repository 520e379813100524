"""What a failed request means: our error class, and whether the same request may succeed later.

The service reports its limits on memory, time and size as status 400 with nothing but a text, so texts count as
much as the status. Texts: REST reference and the guides "Computation overview", "Usage limits", "Cost controls" and
"Debugging".
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..core.errors import (
    BadRequest,
    ComputationTooHeavy,
    DailyQuotaUsedUp,
    PermissionDenied,
    QuotaExceeded,
    RequestTooLarge,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from ..core.language import _, marked
from ..core.text import clean
from . import responses
from .retry import parse_retry_after

if TYPE_CHECKING:
    import requests

    from .session import Session

CLOCK_TOLERANCE = 300
"""Seconds by which a clock may be off before Google refuses what it signs (guide: OAuth 2.0 for service accounts)."""

_SMALLER = marked("Choose a smaller area, fewer bands or larger pixels.")

_TOO_LARGE = (
    "total request size",
    "pixel grid dimensions",
    "payload size exceeds",
    "request entity too large",
)
_TOO_HEAVY = (
    "user memory limit exceeded",
    "memory capacity exceeded",
    "computation timed out",
    "computed value is too large",
    "too many pixels in the region",
    "query aborted after accumulating over",
    "deadline exceeded",
)
_WRONG_CLOCK = ("reasonable timeframe", "check your iat and exp", "not yet valid", "certificate has expired")
_USED_UP = ("exceeded the custom quota",)
"""Of a limit that the project's owner set for a day (guide: cost controls): waiting some minutes does not help."""
_NO_ROOM = ("quota has been exceeded", "storage quota", "asset quota", "insufficient space")
_QUEUE_IS_FULL = ("tasks already in the queue",)
_BUSY = ("quota exceeded", "too many concurrent", "too many requests", "ratelimitexceeded")

SET_THE_CLOCK = marked(
    "Check this computer's date, time and time zone: signing in fails if its clock is off by minutes."
)


@dataclass(frozen=True)
class Failure:
    """A request that failed.

    Attributes:
        error: What the user is told if it is not retried.
        retryable: Whether the same request may succeed later.
        retry_after: Seconds that the service asked to wait before that.
    """

    error: ServiceError
    retryable: bool = False
    retry_after: float | None = None


def from_response(response: requests.Response, body: responses.Body, session: Session) -> Failure:
    """Read a response with an error status (300 and above)."""
    status = response.status_code
    text, reasons = _read_message(response, body)
    if status == HTTPStatus.UNAUTHORIZED:
        return Failure(_sign_in(session, text, status))
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Failure(_intercepted(session, status))
    retry_after = parse_retry_after(response.headers.get("Retry-After"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        what = _(
            "{service} ({host}) reported an internal error: {text}",
            service=session.service,
            host=session.host,
            text=text,
        )
        return Failure(
            Unreachable(what, _("Run again in a few minutes."), status=status),
            retryable=True,
            retry_after=retry_after,
        )
    if _contains(text, _USED_UP):
        what = _(
            "The project {project} has used up the daily quota that was set for it: {text}",
            project=session.project,
            text=text,
        )
        next_step = _("Run again tomorrow, or ask the project's owner to raise the quota.")
        return Failure(DailyQuotaUsedUp(what, next_step, status=status))
    if status == HTTPStatus.TOO_MANY_REQUESTS or _contains(f"{text} {reasons}", _BUSY):
        what = _("{service} is rate-limiting this project: {text}", service=session.service, text=text)
        next_step = _("Wait a few minutes and run again, with fewer downloads at the same time.")
        return Failure(QuotaExceeded(what, next_step, status=status), retryable=True, retry_after=retry_after)
    return Failure(_refusal(session, text, status))


def from_exception(error: Exception, session: Session) -> Failure | None:
    """Read what was raised instead of a response; None if it is no error of the network or the account."""
    import requests

    if isinstance(error, requests.RequestException):
        return _from_network(error, session)
    return _from_sign_in(error, session)


def damaged_response(why: str, session: Session) -> Failure:
    """Describe a response whose status is good and whose body is not."""
    what = _(
        "The response from {host}{through} is damaged: {why}.",
        host=session.host,
        through=_through(session),
        why=clean(why),
    )
    return Failure(Unreachable(what, _check_network(session)), retryable=True)


def too_slow(session: Session) -> Failure:
    """Describe a response that was broken off because it came too slowly."""
    what = _(
        "The response from {host}{through} arrived too slowly.", host=session.host, through=_through(session)
    )
    return Failure(Unreachable(what, _check_network(session)), retryable=True)


def timed_out(seconds: float, session: Session) -> Unreachable:
    """Describe a small request that got no response in time."""
    what = _(
        "{host}{through} did not respond within {seconds:.0f} seconds.",
        host=session.host,
        through=_through(session),
        seconds=seconds,
    )
    return Unreachable(
        what,
        _("A firewall may be dropping the requests. {check_network}", check_network=_check_network(session)),
    )


def is_api_off(text: str) -> bool:
    """Tell whether the service says that the project has not switched Earth Engine's API on."""
    return _contains(text, ("has not been used in project", "is disabled"))


def is_not_registered(text: str) -> bool:
    """Tell whether the service says that the project is not registered for Earth Engine."""
    return _contains(text, ("not registered", "not signed up"))


def registration_page(project: str) -> str:
    """Give the address at which a project is registered for Earth Engine."""
    return f"https://console.cloud.google.com/earth-engine/configuration?project={project}"


def hint(text: str) -> str:
    """Say what to do about the service's text of a task that failed or was not started; empty if nothing is known."""
    if _contains(text, _QUEUE_IS_FULL):
        return _("Wait until some of the project's tasks are over, then export what is missing.")
    if _contains(text, _TOO_HEAVY):
        return _("Choose a shorter period, fewer bands, a simpler method or a smaller area.")
    if _contains(text, _TOO_LARGE):
        return _(_SMALLER)
    if _contains(text, _NO_ROOM):
        return _("Delete what is not needed any more, or choose another destination.")
    return ""


def _from_network(error: requests.RequestException, session: Session) -> Failure:
    import requests
    from urllib3.exceptions import ProtocolError

    reached = f"{session.host}{_through(session)}"
    # Its text would quote the header, which may be the access token.
    is_header = isinstance(error, requests.exceptions.InvalidHeader)
    cause = _("a header is not valid") if is_header else _cause(error)
    was_lost = isinstance(error, requests.exceptions.ChunkedEncodingError) or any(
        isinstance(argument, ProtocolError) for argument in error.args
    )
    if isinstance(error, requests.exceptions.SSLError):
        what = _(
            "A secure connection to {reached} cannot be established: {cause}.", reached=reached, cause=cause
        )
        next_step = _(
            "If a proxy inspects encrypted traffic, add its certificate to those that the system trusts, or in QGIS "
            "under Settings > Options > Authentication, or set REQUESTS_CA_BUNDLE to its file."
        )
        if _contains(str(error), _WRONG_CLOCK):
            next_step = _(SET_THE_CLOCK)
        return Failure(Unreachable(what, next_step))
    if isinstance(error, requests.exceptions.ProxyError):
        what = _(
            "{host} cannot be reached through the proxy {proxy}: {cause}.",
            host=session.host,
            proxy=session.proxy,
            cause=cause,
        )
        return Failure(Unreachable(what, _check_network(session)), retryable=session.has_responded)
    if isinstance(error, requests.exceptions.ReadTimeout):
        what = _("{reached} did not respond in time.", reached=reached)
        return Failure(Unreachable(what, _check_network(session)), retryable=True)
    what = (
        _("The connection to {reached} was lost: {cause}.", reached=reached, cause=cause)
        if was_lost
        else _("{reached} cannot be reached: {cause}.", reached=reached, cause=cause)
    )
    # A service that never responded is most likely out of reach for good: the user learns it at once.
    return Failure(Unreachable(what, _check_network(session)), retryable=was_lost or session.has_responded)


def _from_sign_in(error: Exception, session: Session) -> Failure | None:
    if "google.auth" not in sys.modules:
        return None
    from google.auth.exceptions import GoogleAuthError, TransportError

    if not isinstance(error, GoogleAuthError):
        return None
    if isinstance(error, TransportError):
        what = _(
            "Google's sign-in service cannot be reached{through}: {cause}.",
            through=_through(session),
            cause=_cause(error),
        )
        return Failure(Unreachable(what, _check_network(session)), retryable=session.has_responded)
    details = error.args[1] if len(error.args) > 1 else None
    text = type(error).__name__
    if isinstance(details, dict) and "error" in details:
        parts = (details.get(part) for part in ("error", "error_description"))
        text = clean(": ".join(part for part in parts if isinstance(part, str))) or text
    return Failure(_sign_in(session, text, None), retryable=error.retryable)


def _sign_in(session: Session, text: str, status: int | None) -> SignInNeeded:
    what = _(
        "{service} did not accept the account ({account}): {text}",
        service=session.service,
        account=session.account,
        text=text,
    )
    is_clock = _contains(text, _WRONG_CLOCK) or abs(session.clock_offset) > CLOCK_TOLERANCE
    return SignInNeeded(
        _sentence(what), _(SET_THE_CLOCK) if is_clock else session.sign_in_hint, status=status
    )


def _refusal(session: Session, text: str, status: int) -> ServiceError:
    """Describe a request that is too large, not allowed or wrong: retrying it cannot help."""
    if _contains(text, _TOO_LARGE) or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RequestTooLarge(_("One request is too large: {text}", text=text), _(_SMALLER), status=status)
    if _contains(text, _TOO_HEAVY):
        what = _("The computation needs too much memory or time for one request: {text}", text=text)
        next_step = _("Choose a smaller area, a shorter period or a simpler method.")
        return ComputationTooHeavy(what, next_step, status=status)
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(session, text, status)
    return BadRequest(
        _("{service} refused the request: {text}", service=session.service, text=text), status=status
    )


def _forbidden(session: Session, text: str, status: int) -> PermissionDenied:
    project = session.project
    if is_api_off(text):
        page = f"https://console.cloud.google.com/apis/library/earthengine.googleapis.com?project={project}"
        next_step = _(
            "Enable the Earth Engine API for the project at {page} and wait a few minutes.", page=page
        )
    elif is_not_registered(text):
        next_step = _(
            "Register the project for Earth Engine at {page}.",
            page=registration_page(project),
        )
    else:
        next_step = _(
            "Choose another project (CSPLUS_PROJECT), or ask its owner for the roles "
            "Earth Engine Resource Viewer and Service Usage Consumer."
        )
    what = _(
        "The account ({account}) is not allowed to do this in the project {project}: {text}",
        account=session.account,
        project=project,
        text=text,
    )
    return PermissionDenied(_sentence(what), next_step, status=status)


def _intercepted(session: Session, status: int) -> ServiceError:
    what = _(
        "A proxy or captive portal answered instead of {host}{through} ({status}).",
        host=session.host,
        through=_through(session),
        status=status,
    )
    next_step = _(
        "Sign in to the network if it asks you to. {check_network}", check_network=_check_network(session)
    )
    return Unreachable(what, next_step, status=status)


def _check_network(session: Session) -> str:
    if session.is_sandbox:
        return _("Check that the sandbox is running.")
    return _("Check the network, and the proxy in QGIS under Settings > Options > Network.")


def _through(session: Session) -> str:
    return _(" through the proxy {proxy}", proxy=session.proxy) if session.proxy else ""


def _cause(error: BaseException) -> str:
    """Find the innermost reason in a few words, without addresses of objects or URLs."""
    reason: Any = error
    while True:
        inner = getattr(reason, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((argument for argument in reason.args if isinstance(argument, BaseException)), None)
        if inner is None:
            break
        reason = inner
    text = getattr(reason, "strerror", None) or str(reason).rpartition(">: ")[2]
    text = re.sub(r"\S*://\S*", "", text)
    return clean(text).rstrip(".") or type(reason).__name__


def _read_message(response: requests.Response, body: responses.Body) -> tuple[str, str]:
    """Read the service's own text, and the machine-readable reasons that older APIs send beside it."""
    try:
        found = responses.read_json(body)
    except responses.DamagedResponse:
        found = None
    if isinstance(found, list) and found:
        found = found[0]
    error = found.get("error") if isinstance(found, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    text = clean(message) if isinstance(message, str) else ""
    if not isinstance(error, dict) or not text:
        return clean(f"{response.status_code} {response.reason or ''}").rstrip(".") + ".", ""
    errors = error.get("errors")
    reasons = (
        [entry.get("reason") for entry in errors if isinstance(entry, dict)]
        if isinstance(errors, list)
        else []
    )
    return _sentence(text), " ".join(reason for reason in reasons if isinstance(reason, str))


def _contains(text: str, phrases: tuple[str, ...]) -> bool:
    text = text.lower()
    return any(phrase in text for phrase in phrases)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
