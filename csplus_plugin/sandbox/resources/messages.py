"""What comes in and goes out: requests, answers, the fields of a request, pages, names of files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ..errors import Refused
from ..values.json_text import from_json

JSON_TYPE = "application/json; charset=UTF-8"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 100  # characters
_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    411: "INVALID_ARGUMENT",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Request:
    """One HTTP request, already read: decoded path, query (last value wins) and raw body."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """Give the body as a JSON object.

        Raises:
            Refused: It is not JSON, or not an object.
        """
        try:
            value = from_json(self.body)
        except ValueError as error:
            raise Refused(f"Invalid JSON payload received. {error}") from error
        if not isinstance(value, dict):
            raise Refused("Invalid JSON payload received. An object is expected at the top level.")
        return value


@dataclass(frozen=True)
class Answer:
    """What goes back: bytes, their media type, the status and further headers."""

    body: bytes
    content_type: str = JSON_TYPE
    status: int = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)


def optional(message: object, name: str, *kinds: type) -> Any:
    """Give a field of a JSON object; None where it is absent or null.

    Raises:
        Refused: It is none of the `kinds`, or there is no object around it.
    """
    value = message.get(name) if isinstance(message, dict) else message
    if value is None or (isinstance(message, dict) and isinstance(value, kinds)):
        return value
    raise Refused(f"Invalid value at '{name}': {json.dumps(value)[:100]}")


def whole_number(value: Any, name: str, default: int) -> int:
    """Give a number that may come wrapped as `{"value": "123"}`, as protocol buffers do.

    Raises:
        Refused: It is no whole number, or negative.
    """
    inner = value.get("value") if isinstance(value, dict) else value
    if inner is None:
        return default
    try:
        number = int(inner)
    except (TypeError, ValueError, OverflowError) as error:
        raise Refused(f"Invalid value at '{name}'.") from error
    if number < 0:
        raise Refused(f"Invalid value at '{name}'.")
    return number


def page_of(mark: object, size: object, default: int) -> tuple[int, int]:
    """Where a page begins and how much it holds.

    Args:
        mark: The token of the page; none for the first.
        size: Its size as asked for, if it was.
        default: Its size otherwise.

    Raises:
        Refused: One of the two is no such number.
    """
    try:
        first, count = int(str(mark or 0)), int(str(size or default))
    except ValueError as error:
        raise Refused("Invalid page token or page size.") from error
    if first < 0 or count < 1:
        raise Refused("Invalid page token or page size.")
    return first, count


def json_answer(value: object, status: int = HTTPStatus.OK) -> Answer:
    """Give a value as a JSON answer.

    Raises:
        Refused: It has numbers that JSON has not, such as coordinates that are not finite.
    """
    try:
        return Answer(json.dumps(value, allow_nan=False).encode(), status=status)
    except ValueError as error:
        raise Refused("The result has numbers that are not finite, which the answer cannot hold.") from error


def problem(status: int, message: str) -> Answer:
    """Give an error in the form that Google APIs use."""
    code = int(status)
    error = {"code": code, "message": message, "status": _STATUS_NAMES.get(code, "UNKNOWN")}
    return Answer(json.dumps({"error": error}).encode(), status=code)


def safe_name(text: str) -> str:
    """Give a file name without anything that a file system, an archive or a header could misread."""
    return _UNSAFE.sub("_", text).strip(".")[:_LONGEST_NAME] or "download"


def saved_as(name: str, content: bytes, media_type: str) -> Answer:
    """Give a file as an answer that a browser saves under its name."""
    return Answer(content, media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
