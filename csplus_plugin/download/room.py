"""Memory for tiles: a bound on the bytes that are on their way from the service to the disk."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable

from ..core.errors import Cancelled
from ..earthengine.waiting import POLL

ROOM = 256 * 1024 * 1024
"""Bytes of pixels in memory at once, from the moment an answer begins to arrive until it is written."""

_HEADER = 64 * 1024
"""Bytes; more than what an answer holds beside its pixels."""


class Room:
    """Bytes that may be in memory at once."""

    def __init__(self, size: int, is_cancelled: Callable[[], bool]) -> None:
        self._size = size
        self._is_cancelled = is_cancelled
        self._used = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Wait for so many bytes; what is larger than all there are goes alone."""
        with self._changed:
            while self._used and self._used + size > self._size:
                if self._is_cancelled():
                    raise Cancelled
                self._changed.wait(POLL)
            self._used += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._changed:
            self._used -= size
            self._changed.notify_all()


class Hold:
    """One tile's share of the room, taken when its answer begins to arrive."""

    def __init__(self, room: Room, size: int) -> None:
        self._room, self._size = room, size
        self._taken = 0

    def take(self) -> mmap.mmap:
        """Wait for the share, and give the memory for the answer: pages that go back to the system when dropped."""
        self._room.take(self._size)
        self._taken = self._size
        return mmap.mmap(-1, self._size + _HEADER)

    def give_back(self) -> None:
        """Keep nothing."""
        self._room.give(self._taken)
        self._taken = 0
