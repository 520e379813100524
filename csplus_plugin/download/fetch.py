"""Tiles through the client: as many at a time as the service and the memory allow, until each has arrived.

What fails is told apart. Too heavy: the tile is cut, and those to come are smaller for a while. Busy, broken off,
damaged: the same tile again, later. Anything else ends the download at once, for no tile would fare better.
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
from ..earthengine.answers import Memory
from ..earthengine.faults import Fault
from ..earthengine.limiter import CEILING, Limiter, Place
from ..earthengine.retry import Backoff
from ..earthengine.waiting import POLL, pause
from .feed import Feed
from .plan import Tile
from .progress import Progress
from .room import ROOM, Hold, Room

_MAKERS = min(4, os.cpu_count() or 1)
"""Tiles that are compressed at once, if the memory for it is at most half of all: the rest is for answers."""

_COPIES = 3
"""Times a tile's bytes that compressing it takes at most: its overviews, a file in GDAL's memory, that file's bytes."""


class PixelSource(Protocol):
    """What a download needs of the client."""

    is_restricted: bool

    def try_pixels(
        self, expression: Any, grid: Mapping[str, Any], bands: Sequence[str], admit: Callable[[], Memory]
    ) -> np.ndarray | Fault:
        """Ask once for one tile: a structured array of shape (height, width), a field a band.

        Its bytes are received into the memory that `admit` gives when it is asked as they begin to arrive.
        """


@dataclass
class Service:
    """How the service is treated; shared by all workers of a run.

    Attributes:
        limiter: Requests at once.
        backoff: How failures that may pass are tried again.
        patience: Seconds without any tile after which refused requests are given up.
        room: Bytes of pixels in memory at once.
    """

    limiter: Limiter = field(default_factory=Limiter)
    backoff: Backoff = field(default_factory=lambda: Backoff(tries=10))
    patience: float = 600.0
    room: int = ROOM


class Fetch:
    """One download's requests.

    Args:
        source: The client.
        expression: What to compute, encoded once for all tiles.
        grid: The whole result.
        bands: Names of all bands.
        item_size: Bytes of a value.
        make: Turns the pixels of a tile into what is stored; called by several threads.
        service: How the service is treated.
        progress: Counts.
        is_cancelled: Asked several times a second.
    """

    def __init__(
        self,
        source: PixelSource,
        expression: Any,
        grid: Grid,
        bands: Sequence[str],
        item_size: int,
        make: Callable[[Tile, np.ndarray], bytearray],
        service: Service,
        progress: Progress,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._source, self._expression = source, expression
        self._grid, self._bands, self._item_size = grid, bands, item_size
        self._make, self._service, self._progress = make, service, progress
        self._over = threading.Event()
        self._user_cancels = is_cancelled
        self._is_cancelled = lambda: self._over.is_set() or is_cancelled()
        self._made: queue.SimpleQueue[tuple[Tile, bytearray, Hold]] = queue.SimpleQueue()
        self._failure: BaseException | None = None
        self._last_good = time.monotonic()

    def run(self, tiles: Iterable[Tile]) -> Iterator[tuple[Tile, bytearray]]:
        """Yield each tile, or the parts that it had to be cut into, in whatever order they arrive.

        What was yielded counts as in memory until the next is asked for.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: A failure that will not pass.
        """
        tiles = list(tiles)
        room = self._service.room
        to_make = _COPIES * self._item_size * max((tile.cells for tile in tiles), default=1)
        makers = max(1, min(_MAKERS, room // 2 // to_make))
        # A few threads of their own: memory that many threads have used, the C library keeps for each of them.
        self._makers = ThreadPoolExecutor(makers, "csplus maker")
        self._room = Room(room - makers * to_make, self._is_cancelled)
        self._feed = Feed(tiles, self._is_cancelled)
        for number in range(min(CEILING, 4 * len(self._feed))):  # four: a tile may be cut
            threading.Thread(target=self._work, name=f"csplus tile {number}", daemon=True).start()
        try:
            while len(self._feed) and self._failure is None:
                if self._user_cancels():
                    raise Cancelled
                self._progress.report(self._service.limiter.under_way)
                with contextlib.suppress(queue.Empty):
                    yield from self._hand_over(self._made.get(timeout=POLL))
            if self._failure is not None:
                # What has arrived is worth keeping: it need not be fetched again.
                is_urgent = isinstance(self._failure, Cancelled)
                self._makers.shutdown(wait=not is_urgent, cancel_futures=is_urgent)
                while not self._made.empty():
                    yield from self._hand_over(self._made.get())
                raise self._failure
        finally:
            self._over.set()
            self._makers.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, made: tuple[Tile, bytearray, Hold]) -> Iterator[tuple[Tile, bytearray]]:
        tile, content, hold = made
        del made
        yield tile, content
        hold.give_back()
        self._progress.arrived(tile.cells * self._item_size)
        self._feed.stored()

    def _work(self) -> None:
        try:
            while self._feed.has_more():
                place = self._service.limiter.enter(self._is_cancelled)
                tile = self._feed.take()
                if tile is None:
                    self._service.limiter.leave(place)
                    continue
                self._bring(tile, place)
        except BaseException as failure:  # noqa: BLE001 raised again in the thread that waits
            self._fail(failure)

    def _bring(self, tile: Tile, place: Place) -> None:
        """Ask for a tile until it has arrived, or has to be cut."""
        limiter = self._service.limiter
        failures = refusals = 0
        while True:
            hold = Hold(self._room, tile.cells * self._item_size)
            outcome = self._try(tile, hold)
            if self._source.is_restricted:
                limiter.restrict()
            if not isinstance(outcome, Fault):
                limiter.served(place)
                self._last_good = time.monotonic()
                self._feed.went_well(tile)
                self._makers.submit(self._store, tile, outcome, hold)
                return
            hold.give_back()
            if isinstance(outcome.error, (ComputationTooHeavy, RequestTooLarge)):
                if not self._feed.too_heavy(tile):
                    raise outcome.error
                limiter.leave(place)
                self._progress.split()
                return
            is_refusal = isinstance(outcome.error, QuotaExceeded)
            refusals, failures = refusals + is_refusal, failures + (not is_refusal)
            wait = self._wait(outcome, refusals, failures)
            if wait is None:
                raise outcome.error
            if is_refusal:
                limiter.refused(place, outcome.asked)
            else:
                limiter.leave(place)
            self._progress.retried()
            pause(wait, self._is_cancelled)
            place = limiter.enter(self._is_cancelled)

    def _store(self, tile: Tile, pixels: np.ndarray, hold: Hold) -> None:
        try:
            self._made.put((tile, self._make(tile, pixels), hold))
        except BaseException as failure:  # noqa: BLE001 raised again in the thread that waits
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        """End the download: the thread that waits raises what happened first in another."""
        if not self._over.is_set():
            self._failure = failure
            self._over.set()

    def _wait(self, fault: Fault, refusals: int, failures: int) -> float | None:
        """Choose the seconds before a tile is asked for again; None: give up.

        A refusal is no fault of the tile: it may be refused for as long as others arrive.
        """
        backoff = self._service.backoff
        if not fault.again:
            return None
        if not isinstance(fault.error, QuotaExceeded):
            return backoff.wait(failures, fault.asked)
        if time.monotonic() - self._last_good > self._service.patience:
            return None
        return backoff.wait(min(refusals, backoff.tries - 1), fault.asked)

    def _try(self, tile: Tile, hold: Hold) -> np.ndarray | Fault:
        window = self._grid.window(tile.column, tile.row, tile.width, tile.height)
        names = [self._bands[index] for index in tile.bands]
        return self._source.try_pixels(self._expression, window.request(), names, hold.take)
