"""Memory for tiles: a bound on the bytes that are on their way from the service to the disk."""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable

from ..core.errors import Cancelled
from ..earthengine.waiting import POLL

DEFAULT_BUDGET = 256 * 1024 * 1024
"""Bytes of pixels in memory at once, from the moment a response begins to arrive until it is written."""

_HEADER = 64 * 1024
"""Bytes; more than what a response holds beside its pixels."""


class MemoryBudget:
    """Bytes that may be in memory at once. All methods may be called by many threads.

    Args:
        size: How many.
        is_cancelled: Asked several times a second while somebody waits.
    """

    def __init__(self, size: int, is_cancelled: Callable[[], bool]) -> None:
        self._size = size
        self._is_cancelled = is_cancelled
        self._used = 0
        self._changed = threading.Condition()

    def acquire(self, size: int) -> None:
        """Wait until so many bytes are free, and take them; more than the whole budget waits until all is free.

        Raises:
            Cancelled: The user stopped the run.
        """
        with self._changed:
            while self._used and self._used + size > self._size:
                if self._is_cancelled():
                    raise Cancelled
                self._changed.wait(POLL)
            self._used += size

    def release(self, size: int) -> None:
        """Return bytes to the budget."""
        with self._changed:
            self._used -= size
            self._changed.notify_all()


class Reservation:
    """One tile's share of the budget, acquired when its response begins to arrive.

    Args:
        budget: Of the download.
        size: Bytes of the tile's pixels.
    """

    def __init__(self, budget: MemoryBudget, size: int) -> None:
        self._budget, self._size = budget, size
        self._acquired = 0

    def acquire(self) -> mmap.mmap:
        """Wait for the share, and allocate memory for the response: pages that go back to the system when dropped.

        Raises:
            Cancelled: The user stopped the run.
        """
        self._budget.acquire(self._size)
        self._acquired = self._size
        return mmap.mmap(-1, self._size + _HEADER)

    def release(self) -> None:
        """Return the share to the budget, if it was acquired."""
        self._budget.release(self._acquired)
        self._acquired = 0
