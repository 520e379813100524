"""A request in its slot: waited for, sent, and given back with what the limiter learns from it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from ..core.errors import QuotaExceeded
from .cost import Cost
from .failures import Failure
from .limiter import Limiter, Slot

T = TypeVar("T")


def acquire(limiter: Limiter, cost: Cost, is_cancelled: Callable[[], bool], user: Hashable = None) -> Slot:
    """Wait for a slot, and count the time.

    Raises:
        Cancelled: The user stopped the run.
    """
    with cost.waiting():
        return limiter.acquire(is_cancelled, user)


def send(limiter: Limiter, slot: Slot, request: Callable[[], T | Failure]) -> T | Failure:
    """Send a request once, and give its slot back whatever becomes of it."""
    try:
        outcome = request()
    except BaseException:
        limiter.release(slot)
        raise
    if not isinstance(outcome, Failure):
        limiter.release_after_success(slot)
    elif isinstance(outcome.error, QuotaExceeded) and outcome.retryable:
        limiter.release_after_refusal(slot, outcome.retry_after)
    else:  # a day's quota that is used up, too: it says nothing about how many there may be at once
        limiter.release(slot)
    return outcome
