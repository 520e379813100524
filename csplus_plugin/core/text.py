"""The gate for text that somebody else wrote: a service, a proxy, a file of credentials, a file's name.

Half a surrogate ends the whole of QGIS (Qt cannot convert it), a control character moves a terminal's cursor or changes
its title, and a change of direction (U+202E) lets a line read as another. So such text is made harmless where it
enters, before it is logged, raised or kept.
"""

from __future__ import annotations

LONGEST = 600
"""Characters of a foreign text that are passed on."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean(text: str, longest: int = LONGEST) -> str:
    """Make a foreign text fit for a line of a log: printable, on one line, and no longer than it may be."""
    text = printable(" ".join(text.split()))
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def printable(text: str) -> str:
    """Replace what is not printed: surrogates, control and format characters, ends of lines."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _REPLACEMENT for character in text)
