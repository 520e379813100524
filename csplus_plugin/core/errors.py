"""Everything that can go wrong for a user: what happened, and what to do next.

An algorithm turns each of these into one sentence without a traceback, so the text is written for the
person who runs it. Anything else that is raised is a defect of the plugin.
"""

from __future__ import annotations

from .language import _
from .text import printable


class CsPlusError(Exception):
    """A failure that a user can understand and act on.

    Args:
        what: What happened, a whole sentence in the user's words.
        next_step: What to do about it, a whole sentence; may be empty.
    """

    def __init__(self, what: str, next_step: str = "") -> None:
        # Names of files and settings are in these sentences too, and may hold anything.
        self.what = printable(what)
        self.next_step = printable(next_step)
        super().__init__(f"{self.what} {self.next_step}".strip())


class InvalidChoice(CsPlusError):
    """A parameter, or two together, make no sense."""


class NothingFound(CsPlusError):
    """The choices are sound, but no scene is left."""


class NoScores(NothingFound):
    """There are scenes, and none of them has a score over the area."""


class MissingLibrary(CsPlusError):
    """The Earth Engine client library cannot be imported."""


class Cancelled(CsPlusError):
    """The user stopped the run."""

    def __init__(self) -> None:
        super().__init__(_("Cancelled."))


class FileTrouble(CsPlusError):
    """The file cannot be written: no folder, no permission, no room."""


class ServiceError(CsPlusError):
    """Earth Engine refused or failed.

    Args:
        what: What happened.
        next_step: What to do about it.
        status: HTTP status of the answer; None where there was none.
    """

    def __init__(self, what: str, next_step: str = "", *, status: int | None = None) -> None:
        super().__init__(what, next_step)
        self.status = status


class SignInNeeded(ServiceError):
    """No credentials, or credentials that are no longer accepted."""


class PermissionDenied(ServiceError):
    """The account is known but may not use this project or asset."""


class QuotaExceeded(ServiceError):
    """Too many requests, still after waiting and trying again; or a quota that is used up for the day."""


class DailyQuotaUsedUp(QuotaExceeded):
    """The quota that the project's owner set for a day: waiting some minutes does not help."""


class RequestTooLarge(ServiceError):
    """One request asked for more bytes or pixels than the service answers at once."""


class ComputationTooHeavy(ServiceError):
    """The service ran out of memory or time for one request."""


class BadRequest(ServiceError):
    """The service does not understand the request: an unknown asset, band or function."""


class Unreachable(ServiceError):
    """No answer: no network, a proxy in between, or a service that is down."""
