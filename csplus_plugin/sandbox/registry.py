"""The sandbox's functions by Earth Engine name.

A function is an ordinary Python function whose parameters are those of the real one, in snake case (a
trailing underscore keeps a name from hiding a builtin):

    @function("Image.updateMask")
    def update_mask(image: Image, mask: Image) -> Image: ...

`load_functions` imports every family and checks each parameter list against the real signatures. Arguments
arrive promoted to the types of the signature, defaults filled in.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from .errors import Refused
from .signatures import Parameter, signatures

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """A function of the sandbox.

    Args:
        name: Its name in expressions.
        parameters: The real signature.
        run: Takes the arguments by position, in the signature's order.
        needs_archive: Whether the archive comes before the arguments.
    """

    name: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., Any]
    needs_archive: bool


_registered: dict[str, tuple[Callable[..., Any], bool]] = {}


def function(*names: str, needs_archive: bool = False) -> Callable[[F], F]:
    """Register a Python function under one or more Earth Engine names."""

    def register(run: F) -> F:
        for name in names:
            if name in _registered:
                raise ValueError(f"{name} is registered twice.")
            _registered[name] = (run, needs_archive)
        return run

    return register


@lru_cache(maxsize=1)
def load_functions() -> dict[str, Function]:
    """All functions, checked.

    Raises:
        ValueError: A function is unknown to Earth Engine, or has other parameters there.
    """
    package = importlib.import_module(".functions", __package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f".functions.{module.name}", __package__)
    return {name: _checked(name, run, archive) for name, (run, archive) in _registered.items()}


def _checked(name: str, run: Callable[..., Any], needs_archive: bool) -> Function:  # noqa: FBT001 - a field
    if name not in signatures():
        raise ValueError(f"Earth Engine has no function {name}.")
    real = signatures()[name].parameters
    ours = list(inspect.signature(run).parameters)[int(needs_archive) :]
    expected = [_snake_case(parameter.name) for parameter in real]
    if [p.rstrip("_") for p in ours] != expected:
        raise ValueError(f"{name} takes {expected}, but the sandbox's function takes {ours}.")
    return Function(name, real, run, needs_archive)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def call(name: str, values: Sequence[Any]) -> Any:
    """Call a function with arguments of the right types by position; those left out are null.

    Raises:
        Refused: There is no such function, or it takes fewer arguments.
    """
    found = load_functions().get(name)
    if found is None or found.needs_archive:
        raise Refused(f"{name} is not supported by this sandbox engine.")
    if len(values) > len(found.parameters):
        raise Refused(f"{name}: Takes {len(found.parameters)} arguments, got {len(values)}.")
    missing = [parameter.default for parameter in found.parameters[len(values) :]]
    return found.run(*values, *missing)
