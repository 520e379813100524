"""A smooth line through looks that come at irregular days, computed here: no quota."""

from __future__ import annotations

from collections.abc import Sequence

_LINE = 2
"""Looks through which any strength draws the same straight line."""


def whittaker(
    days: Sequence[int], values: Sequence[float], weights: Sequence[float], strength: float
) -> list[float]:
    """Smooth values by Whittaker's method, on a grid of single days where days without a look weigh nothing.

    The line z makes the sum of w (y - z)^2 and of strength x (second difference of z from day to day)^2 smallest.
    Source: Eilers 2003, A perfect smoother, Analytical Chemistry 75, 3631-3636.

    Args:
        days: Numbers of days, rising.
        values: One a day.
        weights: One a day, above 0.
        strength: Lambda.

    Returns:
        The line at these days.
    """
    if len(days) <= _LINE:
        return list(values)
    first, count = days[0], days[-1] - days[0] + 1
    # The matrix W + strength D'D has five diagonals and is symmetric: these are its main one and two beside it.
    main, beside, next_beside = [0.0] * count, [0.0] * count, [0.0] * count
    right = [0.0] * count
    for day, value, weight in zip(days, values, weights, strict=True):
        main[day - first] += weight
        right[day - first] += weight * value
    for row in range(count - 2):
        main[row] += strength
        main[row + 1] += 4 * strength
        main[row + 2] += strength
        beside[row] -= 2 * strength
        beside[row + 1] -= 2 * strength
        next_beside[row] += strength
    return _at(days, _solve(main, beside, next_beside, right))


def _at(days: Sequence[int], line: Sequence[float]) -> list[float]:
    return [line[day - days[0]] for day in days]


def _solve(
    main: list[float], beside: list[float], next_beside: list[float], right: list[float]
) -> list[float]:
    """Solve a symmetric system of five diagonals, by L D L' (overwrites what it is given)."""
    count = len(main)
    for row in range(count):
        pivot = main[row]
        if row + 1 < count:
            factor = beside[row] / pivot
            main[row + 1] -= factor * beside[row]
            if row + 2 < count:
                beside[row + 1] -= factor * next_beside[row]
            right[row + 1] -= factor * right[row]
        if row + 2 < count:
            factor = next_beside[row] / pivot
            main[row + 2] -= factor * next_beside[row]
            right[row + 2] -= factor * right[row]
    for row in range(count - 1, -1, -1):
        if row + 1 < count:
            right[row] -= beside[row] * right[row + 1]
        if row + 2 < count:
            right[row] -= next_beside[row] * right[row + 2]
        right[row] /= main[row]
    return right
