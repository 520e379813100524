"""Who is told, beside a run's log, what needs an answer of the user's: in the desktop, the message bar.

A run is in a thread of its own, so that what listens has to find its own way to the main thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Listeners:
    """Calls everybody who listens, with what there is to tell."""

    def __init__(self) -> None:
        self._listeners: list[Callable[..., None]] = []

    def add(self, listener: Callable[..., None]) -> None:
        """Tell this one too from now on."""
        self._listeners.append(listener)

    def remove(self, listener: Callable[..., None]) -> None:
        """Tell it no more."""
        self._listeners.remove(listener)

    def tell(self, *what: Any) -> None:
        """Tell all of them."""
        for listener in tuple(self._listeners):
            listener(*what)


NO_ACCOUNT = Listeners()
"""A run found no account to work with; told a sentence that says so."""

TASKS_GO_ON = Listeners()
"""Tasks go on for which a run no longer waits; told the `Connection` of who computes, and a tuple of their ids."""
