"""The tiles still to be sent, and how large they may be: smaller after a failure, larger again after successes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..core.errors import Cancelled
from ..earthengine.limiter import START
from ..earthengine.waiting import POLL
from .plan import BLOCK, Tile

_CALM = 16
"""Tiles that have to succeed before a larger one is tried again; twice as many after each time it was too early."""

_LONG, _QUICK, _SOON, _LATE = 64, START, 5, 3
"""A download of so many tiles begins with so many blocks; then, and at its end, so many tiles are cut in four."""

_STEP = 4
"""Times larger; what a cut makes smaller."""


class Feed:
    """Gives tiles to workers. All methods may be called by many threads.

    Args:
        tiles: What is to be fetched.
        is_cancelled: Asked several times a second while a worker waits.
    """

    def __init__(self, tiles: Iterable[Tile], is_cancelled: Callable[[], bool]) -> None:
        self._waiting = deque(_graded(list(tiles)))
        self._is_cancelled = is_cancelled
        self._changed = threading.Condition()
        self._open = len(self._waiting)
        self._largest = self._size = max((tile.cells for tile in self._waiting), default=0)
        self._calm, self._good, self._is_probing = _CALM, 0, False

    def __len__(self) -> int:
        """Tiles that have not been stored yet."""
        return self._open

    def has_more(self) -> bool:
        """Wait until there is a tile to be sent; False if all have arrived."""
        with self._changed:
            while not self._waiting and self._open:
                if self._is_cancelled():
                    raise Cancelled
                self._changed.wait(POLL)
            return self._open > 0

    def take(self) -> Tile | None:
        """Give the next tile, cut to the size that the service takes at present."""
        with self._changed:
            if not self._waiting:
                return None
            size = self._size
            if self._good >= self._calm and not self._is_probing:
                size *= _STEP  # one larger tile, to see whether it passes now
            tile = self._waiting.popleft()
            while tile.cells > size and (parts := tile.split()):
                tile = self._put_back(parts).popleft()
            self._is_probing = self._is_probing or self._size < tile.cells <= size
            return tile

    def too_heavy(self, tile: Tile) -> bool:
        """Cut a tile, and make those to come as small; False if it cannot be cut."""
        parts = tile.split()
        with self._changed:
            if tile.cells <= self._size and parts:
                self._size = max(part.cells for part in parts)
                self._good = 0
            elif self._is_probing:
                self._is_probing = False
                self._good, self._calm = 0, 2 * self._calm
            self._put_back(parts)
            self._changed.notify_all()
        return bool(parts)

    def went_well(self, tile: Tile) -> None:
        """After a run of successes, let larger tiles go again."""
        with self._changed:
            self._good += 1
            if self._is_probing and tile.cells > self._size:
                self._size = min(self._largest, _STEP * self._size)
                self._is_probing, self._good = False, 0

    def stored(self) -> None:
        """Count a tile that needs no more care."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def _put_back(self, parts: Sequence[Tile]) -> deque[Tile]:
        self._waiting.extendleft(reversed(parts))
        self._open += max(0, len(parts) - 1)
        return self._waiting


def _graded(tiles: list[Tile]) -> list[Tile]:
    """Order the tiles of a long download: small ones first, then whole ones, small ones again at the end.

    The first answers come soon and open places for others, and the link has something to carry while the large ones
    are worked on; at the end no place works for long while all others have nothing to do.
    """
    # Not where tiles are single blocks: smaller ones would have fewer bands, which saves no work.
    if len(tiles) < _LONG or max(tile.width for tile in tiles) <= BLOCK:
        return tiles
    tiles = sorted(tiles, key=lambda tile: -tile.cells)
    blocks: list[Tile] = []
    while len(blocks) < _QUICK:
        blocks += _blocks(tiles.pop(0))
    soon, whole, late = tiles[:_SOON], tiles[_SOON:-_LATE], tiles[-_LATE:]
    return [*blocks, *_quarters(soon), *whole, *_quarters(late)]


def _quarters(tiles: Iterable[Tile]) -> Iterator[Tile]:
    for tile in tiles:
        yield from tile.split() or (tile,)


def _blocks(tile: Tile) -> list[Tile]:
    if tile.width <= BLOCK and tile.height <= BLOCK:
        return [tile]
    return [block for part in tile.split() for block in _blocks(part)]
