"""Regular expressions of users, matched in bounded time.

Earth Engine takes RE2's patterns, whose matching takes time proportional to text and pattern. Python's `re`
may take for ever on `(a+)+b`, so patterns run here on the small machine of
https://swtch.com/~rsc/regexp/regexp2.html: it follows all alternatives at once and prefers what a
backtracking matcher would have found first. Back-references and look-around, which RE2 lacks too, and
classes of characters by Unicode property are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .errors import Refused
from .pattern_syntax import Fragment, Kind, parse

MAX_STEPS = 2_000_000  # of the machine, for all matches in one text: a second or two

Spans = tuple[int | None, ...]
"""Start and end of the match and of each group, one after the other; None for a group that took no part."""


@dataclass(frozen=True)
class Match:
    """Where a pattern matched.

    Attributes:
        text: The text.
        spans: Start and end of the match and of each group.
    """

    text: str
    spans: Spans

    def group(self, number: int = 0) -> str | None:
        """The text of the match or of a group; None for a group that took no part.

        Raises:
            IndexError: There is no such group.
        """
        start, end = self.spans[2 * number], self.spans[2 * number + 1]
        return None if start is None or end is None else self.text[start:end]

    def groups(self) -> list[str | None]:
        """The texts of all groups."""
        return [self.group(number) for number in range(1, len(self.spans) // 2)]

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.spans[0] or 0

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.spans[1] or 0


class Pattern:
    """A compiled pattern. Every method raises `Refused` if a text takes too long.

    Args:
        text: The pattern.
        ignore_case: Whether upper and lower case are the same.

    Raises:
        ValueError: The text is no pattern of RE2, or too large a one.
    """

    def __init__(self, text: str, *, ignore_case: bool = False) -> None:
        self._code, self._groups = parse(text, ignore_case=ignore_case)

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text, if it matches."""
        return self._machine(text).run(0, whole=True)

    def search(self, text: str) -> Match | None:
        """The first match, if there is one."""
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches that do not overlap, from left to right."""
        machine, position = self._machine(text), 0
        while position <= len(text) and (match := machine.run(position, whole=False)):
            yield match
            position = match.end + (match.end == match.start)

    def sub(self, replacement: str, text: str, count: int = 0) -> str:
        """The text with matches replaced.

        Args:
            replacement: What to put there; `$1` stands for the first group, `$0` for the match.
            text: The text.
            count: How many matches; 0 for all.

        Raises:
            IndexError: The replacement names a group that is not there.
        """
        parts, end = [], 0
        for number, match in enumerate(self.finditer(text), 1):
            parts += [text[end : match.start], _filled(replacement, match)]
            end = match.end
            if number == count:
                break
        return "".join([*parts, text[end:]])

    def split(self, text: str) -> list[str]:
        """The parts between the matches; a match of nothing splits nothing."""
        parts, end = [], 0
        for match in self.finditer(text):
            if match.end > match.start:
                parts.append(text[end : match.start])
                end = match.end
        return [*parts, text[end:]]

    def _machine(self, text: str) -> _Machine:
        return _Machine(self._code, 2 * (self._groups + 1), text)


Threads = list[tuple[int, Spans]]
"""Places in the program with what was saved on the way there, the preferred one first."""


class _Machine:
    """Runs a program over a text: each character once, for all threads."""

    def __init__(self, code: Fragment, slots: int, text: str) -> None:
        self._code = code
        self._nothing: Spans = (None,) * slots
        self._text = text
        self._steps = 0

    def run(self, start: int, *, whole: bool) -> Match | None:
        """The preferred match that begins at a position, or anywhere after it unless it has to be `whole`."""
        found: Spans | None = None
        threads: Threads = []
        seen: set[int] = set()
        for position in range(start, len(self._text) + 1):
            if found is None and (position == start or not whole):
                self._follow(threads, seen, 0, position, self._nothing)
            if not threads and (whole or found is not None):
                break
            following: Threads = []
            seen = set()
            for place, spans in threads:
                if self._code[place].kind is Kind.MATCH:
                    if whole and position < len(self._text):
                        continue
                    found = spans
                    break  # what comes after is preferred less
                accepts = self._code[place].accepts
                if accepts and position < len(self._text) and accepts(self._text[position]):
                    self._follow(following, seen, place + 1, position + 1, spans)
            threads = following
        return found and Match(self._text, found)

    def _follow(self, threads: Threads, seen: set[int], place: int, position: int, spans: Spans) -> None:
        """Add the threads that a place leads to without reading a character."""
        waiting = [(place, spans)]
        while waiting:
            place, spans = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise Refused("The regular expression takes too long for this sandbox engine.")
            instruction = self._code[place]
            if instruction.kind is Kind.BRANCH:
                waiting += [(place + target, spans) for target in reversed(instruction.targets)]
            elif instruction.kind is Kind.SAVE:
                slot = instruction.slot
                waiting.append((place + 1, (*spans[:slot], position, *spans[slot + 1 :])))
            elif instruction.holds is None:
                threads.append((place, spans))
            elif instruction.holds(self._text, position):
                waiting.append((place + 1, spans))


_REFERENCE = Pattern(r"\$(\d)")


def _filled(replacement: str, match: Match) -> str:
    """A replacement with the texts of the groups that it names."""
    parts, end = [], 0
    for reference in _REFERENCE.finditer(replacement):
        parts += [replacement[end : reference.start], match.group(int(reference.group(1) or 0)) or ""]
        end = reference.end
    return "".join([*parts, replacement[end:]])
