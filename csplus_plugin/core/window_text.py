"""A window of days, as the names of layers hold it."""

from __future__ import annotations

from datetime import date


def window_text(first: date, last: date) -> str:
    """Write first and last day, or the one day."""
    return f"{first}" if first == last else f"{first} to {last}"
