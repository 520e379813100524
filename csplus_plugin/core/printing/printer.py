"""Expression -> statements: a variable where a step has a name or is used again, a function where one is mapped.

Steps stand in the order in which a person would compute them: what a call is made on, then what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .languages import Language
from .layout import Chain, Group, Text, flat
from .nodes import Argument, Call, Constant, Function, Items, Node, Pairs, Reader
from .scopes import Scopes
from .spelling import Signatures, Speller

_SHORT = 32
"""Characters up to which a step without a name is written again rather than given one."""


@dataclass
class _Block:
    """The lines of a function, or of the script itself.

    Attributes:
        function: The function; None for the script.
        names: Variables, and functions, by what they stand for.
        parameters: Names of the arguments, by what the expression calls them.
        lines: What is written so far.
    """

    function: Function | None = None
    names: dict[Node, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


class Printer:
    """Prints expressions that share their steps, one after the other.

    Args:
        language: The language.
        signatures: The functions of the service.
        expressions: Everything that will be printed: what is used twice needs a name.
    """

    def __init__(self, language: Language, signatures: Signatures, *expressions: Any) -> None:
        self._language = language
        self._reader = Reader()
        roots = [self._reader.read(expression) for expression in expressions]
        self._speller = Speller(self._reader, signatures)
        self._scopes = Scopes(self._speller.children)
        self._blocks = [_Block()]
        self._suffix = ""
        self._earlier: frozenset[str] = frozenset()
        for root in roots:
            self._scopes.count(root)

    def lines(self) -> list[str]:
        """Hand over the lines written since the last time."""
        lines, self._blocks[0].lines = self._blocks[0].lines, []
        return lines

    def let(self, name: str, expression: Any, why: str = "", suffix: str = "") -> str:
        """Write an expression into a variable, after the steps that it needs.

        Args:
            name: Name of the variable.
            expression: One of the expressions that were announced.
            why: A sentence to stand above it.
            suffix: Added to the names of steps that have the name of an earlier step.

        Returns:
            The name, as the language writes it.
        """
        node = self._reader.read(expression)
        self._suffix, self._earlier = suffix, frozenset(self._blocks[0].names.values())
        self._prepare(node)
        top = self._blocks[0]
        if node not in top.names:
            self._declare(node, name, top, why)
        return top.names[node]

    def call(self, expression: Any) -> tuple[Text, Text]:
        """Write the two parts of a call: what it is made on, and its arguments as a dictionary."""
        node = self._reader.read(expression)
        if not isinstance(node, Call):
            raise TypeError("Only a call has two parts.")
        spelled = self._speller.spell(node)
        if spelled.receiver is None or spelled.positional:
            raise TypeError("Only a method with arguments by name has two parts.")
        self._prepare(spelled.receiver)
        others = {name: self._text(value) for name, value in spelled.named.items()}
        return self._text(spelled.receiver), self._language.dictionary(others)

    def _block(self, node: Node) -> _Block:
        owner = self._scopes.owner(node, [block.function for block in self._blocks])
        return next(block for block in self._blocks if block.function is owner)

    def _prepare(self, node: Node, *, is_result: bool = False) -> None:
        """Write the steps that have to stand before a step, and the step itself if it has a name of its own."""
        if isinstance(node, Constant | Argument):
            return
        block = self._block(node)
        if node in block.names:
            return
        if isinstance(node, Function):
            self._define(node, block)
            return
        for child in self._speller.children(node):
            self._prepare(child)
        used = self._scopes.uses[block.function, node]
        if is_result and used == 1:
            return
        name = self._reader.names.get(node)
        if name is not None and (used > 1 or not name.if_shared):
            self._declare(node, name.text, block, name.why)
        elif used > 1 and isinstance(node, Call) and len(flat(self._text(node))) > _SHORT:
            kind = self._speller.kind(node)
            self._declare(node, _GENERIC.get(kind, "value"), block)

    def _declare(self, node: Node, name: str, block: _Block, why: str = "") -> None:
        written = self._unused(name)
        text = self._text(node)
        named = self._reader.names.get(node)
        if named and named.kind in _CASTS and self._speller.bare_kind(node) != named.kind:
            text = Group(f"ee.{named.kind}(", (text,), ")")
        language, margin = self._language, self._margin(block)
        line = language.layout.render(text, f"{language.declare}{written} = ", margin, language.end)
        if why:
            block.lines += ["", *(f"{margin}{comment}" for comment in language.comments(why))]
        block.lines.append(f"{margin}{line}")
        block.names[node] = written

    def _define(self, function: Function, block: _Block) -> None:
        named = self._reader.functions.get(function.body)
        element = self._speller.element(function)
        inner = _Block(function)
        self._blocks.append(inner)
        for number, parameter in enumerate(function.parameters):
            word = named.parameters[number] if named else _GENERIC.get(element, "item")
            inner.parameters[parameter] = self._unused(word)
            # What `iterate` hands on beside the element is of no class in either library.
            self._speller.note_argument(self._reader.argument(parameter), "" if number else element)
        self._prepare(function.body, is_result=True)
        language, margin = self._language, self._margin(inner)
        result = language.layout.render(self._text(function.body), "return ", margin, language.end)
        self._blocks.pop()
        written = self._unused(named.text if named else "for_each")
        outer = self._margin(block)
        body = [*inner.lines, f"{margin}{result}"]
        definition = language.function(written, list(inner.parameters.values()), body)
        comments = language.comments(named.why if named else "")
        first, last = (
            f"{outer}{definition[0]}",
            f"{outer}{definition[-1]}" if language.camel else definition[-1],
        )
        apart = [""] * (1 if outer else language.apart)
        block.lines += [
            *apart,
            *(f"{outer}{line}" for line in comments),
            first,
            *definition[1:-1],
            last,
            *apart,
        ]
        block.names[function] = written

    def _margin(self, block: _Block) -> str:
        return self._language.layout.indent * self._blocks.index(block)

    def _unused(self, name: str) -> str:
        """Find a name that means nothing else here."""
        taken = {*self._language.reserved}
        for block in self._blocks:
            taken.update(block.names.values(), block.parameters.values())
        if self._suffix and self._language.identifier(name) in self._earlier:
            name = f"{name}_{self._suffix}"
        tries = [name, *(f"{name}_{number}" for number in range(2, len(taken) + 3))]
        return next(word for word in map(self._language.identifier, tries) if word not in taken)

    def _text(self, node: Node) -> Text:
        if isinstance(node, Constant):
            return self._language.literal(node.value)
        for block in reversed(self._blocks):
            if isinstance(node, Argument) and node.name in block.parameters:
                return block.parameters[node.name]
        block = self._block(node)
        if node in block.names:
            return block.names[node]
        if isinstance(node, Items):
            filled = all(isinstance(item, Constant | Items) for item in node.items)
            return Group("[", tuple(map(self._text, node.items)), "]", filled)
        if isinstance(node, Pairs):
            return self._language.dictionary({key: self._text(value) for key, value in node.pairs.items()})
        if isinstance(node, Call):
            return self._call(node)
        raise TypeError(f"A {type(node).__name__} cannot be written.")

    def _call(self, call: Call) -> Text:
        spelled = self._speller.spell(call)
        positional = [self._text(value) for value in spelled.positional]
        named: Mapping[str, Text] = {name: self._text(value) for name, value in spelled.named.items()}
        name = self._language.method(spelled.name)
        if spelled.receiver is None:
            return self._language.call(f"ee.{name}", positional, named)
        head = self._text(spelled.receiver)
        if cast := self._speller.casts(spelled.receiver, spelled.kind):
            head = Group(f"ee.{cast}(", (head,), ")")
        link = self._language.call(f".{name}", positional, named)
        return Chain(head.head, (*head.links, link)) if isinstance(head, Chain) else Chain(head, (link,))


_GENERIC = {
    "Image": "image",
    "ImageCollection": "images",
    "Feature": "feature",
    "FeatureCollection": "features",
    "Geometry": "geometry",
    "Filter": "condition",
    "Number": "number",
    "List": "items",
    "Date": "date",
    "Reducer": "reducer",
    "Kernel": "kernel",
}
_CASTS = frozenset(("Image", "ImageCollection", "Feature", "FeatureCollection", "Number", "List", "Date"))
