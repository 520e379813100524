"""How far a download is, for the one who waits: bytes, rate, time left, and what happens on the way."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

_EVERY = 2.0
"""Seconds between two reports."""

_MEMORY = 30.0
"""Seconds over which the rate is measured."""

_FETCHED = 95.0
"""Percent at which all has arrived and the file is finished."""

_HOUR, _MINUTE = 3600, 60


class Progress:
    """Counts what all workers do, and reports it from the thread that waits for them.

    Args:
        size: Uncompressed bytes of the whole download.
        show: Gets the percentage and a line of text every few seconds; must be quick.
        say: Gets a sentence for the log now and then.
        warn: Gets a sentence that must not be missed.
        clock: Seconds, for tests.

    Attributes:
        done: Bytes that have arrived, those of earlier runs included.
        retries: Requests sent again.
        splits: Tiles cut because the service found them too heavy.
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
        """Count what an earlier run has brought."""
        if size:
            self._say(f"{size / 1e6:.1f} MB of it have arrived before: going on from there.")
        self.done = self._resumed = size
        self._past = deque([(self._clock(), size)])

    def changed(self, before: str, now: str) -> None:
        """Say that what had arrived was made of something else than what is to come."""
        self._warn(
            f"The archive has changed since this download began: {before} then, {now} now. What had arrived stays as "
            "it is; to have all of it alike, delete the .part and .journal files beside the result and run again."
        )

    def arrived(self, size: int) -> None:
        """Count a tile."""
        self.done += size

    def retried(self) -> None:
        """Count a request that is sent again; from any thread."""
        with self._lock:
            self.retries += 1

    def split(self) -> None:
        """Count a tile that is cut; from any thread."""
        with self._lock:
            self.splits += 1

    def report(self, under_way: int) -> None:
        """Show how far it is, if that was not shown just now."""
        now = self._clock()
        if now - self._shown_at < _EVERY:
            return
        self._shown_at = now
        self._past.append((now, self.done))
        while len(self._past) > 2 and now - self._past[0][0] > _MEMORY:  # noqa: PLR2004 a rate needs two
            self._past.popleft()
        line = self._line(under_way)
        if line != self._last:
            self._last = line
            self._show(_FETCHED * self.done / max(self.size, 1), line)

    def stage(self, text: str, share: float) -> None:
        """Show the work on the finished file: which, and how much of it is done (0 to 1)."""
        now = self._clock()
        if now - self._shown_at >= _EVERY:
            self._shown_at = now
            self._show(_FETCHED, f"{text}: {100 * share:.0f} percent")

    def finished(self) -> None:
        """Say how the fetching went."""
        seconds = self._clock() - self._begin
        brought = self.done - self._resumed
        self._say(
            f"Fetched {brought / 1e6:.1f} MB in {seconds:.1f} s; {self.retries} requests sent again, "
            f"{self.splits} tiles split."
        )

    def _line(self, under_way: int) -> str:
        rate = self.rate()
        parts = [f"{self.done / 1e6:.0f} of {self.size / 1e6:.0f} MB"]
        if rate > 0:
            parts += [f"{rate / 1e6:.1f} MB/s", f"{_duration((self.size - self.done) / rate)} left"]
        parts.append(f"{under_way} requests under way")
        if self.retries:
            parts.append(f"{self.retries} sent again")
        if self.splits:
            parts.append(f"{self.splits} tiles split")
        return ", ".join(parts)

    def rate(self) -> float:
        """Bytes a second, lately."""
        (begin, before), (end, after) = self._past[0], self._past[-1]
        return (after - before) / (end - begin) if end > begin else 0.0


def _duration(seconds: float) -> str:
    if seconds >= _HOUR:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _MINUTE:.0f} min" if seconds >= 2 * _MINUTE else f"{seconds:.0f} s"
