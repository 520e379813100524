"""How far a download is, for the user who waits: bytes, rate, time left, retries."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

_INTERVAL = 2.0
"""Seconds between two reports."""

_RATE_WINDOW = 30.0
"""Seconds over which the rate is measured."""

_FETCHED_PERCENT = 95.0
"""Percent at which all tiles have arrived; the rest is for finishing the file."""

_HOUR, _MINUTE = 3600, 60


class Progress:
    """Counts what all workers do, and reports it from the thread that waits for them.

    Args:
        size: Uncompressed bytes of the whole download.
        show: Gets the percentage and a line of text every few seconds; must return quickly.
        say: Gets a sentence for the log now and then.
        warn: Gets a sentence that must not be missed.
        clock: Seconds, for tests.

    Attributes:
        done: Bytes that have arrived, those of earlier runs included.
        retries: Requests that were retried.
        splits: Tiles that were split because they were too large for the service.
    """

    def __init__(
        self,
        size: int,
        show: Callable[[float, str], None] = lambda *_: None,
        say: Callable[[str], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = size
        self.done = self._resumed = self.retries = self.splits = 0
        self._show = show
        self._say = say
        self._warn = warn
        self._last = ""
        self._clock = clock
        self._begin = clock()
        self._shown_at = clock()
        self._past = deque([(clock(), 0)])
        self._lock = threading.Lock()

    def resumed(self, size: int) -> None:
        """Count what an earlier run has downloaded."""
        if size:
            self._say(f"Resuming: {size / 1e6:.1f} MB were already downloaded.")
        self.done = self._resumed = size
        self._past = deque([(self._clock(), size)])

    def planned(self, requests: int) -> None:
        """Say how many requests are to come, if the service computes each at the first try."""
        if requests:
            self._say(f"{_plural(requests, 'request', 'requests')} to come.")

    def archive_changed(self, before: str, now: str) -> None:
        """Warn that the tiles to come are made of other scenes than those already there."""
        self._warn(
            f"The archive has changed since this download began: {before} then, {now} now. Tiles already "
            "downloaded are kept. For a consistent result, delete the .part and .journal files next to the output and "
            "run again."
        )

    def arrived(self, size: int) -> None:
        """Count a tile."""
        self.done += size

    def retried(self) -> None:
        """Count a request that is retried; from any thread."""
        with self._lock:
            self.retries += 1

    def split(self) -> None:
        """Count a tile that is split; from any thread."""
        with self._lock:
            self.splits += 1

    def report(self, in_progress: int) -> None:
        """Show how far the download is, if that was not shown just now.

        Args:
            in_progress: Requests that are.
        """
        now = self._clock()
        if now - self._shown_at < _INTERVAL:
            return
        self._shown_at = now
        self._past.append((now, self.done))
        while len(self._past) > 2 and now - self._past[0][0] > _RATE_WINDOW:  # noqa: PLR2004 a rate needs two
            self._past.popleft()
        line = self._describe(in_progress)
        if line != self._last:
            self._last = line
            self._show(_FETCHED_PERCENT * self.done / max(self.size, 1), line)

    def report_stage(self, text: str, share: float) -> None:
        """Show the work on the complete file: what it is, and how much of it is done (0 to 1)."""
        now = self._clock()
        if now - self._shown_at >= _INTERVAL:
            self._shown_at = now
            self._show(_FETCHED_PERCENT, f"{text}: {100 * share:.0f} %")

    def finished(self) -> None:
        """Log how the download went."""
        seconds = self._clock() - self._begin
        size = self.done - self._resumed
        self._say(
            f"Downloaded {size / 1e6:.1f} MB in {seconds:.1f} s; {_plural(self.retries, 'retry', 'retries')}, "
            f"{_plural(self.splits, 'tile', 'tiles')} split."
        )

    def _describe(self, in_progress: int) -> str:
        rate = self.measure_rate()
        parts = [f"{self.done / 1e6:.0f} of {self.size / 1e6:.0f} MB"]
        if rate > 0:
            parts += [f"{rate / 1e6:.1f} MB/s", f"{_duration((self.size - self.done) / rate)} left"]
        parts.append(f"{_plural(in_progress, 'request', 'requests')} in progress")
        if self.retries:
            parts.append(_plural(self.retries, "retry", "retries"))
        if self.splits:
            parts.append(f"{_plural(self.splits, 'tile', 'tiles')} split")
        return ", ".join(parts)

    def measure_rate(self) -> float:
        """Measure the bytes a second, lately."""
        (begin, before), (end, after) = self._past[0], self._past[-1]
        return (after - before) / (end - begin) if end > begin else 0.0


def _plural(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _duration(seconds: float) -> str:
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _MINUTE:.0f} min" if seconds >= 2 * _MINUTE else f"{seconds:.0f} s"
