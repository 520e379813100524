"""Expression graphs without what says nothing: the numbers of nodes, the names of variables, where constants stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

Arguments = tuple[str, ...]


def graph(value: Any) -> object:
    """The graph of one of the Python client's objects."""
    import ee

    return without_references(ee.serializer.encode(value, for_cloud_api=True))


def without_references(expression: dict[str, Any]) -> object:
    """Write every shared node where it is used, constants in one way, and arguments by their depth."""
    return _Graph(expression["values"]).shared(expression["result"], ())


class _Graph:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.known: dict[tuple[str, Arguments], object] = {}

    def shared(self, name: str, arguments: Arguments) -> object:
        key = name, arguments
        if key not in self.known:
            self.known[key] = self.resolve(self.values[name], arguments)
        return self.known[key]

    def resolve(self, node: Any, arguments: Arguments) -> object:
        if isinstance(node, list):
            return [self.resolve(item, arguments) for item in node]
        if not isinstance(node, dict):
            return node
        for kind, read in self.kinds.items():
            if kind in node:
                return read(self, node[kind], arguments)
        if "functionReference" in node:
            return [
                self.shared(node["functionReference"], arguments),
                self.resolve(node["arguments"], arguments),
            ]
        return {name: self.resolve(value, arguments) for name, value in node.items()}

    def function(self, definition: dict[str, Any], arguments: Arguments) -> object:
        own = tuple(definition["argumentNames"])
        return ["function", len(own), self.shared(definition["body"], (*own, *arguments))]

    kinds: ClassVar[dict[str, Callable[[_Graph, Any, Arguments], object]]] = {
        "valueReference": shared,
        "argumentReference": lambda self, name, arguments: ["argument", arguments.index(name)],
        "functionDefinitionValue": function,
        "arrayValue": lambda self, array, arguments: self.resolve(array["values"], arguments),
        "dictionaryValue": lambda self, pairs, arguments: self.resolve(pairs["values"], arguments),
        "constantValue": lambda self, value, arguments: value,
    }
