"""Expression graphs to values: scopes, references, calls.

Images come out lazy: evaluating an expression touches metadata only, pixels are computed by `Image.render`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from .. import meter
from ..archive.archive import Archive
from ..errors import Refused
from ..images.image import Image
from ..images.kernels import Kernel
from ..made_by import MadeBy
from ..nesting import TOO_DEEP, deeper
from ..reducers.reducer import Reducer
from ..values.filters import Filter, Join
from ..values.types import Algorithm
from .budget import Budget
from .nodes import Argument, Constant, Definition, Entries, Invocation, Items, Node, parse
from .promotion import promote, type_name
from .registry import Function, load_functions
from .signatures import Parameter, signatures
from .to_json import to_json

T = TypeVar("T")

_BEYOND = 1 << 63

_ARGUMENT_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    re.error,
    np.linalg.LinAlgError,
)
"""What functions raise for arguments that do not fit, beyond what they check."""


class Evaluator:
    """Evaluates expressions over an archive; one object serves any number of threads.

    Args:
        archive: Where scenes come from.
    """

    to_json = staticmethod(to_json)

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._functions = load_functions()

    def evaluate(self, expression: object) -> Any:
        """Give the value of an expression graph.

        Args:
            expression: `{"result": key, "values": {key: node}}`, as the client sends it.

        Raises:
            Refused: The expression is malformed, or asks for what the service or this sandbox refuses.
        """
        try:
            return self._value(parse(expression), _Scope({}, None))
        except RecursionError as error:
            raise Refused(TOO_DEEP) from error

    def evaluate_to(self, kind: type[T], expression: object) -> T:
        """Give the value of a request's expression graph, where only one kind of value will do.

        Raises:
            Refused: As `evaluate`; there is no expression, or its value is of another kind.
        """
        if not isinstance(expression, dict):
            raise Refused("The request has no expression.")
        value = self.evaluate(expression)
        if not isinstance(value, kind):
            wanted = f"an {kind.__name__}" if kind.__name__[0] in "AEIO" else f"a {kind.__name__}"
            raise Refused(f"The expression is not {wanted} but a {type(value).__name__}.")
        return value

    def _value(self, node: Node, scope: _Scope) -> Any:
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Argument):
            return scope.argument(node.name)
        home = scope.home(node.free)
        if node not in home.known:
            result = deeper(lambda: self._computed(node, home))
            home.budget.spend(result)
            home.known[node] = result
        return home.known[node]

    def _computed(self, node: Node, scope: _Scope) -> Any:
        if isinstance(node, Items):
            return [self._value(item, scope) for item in node.items]
        if isinstance(node, Entries):
            return {name: self._value(entry, scope) for name, entry in node.entries.items()}
        if isinstance(node, Definition):
            return Algorithm(node.names, lambda given: self._value(node.body, _Scope(given, scope)))
        if not isinstance(node, Invocation):
            raise TypeError(f"{type(node).__name__} is no node of an expression.")
        if node.function == "If":
            return self._chosen(node, scope)
        arguments = {name: self._value(argument, scope) for name, argument in node.arguments.items()}
        if isinstance(node.function, str):
            return self.call(node.function, arguments)
        algorithm = self._value(node.function, scope)
        if not isinstance(algorithm, Algorithm):
            raise Refused(f"Cannot call a value of type {type_name(algorithm)}.")
        return algorithm.run(arguments)

    def _chosen(self, node: Invocation, scope: _Scope) -> Any:
        """`If`, without evaluating the case that is not chosen."""
        condition = node.arguments.get("condition")
        holds = is_true(self._value(condition, scope)) if condition is not None else False
        case = node.arguments.get("trueCase" if holds else "falseCase")
        return None if case is None else self._value(case, scope)

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call a function by its Earth Engine name.

        Raises:
            Refused: The sandbox lacks it, or the arguments do not fit.
        """
        meter.check()
        function = self._functions.get(name)
        if function is None:
            raise Refused(f"{name} is not supported by this sandbox engine.")
        try:
            values = _promoted(function, arguments)
            _check_arrays(function, values)
            if function.needs_archive:
                return _bounded(function.run(self._archive, *values))
            return _described(_bounded(function.run(*values)), function, values)
        except RecursionError:
            raise
        except _ARGUMENT_ERRORS as error:
            # Arguments whose types the signature leaves open reach the functions unchecked; GDAL raises
            # RuntimeError where another part of the process has enabled its exceptions.
            raise Refused(f"{name}: These arguments cannot be evaluated ({error}).") from error


class _Scope:
    """The arguments of one call of a function, and what was computed from them."""

    def __init__(self, arguments: Mapping[str, Any], parent: _Scope | None) -> None:
        self.arguments = arguments
        self.parent = parent
        self.budget: Budget = Budget() if parent is None else parent.budget
        self.known: dict[Node, Any] = {}

    def argument(self, name: str) -> Any:
        home = self.home(frozenset([name]))
        if name not in home.arguments:
            raise Refused(f"Invalid expression: unbound argument '{name}'.")
        return home.arguments[name]

    def home(self, free: frozenset[str]) -> _Scope:
        """Give the outermost scope in which a node with these free arguments keeps its value."""
        scope = self
        while scope.parent is not None and free.isdisjoint(scope.arguments):
            scope = scope.parent
        return scope


def _check_arrays(function: Function, values: list[Any]) -> None:
    """Refuse images of arrays where a function takes images of numbers."""
    for i, (parameter, value) in enumerate(zip(function.parameters, values, strict=True)):
        image = isinstance(value, Image) and parameter.type.startswith("Image")
        if image and i not in function.arrays and value.has_arrays:
            raise Refused(f"{function.name}: Images of arrays are not supported here by this sandbox engine.")


def _promoted(function: Function, arguments: Mapping[str, Any]) -> list[Any]:
    names = [parameter.name for parameter in function.parameters]
    unknown = [name for name in arguments if name not in names]
    if unknown:
        raise Refused(f"{function.name}: Unrecognized argument '{unknown[0]}'.")
    return [_argument(function.name, p, arguments.get(p.name)) for p in function.parameters]


def _argument(function: str, parameter: Parameter, value: object) -> Any:
    if value is None and parameter.optional:
        value = parameter.default
    if value is None:
        if parameter.optional or parameter.type in {"Object", "<any>"}:
            return None
        raise Refused(f"{function}: Parameter '{parameter.name}' is required and may not be null.")
    try:
        return promote(value, parameter.type)
    except Refused as refused:
        if refused.message.startswith("Invalid type."):
            message = f"{function}, argument '{parameter.name}': {refused.message}"
            raise Refused(message, refused.status) from refused
        raise


def _bounded(value: Any) -> Any:
    """Give a result as the service holds it: whole numbers have 64 bits, larger ones are floating-point."""
    if isinstance(value, int) and not -_BEYOND <= value < _BEYOND:
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    return value


_PRINTED = {"Filter": Filter, "Join": Join, "Kernel": Kernel, "Reducer": Reducer}
_UNPRINTED = {"Filter.expression"}  # the service prints the filters that the formula stands for


def _described(value: Any, function: Function, values: Sequence[Any]) -> Any:
    """Give a filter, join, kernel or reducer that knows which call made it."""
    kind = _PRINTED.get(function.name.partition(".")[0])
    if kind is None or not isinstance(value, Filter | Join | Kernel | Reducer):
        return value
    if function.name in _UNPRINTED:
        return replace(value, made_by=None)
    given = {
        parameter.name: argument
        for parameter, argument in zip(function.parameters, values, strict=True)
        if argument is not None and not (parameter.optional and _is_default(argument, parameter.default))
    }
    return replace(value, made_by=MadeBy(function.name, given))


def _is_default(argument: object, default: object) -> bool:
    return isinstance(argument, bool | int | float | str | list) and argument == default


def is_true(value: object) -> bool:
    """Whether a condition holds: not for null, zero, NaN, or anything empty."""
    if isinstance(value, float) and value != value:  # noqa: PLR0124 - NaN
        return False
    if isinstance(value, str | list | tuple | Mapping | bool | int | float) or value is None:
        return bool(value)
    return True


def supported() -> list[str]:
    """Names of all functions that the sandbox evaluates."""
    return sorted(name for name in {*load_functions(), "If"} if name in signatures())
