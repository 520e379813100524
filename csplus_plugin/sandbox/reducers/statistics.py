"""Statistics of many values at every pixel at once.

Each function takes values (n, pixels) and which of them count (n, pixels): weights 0 to 1, or booleans.
It gives one value a pixel (pixels,), of no meaning where nothing counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .sorting import sort_images


def filled(values: np.ndarray, present: np.ndarray, filler: float) -> np.ndarray:
    """Values, with something else where they do not count."""
    return np.where(present, values, np.array(filler).astype(values.dtype))


def extreme_of(values: np.ndarray, *, top: bool) -> float:
    """Give the largest or smallest value that the array's type can hold."""
    if values.dtype.kind == "f":
        return math.inf if top else -math.inf
    info = np.iinfo(values.dtype)
    return info.max if top else info.min


def smallest(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the smallest value."""
    return filled(values, present, extreme_of(values, top=True)).min(
        axis=0, initial=extreme_of(values, top=True)
    )


def largest(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the largest value."""
    return filled(values, present, extreme_of(values, top=False)).max(
        axis=0, initial=extreme_of(values, top=False)
    )


def total(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the sum, each value times its weight."""
    return np.einsum("ij,ij->j", filled(values, weights > 0, 0), weights, dtype=np.float64)


def mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the weighted mean."""
    return total(values, weights) / weights.sum(axis=0, dtype=np.float64)


def variance(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the weighted variance of a population."""
    deviations = values - mean(values, weights)
    return total(deviations**2, weights) / weights.sum(axis=0, dtype=np.float64)


def sample_variance(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the weighted variance of a sample."""
    weight = weights.sum(axis=0, dtype=np.float64)
    return variance(values, weights) * weight / (weight - 1)


def product(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the product."""
    return np.where(present, values, 1.0).prod(axis=0, dtype=np.float64)


def first_of(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the first value that counts."""
    if not len(values):
        return np.zeros(values.shape[1])
    return np.take_along_axis(values, present.argmax(axis=0)[np.newaxis], axis=0)[0]


def last_of(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the last value that counts."""
    return first_of(values[::-1], present[::-1])


def ascending(values: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values ascending along the first axis (n, pixels), those that do not count at the end, and how many count."""
    return sort_images(filled(values, present, extreme_of(values, top=True))), present.sum(axis=0)


def quantiles(values: np.ndarray, present: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    """Quantiles with linear interpolation between the two nearest ranks, so that 0.5 is the median.

    Args:
        values: (n, pixels).
        present: Which values count (n, pixels).
        shares: 0 to 1.

    Returns:
        One array (pixels,) a share, float64.
    """
    if not len(values):
        return [np.zeros(values.shape[1]) for _ in shares]
    ordered, count = ascending(values, present)
    found = []
    for share in shares:
        position = np.maximum(count - 1, 0) * share
        below = np.floor(position).astype(np.intp)
        above = np.ceil(position).astype(np.intp)
        low, high = _at(ordered, below).astype(np.float64), _at(ordered, above).astype(np.float64)
        with np.errstate(invalid="ignore"):
            found.append(np.where(above > below, low + (high - low) * (position - below), low))
    return found


def _at(ordered: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Give the value of some rank at each pixel."""
    return np.take_along_axis(ordered, rank[np.newaxis], axis=0)[0]


def median(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the middle value; the mean of the two middle ones of an even number."""
    return quantiles(values, present, [0.5])[0]


def mode(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Give the most frequent value, the smallest of several."""
    if not len(values):
        return np.zeros(values.shape[1])
    ordered, count = ascending(values, present)
    best, best_length = ordered[0].copy(), np.ones(values.shape[1], int)
    length = np.ones(values.shape[1], int)
    for i in range(1, len(ordered)):
        length = np.where(ordered[i] == ordered[i - 1], length + 1, 1)
        longer = (length > best_length) & (i < count)
        best[longer], best_length[longer] = ordered[i, longer], length[longer]
    return best


def number_distinct(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """How many different values."""
    if not len(values):
        return np.zeros(values.shape[1], np.uint32)
    if values.dtype == object:
        columns = zip(values.T, present.T, strict=True)
        return np.array([len({str(v) for v in column[held]}) for column, held in columns], np.uint32)
    ordered = np.where(present, values.astype(np.float64), np.nan)
    ordered.sort(axis=0)
    new = np.ones(ordered.shape, bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return (new & ~np.isnan(ordered)).sum(axis=0, dtype=np.uint32)


def number_of(_: np.ndarray, present: np.ndarray) -> np.ndarray:
    """How many values."""
    return present.sum(axis=0, dtype=np.uint32)
