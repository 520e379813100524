"""How far a download is, for the user who waits: bytes, rate, time left, retries."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from ..core.language import _, ngettext

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

    def resumed(self, size: int) -> None:
        """Count what an earlier run has downloaded."""
        if size:
            self._say(_("Resuming: {size:.1f} MB were already downloaded.", size=size / 1e6))
        self.done = self._resumed = size
        self._past = deque([(self._clock(), size)])

    def planned(self, requests: int) -> None:
        """Say how many requests are to come, if the service computes each at the first try."""
        if requests:
            self._say(ngettext("{count} request to come.", "{count} requests to come.", requests))

    def archive_changed(self, before: str, now: str) -> None:
        """Warn that the tiles to come are made of other scenes than those already there."""
        self._warn(
            _(
                "The archive has changed since this download began: {before} then, {now} now. Tiles already "
                "downloaded are kept. For a consistent result, delete the .part and .journal files next to the output "
                "and run again.",
                before=before,
                now=now,
            )
        )

    def arrived(self, size: int) -> None:
        """Count a tile."""
        self.done += size

    def report(self, in_progress: int, retries: int = 0, splits: int = 0) -> None:
        """Show how far the download is, if that was not shown just now.

        Args:
            in_progress: Requests that are.
            retries: Requests that were retried so far.
            splits: Tiles that were split so far because they were too large for the service.
        """
        self.retries, self.splits = retries, splits
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
            _(
                "Downloaded {size:.1f} MB in {seconds:.1f} s; {retries}, {splits}.",
                size=size / 1e6,
                seconds=seconds,
                retries=_retries(self.retries),
                splits=_splits(self.splits),
            )
        )

    def _describe(self, in_progress: int) -> str:
        rate = self.measure_rate()
        parts = [_("{done:.0f} of {size:.0f} MB", done=self.done / 1e6, size=self.size / 1e6)]
        if rate > 0:
            parts += [
                f"{rate / 1e6:.1f} MB/s",
                _("{duration} left", duration=_duration((self.size - self.done) / rate)),
            ]
        parts.append(ngettext("{count} request in progress", "{count} requests in progress", in_progress))
        if self.retries:
            parts.append(_retries(self.retries))
        if self.splits:
            parts.append(_splits(self.splits))
        return ", ".join(parts)

    def measure_rate(self) -> float:
        """Measure the bytes a second, lately."""
        (begin, before), (end, after) = self._past[0], self._past[-1]
        return (after - before) / (end - begin) if end > begin else 0.0


def _retries(count: int) -> str:
    return ngettext("{count} retry", "{count} retries", count)


def _splits(count: int) -> str:
    return ngettext("{count} tile split", "{count} tiles split", count)


def _duration(seconds: float) -> str:
    if seconds >= _HOUR:
        return _("{seconds:.1f} h", seconds=seconds / _HOUR)
    return (
        _("{seconds:.0f} min", seconds=seconds / _MINUTE)
        if seconds >= 2 * _MINUTE
        else _("{seconds:.0f} s", seconds=seconds)
    )
