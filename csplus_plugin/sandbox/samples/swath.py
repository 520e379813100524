"""Where a pass saw the ground, and the footprint of a scene."""

from __future__ import annotations

from typing import Any

import numpy as np

from .grid import Tile, to_lon_lat
from .landscape import CELL_M
from .passes import Pass

_HEADING_DEG = 193.5


def _beyond(one: Pass, east: np.ndarray | float, north: np.ndarray | float) -> Any:
    """Metres outside the swath; negative inside. Places in metres from the middle of the area.

    Orbit 113 passes west of the area and ends there in the east, orbit 70 the other way round.
    """
    if one.swath_edge is None:
        return np.full(np.shape(east), -1.0)
    heading = np.radians(_HEADING_DEG)
    east_of_edge = -(east - one.swath_edge) * np.cos(heading) + north * np.sin(heading)
    return east_of_edge if one.orbit == 113 else -east_of_edge  # noqa: PLR2004  # the number is its name


def seen_by(one: Pass, size: int) -> np.ndarray:
    """Tell where the pass saw the ground: (size, size)."""
    axis = (np.arange(size) - (size - 1) / 2) * CELL_M
    east, north = np.meshgrid(axis, -axis)
    return _beyond(one, east, north) < 0


def footprint(one: Pass, tile: Tile) -> dict[str, object]:
    """Give the part of the tile inside the swath, as a GeoJSON polygon in longitude and latitude."""
    corners = tile.outline()
    outside = [float(_beyond(one, *corner)) for corner in corners]
    ring: list[tuple[float, float]] = []
    for number, (here, over) in enumerate(zip(corners, outside, strict=True)):
        before, over_before = corners[number - 1], outside[number - 1]
        if (over < 0) != (over_before < 0):
            share = over_before / (over_before - over)
            east, north = (a + share * (b - a) for a, b in zip(before, here, strict=True))
            ring.append((east, north))
        if over < 0:
            ring.append(here)
    anticlockwise = to_lon_lat(ring[::-1], tile.ground_size)
    return {"type": "Polygon", "coordinates": [[*anticlockwise, anticlockwise[0]]]}
