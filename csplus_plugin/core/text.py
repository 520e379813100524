"""Foreign text made fit to be shown: what a service, a file or a project says may hold anything."""

from __future__ import annotations

LONGEST = 2_000
"""Characters; the rest is cut."""


def clean(text: str) -> str:
    """Put a text on one line, without control characters, changes of direction and halves of surrogates.

    A terminal obeys the first, a reader is deceived by the second, and the third end QGIS.
    """
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
