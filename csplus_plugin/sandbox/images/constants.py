"""Images whose pixels are the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .image import Band, Canvas, Image, Raster, constant_array_view
from .pixel_types import PixelType, named, of_dtype, of_number


def constant_image(
    values: Sequence[float], names: Sequence[str] | None = None, kind: PixelType | None = None
) -> Image:
    """Give an image of constants: valid everywhere, without limits.

    Args:
        values: One number a band.
        names: Names of the bands; None for `constant`, `constant_1` …
        kind: The pixel type; None for the range that holds just the number.
    """
    if names is None:
        names = ["constant", *(f"constant_{i}" for i in range(1, len(values)))][: len(values)]
    types = [kind or of_number(value) for value in values]
    bands = tuple(Band(name, type_) for name, type_ in zip(names, types, strict=True))

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        valid = constant_array_view(canvas.shape, 1, np.float32)
        return [Raster(constant_array_view(canvas.shape, values[i], types[i].dtype), valid) for i in wanted]

    return Image(bands, draw)


def constant_array(array: np.ndarray) -> Image:
    """Give an image of which every pixel is that array; its only band is called `constant`."""
    element = _element_type(array)
    kind = element.as_arrays(array.ndim)
    pixel = np.empty((), dtype=object)
    pixel[()] = array.astype(element.dtype)

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        return [
            Raster(np.broadcast_to(pixel, canvas.shape), constant_array_view(canvas.shape, 1, np.float32))
        ]

    return Image((Band("constant", kind),), draw)


def _element_type(array: np.ndarray) -> PixelType:
    """Give the type of an array's elements: of whole numbers the first that holds them, from unsigned bytes on."""
    kind = of_dtype(array.dtype)
    if array.dtype != np.int64 or not array.size:
        return kind
    low, high = int(array.min()), int(array.max())
    return next((k for k in map(named, _WHOLE) if k.holds(low) and k.holds(high)), kind)


_WHOLE = ("uint8", "int8", "uint16", "int16", "uint32", "int32")
