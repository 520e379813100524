"""The tiles still to be requested, and how large they may be: smaller after a failure, larger again after successes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from ..earthengine.limiter import INITIAL_LIMIT
from .plan import BLOCK, Tile

MANY_TILES = 64
"""Tiles of a download from which on it begins and ends with small ones."""

FIRST_BLOCKS = INITIAL_LIMIT
"""Single blocks that such a download begins with."""

QUARTERED_FIRST, QUARTERED_LAST = 5, 3
"""Tiles that are cut in four after these blocks, and at the end."""

_SUCCESSES_BEFORE_PROBE = 16
"""Tiles that have to succeed before a larger one is tried again; twice as many after each probe that failed."""

_GROWTH = 4
"""How many times larger a probe is: what a split makes smaller."""


class TileQueue:
    """Hands tiles to workers. All methods may be called by many threads.

    Args:
        tiles: What is to be fetched.
    """

    def __init__(self, tiles: Iterable[Tile]) -> None:
        self._waiting = deque(_order(list(tiles)))
        self._lock = threading.Lock()
        self._unfinished = len(self._waiting)
        self._planned_size = self._max_size = max((tile.value_count for tile in self._waiting), default=0)
        self._successes, self._successes_before_probe = 0, _SUCCESSES_BEFORE_PROBE
        self._is_probing = False

    @property
    def unfinished(self) -> int:
        """Tiles that have not been stored yet."""
        return self._unfinished

    @property
    def is_waiting(self) -> bool:
        """Whether a tile waits to be requested."""
        return bool(self._waiting)

    def pop(self, slots: int) -> Tile | None:
        """Take the next tile, split to the size that the service can compute at present; None if none waits."""
        del slots
        with self._lock:
            if not self._waiting:
                return None
            size = self._max_size
            if self._successes >= self._successes_before_probe and not self._is_probing:
                size *= _GROWTH  # one larger tile, to see whether it succeeds now
            tile = self._waiting.popleft()
            while tile.value_count > size and (parts := tile.split()):
                tile = self._put_back(parts).popleft()
            self._is_probing = self._is_probing or self._max_size < tile.value_count <= size
            return tile

    def split(self, tile: Tile) -> bool:
        """Put the parts of a tile that was too large into the queue, and make those to come as small.

        Returns:
            False if it cannot be split any further.
        """
        parts = tile.split()
        with self._lock:
            if tile.value_count <= self._max_size and parts:
                self._max_size = max(part.value_count for part in parts)
                self._successes = 0
            elif self._is_probing:
                self._is_probing = False
                self._successes = 0
                self._successes_before_probe *= 2
            self._put_back(parts)
        return bool(parts)

    def succeeded(self, tile: Tile) -> None:
        """Count a success: after enough of them, larger tiles are tried again."""
        with self._lock:
            self._successes += 1
            if self._is_probing and tile.value_count > self._max_size:
                self._max_size = min(self._planned_size, _GROWTH * self._max_size)
                self._is_probing, self._successes = False, 0

    def stored(self) -> None:
        """Count a tile that is on the disk."""
        with self._lock:
            self._unfinished -= 1

    def _put_back(self, parts: Sequence[Tile]) -> deque[Tile]:
        self._waiting.extendleft(reversed(parts))
        self._unfinished += max(0, len(parts) - 1)
        return self._waiting


def _order(tiles: list[Tile]) -> list[Tile]:
    """Order the tiles of a long download: small ones first, then whole ones, small ones again at the end.

    The first responses come soon and free slots for others, and the link has something to carry while the large ones
    are computed; at the end no slot works for long while all others have nothing to do.
    """
    # Not where tiles are single blocks: smaller ones would have fewer bands, which saves no work.
    if len(tiles) < MANY_TILES or max(tile.width for tile in tiles) <= BLOCK:
        return tiles
    tiles = sorted(tiles, key=lambda tile: -tile.value_count)
    blocks: list[Tile] = []
    while len(blocks) < FIRST_BLOCKS:
        blocks += _blocks(tiles.pop(0))
    first, whole, last = (
        tiles[:QUARTERED_FIRST],
        tiles[QUARTERED_FIRST:-QUARTERED_LAST],
        tiles[-QUARTERED_LAST:],
    )
    return [*blocks, *_quarters(first), *whole, *_quarters(last)]


def _quarters(tiles: Iterable[Tile]) -> Iterator[Tile]:
    for tile in tiles:
        yield from tile.split() or (tile,)


def _blocks(tile: Tile) -> list[Tile]:
    if tile.width <= BLOCK and tile.height <= BLOCK:
        return [tile]
    return [block for part in tile.split() for block in _blocks(part)]
