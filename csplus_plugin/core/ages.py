"""How long ago something was, as a list has room for it."""

from __future__ import annotations

from datetime import datetime, timezone

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def age(created: str, now: datetime) -> str:
    """Give the time since a moment in its largest whole unit: 45 s, 3 min, 2 h, 5 d.

    Args:
        created: As 2026-01-02T03:04:05, UTC; empty or damaged for unknown.
        now: The present.

    Returns:
        Empty where it is not known; a moment in the future, of a clock that is behind, counts as now.
    """
    try:
        begun = datetime.fromisoformat(created).replace(tzinfo=timezone.utc)
    except ValueError:
        return ""
    seconds = max(0, int((now - begun).total_seconds()))
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
