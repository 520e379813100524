"""The shape of distributions, directions and runs: reducers of one input."""

from __future__ import annotations

import math

import numpy as np

from ..errors import Refused
from ..images.pixel_types import UINT32, PixelType
from . import statistics
from .reducer import Reducer, Stack, single_output


def _moment(values: Stack, present: Stack, power: int) -> np.ndarray:
    """Give a central moment of a population."""
    weights = present.astype(np.float64)
    return statistics.mean((values - statistics.mean(values, weights)) ** power, weights)


def _skewness(values: Stack, present: Stack) -> np.ndarray:
    return _moment(values, present, 3) / _moment(values, present, 2) ** 1.5


def _kurtosis(values: Stack, present: Stack) -> np.ndarray:
    """Less that of a normal distribution."""
    return _moment(values, present, 4) / _moment(values, present, 2) ** 2 - 3


def _resultant(values: Stack, weights: Stack) -> tuple[np.ndarray, np.ndarray]:
    """Length and angle of the mean of unit vectors."""
    east, north = (statistics.mean(f(values.astype(np.float64)), weights) for f in (np.cos, np.sin))
    return np.hypot(east, north), np.arctan2(north, east)


def _runs(values: Stack, present: Stack) -> np.ndarray:
    """How many runs of equal values there are, those that are missing left out."""
    count, before = np.zeros(values.shape[1], np.uint32), np.zeros(values.shape[1], values.dtype)
    for row, held in zip(values, present, strict=True):
        count += held & ((row != before) | (count == 0))
        before = np.where(held, row, before)
    return count


def _whole(values: Stack) -> np.ndarray:
    return values if values.dtype.kind in "iu" else np.trunc(values.astype(np.float64)).astype(np.int64)


def _bits(operation: np.ufunc, start: int) -> Reducer:
    def reduce(values: Stack, present: Stack) -> np.ndarray:
        given = _whole(values).astype(np.int64)
        return operation.reduce(np.where(present, given, start), axis=0, initial=start)

    def kind(types: list[PixelType]) -> PixelType:
        low, high = types[0].bounds
        if not types[0].is_int:
            return PixelType("int", -(2**63), 2**63 - 1)
        reach = 2 ** int(max(abs(low), abs(high))).bit_length()
        return PixelType("int", -reach if low < 0 else 0, reach - 1)

    return single_output(operation.__name__, reduce, kind)  # type: ignore[arg-type]


SKEW = single_output("skew", _skewness)
KURTOSIS = single_output("kurtosis", _kurtosis)
CIRCULAR_MEAN = single_output(
    "circularMean",
    lambda v, w: _resultant(v, w)[1],
    lambda _: PixelType("double", -math.pi, math.pi),
    weighted=True,
)
CIRCULAR_VARIANCE = single_output("circularVariance", lambda v, w: 1 - _resultant(v, w)[0], weighted=True)
CIRCULAR_STD_DEV = single_output(
    "circularStdDev", lambda v, w: np.sqrt(np.maximum(0, -2 * np.log(_resultant(v, w)[0]))), weighted=True
)
COUNT_RUNS = single_output("count", _runs, lambda _: UINT32, empty=True)
BITWISE_AND = _bits(np.bitwise_and, -1).named(["bitwiseAnd"])
BITWISE_OR = _bits(np.bitwise_or, 0).named(["bitwiseOr"])


def interval_mean(low: float, high: float) -> Reducer:
    """Give the mean of the values between two percentiles, both ends included.

    Raises:
        Refused: The percentiles are not between 0 and 100, or in the wrong order.
    """
    if not 0 <= low <= high <= 100:  # noqa: PLR2004 - per cent
        raise Refused("Reducer.intervalMean: Percentiles must be between 0 and 100, the smaller one first.")

    def reduce(values: Stack, present: Stack) -> np.ndarray:
        bottom, top = statistics.quantiles(values, present, [low / 100, high / 100])
        inside = present & (values >= bottom) & (values <= top)
        # Between two values there may be none: then the interval is as narrow as a value can be.
        middle = (bottom + top) / 2
        return np.where(inside.any(axis=0), statistics.mean(values, inside.astype(np.float64)), middle)

    return single_output("mean", reduce, lambda types: PixelType("double", types[0].min, types[0].max))
