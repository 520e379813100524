"""An expression as a graph of nodes, in which equal steps are one node; read from the client's objects.

The objects tell through `encode_cloud_value` what they would send, so this reads what the service would get, whatever
the library's version. Source: Earth Engine REST reference, `ValueNode`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..naming import FunctionName, Name, function_name_of, name_of

Value = float | str | bool | None


class Node:
    """A step; compared by identity, because equal steps are the same node."""


@dataclass(frozen=True, eq=False)
class Constant(Node):
    """A number, a text, yes or no, or nothing."""

    value: Value


@dataclass(frozen=True, eq=False)
class Items(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Pairs(Node):
    """A dictionary."""

    pairs: Mapping[str, Node]


@dataclass(frozen=True, eq=False)
class Argument(Node):
    """The argument of a mapped function."""

    name: str


@dataclass(frozen=True, eq=False)
class Call(Node):
    """A function of the service, or one that an expression gives, applied to arguments by name."""

    function: str | Node
    arguments: Mapping[str, Node]


@dataclass(frozen=True, eq=False)
class Function(Node):
    """A mapped function."""

    parameters: tuple[str, ...]
    body: Node


@dataclass
class Reader:
    """Turns the client's objects into nodes.

    Attributes:
        names: What core called a step.
        functions: What core called the function whose body a step is.
    """

    names: dict[Node, Name] = field(default_factory=dict)
    functions: dict[Node, FunctionName] = field(default_factory=dict)
    _nodes: dict[Hashable, Node] = field(default_factory=dict)
    _seen: dict[int, tuple[object, Node]] = field(default_factory=dict)

    def read(self, value: Any) -> Node:
        """Read an object of the client library, or a Python value."""
        if isinstance(value, Node):
            return value
        if id(value) in self._seen:
            return self._seen[id(value)][1]
        node = self._node(value)
        # The value is kept as well: its identity must not pass to another while this reader lives.
        self._seen[id(value)] = value, node
        if (name := name_of(value)) is not None:
            self.names.setdefault(node, name)
        if (function := function_name_of(value)) is not None:
            self.functions.setdefault(node, function)
        return node

    def argument(self, name: str) -> Node:
        """Give the node of a mapped function's argument."""
        return self._one(Argument(name), name)

    def _node(self, value: Any) -> Node:
        if value is None or isinstance(value, str | bool | int | float):
            # 1, 1.0 and True are equal in Python, and the first two to the service.
            return self._one(Constant(value), isinstance(value, bool), value)
        if isinstance(value, list | tuple):
            return self._items([self.read(item) for item in value])
        if isinstance(value, dict):
            return self._pairs({key: self.read(value[key]) for key in value})
        return self._sent(value.encode_cloud_value(self.read))

    def _sent(self, sent: Any) -> Node:
        """Read one node as it would be sent, whose references are nodes already."""
        if isinstance(sent, Node):
            return sent
        (kind, content), *_ = sent.items()
        read = {
            "functionInvocationValue": self._call,
            "functionDefinitionValue": self._function,
            "argumentReference": self.argument,
            "arrayValue": lambda array: self._items([self._sent(item) for item in array["values"]]),
            "dictionaryValue": lambda pairs: self._pairs(
                {name: self._sent(item) for name, item in pairs["values"].items()}
            ),
            "integerValue": lambda digits: self.read(int(digits)),
        }
        return read.get(kind, self.read)(content)  # a constantValue, or the node of a valueReference

    def _call(self, sent: Any) -> Node:
        arguments = {name: self._sent(argument) for name, argument in sent["arguments"].items()}
        function = sent.get("functionName") or sent["functionReference"]
        key = (function, *((name, id(arguments[name])) for name in sorted(arguments)))
        return self._one(Call(function, arguments), *key)

    def _function(self, sent: Any) -> Node:
        parameters = tuple(sent["argumentNames"])
        return self._one(Function(parameters, sent["body"]), parameters, sent["body"])

    def _items(self, items: list[Node]) -> Node:
        return self._one(Items(tuple(items)), *map(id, items))

    def _pairs(self, pairs: dict[str, Node]) -> Node:
        return self._one(Pairs(pairs), *((name, id(pairs[name])) for name in sorted(pairs)))

    def _one(self, node: Node, *content: Hashable) -> Node:
        return self._nodes.setdefault((type(node), *content), node)
