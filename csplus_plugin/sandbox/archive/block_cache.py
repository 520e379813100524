"""Blocks of files that were unpacked lately, in memory of bounded size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np

from ..sharing import Sharing

Block = tuple[np.ndarray, "np.ndarray | None"]
"""Values, and where they are valid; None for everywhere."""


class BlockCache:
    """Keeps blocks, and forgets what was not asked for the longest time; safe for several threads.

    Args:
        most: Bytes of all blocks together; the latest one stays, whatever its size.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._blocks: OrderedDict[Hashable, Block] = OrderedDict()
        self._lock = threading.Lock()
        self._sharing = Sharing()

    def get(self, key: Hashable, read: Callable[[], Block]) -> Block:
        """Give a block; it is read where it is not held, once for all threads that want it now."""

        def read_and_keep() -> Block:
            block = read()
            self._keep(key, block)
            return block

        return self._sharing.get(key, lambda: self._find(key), read_and_keep)

    def _find(self, key: Hashable) -> Block | None:
        with self._lock:
            if key not in self._blocks:
                return None
            self._blocks.move_to_end(key)
            return self._blocks[key]

    def _keep(self, key: Hashable, block: Block) -> None:
        with self._lock:
            self._blocks[key] = block
            self._held += _bytes(block)
            while self._held > self._most and len(self._blocks) > 1:
                self._held -= _bytes(self._blocks.popitem(last=False)[1])


def _bytes(block: Block) -> int:
    return sum(part.nbytes for part in block if part is not None)
