"""The land: relief, river, reservoir, fields, woods, rock. What does not change within the year.

An invented valley in the Sierra foothills. A river comes down from the mountains in the north-east, is held by
a dam, and winds through a farmed plain to the south-west. What grows follows height, steepness and aspect: oaks
and conifers on the shaded slopes, scrub and grass on the sunny ones, bare rock where it is steep and high.
"""

# ruff: noqa: PLR2004  # an invented land is made of numbers

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from . import farmland
from .noise import CELLS, fractal, smoothstep
from .relief import erode, finer

CELL_M = 10.0
"""Side of one ground cell, metres."""

_SEED = 20230101
_DAM_NORTHING_M = 560.0


@dataclass(frozen=True)
class Landscape:
    """Maps of the ground, one value a cell, rows from the north.

    Attributes:
        elevation: Metres.
        east_slope: Metres of rise for each metre eastwards.
        north_slope: Metres of rise for each metre northwards.
        conifer, oak, scrub, rock, gravel, built, river: Share of the cell that it covers, 0..1. Grass has the
            rest.
        fields: Share of the cell that is farmed, 0..1.
        parcel: Number of the parcel that the cell belongs to, 0..`PARCELS` - 1.
        basin: 1 where the reservoir may flood the cell, if its level is above `elevation`; else 0.
        moisture: How long the ground stays moist, around 0, about -1..1.
        texture: Brightness relative to the average, around 1.
        soil: 0 for dark soil, 1 for light soil.
    """

    elevation: np.ndarray
    east_slope: np.ndarray
    north_slope: np.ndarray
    conifer: np.ndarray
    oak: np.ndarray
    scrub: np.ndarray
    rock: np.ndarray
    gravel: np.ndarray
    built: np.ndarray
    river: np.ndarray
    fields: np.ndarray
    parcel: np.ndarray
    basin: np.ndarray
    moisture: np.ndarray
    texture: np.ndarray
    soil: np.ndarray

    def window(self, size: int) -> Landscape:
        """Give the middle `size` x `size` cells."""
        first = (CELLS - size) // 2
        part = slice(first, first + size)
        return replace(self, **{f.name: getattr(self, f.name)[part, part] for f in fields(self)})


@dataclass(frozen=True)
class _River:
    """The river as each cell sees it.

    Attributes:
        distance: Metres to its middle line.
        northing: Metres north of the centre, of the nearest point of the river.
        side: Positive to the west of it.
    """

    distance: np.ndarray
    northing: np.ndarray
    side: np.ndarray


def build_landscape() -> Landscape:
    """Invent the land. Always the same."""
    rng = np.random.default_rng(_SEED)
    axis = (np.arange(CELLS, dtype=np.float32) - (CELLS - 1) / 2) * CELL_M
    east, north = np.meshgrid(axis, -axis)
    river = _river(east, north)
    plain = smoothstep(-100, -900, river.northing)
    elevation, outlet_northing = _relief(rng, river, plain)
    return _cover(rng, east, north, river, plain, elevation, outlet_northing)


def _river(east: np.ndarray, north: np.ndarray) -> _River:
    along = np.arange(3400, -3400, -12, dtype=np.float32)
    meander = 70 + 190 * smoothstep(300, -1300, along)
    across = 0.50 * along + 120 + meander * np.sin(along / 168 + 0.6) + 60 * np.sin(along / 391 + 2.0)
    distance = np.full(east.shape, np.inf, np.float32)
    northing = np.zeros(east.shape, np.float32)
    side = np.zeros(east.shape, np.float32)
    for x, y in zip(across, along, strict=True):
        here = np.hypot(east - x, north - y)
        nearer = here < distance
        distance[nearer] = here[nearer]
        northing[nearer] = y
        side[nearer] = x - east[nearer]
    return _River(distance, northing, side)


def _relief(rng: np.random.Generator, river: _River, plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Elevation in metres, and where each cell's water reaches the river, metres north of the centre."""
    bed = 560 + 0.004 * (river.northing + 2700) + 60 * smoothstep(300, 2400, river.northing)
    away = river.distance + 90 * fractal(rng, slope=1.2, longest=120)
    floor = 40 + 800 * plain
    mountains = smoothstep(-2300, 1700, river.northing + 0.45 * np.abs(river.side))
    hardness = 1 + 0.25 * np.clip(fractal(rng, slope=1.4, longest=160), -2, 2)
    uplift = (0.5 + 1.3 * mountains) * hardness * smoothstep(floor, floor + 350, away)
    height = bed + 0.01 * river.distance + 0.4 * fractal(rng, slope=0.6, longest=60)

    def coarse(field: np.ndarray, times: int) -> np.ndarray:
        side = CELLS // times
        return field.reshape(side, times, side, times).mean((1, 3))

    rough, _ = erode(
        rng, coarse(height, 4), coarse(uplift, 4), coarse(river.distance, 4) < 22, 40, steps=45, step=14
    )
    fine, outlet = erode(
        rng, finer(rough), coarse(uplift, 2), coarse(river.distance, 2) < 14, 20, steps=14, step=6
    )
    outlet_northing = coarse(river.northing, 2).ravel()[outlet]
    return finer(fine).astype(np.float32), np.kron(outlet_northing, np.ones((2, 2), np.float32))


def _cover(
    rng: np.random.Generator,
    east: np.ndarray,
    north: np.ndarray,
    river: _River,
    plain: np.ndarray,
    elevation: np.ndarray,
    outlet_northing: np.ndarray,
) -> Landscape:
    to_south, to_east = np.gradient(elevation, CELL_M)
    north_slope, east_slope = -to_south, to_east
    steepness = np.hypot(north_slope, east_slope)
    # Slopes that fall to the north or east are shaded in the hot afternoon and keep their moisture.
    shaded = np.clip(-(-0.8 * north_slope - 0.4 * east_slope) * -2.2, -1, 1)
    smooth, patchy, fine = (fractal(rng, slope=s, longest=w) for s, w in ((1.5, 200), (1.0, 60), (0.2, 8)))
    moisture = np.clip(0.55 * shaded + 0.3 * smooth + 0.1 * patchy, -1.2, 1.2)

    rock = smoothstep(0.82, 1.2, steepness + 0.12 * patchy + 0.0012 * (elevation - 760))
    conifer = smoothstep(0.0, 0.7, moisture + 0.0022 * (elevation - 780) + 0.22 * patchy)
    conifer *= 0.95 * smoothstep(-1.2, 0.4, fine)
    woodland = smoothstep(-0.35, 0.75, moisture + 0.25 * patchy + 0.5 * smoothstep(0.1, 0.4, steepness) - 0.1)
    # Oaks stand apart: crowns of a cell or two, more of them where it is moist.
    oak = woodland * smoothstep(0.9, 0.1, fine + 1.6 * (0.55 - woodland))
    scrub = smoothstep(0.1, 0.9, 0.3 * smooth - 0.9 * moisture + 0.001 * (elevation - 700) + 0.2 * patchy)
    scrub *= 0.8 * smoothstep(-1.0, 0.6, fine) * smoothstep(0.15, 0.4, steepness)

    width = 11 + 9 * plain + 3 * smooth
    water = smoothstep(width + 6, width - 6, river.distance)
    bar = smoothstep(0.1, 0.9, smooth + 0.6 * patchy) * smoothstep(width + 42, width + 14, river.distance)
    bank = smoothstep(width + 75, width + 12, river.distance + 22 * patchy) * smoothstep(-0.8, 0.3, fine)

    basin = (outlet_northing > _DAM_NORTHING_M) & (north > _DAM_NORTHING_M + 8)
    parcel, track = farmland.parcels(rng, east, north)
    farmed = smoothstep(0.3, 0.6, plain) * smoothstep(0.13, 0.07, steepness)
    farmed *= smoothstep(width + 30, width + 45, river.distance)
    village = farmland.village(rng, east, north)
    roads = farmland.roads(east, north, river.distance, river.side)
    dam = farmland.dam(_DAM_NORTHING_M, east, north, elevation)
    built = np.maximum.reduce([village, roads, dam, 0.6 * track * farmed])
    farmed = farmed * (1 - built) * (village < 0.05)

    wild = (1 - farmed) * (1 - water)
    rock = rock * wild
    conifer = conifer * (wild - rock)
    oak = np.maximum(oak, 0.9 * bank) * (wild - rock - conifer)
    scrub = scrub * (wild - rock - conifer - oak)
    gravel = 0.9 * bar * (wild - rock - conifer - oak - scrub)
    kept = 1 - built * (1 - water)
    return Landscape(
        elevation=elevation,
        east_slope=east_slope.astype(np.float32),
        north_slope=north_slope.astype(np.float32),
        conifer=conifer * kept,
        oak=oak * kept,
        scrub=scrub * kept,
        rock=rock * kept,
        gravel=gravel * kept,
        built=built * (1 - water),
        river=water,
        fields=farmed * (1 - water),
        parcel=parcel,
        basin=basin.astype(np.float32),
        moisture=moisture.astype(np.float32),
        texture=1 + 0.04 * fractal(rng, slope=0.3, longest=12) + 0.05 * fractal(rng, slope=1.0, longest=60),
        soil=np.clip(0.45 + 0.25 * smooth + 0.1 * patchy, 0, 1).astype(np.float32),
    )
