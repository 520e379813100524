"""Who is told, beside a run's log, that tasks go on which the run no longer waits for: in the desktop, the message bar.

A run is in a thread of its own, so that what listens has to find its own way to the main thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..earthengine.session import Connection

Listener = Callable[[Connection, tuple[str, ...]], None]
"""Gets who computes, and the ids of the tasks."""

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Tell this one too from now on."""
    _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    """Tell it no more."""
    _listeners.remove(listener)


def tell(connection: Connection, identities: Sequence[str]) -> None:
    """Say which tasks go on."""
    for listener in tuple(_listeners):
        listener(connection, tuple(identities))
