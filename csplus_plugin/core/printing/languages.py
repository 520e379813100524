"""What JavaScript and Python spell differently: words, quotes, functions, and how lines are broken."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .layout import Group, Labelled, Layout, Text
from .nodes import Value

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True)
class Language:
    """One of the two languages.

    Attributes:
        name: Its name for people.
        comment: What begins a comment.
        declare: What begins the first line of a variable.
        end: What ends a statement.
        quote: What texts stand in.
        words: Values that are words.
        methods: Methods and functions whose own name is a word of the language.
        keywords: Arguments whose own name is.
        reserved: Names that a variable cannot have.
        camel: Whether names are written in camel case, and arguments by name as an object.
        apart: Empty lines around a function.
        layout: How lines are broken.
    """

    name: str
    comment: str
    declare: str
    end: str
    quote: str
    words: Mapping[bool | None, str]
    methods: Mapping[str, str]
    keywords: Mapping[str, str]
    reserved: frozenset[str]
    camel: bool
    apart: int
    layout: Layout = field(repr=False)

    def literal(self, value: Value) -> str:
        """Write a constant."""
        if value is None or isinstance(value, bool):
            return self.words[value]
        if not isinstance(value, str):
            return json.dumps(value)
        text = json.dumps(value, ensure_ascii=False)
        if self.quote == "'":
            text = "'" + text[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
        return text

    def identifier(self, name: str) -> str:
        """Write a name of several words as a variable of the language."""
        plain = re.sub(r"\W", "_", name)
        if self.camel:
            first, *rest = [word for word in plain.split("_") if word]
            plain = first + "".join(word[0].upper() + word[1:] for word in rest)
        return f"_{plain}" if plain[0].isdigit() else plain

    def method(self, name: str) -> str:
        """Write the name of a method, or of a function with its class before it."""
        owner, dot, last = name.rpartition(".")
        return f"{owner}{dot}{self.methods.get(last, last)}"

    def call(self, name: str, positional: Sequence[Text], named: Mapping[str, Text]) -> Group:
        """Write a call; where arguments have names, JavaScript wants all of them in one object."""
        if not named:
            return Group(f"{name}(", tuple(positional), ")")
        if self.camel:
            return Group(f"{name}({{", tuple(self._entries(named)), "})")
        labelled = (Labelled(f"{self.keywords.get(key, key)}=", text) for key, text in named.items())
        return Group(f"{name}(", (*positional, *labelled), ")")

    def dictionary(self, entries: Mapping[str, Text]) -> Group:
        """Write a dictionary."""
        return Group("{", tuple(self._entries(entries)), "}")

    def function(self, name: str, parameters: Sequence[str], body: Sequence[str]) -> list[str]:
        """Write the definition of a function, whose body is indented already."""
        if self.camel:
            return [f"function {name}({', '.join(parameters)}) {{", *body, "}"]
        return [f"def {name}({', '.join(parameters)}):", *body]

    def comments(self, text: str) -> list[str]:
        """Write lines of a comment."""
        return [f"{self.comment}{line}".rstrip() for line in text.splitlines()]

    def _entries(self, entries: Mapping[str, Text]) -> list[Labelled]:
        bare = self.camel and all(map(_IDENTIFIER.fullmatch, entries))
        return [Labelled(f"{key if bare else self.literal(key)}: ", text) for key, text in entries.items()]


JAVASCRIPT = Language(
    name="JavaScript",
    comment="// ",
    declare="var ",
    end=";",
    quote="'",
    words={True: "true", False: "false", None: "null"},
    methods={},
    keywords={},
    reserved=frozenset(
        (
            *(
                "ee",
                "Map",
                "Export",
                "Chart",
                "ui",
                "print",
                "exports",
                "require",
                "var",
                "let",
                "const",
                "function",
            ),
            *(
                "return",
                "if",
                "else",
                "for",
                "while",
                "do",
                "new",
                "delete",
                "in",
                "of",
                "this",
                "true",
                "false",
            ),
            *(
                "null",
                "undefined",
                "default",
                "class",
                "with",
                "yield",
                "switch",
                "case",
                "try",
                "catch",
                "void",
            ),
        )
    ),
    camel=True,
    apart=1,
    layout=Layout(indent="  ", chained="    ", bracket_chains=False, trailing_comma=False),
)

PYTHON = Language(
    name="Python",
    comment="# ",
    declare="",
    end="",
    quote='"',
    words={True: "True", False: "False", None: "None"},
    methods={"and": "And", "or": "Or", "not": "Not"},
    keywords={"from": "from_", "lambda": "lambda_", "global": "global_"},
    reserved=frozenset(
        (
            *(
                "ee",
                "print",
                "and",
                "or",
                "not",
                "if",
                "else",
                "for",
                "while",
                "in",
                "is",
                "def",
                "return",
                "class",
            ),
            *(
                "lambda",
                "with",
                "yield",
                "try",
                "except",
                "None",
                "True",
                "False",
                "from",
                "import",
                "as",
                "del",
            ),
            *("global", "pass", "raise", "assert", "break", "continue", "elif", "finally", "async", "await"),
        )
    ),
    camel=False,
    apart=2,
    layout=Layout(indent="    ", chained="    ", bracket_chains=True, trailing_comma=True),
)
