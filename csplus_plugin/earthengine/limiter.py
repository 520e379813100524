"""How many requests may be in progress, how soon the next may start, and whose it is: one limiter for each service.

The service serves 40 requests of a project at once and 100 a second, and answers 429 beyond (usage guide). All runs of
this process share these, and so do other programs; so the number is found as TCP finds its window (RFC 5681): doubled
every round trip until the service first refuses, then one more a round trip, and halved when it refuses again.

A small request (a survey, a tile address, a look at a task) goes before the many of a download or a table, which leave
one slot free for it. Among those, the one that has the fewest slots is next.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ..core.errors import Cancelled
from .waiting import POLL

MAX_LIMIT = 40
"""Requests of a project that the service serves at once (usage guide)."""

INITIAL_LIMIT = 16
"""Requests at once to begin with."""

RESTRICTED_LIMIT = 2
"""Requests at once in restricted mode; the guide names no number, so just enough to keep a link busy."""

RESTRICTED_SECONDS = 600.0
"""How long restricted mode is obeyed after the last response that announced it."""

SPACING = 1 / 90
"""Seconds between the starts of two requests: below the 100 a second of the usage guide."""

RESERVED, RESERVED_FROM = 1, 8
"""Slots that are kept for small requests, and the limit from which on: of fewer, one is too large a share."""

IDLE = 10.0
"""Seconds without a request after which what was learnt is out of date (RFC 5681, 4.1), and the limiter begins anew."""

LONGEST_PAUSE = 120.0
"""Seconds; of a service that asks for more, runs do not wait for the end."""

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
        user: Whose it is; None for a small request.
        was_refused: Whether the service has answered 429.
    """

    in_progress: int
    generation: int
    user: Hashable = None
    was_refused: bool = False


@dataclass(eq=False)
class _Waiting:
    """A thread that waits for a slot."""

    changed: threading.Condition
    number: int


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
        self._initial_limit = self.limit = min(initial_limit, max_limit)
        self.in_progress = 0
        self._max_limit = max_limit
        self._spacing = spacing
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[_Waiting]] = {}
        self._held: Counter[Hashable] = Counter()
        self._number = 0
        self._next_start = 0.0
        self._restricted_until = self._last_used = clock() - RESTRICTED_SECONDS
        self._successes = 0
        self._generation = 0
        self._has_been_lowered = False
        self._recent: deque[Slot] = deque(maxlen=_RECENT)

    def acquire(self, is_cancelled: Callable[[], bool] = lambda: False, user: Hashable = None) -> Slot:
        """Wait for a slot, for the end of a pause, and for the spacing.

        Args:
            is_cancelled: Asked several times a second.
            user: Of whose many requests it is one; None for a small one, which goes before all of those.

        Raises:
            Cancelled: The user stopped the run.
        """
        with self._lock:
            self._forget_if_idle()
            self._number += 1
            waiting = _Waiting(threading.Condition(self._lock), self._number)
            self._waiting.setdefault(user, deque()).append(waiting)
            try:
                while True:
                    if is_cancelled():
                        raise Cancelled
                    early = self._next_start - self._clock()
                    if self._find_next() is waiting and early <= 0:
                        return self._take(user)
                    waiting.changed.wait(POLL if early <= 0 else min(early, POLL))
            finally:
                self._waiting[user].remove(waiting)
                if not self._waiting[user]:
                    del self._waiting[user]
                self._wake_next()

    def release(self, slot: Slot) -> None:
        """Release a slot after an outcome that says nothing about the service's load."""
        with self._lock:
            self._give_back(slot)

    def release_after_success(self, slot: Slot) -> None:
        """Release a slot; now and then one more request may be in progress."""
        with self._lock:
            self._successes += 1
            if self._successes >= (max(self.limit, MIN_REFUSALS) if self._has_been_lowered else 1):
                self._successes = 0
                self.limit = max(self.limit, min(self.limit + 1, self._most()))
            self._give_back(slot)

    def release_after_refusal(self, slot: Slot, retry_after: float | None = None) -> None:
        """Release a slot after a 429: halve the limit if refusals gather, once for all that were sent under it.

        They show a limit if, of the recent requests with at least as many others in progress, most were
        refused. Where others got through, it was not their number: another program's burst, or chance.

        Args:
            slot: The refused request's.
            retry_after: Seconds for which the service asked; nobody sends anything before they are over. A pause that
                is longer than a run waits ends the run that was refused, and the next one asks by itself.
        """
        with self._lock:
            slot.was_refused = True
            if retry_after and retry_after <= LONGEST_PAUSE:
                self._next_start = max(self._next_start, self._clock() + retry_after)
            if slot.generation == self._generation and slot in self._recent:
                level = min(other.in_progress for other in self._recent if other.was_refused)
                alike = [other.was_refused for other in self._recent if other.in_progress >= level]
                if retry_after or sum(alike) >= max(MIN_REFUSALS, REFUSED_SHARE * len(alike)):
                    self._lower(max(1, self.limit // 2))
            self._give_back(slot)

    def restrict(self) -> None:
        """Obey the service's restricted mode, for as long as responses announce it."""
        with self._lock:
            self._restricted_until = self._clock() + RESTRICTED_SECONDS
            if self.limit > self._most():
                self._lower(self._most())

    def _most(self) -> int:
        return min(self._max_limit, RESTRICTED_LIMIT if self._clock() < self._restricted_until else MAX_LIMIT)

    def _lower(self, limit: int) -> None:
        self.limit = limit
        self._has_been_lowered = True
        self._begin_generation()

    def _begin_generation(self) -> None:
        self._generation += 1
        self._successes = 0
        self._recent.clear()

    def _forget_if_idle(self) -> None:
        if self._clock() < self._restricted_until or not self._has_been_lowered:
            return
        if not self.in_progress and self._clock() - self._last_used > IDLE:
            self.limit = self._initial_limit
            self._has_been_lowered = False
            self._begin_generation()

    def _find_next(self) -> _Waiting | None:
        """Find the thread that is to have the next slot; None where there is no slot for it."""
        if self.in_progress >= self.limit:
            return None
        if None in self._waiting:
            return self._waiting[None][0]
        reserved = RESERVED if self.limit >= RESERVED_FROM else 0
        if not self._waiting or self.in_progress >= self.limit - reserved:
            return None
        firsts = ((self._held[user], queue[0].number, queue[0]) for user, queue in self._waiting.items())
        return min(firsts)[2]

    def _take(self, user: Hashable) -> Slot:
        self._next_start = self._clock() + self._spacing
        self.in_progress += 1
        self._held[user] += 1
        self._recent.append(Slot(self.in_progress, self._generation, user))
        return self._recent[-1]

    def _give_back(self, slot: Slot) -> None:
        self.in_progress -= 1
        self._held[slot.user] -= 1
        if not self._held[slot.user]:
            del self._held[slot.user]
        self._last_used = self._clock()
        self._wake_next()

    def _wake_next(self) -> None:
        if waiting := self._find_next():
            waiting.changed.notify()


_limiters: dict[tuple[str, str], Limiter] = {}
_lock = threading.Lock()


def limiter_for(base_url: str, project: str) -> Limiter:
    """Give the limiter of all that this process asks a service for a project."""
    with _lock:
        return _limiters.setdefault((base_url, project), Limiter())


def forget_limiters() -> None:
    """Forget what was learnt about every service: the plugin is being unloaded."""
    with _lock:
        _limiters.clear()
