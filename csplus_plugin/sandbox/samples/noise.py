"""Random fields that look natural: sums of waves whose strength falls with their frequency.

Every field covers a square of `CELLS` x `CELLS` ground cells and repeats beyond it, so that a shadow can be a
displaced copy of its cloud (`numpy.roll`). Fields are float32 with mean 0 and standard deviation 1, unless
said otherwise.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

CELLS = 512


def fractal(
    rng: np.random.Generator,
    *,
    slope: float,
    longest: float = CELLS,
    stretch: float = 1.0,
    direction: float = 0.0,
) -> np.ndarray:
    """One random field with a power-law spectrum.

    Args:
        rng: Source of the randomness.
        slope: How fast the amplitude falls with frequency: 1 is rough, 2 is smooth.
        longest: Longest wavelength, in cells; longer waves are left out.
        stretch: How many times longer the waves are along `direction` than across it.
        direction: Degrees from the east, counter-clockwise.
    """
    amplitude = _amplitude(slope, longest, stretch, direction)
    spectrum = np.empty(amplitude.shape, np.complex64)
    spectrum.real = rng.standard_normal(amplitude.shape, dtype=np.float32)
    spectrum.imag = rng.standard_normal(amplitude.shape, dtype=np.float32)
    field = np.fft.irfft2(spectrum * amplitude, (CELLS, CELLS)).astype(np.float32)
    return field / field.std()


@lru_cache(maxsize=64)
def _amplitude(slope: float, longest: float, stretch: float, direction: float) -> np.ndarray:
    across = np.fft.fftfreq(CELLS, 1.0)[:, None]
    along = np.fft.rfftfreq(CELLS, 1.0)[None, :]
    angle = np.radians(direction)
    # Rows run southwards, hence the sign of `across`.
    lengthwise = along * np.cos(angle) - across * np.sin(angle)
    sideways = along * np.sin(angle) + across * np.cos(angle)
    frequency = np.hypot(lengthwise * np.sqrt(stretch), sideways / np.sqrt(stretch))
    with np.errstate(divide="ignore"):
        amplitude = np.where(frequency * longest >= 1.0, frequency ** -(slope + 1.0), 0.0)
    return amplitude.astype(np.float32)


def smoothstep(low: float | np.ndarray, high: float | np.ndarray, x: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a smooth rise between; `low` > `high` makes it a fall."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0).astype(np.float32)
    return t * t * (3.0 - 2.0 * t)
