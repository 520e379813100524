"""Waiting that a cancel ends."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import TypeVar, cast

from ..core.errors import Cancelled

POLL = 0.1
"""Seconds between two looks at whether the user cancelled."""

T = TypeVar("T")


def pause(seconds: float, is_cancelled: Callable[[], bool]) -> None:
    """Sleep, but no longer than until the user cancels.

    Raises:
        Cancelled: The user stopped the run.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if is_cancelled():
            raise Cancelled
        time.sleep(min(left, POLL))


def in_background(call: Callable[[], T], is_cancelled: Callable[[], bool]) -> T:
    """Run a blocking call in a thread of its own, which is abandoned when the user cancels.

    Raises:
        Cancelled: The user stopped the run.
    """
    outcome: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue()

    def work() -> None:
        try:
            outcome.put((call(), None))
        except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
            outcome.put((None, error))

    threading.Thread(target=work, name="csplus call", daemon=True).start()
    while True:
        if is_cancelled():
            raise Cancelled
        try:
            result, error = outcome.get(timeout=POLL)
        except queue.Empty:
            continue
        if error is not None:
            raise error
        return cast("T", result)
