"""What a run asked of the service, and what it waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Cost:
    """Counts the requests of one client. All methods may be called by many threads.

    Args:
        clock: Seconds, for tests.

    Attributes:
        requests: Sent so far, retries included.
        retries: Of them, those that were sent again.
        received: Bytes of all responses, unpacked.
        waited: Seconds in which requests waited for a slot.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = self.retries = self.received = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting, self._since, self.waited = 0, 0.0, 0.0

    def sent(self) -> None:
        """Count a request."""
        with self._lock:
            self.requests += 1

    def retried(self) -> None:
        """Count a request that is to be sent again."""
        with self._lock:
            self.retries += 1

    def arrived(self, size: int) -> None:
        """Count the bytes of a response."""
        with self._lock:
            self.received += size

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time in which a request waits for a slot; that of several at once counts once."""
        with self._lock:
            if not self._waiting:
                self._since = self._clock()
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1
                if not self._waiting:
                    self.waited += self._clock() - self._since
