"""Days that a dialog proposes: the last whole month, which has its scenes and their scores."""

from __future__ import annotations

from datetime import date, timedelta


def default_day(parameter: str, today: date) -> date:
    """Give the day that a dialog shows at first.

    Args:
        parameter: `START` and `END` for the last whole month, `BEFORE_START` and `BEFORE_END` for that month a year
            earlier; any other name that ends in `END` for a last day, else for a first one.
        today: As the calendar has it.
    """
    last = today.replace(day=1) - timedelta(days=1)
    if parameter.startswith("BEFORE"):
        last = last.replace(year=last.year - 1, month=last.month % 12 + 1, day=1)
        last = (last if last.month != 1 else last.replace(year=last.year + 1)) - timedelta(days=1)
    return last if parameter.endswith("END") else last.replace(day=1)
