"""A service that several runs share: it counts who is inside, and holds tiles for as long as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from .fake_service import Answer, FakeService, Seen, npy, refusal, value
from .faulty_service import tile

RATE = "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded."
"""Status 429 of value:compute, as seen in public (google/Xee and others)."""


class SharedService(FakeService):
    """Answers computePixels and value:compute.

    Args:
        seconds: That an answer takes.
        at_once: Requests above which the service answers 429.

    Attributes:
        most: The largest number of requests that were inside at once.
        inside: Requests that are inside, refused ones included: a refusal takes as long.
        tiles: Tiles that were sent.
        free: While it is not set, tiles are held.
        headers: Of every answer.
    """

    def __init__(self, seconds: float = 0.0, at_once: int = 1000) -> None:
        self.seconds, self.at_once = seconds, at_once
        self.most = self.inside = self.tiles = self._served = 0
        self.free = threading.Event()
        self.free.set()
        self.headers: Mapping[str, str] = {}
        self._counting = threading.Lock()
        super().__init__(Answer())

    def answer(self, seen: Seen) -> Answer:
        with self._counting:
            self.inside += 1
            self.most = max(self.most, self.inside)
            is_refused = self._served >= self.at_once
            self._served += not is_refused
        try:
            self.wait(self.seconds)
            if is_refused:
                return refusal(429, RATE)
            if not seen.path.endswith("computePixels"):
                return value(seen.json()["expression"]["values"]["0"]["constantValue"], **self.headers)
            while not self.free.wait(0.02) and not self._over.is_set():
                pass
            with self._counting:
                self.tiles += 1
            return Answer(body=npy(tile(seen.json())), headers=self.headers)
        finally:
            with self._counting:
                self.inside -= 1
                self._served -= not is_refused
