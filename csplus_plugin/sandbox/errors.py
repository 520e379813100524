"""The one way the sandbox says no: a sentence in the service's own wording, with its HTTP status."""

from __future__ import annotations

SANDBOX_NAME = "Cloud Score+ sandbox (not Google Earth Engine)"


class Refused(Exception):
    """A request that Earth Engine would refuse, or that this sandbox cannot evaluate.

    Args:
        message: The sentence the client shows to its user.
        status: HTTP status of the answer.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class CannotStart(Exception):
    """The sandbox cannot start; the text is one sentence that says why."""
