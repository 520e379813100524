"""Slope, aspect and hillshade of elevations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.bands import overlaid
from ...images.image import Image
from ...images.pixel_types import BYTE, PixelType
from ...images.pixelwise import half_up
from ...images.slopes import Slope, slopes

_WEST, _HALF_UP = 270.0, 45.0
_BRIGHTEST = 255

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


def _hillshade(azimuth: float, elevation: float) -> Slope:
    """Give the cosine of the angle between the light and the surface's normal, as a byte.

    The guide on hillshades writes it as cos(azimuth - aspect) sin(slope) sin(zenith) + cos(zenith) cos(slope); of the
    rises to the east and to the north it is the same without slope and aspect, which a plain does not have.
    """
    towards, height = math.radians(azimuth), math.radians(elevation)

    def shade(east: np.ndarray, north: np.ndarray) -> np.ndarray:
        rise = east * math.sin(towards) + north * math.cos(towards)
        light = (math.sin(height) - math.cos(height) * rise) / np.sqrt(1 + east**2 + north**2)
        return half_up(np.clip(light, 0, 1) * _BRIGHTEST)

    return "hillshade", BYTE, shade


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


@function("Terrain.hillshade")
def hillshade(input_: Image, azimuth: float, elevation: float) -> Image:
    """Give how bright a surface is in the light of a sun at that azimuth and elevation, without cast shadows."""
    return _derived(input_, [_hillshade(azimuth, elevation)], "Terrain.hillshade")


@function("Terrain.products", "Terrain")
def products(input_: Image) -> Image:
    """Add slope, aspect and hillshade, with the light from the west and halfway up, to the bands of the image."""
    made = [_SLOPE, _ASPECT, _hillshade(_WEST, _HALF_UP)]
    return overlaid(input_, _derived(input_, made, "Terrain.products")).with_(
        id=input_.id, version=input_.version
    )
