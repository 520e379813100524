"""Threads that need the same thing at the same time, and let one of them make it for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar

from . import meter

T = TypeVar("T")

_PATIENCE = 0.1  # seconds between two looks at the clock of a request that waits


class Sharing:
    """What is being made right now, by key; safe for several threads."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, find: Callable[[], T | None], make: Callable[[], T]) -> T:
        """Give what is found, else make it, or wait for another thread that makes it.

        Args:
            key: What it is.
            find: Gives what has been made before; None where it has to be made.
            make: Makes it, and puts it where it is found.

        Raises:
            Refused: The time of the request is up.
        """
        while True:
            with self._lock:
                found = find()
                if found is not None:
                    return found
                other = self._under_way.get(key)
                if other is None:
                    mine = self._under_way[key] = threading.Event()
                    break
            while not other.wait(_PATIENCE):
                meter.check()
            # If the other one failed, or what it made is forgotten already, it is this thread's turn.
        try:
            return make()
        finally:
            with self._lock:
                del self._under_way[key]
            mine.set()
