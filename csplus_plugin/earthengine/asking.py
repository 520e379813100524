"""Many questions through the client: as many at a time as the service takes, until each has its answer.

Failures are told apart. Too heavy: the question is split. Busy, lost, damaged: it is asked again later. Anything else
ends all of it at once, for no question would fare better.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ..core.errors import Cancelled, ComputationTooHeavy, QuotaExceeded, RequestTooLarge, Unreachable
from .failures import Failure
from .limiter import MAX_LIMIT, Limiter, Slot
from .retry import Backoff
from .waiting import POLL, pause

Part = TypeVar("Part")


class Work(Protocol[Part]):
    """What is to be asked, in parts. All methods may be called by many threads."""

    @property
    def unfinished(self) -> int:
        """What has not arrived."""

    @property
    def is_waiting(self) -> bool:
        """Whether a part waits to be asked."""

    def pop(self, slots: int) -> Part | None:
        """Take a part; None if none waits."""

    def arrived(self, part: Part, seconds: float) -> None:
        """Count a part that has its answer."""

    def split(self, part: Part) -> bool:
        """Put the halves of a part back that was too heavy; False if it cannot be split."""


class Source(Protocol):
    """What is needed of the client.

    Attributes:
        is_restricted: Whether the service has put the project into restricted mode.
    """

    is_restricted: bool

    def try_value(self, expression: Any) -> Any | Failure:
        """Compute a value once."""


@dataclass
class AskOptions:
    """How the service is treated.

    Attributes:
        limiter: Requests at once.
        backoff: How failed requests are retried.
        patience: Seconds without any answer after which requests that are refused are no longer retried.
    """

    limiter: Limiter = field(default_factory=Limiter)
    backoff: Backoff = field(default_factory=lambda: Backoff(max_tries=10))
    patience: float = 600.0


class Asker(Generic[Part]):
    """Asks every part of some work.

    Args:
        source: The client.
        work: What is to be asked.
        question: Makes the expression of a part; called by many threads.
        read: Reads a part's answer, and raises `Unreachable` where it is damaged; called by many threads.
        options: How the service is treated.
        is_cancelled: Asked several times a second.

    Attributes:
        retries: Requests that were sent again.
        splits: Parts that were too heavy.
    """

    def __init__(
        self,
        source: Source,
        work: Work[Part],
        question: Callable[[Part], Any],
        read: Callable[[Part, Any], Any],
        options: AskOptions,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._source, self._work = source, work
        self._question, self._read, self._options = question, read, options
        self._user_cancels = is_cancelled
        self._stopped = threading.Event()
        # Not a SimpleQueue: a signal at the end of its timed wait makes it wait for ever (CPython 3.11).
        # Bounded, so that memory stays as it is where the disk is slower than the service.
        self._answers: queue.Queue[tuple[Part, Any]] = queue.Queue(MAX_LIMIT)
        self._error: BaseException | None = None
        self._last_success = time.monotonic()
        self.retries = self.splits = 0

    def ask(self, report: Callable[[int], None] = lambda _: None) -> Iterator[tuple[Part, Any]]:
        """Yield each part with its answer, in whatever order they arrive.

        Args:
            report: Called several times a second with the number of requests in progress.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: A failure that retrying cannot help.
        """
        left = self._work.unfinished
        for number in range(min(MAX_LIMIT, left)):
            threading.Thread(target=self._run, name=f"csplus question {number}", daemon=True).start()
        try:
            while left:
                if self._user_cancels():
                    raise Cancelled
                report(self._options.limiter.in_progress)
                try:
                    yield self._answers.get(timeout=POLL)
                except queue.Empty:
                    if self._error is not None:
                        raise self._error from None
                    left = self._work.unfinished if self._answers.empty() else left
        finally:
            self._stopped.set()

    def _is_cancelled(self) -> bool:
        return self._stopped.is_set() or self._user_cancels()

    def _run(self) -> None:
        limiter = self._options.limiter
        try:
            while self._work.unfinished and not self._is_cancelled():
                if not self._work.is_waiting:
                    pause(POLL, self._is_cancelled)  # another's part may yet be split
                    continue
                slot = limiter.acquire(self._is_cancelled)
                part = self._work.pop(limiter.limit)
                if part is None:
                    limiter.release(slot)
                else:
                    self._ask_part(part, slot)
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            if self._error is None:
                self._error = error

    def _ask_part(self, part: Part, slot: Slot) -> None:
        """Ask until there is an answer, or the part has to be split."""
        limiter = self._options.limiter
        failures = refusals = 0
        while True:
            begin = time.monotonic()
            outcome, answer = self._try(part, slot)
            if outcome is None:
                self._last_success = time.monotonic()
                self._put(part, answer)
                self._work.arrived(part, self._last_success - begin)
                return
            if isinstance(outcome.error, (ComputationTooHeavy, RequestTooLarge)):
                if not self._work.split(part):
                    raise outcome.error
                self.splits += 1
                return
            is_refusal = isinstance(outcome.error, QuotaExceeded)
            refusals, failures = refusals + is_refusal, failures + (not is_refusal)
            delay = self._choose_delay(outcome, refusals, failures)
            if delay is None:
                raise outcome.error
            self.retries += 1
            pause(delay, self._is_cancelled)
            slot = limiter.acquire(self._is_cancelled)

    def _try(self, part: Part, slot: Slot) -> tuple[Failure | None, Any]:
        """Ask once, and release the slot whatever becomes of it."""
        limiter = self._options.limiter
        try:
            answer = self._source.try_value(self._question(part))
        except RequestTooLarge as error:
            answer = Failure(error)
        except BaseException:
            limiter.release(slot)
            raise
        if self._source.is_restricted:
            limiter.restrict()
        if not isinstance(answer, Failure):
            limiter.release_after_success(slot)
            try:
                return None, self._read(part, answer)
            except Unreachable as error:
                return Failure(error, retryable=True), None
        if isinstance(answer.error, QuotaExceeded):
            limiter.release_after_refusal(slot, answer.retry_after)
        else:
            limiter.release(slot)
        return answer, None

    def _put(self, part: Part, answer: Any) -> None:
        while True:
            if self._is_cancelled():
                raise Cancelled
            try:
                self._answers.put((part, answer), timeout=POLL)
            except queue.Full:
                continue
            return

    def _choose_delay(self, failure: Failure, refusals: int, failures: int) -> float | None:
        """Choose the seconds before a part is asked again; None: give up.

        A refusal says nothing about the part: it may be refused for as long as others have answers.
        """
        backoff = self._options.backoff
        if not failure.retryable:
            return None
        if not isinstance(failure.error, QuotaExceeded):
            return backoff.choose_delay(failures, failure.retry_after)
        if time.monotonic() - self._last_success > self._options.patience:
            return None
        return backoff.choose_delay(min(refusals, backoff.max_tries - 1), failure.retry_after)
