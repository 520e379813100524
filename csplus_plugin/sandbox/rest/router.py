"""Which endpoint answers which request: path templates in the notation of the discovery document."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from ..errors import Refused
from ..resources.messages import Answer

_VARIABLE = re.compile(r"\{(\+?)(\w+)\}")


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
        """Give the route of a request and the values of its path variables.

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
    """Give the regular expression of a path template."""
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
