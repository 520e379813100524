"""How long to wait before a request is tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

_random = SystemRandom()


@dataclass(frozen=True)
class Backoff:
    """Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").

    Attributes:
        tries: How often a request is sent at most.
        first: Seconds; upper bound of the first wait, doubled for each further one.
        cap: Seconds; upper bound of any wait of our own choice.
        patience: Seconds; a service that asks for a longer pause is not waited for.
    """

    tries: int = 5
    first: float = 1.0
    cap: float = 30.0
    patience: float = 120.0

    def wait(self, failures: int, asked: float | None = None) -> float | None:
        """Choose the seconds to wait after so many failures; None: give up.

        Args:
            failures: How often the request has failed, 1 or more.
            asked: Seconds that the service asked for. They are kept to, with some jitter on top so that
                parallel requests do not all come back in the same moment.
        """
        if failures >= self.tries or (asked or 0) > self.patience:
            return None
        jitter = _random.uniform(0, min(self.cap, self.first * 2 ** (failures - 1)))
        return jitter if asked is None else asked + min(jitter, self.first)


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date (RFC 9110, 10.2.3), as seconds from now.

    Gives None where there is no header, or none that can be read.
    """
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    moment = http_date(header)
    if moment is None:
        return None
    now = now or datetime.fromtimestamp(time.time(), tz=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def http_date(header: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110, 5.6.7); None where there is none, or none that can be read."""
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
