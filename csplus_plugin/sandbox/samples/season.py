"""Seasons as smooth functions of the day of the year."""

from __future__ import annotations

from datetime import date

import numpy as np


def day_of_year(day: date) -> float:
    """1 for 1 January."""
    return float(day.timetuple().tm_yday)


def season(day: float, first: np.ndarray | float, last: np.ndarray | float, ramp: float) -> np.ndarray:
    """Near 1 from the day `first` to the day `last` of every year, near 0 otherwise, smooth over `ramp` days.

    `last` before `first` reaches over New Year. Half of the height is passed at `first` and `last`.
    """
    length = np.mod(np.subtract(last, first), 365)
    middle = np.add(first, length / 2)
    away = np.abs(np.mod(day - middle + 182.5, 365) - 182.5)
    return 1 / (1 + np.exp(-(length / 2 - away) / (ramp / 4)))
