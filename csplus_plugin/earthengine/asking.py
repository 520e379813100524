"""Many questions through the client, until each has its answer."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from ..core.errors import Cancelled
from . import workers
from .failures import Failure
from .limiter import MAX_LIMIT
from .waiting import POLL
from .workers import Persistence, Workers

Part = TypeVar("Part")


class Work(workers.Work[Part], Protocol[Part]):
    """What is to be asked, in parts. All methods may be called by many threads."""

    def arrived(self, part: Part, seconds: float) -> None:
        """Count a part that has its answer."""


class Source(workers.Source, Protocol):
    """What is needed of the client."""

    def try_value(self, expression: Any) -> Any | Failure:
        """Compute a value once."""


class Asker(Generic[Part]):
    """Asks every part of some work.

    Args:
        source: The client.
        work: What is to be asked.
        question: Makes the expression of a part; called by many threads.
        read: Reads a part's answer, and raises `Unreachable` where it is damaged; called by many threads.
        persistence: How long a part is tried.
        is_cancelled: Asked several times a second.
    """

    def __init__(
        self,
        source: Source,
        work: Work[Part],
        question: Callable[[Part], Any],
        read: Callable[[Part, Any], Any],
        persistence: Persistence,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._work, self._read, self._user_cancels = work, read, is_cancelled
        # Not a SimpleQueue: a signal at the end of its timed wait makes it wait for ever (CPython 3.11).
        # Bounded, so that memory stays as it is where the disk is slower than the service.
        self._answers: queue.Queue[tuple[Part, Any]] = queue.Queue(MAX_LIMIT)
        self._workers = Workers(
            source,
            work,
            lambda part: source.try_value(question(part)),
            self._deliver,
            persistence,
            is_cancelled,
        )

    @property
    def retries(self) -> int:
        """Requests that were sent again."""
        return self._workers.retries

    @property
    def splits(self) -> int:
        """Parts that were too heavy."""
        return self._workers.splits

    def ask(self, report: Callable[[int], None] = lambda _: None) -> Iterator[tuple[Part, Any]]:
        """Yield each part with its answer, in whatever order they arrive.

        Args:
            report: Called several times a second with the number of requests in progress.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: A failure that retrying cannot help.
        """
        left = self._work.unfinished
        self._workers.start(left)
        try:
            while left:
                if self._user_cancels():
                    raise Cancelled
                report(self._workers.in_progress)
                try:
                    yield self._answers.get(timeout=POLL)
                except queue.Empty:
                    if self._workers.error is not None:
                        raise self._workers.error from None
                    left = self._work.unfinished if self._answers.empty() else left
        finally:
            self._workers.stop()

    def _deliver(self, part: Part, answer: Any, seconds: float) -> None:
        read = self._read(part, answer)
        while True:
            if self._workers.is_cancelled():
                raise Cancelled
            try:
                self._answers.put((part, read), timeout=POLL)
            except queue.Full:
                continue
            self._work.arrived(part, seconds)
            return
