"""Colour spaces, and pixels as mixtures (guides/image_transforms)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster
from ...images.pixel_types import DOUBLE, PixelType, floating
from ...images.pixelwise import finished

MOST_ENDMEMBERS = 500


def _mixed(
    image: Image, names: Sequence[str], kind: PixelType, compute: Callable[[np.ndarray], np.ndarray]
) -> Image:
    """Bands made of all bands together; masked where any of them is.

    Args:
        image: The input.
        names: Names of the bands.
        kind: Their type.
        compute: Values (inputs, height, width) to values (outputs, height, width).
    """
    bands = [replace(image.bands[0], name=name, type=kind) for name in names]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        rasters = image.pixels(canvas, range(len(image.bands)))
        mask = np.minimum.reduce([raster.mask for raster in rasters])
        values = compute(np.stack([raster.values.astype(np.float64) for raster in rasters]))
        return [finished(values[k], mask, kind) for k in wanted]

    return image.recomputed(bands, draw)


def _of_three(image: Image, name: str) -> PixelType:
    if len(image.bands) != 3:  # noqa: PLR2004 - of a colour
        raise Refused(f"{name}: The image must have three bands, got {len(image.bands)}.")
    double = any(floating(band.type) == "double" for band in image.bands)
    return PixelType("double" if double else "float", 0, 1)


@function("Image.rgbToHsv")
def rgb_to_hsv(image: Image) -> Image:
    """Red, green and blue from 0 to 1 as hue, saturation and value; grey has the hue 0 (A. R. Smith, 1978)."""
    return _mixed(image, ["hue", "saturation", "value"], _of_three(image, "Image.rgbToHsv"), _hsv)


def _hsv(colours: np.ndarray) -> np.ndarray:
    red, green, blue = colours
    value = colours.max(axis=0)
    chroma = value - colours.min(axis=0)
    some = np.where(chroma == 0, 1, chroma)
    sextant = np.where(
        value == red,
        (green - blue) / some % 6,
        np.where(value == green, (blue - red) / some + 2, (red - green) / some + 4),
    )
    saturation = np.divide(chroma, value, out=np.zeros(value.shape), where=value != 0)
    return np.stack([np.where(chroma == 0, 0, sextant / 6), saturation, value])


@function("Image.hsvToRgb")
def hsv_to_rgb(image: Image) -> Image:
    """Hue, saturation and value from 0 to 1 as red, green and blue."""
    return _mixed(image, ["red", "green", "blue"], _of_three(image, "Image.hsvToRgb"), _rgb)


def _rgb(colours: np.ndarray) -> np.ndarray:
    hue, saturation, value = colours
    made = []
    for shift in (5, 3, 1):
        place = (shift + hue * 6) % 6
        made.append(value - value * saturation * np.clip(np.minimum(place, 4 - place), 0, 1))
    return np.stack(made)


@function("Image.unmix")
def unmix(
    image: Image,
    endmembers: list[list[float]],
    sum_to_one: bool,
    non_negative: bool,
) -> Image:
    """How much of each endmember a pixel is made of, by least squares."""
    name = "Image.unmix"
    if non_negative:
        raise Refused(f"{name}: nonNegative is not supported by this sandbox engine.")
    count = len(image.bands)
    if not endmembers or any(len(endmember) != count for endmember in endmembers):
        raise Refused(f"{name}: Each endmember must have {count} values, one for each band.")
    if len(endmembers) > MOST_ENDMEMBERS:
        raise Refused(f"{name}: There may be {MOST_ENDMEMBERS} endmembers at most.")
    table = np.array(endmembers, dtype=np.float64).T
    inverse, shares = np.linalg.pinv(table), np.zeros(len(endmembers))
    if sum_to_one:
        # The best fit that adds up: what is missing goes where it costs least (Lagrange's multiplier).
        cost = np.linalg.pinv(table.T @ table) @ np.ones(len(endmembers))
        if not cost.sum():
            raise Refused(f"{name}: With these endmembers nothing adds up to one.")
        shares = cost / cost.sum()
        inverse = inverse - np.outer(shares, inverse.sum(axis=0))

    def compute(values: np.ndarray) -> np.ndarray:
        return np.tensordot(inverse, values, 1) + shares[:, np.newaxis, np.newaxis]

    return _mixed(image, [f"band_{i}" for i in range(len(endmembers))], DOUBLE, compute)
