"""How long to wait before a request is retried."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

_random = SystemRandom()


@dataclass(frozen=True)
class Backoff:
    """Exponential backoff with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").

    Attributes:
        max_tries: How often a request is sent at most.
        first_delay: Seconds; upper bound of the first delay, doubled for each further one.
        max_delay: Seconds; upper bound of any delay of our own choice.
        max_retry_after: Seconds; a service that asks for a longer delay is not retried.
    """

    max_tries: int = 5
    first_delay: float = 1.0
    max_delay: float = 30.0
    max_retry_after: float = 120.0

    def choose_delay(self, failures: int, retry_after: float | None = None) -> float | None:
        """Choose the seconds to wait after so many failures; None: give up.

        Args:
            failures: How often the request has failed, 1 or more.
            retry_after: Seconds that the service asked for. They are waited out, with some jitter on top so that
                parallel requests do not all come back in the same moment.
        """
        if failures >= self.max_tries or (retry_after or 0) > self.max_retry_after:
            return None
        jitter = _random.uniform(0, min(self.max_delay, self.first_delay * 2 ** (failures - 1)))
        return jitter if retry_after is None else retry_after + min(jitter, self.first_delay)


def parse_retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date (RFC 9110, 10.2.3), as seconds from now.

    Returns:
        None where there is no header, or none that can be read.
    """
    if not header:
        return None
    seconds = header.strip()
    if seconds.isascii() and seconds.isdigit():  # "²" is a digit too
        return float(seconds)
    moment = parse_http_date(header)
    if moment is None:
        return None
    now = now or datetime.fromtimestamp(time.time(), tz=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def parse_http_date(header: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110, 5.6.7); None where there is none, or none that can be read."""
    try:
        moment = parsedate_to_datetime(header or "")
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except Exception:  # noqa: BLE001 the standard library's parser raises what its steps do: OverflowError, for one
        return None
