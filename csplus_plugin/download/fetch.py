"""Tiles through the client: as many at a time as the service and the memory allow, until each has arrived."""

from __future__ import annotations

import contextlib
import os
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ..core.errors import Cancelled
from ..core.grid import Grid
from ..earthengine.failures import Failure
from ..earthengine.responses import Memory
from ..earthengine.waiting import POLL
from ..earthengine.workers import Persistence, Source, Workers
from .memory import DEFAULT_BUDGET, MemoryBudget, Reservation
from .plan import Tile
from .progress import Progress
from .tile_queue import TileQueue

_MAX_ENCODERS = min(4, os.cpu_count() or 1)
"""Tiles that are compressed at once, if the memory for it is at most half of all: the rest is for responses."""

_ENCODING_COPIES = 3
"""Times a tile's bytes that compressing it takes at most: its overviews, a file in GDAL's memory, that file's bytes."""


class PixelSource(Source, Protocol):
    """What a download needs of the client."""

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
    """How long tiles are tried, and how much memory is used.

    Attributes:
        persistence: How long a tile is tried.
        memory: Bytes of pixels in memory at once.
    """

    persistence: Persistence = field(default_factory=Persistence)
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
        options: How long tiles are tried, and how much memory is used.
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
        self._user_cancels = is_cancelled
        # Not a SimpleQueue: a signal at the end of its timed wait makes it wait for ever (CPython 3.11).
        self._encoded: queue.Queue[tuple[Tile, bytearray, Reservation]] = queue.Queue()

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
        self._tiles = TileQueue(tiles)
        self._workers = Workers(
            self._source,
            self._tiles,
            self._request_tile,
            self._deliver,
            self._options.persistence,
            self._user_cancels,
        )
        self._budget = MemoryBudget(memory - encoders * to_encode, self._workers.is_cancelled)
        self._progress.planned(self._tiles.unfinished)
        self._workers.start(4 * self._tiles.unfinished)  # four: a tile may be split
        try:
            while self._tiles.unfinished and self._workers.error is None:
                if self._user_cancels():
                    raise Cancelled
                self._progress.report(self._workers.in_progress, self._workers.retries, self._workers.splits)
                with contextlib.suppress(queue.Empty):
                    yield from self._yield_tile(self._encoded.get(timeout=POLL))
            self._progress.report(self._workers.in_progress, self._workers.retries, self._workers.splits)
            if self._workers.error is not None:
                # What has arrived is worth keeping: it need not be fetched again.
                is_urgent = isinstance(self._workers.error, Cancelled)
                self._encoders.shutdown(wait=not is_urgent, cancel_futures=is_urgent)
                while not self._encoded.empty():
                    yield from self._yield_tile(self._encoded.get())
                raise self._workers.error
        finally:
            self._workers.stop()
            self._encoders.shutdown(wait=False, cancel_futures=True)

    def _yield_tile(self, encoded: tuple[Tile, bytearray, Reservation]) -> Iterator[tuple[Tile, bytearray]]:
        tile, content, reservation = encoded
        del encoded
        yield tile, content
        reservation.release()
        self._progress.arrived(tile.value_count * self._dtype.itemsize)
        self._tiles.stored()

    def _request_tile(self, tile: Tile) -> tuple[np.ndarray, Reservation] | Failure:
        window = self._grid.window(tile.column, tile.row, tile.width, tile.height)
        names = [self._bands[index] for index in tile.bands]
        reservation = Reservation(self._budget, tile.value_count * self._dtype.itemsize)
        outcome: Any = None
        try:
            outcome = self._source.try_pixels(
                self._expression, window.request(), names, reservation.acquire, self._dtype.name
            )
        finally:
            if not isinstance(outcome, np.ndarray):
                reservation.release()
        return outcome if isinstance(outcome, Failure) else (outcome, reservation)

    def _deliver(self, tile: Tile, arrived: tuple[np.ndarray, Reservation], seconds: float) -> None:
        del seconds
        self._tiles.succeeded(tile)
        self._encoders.submit(self._encode_tile, tile, *arrived)

    def _encode_tile(self, tile: Tile, pixels: np.ndarray, reservation: Reservation) -> None:
        try:
            self._encoded.put((tile, self._encode(tile, pixels), reservation))
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            self._workers.stop(error)
