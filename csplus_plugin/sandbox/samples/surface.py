"""The cloud-free reflectance of the land on a day of the year: the truth of the sample scenes.

Each cell is a mixture of a few materials; the shares change smoothly through a Californian year (green and
partly white in winter, golden in summer), and the slope's angle to the sun brightens or darkens the whole.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from . import farmland
from .landscape import Landscape
from .noise import smoothstep
from .season import day_of_year, season
from .sun import Sun

BANDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12")
"""The spectral bands of a surface reflectance scene, in Earth Engine's order."""

# Reflectance of each material in the order of BANDS: typical values, rounded by hand.
_SPECTRA = {
    "conifer": (0.016, 0.020, 0.034, 0.024, 0.058, 0.135, 0.165, 0.180, 0.195, 0.200, 0.090, 0.042),
    "oak": (0.020, 0.026, 0.048, 0.038, 0.080, 0.180, 0.220, 0.240, 0.255, 0.260, 0.150, 0.080),
    "scrub": (0.030, 0.036, 0.056, 0.060, 0.090, 0.140, 0.160, 0.175, 0.190, 0.195, 0.170, 0.110),
    "green": (0.025, 0.032, 0.076, 0.042, 0.110, 0.310, 0.390, 0.420, 0.440, 0.440, 0.210, 0.105),
    "dry": (0.060, 0.084, 0.130, 0.162, 0.186, 0.205, 0.225, 0.245, 0.260, 0.265, 0.330, 0.235),
    "dark soil": (0.045, 0.055, 0.080, 0.105, 0.125, 0.142, 0.155, 0.170, 0.180, 0.190, 0.250, 0.210),
    "light soil": (0.085, 0.105, 0.145, 0.185, 0.210, 0.225, 0.240, 0.255, 0.270, 0.275, 0.360, 0.320),
    "rock": (0.125, 0.145, 0.172, 0.190, 0.202, 0.208, 0.213, 0.220, 0.225, 0.225, 0.240, 0.215),
    "gravel": (0.125, 0.150, 0.190, 0.215, 0.230, 0.240, 0.250, 0.260, 0.270, 0.270, 0.310, 0.280),
    "built": (0.105, 0.125, 0.142, 0.155, 0.165, 0.175, 0.180, 0.190, 0.200, 0.200, 0.230, 0.215),
    "clear water": (0.035, 0.042, 0.046, 0.024, 0.016, 0.010, 0.009, 0.008, 0.007, 0.006, 0.004, 0.003),
    "turbid water": (0.055, 0.068, 0.092, 0.088, 0.066, 0.040, 0.034, 0.028, 0.025, 0.020, 0.008, 0.005),
    "snow": (0.780, 0.800, 0.790, 0.780, 0.770, 0.750, 0.730, 0.710, 0.690, 0.620, 0.090, 0.070),
}
MATERIALS = tuple(_SPECTRA)
_TABLE = np.array(list(_SPECTRA.values()), np.float32).T

_SKYLIGHT = 0.22
"""Share of the light that comes from the whole sky, and so does not depend on the slope's angle to the sun."""


def reservoir_level(day: float) -> float:
    """Metres above the sea: full in May, low in November."""
    return 598.0 + 6.0 * np.cos(2 * np.pi * (day - 140) / 365)


def snow_share(land: Landscape, day: float) -> np.ndarray:
    """Share of each cell's ground that lies under snow, 0..1."""
    depth_of_winter = np.cos(2 * np.pi * (day - 28) / 365)
    line = 1080 - 300 * depth_of_winter + 90 * np.maximum(-depth_of_winter, 0)
    kept = land.elevation + 90 * land.moisture + 260 * (land.texture - 1)
    return smoothstep(-70, 70, kept - line)


def shares(land: Landscape, day: date) -> np.ndarray:
    """How much of each cell each material covers: (materials, rows, columns), sums to 1."""
    number = day_of_year(day)
    share = {name: np.zeros(land.elevation.shape, np.float32) for name in MATERIALS}
    green = _grass_green(land, number)
    for name in ("conifer", "scrub", "rock", "gravel", "built"):
        share[name] += getattr(land, name)
    leaves = 0.55 + 0.45 * season(number, 85, 320, 40)
    share["oak"] += land.oak * leaves
    grass = 1 - sum(getattr(land, n) for n in ("conifer", "scrub", "rock", "gravel", "built", "oak", "river"))
    grass = np.maximum(grass - land.fields, 0) + land.oak * (1 - leaves)
    bare = 0.18 * grass
    share["green"] += (grass - bare) * green
    share["dry"] += (grass - bare) * (1 - green)
    _add_soil(share, bare, land)
    _add_fields(share, land, number)

    winter_flow = season(number, 350, 110, 60)
    share["turbid water"] += land.river * (0.25 + 0.65 * winter_flow)
    share["clear water"] += land.river * (0.75 - 0.65 * winter_flow)
    _cover_with(share, "clear water", _reservoir(land, number))
    _cover_with(share, "light soil", _bare_shore(land, number))
    water = share["clear water"] + share["turbid water"]
    shelter = 1 - 0.65 * share["conifer"] - 0.4 * share["oak"]
    _cover_with(share, "snow", snow_share(land, number) * shelter * (1 - water))
    return np.stack([share[name] for name in MATERIALS])


def surface(land: Landscape, day: date, sun: Sun) -> np.ndarray:
    """Surface reflectance, 0..1: (bands, rows, columns) in the order of `BANDS`."""
    share = shares(land, day)
    reflectance = np.tensordot(_TABLE, share, axes=1)
    water = share[MATERIALS.index("clear water")] + share[MATERIALS.index("turbid water")]
    light = water + (1 - water) * _light(land, sun) * land.texture
    return np.clip(reflectance * light, 0.001, 1.0).astype(np.float32)


def _light(land: Landscape, sun: Sun) -> np.ndarray:
    """Brightness of each slope relative to flat ground."""
    east, north, up = sun.direction
    facing = (up - east * land.east_slope - north * land.north_slope) / np.sqrt(
        1 + land.east_slope**2 + land.north_slope**2
    )
    return _SKYLIGHT + (1 - _SKYLIGHT) * np.clip(facing / up, 0, 1.7)


def _grass_green(land: Landscape, day: float) -> np.ndarray:
    """Green share of the wild grass: from the first rains to the dry season, longer where it is moist."""
    height = (land.elevation - 650) / 100
    first = 338 + 4 * height - 6 * land.moisture
    last = 128 + 6 * height + 22 * land.moisture
    return 0.04 + 0.88 * season(day, first, last, 45).astype(np.float32)


def _reservoir(land: Landscape, day: float) -> np.ndarray:
    return land.basin * smoothstep(1.5, -1.5, land.elevation - reservoir_level(day))


def _bare_shore(land: Landscape, day: float) -> np.ndarray:
    """Ground that the falling water has left."""
    full = land.basin * smoothstep(1.5, -1.5, land.elevation - reservoir_level(140))
    return np.maximum(full - _reservoir(land, day), 0) * 0.85


def _add_soil(share: dict[str, np.ndarray], amount: np.ndarray, land: Landscape) -> None:
    share["light soil"] += amount * land.soil
    share["dark soil"] += amount * (1 - land.soil)


def _add_fields(share: dict[str, np.ndarray], land: Landscape, day: float) -> None:
    green, dry, flooded = (table[land.parcel] for table in farmland.crops(day))
    share["green"] += land.fields * green
    share["dry"] += land.fields * dry
    share["turbid water"] += land.fields * flooded
    _add_soil(share, land.fields * (1 - green - dry - flooded), land)


def _cover_with(share: dict[str, np.ndarray], name: str, amount: np.ndarray) -> None:
    """Lay a material over the others."""
    for other, before in share.items():
        share[other] = before * (1 - amount)
    share[name] += amount
