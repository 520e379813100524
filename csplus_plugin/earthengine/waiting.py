"""Sleeping that a cancel ends."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..core.errors import Cancelled

POLL = 0.1
"""Seconds between two looks at whether the user cancelled."""


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
