"""Images computed pixel by pixel from one or two others: the shape that most image functions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import Refused
from .array_pixels import computed
from .image import MAX_BANDS, Band, Canvas, Extent, Image, Raster, combined_mask
from .pixel_types import PixelType

Values = np.ndarray
One = Callable[[Values, PixelType], Values]
"""Values, and the type that the result shall have, to values."""
Two = Callable[[Values, Values, PixelType], Values]


def each_band(image: Image, compute: One, result: Callable[[PixelType], PixelType]) -> Image:
    """Give a function of one value, applied to every band; names, properties and masks stay.

    Args:
        image: The input.
        compute: Values to values.
        result: The input's pixel type to the result's.
    """
    bands = [
        replace(band, type=result(band.type.element).as_arrays(band.type.dimensions)) for band in image.bands
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        rasters = image.pixels(canvas, wanted)
        return [_one(canvas, r, compute, bands[i].type) for i, r in zip(wanted, rasters, strict=True)]

    return image.recomputed(bands, draw)


def _one(canvas: Canvas, raster: Raster, compute: One, kind: PixelType) -> Raster:
    if kind.dimensions:
        return computed(canvas, [raster], kind, lambda values: compute(values, kind.element))
    return finished(compute(raster.values, kind), raster.mask, kind)


def _two(canvas: Canvas, one: Raster, other: Raster, compute: Two, kind: PixelType) -> Raster:
    if kind.dimensions:
        return computed(canvas, [one, other], kind, lambda a, b: compute(*_same_shape(a, b), kind.element))
    return finished(compute(one.values, other.values, kind), combined_mask(one.mask, other.mask), kind)


def _same_shape(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two batches of arrays of the same shape; a number goes with all elements of an array.

    Raises:
        Refused: Arrays of different shapes.
    """
    if a.ndim == 1 or b.ndim == 1:
        dimensions = max(a.ndim, b.ndim)
        return tuple(v.reshape(v.shape + (1,) * (dimensions - v.ndim)) for v in (a, b))  # type: ignore[return-value]
    if a.shape != b.shape:
        raise Refused(f"Arrays must have the same shape, got {a.shape[1:]} and {b.shape[1:]}.")
    return a, b


def joint_dimensions(one: PixelType, other: PixelType, name: str) -> int:
    """Give the dimensions of a result of two arrays, or of an array and a number.

    Raises:
        Refused: Arrays of different dimensions.
    """
    if one.dimensions and other.dimensions and one.dimensions != other.dimensions:
        raise Refused(
            f"{name}: Arrays must have the same number of dimensions, "
            f"got {one.dimensions} and {other.dimensions}."
        )
    return max(one.dimensions, other.dimensions)


def band_pairs(image1: Image, image2: Image, name: str) -> list[tuple[int, int]]:
    """Which bands go together: one band goes with all, equal names with each other, else by position.

    Raises:
        Refused: Different numbers of bands, and neither is one.
    """
    first, second = image1.names, image2.names
    if not first or not second:
        return []
    if len(second) == 1:
        return [(i, 0) for i in range(len(first))]
    if len(first) == 1:
        return [(0, i) for i in range(len(second))]
    if len(first) != len(second):
        raise Refused(
            f"{name}: Images must have the same number of bands, or one of them a single band; "
            f"got {len(first)} and {len(second)}."
        )
    if set(first) == set(second):
        return [(i, second.index(band)) for i, band in enumerate(first)]
    return [(i, i) for i in range(len(first))]


def paired_bands(
    image1: Image, image2: Image, name: str, compute: Two, result: Callable[[PixelType, PixelType], PixelType]
) -> Image:
    """Give a function of two values, applied to pairs of bands; masked where either is.

    Names come from the image with more bands, else from the first; properties are dropped.

    Args:
        image1: The left operands.
        image2: The right operands.
        name: The function's name, for its refusals.
        compute: Values to values.
        result: The inputs' pixel types to the result's.
    """
    pairs = band_pairs(image1, image2, name)
    longer = image2 if len(image2.bands) > len(image1.bands) else image1
    located = image1 if _is_located(image1) else image2
    bands = []
    for k, (i, j) in enumerate(pairs):
        one, other = image1.bands[i], image2.bands[j]
        place = one if located is image1 else other
        kind = result(one.type.element, other.type.element).as_arrays(
            joint_dimensions(one.type, other.type, name)
        )
        bands.append(replace(place, name=longer.bands[k].name, type=kind))

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        left = image1.pixels(canvas, [pairs[k][0] for k in wanted])
        right = image2.pixels(canvas, [pairs[k][1] for k in wanted])
        return [
            _two(canvas, a, b, compute, bands[k].type) for k, a, b in zip(wanted, left, right, strict=True)
        ]

    return located.recomputed(
        bands, draw, properties={}, extent=common_extent(image1.drawn_extent(), image2.drawn_extent())
    )


def finished(values: np.ndarray, mask: np.ndarray, kind: PixelType) -> Raster:
    """Give computed values in their type; what is not a number is masked."""
    if values.dtype.kind == "f":
        broken = np.isnan(values)
        if broken.any():
            mask = np.where(broken, np.float32(0), mask)
    return Raster(kind.convert(values), mask)


def _is_located(image: Image) -> bool:
    """Whether an image has a projection of its own, unlike constants and composites."""
    return bool(image.bands) and not all(band.projection.is_default for band in image.bands)


def common_extent(one: Extent | None, other: Extent | None) -> Extent | None:
    """Where both may have pixels."""
    if one is None or other is None:
        return one or other
    return max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])


def joint_extent(one: Extent | None, other: Extent | None) -> Extent | None:
    """Where either may have pixels."""
    if one is None or other is None:
        return None
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def unique_names(names: Sequence[str]) -> list[str]:
    """Names with a numerical suffix where they repeat: `B4`, `B4_1` and so on."""
    taken: dict[str, None] = {}
    repeats: dict[str, int] = {}
    for name in names:
        candidate = name
        while candidate in taken:
            repeats[name] = repeats.get(name, 0) + 1
            candidate = f"{name}_{repeats[name]}"
        taken[candidate] = None
    return list(taken)


def side_by_side(images: Sequence[Image], names: Sequence[str], base: Image) -> Image:
    """Give the bands of several images as one image; everything else is that of `base`."""
    if sum(len(image.bands) for image in images) > MAX_BANDS:
        raise Refused(f"An image may have {MAX_BANDS} bands at most.")
    places = [(image, i) for image in images for i in range(len(image.bands))]
    bands: list[Band] = [
        replace(image.bands[i], name=name) for (image, i), name in zip(places, names, strict=True)
    ]
    return gathered(places, bands, base)


def gathered(places: Sequence[tuple[Image, int]], bands: Sequence[Band], base: Image) -> Image:
    """Bands picked from images; each image is asked once for all that is wanted of it."""

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        asked: dict[Image, list[int]] = {}
        for k in wanted:
            asked.setdefault(places[k][0], []).append(places[k][1])
        drawn = {
            (image, i): raster
            for image, positions in asked.items()
            for i, raster in zip(positions, image.pixels(canvas, positions), strict=True)
        }
        return [drawn[places[k]] for k in wanted]

    extent = base.drawn_extent()
    for image in dict.fromkeys(image for image, _ in places):
        if image is not base:
            extent = joint_extent(extent, image.drawn_extent())
    return base.recomputed(bands, draw, extent=extent)


def half_up(values: np.ndarray) -> np.ndarray:
    """Give the nearest whole number; halves go up, as in Java's Math.round."""
    return values if values.dtype.kind in "iu" else np.floor(values + 0.5)
