"""How many requests may be under way: growth, halving, chance, pauses, spacing, restricted mode."""

from __future__ import annotations

import random
import threading
import time

import pytest
from csplus.csplus_plugin.core.errors import Cancelled
from csplus.csplus_plugin.earthengine.limiter import Limiter, Place


def limiter(**options: float) -> Limiter:
    return Limiter(**{"spacing": 0.0, **options})


def fill(limited: Limiter) -> list[Place]:
    return [limited.enter() for _ in range(limited.limit - limited.under_way)]


def serve(limited: Limiter) -> None:
    for place in fill(limited):
        limited.served(place)


def refuse(limited: Limiter) -> None:
    for place in fill(limited):
        limited.refused(place)


def test_it_doubles_each_round_trip_until_the_ceiling() -> None:
    limited, seen = limiter(), []
    for _ in range(4):
        seen.append(limited.limit)
        serve(limited)
    assert seen == [16, 32, 40, 40]
    assert limited.limit == 40


def test_it_halves_once_a_round_trip_and_then_grows_by_one() -> None:
    limited = limiter(start=16)
    refuse(limited)  # sixteen refusals, one cause
    assert limited.limit == 8
    for expected in (9, 10, 11):
        serve(limited)
        assert limited.limit == expected
    refuse(limited)
    refuse(limited)
    refuse(limited)
    assert limited.limit == 5


def test_it_never_falls_below_one() -> None:
    limited = limiter()
    for _ in range(60):
        refuse(limited)
    assert limited.limit == 1
    for _ in range(6):
        serve(limited)
    assert limited.limit == 2


def test_it_settles_under_a_service_s_own_limit() -> None:
    """A service that takes 20 at once: the share of refused requests stays small, and most places are used."""
    limited = limiter()
    refused = served = used = 0
    under_way: list[Place] = []
    for _ in range(400):
        for place in fill(limited):
            if len(under_way) < 20:
                under_way.append(place)
            else:
                limited.refused(place)
                refused += 1
        used += len(under_way)
        for place in under_way[:5]:
            limited.served(place)
            served += 1
        del under_way[:5]
    assert refused < 0.1 * served
    assert used > 0.5 * 20 * 400
    assert limited.limit <= 21


def test_refusals_by_chance_do_not_throttle() -> None:
    chance = random.Random(4)
    limited, under_way, limits = limiter(), [], []
    for _ in range(600):
        under_way += fill(limited)
        place = under_way.pop(0)
        (limited.refused if chance.random() < 0.3 else limited.served)(place)
        limits.append(limited.limit)
    assert sum(limits[100:]) / len(limits[100:]) > 8


def test_no_more_than_the_limit_are_under_way() -> None:
    limited, most = limiter(ceiling=5), 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal most
        for _ in range(20):
            place = limited.enter()
            with lock:
                most = max(most, limited.under_way)
            time.sleep(0.001)
            limited.served(place)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 5
    assert limited.under_way == 0


def test_a_pause_that_the_service_asks_for_holds_for_everybody() -> None:
    limited = limiter()
    begin = time.monotonic()
    limited.refused(limited.enter(), pause=0.4)
    assert limited.limit == 8
    limited.enter()
    assert time.monotonic() - begin >= 0.4


def test_requests_are_spaced() -> None:
    limited = limiter(spacing=0.02)
    begin = time.monotonic()
    for _ in range(8):
        limited.enter()
    assert time.monotonic() - begin >= 7 * 0.02


def test_restricted_mode_is_for_good() -> None:
    limited = limiter()
    limited.restrict()
    assert limited.limit == 2
    for _ in range(10):
        serve(limited)
    assert limited.limit == 2


def test_waiting_for_a_place_ends_with_a_cancel() -> None:
    limited = limiter(start=1)
    limited.enter()
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        limited.enter(lambda: next(answers))
