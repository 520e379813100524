"""Threads that want the same at the same time: one makes it, the others wait."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive.block_cache import BlockCache
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.meter import Meter, metered
from csplus.csplus_plugin.sandbox.resources.maps import Maps
from csplus.csplus_plugin.sandbox.sharing import Sharing

THREADS = 6


class Making:
    """Something that takes until all threads have asked for it."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.times = 0
        self.asked = threading.Semaphore(0)

    def make(self) -> Any:
        self.times += 1
        for _ in range(THREADS - 1):
            assert self.asked.acquire(timeout=20)
        time.sleep(0.05)
        return self.value


def at_once(ask: Any) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda _: ask(), range(THREADS)))


def test_a_block_is_read_once_for_all_threads_that_want_it() -> None:
    block = (np.arange(9), None)
    making, cache, found = Making(block), BlockCache(1 << 20), []

    def ask() -> Any:
        making.asked.release()
        return cache.get("key", making.make)

    found = at_once(ask)
    assert making.times == 1
    assert all(one is block for one in found)


def test_a_tile_is_drawn_once_for_all_that_ask_for_it() -> None:
    making, maps = Making((b"tile", "image/png")), Maps()
    view: Any = SimpleNamespace(render=lambda _: making.make())
    identity = maps.add("sandbox", {}, view).rpartition("/")[2]

    def ask() -> Any:
        making.asked.release()
        return maps.tile("sandbox", identity, 3, 1, 2)

    assert at_once(ask) == [(b"tile", "image/png")] * THREADS
    assert making.times == 1


def test_where_one_fails_the_next_one_tries() -> None:
    sharing, tried, kept = Sharing(), [], []

    def make() -> str:
        tried.append(1)
        if len(tried) < 3:
            raise Refused("no")
        kept.append("made")
        return "made"

    def ask() -> str:
        try:
            return sharing.get("key", lambda: kept[0] if kept else None, make)
        except Refused as refusal:
            return refusal.message

    assert sorted(at_once(ask)) == ["made"] * (THREADS - 2) + ["no"] * 2


def test_who_waits_gives_up_in_time() -> None:
    sharing, begun, end = Sharing(), threading.Event(), threading.Event()

    def make() -> str:
        begun.set()
        assert end.wait(20)
        return "made"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sharing.get, "key", lambda: None, make)
        assert begun.wait(20)
        with metered(Meter(deadline=time.monotonic())), pytest.raises(Refused, match="timed out"):
            sharing.get("key", lambda: None, make)
        end.set()
        assert first.result() == "made"


def test_blocks_are_forgotten_when_they_are_too_many() -> None:
    cache, read = BlockCache(1000), []

    def block(name: str) -> Any:
        def make() -> Any:
            read.append(name)
            return np.zeros(400, np.uint8), None

        return cache.get(name, make)

    for name in ("a", "b", "a", "c", "a", "b"):
        block(name)
    assert read == ["a", "b", "c", "b"]
