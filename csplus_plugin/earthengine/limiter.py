"""How many requests may be under way, and how soon: one limiter for all workers of a run.

The service serves 40 requests of a project at once and 100 a second, and answers 429 beyond (usage guide). Other
programs use the same project, so the number is found as TCP finds its window (RFC 5681): doubled every round trip
until the service first says no, then one more a round trip, and halved when it says no again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..core.errors import Cancelled
from .waiting import POLL

CEILING = 40
"""Requests of a project that the service answers at once (usage guide)."""

START = 16
"""Requests at once to begin with."""

RESTRICTED_CEILING = 2
"""Requests at once in restricted mode; the guide names no number, so just enough to keep a link busy."""

SPACING = 1 / 90
"""Seconds between two requests: below the 100 a second of the usage guide."""

STRIKES, SHARE = 6, 0.6
"""Refusals that make a limit, and their share: fewer may be chance, or another program's doing."""

_MEMORY = 24
"""Requests that are looked back on."""


@dataclass(eq=False)
class Place:
    """A request's place among those under way.

    Attributes:
        under_way: Requests under way as it was sent, itself included.
        era: How often the number of requests had been lowered by then.
        was_refused: Whether the service has answered 429.
    """

    under_way: int
    era: int
    was_refused: bool = False


class Limiter:
    """Give places to requests, and learn from what becomes of them. All methods may be called by many threads.

    Args:
        ceiling: Never more requests at once than this.
        start: Requests at once to begin with.
        spacing: Seconds between two requests.
        clock: Seconds, for tests.

    Attributes:
        limit: Requests that may be under way now.
        under_way: Requests that are.
    """

    def __init__(
        self,
        ceiling: int = CEILING,
        start: int = START,
        spacing: float = SPACING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = min(start, ceiling)
        self.under_way = 0
        self._ceiling = ceiling
        self._spacing = spacing
        self._clock = clock
        self._changed = threading.Condition()
        self._open_at = 0.0
        self._clean = 0
        self._era = 0
        self._sent: deque[Place] = deque(maxlen=_MEMORY)

    def enter(self, is_cancelled: Callable[[], bool] = lambda: False) -> Place:
        """Wait for a place, for the end of a pause, and for the spacing.

        Raises:
            Cancelled: The user stopped the run.
        """
        with self._changed:
            while True:
                if is_cancelled():
                    raise Cancelled
                early = self._open_at - self._clock()
                if self.under_way < self.limit and early <= 0:
                    break
                self._changed.wait(POLL if early <= 0 else min(early, POLL))
            self._open_at = self._clock() + self._spacing
            self.under_way += 1
            self._sent.append(Place(self.under_way, self._era))
            return self._sent[-1]

    def leave(self, place: Place) -> None:
        """Give a place back after an outcome that says nothing of the service's load."""
        del place
        with self._changed:
            self.under_way -= 1
            self._changed.notify()

    def served(self, place: Place) -> None:
        """Give a place back after a good answer: now and then one more request may go."""
        del place
        with self._changed:
            self.under_way -= 1
            self._clean += 1
            if self._clean >= (max(self.limit, STRIKES) if self._era else 1):
                self._clean = 0
                self.limit = min(self.limit + 1, self._ceiling)
            self._changed.notify_all()

    def refused(self, place: Place, pause: float | None = None) -> None:
        """Give a place back after a 429: halve if refusals gather, once for all that were under way together.

        They are a limit if of the requests lately sent with at least as many others under way most were
        refused. Where others got through, it was not their number: another program's burst, or chance.

        Args:
            place: The refused request's.
            pause: Seconds for which the service asked; nobody sends anything before they are over.
        """
        with self._changed:
            self.under_way -= 1
            place.was_refused = True
            if pause:
                self._open_at = max(self._open_at, self._clock() + pause)
            if place.era == self._era and place in self._sent:
                level = min(other.under_way for other in self._sent if other.was_refused)
                alike = [other.was_refused for other in self._sent if other.under_way >= level]
                if pause or sum(alike) >= max(STRIKES, SHARE * len(alike)):
                    self._lower(max(1, self.limit // 2))
            self._changed.notify_all()

    def restrict(self) -> None:
        """Obey the service's restricted mode for the rest of the run."""
        with self._changed:
            self._ceiling = min(self._ceiling, RESTRICTED_CEILING)
            if self.limit > self._ceiling:
                self._lower(self._ceiling)

    def _lower(self, limit: int) -> None:
        self.limit = limit
        self._era += 1
        self._clean = 0
        self._sent.clear()
