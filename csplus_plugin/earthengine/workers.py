"""Threads that send the parts of some work, as many at a time as the service takes, until each has its answer.

Failures are told apart. Too heavy, too large: the part is split. Busy, lost, damaged: it is sent again later. Anything
else ends all of it at once, for no part would fare better.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ..core.errors import Cancelled, ComputationTooHeavy, QuotaExceeded, RequestTooLarge, Unreachable
from . import slots
from .cost import Cost
from .failures import Failure
from .limiter import MAX_LIMIT, Limiter, Slot
from .retry import Backoff
from .waiting import POLL, pause

Part = TypeVar("Part")


class Work(Protocol[Part]):
    """What is to be sent, in parts. All methods may be called by many threads."""

    @property
    def unfinished(self) -> int:
        """What has not arrived."""

    @property
    def is_waiting(self) -> bool:
        """Whether a part waits to be sent."""

    def pop(self, slots: int) -> Part | None:
        """Take a part; None if none waits."""

    def split(self, part: Part) -> bool:
        """Put the pieces of a part back that was too heavy; False if it cannot be split."""


class Source(Protocol):
    """What is needed of the client.

    Attributes:
        limiter: Gives slots to requests.
        cost: Counts retries, and waiting for slots.
    """

    limiter: Limiter
    cost: Cost


@dataclass
class Persistence:
    """How long a part is tried.

    Attributes:
        backoff: How failed requests are retried.
        patience: Seconds without any answer after which requests that are refused are no longer retried.
    """

    backoff: Backoff = field(default_factory=lambda: Backoff(max_tries=10))
    patience: float = 600.0


class Workers(Generic[Part]):
    """Sends every part of some work.

    Args:
        source: The client.
        work: What is to be sent.
        send: Sends a part once, and returns what came or a `Failure`; called by many threads.
        deliver: Takes what came, and the seconds it took; raises `Unreachable` where it is damaged.
        persistence: How long a part is tried.
        is_cancelled: Asked several times a second.

    Attributes:
        error: What ended the work; None so far.
        retries: Requests that were sent again.
        splits: Parts that were too heavy.
    """

    def __init__(
        self,
        source: Source,
        work: Work[Part],
        send: Callable[[Part], Any],
        deliver: Callable[[Part, Any, float], None],
        persistence: Persistence,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._source, self._work, self._send, self._deliver = source, work, send, deliver
        self._persistence, self._user_cancels = persistence, is_cancelled
        self._stopped = threading.Event()
        self._counting = threading.Lock()
        self._last_success = time.monotonic()
        self.error: BaseException | None = None
        self.retries = self.splits = 0

    @property
    def in_progress(self) -> int:
        """Requests in progress, those of other runs included."""
        return self._source.limiter.in_progress

    def start(self, parts: int) -> None:
        """Start the threads.

        Args:
            parts: How many there may be at once.
        """
        for number in range(min(MAX_LIMIT, parts)):
            threading.Thread(target=self._run, name=f"csplus worker {number}", daemon=True).start()

    def stop(self, error: BaseException | None = None) -> None:
        """End all threads soon; the first error is kept."""
        if not self._stopped.is_set():
            self.error = error
            self._stopped.set()

    def is_cancelled(self) -> bool:
        """Tell whether the work ends, by the user's wish or an error."""
        return self._stopped.is_set() or self._user_cancels()

    def _run(self) -> None:
        try:
            while self._work.unfinished and not self.is_cancelled():
                if not self._work.is_waiting:
                    pause(POLL, self.is_cancelled)  # another's part may yet be split
                    continue
                slot = self._acquire()
                part = self._work.pop(self._source.limiter.limit)
                if part is None:
                    self._source.limiter.release(slot)
                else:
                    self._finish(part, slot)
        except Cancelled as cancelled:
            self.stop(None if self.is_cancelled() else cancelled)
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            self.stop(error)

    def _acquire(self) -> Slot:
        return slots.acquire(self._source.limiter, self._source.cost, self.is_cancelled, self)

    def _finish(self, part: Part, slot: Slot) -> None:
        """Send a part until it has arrived, or has to be split."""
        failures = refusals = 0
        while True:
            begin = time.monotonic()
            outcome = self._try(part, slot)
            if not isinstance(outcome, Failure):
                self._last_success = time.monotonic()
                try:
                    self._deliver(part, outcome, self._last_success - begin)
                except Unreachable as error:
                    outcome = Failure(error, retryable=True)
                else:
                    return
            if isinstance(outcome.error, (ComputationTooHeavy, RequestTooLarge)):
                if not self._work.split(part):
                    raise outcome.error
                with self._counting:
                    self.splits += 1
                return
            is_refusal = isinstance(outcome.error, QuotaExceeded)
            refusals, failures = refusals + is_refusal, failures + (not is_refusal)
            delay = self._choose_delay(outcome, refusals, failures)
            if delay is None:
                raise outcome.error
            with self._counting:
                self.retries += 1
            self._source.cost.retried()
            pause(delay, self.is_cancelled)
            slot = self._acquire()

    def _try(self, part: Part, slot: Slot) -> Any:
        try:
            return slots.send(self._source.limiter, slot, lambda: self._send(part))
        except RequestTooLarge as error:
            return Failure(error)

    def _choose_delay(self, failure: Failure, refusals: int, failures: int) -> float | None:
        """Choose the seconds before a part is sent again; None: give up.

        A refusal says nothing about the part: it may be refused for as long as others have answers.
        """
        backoff = self._persistence.backoff
        if not failure.retryable:
            return None
        if not isinstance(failure.error, QuotaExceeded):
            return backoff.choose_delay(failures, failure.retry_after)
        if time.monotonic() - self._last_success > self._persistence.patience:
            return None
        return backoff.choose_delay(min(refusals, backoff.max_tries - 1), failure.retry_after)
