"""The scene classification (SCL) of a sample scene, with the faults that the real one is known for."""

# ruff: noqa: PLR2004  # the limits between classes, each used once

from __future__ import annotations

import numpy as np

from .noise import CELLS, fractal
from .sky import Sky
from .surface import BANDS

DARK, SHADOW, VEGETATION, SOIL, WATER, UNSURE, MEDIUM, HIGH, CIRRUS, SNOW = range(2, 12)


class Classifier:
    """Classifies pixels; its errors follow a fixed pattern, shifted for each pass."""

    def __init__(self) -> None:
        rng = np.random.default_rng(77)
        self._pattern = fractal(rng, slope=0.6, longest=40)

    def classify(self, surface: np.ndarray, observed: np.ndarray, sky: Sky, seed: int) -> np.ndarray:
        """Give the class of every cell, 2..11 (uint8).

        Faults, on purpose: thin cloud and soft edges are missed, bright bare ground and snow are taken for
        cloud, dark slopes for shadow, some shadow is not seen.

        Args:
            surface: The true reflectance; (bands, rows, columns).
            observed: The reflectance as the satellite saw it.
            sky: What was in the air.
            seed: Of the pass.
        """
        band = dict(zip(BANDS, surface, strict=True))
        size = sky.clear.shape[0]
        shift = np.random.default_rng([seed, 8]).integers(0, CELLS, 2)
        doubt = np.roll(self._pattern, shift, (0, 1))[:size, :size]

        greenness = (band["B8"] - band["B4"]) / (band["B8"] + band["B4"])
        classes = np.where(greenness > 0.36, VEGETATION, SOIL)
        dark = band["B8"] < 0.075
        classes[dark] = DARK
        classes[dark & (doubt > 0.9)] = SHADOW
        classes[(band["B3"] > band["B8"]) & (band["B11"] < 0.06)] = WATER
        snow = (band["B3"] > 0.28) & (band["B11"] < 0.45 * band["B3"])
        classes[snow] = SNOW
        classes[snow & (doubt > 1.6)] = HIGH
        bright = band["B4"] > 0.21
        classes[bright & ~snow & (doubt > 1.1)] = MEDIUM

        classes[sky.shadow + 0.08 * doubt > 0.42] = SHADOW
        classes[sky.haze + 0.08 * doubt > 0.24] = UNSURE
        classes[sky.cirrus + 0.04 * doubt > 0.16] = CIRRUS
        opaque = sky.cloud + 0.10 * doubt
        classes[(opaque > 0.22) & (observed[BANDS.index("B2")] > 0.14)] = UNSURE
        classes[opaque > 0.42] = MEDIUM
        classes[opaque > 0.68] = HIGH
        return classes.astype(np.uint8)
