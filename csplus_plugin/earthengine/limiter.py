"""How many requests may be in progress, and how soon the next may start: one limiter for all workers of a run.

The service serves 40 requests of a project at once and 100 a second, and answers 429 beyond (usage guide). Other
programs use the same project, so the number is found as TCP finds its window (RFC 5681): doubled every round trip
until the service first refuses, then one more a round trip, and halved when it refuses again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..core.errors import Cancelled
from .waiting import POLL

MAX_LIMIT = 40
"""Requests of a project that the service serves at once (usage guide)."""

INITIAL_LIMIT = 16
"""Requests at once to begin with."""

RESTRICTED_LIMIT = 2
"""Requests at once in restricted mode; the guide names no number, so just enough to keep a link busy."""

SPACING = 1 / 90
"""Seconds between the starts of two requests: below the 100 a second of the usage guide."""

MIN_REFUSALS, REFUSED_SHARE = 6, 0.6
"""Refused requests, and their share of the recent ones, that show a limit: fewer may be chance, or another program."""

_RECENT = 24
"""Requests that are looked back on."""


@dataclass(eq=False)
class Slot:
    """One request among those in progress.

    Attributes:
        in_progress: Requests in progress when it was sent, itself included.
        generation: How often the limit had been lowered by then.
        was_refused: Whether the service has answered 429.
    """

    in_progress: int
    generation: int
    was_refused: bool = False


class Limiter:
    """Gives slots to requests, and learns from what becomes of them. All methods may be called by many threads.

    Args:
        max_limit: Never more requests at once than this.
        initial_limit: Requests at once to begin with.
        spacing: Seconds between the starts of two requests.
        clock: Seconds, for tests.

    Attributes:
        limit: Requests that may be in progress now.
        in_progress: Requests that are.
    """

    def __init__(
        self,
        max_limit: int = MAX_LIMIT,
        initial_limit: int = INITIAL_LIMIT,
        spacing: float = SPACING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = min(initial_limit, max_limit)
        self.in_progress = 0
        self._max_limit = max_limit
        self._spacing = spacing
        self._clock = clock
        self._changed = threading.Condition()
        self._next_start = 0.0
        self._successes = 0
        self._generation = 0
        self._recent: deque[Slot] = deque(maxlen=_RECENT)

    def acquire(self, is_cancelled: Callable[[], bool] = lambda: False) -> Slot:
        """Wait for a slot, for the end of a pause, and for the spacing.

        Raises:
            Cancelled: The user stopped the run.
        """
        with self._changed:
            while True:
                if is_cancelled():
                    raise Cancelled
                early = self._next_start - self._clock()
                if self.in_progress < self.limit and early <= 0:
                    break
                self._changed.wait(POLL if early <= 0 else min(early, POLL))
            self._next_start = self._clock() + self._spacing
            self.in_progress += 1
            self._recent.append(Slot(self.in_progress, self._generation))
            return self._recent[-1]

    def release(self, slot: Slot) -> None:
        """Release a slot after an outcome that says nothing about the service's load."""
        del slot
        with self._changed:
            self.in_progress -= 1
            self._changed.notify()

    def release_after_success(self, slot: Slot) -> None:
        """Release a slot; now and then one more request may be in progress."""
        del slot
        with self._changed:
            self.in_progress -= 1
            self._successes += 1
            if self._successes >= (max(self.limit, MIN_REFUSALS) if self._generation else 1):
                self._successes = 0
                self.limit = min(self.limit + 1, self._max_limit)
            self._changed.notify_all()

    def release_after_refusal(self, slot: Slot, retry_after: float | None = None) -> None:
        """Release a slot after a 429: halve the limit if refusals gather, once for all that were sent under it.

        They show a limit if, of the recent requests with at least as many others in progress, most were
        refused. Where others got through, it was not their number: another program's burst, or chance.

        Args:
            slot: The refused request's.
            retry_after: Seconds for which the service asked; nobody sends anything before they are over.
        """
        with self._changed:
            self.in_progress -= 1
            slot.was_refused = True
            if retry_after:
                self._next_start = max(self._next_start, self._clock() + retry_after)
            if slot.generation == self._generation and slot in self._recent:
                level = min(other.in_progress for other in self._recent if other.was_refused)
                alike = [other.was_refused for other in self._recent if other.in_progress >= level]
                if retry_after or sum(alike) >= max(MIN_REFUSALS, REFUSED_SHARE * len(alike)):
                    self._lower(max(1, self.limit // 2))
            self._changed.notify_all()

    def restrict(self) -> None:
        """Obey the service's restricted mode for the rest of the run."""
        with self._changed:
            self._max_limit = min(self._max_limit, RESTRICTED_LIMIT)
            if self.limit > self._max_limit:
                self._lower(self._max_limit)

    def _lower(self, limit: int) -> None:
        self.limit = limit
        self._generation += 1
        self._successes = 0
        self._recent.clear()
