"""Pixels that are arrays: computed together where their arrays have the same shape.

A raster of arrays holds one numpy array a pixel, and nothing of meaning where it is masked. Pixels of one image
may differ in shape, as where images of a collection are masked. Functions never see single pixels: they get the
arrays of all pixels of one shape as a batch (m, *shape), which numpy computes at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from .. import meter
from ..errors import Refused
from ..meter import MEMORY_EXCEEDED
from .image import Band, Canvas, Image, Raster, combined_mask, draw_in_row_blocks
from .pixel_types import PixelType

MOST_ELEMENTS = 1 << 25
"""Of all arrays that are kept while one canvas is drawn: 256 MB."""

PIXELS = 1 << 13
"""Pixels whose arrays are computed at once where the result is numbers again."""

_OBJECT = 16  # elements that weigh as much as the object of an array

Batch = np.ndarray
"""Arrays of one shape (m, *shape), or numbers (m,)."""

Parts = Iterable[tuple[np.ndarray, Batch]]
"""Some members of a batch (k,), and what becomes of them (k, *shape); those that are in no part are masked."""

Compute = Callable[..., Batch | Parts]
"""A batch of each input to a batch of the result, or to parts where the results differ in shape."""


def afford(canvas: Canvas, pixels: int, elements: int) -> None:
    """Account for arrays that are about to be kept.

    Args:
        canvas: What is being drawn.
        pixels: How many arrays.
        elements: How many numbers in each.

    Raises:
        Refused: More than memory allows.
    """
    meter.check()
    canvas.elements += pixels * (elements + _OBJECT)
    if canvas.elements > MOST_ELEMENTS:
        raise Refused(MEMORY_EXCEEDED)


def bounded(pixels: int, elements: int) -> int:
    """Give the number of elements of arrays that are about to be made.

    Raises:
        Refused: All of them together are more than memory allows.
    """
    if elements < 0 or pixels * elements > MOST_ELEMENTS:
        raise Refused(MEMORY_EXCEEDED)
    return elements


def batches(rasters: Sequence[Raster], valid: np.ndarray) -> Iterator[tuple[np.ndarray, list[Batch]]]:
    """Pixels together with those whose arrays have the same shapes.

    Args:
        rasters: Numbers or arrays.
        valid: Which pixels (height, width).

    Yields:
        Positions (m,) in the flattened grid, and for each raster what it has there (m, *shape).
    """
    places = np.flatnonzero(valid)
    if not places.size:
        return
    columns = [raster.values.reshape(-1)[places] for raster in rasters]
    arrays = [column for column in columns if column.dtype == object]
    shapes = list(zip(*([array.shape for array in column] for column in arrays), strict=True))
    alike: dict[tuple, list[int]] = {}
    for i, shape in enumerate(shapes or [()] * len(places)):
        alike.setdefault(shape, []).append(i)
    for members in alike.values():
        yield places[members], [_together(column[members]) for column in columns]


def _together(column: np.ndarray) -> Batch:
    if column.dtype != object:
        return column
    # One array may stand for all pixels, as that of a constant does: only here it is as many.
    bounded(len(column), column[0].size)
    return np.stack(column.tolist())


def computed(
    canvas: Canvas,
    rasters: Sequence[Raster],
    kind: PixelType,
    compute: Compute,
    mask: np.ndarray | None = None,
) -> Raster:
    """Give a function of numbers and arrays at every pixel.

    Args:
        canvas: What is being drawn.
        rasters: The inputs.
        kind: The result's type; numbers that are none are masked, in arrays they stay.
        compute: Batches to a batch.
        mask: Where to compute, and the result's mask; None for where all inputs are valid.

    Raises:
        Refused: The arrays do not fit, or there are too many.
    """
    if mask is None:
        mask = rasters[0].mask
        for raster in rasters[1:]:
            mask = combined_mask(mask, raster.mask)
    values, held = np.zeros(canvas.shape, kind.dtype), np.zeros(canvas.shape, bool)
    for places, inputs in batches(rasters, mask > 0):
        meter.check()
        with np.errstate(all="ignore"):
            made = compute(*inputs)
            for members, batch in [(slice(None), made)] if isinstance(made, np.ndarray) else made:
                here = places[members]
                if not here.size:
                    continue
                held.reshape(-1)[here] = kind.dimensions > 0 or batch.dtype.kind != "f" or ~np.isnan(batch)
                if kind.dimensions:
                    put(canvas, values.reshape(-1), here, kind.element.convert(batch))
                else:
                    values.reshape(-1)[here] = kind.convert(batch)
    return Raster(values, np.where(held, mask, np.float32(0)))


def alike(keys: np.ndarray) -> Iterator[np.ndarray]:
    """Members of a batch (k,) together with those that have the same keys (m, …)."""
    _, groups = np.unique(keys.reshape(len(keys), -1), axis=0, return_inverse=True)
    groups = groups.ravel()
    order = np.argsort(groups, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def kept(batch: Batch, keep: np.ndarray, axis: int) -> Parts:
    """Give some places along one axis of the arrays, others in each of them.

    Args:
        batch: The arrays (m, *shape).
        keep: Which places (m, length of the axis).
        axis: Of the batch, so at least 1.
    """
    order, counts = np.argsort(~keep, axis=1, kind="stable"), keep.sum(axis=1)
    for members in alike(counts):
        chosen = order[members, : counts[members[0]]]
        shape = [1] * batch.ndim
        shape[0], shape[axis] = chosen.shape
        yield members, np.take_along_axis(batch[members], chosen.reshape(shape), axis)


def put(canvas: Canvas, flat: np.ndarray, places: np.ndarray, batch: Batch) -> None:
    """Keep the arrays of a batch as pixels.

    Args:
        canvas: What is being drawn.
        flat: Pixels as objects (height * width,).
        places: Where the arrays belong (m,).
        batch: The arrays (m, *shape).
    """
    afford(canvas, len(places), batch[0].size)
    for place, array in zip(places.tolist(), batch, strict=True):
        flat[place] = array


def each_array(image: Image, compute: Compute, result: Callable[[PixelType], PixelType]) -> Image:
    """Give a function of one array, applied to every band; names, properties and masks stay.

    Args:
        image: The input.
        compute: A batch to a batch.
        result: The input's pixel type to the result's.

    Raises:
        Refused: By `result`, where the types do not fit.
    """
    bands = [replace(band, type=result(band.type)) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        rasters = image.pixels(canvas, wanted)
        return [
            computed(canvas, [raster], bands[i].type, compute)
            for i, raster in zip(wanted, rasters, strict=True)
        ]

    return _in_pieces(image.recomputed(bands, draw))


def _in_pieces(image: Image) -> Image:
    """Give the same image; where its pixels are numbers, the arrays behind them are drawn for some pixels at a time."""
    if image.has_arrays:
        return image
    return pieces(image)


def pieces(image: Image) -> Image:
    """Give the same image, drawn for some pixels at a time so that the arrays behind them fit into memory."""

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return draw_in_row_blocks(canvas, PIXELS, lambda part: image.draw(part, wanted))

    return image.with_(draw=draw)


def joined_arrays(places: Sequence[tuple[Image, int]], band: Band, base: Image, compute: Compute) -> Image:
    """Give some bands of some images as one band.

    Args:
        places: Images and positions of the bands; the result is masked where any of them is.
        band: The result.
        base: The image whose properties and footprint the result gets.
        compute: One batch a band to a batch.
    """

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        rasters = [image.pixels(canvas, [i])[0] for image, i in places]
        return [computed(canvas, rasters, band.type, compute)]

    return _in_pieces(base.recomputed([band], draw))
