"""Which endpoint answers which request: path templates in the notation of the discovery document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .errors import Refused

JSON_TYPE = "application/json; charset=UTF-8"

_VARIABLE = re.compile(r"\{(\+?)(\w+)\}")


@dataclass(frozen=True)
class Request:
    """One HTTP request, already read: decoded path, query (last value wins) and raw body."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            Refused: It is not JSON, or not an object.
        """
        try:
            value = json.loads(self.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
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


Endpoint = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint.

    Attributes:
        method: HTTP method.
        path: The path's pattern; its named groups become the endpoint's arguments.
        endpoint: Called as endpoint(service, request, **groups).
        computes: Whether it computes something: these requests count as concurrent.
    """

    method: str
    path: re.Pattern[str]
    endpoint: Endpoint
    computes: bool


class Router:
    """Endpoints by method and path."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def on(self, method: str, template: str, *, computes: bool = False) -> Callable[[Endpoint], Endpoint]:
        """Register the decorated function for a path template.

        `{name}` stands for one path segment; `{+name}` for several, without the colon that begins the
        custom method of a Google API path (`…/assets/A/B:getPixels`).
        """

        def register(endpoint: Endpoint) -> Endpoint:
            self._routes.append(Route(method, _pattern(template), endpoint, computes))
            return endpoint

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route of a request and the values of its path variables.

        Raises:
            Refused: 404 for a path nothing answers, 405 for a path that answers other methods.
        """
        matches = [(route, match) for route in self._routes if (match := route.path.fullmatch(path))]
        for route, match in matches:
            if route.method == method:
                return route, match.groupdict()
        if matches:
            raise Refused(f"{path} does not answer {method}.", HTTPStatus.METHOD_NOT_ALLOWED)
        raise Refused(f"{method} {path} is not supported by this sandbox.", HTTPStatus.NOT_FOUND)


def _pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a path template."""
    parts = []
    end = 0
    for variable in _VARIABLE.finditer(template):
        several, name = variable.groups()
        parts += [
            re.escape(template[end : variable.start()]),
            f"(?P<{name}>{'[^:]+' if several else '[^/]+'})",
        ]
        end = variable.end()
    return re.compile("".join([*parts, re.escape(template[end:])]))


def _no_number(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{word} is not JSON.")


def optional(message: object, name: str, *kinds: type) -> Any:
    """A field of a JSON object; None where it is absent or null.

    Raises:
        Refused: It is none of the `kinds`, or there is no object around it.
    """
    value = message.get(name) if isinstance(message, dict) else message
    if value is None or (isinstance(message, dict) and isinstance(value, kinds)):
        return value
    raise Refused(f"Invalid value at '{name}': {json.dumps(value)[:100]}")


def whole_number(value: Any, name: str, default: int) -> int:
    """A number that may come wrapped as `{"value": "123"}`, as protocol buffers do.

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


def json_answer(value: object, status: int = HTTPStatus.OK) -> Answer:
    """A value as a JSON answer."""
    return Answer(json.dumps(value, allow_nan=False).encode(), status=status)


def problem(status: int, message: str) -> Answer:
    """An error in the form that Google APIs use."""
    code = int(status)
    error = {"code": code, "message": message, "status": _STATUS_NAMES.get(code, "UNKNOWN")}
    return Answer(json.dumps({"error": error}).encode(), status=code)


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
