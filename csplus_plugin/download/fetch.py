"""Tiles through the client: as many at a time as the service and the memory allow, until each has arrived.

Failures are told apart. Too large: the tile is split, and those to come are smaller for a while. Busy, lost,
damaged: the same tile is retried later. Anything else ends the download at once, for no tile would fare better.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..core.errors import Cancelled, ComputationTooHeavy, QuotaExceeded, RequestTooLarge
from ..core.grid import Grid
from ..earthengine.failures import Failure
from ..earthengine.limiter import MAX_LIMIT, Limiter, Slot
from ..earthengine.responses import Memory
from ..earthengine.retry import Backoff
from ..earthengine.waiting import POLL, pause
from .memory import DEFAULT_BUDGET, MemoryBudget, Reservation
from .plan import Tile
from .progress import Progress
from .tile_queue import TileQueue

_MAX_ENCODERS = min(4, os.cpu_count() or 1)
"""Tiles that are compressed at once, if the memory for it is at most half of all: the rest is for responses."""

_ENCODING_COPIES = 3
"""Times a tile's bytes that compressing it takes at most: its overviews, a file in GDAL's memory, that file's bytes."""


class PixelSource(Protocol):
    """What a download needs of the client.

    Attributes:
        is_restricted: Whether the service has put the project into restricted mode.
    """

    is_restricted: bool

    def try_pixels(
        self,
        expression: Any,
        grid: Mapping[str, Any],
        bands: Sequence[str],
        allocate: Callable[[], Memory],
        dtype: str,
    ) -> np.ndarray | Failure:
        """Request one tile once: a structured array of shape (height, width), a field of type `dtype` a band.

        Its bytes are received into the memory that `allocate` returns when it is called as they begin to arrive.
        """


@dataclass
class FetchOptions:
    """How the service is treated, and how much memory is used.

    Attributes:
        limiter: Requests at once.
        backoff: How failed requests are retried.
        patience: Seconds without any tile after which requests that are refused are no longer retried.
        memory: Bytes of pixels in memory at once.
    """

    limiter: Limiter = field(default_factory=Limiter)
    backoff: Backoff = field(default_factory=lambda: Backoff(max_tries=10))
    patience: float = 600.0
    memory: int = DEFAULT_BUDGET


class TileFetcher:
    """Sends the requests of one download.

    Args:
        source: The client.
        expression: What to compute, encoded once for all tiles.
        grid: The whole result.
        bands: Names of all bands.
        dtype: Type of a value, numpy's name.
        encode: Turns the pixels of a tile into what is stored; called by several threads.
        options: How the service is treated, and how much memory is used.
        progress: Counts.
        is_cancelled: Asked several times a second.
    """

    def __init__(
        self,
        source: PixelSource,
        expression: Any,
        grid: Grid,
        bands: Sequence[str],
        dtype: str,
        encode: Callable[[Tile, np.ndarray], bytearray],
        options: FetchOptions,
        progress: Progress,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._source, self._expression = source, expression
        self._grid, self._bands, self._dtype = grid, bands, np.dtype(dtype)
        self._encode, self._options, self._progress = encode, options, progress
        self._stopped = threading.Event()
        self._user_cancels = is_cancelled
        self._is_cancelled = lambda: self._stopped.is_set() or is_cancelled()
        # Not a SimpleQueue: a signal at the end of its timed wait makes it wait for ever (CPython 3.11).
        self._encoded: queue.Queue[tuple[Tile, bytearray, Reservation]] = queue.Queue()
        self._error: BaseException | None = None
        self._last_success = time.monotonic()

    def fetch(self, tiles: Iterable[Tile]) -> Iterator[tuple[Tile, bytearray]]:
        """Yield each tile, or the parts that it had to be split into, in whatever order they arrive.

        What was yielded counts as in memory until the next is asked for.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: A failure that retrying cannot help.
        """
        tiles = list(tiles)
        memory = self._options.memory
        to_encode = (
            _ENCODING_COPIES * self._dtype.itemsize * max((tile.value_count for tile in tiles), default=1)
        )
        encoders = max(1, min(_MAX_ENCODERS, memory // 2 // to_encode))
        # A few threads of their own: malloc keeps an arena per thread and does not return it.
        self._encoders = ThreadPoolExecutor(encoders, "csplus encoder")
        self._budget = MemoryBudget(memory - encoders * to_encode, self._is_cancelled)
        self._tiles = TileQueue(tiles, self._is_cancelled)
        self._progress.planned(len(self._tiles))
        for number in range(min(MAX_LIMIT, 4 * len(self._tiles))):  # four: a tile may be split
            threading.Thread(target=self._work, name=f"csplus tile {number}", daemon=True).start()
        try:
            while len(self._tiles) and self._error is None:
                if self._user_cancels():
                    raise Cancelled
                self._progress.report(self._options.limiter.in_progress)
                with contextlib.suppress(queue.Empty):
                    yield from self._yield_tile(self._encoded.get(timeout=POLL))
            if self._error is not None:
                # What has arrived is worth keeping: it need not be fetched again.
                is_urgent = isinstance(self._error, Cancelled)
                self._encoders.shutdown(wait=not is_urgent, cancel_futures=is_urgent)
                while not self._encoded.empty():
                    yield from self._yield_tile(self._encoded.get())
                raise self._error
        finally:
            self._stopped.set()
            self._encoders.shutdown(wait=False, cancel_futures=True)

    def _yield_tile(self, encoded: tuple[Tile, bytearray, Reservation]) -> Iterator[tuple[Tile, bytearray]]:
        tile, content, reservation = encoded
        del encoded
        yield tile, content
        reservation.release()
        self._progress.arrived(tile.value_count * self._dtype.itemsize)
        self._tiles.stored()

    def _work(self) -> None:
        """Fetch tiles until none is left; many threads do this."""
        try:
            while self._tiles.wait_for_tile():
                slot = self._options.limiter.acquire(self._is_cancelled)
                tile = self._tiles.pop()
                if tile is None:
                    self._options.limiter.release(slot)
                    continue
                self._fetch_tile(tile, slot)
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            self._stop_with(error)

    def _fetch_tile(self, tile: Tile, slot: Slot) -> None:
        """Request a tile until it has arrived, or has to be split."""
        limiter = self._options.limiter
        failures = refusals = 0
        while True:
            reservation = Reservation(self._budget, tile.value_count * self._dtype.itemsize)
            outcome = self._request_tile(tile, reservation)
            if self._source.is_restricted:
                limiter.restrict()
            if not isinstance(outcome, Failure):
                limiter.release_after_success(slot)
                self._last_success = time.monotonic()
                self._tiles.succeeded(tile)
                self._encoders.submit(self._encode_tile, tile, outcome, reservation)
                return
            reservation.release()
            if isinstance(outcome.error, (ComputationTooHeavy, RequestTooLarge)):
                if not self._tiles.split(tile):
                    raise outcome.error
                limiter.release(slot)
                self._progress.split()
                return
            is_refusal = isinstance(outcome.error, QuotaExceeded)
            refusals, failures = refusals + is_refusal, failures + (not is_refusal)
            delay = self._choose_delay(outcome, refusals, failures)
            if delay is None:
                raise outcome.error
            if is_refusal:
                limiter.release_after_refusal(slot, outcome.retry_after)
            else:
                limiter.release(slot)
            self._progress.retried()
            pause(delay, self._is_cancelled)
            slot = limiter.acquire(self._is_cancelled)

    def _encode_tile(self, tile: Tile, pixels: np.ndarray, reservation: Reservation) -> None:
        try:
            self._encoded.put((tile, self._encode(tile, pixels), reservation))
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            self._stop_with(error)

    def _stop_with(self, error: BaseException) -> None:
        """End the download: the thread that waits raises the first error of all others."""
        if not self._stopped.is_set():
            self._error = error
            self._stopped.set()

    def _choose_delay(self, failure: Failure, refusals: int, failures: int) -> float | None:
        """Choose the seconds before a tile is retried; None: give up.

        A refusal says nothing about the tile: it may be refused for as long as others arrive.
        """
        backoff = self._options.backoff
        if not failure.retryable:
            return None
        if not isinstance(failure.error, QuotaExceeded):
            return backoff.choose_delay(failures, failure.retry_after)
        if time.monotonic() - self._last_success > self._options.patience:
            return None
        return backoff.choose_delay(min(refusals, backoff.max_tries - 1), failure.retry_after)

    def _request_tile(self, tile: Tile, reservation: Reservation) -> np.ndarray | Failure:
        window = self._grid.window(tile.column, tile.row, tile.width, tile.height)
        names = [self._bands[index] for index in tile.bands]
        return self._source.try_pixels(
            self._expression, window.request(), names, reservation.acquire, self._dtype.name
        )
