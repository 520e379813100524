"""Cloud Score+ of the sample scenes: `cs` from the clear fraction, `cs_cdf` from its rank through time."""

from __future__ import annotations

import numpy as np

from .noise import CELLS, fractal

STEPS = 128
"""Scores are whole multiples of 1 / STEPS: exact as float32, and the files compress."""

_LEVELS = 51
_LENIENCY = 0.08
_SOFTNESS = 0.03


class ScoreNoise:
    """The error of the score: a fixed pattern, shifted at random for each pass."""

    def __init__(self) -> None:
        rng = np.random.default_rng(99)
        self._pattern = 0.016 * fractal(rng, slope=1.2, longest=60) + 0.010 * fractal(rng, slope=0.0)

    def of_pass(self, seed: int, size: int) -> np.ndarray:
        """Give the error on one pass: (size, size)."""
        shift = np.random.default_rng([seed, 6]).integers(0, CELLS, 2)
        return np.roll(self._pattern, shift, (0, 1))[:size, :size]


def score(clear: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """`cs` in steps, 0..`STEPS` (uint8): the clear fraction with some error."""
    return np.rint(np.clip(0.01 + 0.97 * clear + noise, 0, 1) * STEPS).astype(np.uint8)


class History:
    """How the scores of each place are distributed over the year.

    Args:
        scores: `cs` of every pass in steps; (passes, rows, columns).
        seen: Where each pass saw the ground; (passes, rows, columns).
    """

    def __init__(self, scores: np.ndarray, seen: np.ndarray) -> None:
        places = scores[0].size
        counts = np.zeros((_LEVELS, places), np.float32)
        here = np.arange(places)
        for one, was_seen in zip(scores, seen, strict=True):
            level = np.rint(one.ravel() * ((_LEVELS - 1) / STEPS)).astype(np.intp)
            counts[level, here] += was_seen.ravel()
        levels = np.linspace(0, 1, _LEVELS, dtype=np.float32)
        away = (levels[:, None] + _LENIENCY - levels[None, :]) / _SOFTNESS
        not_above = 1 / (1 + np.exp(-np.clip(away, -30, 30)))
        self._rank = (not_above @ counts) / np.maximum(counts.sum(0), 1)

    def rank(self, scores: np.ndarray) -> np.ndarray:
        """`cs_cdf` in steps, 0..`STEPS` (uint8): the share of the place's scores that are not clearly better.

        Never falls where the score rises. Scores within a few hundredths of the place's best rank near 1, so
        every clear look ranks high however many there are.
        """
        place = scores.ravel() * np.float32((_LEVELS - 1) / STEPS)
        lower = np.minimum(place.astype(np.intp), _LEVELS - 2)
        here = np.arange(place.size)
        below, above = self._rank[lower, here], self._rank[lower + 1, here]
        rank = below + (above - below) * (place - lower)
        return np.rint(np.clip(rank, 0, 1) * STEPS).astype(np.uint8).reshape(scores.shape)
