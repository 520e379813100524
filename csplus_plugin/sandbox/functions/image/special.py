"""Special functions of pixels, and their bits: those of single numbers, at every pixel."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...graph.registry import function
from ...images.image import Image
from ...images.pixel_types import PixelType, floating, union
from ...images.pixelwise import each_band, paired_bands
from ...meter import check
from ...values.numbers import BINARY, UNARY


def _everywhere(compute: Callable[..., float], inputs: int) -> Callable[..., np.ndarray]:
    """Give a function of numbers as one of arrays; not a number where it has no value."""

    def safe(*numbers: float) -> float:
        try:
            return compute(*numbers)
        except (ArithmeticError, ValueError):
            return math.nan

    several = np.frompyfunc(safe, inputs, 1)

    def values(*arrays: np.ndarray) -> np.ndarray:
        check()
        with np.errstate(all="ignore"):
            return np.asarray(several(*(np.asarray(a, np.float64) for a in arrays)), np.float64)

    return values


def _floating(kind: PixelType) -> PixelType:
    return PixelType(floating(kind))


def _register_unary(name: str) -> None:
    compute = _everywhere(UNARY[name], 1)

    @function(f"Image.{name}", arrays=None)
    def unary(value: Image) -> Image:
        return each_band(value, lambda values, _: compute(values), _floating)


for _name in ("gamma", "digamma", "trigamma", "lanczos", "erf", "erfc", "erfInv", "erfcInv"):
    _register_unary(_name)


@function("Image.gammainc", arrays=None)
def gammainc(image1: Image, image2: Image) -> Image:
    """Give the regularized lower incomplete gamma function of pairs of bands."""
    compute = _everywhere(BINARY["gammainc"], 2)
    return paired_bands(
        image1,
        image2,
        "Image.gammainc",
        lambda a, b, _: compute(a, b),
        lambda _, __: PixelType("float", 0, 1),
    )


@function("Image.firstNonZero", "Image.first_nonzero", arrays=None)
def first_non_zero(image1: Image, image2: Image) -> Image:
    """Give the first value where it is not zero, else the second one."""
    return paired_bands(image1, image2, "Image.firstNonZero", lambda a, b, _: np.where(a != 0, a, b), union)


@function("Image.bitCount", arrays=None)
def bit_count(value: Image) -> Image:
    """Give the number of ones among the 64 bits of a whole number; others are truncated."""

    def count(values: np.ndarray, _: PixelType) -> np.ndarray:
        whole = values if values.dtype.kind in "iu" else np.trunc(values)
        octets = np.ascontiguousarray(whole.astype(np.int64)).view(np.uint8)
        ones = np.unpackbits(octets.reshape(*values.shape, 8), axis=-1)
        return ones.sum(axis=-1, dtype=np.uint8)

    return each_band(value, count, lambda _: PixelType("int", 0, 64))
