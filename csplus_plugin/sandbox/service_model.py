"""How a service behaves that is far away, busy and shared: late, limited, sometimes broken.

All of it is off by default. What the real service charges for is not published, so every constant is an
option and an assumption: cost is counted in megapixels of one band of one scene (see `meter`), time is
proportional to it, and both limits are limits of cost. The texts are the service's own; its documented
limits (https://developers.google.com/earth-engine/guides/usage) are 40 requests at a time, 100 a second
and 5 minutes for one.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

from .errors import Refused
from .meter import LOOK_INTERVAL, MEMORY_EXCEEDED, Meter, check, metered

TOO_MANY = "Quota exceeded: Too many concurrent aggregations."
TOO_FAST = (
    "Quota exceeded for quota metric 'Number of read requests' and limit 'Number of read requests per minute "
    "per user' of service 'earthengine.googleapis.com' for consumer 'project_number:0'."
)
UNAVAILABLE = "The service is currently unavailable."
TOO_LARGE = "Total request size (57353670 bytes) must be less than or equal to 50331648 bytes."
RATE = "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded."
DAILY_QUOTA = (
    "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time', which is adjustable "
    "by your administrator in the Google Cloud console: https://console.cloud.google.com/quotas/?project=_."
)
"""Guide: cost controls. Its status is not documented; 429 is that of other quotas."""
PATIENCE = 45.0  # seconds after which any interactive request is given up; the service waits for 300


class Fault(Enum):
    """What may happen to a request that nobody did anything wrong about.

    The first four pass by themselves. The others are answered with the service's own texts whatever the request is,
    so that a client shows what it makes of them: memory and size (400), rate and a used up daily quota (429).
    """

    UNAVAILABLE = "503"
    TOO_MANY = "429"
    RESET = "reset"
    TRUNCATION = "truncation"
    MEMORY = "memory"
    SIZE = "size"
    RATE = "rate"
    DAILY_QUOTA = "daily-quota"


PASSING = (Fault.UNAVAILABLE, Fault.TOO_MANY, Fault.RESET, Fault.TRUNCATION)
"""Faults after which the same request may succeed."""

_ANSWERS: dict[Fault, tuple[str, HTTPStatus]] = {
    Fault.UNAVAILABLE: (UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE),
    Fault.TOO_MANY: (TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS),
    Fault.MEMORY: (MEMORY_EXCEEDED, HTTPStatus.BAD_REQUEST),
    Fault.SIZE: (TOO_LARGE, HTTPStatus.BAD_REQUEST),
    Fault.RATE: (RATE, HTTPStatus.TOO_MANY_REQUESTS),
    Fault.DAILY_QUOTA: (DAILY_QUOTA, HTTPStatus.TOO_MANY_REQUESTS),
}
"""What is answered in place of a result; of other faults the result is lost on its way."""


@dataclass(frozen=True)
class ServiceModel:
    """The options; a new one is a service that is as fast as it can and refuses nothing.

    Only requests that compute are limited, charged and broken. Their order decides which ones break: the
    same seed breaks the same ones of a client that sends one after the other.

    Attributes:
        latency: Seconds by which every answer is late.
        work: Seconds that a unit of cost takes; an answer is held back until they have passed.
        max_concurrent: More requests than this at a time are answered with status 429.
        rate: More requests than this in any second are answered with status 429.
        retry_after: Seconds that the header Retry-After of every 429 names; None for no header.
        memory_limit: A request that costs more has exceeded its memory (status 400).
        time_limit: A request that costs more work than these seconds has timed out (status 400).
        fault_rate: Share of requests that break, 0 to 1.
        faults: How they break, with equal chances.
        seed: Of the chance.
        restricted: Whether every answer says that the project has used up its quota.
    """

    latency: float = 0.0
    work: float = 0.0
    max_concurrent: int | None = None
    rate: int | None = None
    retry_after: int | None = None
    memory_limit: float = math.inf
    time_limit: float = math.inf
    fault_rate: float = 0.0
    faults: tuple[Fault, ...] = PASSING
    seed: int = 0
    restricted: bool = False

    def headers(self, status: int) -> dict[str, str]:
        """Headers that an answer of this status gets."""
        headers = {}
        if self.restricted:
            headers["X-Earth-Engine-Quota-Status"] = "parallelism_restricted=true"
        if self.retry_after is not None and status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["Retry-After"] = str(self.retry_after)
        return headers


class Gate:
    """Applies a model to requests as they come; safe for several threads.

    Args:
        model: What to apply.
    """

    def __init__(self, model: ServiceModel) -> None:
        self.model = model
        self.closed = threading.Event()
        self._slots = model.max_concurrent and threading.Semaphore(model.max_concurrent)
        self._recent: deque[float] = deque()
        self._chance = random.Random(model.seed)  # noqa: S311 - faults are no secret # nosec B311
        self._lock = threading.Lock()

    @contextmanager
    def request(
        self, *, computes: bool, is_abandoned: Callable[[], bool] | None = None
    ) -> Iterator[Fault | None]:
        """Let a request pass; what it does meanwhile is charged to it.

        Args:
            computes: Whether it does.
            is_abandoned: Tells whether nobody waits for its answer any more: then it ends, and its place is free.

        Yields:
            How its answer gets lost on the way, if it does.

        Raises:
            Refused: There are too many, or chance has it, or the request costs too much.
        """
        with metered(Meter(is_abandoned=is_abandoned)):
            if not computes:
                self.wait(self.model.latency)
                yield None
                return
            self._count()
            with self._slot():
                fault = self._fault()
                self.wait(self.model.latency)
                if fault in _ANSWERS:
                    raise Refused(*_ANSWERS[fault])
                with self.work(self._limits(is_abandoned)):
                    yield fault

    @contextmanager
    def work(self, meter: Meter) -> Iterator[Meter]:
        """Charge what happens within to a meter, and take at least as long as it costs."""
        began, before = time.monotonic(), meter.cost
        with metered(meter):
            yield meter
        self.wait(self.model.work * (meter.cost - before) - (time.monotonic() - began))

    def wait(self, seconds: float) -> None:
        """Sleep, unless the sandbox is being stopped.

        Raises:
            Refused: The client has gone.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self.closed.wait(min(left, LOOK_INTERVAL)):
            check()

    def _limits(self, is_abandoned: Callable[[], bool] | None) -> Meter:
        work = self.model.work
        longest = self.model.time_limit / work if work else math.inf
        return Meter(self.model.memory_limit, longest, time.monotonic() + PATIENCE, self.closed, is_abandoned)

    def _count(self) -> None:
        """Refuse what comes too fast."""
        if self.model.rate is None:
            return
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.model.rate:
                raise Refused(TOO_FAST, HTTPStatus.TOO_MANY_REQUESTS)
            self._recent.append(now)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots:
            yield
        elif self._slots.acquire(blocking=False):
            try:
                yield
            finally:
                self._slots.release()
        else:
            raise Refused(TOO_MANY, HTTPStatus.TOO_MANY_REQUESTS)

    def _fault(self) -> Fault | None:
        with self._lock:
            broken = self._chance.random() < self.model.fault_rate
            return self._chance.choice(self.model.faults) if broken else None
