"""How many requests may be in progress: growth, halving, chance, pauses, spacing, restricted mode."""

from __future__ import annotations

import random
import threading
import time

import pytest
from csplus.csplus_plugin.core.errors import Cancelled
from csplus.csplus_plugin.earthengine.limiter import Limiter, Slot


def limiter(**options: float) -> Limiter:
    return Limiter(**{"spacing": 0.0, **options})


def fill(limited: Limiter) -> list[Slot]:
    return [limited.acquire() for _ in range(limited.limit - limited.in_progress)]


def serve(limited: Limiter) -> None:
    for slot in fill(limited):
        limited.release_after_success(slot)


def refuse(limited: Limiter) -> None:
    for slot in fill(limited):
        limited.release_after_refusal(slot)


def test_it_doubles_each_round_trip_until_the_ceiling() -> None:
    limited, seen = limiter(), []
    for _ in range(4):
        seen.append(limited.limit)
        serve(limited)
    assert seen == [16, 32, 40, 40]
    assert limited.limit == 40


def test_it_halves_once_a_round_trip_and_then_grows_by_one() -> None:
    limited = limiter(initial_limit=16)
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
    """A service that takes 20 at once: the share of refused requests stays small, and most slots are used."""
    limited = limiter()
    refused = served = used = 0
    in_progress: list[Slot] = []
    for _ in range(400):
        for slot in fill(limited):
            if len(in_progress) < 20:
                in_progress.append(slot)
            else:
                limited.release_after_refusal(slot)
                refused += 1
        used += len(in_progress)
        for slot in in_progress[:5]:
            limited.release_after_success(slot)
            served += 1
        del in_progress[:5]
    assert refused < 0.1 * served
    assert used > 0.5 * 20 * 400
    assert limited.limit <= 21


def test_refusals_by_chance_do_not_throttle() -> None:
    chance = random.Random(4)
    limited, in_progress, limits = limiter(), [], []
    for _ in range(600):
        in_progress += fill(limited)
        slot = in_progress.pop(0)
        (limited.release_after_refusal if chance.random() < 0.3 else limited.release_after_success)(slot)
        limits.append(limited.limit)
    assert sum(limits[100:]) / len(limits[100:]) > 8


def test_no_more_than_the_limit_are_in_progress() -> None:
    limited, most = limiter(max_limit=5), 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal most
        for _ in range(20):
            slot = limited.acquire()
            with lock:
                most = max(most, limited.in_progress)
            time.sleep(0.001)
            limited.release_after_success(slot)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 5
    assert limited.in_progress == 0


def test_a_pause_that_the_service_asks_for_holds_for_everybody() -> None:
    limited = limiter()
    begin = time.monotonic()
    limited.release_after_refusal(limited.acquire(), retry_after=0.4)
    assert limited.limit == 8
    limited.acquire()
    assert time.monotonic() - begin >= 0.4


def test_a_pause_of_an_hour_is_left_to_the_run_that_was_refused() -> None:
    limited = limiter()
    begin = time.monotonic()
    limited.release_after_refusal(limited.acquire(), retry_after=3600)
    limited.acquire()
    assert time.monotonic() - begin < 60


def test_requests_are_spaced() -> None:
    limited = limiter(spacing=0.02)
    begin = time.monotonic()
    for _ in range(8):
        limited.acquire()
    assert time.monotonic() - begin >= 7 * 0.02


def test_restricted_mode_is_obeyed_until_it_is_no_longer_announced() -> None:
    now = [1000.0]
    limited = limiter(clock=lambda: now[0])
    limited.restrict()
    assert limited.limit == 2
    for _ in range(20):
        serve(limited)
    assert limited.limit == 2
    now[0] += 599
    limited.restrict()
    now[0] += 599
    for _ in range(20):
        serve(limited)
    assert limited.limit == 2
    now[0] += 2
    seen = []
    for _ in range(4):
        serve(limited)
        seen.append(limited.limit)
    assert 2 < seen[-1] <= 6  # one more a round trip, and no leap


def test_what_was_learnt_is_forgotten_after_a_pause() -> None:
    now = [0.0]
    limited = limiter(clock=lambda: now[0])
    for _ in range(20):
        refuse(limited)
    assert limited.limit == 1
    now[0] += 9
    limited.release(limited.acquire())
    assert limited.limit == 1
    now[0] += 11
    slot = limited.acquire()
    assert limited.limit == 16
    limited.release_after_success(slot)
    assert limited.limit == 17  # and it grows as at first


def test_waiting_for_a_slot_ends_with_a_cancel() -> None:
    limited = limiter(initial_limit=1)
    limited.acquire()
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        limited.acquire(lambda: next(answers))
