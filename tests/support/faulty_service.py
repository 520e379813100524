"""A service of pixels that misbehaves on purpose, between the client and what it asks for."""

from __future__ import annotations

import io
import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .fake_service import Answer, FakeService, Seen, npy, refusal

MEMORY = "User memory limit exceeded."
TIME = "Computation timed out."


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how often.

    Attributes:
        seed: Makes chance the same each time.
        shares: Name of a fault (see `FAULTS`) -> share of the requests that meet it.
        at_once: Requests in progress above which the service answers 429.
        heavy_above: Values (pixels x bands) of a request above which the service runs out of memory.
        slow_above: Likewise for time.
        unauthorized_after: Requests after which the account is no longer accepted.
        last: Requests after which nothing goes wrong any more.
        latency: Seconds that a good answer takes.
    """

    seed: int = 0
    shares: Mapping[str, float] = ()  # type: ignore[assignment]
    at_once: int | None = None
    heavy_above: int | None = None
    slow_above: int | None = None
    unauthorized_after: int | None = None
    last: int | None = None
    latency: float = 0.0


def _as_floats(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype([(name, "<f4") for name in pixels.dtype.names])


def _damage(body: bytes) -> bytes:
    return b"\x00" * 12 + body[12:]


FAULTS = {
    "busy": lambda body: refusal(429, "Quota exceeded: Too many concurrent aggregations."),
    "busy, later": lambda body: refusal(429, "Slow down.", Retry_After="0"),
    "broken": lambda body: refusal(500, "Internal error."),
    "away": lambda body: refusal(503, "The service is currently unavailable."),
    "page": lambda body: Answer(502, b"<html>Bad gateway</html>"),
    "reset": lambda body: Answer(hang_up=True),
    "cut": lambda body: Answer(body=body[: len(body) // 2], promised=len(body)),
    "short": lambda body: Answer(body=body[:-7]),
    "long": lambda body: Answer(body=body + b"more"),
    "corrupt": lambda body: Answer(body=_damage(body)),
    "empty": lambda body: Answer(body=b""),
    "in its place": lambda body: Answer(body=b"<html>Sign in to the hotel's network</html>"),
    "other shape": lambda body: Answer(body=npy(np.zeros((3, 2), [("B4", "<u2"), ("B8", "<u2")]))),
    "stall": lambda body: Answer(body=body, stall=0.05),
    "twice": lambda body: Answer(body=body, times=2),
    "other type": lambda body: Answer(body=npy(_as_floats(np.load(io.BytesIO(body))))),
}


def value_at(band: str, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """What the pixel of a band is, on any grid; nodata here and there, and valid zeros."""
    salt = sum(band.encode())
    mixed = (columns * 7919 + rows * 104729 + salt * 31) & 0xFFFF
    texture = (mixed >> 4) + (columns + rows) * 3
    values = np.where(mixed % 97 == 0, 65535, texture % 60000)
    return np.where(mixed % 89 == 0, 0, values).astype("<u2")


def tile(request: Mapping[str, Any], dtype: str = "<u2") -> np.ndarray:
    """Compute what a computePixels request asks for."""
    grid, transform = request["grid"]["dimensions"], request["grid"]["affineTransform"]
    size = transform["scaleX"]
    left, top = round(transform["translateX"] / size), round(-transform["translateY"] / size)
    rows, columns = np.mgrid[top : top + grid["height"], left : left + grid["width"]]
    made = np.zeros(rows.shape, [(band, dtype) for band in request["bandIds"]])
    for band in request["bandIds"]:
        made[band] = value_at(band, columns, rows)
    return made


class PixelService(FakeService):
    """Answers computePixels, with faults.

    Attributes:
        answered: Window of a tile (column, row, width, height, first band) -> how often its pixels were sent.
        most: The largest number of requests that were in progress at once.
    """

    def __init__(self, faults: Faults = Faults()) -> None:
        self.faults = faults
        self.answered: Counter[tuple] = Counter()
        self.most = self.inside = 0
        self._chance = random.Random(faults.seed)
        self._counting = threading.Lock()
        super().__init__(Answer())

    def answer(self, seen: Seen) -> Answer:
        with self._counting:
            self.seen.append(seen)
            number = len(self.seen)
            self.inside += 1
            self.most = max(self.most, self.inside)
            fault = self._fault(number)
            too_many = self.faults.at_once is not None and self.inside > self.faults.at_once
        try:
            return self._answer(seen, number, fault, too_many=too_many)
        finally:
            with self._counting:
                self.inside -= 1

    def _fault(self, number: int) -> str | None:
        dice = self._chance.random()
        if self.faults.last is not None and number > self.faults.last:
            return None
        for name, share in dict(self.faults.shares).items():
            dice -= share
            if dice < 0:
                return name
        return None

    def _answer(self, seen: Seen, number: int, fault: str | None, *, too_many: bool) -> Answer:
        faults = self.faults
        if faults.unauthorized_after is not None and number > faults.unauthorized_after:
            return refusal(401, "Request had invalid authentication credentials.")
        if too_many:
            return FAULTS["busy"](b"")
        request = seen.json()
        dimensions = request["grid"]["dimensions"]
        cells = dimensions["width"] * dimensions["height"] * len(request["bandIds"])
        if faults.heavy_above is not None and cells > faults.heavy_above:
            return refusal(400, MEMORY)
        if faults.slow_above is not None and cells > faults.slow_above:
            return refusal(400, TIME)
        self.wait(faults.latency)
        body = npy(tile(request))
        if fault:
            return FAULTS[fault](body)
        transform = request["grid"]["affineTransform"]
        with self._counting:
            where = (transform["translateX"], transform["translateY"], cells, request["bandIds"][0])
            self.answered[where] += 1
        return Answer(body=body)
