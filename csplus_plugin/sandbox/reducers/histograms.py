"""Reducers that count how often values occur; their results are lists and dictionaries, which no pixel holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.array_pixels import bounded
from ..images.pixel_types import DOUBLE, UINT32, PixelType
from .reducer import Reducer, Result, Stack, as_key, single_output

MOST_BUCKETS = 1 << 20


def _frequencies(values: Stack, weights: Stack) -> np.ndarray:
    made = np.empty(values.shape[1], dtype=object)
    for pixel in range(values.shape[1]):
        held = weights[:, pixel] > 0
        names, where = np.unique(values[held, pixel], return_inverse=True)
        totals = np.bincount(where, weights[held, pixel], len(names))
        made[pixel] = {as_key(name): total.item() for name, total in zip(names.tolist(), totals, strict=True)}
    return made


FREQUENCY_HISTOGRAM = single_output("histogram", _frequencies, weighted=True, empty=True, dictionaries=True)


def _table(_: object) -> PixelType:
    return DOUBLE.as_arrays(2)


def fixed_histogram(low: float, high: float, steps: int, *, cumulative: bool = False) -> Reducer:
    """Count in equal buckets over [low, high); values outside are left out.

    Raises:
        Refused: No buckets, or an empty range.
    """
    if not 1 <= steps <= MOST_BUCKETS or not low < high:
        raise Refused(f"Reducer.fixedHistogram: Need 1 to {MOST_BUCKETS} steps, and min below max.")
    edges = np.linspace(low, high, steps + 1)

    def rows(values: Stack, weights: Stack) -> np.ndarray:
        bounded(values.shape[1], 2 * steps)
        made = np.empty(values.shape[1], dtype=object)
        for pixel in range(values.shape[1]):
            column, counted = values[:, pixel].astype(float), weights[:, pixel]
            within = (counted > 0) & (column >= low) & (column < high)
            place = np.minimum(((column[within] - low) / (high - low) * steps).astype(int), steps - 1)
            totals = np.bincount(place, counted[within], steps)
            totals = totals.cumsum() if cumulative else totals
            made[pixel] = np.column_stack([edges[:-1], totals])
        return made

    return single_output("histogram", rows, _table, weighted=True, empty=True, objects=True)


def fixed_2d_histogram(x: tuple[float, float, int], y: tuple[float, float, int]) -> Reducer:
    """Count pairs in equal buckets.

    Args:
        x: Lower end, upper end and number of buckets of the first input.
        y: Likewise of the second, whose buckets are the columns.

    Raises:
        Refused: No buckets or too many, or an empty range.
    """
    for low, high, steps in (x, y):
        if steps < 1 or not low < high or steps > MOST_BUCKETS:
            raise Refused(
                f"Reducer.fixed2DHistogram: Need 1 to {MOST_BUCKETS} steps on each axis, and min below max."
            )
    if x[2] * y[2] > MOST_BUCKETS:
        raise Refused(f"Reducer.fixed2DHistogram: There may be {MOST_BUCKETS} buckets at most.")
    edges = [np.linspace(low, high, steps + 1)[:-1] for low, high, steps in (x, y)]

    def run(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
        pixels = presence.shape[1]
        bounded(pixels, x[2] * y[2])
        tables, ends = np.empty(pixels, dtype=object), [np.empty(pixels, dtype=object) for _ in edges]
        for pixel in range(pixels):
            held = presence[:, pixel].copy()
            places = []
            for stack, (low, high, steps) in zip(stacks, (x, y), strict=True):
                column = stack[:, pixel].astype(float)
                held &= (column >= low) & (column < high)
                with np.errstate(invalid="ignore"):
                    share = np.floor((column - low) / (high - low) * steps)
                places.append(np.clip(np.nan_to_num(share), 0, steps - 1).astype(int))
            flat = np.bincount(places[0][held] * y[2] + places[1][held], minlength=x[2] * y[2])
            tables[pixel] = flat.reshape(x[2], y[2])
            for end, edge in zip(ends, edges, strict=True):
                end[pixel] = edge
        valid = np.ones(pixels, bool)
        return [Result(tables, valid), *(Result(end, valid) for end in ends)]

    kinds = [UINT32.as_arrays(2), DOUBLE.as_arrays(1), DOUBLE.as_arrays(1)]
    return Reducer(("histogram", "xAxis", "yAxis"), run, lambda _: kinds, inputs=2, objects=True)


def _bucket_size(low: float, high: float, max_buckets: int | None, min_width: float | None) -> float:
    """Give the width of buckets that are as narrow as their number allows."""
    limit = 1 << max(0, math.ceil(math.log2(min(MOST_BUCKETS, max(1, max_buckets or 256)))))
    width = min_width or 2.0**-10
    while math.floor(high / width) - math.floor(low / width) + 1 > limit:
        width *= 2
    return width


def auto_histogram(
    max_buckets: int | None = None, min_width: float | None = None, *, cumulative: bool = False
) -> Reducer:
    """Give the lower ends of a histogram's buckets and their counts, as an array of two columns."""

    def one(column: np.ndarray, weights: np.ndarray) -> np.ndarray:
        width = _bucket_size(float(column.min()), float(column.max()), max_buckets, min_width)
        first = math.floor(column.min() / width)
        totals = np.bincount(np.floor(column / width).astype(int) - first, weights)
        totals = totals.cumsum() if cumulative else totals
        return np.column_stack([(first + np.arange(len(totals))) * width, totals])

    return single_output("histogram", _each(one), _table, weighted=True, objects=True)


def _each(one: Callable[[np.ndarray, np.ndarray], Any]) -> Callable[[Stack, Stack], np.ndarray]:
    """Something made of the values and weights of each column; nothing of an empty one."""

    def made(values: Stack, weights: Stack) -> np.ndarray:
        found = np.empty(values.shape[1], dtype=object)
        for pixel in range(values.shape[1]):
            held = weights[:, pixel] > 0
            found[pixel] = (
                one(values[held, pixel].astype(float), weights[held, pixel]) if held.any() else None
            )
        return found

    return made


def histogram(max_buckets: int | None = None, min_width: float | None = None) -> Reducer:
    """Give a histogram whose buckets are as narrow as a number of buckets allows, a power of 2 wide."""

    def one(column: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
        width = _bucket_size(float(column.min()), float(column.max()), max_buckets, min_width)
        first = math.floor(column.min() / width)
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

    return single_output("histogram", _each(one), weighted=True, dictionaries=True)
