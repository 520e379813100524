"""Text that knows where it may be broken: short calls on one line, long ones with a part a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

WIDTH = 96
_LONG_CHAIN = 64
_MANY_LINKS = 2


@dataclass(frozen=True)
class Group:
    """Something in brackets, with commas between its parts.

    Attributes:
        opening: What stands before the parts, such as `ee.Image(`.
        parts: The parts.
        closing: What stands after them.
        filled: Whether many short parts share a line, as numbers do.
    """

    opening: str
    parts: tuple[Text, ...]
    closing: str
    filled: bool = False


@dataclass(frozen=True)
class Labelled:
    """A name before a text: `min=0`, or `min: 0`."""

    label: str
    text: Text


@dataclass(frozen=True)
class Chain:
    """A text, and the methods called on it one after the other."""

    head: Text
    links: tuple[Group, ...]


Text = str | Group | Labelled | Chain


@dataclass(frozen=True)
class Layout:
    """How a language breaks a text.

    Attributes:
        indent: One step to the right.
        chained: Step to the right before the dot of a broken chain.
        bracket_chains: Whether a broken chain needs brackets around it.
        trailing_comma: Whether the last part of a broken group is followed by a comma.
    """

    indent: str
    chained: str
    bracket_chains: bool
    trailing_comma: bool

    def render(
        self, text: Text, before: str = "", margin: str = "", after: str = "", *, inside: bool = False
    ) -> str:
        """Write a text after `before`, in lines that begin with `margin`; `inside` brackets a line may end anywhere."""
        line = f"{before}{flat(text)}{after}"
        if len(margin) + len(line) <= WIDTH and not _is_long_chain(text):
            return line
        return f"{before}{self._broken(text, margin, inside=inside)}{after}"

    def _broken(self, text: Text, margin: str, *, inside: bool) -> str:
        if isinstance(text, Labelled):
            return self.render(text.text, text.label, margin)
        if isinstance(text, Chain):
            return self._broken_chain(text, margin, inside=inside)
        if isinstance(text, Group) and text.parts:
            return self._broken_group(text, margin)
        return flat(text)

    def _broken_chain(self, chain: Chain, margin: str, *, inside: bool) -> str:
        head, links = chain.head, chain.links
        if isinstance(head, str):
            head, links = Group(head + links[0].opening, links[0].parts, links[0].closing), links[1:]
        if not links:
            return self._broken(head, margin, inside=inside)
        bracketed = self.bracket_chains and not inside
        first = margin + self.indent if bracketed else margin
        rest = first if self.bracket_chains else margin + self.chained
        lines = [self.render(head, margin=first), *(rest + self.render(link, margin=rest) for link in links)]
        return "\n".join(["(", first + lines[0], *lines[1:], f"{margin})"] if bracketed else lines)

    def _broken_group(self, group: Group, margin: str) -> str:
        inner = margin + self.indent
        if len(group.parts) == 1 and isinstance(group.parts[0], Group):
            # One bracket inside another is broken once: `ee.List([` ... `])`.
            return self.render(group.parts[0], group.opening, margin, group.closing)
        if group.filled:
            parts = self._filled(group.parts, inner)
        else:
            comma = "," if self.trailing_comma and len(group.parts) > 1 else ""
            ends = [*"," * (len(group.parts) - 1), comma]
            parts = [
                inner + self.render(part, margin=inner, after=end, inside=True)
                for part, end in zip(group.parts, ends, strict=True)
            ]
        return "\n".join([group.opening, *parts, f"{margin}{group.closing}"])

    def _filled(self, parts: Sequence[Text], margin: str) -> list[str]:
        # A position stays whole: the blanks in it are no place to break a line.
        joined = ", ".join(flat(part).replace(" ", "\0") for part in parts)
        lines = wrap(joined, WIDTH - len(margin), break_long_words=False, break_on_hyphens=False)
        return [f"{margin}{line}".replace("\0", " ") for line in lines]


def flat(text: Text) -> str:
    """Write a text on one line."""
    if isinstance(text, str):
        return text
    if isinstance(text, Labelled):
        return f"{text.label}{flat(text.text)}"
    if isinstance(text, Chain):
        return flat(text.head) + "".join(map(flat, text.links))
    return f"{text.opening}{', '.join(map(flat, text.parts))}{text.closing}"


def _is_long_chain(text: Text) -> bool:
    return isinstance(text, Chain) and len(text.links) > _MANY_LINKS and len(flat(text)) > _LONG_CHAIN
