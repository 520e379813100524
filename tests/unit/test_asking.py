"""Many questions at once, to a source that refuses, breaks and lies."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any

import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    ComputationTooHeavy,
    QuotaExceeded,
    Unreachable,
)
from csplus.csplus_plugin.earthengine.asking import Asker
from csplus.csplus_plugin.earthengine.chunks import Chunk, ChunkQueue, WholeQueue
from csplus.csplus_plugin.earthengine.cost import Cost
from csplus.csplus_plugin.earthengine.failures import Failure
from csplus.csplus_plugin.earthengine.limiter import Limiter
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.workers import Persistence


class Source:
    """Answers with what it was asked, now and then."""

    def __init__(self, *, heavy: int = 10**9, refused: float = 0, lost: float = 0, wrong: float = 0) -> None:
        self._chance, self._lock = random.Random(4), threading.Lock()
        self._heavy, self._shares = heavy, (refused, lost, wrong)
        self.asked = self.most = self._now = 0
        self.limiter, self.cost = Limiter(spacing=0), Cost()

    def try_value(self, expression: Any) -> Any:
        with self._lock:
            self.asked += 1
            self._now += 1
            self.most = max(self.most, self._now)
            draw = self._chance.random()
        time.sleep(0.001)
        try:
            return self._answer(expression, draw)
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, chunk: Chunk, draw: float) -> Any:
        if chunk.size > self._heavy:
            return Failure(ComputationTooHeavy("Too heavy."))
        refused, lost, wrong = self._shares
        if draw < refused:
            return Failure(QuotaExceeded("Busy."), retryable=True)
        if draw < refused + lost:
            return Failure(Unreachable("Lost."), retryable=True)
        if draw < refused + lost + wrong:
            return "damaged"
        return [(place, one) for place in chunk.places for one in chunk.passes]


def read(chunk: Chunk, answer: Any) -> Any:
    if not isinstance(answer, list):
        raise Unreachable("Damaged.")
    return answer


def asker(source: Source, queue: Any, limiter: Limiter | None = None, **kept: Any) -> Asker:
    source.limiter = limiter or source.limiter
    persistence = Persistence(Backoff(max_tries=12, first_delay=0.001, max_delay=0.01), patience=5)
    return Asker(source, queue, lambda chunk: chunk, read, persistence, **kept)


def test_nothing_is_lost_and_nothing_comes_twice() -> None:
    source = Source(heavy=300, refused=0.3, lost=0.1, wrong=0.05)
    limiter = Limiter(spacing=0)
    asking = asker(
        source, ChunkQueue([Chunk(range(200), range(70)), Chunk(range(200, 230), range(9))]), limiter
    )
    found = Counter(one for _, answer in asking.ask() for one in answer)
    wanted = [(p, n) for p in range(200) for n in range(70)] + [
        (p, n) for p in range(200, 230) for n in range(9)
    ]
    assert found == Counter(wanted)
    assert asking.retries > 10
    assert asking.splits > 0
    assert limiter.in_progress == 0
    assert 1 < source.most <= 40


def test_what_cannot_succeed_ends_all_at_once() -> None:
    source = Source()
    source.try_value = lambda _: Failure(BadRequest("Unknown band."))  # type: ignore[method-assign]
    with pytest.raises(BadRequest, match="Unknown band"):
        list(asker(source, WholeQueue([Chunk([n], [1]) for n in range(50)])).ask())


def test_one_look_that_is_too_heavy_is_said() -> None:
    with pytest.raises(ComputationTooHeavy):
        list(asker(Source(heavy=0), ChunkQueue([Chunk(range(4), range(4))])).ask())


def test_a_cancel_ends_it_and_gives_every_slot_back() -> None:
    limiter, seen = Limiter(spacing=0), []
    asking = asker(
        Source(refused=0.5),
        ChunkQueue([Chunk(range(2000), range(70))]),
        limiter,
        is_cancelled=lambda: len(seen) > 5,
    )
    with pytest.raises(Cancelled):
        seen.extend(asking.ask())
    for _ in range(200):
        if not limiter.in_progress:
            break
        threading.Event().wait(0.01)
    assert limiter.in_progress == 0


def test_a_question_that_is_a_defect_is_raised() -> None:
    asking = Asker(Source(), ChunkQueue([Chunk([1], [1])]), lambda _: 1 / 0, read, Persistence())
    with pytest.raises(ZeroDivisionError):
        list(asking.ask())
