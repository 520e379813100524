"""How a band rises and falls around each pixel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from .image import Canvas, Image, Raster
from .neighbours import padded
from .pixel_types import PixelType
from .pixelwise import finished


def differences(canvas: Canvas, image: Image, position: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Central differences per pixel to the right and downwards, and the mask: both neighbours must be valid."""
    (raster,) = image.pixels(padded(canvas, 1), [position])
    values, mask = raster.values.astype(np.float64), raster.mask
    with np.errstate(all="ignore"):
        across = (values[1:-1, 2:] - values[1:-1, :-2]) / 2
        down = (values[2:, 1:-1] - values[:-2, 1:-1]) / 2
    around = [mask[1:-1, 1:-1], mask[1:-1, 2:], mask[1:-1, :-2], mask[2:, 1:-1], mask[:-2, 1:-1]]
    return across, down, np.minimum.reduce(around)


Slope = tuple[str, PixelType, Callable[[np.ndarray, np.ndarray], np.ndarray]]
"""A band's name and type, and what it is of the differences per metre to the east and to the north."""


def slopes(image: Image, position: int, made: Sequence[Slope]) -> Image:
    """Bands made of the central differences of one band; of a grid along the axes of its projection."""
    bands = [replace(image.bands[position], name=name, type=kind) for name, kind, _ in made]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        across, down, mask = differences(canvas, image, position)
        a, _, _, _, e, _ = canvas.grid.transform
        scale = canvas.grid.projection.nominal_scale
        east, north = across * math.copysign(1 / scale, a), down * math.copysign(1 / scale, e)
        return [finished(made[k][2](east, north), mask, made[k][1]) for k in wanted]

    return image.recomputed(bands, draw)
