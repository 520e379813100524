"""Requests of a download: how many at once, in how much memory, what is cut, what ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    ComputationTooHeavy,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    SignInNeeded,
)
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download import fetch as fetching
from csplus.csplus_plugin.download.fetch import FetchOptions, TileFetcher
from csplus.csplus_plugin.download.plan import Tile, plan
from csplus.csplus_plugin.download.progress import Progress
from csplus.csplus_plugin.earthengine.cost import Cost
from csplus.csplus_plugin.earthengine.failures import Failure
from csplus.csplus_plugin.earthengine.limiter import INITIAL_LIMIT, Limiter
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.workers import Persistence

GRID = Grid("EPSG:32611", 10, 0, 0, 3500, 3000)
PLAN = plan(GRID, 2, 2)
HEAVY = Failure(ComputationTooHeavy("User memory limit exceeded."))


class Numbered:
    """Answers a tile with its own position, and counts who is inside."""

    def __init__(self, failure: Callable[[int, int], Failure | None] = lambda number, cells: None) -> None:
        self.inside = self.most = self.allocated = 0
        self.sizes: list[int] = []
        self.limiter, self.cost = Limiter(spacing=0), Cost()
        self.lock = threading.Lock()
        self.failure = failure

    def try_pixels(
        self,
        expression: object,
        grid: Mapping,
        bands: Sequence[str],
        allocate: Callable[[], None],
        dtype: str,
    ) -> np.ndarray | Failure:
        size = grid["dimensions"]
        cells = size["height"] * size["width"] * len(bands)
        with self.lock:
            self.sizes.append(cells)
            number = len(self.sizes)
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.002)
        with self.lock:
            self.inside -= 1
        if failure := self.failure(number, cells):
            return failure
        allocate()
        with self.lock:
            self.allocated += 1
        tile = np.zeros((size["height"], size["width"]), [(band, "u2") for band in bands])
        for band in bands:
            tile[band] = grid["affineTransform"]["translateX"] / 10
        return tile


def fetch(source: Numbered, limiter: Limiter | None = None, **options: object) -> TileFetcher:
    source.limiter = limiter or source.limiter
    chosen = FetchOptions(Persistence(Backoff(max_tries=5, first_delay=0.001), patience=1), **options)
    progress = Progress(PLAN.size)
    return TileFetcher(
        source, {}, GRID, ["B4", "B8"], "uint16", lambda tile, pixels: pixels.tobytes(), chosen, progress
    )


def test_every_tile_arrives_once_with_its_own_pixels() -> None:
    arrived = dict(fetch(Numbered()).fetch(PLAN.tiles))
    assert set(arrived) == set(PLAN.tiles)
    for tile, content in arrived.items():
        assert len(content) == 2 * tile.value_count
        assert (np.frombuffer(content, "u2") == tile.column).all()


@pytest.mark.parametrize("cores", [2, 16])
def test_memory_is_bounded_while_nobody_takes_the_next(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    """Half of it is kept for answers, however many cores could compress them."""
    monkeypatch.setattr(fetching, "_MAX_ENCODERS", cores)
    source = Numbered()
    slow = fetch(source, memory=4 * fetching._ENCODING_COPIES * PLAN.tiles[0].value_count * 2).fetch(
        PLAN.tiles
    )
    next(slow)
    time.sleep(0.3)
    assert (
        source.allocated == 2 * fetching._ENCODING_COPIES
    )  # the others are asked for, perhaps, but not received
    stored = [next(slow) for _ in range(3)]
    assert len({tile for tile, _ in stored}) == 3
    assert len(list(slow)) == len(PLAN.tiles) - 4


def test_a_tile_larger_than_the_memory_goes_alone() -> None:
    assert len(list(fetch(Numbered(), memory=1).fetch(PLAN.tiles))) == len(PLAN.tiles)


def test_the_ceiling_is_kept() -> None:
    source = Numbered()
    list(fetch(source, limiter=Limiter(max_limit=3, spacing=0)).fetch(PLAN.tiles))
    assert 1 < source.most <= 3


def test_what_is_too_heavy_is_cut_and_the_rest_comes_smaller() -> None:
    bound = 256 * 256 * 2
    source = Numbered(lambda number, cells: HEAVY if cells > bound else None)
    arrived = [tile for tile, _ in fetch(source).fetch(PLAN.tiles)]
    assert sum(tile.value_count for tile in arrived) == 3500 * 3000 * 2
    assert max(tile.value_count for tile in arrived) <= bound
    failed = [size for size in source.sizes if size > bound]
    assert (
        len(failed) <= INITIAL_LIMIT + 10
    )  # those in progress at the first failure, and a few trials of larger ones


def test_size_grows_again_when_the_service_recovers() -> None:
    source = Numbered(
        lambda number, cells: HEAVY if number <= INITIAL_LIMIT and cells > 256 * 256 * 2 else None
    )
    arrived = [tile for tile, _ in fetch(source).fetch(PLAN.tiles)]
    assert max(tile.value_count for tile in arrived[-8:]) > 256 * 256 * 2


def test_bands_are_cut_last() -> None:
    one_block = 256 * 256
    source = Numbered(lambda number, cells: HEAVY if cells > one_block else None)
    small = plan(Grid("EPSG:32611", 10, 0, 0, 600, 500), 2, 2)
    arrived = [tile for tile, _ in fetch(source).fetch(small.tiles)]
    assert sum(tile.value_count for tile in arrived) == 600 * 500 * 2
    for tile in arrived:
        assert len(tile.bands) == 2 or tile.width * tile.height <= one_block
    assert Tile(0, 0, 256, 256, range(1)) in arrived


def test_what_is_too_heavy_in_the_smallest_tile_ends_it() -> None:
    with pytest.raises(ComputationTooHeavy):
        list(fetch(Numbered(lambda number, cells: HEAVY)).fetch(PLAN.tiles))


@pytest.mark.parametrize("error", [SignInNeeded, PermissionDenied, BadRequest])
def test_what_no_tile_would_survive_stops_at_the_first(error: type[ServiceError]) -> None:
    source = Numbered(lambda number, cells: Failure(error("No.")))
    with pytest.raises(error):
        list(fetch(source).fetch(PLAN.tiles))
    assert len(source.sizes) <= INITIAL_LIMIT


def test_refusals_are_waited_out_but_not_for_ever() -> None:
    busy = Failure(QuotaExceeded("Slow down."), retryable=True)
    source = Numbered(lambda number, cells: busy if number % 3 else None)
    assert len(list(fetch(source).fetch(PLAN.tiles))) == len(PLAN.tiles)
    begin = time.monotonic()
    with pytest.raises(QuotaExceeded):
        list(fetch(Numbered(lambda number, cells: busy)).fetch(PLAN.tiles))
    assert 1 <= time.monotonic() - begin < 30


def test_a_cancel_is_obeyed_at_once() -> None:
    end = time.monotonic() + 0.2
    stuck = Numbered(lambda number, cells: Failure(QuotaExceeded("Later."), retryable=True, retry_after=30))
    one = TileFetcher(
        stuck,
        {},
        GRID,
        ["B4", "B8"],
        "uint16",
        lambda tile, pixels: b"",
        FetchOptions(),
        Progress(1),
        lambda: time.monotonic() > end,
    )
    with pytest.raises(Cancelled):
        list(one.fetch(PLAN.tiles))
    assert time.monotonic() - end < 3  # a second is promised; a busy machine adds some


def test_a_failure_while_storing_reaches_the_caller() -> None:
    class Full(Exception):
        pass

    def encode(tile: Tile, pixels: np.ndarray) -> bytes:
        raise Full

    one = TileFetcher(Numbered(), {}, GRID, ["B4", "B8"], "uint16", encode, FetchOptions(), Progress(1))
    with pytest.raises(Full):
        list(one.fetch(PLAN.tiles))


def test_a_long_download_begins_and_ends_with_small_tiles() -> None:
    source = Numbered()
    long = plan(Grid("EPSG:32611", 10, 0, 0, 10980, 10980), 1, 2)
    arrived = [tile for tile, _ in fetch(source).fetch(long.tiles)]
    assert sum(tile.value_count for tile in arrived) == 10980 * 10980
    assert max(source.sizes[:16]) == 256 * 256
    assert max(source.sizes[16:32]) == max(source.sizes[-9:]) == 512 * 512
    assert max(source.sizes) == 1024 * 1024
    assert len(source.sizes) <= 160
