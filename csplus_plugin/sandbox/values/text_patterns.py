"""Regular expressions, in time that nobody can stretch.

The service uses RE2 (https://github.com/google/re2/wiki/Syntax), which takes time in proportion to the text. Python's
own engine tries every way to match, so a pattern is first asked how many ways there may be. What RE2 does not have
(looking around, references back) is refused as it would.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from ..errors import Refused

MOST_STEPS = 10**8  # ways to match that a pattern may have on the longest text
MOST_CHARACTERS = 1000  # of a pattern
SHORT = 20  # characters of a text on which any pattern is harmless

_CLASSES = {
    "[:alnum:]": "A-Za-z0-9",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:punct:]": r"!-/:-@\[-`{-~",
    "[:space:]": r"\s",
    "[:upper:]": "A-Z",
    "[:word:]": r"\w",
    "[:xdigit:]": "0-9A-Fa-f",
}
"""POSIX classes, which stand inside brackets."""

_PIECE = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\()|(?P<close>\))"
    r"|(?P<or>\|)|(?P<repeat>[*+?]|\{\d*,?\d*\})|(?P<other>.)",
    re.DOTALL,
)


def pattern(name: str, regex: str, longest: int, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Give a pattern that may be tried on texts up to some length.

    Args:
        name: The function that asks, for its refusals.
        regex: RE2's syntax.
        longest: Characters of the longest text.
        ignore_case: Whether capital and small letters are the same.

    Raises:
        Refused: Not a regular expression, one that RE2 lacks, or one that could take too long.
    """
    compiled, repeats, nested = _examined(name, regex, ignore_case)
    if longest > SHORT and (nested or math.comb(longest + repeats, repeats) * longest > MOST_STEPS):
        raise Refused(f"{name}: The regular expression '{regex}' may take too long on {longest} characters.")
    return compiled


def template(replacement: str) -> str:
    """Give what replaces a match, in Python's syntax: `$1` stands for the first group, anything else for itself."""
    return re.sub(r"\$(\d+)", r"\\g<\1>", replacement.replace("\\", r"\\"))


@lru_cache(maxsize=512)
def _examined(name: str, regex: str, ignore_case: bool) -> tuple[re.Pattern[str], int, bool]:  # noqa: FBT001
    """Give the compiled pattern, how often it repeats something, and whether what it repeats repeats something."""
    if len(regex) > MOST_CHARACTERS:
        raise Refused(f"{name}: A regular expression may have {MOST_CHARACTERS} characters at most.")
    for posix, plain in _CLASSES.items():
        regex = regex.replace(posix, plain)
    if re.search(r"\(\?(?:[=!]|<[=!]|P=|\(|>)", regex) or re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", regex):
        raise Refused(f"{name}: Invalid regular expression '{regex}': RE2 cannot look around or refer back.")
    try:
        compiled = re.compile(regex, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(f"{name}: Invalid regular expression '{regex}': {error}.") from error
    return compiled, *_repetition(regex)


def _repetition(regex: str) -> tuple[int, bool]:
    repeats, nested = 0, False
    # Whether each open group holds a choice or a repetition; the last group that was closed.
    groups, closed = [False], False
    for piece in _PIECE.finditer(regex):
        kind = piece.lastgroup
        if kind == "open":
            groups.append(False)
        elif kind == "close" and len(groups) > 1:
            closed = groups.pop()
            groups[-1] |= closed
            continue
        elif kind == "or":
            groups[-1] = True
        elif kind == "repeat":
            repeats += 1
            nested |= closed
            groups[-1] = True
        closed = False
    return repeats, nested
