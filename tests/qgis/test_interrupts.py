"""Signals that come before a run, while it runs, and after it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from csplus.csplus_plugin.core.errors import Cancelled
from csplus.csplus_plugin.earthengine.session import Connection
from csplus.csplus_plugin.processing import interrupts
from csplus.csplus_plugin.processing.run import Run

from .conftest import Recorder

OURS, THEIRS = ["qgis_process", "run", "csplus:clearcomposite"], ["qgis_process", "run", "native:buffer"]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    interrupts._early.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_run_cancels_it_before_anything_is_asked(number: int) -> None:
    interrupts.watch(OURS)
    signal.raise_signal(number)
    feedback = Recorder()
    with pytest.raises(Cancelled), Run(Connection("sandbox"), feedback):
        pass
    assert feedback.said == []


def test_a_signal_during_the_run_cancels_it() -> None:
    with Run(Connection("sandbox"), Recorder()) as run:
        assert not run.is_cancelled()
        signal.raise_signal(signal.SIGINT)
        assert run.is_cancelled()


def test_the_algorithms_of_others_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGINT)
    interrupts.watch(THEIRS)
    assert signal.getsignal(signal.SIGINT) is before
    with Run(Connection("sandbox"), Recorder()):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
