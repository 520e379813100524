"""The syntax of RE2 (https://github.com/google/re2/wiki/Syntax), compiled to the instructions of `patterns`.

A fragment is a list of instructions whose targets are relative, so that fragments are joined, repeated and
nested by putting lists together.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

MAX_REPEAT = 1000  # as in RE2
MAX_INSTRUCTIONS = 10_000
MAX_NESTING = 50

Accepts = Callable[[str], bool]
"""Whether a character may stand at a place."""

Holds = Callable[[str, int], bool]
"""Whether a position in a text is of some kind."""


class Kind(Enum):
    """What an instruction does."""

    CHARACTER = auto()
    BRANCH = auto()
    SAVE = auto()
    ASSERT = auto()
    MATCH = auto()


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Attributes:
        kind: What it does.
        targets: For a branch: where to go on, relative to it, the preferred one first.
        slot: For a save: which end of which group this position is.
        accepts: For a character: which ones.
        holds: For an assertion: which positions.
    """

    kind: Kind
    targets: tuple[int, ...] = ()
    slot: int = 0
    accepts: Accepts | None = None
    holds: Holds | None = None


Fragment = list[Instruction]


def parse(text: str, *, ignore_case: bool) -> tuple[Fragment, int]:
    """The program of a pattern, and the number of its groups.

    Raises:
        ValueError: The text is no pattern of RE2, or too large a one.
    """
    if text.startswith("(?i)"):
        text, ignore_case = text[4:], True
    parser = _Parser(text, ignore_case=ignore_case)
    body = parser.alternatives()
    if parser.at < len(text):
        raise ValueError("unexpected )")
    return [_save(0), *body, _save(1), Instruction(Kind.MATCH)], parser.groups


class _Parser:
    def __init__(self, text: str, *, ignore_case: bool) -> None:
        self._text = text
        self._ignore_case = ignore_case
        self._depth = 0
        self.at = 0
        self.groups = 0

    def alternatives(self) -> Fragment:
        """Sequences separated by bars, the first one preferred."""
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        joined = options.pop()
        for option in reversed(options):
            joined = [_branch(1, len(option) + 2), *option, _branch(len(joined) + 1), *joined]
            self._bounded(joined)
        return joined

    def _sequence(self) -> Fragment:
        found: Fragment = []
        while self.at < len(self._text) and self._text[self.at] not in "|)":
            found += self._repeated(self._atom())
            self._bounded(found)
        return found

    def _repeated(self, atom: Fragment) -> Fragment:
        """An atom with the quantifier that follows it, if one does."""
        limits = self._quantifier()
        if limits is None:
            return atom
        least, most = limits
        lazy = self._take("?")
        if self._quantifier() is not None:
            raise ValueError("bad repetition operator")
        size = len(atom)
        if max(least, most or 0, 1) * (size + 1) > MAX_INSTRUCTIONS:
            raise ValueError("pattern too large")
        if most is None:
            if least:
                return [*atom * least, _choice(-size, 1, lazy=lazy)]
            return [_choice(1, size + 2, lazy=lazy), *atom, _branch(-size - 1)]
        found = atom * least
        for left in range(most - least, 0, -1):
            found += [_choice(1, left * (size + 1), lazy=lazy), *atom]
        return found

    def _quantifier(self) -> tuple[int, int | None] | None:
        for sign, limits in {"*": (0, None), "+": (1, None), "?": (0, 1)}.items():
            if self._take(sign):
                return limits
        end = self._text.find("}", self.at)
        if end < 0 or not self._text.startswith("{", self.at):
            return None
        low, comma, high = self._text[self.at + 1 : end].partition(",")
        if not _is_count(low) or (high and not _is_count(high)):
            return None
        self.at = end + 1
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if max(least, most or 0) > MAX_REPEAT or (most is not None and most < least):
            raise ValueError("bad repetition count")
        return least, most

    def _atom(self) -> Fragment:
        sign = self._next()
        if sign == "(":
            return self._group()
        if sign == "\\":
            return [self._escape(self._next())]
        if sign in _POSITIONS:
            return [Instruction(Kind.ASSERT, holds=_POSITIONS[sign])]
        if sign in "*+?":
            raise ValueError(f"no argument for repetition operator: {sign}")
        if sign == "[":
            return [self._character(self._set())]
        return [self._character(_any_of_a_line if sign == "." else _is(sign))]

    def _escape(self, letter: str) -> Instruction:
        if letter in _ESCAPED_POSITIONS:
            return Instruction(Kind.ASSERT, holds=_ESCAPED_POSITIONS[letter])
        return self._character(_CLASSES.get(letter) or _is(self._literal(letter)))

    def _group(self) -> Fragment:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise ValueError("pattern nested too deeply")
        number = None
        if not self._take("?:"):
            if self._take("?P<"):
                name_end = self._text.find(">", self.at)
                if name_end < 0 or not self._text[self.at : name_end].isidentifier():
                    raise ValueError("bad group name")
                self.at = name_end + 1
            elif self._take("?"):
                raise ValueError("groups that begin with (? are not supported")
            self.groups += 1
            number = self.groups
        inner = self.alternatives()
        if not self._take(")"):
            raise ValueError("missing )")
        self._depth -= 1
        return inner if number is None else [_save(2 * number), *inner, _save(2 * number + 1)]

    def _set(self) -> Accepts:
        """A set in brackets, after the opening one."""
        negated = self._take("^")
        parts: list[Accepts] = []
        while not parts or not self._take("]"):
            if self._text.startswith("[:", self.at):
                parts.append(self._named_set())
                continue
            low = self._member()
            dash = self._text.startswith("-", self.at) and not self._text.startswith("-]", self.at)
            if dash and isinstance(low, str):
                parts.append(self._range(low))
            else:
                parts.append(_is(low) if isinstance(low, str) else low)
        return lambda c: any(part(c) for part in parts) is not negated

    def _range(self, low: str) -> Accepts:
        self.at += 1
        high = self._member()
        if not isinstance(high, str) or high < low:
            raise ValueError("invalid character class range")
        return lambda c: low <= c <= high

    def _member(self) -> str | Accepts:
        sign = self._next()
        if sign != "\\":
            return sign
        letter = self._next()
        return _CLASSES[letter] if letter in _CLASSES else self._literal(letter)

    def _named_set(self) -> Accepts:
        end = self._text.find(":]", self.at)
        name = self._text[self.at + 2 : end] if end > 0 else ""
        if name not in _NAMED:
            raise ValueError("invalid character class")
        self.at = end + 2
        return lambda c: c in _NAMED[name]

    def _literal(self, letter: str) -> str:
        """The character that an escape stands for."""
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter == "x":
            digits = self._braced() if self._take("{") else self._next() + self._next()
            code = int(digits, 16)
            if code > 0x10FFFF:  # noqa: PLR2004 - the last character of Unicode
                raise ValueError("invalid escape sequence")
            return chr(code)
        if letter.isascii() and letter.isalnum():
            raise ValueError(f"invalid escape sequence: \\{letter}")
        return letter

    def _braced(self) -> str:
        end = self._text.find("}", self.at)
        if end < 0:
            raise ValueError("missing }")
        digits, self.at = self._text[self.at : end], end + 1
        return digits

    def _character(self, accepts: Accepts) -> Instruction:
        if self._ignore_case:
            either = accepts
            return Instruction(Kind.CHARACTER, accepts=lambda c: either(c.lower()) or either(c.upper()))
        return Instruction(Kind.CHARACTER, accepts=accepts)

    def _next(self) -> str:
        if self.at >= len(self._text):
            raise ValueError("unexpected end of pattern")
        self.at += 1
        return self._text[self.at - 1]

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self.at)
        self.at += len(text) * found
        return found

    @staticmethod
    def _bounded(fragment: Fragment) -> Fragment:
        if len(fragment) > MAX_INSTRUCTIONS:
            raise ValueError("pattern too large")
        return fragment


def _branch(*targets: int) -> Instruction:
    return Instruction(Kind.BRANCH, targets=targets)


def _choice(more: int, enough: int, *, lazy: bool) -> Instruction:
    return _branch(enough, more) if lazy else _branch(more, enough)


def _save(slot: int) -> Instruction:
    return Instruction(Kind.SAVE, slot=slot)


def _is(wanted: str) -> Accepts:
    return lambda c: c == wanted


def _any_of_a_line(character: str) -> bool:
    return character != "\n"


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4  # noqa: PLR2004 - digits of MAX_REPEAT


_WORD = string.ascii_letters + string.digits + "_"
_SPACE = "\t\n\f\r "

_CLASSES: dict[str, Accepts] = {
    "d": lambda c: c in string.digits,
    "D": lambda c: c not in string.digits,
    "w": lambda c: c in _WORD,
    "W": lambda c: c not in _WORD,
    "s": lambda c: c in _SPACE,
    "S": lambda c: c not in _SPACE,
}
_NAMED = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "digit": string.digits,
    "lower": string.ascii_lowercase,
    "punct": string.punctuation,
    "space": _SPACE + "\v",
    "upper": string.ascii_uppercase,
    "word": _WORD,
    "xdigit": string.hexdigits,
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _at_word_edge(text: str, position: int) -> bool:
    before = position > 0 and text[position - 1] in _WORD
    after = position < len(text) and text[position] in _WORD
    return before is not after


_POSITIONS: dict[str, Holds] = {
    "^": lambda _, position: position == 0,
    "$": lambda text, position: position == len(text),
}
_ESCAPED_POSITIONS: dict[str, Holds] = {
    "A": _POSITIONS["^"],
    "z": _POSITIONS["$"],
    "b": _at_word_edge,
    "B": lambda text, position: not _at_word_edge(text, position),
}
