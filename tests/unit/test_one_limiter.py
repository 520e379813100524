"""Runs side by side ask the service as one: how many, who is first, what slows all, what a cancel frees."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from csplus.csplus_plugin.core.errors import Cancelled, QuotaExceeded
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download.fetch import FetchOptions, TileFetcher
from csplus.csplus_plugin.download.plan import Plan, Tile
from csplus.csplus_plugin.download.progress import Progress
from csplus.csplus_plugin.earthengine.asking import Asker
from csplus.csplus_plugin.earthengine.chunks import WholeQueue
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.limiter import INITIAL_LIMIT, Limiter, Slot, limiter_for
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.earthengine.workers import Persistence
from csplus.csplus_plugin.sandbox.service_model import DAILY_QUOTA

from ..support.fake_service import FakeService, refusal
from ..support.shared_service import SharedService
from ..support.turnstile import until

TILES = tuple(Tile(64 * n, 64 * m, 64, 64, range(1)) for m in range(10) for n in range(12))
PLAN = Plan(Grid("EPSG:32611", 10, 0, 0, 768, 640), 1, 2, 64, TILES)
PERSISTENCE = Persistence(Backoff(max_tries=10, first_delay=0.02, max_delay=0.1), patience=20)
RESTRICTED = {"x-earth-engine-quota-status": "parallelism_restricted=true"}


def number(of: int) -> dict:
    return {"result": "0", "values": {"0": {"constantValue": of}}}


def client(service: FakeService, is_cancelled: Callable[[], bool] = lambda: False) -> Client:
    session = session_for(Connection(endpoint=service.url, project="p"))
    session.has_responded = True
    return Client(session, is_cancelled, backoff=PERSISTENCE.backoff)


def download(
    service: FakeService,
    is_cancelled: Callable[[], bool] = lambda: False,
    tiles: Sequence[Tile] = TILES,
) -> int:
    """Fetch every tile, and count the bytes."""
    fetcher = TileFetcher(
        client(service, is_cancelled),
        number(1),
        PLAN.grid,
        ["B4"],
        "uint16",
        lambda tile, pixels: bytearray(pixels.tobytes()),
        FetchOptions(PERSISTENCE),
        Progress(PLAN.size),
        is_cancelled,
    )
    return sum(len(content) for _, content in fetcher.fetch(tiles))


def table(service: SharedService, count: int = 300) -> list[int]:
    asker = Asker(client(service), WholeQueue(range(count)), number, lambda _, found: found, PERSISTENCE)
    return sorted(found for _, found in asker.ask())


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_sessions()


@contextmanager
def together(*runs: Callable[[], object]) -> Iterator[list[object]]:
    """Start runs in threads of their own; at the end of the block all have come to theirs."""
    results: list[object] = [None] * len(runs)

    def call(place: int, run: Callable[[], object]) -> None:
        try:
            results[place] = run()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=call, args=one, daemon=True) for one in enumerate(runs)]
    for thread in threads:
        thread.start()
    yield results
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_two_downloads_and_a_table_never_exceed_forty_together() -> None:
    with SharedService(seconds=0.6) as service:
        with together(
            lambda: download(service), lambda: download(service), lambda: table(service)
        ) as results:
            pass
        assert 30 < service.most <= 40
    assert results == [PLAN.size, PLAN.size, list(range(300))]


def test_a_survey_is_answered_while_tiles_hold_every_other_slot() -> None:
    with SharedService() as service:
        table(service, 60)  # until the limit is at its highest
        service.free.clear()
        with together(lambda: download(service)) as results:
            until(lambda: service.inside == 39)
            time.sleep(0.3)
            assert service.inside == 39  # one slot is left for what is small
            surveys = client(service)
            assert [surveys.value(number(n)) for n in range(5)] == list(range(5))
            assert service.inside == 39
            assert service.tiles == 0
            service.free.set()
    assert results == [PLAN.size]


def test_a_small_request_goes_before_those_that_wait_longer() -> None:
    limited, order = Limiter(4, 4, spacing=0), []
    held = [limited.acquire(user="download") for _ in range(4)]

    def wait(name: str, user: str | None) -> None:
        slot = limited.acquire(user=user)
        order.append(name)
        limited.release(slot)

    with together(lambda: wait("tile", "download"), lambda: wait("chunk", "table")):
        until(lambda: sum(map(len, limited._waiting.values())) == 2)
        with together(lambda: wait("survey", None)):
            until(lambda: None in limited._waiting)
            limited.release(held.pop())
    assert order == ["survey", "chunk", "tile"]  # the table has fewer slots than the download
    assert limited.in_progress == 3


def test_slots_are_shared_alike_by_runs_that_ask_for_many() -> None:
    limited, held = Limiter(40, 40, spacing=0), Counter[str]()
    lock, over = threading.Lock(), threading.Event()

    def work(user: str) -> None:
        while not over.is_set():
            slot = limited.acquire(over.is_set, user)
            with lock:
                held[user] += 1
            over.wait(0.01)
            with lock:
                held[user] -= 1
            limited.release(slot)

    # The one has ten times as many threads that wait.
    users = ["large"] * 60 + ["small"] * 30
    with together(*(lambda user=user: work(user) for user in users)):
        shares = []
        for _ in range(40):
            time.sleep(0.02)
            with lock:
                shares.append(held["small"])
        over.set()
    assert sum(shares[10:]) / 30 > 14  # of 39; in proportion to the threads it would be 13


def test_refusals_of_one_run_slow_the_next() -> None:
    with SharedService(seconds=0.2, at_once=3) as service:
        assert table(service, 60) == list(range(60))
        assert limiter_for(service.url, "p").limit <= 12
        service.most = 0
        assert download(service, tiles=TILES[:30]) == 30 * 2 * 64 * 64
        informed, service.most = service.most, 0
        close_sessions()  # what an unloaded plugin has learnt is gone
        table(service, 30)
    assert informed <= 12
    assert service.most >= 15


def test_restricted_mode_that_one_run_hears_of_holds_for_all() -> None:
    said: list[str] = []
    with SharedService(seconds=0.05) as service:
        service.headers = RESTRICTED
        asking = client(service)
        asking._notify = said.append
        assert asking.value(number(7)) == 7
        service.most = 0
        with together(lambda: download(service), lambda: table(service, 30)) as results:
            pass
        assert service.most == 2
    assert results == [PLAN.size, list(range(30))]
    assert len([line for line in said if "no more than 2 at a time" in line]) == 1


def test_a_used_up_daily_quota_ends_the_run_and_slows_nobody() -> None:
    with FakeService(refusal(429, DAILY_QUOTA)) as service:
        with pytest.raises(QuotaExceeded, match="used up the daily quota") as told:
            download(service)
        assert "tomorrow" in told.value.next_step
        assert len(service.seen) <= INITIAL_LIMIT
        limited = limiter_for(service.url, "p")
        until(lambda: limited.in_progress == 0)
        assert limited.limit == INITIAL_LIMIT


def test_a_cancel_gives_every_slot_back_at_once() -> None:
    stop = threading.Event()
    with SharedService() as service:
        table(service, 60)
        limited = limiter_for(service.url, "p")
        service.free.clear()
        with together(lambda: download(service, stop.is_set)) as results:
            until(lambda: limited.in_progress == 39)
            begin = time.monotonic()
            stop.set()
            until(lambda: limited.in_progress == 0)
            assert time.monotonic() - begin < 2  # a second is promised; a busy machine adds some
            assert service.tiles == 0  # the service still holds them all
            assert table(service, 30) == list(range(30))
        service.free.set()
    assert isinstance(results[0], Cancelled)


def test_equal_services_share_a_limiter_and_others_do_not() -> None:
    one = session_for(Connection(endpoint="http://127.0.0.1:9", project="a")).limiter
    assert session_for(Connection(endpoint="http://127.0.0.1:9/", project="a")).limiter is one
    assert session_for(Connection(endpoint="http://127.0.0.1:9", project="b")).limiter is not one
    assert session_for(Connection(endpoint="http://127.0.0.1:10", project="a")).limiter is not one
    close_sessions()
    assert session_for(Connection(endpoint="http://127.0.0.1:9", project="a")).limiter is not one


@pytest.mark.parametrize("seed", range(25))
def test_whatever_happens_no_slot_is_lost_and_none_is_given_twice(seed: int) -> None:
    """Threads of several runs acquire, succeed, are refused, fail and are cancelled, in an order drawn by chance."""
    chance = random.Random(seed)
    limited = Limiter(chance.randint(1, 40), chance.randint(1, 40), spacing=chance.choice([0, 0.0005]))
    inside, worst, lock = 0, 0, threading.Lock()
    cancels = [threading.Event() for _ in range(4)]

    def work(user: int, dice: random.Random) -> int:
        nonlocal inside, worst
        done = 0
        for _ in range(12):
            try:
                slot = limited.acquire(cancels[user].is_set, None if dice.random() < 0.1 else user)
            except Cancelled:
                return done
            with lock:
                inside += 1
                worst = max(worst, inside - limited._max_limit)
            time.sleep(dice.choice([0, 0.001, 0.003]))
            with lock:
                inside -= 1
            settle(slot, dice)
            done += 1
        return done

    def settle(slot: Slot, dice: random.Random) -> None:
        draw = dice.random()
        if draw < 0.3:
            limited.release_after_refusal(slot, 0.002 if draw < 0.01 else None)
        elif draw < 0.4:
            limited.release(slot)
        else:
            limited.release_after_success(slot)
        if draw > 0.99:
            cancels[dice.randrange(3)].set()  # the fourth run is never cancelled

    users = [
        (user, random.Random(chance.random())) for user in range(4) for _ in range(chance.randint(1, 12))
    ]
    with together(*(lambda one=one: work(*one) for one in users)) as results:
        pass
    assert worst <= 0
    assert results[-1] == 12
    assert (limited.in_progress, limited._waiting, limited._held) == (0, {}, {})
    assert 1 <= limited.limit <= limited._max_limit
