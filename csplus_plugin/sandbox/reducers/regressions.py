"""Regressions at every pixel at once (guides/reducers_regression).

Stacks are arrays (n, pixels) as reducers get them; coefficients come as arrays (pixels, inputs, outputs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from .. import meter
from ..errors import Refused
from ..images.pixel_types import DOUBLE, PixelType
from ..meter import MEMORY_EXCEEDED
from .reducer import Reducer, Result, Stack

AT_ONCE = 1 << 22
"""Numbers that are computed with at once: 32 MB."""

MOST_VALUES = 1 << 11
"""Values of which all pairs can be held at once."""

_DEPENDENT = 1e-10  # part of a column that is left when what others explain is taken away
_TALWAR = 2.795  # standard deviations: 95 % as efficient as least squares on a normal distribution
_MAD = 0.6745  # median absolute deviation of a normal distribution, in standard deviations
_ROUNDS = 50


def columns(count: int, each: int) -> Iterator[slice]:
    """Columns of stacks in pieces.

    Args:
        count: Number of columns.
        each: Numbers that one column takes.
    """
    size = max(1, AT_ONCE // max(1, each))
    for start in range(0, count, size):
        meter.check()
        yield slice(start, start + size)


def least_squares(
    xs: Sequence[Stack], ys: Sequence[Stack], weights: Stack
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted linear least squares, without a constant.

    Args:
        xs: Independent variables.
        ys: Dependent variables.
        weights: 0 for no value.

    Returns:
        Coefficients (pixels, xs, ys), residuals (ys, n, pixels), and where there is a solution (pixels,).
    """
    enough = (weights > 0).sum(axis=0) > len(xs)
    if not enough.any():
        shape = (weights.shape[1], len(xs), len(ys))
        return np.zeros(shape), np.zeros((len(ys), *weights.shape)), enough
    root = np.sqrt(weights.astype(np.float64))
    basis = [np.where(weights > 0, x, 0) * root for x in xs]
    targets = [np.where(weights > 0, y, 0) * root for y in ys]
    pixels, size = weights.shape[1], len(xs)
    lengths = [np.sqrt((q * q).sum(axis=0)) for q in basis]
    upper, right = np.zeros((size, size, pixels)), np.zeros((size, len(ys), pixels))
    valid = enough
    # Modified Gram-Schmidt, the dependent variables as further columns: as stable as Householder's method.
    for j in range(size):
        meter.check()
        upper[j, j] = np.sqrt((basis[j] * basis[j]).sum(axis=0))
        valid &= upper[j, j] > _DEPENDENT * lengths[j]
        with np.errstate(all="ignore"):
            unit = np.where(valid, basis[j] / upper[j, j], 0)
        for others, found in ((basis[j + 1 :], upper[j, j + 1 :]), (targets, right[j])):
            for k, other in enumerate(others):
                found[k] = (unit * other).sum(axis=0)
                np.subtract(other, unit * found[k], out=other)
    coefficients = np.zeros((size, len(ys), pixels))
    with np.errstate(all="ignore"):
        for j in reversed(range(size)):
            rest = np.einsum("kp,kyp->yp", upper[j, j + 1 :], coefficients[j + 1 :])
            coefficients[j] = (right[j] - rest) / upper[j, j]
    coefficients = np.where(valid, coefficients, 0)
    table = np.stack(xs)
    fitted = (np.einsum("xp,xnp->np", coefficients[:, k], table) for k in range(len(ys)))
    residuals = np.stack([y - line for y, line in zip(ys, fitted, strict=True)])
    return coefficients.transpose(2, 0, 1), residuals, valid


def root_mean_square(residuals: np.ndarray, weights: Stack) -> np.ndarray:
    """Give the weighted root mean square of residuals (ys, n, pixels), as (pixels, ys)."""
    with np.errstate(all="ignore"):
        total = np.where(weights > 0, residuals**2 * weights, 0).sum(axis=1)
        return np.sqrt(total / weights.sum(axis=0, dtype=np.float64)).T


Fit = Callable[[Sequence[Stack], Sequence[Stack], Stack], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Variables and weights to coefficients (pixels, xs, ys), residuals (pixels, ys), and where they are valid."""


def regression(inputs: int, outputs: int, fit: Fit) -> Reducer:
    """Give a reducer whose outputs are an array of coefficients and one of residuals."""

    def run(stacks: Sequence[Stack], weights: Stack, _: Stack) -> list[Result]:
        n, pixels = weights.shape
        coefficients = np.zeros((pixels, inputs, outputs))
        residuals, valid = np.zeros((pixels, outputs)), np.zeros(pixels, bool)
        for part in columns(pixels, n * (3 * inputs + 4 * outputs) + inputs**2):
            given = [stack[:, part].astype(np.float64) for stack in stacks]
            found = fit(given[:inputs], given[inputs:], weights[:, part])
            coefficients[part], residuals[part], valid[part] = found
        return [Result(_objects(coefficients), valid), Result(_objects(residuals), valid)]

    def types(_: Sequence[PixelType]) -> list[PixelType]:
        return [DOUBLE.as_arrays(2), DOUBLE.as_arrays(1)]

    return Reducer(
        ("coefficients", "residuals"), run, types, inputs=inputs + outputs, weighted=True, objects=True
    )


def _objects(arrays: np.ndarray) -> np.ndarray:
    made = np.empty(len(arrays), dtype=object)
    for i, array in enumerate(arrays):
        made[i] = array
    return made


def ordinary(
    xs: Sequence[Stack], ys: Sequence[Stack], weights: Stack
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear least squares."""
    coefficients, residuals, valid = least_squares(xs, ys, weights)
    return coefficients, root_mean_square(residuals, weights), valid


def robust(beta: float | None) -> Fit:
    """Least squares without outliers: Talwar's cost function, by reweighting (D. P. O'Leary, Robust regression
    computation using iteratively reweighted least squares, SIAM J. Matrix Anal. Appl. 11, 1990).

    Args:
        beta: The residual from which on a value is an outlier; None for 2.795 robust standard deviations.
    """  # noqa: D205 - a reference

    def fit(
        xs: Sequence[Stack], ys: Sequence[Stack], weights: Stack
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        kept = weights
        coefficients, residuals, valid = least_squares(xs, ys, kept)
        margin: float | np.ndarray = _margins(residuals, weights) if beta is None else beta
        for _ in range(_ROUNDS):
            distance = np.sqrt((residuals**2).mean(axis=0))
            inliers = np.where(distance <= margin, weights, np.float32(0))
            if (inliers == kept).all():
                break
            kept = inliers
            coefficients, residuals, valid = least_squares(xs, ys, kept)
        return coefficients, root_mean_square(residuals, kept), valid

    return fit


def _margins(residuals: np.ndarray, weights: Stack) -> np.ndarray:
    distance = np.where(weights > 0, np.sqrt((residuals**2).mean(axis=0)), np.nan)
    empty = ~(weights > 0).any(axis=0)
    distance[:, empty] = 0
    # Where more than half of the values are exact, nothing of numerical noise may become an outlier.
    return np.maximum(
        _TALWAR / _MAD * np.nanmedian(distance, axis=0), 1e-9 * np.nanmax(distance, axis=0, initial=0)
    )


def _fitted(stacks: Sequence[Stack], weights: Stack, _: Stack) -> list[Result]:
    """Slope and offset of a line, by weighted least squares about the means."""
    x, y = (np.where(weights > 0, stack, 0).astype(np.float64) for stack in stacks)
    with np.errstate(all="ignore"):
        total = weights.sum(axis=0, dtype=np.float64)
        mean_x, mean_y = ((weights * v).sum(axis=0) / total for v in (x, y))
        spread = (weights * (x - mean_x) ** 2).sum(axis=0)
        scale = (weights * (x - mean_x) * (y - mean_y)).sum(axis=0) / spread
    valid = spread > 0
    return [Result(scale, valid), Result(mean_y - scale * mean_x, valid)]


LINEAR_FIT = Reducer(("scale", "offset"), _fitted, lambda _: [DOUBLE, DOUBLE], inputs=2, weighted=True)


def _sens_slope(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
    """Give the median slope of all pairs of points (P. K. Sen, 1968), and the median of what is left of y."""
    count, pixels = presence.shape
    if count > MOST_VALUES:
        raise Refused(MEMORY_EXCEEDED)
    first, second = np.triu_indices(count, 1)
    slope, offset = np.full(pixels, np.nan), np.full(pixels, np.nan)
    for part in columns(pixels, 4 * max(1, len(first))):
        x, y = (np.where(presence[:, part], s[:, part], np.nan).astype(np.float64) for s in stacks)
        run, rise = x[second] - x[first], y[second] - y[first]
        with np.errstate(all="ignore"):
            slopes = np.where(run == 0, np.nan, rise / run)
        slope[part] = _median(slopes)
        offset[part] = _median(y - slope[part] * x)
    valid = ~np.isnan(slope)
    return [Result(slope, valid), Result(offset, valid)]


def _median(values: np.ndarray) -> np.ndarray:
    """Give the median of each column, of the numbers in it."""
    known = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(values.shape[1], bool)
    found = np.full(values.shape[1], np.nan)
    if known.any():
        found[known] = np.nanmedian(values[:, known], axis=0)
    return found


SENS_SLOPE = Reducer(("slope", "offset"), _sens_slope, lambda _: [DOUBLE, DOUBLE], inputs=2)
