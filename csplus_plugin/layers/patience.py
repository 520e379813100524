"""When a layer whose tiles are refused may be renewed again, and when the user hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

DELAYS = (60.0, 300.0, 1800.0)
"""Seconds from one renewal of a layer to the next, if its tiles are refused again; the last one repeats."""

QUIET = 1800.0
"""Seconds without another sentence, once the user has been told: twelve layers that fail together are one."""


class Answer(Enum):
    """What to do about a refused tile."""

    RENEW = "renew"
    TELL = "tell"
    IGNORE = "ignore"


@dataclass
class _Record:
    renewals: int = 0
    not_before: float = 0.0


class Patience:
    """Remembers what was tried for each layer. Used in the main thread alone.

    Args:
        clock: Seconds, for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: dict[str, _Record] = {}
        self._quiet_until = 0.0

    def ask(self, layer: str, *, is_young: bool) -> Answer:
        """Decide about a tile of a layer that was refused.

        Args:
            layer: Its id.
            is_young: Whether its address was minted within the hour: an old one has just come to its end.
        """
        now = self._clock()
        if not is_young:
            self._records.pop(layer, None)
        record = self._records.setdefault(layer, _Record())
        if now < record.not_before:
            return Answer.TELL if self.may_tell() else Answer.IGNORE
        record.not_before = now + DELAYS[min(record.renewals, len(DELAYS) - 1)]
        record.renewals += 1
        return Answer.RENEW

    def may_tell(self) -> bool:
        """Tell whether the user may hear of it; once asked, silence follows."""
        now = self._clock()
        if now < self._quiet_until:
            return False
        self._quiet_until = now + QUIET
        return True

    def forget(self) -> None:
        """Begin anew: the user has changed something, or asked for it."""
        self._records.clear()
        self._quiet_until = 0.0
