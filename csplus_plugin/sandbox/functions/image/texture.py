"""Texture: what varies around a pixel (guides/image_texture, guides/image_gradients)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.array_pixels import afford, put
from ...images.image import MAX_BANDS, Canvas, Image, Raster
from ...images.kernels import Kernel
from ...images.neighbours import neighbours, padded
from ...images.pixel_types import DOUBLE, PixelType
from ...images.pixelwise import finished
from ...images.slopes import differences, slopes
from ...reducers.stacking import in_row_blocks


@function("Image.entropy")
def entropy(image: Image, kernel: Kernel) -> Image:
    """Give the entropy of the values around each pixel, in bits; masked neighbours do not count."""
    bands = [replace(band, type=PixelType("double", 0, None)) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        shape = kernel.footprint(canvas.grid.projection)

        def one(part: Canvas, position: int) -> list[Raster]:
            values, masks = neighbours(image, position, shape, part)
            (centre,) = image.pixels(part, [position])
            return [Raster(_entropies(values, masks > 0).reshape(part.shape), centre.mask)]

        return [
            in_row_blocks(canvas, int(shape.sum()) * 32, lambda part, i=i: one(part, i))[0]  # type: ignore[misc]
            for i in wanted
        ]

    return image.recomputed(bands, draw)


def _entropies(values: np.ndarray, present: np.ndarray) -> np.ndarray:
    """-sum(p log2 p) of each column, p being how often a value occurs among those that are there."""
    count = present.sum(axis=0)
    ordered = np.sort(np.where(present, values.astype(np.float64), np.inf), axis=0)
    total, run = np.zeros(len(count)), np.ones(len(count))
    for row in range(1, len(ordered) + 1):
        ends = (ordered[row] != ordered[row - 1]) if row < len(ordered) else np.ones(len(count), bool)
        # A run of equal values is over, and is one of values that are there.
        closed = (ends | (row == count)) & (row <= count)
        total += np.where(closed, run * np.log2(run), 0)
        run = np.where(closed, 1, run + 1)
    with np.errstate(all="ignore"):
        return np.where(count > 0, np.log2(count) - total / count, 0)


@function("Image.neighborhoodToBands")
def neighborhood_to_bands(image: Image, kernel: Kernel) -> Image:
    """Give a band for each neighbour of each band, named by its offset from the pixel."""
    name = "Image.neighborhoodToBands"
    offsets = kernel.offsets(name)
    if len(offsets) * len(image.bands) > MAX_BANDS:
        raise Refused(f"{name}: An image may have {MAX_BANDS} bands at most.")
    reach = max(max(abs(x), abs(y)) for x, y in offsets)
    bands = [replace(band, name=f"{band.name}_{x}_{y}") for band in image.bands for x, y in offsets]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        height, width = canvas.shape
        inputs = list(dict.fromkeys(k // len(offsets) for k in wanted))
        drawn = dict(zip(inputs, image.pixels(padded(canvas, reach), inputs), strict=True))
        rasters = []
        for k in wanted:
            band, (x, y) = drawn[k // len(offsets)], offsets[k % len(offsets)]
            here = (slice(reach + y, reach + y + height), slice(reach + x, reach + x + width))
            rasters.append(Raster(band.values[here], band.mask[here]))
        return rasters

    return image.recomputed(bands, draw, extent=None)


@function("Image.neighborhoodToArray")
def neighborhood_to_array(image: Image, kernel: Kernel, default_value: float) -> Image:
    """Give the neighbours of each pixel as a matrix, with a default for masked ones; the mask stays."""
    name = "Image.neighborhoodToArray"
    frame = kernel.frame
    if frame is None:
        raise Refused(f"{name}: Only fixed, square and rectangle kernels are supported.")
    bands = [replace(band, type=band.type.as_arrays(2)) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        west, north, east, south = frame(canvas.grid.projection)
        reach, (height, width) = max(west, north, east, south), canvas.shape
        rows = slice(reach - north, reach + height + south)
        columns = slice(reach - west, reach + width + east)
        shape = (north + south + 1, west + east + 1)
        drawn: list[Raster] = []
        for raster in image.pixels(padded(canvas, reach), wanted):
            default = np.array(default_value).astype(np.float64)
            filled = np.where(raster.valid, raster.values, 0)[rows, columns]
            kind = image.bands[wanted[len(drawn)]].type
            filled[~raster.valid[rows, columns]] = kind.convert(default.reshape(1))[0]
            mask = raster.mask[reach : reach + height, reach : reach + width]
            places, flat = np.flatnonzero(mask), np.zeros(canvas.grid.size, dtype=object)
            afford(canvas, len(places), shape[0] * shape[1])
            if places.size:
                windows = np.lib.stride_tricks.sliding_window_view(filled, shape)
                put(canvas, flat, places, kind.convert(windows[np.divmod(places, width)]))
            drawn.append(Raster(flat.reshape(canvas.shape), mask))
        return drawn

    return image.redrawn(bands, draw)


@function("Image.derivative")
def derivative(image: Image) -> Image:
    """Central differences of each band, per pixel: to the right, and downwards."""
    bands = [replace(band, name=f"{band.name}_{axis}", type=DOUBLE) for band in image.bands for axis in "xy"]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        found = {i: differences(canvas, image, i) for i in dict.fromkeys(k // 2 for k in wanted)}
        return [finished(found[k // 2][k % 2], found[k // 2][2], DOUBLE) for k in wanted]

    return image.recomputed(bands, draw)


@function("Image.gradient")
def gradient(input_: Image) -> Image:
    """Central differences of the first band, per metre: to the east, and to the north."""
    return slopes(input_, 0, [("x", DOUBLE, lambda x, _: x), ("y", DOUBLE, lambda _, y: y)])


@function("Image.distance")
def distance(image: Image, kernel: Kernel | None, skip_masked: bool) -> Image:  # noqa: FBT001 - the real arguments
    """Give the distance to the nearest pixel that is not zero, within the kernel; masked where there is none."""
    name = "Image.distance"
    measure = kernel.distance if kernel is not None else None
    if measure is None:
        raise Refused(f"{name}: This sandbox engine needs a kernel: chebyshev, euclidean, or manhattan.")
    bands = [replace(band, type=DOUBLE) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        projection, (height, width) = canvas.grid.projection, canvas.shape
        reach, unit = measure.radius(projection), measure.unit(projection)
        here = (slice(reach, reach + height), slice(reach, reach + width))
        drawn = []
        for raster in image.pixels(padded(canvas, reach), wanted):
            sideways = _sideways((raster.values != 0) & raster.valid)[:, here[1]]
            best = np.full(canvas.shape, np.inf)
            for dy in range(-reach, reach + 1):
                dx = sideways[reach + dy : reach + dy + height]
                np.minimum(
                    best,
                    np.where(dx <= reach, measure.metric(dx, np.full(1, dy, np.float64)), np.inf),
                    out=best,
                )
            found = np.isfinite(best)
            mask = np.where(found, raster.mask[here] if skip_masked else np.float32(1), np.float32(0))
            drawn.append(Raster(np.where(found, best * unit, 0), mask))
        return drawn

    return image.recomputed(bands, draw, extent=None)


def _sideways(target: np.ndarray) -> np.ndarray:
    """How many columns away the nearest target of the same row is."""
    columns = np.arange(target.shape[1], dtype=np.float64)
    left = np.maximum.accumulate(np.where(target, columns, -np.inf), axis=1)
    right = np.minimum.accumulate(np.where(target, columns, np.inf)[:, ::-1], axis=1)[:, ::-1]
    return np.minimum(columns - left, right - columns)
