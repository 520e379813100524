"""The real service's function signatures, as the official client ships them in its own test data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .client_files import client_file

_PREFIX = "algorithms/"


@dataclass(frozen=True)
class Parameter:
    """One argument of a function.

    Attributes:
        name: Its name in expressions.
        type: The type's name, such as `Image<unknown bands>`.
        optional: Whether it may be left out or null.
        default: What it is then.
    """

    name: str
    type: str
    optional: bool
    default: Any


@dataclass(frozen=True)
class Signature:
    """A function of Earth Engine: its name and its arguments in order."""

    name: str
    parameters: tuple[Parameter, ...]


@lru_cache(maxsize=1)
def signatures() -> dict[str, Signature]:
    """All signatures by function name.

    Raises:
        CannotStart: The official client is not installed.
    """
    listed = json.loads(client_file("algorithms.json").read_text(encoding="utf-8"))["algorithms"]
    found = (_signature(algorithm) for algorithm in listed)
    return {signature.name: signature for signature in found}


def _signature(algorithm: dict[str, Any]) -> Signature:
    parameters = tuple(
        Parameter(a["argumentName"], a.get("type", "Object"), a.get("optional", False), _default(a))
        for a in algorithm.get("arguments", [])
    )
    return Signature(algorithm["name"].removeprefix(_PREFIX), parameters)


def _default(argument: dict[str, Any]) -> Any:
    value = argument.get("defaultValue")
    return int(value) if argument.get("type") in {"Integer", "Long"} and value is not None else value
