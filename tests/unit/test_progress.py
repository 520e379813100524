"""What the one who waits is told: bytes, rate, time left, and what happened on the way."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin.download.progress import Progress

MB = 1_000_000


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def told(clock: Clock, size: int) -> tuple[Progress, list[tuple[float, str]], list[str]]:
    shown, said = [], []
    return Progress(size, lambda *what: shown.append(what), said.append, clock=clock), shown, said


def test_bytes_rate_and_time_left(clock: Clock) -> None:
    progress, shown, _ = told(clock, 1000 * MB)
    for _ in range(10):
        clock.now += 2
        progress.arrived(20 * MB)
        progress.report(in_progress=7)
    percent, line = shown[-1]
    assert percent == pytest.approx(0.95 * 20)
    assert line == "200 of 1000 MB, 10.0 MB/s, 80 s left, 7 requests in progress"


def test_the_rate_is_that_of_late(clock: Clock) -> None:
    progress, _, _ = told(clock, 10_000 * MB)
    for seconds, megabytes in [(2, 200)] * 20 + [(2, 2)] * 20:
        clock.now += seconds
        progress.arrived(megabytes * MB)
        progress.report(1)
    assert progress.measure_rate() == pytest.approx(1 * MB)


def test_it_is_not_said_too_often_nor_twice(clock: Clock) -> None:
    progress, shown, _ = told(clock, MB)
    for _ in range(50):
        clock.now += 0.1
        progress.arrived(1000)
        progress.report(1)
    assert len(shown) == 2
    del shown[:]
    for _ in range(10):
        clock.now += 40
        progress.report(1)
    assert len(shown) <= 2


def test_retries_and_splits_are_said(clock: Clock) -> None:
    progress, shown, said = told(clock, MB)
    clock.now += 3
    progress.report(2, retries=2, splits=1)
    assert shown[-1][1].endswith("2 requests in progress, 2 retries, 1 tile split")
    progress.finished()
    assert "2 retries, 1 tile split" in said[-1]


def test_what_came_before_is_no_speed(clock: Clock) -> None:
    progress, shown, said = told(clock, 100 * MB)
    progress.resumed(50 * MB)
    assert "50.0 MB" in said[0]
    clock.now += 5
    progress.arrived(5 * MB)
    progress.report(1)
    assert shown[-1] == (pytest.approx(0.95 * 55), "55 of 100 MB, 1.0 MB/s, 45 s left, 1 request in progress")
    progress.finished()
    assert said[-1].startswith("Downloaded 5.0 MB in 5.0 s")
