"""Reducers that count how often values occur; their results are lists and dictionaries, which no pixel holds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .errors import Refused
from .reducers import Reducer, Stack, label, simple


def _frequencies(values: Stack, weights: Stack) -> np.ndarray:
    made = np.empty(values.shape[1], dtype=object)
    for pixel in range(values.shape[1]):
        held = weights[:, pixel] > 0
        names, where = np.unique(values[held, pixel], return_inverse=True)
        totals = np.bincount(where, weights[held, pixel], len(names))
        made[pixel] = {label(name): total.item() for name, total in zip(names.tolist(), totals, strict=True)}
    return made


FREQUENCY_HISTOGRAM = simple("histogram", _frequencies, weighted=True, empty=True, objects=True)


def fixed_histogram(low: float, high: float, steps: int, *, cumulative: bool = False) -> Reducer:
    """Counts in equal buckets over [low, high); values outside are left out.

    Raises:
        Refused: No buckets, or an empty range.
    """
    if steps < 1 or not low < high:
        raise Refused("Reducer.fixedHistogram: Need at least one step, and min below max.")
    edges = np.linspace(low, high, steps + 1)

    def rows(values: Stack, weights: Stack) -> np.ndarray:
        made = np.empty(values.shape[1], dtype=object)
        for pixel in range(values.shape[1]):
            column, counted = values[:, pixel].astype(float), weights[:, pixel]
            within = (counted > 0) & (column >= low) & (column < high)
            place = np.minimum(((column[within] - low) / (high - low) * steps).astype(int), steps - 1)
            totals = np.bincount(place, counted[within], steps)
            totals = totals.cumsum() if cumulative else totals
            made[pixel] = np.column_stack([edges[:-1], totals]).tolist()
        return made

    return simple("histogram", rows, weighted=True, empty=True, objects=True)


def histogram(max_buckets: int | None = None, min_width: float | None = None) -> Reducer:
    """A histogram whose buckets are as narrow as a number of buckets allows, a power of 2 wide."""
    limit = 1 << max(0, math.ceil(math.log2(max(1, max_buckets or 256))))

    def one(column: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
        low, high = float(column.min()), float(column.max())
        width = min_width or 2.0**-10
        while math.floor(high / width) - math.floor(low / width) + 1 > limit:
            width *= 2
        first = math.floor(low / width)
        place = np.floor(column / width).astype(int) - first
        totals = np.bincount(place, weights)
        sums = np.bincount(place, weights * column)
        means = [
            s / t if t else (first + i + 0.5) * width
            for i, (s, t) in enumerate(zip(sums, totals, strict=True))
        ]
        return {
            "bucketMeans": means,
            "bucketMin": first * width,
            "bucketWidth": width,
            "histogram": totals.tolist(),
        }

    def dictionaries(values: Stack, weights: Stack) -> np.ndarray:
        made = np.empty(values.shape[1], dtype=object)
        for pixel in range(values.shape[1]):
            held = weights[:, pixel] > 0
            made[pixel] = one(values[held, pixel].astype(float), weights[held, pixel]) if held.any() else None
        return made

    return simple("histogram", dictionaries, weighted=True, objects=True)
