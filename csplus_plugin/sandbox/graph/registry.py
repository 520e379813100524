"""The sandbox's functions by Earth Engine name.

A function is an ordinary Python function whose parameters are those of the real one, in snake case (a
trailing underscore keeps a name from hiding a builtin):

    @function("Image.updateMask")
    def update_mask(image: Image, mask: Image) -> Image: ...

`load_functions` imports every family and joins each function to its signature. Arguments arrive promoted to the
types of the signature, defaults filled in. The signatures are those of the client at hand, and clients differ:
a function or an argument that its list does not have yet stands by, and one that is new there is refused when
somebody sends it. A test compares every parameter list with the newest client's.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from ..errors import Refused
from .signatures import Parameter, Signature, signatures

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """A function of the sandbox.

    Attributes:
        name: Its name in expressions.
        parameters: The real signature, as far as `run` goes.
        run: Takes the arguments by position, in the signature's order.
        needs_archive: Whether the archive comes before the arguments.
        arrays: Positions of the parameters that may be images of arrays.
    """

    name: str
    parameters: tuple[Parameter, ...]
    run: Callable[..., Any]
    needs_archive: bool
    arrays: frozenset[int]


_registered: dict[str, tuple[Callable[..., Any], bool, Sequence[str] | None]] = {}


def function(*names: str, needs_archive: bool = False, arrays: Sequence[str] | None = ()) -> Callable[[F], F]:
    """Register a Python function under one or more Earth Engine names.

    Args:
        names: The names.
        needs_archive: Whether the archive comes before the arguments.
        arrays: Which arguments may be images of arrays, the others being refused; None for all.
    """

    def register(run: F) -> F:
        for name in names:
            if name in _registered:
                raise ValueError(f"{name} is registered twice.")
            _registered[name] = (run, needs_archive, arrays)
        return run

    return register


@lru_cache(maxsize=1)
def load_functions() -> dict[str, Function]:
    """All functions that the client at hand knows, too."""
    package = importlib.import_module("..functions", __package__)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    known = signatures()
    return {
        name: Function(
            name, tuple(_joined(run, known[name], archive)), run, archive, _places(run, archive, arrays)
        )
        for name, (run, archive, arrays) in _registered.items()
        if name in known
    }


def _joined(run: Callable[..., Any], signature: Signature, needs_archive: bool) -> Iterator[Parameter]:  # noqa: FBT001 - a field
    """Give the parameters of a function in its own order, each as the client declares it."""
    declared = {_snake_case(parameter.name): parameter for parameter in signature.parameters}
    for ours in own_parameters(run, needs_archive):
        yield declared.get(ours, Parameter(ours, "Object", optional=True, default=None))


def _places(
    run: Callable[..., Any],
    needs_archive: bool,  # noqa: FBT001 - a field
    arrays: Sequence[str] | None,
) -> frozenset[int]:
    ours = own_parameters(run, needs_archive)
    return frozenset(range(len(ours)) if arrays is None else map(ours.index, arrays))


def own_parameters(run: Callable[..., Any], needs_archive: bool) -> list[str]:  # noqa: FBT001 - a field
    """Give the names of a function's arguments, in snake case."""
    names = list(inspect.signature(run).parameters)[int(needs_archive) :]
    return [name.rstrip("_") for name in names]


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
