"""Who is told, beside a run's log, that it found no account to work with: in the desktop, the message bar.

A run is in a thread of its own, so that what listens has to find its own way to the main thread.
"""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[str], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Tell this one too from now on."""
    _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    """Tell it no more."""
    _listeners.remove(listener)


def tell(sentence: str) -> None:
    """Say what is missing."""
    for listener in tuple(_listeners):
        listener(sentence)
