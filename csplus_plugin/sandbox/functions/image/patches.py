"""Patches: neighbouring pixels of the same value."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster
from ...images.neighbours import padded
from ...images.pixel_types import PixelType

LARGEST_PATCH = 1024  # pixels


@function("Image.connectedPixelCount")
def connected_pixel_count(input_: Image, max_size: int, eight_connected: bool) -> Image:
    """How many pixels the patch of each pixel has, up to a size, of which a larger patch has no more."""
    if not 1 <= max_size <= LARGEST_PATCH:
        raise Refused(f"Image.connectedPixelCount: maxSize must be between 1 and {LARGEST_PATCH}.")
    bands = [replace(band, type=PixelType("int", 0, max_size)) for band in input_.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        height, width = canvas.shape
        here = (slice(max_size, max_size + height), slice(max_size, max_size + width))
        drawn = []
        for i, raster in zip(wanted, input_.pixels(padded(canvas, max_size), wanted), strict=True):
            count = np.minimum(_sizes(raster, eight_connected=eight_connected), max_size)
            drawn.append(Raster(count[here].astype(bands[i].type.dtype), raster.mask[here]))
        return drawn

    return input_.recomputed(bands, draw)


def _sizes(raster: Raster, *, eight_connected: bool) -> np.ndarray:
    """Give the size of each pixel's patch.

    Every pixel starts as a patch of its own. Pairs of equal neighbours then agree on the lower number, and every
    number on the one that its own pixel has got, until nothing changes.
    """
    ones, others = _equal_neighbours(raster, eight_connected=eight_connected)
    patch = np.arange(raster.values.size)
    while True:
        low = np.minimum(patch[ones], patch[others])
        lower = patch.copy()
        np.minimum.at(lower, patch[ones], low)
        np.minimum.at(lower, patch[others], low)
        lower = lower[lower]
        if (lower == patch).all():
            return np.bincount(patch, minlength=patch.size)[patch].reshape(raster.values.shape)
        patch = lower


def _equal_neighbours(raster: Raster, *, eight_connected: bool) -> tuple[np.ndarray, np.ndarray]:
    """Positions of valid pixels and of neighbours that hold the same value."""
    height, width = raster.values.shape
    places = np.arange(height * width).reshape(height, width)
    ones, others = [], []
    for down, right in [(0, 1), (1, 0), *([(1, 1), (1, -1)] if eight_connected else [])]:
        here = (slice(0, height - down), slice(max(0, -right), width - max(0, right)))
        there = (slice(down, height), slice(max(0, right), width + min(0, right)))
        same = (raster.values[here] == raster.values[there]) & raster.valid[here] & raster.valid[there]
        ones.append(places[here][same])
        others.append(places[there][same])
    return np.concatenate(ones), np.concatenate(others)
