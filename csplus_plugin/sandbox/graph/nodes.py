"""Expression graphs: the JSON of a request as checked nodes.

The form is that of the REST API (https://developers.google.com/earth-engine/reference/rest/v1/Expression).
References are resolved here, once, so a cycle or a missing node is refused before anything is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Refused
from ..nesting import TOO_DEEP, deeper

_NONE: frozenset[str] = frozenset()

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,308}\s*")
"""As many digits as a floating-point number can have, which takes its place beyond 64 bits."""


@dataclass(frozen=True, eq=False)
class Node:
    """Part of an expression.

    Attributes:
        free: Names of arguments of enclosing functions that the node depends on. A node without any has
            one value in the whole expression; names alone do not tell, because clients reuse them.
    """

    free: frozenset[str]


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """A JSON value."""

    value: Any


@dataclass(frozen=True, eq=False)
class Items(Node):
    """A list of nodes."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Entries(Node):
    """A dictionary of nodes."""

    entries: Mapping[str, Node]


@dataclass(frozen=True, eq=False)
class Argument(Node):
    """An argument of an enclosing function."""

    name: str


@dataclass(frozen=True, eq=False)
class Definition(Node):
    """A function of the expression."""

    names: tuple[str, ...]
    body: Node


@dataclass(frozen=True, eq=False)
class Invocation(Node):
    """A call, of a named function or of one that is computed."""

    function: str | Node
    arguments: Mapping[str, Node]


def parse(expression: object) -> Node:
    """Give the result node of an expression.

    Raises:
        Refused: Not an expression, or one that refers to nothing or to itself.
    """
    if not isinstance(expression, Mapping) or not isinstance(expression.get("values"), Mapping):
        raise Refused("Invalid expression: expected an object with 'result' and 'values'.")
    result = expression.get("result")
    try:
        node = _Parser(expression["values"]).reference(result)
    except RecursionError as error:
        raise Refused(TOO_DEEP) from error
    if node.free:
        raise Refused(f"Invalid expression: unbound argument '{min(node.free)}'.")
    return node


class _Parser:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._parsed: dict[str, Node] = {}
        self._open: set[str] = set()

    def reference(self, key: object) -> Node:
        if not isinstance(key, str) or key not in self._values:
            raise Refused(f"Invalid expression: reference to unknown value '{key}'.")
        if key in self._parsed:
            return self._parsed[key]
        if key in self._open:
            raise Refused(f"Invalid expression: value '{key}' refers to itself.")
        self._open.add(key)
        self._parsed[key] = self.node(self._values[key])
        self._open.discard(key)
        return self._parsed[key]

    def node(self, value: object) -> Node:
        kinds = {
            "constantValue": lambda v: Constant(_NONE, v),
            "integerValue": self._integer,
            "arrayValue": self._items,
            "dictionaryValue": self._entries,
            "argumentReference": self._argument,
            "valueReference": self.reference,
            "functionDefinitionValue": self._definition,
            "functionInvocationValue": self._invocation,
        }
        if not isinstance(value, Mapping) or len(value) != 1 or next(iter(value)) not in kinds:
            raise Refused("Invalid expression: each value must be exactly one kind of node.")
        kind, content = next(iter(value.items()))
        if kind == "constantValue":
            return Constant(_NONE, content)
        return deeper(lambda: kinds[kind](content))

    @staticmethod
    def _integer(content: object) -> Node:
        text = str(content)
        if not _INTEGER.fullmatch(text):
            raise Refused(f"Invalid expression: '{text[:40]}' is no integer.")
        number = int(text)
        return Constant(_NONE, number if -(2**63) <= number < 2**63 else float(number))

    def _items(self, content: object) -> Node:
        values = content.get("values", []) if isinstance(content, Mapping) else None
        if not isinstance(values, list):
            raise Refused("Invalid expression: arrayValue needs a list of values.")
        items = tuple(self.node(v) for v in values)
        return Items(_free(items), items)

    def _entries(self, content: object) -> Node:
        values = content.get("values", {}) if isinstance(content, Mapping) else None
        entries = self._named(values, "dictionaryValue needs an object of values")
        return Entries(_free(entries.values()), entries)

    def _argument(self, content: object) -> Node:
        if not isinstance(content, str):
            raise Refused("Invalid expression: argumentReference needs a name.")
        return Argument(frozenset([content]), content)

    def _definition(self, content: object) -> Node:
        given = content if isinstance(content, Mapping) else {"argumentNames": None}
        names = given.get("argumentNames", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused("Invalid expression: functionDefinitionValue needs argument names.")
        body = self.reference(given.get("body"))
        return Definition(body.free - set(names), tuple(names), body)

    def _invocation(self, content: object) -> Node:
        if not isinstance(content, Mapping):
            raise Refused("Invalid expression: functionInvocationValue needs a function.")
        arguments = self._named(content.get("arguments", {}), "arguments must be an object")
        name = content.get("functionName")
        if isinstance(name, str):
            return Invocation(_free(arguments.values()), name, arguments)
        function = self.reference(content.get("functionReference"))
        return Invocation(_free([function, *arguments.values()]), function, arguments)

    def _named(self, values: object, complaint: str) -> dict[str, Node]:
        if not isinstance(values, Mapping):
            raise Refused(f"Invalid expression: {complaint}.")
        return {str(name): self.node(value) for name, value in values.items()}


def _free(nodes: Any) -> frozenset[str]:
    return _NONE.union(*(node.free for node in nodes))
