"""A sandbox's waits in a test's hands, so that tests of what takes long neither sleep nor depend on the machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from csplus.csplus_plugin.sandbox.service_model import Gate

LONG = 60.0
"""Seconds after which a test gives up what should have come at once, however busy the machine is."""


class Turnstile:
    """Stands in for `Gate.wait`: whoever is to wait does so until it is let through, or the sandbox is stopped.

    Attributes:
        asked: The seconds that each was to wait, none of which pass here.
    """

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._free = threading.Semaphore(0)
        self._is_open = threading.Event()

    def wait(self, gate: Gate, seconds: float) -> None:
        if seconds <= 0:
            return
        self.asked.append(seconds)
        while not (gate.closed.is_set() or self._is_open.is_set()):
            if self._free.acquire(timeout=0.02):
                return

    def let_one_through(self) -> None:
        self._free.release()

    def open(self) -> None:
        """Nobody waits any more."""
        self._is_open.set()


def until(holds: Callable[[], object]) -> None:
    """Return once something holds.

    Raises:
        TimeoutError: It does not come to hold.
    """
    end = time.monotonic() + LONG
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("What was waited for has not happened.")
        time.sleep(0.01)
