"""What one request has drawn from the archive so far, and when it has to give up.

Whatever computes says so here: a scene's band drawn on a grid costs that many pixels, however large the
file behind it. The unit of cost is thus the megapixel of one band of one scene. The meter belongs to the
thread's context; a function that spreads its work over threads runs them in copies of its own.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from .errors import Refused

MEGAPIXEL = 1e6
MOST_BYTES = 512 << 20  # that one request may ask for, all in all, for what its functions make
MEMORY_EXCEEDED = "User memory limit exceeded."
TIMED_OUT = "Computation timed out."
SHUTTING_DOWN = "The sandbox is being stopped."
ABANDONED = "The client has closed the connection."

LOOK_INTERVAL = 0.1  # seconds between two looks at whether the client is still there


@dataclass
class Meter:
    """The account of one request.

    Attributes:
        memory_limit: Cost that stands for too much memory.
        time_limit: Cost that stands for too much time.
        deadline: Moment of `time.monotonic` at which the request is given up in any case.
        stopping: Set when the sandbox is being stopped.
        is_abandoned: Tells whether the client has gone, so that nobody waits for the answer; looked at now and then.
        cost: Cost so far.
        reserved: Bytes of what functions have made so far, whether or not it is still there.
    """

    memory_limit: float = math.inf
    time_limit: float = math.inf
    deadline: float = math.inf
    stopping: threading.Event | None = None
    is_abandoned: Callable[[], bool] | None = None
    cost: float = 0.0
    reserved: float = 0.0
    _next_look: float = field(default=0.0, init=False, repr=False)

    def add(self, pixels: int) -> None:
        """Charge pixels of one band of one scene.

        Raises:
            Refused: The request has become too expensive.
        """
        self.cost += pixels / MEGAPIXEL
        if self.cost > self.memory_limit:
            raise Refused(MEMORY_EXCEEDED)
        if self.cost > self.time_limit:
            raise Refused(TIMED_OUT)

    def reserve(self, size: float) -> None:
        """Charge memory, before it is taken.

        Raises:
            Refused: The request has asked for too much.
        """
        self.reserved += size
        if self.reserved > MOST_BYTES:
            raise Refused(MEMORY_EXCEEDED)

    def check(self) -> None:
        """Look at the clock, and whether anybody still waits.

        Raises:
            Refused: The time is up, the client has gone, or the sandbox is being stopped.
        """
        if self.stopping is not None and self.stopping.is_set():
            raise Refused(SHUTTING_DOWN, 503)
        now = time.monotonic()
        if now > self.deadline:
            raise Refused(TIMED_OUT)
        if self.is_abandoned is not None and now >= self._next_look:
            self._next_look = now + LOOK_INTERVAL
            if self.is_abandoned():
                self._next_look = 0.0
                raise Refused(ABANDONED, 503)


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    """Account for everything within to a meter."""
    before = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(before)


def charge(pixels: int) -> None:
    """Charge pixels of one band of one scene to the request that is under way.

    Raises:
        Refused: The request has become too expensive, or its time is up.
    """
    meter = _current.get()
    if meter is not None:
        meter.add(pixels)
        meter.check()


def reserve(size: float) -> None:
    """Charge bytes to the request that is under way, before they are taken.

    Raises:
        Refused: They are too many, or its time is up.
    """
    meter = _current.get()
    if meter is None:
        Meter().reserve(size)
    else:
        meter.reserve(size)
        meter.check()


def check() -> None:
    """Give up if the time of the request is up; cheap enough to be called anywhere.

    Raises:
        Refused: It is.
    """
    meter = _current.get()
    if meter is not None:
        meter.check()
