"""Random numbers that are the same in every run; those of the service are others."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import PixelType

_ODD = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
"""Constants of G. Steele's SplitMix64."""


def _scrambled(numbers: np.ndarray) -> np.ndarray:
    """Numbers of 64 bits, each bit of which depends on all bits of the given ones."""
    with np.errstate(over="ignore"):
        mixed = numbers + _ODD[0]
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _ODD[1]
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _ODD[2]
        return mixed ^ (mixed >> np.uint64(31))


def _uniform(words: np.ndarray) -> np.ndarray:
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


@function("Image.random")
def random(seed: int, distribution: str) -> Image:
    """Give a random number at each pixel, which depends on the seed and on the place of the pixel's centre."""
    if distribution not in {"uniform", "normal"}:
        raise Refused("Image.random: distribution must be 'uniform' or 'normal'.")
    normal = distribution == "normal"
    kind = PixelType("double") if normal else PixelType("double", 0, 1)
    start = np.array([seed & (2**64 - 1)], np.uint64)

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        words = _scrambled(np.broadcast_to(start, canvas.shape))
        for centres in canvas.grid.centres():
            # Thousandths of the unit of the CRS hold still where the same pixel is drawn as part of other grids.
            place = np.rint(np.broadcast_to(centres, canvas.shape) * 1000 / _unit(canvas))
            words = _scrambled(words ^ place.astype(np.int64).view(np.uint64))
        values = _uniform(words)
        if normal:
            # G. Box and M. Muller's transform, of a logarithm that is never that of zero.
            angle = 2 * np.pi * _uniform(_scrambled(words))
            values = np.sqrt(-2 * np.log(1 - values)) * np.cos(angle)
        return [Raster(values, np.ones(canvas.shape, np.float32))]

    return Image((Band("random", kind),), draw)


def _unit(canvas: Canvas) -> float:
    """Give the width of a pixel in units of the CRS."""
    a, b, *_ = canvas.grid.transform
    return float(np.hypot(a, b)) or 1.0


@function("List.shuffle")
def shuffle(list_: list, seed: object) -> list:
    """Give the elements in an order that depends on the seed; false for another one each time."""
    generator = np.random.default_rng(None if seed is False else zlib.crc32(repr(seed).encode()))
    return [list_[n] for n in generator.permutation(len(list_))]
