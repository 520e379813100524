"""From surface reflectance to what the satellite sees above a clean atmosphere (L1C)."""

from __future__ import annotations

import numpy as np

from .sky import Sky
from .sun import Sun
from .surface import BANDS

TOA_BANDS = (*BANDS[:10], "B10", *BANDS[10:])
"""The spectral bands of a top of atmosphere scene, in Earth Engine's order."""

# In the order of BANDS: light scattered back by the air alone, and the share of the ground's light that arrives,
# both with the sun overhead. Typical values, rounded by hand.
_PATH = (0.085, 0.062, 0.036, 0.021, 0.017, 0.013, 0.011, 0.008, 0.007, 0.004, 0.0015, 0.0008)
_PASSED = (0.82, 0.86, 0.89, 0.93, 0.93, 0.94, 0.95, 0.95, 0.96, 0.45, 0.96, 0.95)


def top_of_atmosphere(reflectance: np.ndarray, sun: Sun) -> np.ndarray:
    """Top of atmosphere reflectance of the bands of `BANDS`: (bands, rows, columns)."""
    air = (1 + 1 / np.cos(np.radians(sun.zenith))) / 2
    path = np.array(_PATH, np.float32)[:, None, None] * np.float32(air)
    passed = np.array(_PASSED, np.float32)[:, None, None] ** np.float32(air)
    return path + passed * reflectance


def cirrus_band(sky: Sky | None, shape: tuple[int, int]) -> np.ndarray:
    """B10: the air is opaque there, so it shows high cloud and next to nothing of the ground.

    Args:
        sky: What was in the air; None for a clear sky.
        shape: Rows and columns.
    """
    band = np.full(shape, 0.0012, np.float32)
    if sky is not None:
        band += 0.11 * sky.cirrus + 0.008 * sky.cloud * sky.brightness
    return band
