"""What a run cost: time that several requests wait at once counts once."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin.core.errors import Cancelled
from csplus.csplus_plugin.earthengine.cost import Cost


def test_waiting_of_several_at_once_counts_once() -> None:
    now = [0.0]
    cost = Cost(clock=lambda: now[0])
    first, second = cost.waiting(), cost.waiting()
    first.__enter__()
    now[0] = 2.0
    second.__enter__()
    now[0] = 5.0
    first.__exit__(None, None, None)
    now[0] = 6.0
    second.__exit__(None, None, None)
    now[0] = 20.0
    with cost.waiting():
        now[0] = 21.5
    assert cost.waited == 7.5


def test_a_cancel_ends_the_waiting() -> None:
    now = [0.0]
    cost = Cost(clock=lambda: now[0])

    def wait() -> None:
        with cost.waiting():
            now[0] = 3.0
            raise Cancelled

    with pytest.raises(Cancelled):
        wait()
    now[0] = 9.0
    assert cost.waited == 3.0
