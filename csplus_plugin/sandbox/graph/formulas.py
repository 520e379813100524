"""The little language of `expression`: C-like formulas over images, numbers or properties (guides/image_math).

A formula is compiled to calls of functions by their short names, such as `add`. Who runs it says what a call
does: for images those of the `Image` family, whose types, names and masks the result then has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Refused

Call = Callable[[str, Sequence[Any]], Any]
"""Calls a function by its short name. Beside those that a formula may name there are `constant`, `select` (a value and
selectors), `choose` (a condition and two values) and, for a formula that gives its result a name, `rename`."""

Compiled = Callable[[Mapping[str, Any], Call], Any]
"""Takes the variables and a way to call functions."""


def _token(name: str) -> re.Pattern[str]:
    return re.compile(
        rf"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>{name})"
        r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>\*\*|&&|\|\||<<|>>|<=|>=|==|!=|[-+*/%^!~<>?:=&|(),.\[\]]))"
    )


_VARIABLES = _token(r"[A-Za-z_]\w*")
_PROPERTIES = _token(r"[A-Za-z_]\w*(?::\w+)*")

_LEVELS: list[dict[str, str]] = [
    {"||": "or"},
    {"&&": "and"},
    {"|": "bitwiseOr"},
    {"^": "bitwiseXor"},
    {"&": "bitwiseAnd"},
    {"==": "eq", "!=": "neq"},
    {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"},
    {"<<": "leftShift", ">>": "rightShift"},
    {"+": "add", "-": "subtract"},
    {"*": "multiply", "/": "divide", "%": "mod"},
]
"""Binary operators from the loosest to the tightest; `**` binds tighter still, and to the right."""

_UNARY = {"!": "not", "~": "bitwiseNot"}
_CONSTANTS = {"PI": 3.141592653589793, "E": 2.718281828459045}
MAX_DEPTH = 60


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Attributes:
        run: Evaluates it.
        variables: Names that it uses, apart from the bands that b() reads.
        uses_default: Whether it uses b().
    """

    run: Compiled
    variables: frozenset[str]
    uses_default: bool


def parse(
    text: str, default: str = "", name: str = "Image.parseExpression", *, of_properties: bool = False
) -> Formula:
    """Parse a formula.

    Args:
        text: Such as `2.5 * (nir - b('B4')) / (nir + 1)`.
        default: Name of the variable that holds the image b() reads.
        name: The function that takes the formula, for its refusals.
        of_properties: Whether names may have colons, as `system:index` does.

    Raises:
        Refused: Not a formula.
    """
    try:
        parser = _Parser(_tokens(text, _PROPERTIES if of_properties else _VARIABLES), default)
        run = parser.whole()
    except _Unreadable as error:
        raise Refused(f"{name}: {error}") from error
    return Formula(run, frozenset(parser.variables), parser.uses_default)


class _Unreadable(Exception):
    """Why a text is no formula."""


def _tokens(text: str, token: re.Pattern[str]) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        found = token.match(text, position)
        if found is None or found.lastgroup is None:
            raise _Unreadable(f"Unexpected character '{text[position]}' in '{text}'.")
        tokens.append((found.lastgroup, found.group(found.lastgroup)))
        position = found.end()
    return [*tokens, ("end", "")]


class _Parser:
    """Recursive descent, one method a kind of expression."""

    def __init__(self, tokens: list[tuple[str, str]], default: str) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._default = default
        self.variables: set[str] = set()
        self.uses_default = False

    def whole(self) -> Compiled:
        name = None
        if self._tokens[0][0] == "name" and self._tokens[1][1] == "=":
            name = self._tokens[0][1]
            self._at = 2
        value = self._choice()
        if self._tokens[self._at][0] != "end":
            raise self._unexpected()
        if name is None:
            return value
        return lambda scope, call: call("rename", [value(scope, call), [name]])

    def _take(self, *signs: str) -> str | None:
        kind, text = self._tokens[self._at]
        if kind == "sign" and text in signs:
            self._at += 1
            return text
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise self._unexpected()

    def _unexpected(self) -> _Unreadable:
        text = self._tokens[self._at][1] or "the end"
        return _Unreadable(f"Unexpected '{text}' in the expression.")

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Unreadable("The expression is nested too deeply for this sandbox engine.")

    def _choice(self) -> Compiled:
        self._descend()
        value = self._binary(0)
        if self._take("?"):
            yes = self._choice()
            self._expect(":")
            value = _calling("choose", [value, yes, self._choice()])
        self._depth -= 1
        return value

    def _binary(self, level: int) -> Compiled:
        if level == len(_LEVELS):
            return self._unary()
        value = self._binary(level + 1)
        while sign := self._take(*_LEVELS[level]):
            value = _calling(_LEVELS[level][sign], [value, self._binary(level + 1)])
        return value

    def _unary(self) -> Compiled:
        self._descend()
        sign = self._take("-", "+", *_UNARY)
        if sign is None:
            value = self._power()
        elif sign == "-":
            value = _calling("multiply", [self._unary(), _constant(-1)])
        elif sign == "+":
            value = self._unary()
        else:
            value = _calling(_UNARY[sign], [self._unary()])
        self._depth -= 1
        return value

    def _power(self) -> Compiled:
        base = self._postfix()
        return _calling("pow", [base, self._unary()]) if self._take("**") else base

    def _postfix(self) -> Compiled:
        value = self._primary()
        while sign := self._take(".", "["):
            if sign == ".":
                kind, name = self._tokens[self._at]
                if kind != "name":
                    raise self._unexpected()
                self._at += 1
                value = _selecting(value, [name])
            else:
                value = _selecting(value, self._selectors("]"))
        return value

    def _primary(self) -> Compiled:
        kind, text = self._tokens[self._at]
        if self._take("("):
            value = self._choice()
            self._expect(")")
            return value
        if kind == "number":
            self._at += 1
            return _constant(float(text) if re.search(r"[.eE]", text) else int(text))
        if kind == "text":
            self._at += 1
            return _constant(text[1:-1])
        if kind != "name":
            raise self._unexpected()
        self._at += 1
        if not self._take("("):
            return self._variable(text)
        if text == "b":
            self.uses_default = True
            selectors = self._selectors(")")
            image = _looking_up(self._default)
            return _selecting(image, selectors) if selectors else image
        return _calling(text, self._arguments())

    def _variable(self, name: str) -> Compiled:
        if name == "Math" and self._take("."):
            name = self._tokens[self._at][1]
            if name not in _CONSTANTS:
                raise self._unexpected()
            self._at += 1
        if name in _CONSTANTS:
            return _constant(_CONSTANTS[name])
        self.variables.add(name)
        return _looking_up(name)

    def _arguments(self) -> list[Compiled]:
        if self._take(")"):
            return []
        values = [self._choice()]
        while self._take(","):
            values.append(self._choice())
        self._expect(")")
        return values

    def _selectors(self, closing: str) -> list[str | int]:
        found: list[str | int] = []
        while not self._take(closing):
            if found:
                self._expect(",")
            kind, text = self._tokens[self._at]
            if kind not in {"text", "number"}:
                raise self._unexpected()
            self._at += 1
            found.append(text[1:-1] if kind == "text" else int(float(text)))
        return found


def _constant(value: float | str) -> Compiled:
    return lambda _, call: call("constant", [value])


def _looking_up(name: str) -> Compiled:
    def value(scope: Mapping[str, Any], _: Call) -> Any:
        if scope.get(name) is None:
            raise Refused(f"Image.parseExpression: Variable '{name}' is not defined.")
        return scope[name]

    return value


def _calling(name: str, arguments: list[Compiled]) -> Compiled:
    return lambda scope, call: call(name, [argument(scope, call) for argument in arguments])


def _selecting(value: Compiled, selectors: Sequence[str | int]) -> Compiled:
    return lambda scope, call: call("select", [value(scope, call), list(selectors)])
