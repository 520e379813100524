from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import ComputationTooHeavy
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download.fetch import WORKERS, fetch
from csplus.csplus_plugin.download.plan import plan

PLAN = plan(Grid("EPSG:32611", 10, 0, 0, 5000, 4000), 1, 2)


class Numbered:
    """Answers a tile with its own position, and counts who is inside."""

    def __init__(self) -> None:
        self.inside = self.most = self.calls = 0
        self.lock = threading.Lock()

    def pixels(self, expression: object, grid: dict, bands: list[str]) -> np.ndarray:
        with self.lock:
            self.calls += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.002)
        with self.lock:
            self.inside -= 1
        size = grid["dimensions"]
        tile = np.zeros((size["height"], size["width"]), [(bands[0], "u2")])
        tile[bands[0]] = grid["affineTransform"]["translateX"] / 10
        return tile


def test_every_tile_arrives_once_with_its_own_pixels() -> None:
    source = Numbered()
    arrived = dict(fetch(source, {}, PLAN, ["B4"], threading.Event()))
    assert set(arrived) == set(PLAN.tiles())
    for tile, pixels in arrived.items():
        assert pixels.shape == (tile.height, tile.width)
        assert (pixels["B4"] == tile.column).all()


def test_requests_under_way_are_bounded() -> None:
    source = Numbered()
    slow = fetch(source, {}, PLAN, ["B4"], threading.Event())
    next(slow)
    time.sleep(0.1)
    assert source.calls <= WORKERS + 1  # nothing more is asked for while nobody takes the next
    list(slow)
    assert 1 < source.most <= WORKERS


def test_the_first_failure_stops_the_rest() -> None:
    stop = threading.Event()

    class Failing(Numbered):
        def pixels(self, *arguments: object) -> np.ndarray:
            if self.calls >= 3:
                raise ComputationTooHeavy("User memory limit exceeded.")
            return super().pixels(*arguments)

    source = Failing()
    with pytest.raises(ComputationTooHeavy):
        list(fetch(source, {}, PLAN, ["B4"], stop))
    assert stop.is_set()
    assert source.calls < PLAN.tile_count


def test_a_taker_who_leaves_stops_the_rest() -> None:
    stop = threading.Event()
    tiles = fetch(Numbered(), {}, PLAN, ["B4"], stop)
    next(tiles)
    tiles.close()
    assert stop.is_set()
