"""Work on places and passes, cut into chunks that grow and shrink with what the service takes."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

FIRST_SIZE = 400
"""Looks (a place in a pass) of the first chunks."""

SMALLEST, LARGEST = 40, 20_000
"""Looks; a chunk is not made smaller to keep more slots busy, and an answer has about 200 bytes a look."""

SHARES = 1
"""Chunks for each slot in which what remains is cut, again and again, so that none is left with a large one at the end
(guided self-scheduling, Polychronopoulos and Kuck 1987)."""

QUICK, SLOW = 4.0, 30.0
"""Seconds; answers that come sooner make chunks grow, and later ones make them shrink."""

_GROWTH = 1.5

_FULL = 0.5
"""Share of the present size that a chunk has at least which was cut to it: whole stacks of passes make it smaller."""

_BELOW = 0.8
"""Share of what was too heavy up to which chunks grow again."""

Place = TypeVar("Place")
Pass = TypeVar("Pass")


@dataclass(frozen=True)
class Chunk(Generic[Place, Pass]):
    """Every place in every pass: what one request asks for, or what is still to be cut.

    Attributes:
        places: Near each other.
        passes: In order of time.
        choices: What else the request needs; its parts have the same.
    """

    places: Sequence[Place]
    passes: Sequence[Pass]
    choices: Any = None

    @property
    def size(self) -> int:
        """Looks."""
        return len(self.places) * len(self.passes)


class ChunkQueue(Generic[Place, Pass]):
    """Hands chunks to workers. All methods may be called by many threads.

    Args:
        work: What is to be asked for.
        together: Passes that the service computes at once: chunks of more have a multiple of it.

    Attributes:
        size: Looks of a chunk at present.
    """

    def __init__(self, work: Iterable[Chunk[Place, Pass]], together: int = 1) -> None:
        self._together = together
        self._waiting = deque(chunk for chunk in work if chunk.size)
        self._lock = threading.Lock()
        self.size = FIRST_SIZE
        self._heavy = LARGEST + 1
        self._left = sum(chunk.size for chunk in self._waiting)
        self._unfinished = self._left

    @property
    def unfinished(self) -> int:
        """Looks that have not arrived."""
        return self._unfinished

    @property
    def is_waiting(self) -> bool:
        """Whether there is a chunk to be cut."""
        return bool(self._waiting)

    def pop(self, slots: int) -> Chunk[Place, Pass] | None:
        """Cut the next chunk off; None if nothing waits.

        Args:
            slots: Requests that may be in progress.
        """
        with self._lock:
            if not self._waiting:
                return None
            share = math.ceil(self._left / (SHARES * slots))
            size = max(1, min(self.size, max(SMALLEST, share)))
            chunk, *rest = _cut(self._waiting.popleft(), size, self._together)
            self._waiting.extendleft(reversed(rest))
            self._left -= chunk.size
            return chunk

    def arrived(self, chunk: Chunk[Place, Pass], seconds: float) -> None:
        """Count what has arrived, and make the next chunks larger or smaller."""
        with self._lock:
            self._unfinished -= chunk.size
            if seconds > SLOW:
                self.size = max(1, min(self.size, int(chunk.size / _GROWTH)))
            elif seconds < QUICK and chunk.size >= _FULL * self.size:
                # Just below what was too heavy, chunks stay as they are.
                self.size = min(
                    LARGEST, max(self.size, min(int(self.size * _GROWTH), int(_BELOW * self._heavy)))
                )

    def split(self, chunk: Chunk[Place, Pass]) -> bool:
        """Put the halves of a chunk that was too heavy back, and make those to come as small.

        Returns:
            False if it is one place in one pass.
        """
        if chunk.size <= 1:
            return False
        with self._lock:
            self._heavy = min(self._heavy, chunk.size)
            self.size = max(1, min(self.size, chunk.size // 2))
            self._waiting.extendleft(reversed(_halves(chunk)))
            self._left += chunk.size
        return True


def _cut(chunk: Chunk[Place, Pass], size: int, together: int) -> list[Chunk[Place, Pass]]:
    """Cut off so many looks: four times as many places as passes, for places share what a pass costs to open.

    But no fewer passes than are computed at once, if there are as many.
    """
    if chunk.size <= size:
        return [chunk]
    wide, long = len(chunk.places), len(chunk.passes)
    passes = min(long, size, max(together, _whole(math.isqrt(size) // 2, together)))
    places = min(wide, max(1, size // passes))
    if places == wide:
        passes = min(long, _whole(max(1, size // places), together))
    parts = [
        replace(chunk, places=chunk.places[:places], passes=chunk.passes[:passes]),
        replace(chunk, places=chunk.places[:places], passes=chunk.passes[passes:]),
        replace(chunk, places=chunk.places[places:]),
    ]
    return [part for part in parts if part.size]


def _whole(count: int, together: int) -> int:
    return count if count < together else count - count % together


def _halves(chunk: Chunk[Place, Pass]) -> list[Chunk[Place, Pass]]:
    if len(chunk.places) > 1:
        middle = len(chunk.places) // 2
        return [replace(chunk, places=part) for part in (chunk.places[:middle], chunk.places[middle:])]
    middle = len(chunk.passes) // 2
    return [replace(chunk, passes=part) for part in (chunk.passes[:middle], chunk.passes[middle:])]


class WholeQueue(Generic[Place]):
    """Hands out what cannot be cut, one at a time. All methods may be called by many threads.

    Args:
        parts: What is to be asked for.
    """

    def __init__(self, parts: Iterable[Place]) -> None:
        self._waiting = deque(parts)
        self._lock = threading.Lock()
        self._unfinished = len(self._waiting)

    @property
    def unfinished(self) -> int:
        """Parts that have not arrived."""
        return self._unfinished

    @property
    def is_waiting(self) -> bool:
        """Whether a part waits."""
        return bool(self._waiting)

    def pop(self, slots: int) -> Place | None:
        """Take the next part; None if none waits."""
        del slots
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def arrived(self, part: Place, seconds: float) -> None:
        """Count what has arrived."""
        del part, seconds
        with self._lock:
            self._unfinished -= 1

    def split(self, part: Place) -> bool:
        """Refuse."""
        del part
        return False
