"""The sky of one pass, by the pixel model of the Cloud Score+ paper: p = t q + c (1 - q).

An observed pixel p is the true surface t, seen through the clear fraction q, and contamination c (Pasquarella
et al. 2023, "Comprehensive Quality Assessment of Optical Satellite Imagery Using Weakly Supervised Video
Learning"). Here the contamination comes in four layers, from the top: cirrus, cloud (and fog), haze, and the
shadow that the cloud casts on the ground. Each hides its share of what lies below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .landscape import CELL_M, Landscape
from .noise import CELLS, fractal, smoothstep
from .passes import Pass, Weather
from .sun import Sun

# Reflectance of each layer in the order of `surface.BANDS`.
_LAYERS = {
    "cirrus": (0.60, 0.60, 0.57, 0.55, 0.54, 0.54, 0.53, 0.53, 0.52, 0.40, 0.34, 0.26),
    "cloud": (0.80, 0.80, 0.79, 0.80, 0.80, 0.81, 0.81, 0.81, 0.80, 0.66, 0.56, 0.46),
    "haze": (0.34, 0.31, 0.27, 0.24, 0.23, 0.22, 0.21, 0.21, 0.20, 0.17, 0.12, 0.08),
    "shadow": (0.022, 0.022, 0.018, 0.013, 0.014, 0.016, 0.016, 0.017, 0.017, 0.015, 0.010, 0.007),
}
_CLOUD_HEIGHT_M = 750.0
_DARKEST_SHADOW = 0.82


@dataclass(frozen=True)
class Sky:
    """Share of every pixel's signal that comes from each layer, 0..1; with `clear` they sum to 1.

    Attributes:
        clear: The clear fraction q.
        cirrus, cloud, haze, shadow: The contamination, layer by layer.
        brightness: How bright the cloud is, relative to its usual reflectance.
    """

    clear: np.ndarray
    cirrus: np.ndarray
    cloud: np.ndarray
    haze: np.ndarray
    shadow: np.ndarray
    brightness: np.ndarray

    def observe(self, surface: np.ndarray) -> np.ndarray:
        """Reflectance as the satellite sees it: (bands, rows, columns), like `surface`."""
        observed = surface * self.clear
        for name, spectrum in _LAYERS.items():
            amount = self.cloud * self.brightness if name == "cloud" else getattr(self, name)
            if amount.any():
                observed += np.array(spectrum, np.float32)[:, None, None] * amount
        return observed


def sky_of(one: Pass, land: Landscape, sun: Sun) -> Sky:
    """Give the sky of a pass over the middle of the land. Always the same for the same pass."""
    rng = np.random.default_rng([one.seed, 5])
    size = land.elevation.shape[0]
    first = (CELLS - size) // 2
    window = (slice(first, first + size),) * 2

    depth = _cloud_depth(rng, one.weather)
    shadow = _DARKEST_SHADOW * (1 - np.exp(-1.6 * _displaced(depth, sun)[window]))
    depth = depth[window] + _fog_depth(rng, one.weather, land.elevation, window)
    cloud = 1 - np.exp(-depth)
    cirrus = _cirrus(rng, one.weather)[window]
    haze = _haze(rng, one.weather)[window]
    below_cirrus = 1 - cirrus
    below_cloud = below_cirrus * (1 - cloud)
    below_haze = below_cloud * (1 - haze)
    return Sky(
        clear=below_haze * (1 - shadow),
        cirrus=cirrus,
        cloud=below_cirrus * cloud,
        haze=below_cloud * haze,
        shadow=below_haze * shadow,
        brightness=_brightness(depth, sun),
    )


def _nothing() -> np.ndarray:
    return np.zeros((CELLS, CELLS), np.float32)


def _cloud_depth(rng: np.random.Generator, weather: Weather) -> np.ndarray:
    """Optical depth of the clouds that cast a shadow."""
    depth = _nothing()
    if weather.cumulus:
        heaps = fractal(rng, slope=1.15, longest=75) + 0.25 * fractal(rng, slope=1.5, longest=300)
        depth += 3.0 * np.maximum(heaps - _threshold(heaps, weather.cumulus), 0) ** 1.5
    if weather.cloud:
        layer = fractal(rng, slope=1.45, longest=330, stretch=1.8, direction=float(rng.integers(0, 180)))
        layer += 0.25 * fractal(rng, slope=1.3, longest=60)
        depth += 1.3 * np.maximum(layer - _threshold(layer, weather.cloud), 0) ** 1.4
    return depth


def _threshold(field: np.ndarray, cover: float) -> float:
    return float(np.quantile(field[::4, ::4], 1 - cover))


def _displaced(depth: np.ndarray, sun: Sun) -> np.ndarray:
    """Give the depth of the cloud between each place and the sun."""
    east, north, up = sun.direction
    reach = _CLOUD_HEIGHT_M / up / CELL_M
    return np.roll(depth, (round(north * reach), round(-east * reach)), (0, 1))


def _fog_depth(
    rng: np.random.Generator, weather: Weather, elevation: np.ndarray, window: tuple[slice, slice]
) -> np.ndarray:
    if not weather.fog_top:
        return np.zeros_like(elevation)
    top = weather.fog_top + 14 * fractal(rng, slope=1.4, longest=200)[window]
    return 3.5 * smoothstep(22, -22, elevation - top)


def _cirrus(rng: np.random.Generator, weather: Weather) -> np.ndarray:
    if not weather.cirrus:
        return _nothing()
    streaks = fractal(rng, slope=1.1, longest=512, stretch=9, direction=float(rng.integers(10, 60)))
    return weather.cirrus * smoothstep(-1.1, 1.7, streaks)


def _haze(rng: np.random.Generator, weather: Weather) -> np.ndarray:
    if not weather.haze:
        return _nothing()
    return np.clip(weather.haze * (1 + 0.35 * fractal(rng, slope=1.8)), 0, 0.8)


def _brightness(depth: np.ndarray, sun: Sun) -> np.ndarray:
    """Thick cloud is brighter, and its side towards the sun more so."""
    east, north, _ = sun.direction
    to_south, to_east = np.gradient(np.sqrt(depth))
    lit = np.clip((to_south * north - to_east * east) * 3.0, -1, 1)
    return (0.62 + 0.40 * (1 - np.exp(-0.6 * depth)) + 0.16 * lit).astype(np.float32)
