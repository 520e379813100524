"""Calls in the words of the client libraries: which are methods and of what class, and what class they give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .idioms import Spelled, idiom, single, unwrapped
from .nodes import Argument, Call, Constant, Function, Items, Node, Pairs, Reader

Signatures = Mapping[str, Mapping[str, Any]]
"""Name of a function -> `args` and `returns`, as the client library knows them."""

_CONSTRUCTORS = frozenset(
    ("Array", "Date", "DateRange", "ErrorMargin", "Feature", "PixelType", "Projection", "String", "Number")
)
_CLASSES = _CONSTRUCTORS | frozenset(
    (
        *("Blob", "Collection", "Dictionary", "Element", "FeatureCollection", "Filter", "Geometry", "Image"),
        *("ImageCollection", "Join", "Kernel", "List", "Reducer", "Terrain"),
    )
)
_ABSTRACT = {
    "Element": ("Image", "Feature", "ImageCollection", "FeatureCollection"),
    "Collection": ("ImageCollection", "FeatureCollection"),
}
_ONE_OR_SEVERAL = frozenset(("Image.select", "Image.rename"))
_ELEMENTS = {"ImageCollection": "Image", "FeatureCollection": "Feature"}
_COLLECTIONS = {element: collection for collection, element in _ELEMENTS.items()}


class Speller:
    """Spells the calls of one graph.

    Args:
        reader: What was read, with the names of steps.
        signatures: The functions of the service.
    """

    def __init__(self, reader: Reader, signatures: Signatures) -> None:
        self._reader, self._signatures = reader, signatures
        self._spelled: dict[Node, Spelled] = {}
        self._kinds: dict[Node, str] = {}

    def children(self, node: Node) -> tuple[Node, ...]:
        """List what is written inside a node."""
        if isinstance(node, Call):
            return self.spell(node).children()
        if isinstance(node, Items):
            return node.items
        return tuple(node.pairs.values()) if isinstance(node, Pairs) else ()

    def spell(self, call: Call) -> Spelled:
        """Put a call into the words of the client libraries."""
        if call not in self._spelled:
            self._spelled[call] = idiom(call) or self._generic(str(call.function), call.arguments)
        return self._spelled[call]

    def kind(self, node: Node) -> str:
        """Tell the class of a step in the client libraries; empty where it is not known."""
        if node in self._reader.names:
            return self._reader.names[node].kind
        return self.bare_kind(node)

    def bare_kind(self, node: Node) -> str:
        """Tell the class that a step has as it is written, whatever it is called."""
        if isinstance(node, Call):
            spelled = self.spell(node)
            return spelled.gives or (self.kind(spelled.receiver) if spelled.receiver else "")
        return self._kinds.get(node, "")

    def element(self, function: Function) -> str:
        """Tell the class of a mapped function's argument from what is called on it."""
        for parameter in function.parameters:
            wanted = {kind for kind in self._wanted(function.body, parameter, set()) if kind in _COLLECTIONS}
            if wanted:
                return "Image" if "Image" in wanted else "Feature"
        return ""

    def _wanted(self, node: Node, parameter: str, seen: set[Node]) -> set[str]:
        if node in seen:
            return set()
        seen.add(node)
        kinds: set[str] = set()
        if isinstance(node, Call):
            spelled = self.spell(node)
            if isinstance(spelled.receiver, Argument) and spelled.receiver.name == parameter:
                kinds.add(spelled.kind)
        inner = (node.body,) if isinstance(node, Function) else self.children(node)
        return kinds.union(*(self._wanted(child, parameter, seen) for child in inner))

    def _generic(self, function: str, arguments: Mapping[str, Node]) -> Spelled:
        prefix, _, method = function.rpartition(".")
        owner = "ImageCollection" if prefix == "reduce" else prefix
        if function not in self._signatures or (owner or method) not in _CLASSES:
            return Spelled("apply", "", positional=(Constant(function), Pairs(arguments)))
        signature = self._signatures[function]
        expected = {argument["name"]: argument["type"] for argument in signature["args"]}
        order = [name for name in expected if name in arguments]
        values = {name: unwrapped(arguments[name], expected[name]) for name in order}
        first = next(iter(expected), "")
        receiver = None
        if owner and first in values and self._belongs(owner, expected[first]):
            receiver = arguments[first]
            del values[first]
            del expected[first]
        if function in _ONE_OR_SEVERAL and len(values) == 1:
            values = {name: single(value) for name, value in values.items()}
        in_order = list(values) == list(expected)[: len(values)]
        kind = self._receiver_kind(owner, values)
        return Spelled(
            method if receiver else f"{owner}.{method}".lstrip("."),
            self._gives(function, signature["returns"], kind),
            receiver,
            kind,
            tuple(values.values()) if in_order else (),
            {} if in_order else values,
        )

    def _belongs(self, owner: str, expected: str) -> bool:
        """Tell whether a function whose first argument is of a class is a method of another class."""
        return expected == owner or owner in _ABSTRACT or owner in _ABSTRACT.get(expected, ())

    def _receiver_kind(self, owner: str, values: Mapping[str, Node]) -> str:
        """Choose the class that the receiver must have: that of the elements that a mapped function takes."""
        for value in values.values():
            if owner == "Collection" and isinstance(value, Function):
                return _COLLECTIONS.get(self.element(value), owner)
        return owner

    def _gives(self, function: str, returns: str, kind: str) -> str:
        """Tell the class of a result; empty for that of the receiver."""
        if function == "Collection.first":
            return "?"
        if function.startswith("Collection.") and returns in ("Collection", "FeatureCollection"):
            return kind if kind in _ELEMENTS else ""
        if returns in _ABSTRACT:
            return ""
        return returns if returns in _CLASSES else "?"

    def casts(self, receiver: Node, kind: str) -> str:
        """Tell which class a receiver must be cast to; empty for none."""
        found = self.kind(receiver)
        if found == kind or found in _ABSTRACT.get(kind, ()):
            return ""
        return (
            kind if kind not in _ABSTRACT else {"Collection": "FeatureCollection", "Element": "Feature"}[kind]
        )

    def note_argument(self, argument: Node, kind: str) -> None:
        """Remember the class of a mapped function's argument."""
        self._kinds[argument] = kind
