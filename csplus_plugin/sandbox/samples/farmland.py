"""What people made of the plain: parcels, tracks, a highway, a village, the dam."""

# ruff: noqa: PLR2004  # an invented land is made of numbers

from __future__ import annotations

import numpy as np

from .noise import smoothstep
from .season import season

PARCELS = 400
"""How many numbers parcels may have."""

_PIVOTS = ((-1130.0, -900.0, 225.0), (-1560.0, -1330.0, 190.0))
_VILLAGE = (-300.0, -600.0, 260.0)
_AXIS_DEG = 63.0

# For each kind of crop: the days of the year when it is green, when it stands dry, when the field is flooded,
# and how green it is at the least. Alfalfa (cut every five weeks), winter wheat, maize, almonds, rice, fallow.
_CALENDAR = (
    ((30, 330), None, None, 0.35),
    ((345, 128), (128, 190), None, 0.03),
    ((150, 258), (258, 300), None, 0.02),
    ((70, 315), None, None, 0.12),
    ((165, 262), (262, 300), (125, 165), 0.02),
    ((355, 105), (105, 300), None, 0.05),
)


def _turned(east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Metres along the valley and across it."""
    angle = np.radians(_AXIS_DEG)
    return (
        east * np.cos(angle) + north * np.sin(angle),
        -east * np.sin(angle) + north * np.cos(angle),
    )


def parcels(rng: np.random.Generator, east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the parcel number of every cell, and how much of a track runs there, 0..1.

    Parcels are rectangles along the valley, in columns of uneven width, and two circles under pivot
    irrigation.
    """
    along, across = _turned(east, north)
    edges = np.cumsum(rng.uniform(150, 290, 40)) - 4200
    column = np.clip(np.searchsorted(edges, along.ravel()).reshape(along.shape), 1, 39)
    to_edge = np.minimum(np.abs(along - edges[column - 1]), np.abs(along - edges[column]))
    depth = rng.uniform(95, 230, 40)[column]
    place = (across + rng.uniform(0, 500, 40)[column]) / depth
    row = np.floor(place).astype(int)
    to_edge = np.minimum(to_edge, np.minimum(place - row, row + 1 - place) * depth)
    number = (column * 53 + row * 17) % (PARCELS - len(_PIVOTS))
    for index, (x, y, radius) in enumerate(_PIVOTS):
        from_centre = np.hypot(east - x, north - y)
        inside = from_centre < radius
        number[inside] = PARCELS - 1 - index
        to_edge = np.where(inside, radius - from_centre, np.minimum(to_edge, from_centre - radius))
    return number, smoothstep(9, 3, to_edge)


def roads(east: np.ndarray, north: np.ndarray, distance: np.ndarray, side: np.ndarray) -> np.ndarray:
    """How much of each cell a road covers: a highway beside the plain, and one over the bridge, 0..1."""
    bend = 70 * np.sin(north / 410 + 1.0) + 35 * np.sin(north / 173)
    highway = np.abs(east - 0.50 * north - 330 - bend) * 0.89
    along, _ = _turned(east, north)
    bridge = np.abs(along + 760 + 50 * np.sin(east / 300))
    bridge = np.where((distance < 560) | (side < 0), bridge, np.inf)
    return np.maximum(smoothstep(12, 5, highway), smoothstep(11, 5, bridge))


def village(rng: np.random.Generator, east: np.ndarray, north: np.ndarray) -> np.ndarray:
    """How much of each cell is roofs and streets, 0..1."""
    x, y, radius = _VILLAGE
    along, across = _turned(east - x, north - y)
    inside = smoothstep(radius, 0.55 * radius, np.hypot(along * 0.75, across))
    streets = np.minimum(np.abs(along % 90 - 45), np.abs(across % 70 - 35)) < 7
    roofs = rng.random(east.shape, dtype=np.float32) < 0.45
    return inside * np.where(streets, 0.6, np.where(roofs, 0.55, 0.12))


def dam(northing_m: float, east: np.ndarray, north: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """How much of each cell the dam's crest covers, 0..1: a line across the valley at `northing_m`."""
    in_valley = np.hypot(east - 0.45 * northing_m, north - northing_m) < 420
    return 0.9 * smoothstep(15, 6, np.abs(north - northing_m)) * in_valley * (elevation < 606)


def crops(day: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give what stands on each parcel on a day of the year: shares of green plants, dry plants and water.

    The rest is bare soil. Each array has one value a parcel.
    """
    rng = np.random.default_rng(7)
    kind = rng.choice(len(_CALENDAR), PARCELS, p=[0.22, 0.22, 0.18, 0.14, 0.10, 0.14])
    kind[-2:] = 0, 2
    delay = rng.normal(0, 9, PARCELS)
    vigour = rng.uniform(0.72, 1.0, PARCELS)
    green, dry, water = np.zeros((3, PARCELS), np.float32)
    for number, (green_days, dry_days, wet_days, least) in enumerate(_CALENDAR):
        mine = kind == number
        grown = season(day - delay[mine], *green_days, 40) if green_days else 0
        green[mine] = vigour[mine] * (least + (0.95 - least) * grown)
        if dry_days:
            dry[mine] = 0.85 * season(day - delay[mine], *dry_days, 30) * (1 - green[mine])
        if wet_days:
            water[mine] = 0.9 * season(day - delay[mine], *wet_days, 16) * (1 - green[mine] - dry[mine])
    cut = kind == 0
    green[cut] *= (0.72 + 0.28 * np.cos(2 * np.pi * (day - 3 * delay[cut]) / 36.5)).astype(np.float32)
    return green, dry, water
