"""Slope and aspect of elevations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Image
from ...images.pixel_types import PixelType
from ...images.slopes import Slope, slopes

_SLOPE: Slope = (
    "slope",
    PixelType("float", 0, 90),
    lambda east, north: np.degrees(np.arctan(np.hypot(east, north))),
)
_ASPECT: Slope = (
    "aspect",
    PixelType("float", 0, 360),
    lambda east, north: np.degrees(np.arctan2(-east, -north)) % 360,
)


def _derived(input_: Image, made: Sequence[Slope], name: str) -> Image:
    """Bands of the elevation: the only band, or the one of that name."""
    if len(input_.bands) != 1 and "elevation" not in input_.names:
        raise Refused(f"{name}: The image must have one band, or one that is called 'elevation'.")
    return slopes(input_, input_.names.index("elevation") if len(input_.bands) > 1 else 0, made)


@function("Terrain.slope")
def slope(input_: Image) -> Image:
    """Degrees from the horizontal."""
    return _derived(input_, [_SLOPE], "Terrain.slope")


@function("Terrain.aspect")
def aspect(input_: Image) -> Image:
    """Give the direction in which a slope falls, in degrees from north by east."""
    return _derived(input_, [_ASPECT], "Terrain.aspect")
