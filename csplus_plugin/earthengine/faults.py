"""What a failed request means: our error class, and whether the same request may succeed later.

The service reports its limits on memory, time and size as status 400 with nothing but a text, so texts count as
much as the status. Texts: REST reference and the guides "Computation overview", "Usage limits" and "Debugging".
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..core.errors import (
    BadRequest,
    ComputationTooHeavy,
    PermissionDenied,
    QuotaExceeded,
    RequestTooLarge,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from .retry import retry_after

if TYPE_CHECKING:
    import requests

    from .session import Session

CLOCK_TOLERANCE = 300
"""Seconds by which a clock may be off before Google refuses what it signs (guide: OAuth 2.0 for service accounts)."""

SMALLER = "Choose a smaller area, fewer bands or larger pixels."

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
_BUSY = ("quota exceeded", "too many concurrent", "too many requests", "ratelimitexceeded")

SET_THE_CLOCK = (
    "Check date, time and time zone of this computer: signing in fails when its clock is minutes off."
)

_LONGEST_TEXT = 600
"""Characters of a service's text that are passed on."""


@dataclass(frozen=True)
class Fault:
    """A request that failed.

    Attributes:
        error: What the user is told if it is not tried again.
        again: Whether the same request may succeed later.
        asked: Seconds that the service asked to wait before that.
    """

    error: ServiceError
    again: bool = False
    asked: float | None = None


def of_answer(answer: requests.Response, session: Session) -> Fault:
    """Read an answer with an error status (300 and above)."""
    status = answer.status_code
    text, reasons = _message(answer)
    if status == HTTPStatus.UNAUTHORIZED:
        return Fault(_sign_in(session, text, status))
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Fault(_intercepted(session, status))
    asked = retry_after(answer.headers.get("Retry-After"))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        what = f"{session.service} ({session.host}) has a fault of its own at the moment: {text}"
        return Fault(Unreachable(what, "Run again in some minutes.", status=status), again=True, asked=asked)
    if status == HTTPStatus.TOO_MANY_REQUESTS or _says(f"{text} {reasons}", _BUSY):
        what = f"{session.service} takes no more requests of this project for now: {text}"
        next_step = "Wait some minutes and run again, with fewer downloads at the same time."
        return Fault(QuotaExceeded(what, next_step, status=status), again=True, asked=asked)
    return Fault(_refusal(session, text, status))


def of_exception(failure: Exception, session: Session) -> Fault | None:
    """Read what was raised instead of an answer; None if it is no failure of the network or the account."""
    import requests

    if isinstance(failure, requests.RequestException):
        return _no_answer(failure, session)
    return _not_signed(failure, session)


def damaged(why: str, session: Session) -> Fault:
    """Read an answer whose status is good and whose body is not."""
    what = f"The answer of {session.host}{_through(session)} arrived damaged: {why}."
    return Fault(Unreachable(what, _check_network(session)), again=True)


def too_slow(seconds: float, session: Session) -> Unreachable:
    """Say that there was no answer in the time that a small question may take."""
    what = f"{session.host}{_through(session)} gave no answer within {seconds:.0f} seconds."
    return Unreachable(what, f"A firewall may be swallowing the requests. {_check_network(session)}")


def _no_answer(failure: requests.RequestException, session: Session) -> Fault:
    import requests
    from urllib3.exceptions import ProtocolError

    reached = f"{session.host}{_through(session)}"
    cause = _cause(failure)
    broke_off = isinstance(failure, requests.exceptions.ChunkedEncodingError) or any(
        isinstance(argument, ProtocolError) for argument in failure.args
    )
    if isinstance(failure, requests.exceptions.SSLError):
        what = f"The connection to {reached} cannot be made safe: {cause}."
        next_step = "If a proxy opens encrypted connections, name its certificate in REQUESTS_CA_BUNDLE."
        if _says(str(failure), _WRONG_CLOCK):
            next_step = SET_THE_CLOCK
        return Fault(Unreachable(what, next_step))
    if isinstance(failure, requests.exceptions.ProxyError):
        what = f"The proxy {session.proxy} does not let requests through to {session.host}: {cause}."
        return Fault(Unreachable(what, _check_network(session)), again=session.has_answered)
    if isinstance(failure, requests.exceptions.ReadTimeout):
        what = f"{reached} did not answer in time."
        return Fault(Unreachable(what, _check_network(session)), again=True)
    what = (
        f"The connection to {reached} broke off: {cause}."
        if broke_off
        else f"{reached} cannot be reached: {cause}."
    )
    # A service that never answered is most likely out of reach for good: the user learns it at once.
    return Fault(Unreachable(what, _check_network(session)), again=broke_off or session.has_answered)


def _not_signed(failure: Exception, session: Session) -> Fault | None:
    if "google.auth" not in sys.modules:
        return None
    from google.auth.exceptions import GoogleAuthError, TransportError

    if not isinstance(failure, GoogleAuthError):
        return None
    if isinstance(failure, TransportError):
        what = f"Google's sign-in service cannot be reached{_through(session)}: {_cause(failure)}."
        return Fault(Unreachable(what, _check_network(session)), again=session.has_answered)
    said = failure.args[1] if len(failure.args) > 1 else None
    text = type(failure).__name__
    if isinstance(said, dict) and "error" in said:
        text = _short(": ".join(str(said[part]) for part in ("error", "error_description") if part in said))
    return Fault(_sign_in(session, text, None), again=failure.retryable)


def _sign_in(session: Session, text: str, status: int | None) -> SignInNeeded:
    what = f"{session.service} does not accept the account ({session.account}): {text}"
    is_clock = _says(text, _WRONG_CLOCK) or abs(session.clock_offset) > CLOCK_TOLERANCE
    return SignInNeeded(_sentence(what), SET_THE_CLOCK if is_clock else session.renewal, status=status)


def _refusal(session: Session, text: str, status: int) -> ServiceError:
    """A request that the service understood too well, or not at all; it will not do better later."""
    if _says(text, _TOO_LARGE) or status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return RequestTooLarge(f"One request is too large: {text}", SMALLER, status=status)
    if _says(text, _TOO_HEAVY):
        what = f"The computation is too heavy for one request: {text}"
        next_step = "Choose a smaller area, a shorter period or a simpler method."
        return ComputationTooHeavy(what, next_step, status=status)
    if status == HTTPStatus.FORBIDDEN:
        return _forbidden(session, text, status)
    return BadRequest(f"{session.service} refused the request: {text}", status=status)


def _forbidden(session: Session, text: str, status: int) -> PermissionDenied:
    said = text.lower()
    project = session.project
    if "has not been used in project" in said or "is disabled" in said:
        page = f"https://console.cloud.google.com/apis/library/earthengine.googleapis.com?project={project}"
        next_step = f"Enable the Earth Engine API for the project at {page} and wait some minutes."
    elif "not registered" in said or "not signed up" in said:
        page = f"https://console.cloud.google.com/earth-engine/configuration?project={project}"
        next_step = f"Register the project for Earth Engine at {page}."
    else:
        next_step = (
            "Choose another project (CSPLUS_PROJECT), or ask its owner for the roles "
            "Earth Engine Resource Viewer and Service Usage Consumer."
        )
    what = f"The account ({session.account}) may not do this in the project {project}: {text}"
    return PermissionDenied(_sentence(what), next_step, status=status)


def _intercepted(session: Session, status: int) -> ServiceError:
    what = f"Something between here and {session.host}{_through(session)} answered in its place ({status})."
    next_step = f"Sign in to the network if it asks for it. {_check_network(session)}"
    return Unreachable(what, next_step, status=status)


def _check_network(session: Session) -> str:
    if session.is_sandbox:
        return "Check that the sandbox is running."
    return "Check the network, and the proxy in QGIS under Settings > Options > Network."


def _through(session: Session) -> str:
    return f" through the proxy {session.proxy}" if session.proxy else ""


def _cause(failure: BaseException) -> str:
    """The innermost reason in a few words, without addresses of objects, URLs or anything from them."""
    reason: Any = failure
    while True:
        inner = getattr(reason, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((argument for argument in reason.args if isinstance(argument, BaseException)), None)
        if inner is None:
            break
        reason = inner
    text = getattr(reason, "strerror", None) or str(reason).rpartition(">: ")[2]
    text = re.sub(r"\S*://\S*", "", text)
    return _short(text).rstrip(".") or type(reason).__name__


def _message(answer: requests.Response) -> tuple[str, str]:
    """The service's own text, and the machine-readable reasons, which older answers carry beside it."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        body = None
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not error.get("message"):
        return f"{answer.status_code} {answer.reason or ''}".strip() + ".", ""
    errors = error.get("errors")
    reasons = [str(entry.get("reason")) for entry in errors or () if isinstance(entry, dict)]
    return _sentence(_short(str(error["message"]))), " ".join(reasons)


def _says(text: str, signs: tuple[str, ...]) -> bool:
    text = text.lower()
    return any(sign in text for sign in signs)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
