"""Tiles through the client, several at a time, in whatever order they arrive."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, Protocol

import numpy as np

from .plan import Plan, Tile

WORKERS = 8
"""Requests under way at once: well within the service's 40, and a bound on the bytes held in memory."""


class PixelSource(Protocol):
    """What a download needs of the client."""

    def pixels(self, expression: Any, grid: Mapping[str, Any], bands: Sequence[str]) -> np.ndarray:
        """Compute one tile: a structured array of shape (height, width), a field a band."""


def fetch(
    source: PixelSource, expression: Any, plan: Plan, bands: Sequence[str], stop: threading.Event
) -> Iterator[tuple[Tile, np.ndarray]]:
    """Yield every tile of the plan with its pixels.

    The next tile is asked for only when one has been taken, so no more than `WORKERS` are in memory.

    Args:
        source: The client.
        expression: What to compute, encoded once for all tiles.
        plan: The tiles.
        bands: Names of the bands.
        stop: Set here when one tile fails or nobody takes the rest; `source` gives up soon after.
    """

    def ask(tile: Tile) -> tuple[Tile, np.ndarray]:
        grid = plan.grid.window(tile.column, tile.row, tile.width, tile.height)
        return tile, source.pixels(expression, grid.request(), bands)

    tiles = plan.tiles()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="csplus-tile") as pool:
        waiting: set[Future] = {pool.submit(ask, tile) for tile in islice(tiles, WORKERS)}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
                    waiting |= {pool.submit(ask, tile) for tile in islice(tiles, 1)}
        except BaseException:
            stop.set()
            raise
