"""Correlations of two variables at every pixel at once, with p-values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..errors import Refused
from ..images.pixel_types import DOUBLE, PixelType
from ..meter import MEMORY_EXCEEDED, check
from ..values.special_functions import beta_inc
from .reducer import Reducer, Result, Stack
from .regressions import columns

MOST_VALUES = 1 << 13
"""Values of which all pairs can be compared, one after the other."""

_CORRELATION = PixelType("double", -1, 1)
_PROBABILITY = PixelType("double", 0, 1)


def _product_moment(x: Stack, y: Stack, presence: Stack) -> list[Result]:
    """Pearson's coefficient, and the p-value of Student's two-sided test."""
    count = presence.sum(axis=0)
    with np.errstate(all="ignore"):
        dx, dy = (
            np.where(presence, v - np.where(presence, v, 0).sum(axis=0, dtype=np.float64) / count, 0)
            for v in (x, y)
        )
        moment = (dx * dy).sum(axis=0)
        correlation = moment / np.sqrt((dx * dx).sum(axis=0) * (dy * dy).sum(axis=0))
    valid = (count > 1) & ~np.isnan(correlation)
    correlation = np.clip(np.where(valid, correlation, 0), -1, 1)
    tested = valid & (count > 2)  # noqa: PLR2004 - a line through two points is always exact
    probability = np.zeros(len(count))
    unexplained = (1 - correlation[tested]) * (1 + correlation[tested])
    probability[tested] = beta_inc((count[tested] - 2) / 2, 0.5, unexplained)
    return [Result(correlation, valid), Result(probability, tested)]


def _reducer(outputs: tuple[str, str], inputs: int, run: object) -> Reducer:
    return Reducer(outputs, run, lambda _: [_CORRELATION, _PROBABILITY], inputs=inputs)  # type: ignore[arg-type]


def _pearson(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
    return _product_moment(stacks[0], stacks[1], presence)


def _spearman(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
    x, y = (_ranks(stack, presence)[0] for stack in stacks)
    return _product_moment(x, y, presence)


def _ranks(values: Stack, presence: Stack) -> tuple[np.ndarray, np.ndarray]:
    """Ranks from 1, those of equal values their mean, and how many values are equal to each (n, pixels)."""
    if not len(values):
        return np.zeros(values.shape), np.zeros(values.shape)
    given = np.where(presence, values.astype(np.float64), np.inf)
    order = np.argsort(given, axis=0, kind="stable")
    ordered, held = np.take_along_axis(given, order, 0), np.take_along_axis(presence, order, 0)
    place = np.broadcast_to(np.arange(len(values))[:, np.newaxis], values.shape)
    new = np.ones(values.shape, bool)
    # What is not there has ranks of its own: it must not look like a tie of infinite values.
    new[1:] = (ordered[1:] != ordered[:-1]) | (held[1:] != held[:-1])
    last = np.ones(values.shape, bool)
    last[:-1] = new[1:]
    first = np.maximum.accumulate(np.where(new, place, 0), axis=0)
    end = np.minimum.accumulate(np.where(last, place, len(values))[::-1], axis=0)[::-1]
    ranks, ties = np.empty(values.shape), np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + end) / 2 + 1, 0)
    np.put_along_axis(ties, order, (end - first + 1).astype(np.float64), 0)
    return ranks, ties


def _kendall(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
    """Tau-b, and the p-value of the normal approximation with its correction for ties."""
    n, pixels = presence.shape
    if n > MOST_VALUES:
        raise Refused(MEMORY_EXCEEDED)
    y = stacks[-1]
    x = stacks[0] if len(stacks) > 1 else np.broadcast_to(np.arange(n)[:, np.newaxis], y.shape)
    tau, probability = np.zeros(pixels), np.zeros(pixels)
    valid, tested = np.zeros(pixels, bool), np.zeros(pixels, bool)
    for part in columns(pixels, 8 * n):
        found = _tau(x[:, part].astype(np.float64), y[:, part].astype(np.float64), presence[:, part])
        tau[part], valid[part], probability[part], tested[part] = found
    return [Result(tau, valid), Result(probability, tested)]


def _tau(x: Stack, y: Stack, presence: Stack) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    surplus = np.zeros(x.shape[1])
    for i in range(len(x) - 1):
        check()
        signs = np.sign(x[i + 1 :] - x[i]) * np.sign(y[i + 1 :] - y[i])
        surplus += np.where(presence[i + 1 :] & presence[i], signs, 0).sum(axis=0)
    count = presence.sum(axis=0).astype(np.float64)
    pairs = count * (count - 1)
    tied, triples, moments = zip(*(_tied(v, presence) for v in (x, y)), strict=True)
    with np.errstate(all="ignore"):
        tau = surplus / np.sqrt((pairs / 2 - tied[0]) * (pairs / 2 - tied[1]))
        variance = (pairs * (2 * count + 5) - moments[0] - moments[1]) / 18 + 2 * tied[0] * tied[1] / pairs
        variance = variance + np.where(count > 2, triples[0] * triples[1] / (9 * pairs * (count - 2)), 0)  # noqa: PLR2004
        score = np.abs(surplus) / np.sqrt(variance)
    valid = np.isfinite(tau)
    tested = valid & np.isfinite(score)
    chance = np.array(
        [math.erfc(z / math.sqrt(2)) if ok else 0.0 for z, ok in zip(score, tested, strict=True)]
    )
    return np.clip(np.where(valid, tau, 0), -1, 1), valid, chance, tested


def _tied(values: Stack, presence: Stack) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum over groups of t equal values: of t (t - 1) / 2, t (t - 1) (t - 2) and t (t - 1) (2 t + 5)."""
    others = np.where(presence, _ranks(values, presence)[1] - 1, 0)
    return (
        others.sum(axis=0) / 2,
        (others * (others - 1)).sum(axis=0),
        (others * (2 * others + 7)).sum(axis=0),
    )


PEARSON = _reducer(("correlation", "p-value"), 2, _pearson)
SPEARMAN = _reducer(("correlation", "p-value"), 2, _spearman)
KENDALL = {inputs: _reducer(("tau", "p-value"), inputs, _kendall) for inputs in (1, 2)}


def _covariance(*, centered: bool) -> Reducer:
    def run(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
        pixels = presence.shape[1]
        made, valid = np.empty(pixels, dtype=object), np.zeros(pixels, bool)
        for pixel in range(pixels):
            vectors = [np.asarray(v, np.float64) for v in stacks[0][presence[:, pixel], pixel]]
            if len(vectors) > 1:
                made[pixel], valid[pixel] = _covariances(vectors, centered=centered), True
        return [Result(made, valid)]

    return Reducer(("covariance",), run, lambda _: [DOUBLE.as_arrays(2)], objects=True, arrays=True)


def _covariances(vectors: list[np.ndarray], *, centered: bool) -> np.ndarray:
    check()
    if any(v.ndim != 1 or v.shape != vectors[0].shape for v in vectors):
        raise Refused("Reducer.covariance: The inputs must be 1-D arrays of the same length.")
    if vectors[0].size ** 2 > 1 << 22:
        raise Refused(MEMORY_EXCEEDED)
    table = np.stack(vectors)
    deviations = table if centered else table - table.mean(axis=0)
    return deviations.T @ deviations / (len(table) - 1)


COVARIANCE = _covariance(centered=False)
CENTERED_COVARIANCE = _covariance(centered=True)
