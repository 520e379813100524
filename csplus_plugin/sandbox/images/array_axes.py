"""Arrays of pixels along their axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import Refused
from .array_pixels import Batch, Parts, computed, pieces
from .image import Canvas, Image, Raster
from .pixel_types import PixelType
from .pixelwise import band_pairs


def axis_of(kind: PixelType, axis: int, name: str, *, more: int = 0) -> int:
    """Give an axis that arrays of a type have, or may get, as an axis of a batch of them.

    Raises:
        Refused: They have no such axis.
    """
    if not 0 <= axis < kind.dimensions + more:
        raise Refused(f"{name}: Pixels have {kind.dimensions} dimensions, so there is no axis {axis}.")
    return axis + 1


def checked(image: Image, name: str, *axes: int) -> Image:
    """Give an image of which every band has some axes.

    Raises:
        Refused: A band holds numbers, or arrays without such an axis.
    """
    for band in image.bands:
        if not band.type.dimensions:
            raise Refused(f"{name}: Band '{band.name}' holds numbers, not arrays.")
        for axis in axes:
            axis_of(band.type, axis, name)
    return image


def widened(batch: Batch, dimensions: int) -> Batch:
    """Arrays with as many dimensions, those added of length 1."""
    return batch.reshape(batch.shape + (1,) * (dimensions + 1 - batch.ndim))


def concatenated(parts: Sequence[Batch], axis: int, dimensions: int, name: str) -> Batch:
    """Arrays one after the other along an axis of theirs.

    Raises:
        Refused: They differ along another axis.
    """
    try:
        return np.concatenate([widened(part, dimensions) for part in parts], axis + 1)
    except ValueError as error:
        shapes = ", ".join(str(part.shape[1:]) for part in parts[:2])
        raise Refused(f"{name}: Arrays must agree along all axes but {axis}, got {shapes}.") from error


def paired(
    image1: Image,
    image2: Image,
    name: str,
    compute: Callable[[Batch, Batch], Batch | Parts],
    result: Callable[[PixelType, PixelType], PixelType],
) -> Image:
    """Give a function of two arrays, applied to pairs of bands; masked where either is, properties of the first."""
    pairs = band_pairs(image1, image2, name)
    longer = image2 if len(image2.bands) > len(image1.bands) else image1
    bands = [
        replace(longer.bands[k], type=result(image1.bands[i].type, image2.bands[j].type))
        for k, (i, j) in enumerate(pairs)
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        left = image1.pixels(canvas, [pairs[k][0] for k in wanted])
        right = image2.pixels(canvas, [pairs[k][1] for k in wanted])
        return [
            computed(canvas, [a, b], bands[k].type, compute)
            for k, a, b in zip(wanted, left, right, strict=True)
        ]

    whole = image1.recomputed(bands, draw)
    return whole if whole.has_arrays else pieces(whole)
