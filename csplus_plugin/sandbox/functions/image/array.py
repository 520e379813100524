"""Images whose pixels are arrays: making, flattening, slicing, sorting (guides/arrays_array_images)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.array_axes import axis_of, checked, concatenated, paired, widened
from ...images.array_pixels import (
    Batch,
    Parts,
    alike,
    batches,
    bounded,
    computed,
    each_array,
    joined_arrays,
    kept,
    pieces,
)
from ...images.constants import constant_image
from ...images.image import MAX_BANDS, Canvas, Image, Raster, combined_mask, constant_array_view
from ...images.pixel_types import UINT32, PixelType, of_number, union
from ...values import arrays

MAX_DIMENSIONS = 16  # numpy has more, and needs one for the pixels


@function("Image.toArray", arrays=None)
def to_array(image: Image, axis: int) -> Image:
    """Give the pixels of all bands as one array; masked where any band is."""
    name = "Image.toArray"
    if not image.bands:
        raise Refused(f"{name}: The image has no bands.")
    first, kind = image.bands[0], image.bands[0].type
    for band in image.bands[1:]:
        if band.type.dimensions != kind.dimensions:
            raise Refused(f"{name}: Bands must have equal dimensions.")
        kind = union(kind, band.type)
    axis_of(kind, axis, name, more=1)
    dimensions = max(kind.dimensions, axis + 1)
    return joined_arrays(
        [(image, i) for i in range(len(image.bands))],
        replace(first, name="array", type=kind.as_arrays(dimensions)),
        image,
        lambda *parts: concatenated(parts, axis, dimensions, name),
    )


@function("Image.arrayFlatten", arrays=["image"])
def array_flatten(image: Image, coordinate_labels: list[list[str]], separator: str) -> Image:
    """Give a band for each element of the arrays of the only band."""
    name = "Image.arrayFlatten"
    if len(image.bands) != 1:
        raise Refused(f"{name}: The image must have one band, got {len(image.bands)}.")
    (band,) = checked(image, name).bands
    shape = tuple(len(labels) for labels in coordinate_labels)
    if len(shape) != band.type.dimensions:
        raise Refused(
            f"{name}: Arrays have {band.type.dimensions} axes, but there are labels for {len(shape)}."
        )
    if arrays.product(shape) > MAX_BANDS:
        raise Refused(f"{name}: An image may have {MAX_BANDS} bands at most.")
    names = [separator.join(labels) for labels in product(*coordinate_labels)]
    if len(set(names)) < len(names):
        raise Refused(f"{name}: Duplicate band names: [{', '.join(names)}].")
    kind = band.type.element

    def all_bands(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        (raster,) = image.pixels(canvas, [0])
        values = np.zeros((*canvas.shape, len(names)), kind.dtype)
        for places, (batch,) in batches([raster], raster.valid):
            if batch.shape[1:] != shape:
                raise Refused(
                    f"{name}: Arrays of shape {batch.shape[1:]} do not fit labels of shape {shape}."
                )
            values.reshape(-1, len(names))[places] = batch.reshape(len(places), -1)
        return [Raster(values, raster.mask)]

    # One image with all bands in its only raster, so that the arrays are computed once whatever is asked for.
    whole = pieces(image.recomputed([band], all_bands))

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        (raster,) = whole.pixels(canvas, [0])
        masks = _number_masks(raster, kind)
        return [Raster(raster.values[..., k], masks[..., k]) for k in wanted]

    return image.recomputed([replace(band, name=n, type=kind) for n in names], draw)


def _number_masks(raster: Raster, kind: PixelType) -> np.ndarray:
    """Give the mask of each element: what is not a number is masked once it is a pixel by itself."""
    mask = np.broadcast_to(raster.mask[..., np.newaxis], raster.values.shape)
    return mask if kind.is_int else np.where(np.isnan(raster.values), np.float32(0), mask)


@function("Image.arrayProject", arrays=["input"])
def array_project(input_: Image, axes: list[int]) -> Image:
    """Only some axes, in this order; the others must be of length 1."""
    name = "Image.arrayProject"
    checked(input_, name, *axes)
    if len(set(axes)) < len(axes):
        raise Refused(f"{name}: Axes must be different.")
    rest = {
        band.type.dimensions: [i for i in range(band.type.dimensions) if i not in axes]
        for band in input_.bands
    }

    def compute(batch: Batch) -> Batch:
        dropped = [i + 1 for i in rest[batch.ndim - 1]]
        if any(batch.shape[i] != 1 for i in dropped):
            raise Refused(f"{name}: Axes that are left out must be of length 1, got shape {batch.shape[1:]}.")
        order = [0, *(i + 1 for i in axes), *dropped]
        return batch.transpose(order).reshape([batch.shape[i] for i in order[: len(axes) + 1]])

    return each_array(input_, compute, lambda kind: kind.as_arrays(len(axes)))


@function("Image.arrayTranspose", "Image.matrixTranspose", arrays=["input"])
def array_transpose(input_: Image, axis1: int, axis2: int) -> Image:
    """Two axes exchanged; a missing one is added."""
    name = "Image.arrayTranspose"
    for band in checked(input_, name).bands:
        axis_of(band.type, min(axis1, axis2), name, more=1)
        axis_of(band.type, max(axis1, axis2), name, more=1)
    top = max(axis1, axis2) + 1
    return each_array(
        input_,
        lambda batch: np.swapaxes(widened(batch, max(top, batch.ndim - 1)), axis1 + 1, axis2 + 1),
        lambda kind: kind.as_arrays(max(kind.dimensions, top)),
    )


@function("Image.arraySlice", arrays=["input"])
def array_slice(input_: Image, axis: int, start: Image | None, end: Image | None, step: int) -> Image:
    """Part of an axis, perhaps another one at each pixel; negative positions count from its end."""
    name = "Image.arraySlice"
    checked(input_, name, axis)
    if step < 1:
        raise Refused(f"{name}: step must be positive.")
    for ends in (start, end):
        if ends is not None and len(ends.bands) not in {1, len(input_.bands)}:
            raise Refused(f"{name}: start and end must have one band, or one for each band of the input.")

    def compute(batch: Batch, starts: Batch, stops: Batch) -> Parts:
        for members in alike(np.stack([starts, stops], axis=1)):
            begin, stop = int(starts[members[0]]), int(stops[members[0]])
            places = np.arange(batch.shape[axis + 1])[begin:stop:step]
            yield members, batch[members].take(places, axis + 1)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return [
            computed(
                canvas,
                [raster, _limit(start, i, canvas, 0), _limit(end, i, canvas, _NO_END)],
                input_.bands[i].type,
                compute,
                raster.mask,
            )
            for i, raster in zip(wanted, input_.pixels(canvas, wanted), strict=True)
        ]

    return input_.recomputed(input_.bands, draw)


_NO_END = 2**62  # beyond the end of any array


def _limit(image: Image | None, band: int, canvas: Canvas, default: int) -> Raster:
    """Where slices start or end; where that is not given, or masked, the default."""
    if image is None:
        return Raster(
            constant_array_view(canvas.shape, default, np.int64),
            constant_array_view(canvas.shape, 1, np.float32),
        )
    (raster,) = image.pixels(canvas, [band if len(image.bands) > 1 else 0])
    return Raster(np.where(raster.valid, raster.values, default).astype(np.int64), raster.mask)


@function("Image.arraySort", arrays=["image", "keys"])
def array_sort(image: Image, keys: Image | None) -> Image:
    """Ascending along the one axis along which the arrays, or the keys, have several elements."""
    name = "Image.arraySort"
    checked(image, name)

    def compute(batch: Batch, order: Batch) -> Batch:
        longer = [i for i in range(1, order.ndim) if order.shape[i] > 1]
        if order.ndim != batch.ndim or len(longer) > 1:
            raise Refused(
                f"{name}: Keys must have as many axes, and several elements along one of them only."
            )
        along = longer[0] if longer else 1
        if order.shape[along] != batch.shape[along]:
            raise Refused(f"{name}: There must be as many keys as elements to sort.")
        return np.take_along_axis(batch, np.argsort(order, axis=along, kind="stable"), along)

    if keys is None:
        return each_array(image, lambda batch: compute(batch, batch), lambda kind: kind)
    return paired(image, keys, name, compute, lambda kind, _: kind)


@function("Image.arrayCat", arrays=["image1", "image2"])
def array_cat(image1: Image, image2: Image, axis: int) -> Image:
    """Give the arrays of one image followed by those of another, along an axis that may be a new one."""
    name = "Image.arrayCat"

    def joined(one: PixelType, other: PixelType) -> PixelType:
        kind = union(one, other)
        axis_of(kind, axis, name, more=1)
        return kind.as_arrays(max(kind.dimensions, axis + 1))

    def compute(a: Batch, b: Batch) -> Batch:
        return concatenated([a, b], axis, max(a.ndim, b.ndim, axis + 2) - 1, name)

    return paired(image1, image2, name, compute, joined)


@function("Image.arrayMask", arrays=["input", "mask"])
def array_mask(input_: Image, mask: Image) -> Image:
    """Without the places where a mask is zero, along the one axis on which the mask is longer than 1."""
    name = "Image.arrayMask"
    checked(input_, name)
    checked(mask, name)
    if len(mask.bands) not in {1, len(input_.bands)}:
        raise Refused(f"{name}: The mask must have one band, or as many as the image.")

    def compute(batch: Batch, keep: Batch) -> Parts:
        longer = [i for i in range(1, keep.ndim) if keep.shape[i] > 1]
        if keep.ndim != batch.ndim or len(longer) > 1:
            raise Refused(f"{name}: The mask must vary along one axis only, and have as many axes.")
        along = longer[0] if longer else 1
        if keep.shape[along] != batch.shape[along]:
            raise Refused(f"{name}: The mask must be as long as the array.")
        return kept(batch, keep.reshape(len(keep), -1) != 0, along)

    return paired(input_, mask, name, compute, lambda kind, _: kind)


@function("Image.arrayGet", arrays=["image"])
def array_get(image: Image, position: Image) -> Image:
    """One element of each array, perhaps another one at each pixel."""
    name = "Image.arrayGet"
    checked(image, name)
    count = len(position.bands)
    if any(band.type.dimensions != count for band in image.bands):
        raise Refused(f"{name}: The position must have one band for each axis, got {count}.")

    def compute(batch: Batch, *coordinates: Batch) -> Batch:
        at = [c.astype(np.int64) for c in coordinates]
        if any(((c < 0) | (c >= n)).any() for c, n in zip(at, batch.shape[1:], strict=True)):
            raise Refused(f"{name}: There is no such element in an array of shape {batch.shape[1:]}.")
        index = (np.arange(len(batch)), *at)
        return batch[index]

    bands = [replace(band, type=band.type.element) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        where = position.pixels(canvas, range(count))
        return [
            computed(canvas, [raster, *where], bands[i].type, compute)
            for i, raster in zip(wanted, image.pixels(canvas, wanted), strict=True)
        ]

    return pieces(image.recomputed(bands, draw))


def _lengths(batch: Batch) -> Batch:
    return np.broadcast_to(np.array(batch.shape[1:], np.int64), (len(batch), batch.ndim - 1))


@function("Image.arrayLength", arrays=["input"])
def array_length(input_: Image, axis: int) -> Image:
    """Give the length of each array along an axis."""
    checked(input_, "Image.arrayLength", axis)
    return each_array(input_, lambda batch: _lengths(batch)[:, axis], lambda _: UINT32)


@function("Image.arrayLengths", arrays=["input"])
def array_lengths(input_: Image) -> Image:
    """Give the lengths of each array along all its axes."""
    return each_array(checked(input_, "Image.arrayLengths"), _lengths, lambda _: UINT32.as_arrays(1))


@function("Image.arrayDimensions", arrays=["input"])
def array_dimensions(input_: Image) -> Image:
    """Give the number of axes of each band's arrays, 0 for numbers."""
    numbers = constant_image([band.type.dimensions for band in input_.bands])
    bands = [replace(band, type=n.type) for band, n in zip(input_.bands, numbers.bands, strict=True)]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        masks = [raster.mask for raster in input_.pixels(canvas, wanted)]
        drawn = numbers.pixels(canvas, wanted)
        return [Raster(r.values, combined_mask(r.mask, m)) for r, m in zip(drawn, masks, strict=True)]

    return pieces(input_.recomputed(bands, draw))


@function("Image.arrayArgmax", arrays=["image"])
def array_argmax(image: Image) -> Image:
    """Where the largest element of each array is first; masked where there is none."""

    def compute(batch: Batch) -> Batch | Parts:
        if not batch[0].size:
            return []
        found = batch.reshape(len(batch), -1).argmax(axis=1)
        return np.stack(np.unravel_index(found, batch.shape[1:]), axis=1)

    return each_array(checked(image, "Image.arrayArgmax"), compute, lambda _: UINT32.as_arrays(1))


@function("Image.arrayPad", arrays=["image"])
def array_pad(image: Image, lengths: list[int], pad: float) -> Image:
    """Fill up the ends to some lengths."""
    name = "Image.arrayPad"
    if any(band.type.dimensions != len(lengths) for band in checked(image, name).bands):
        raise Refused(f"{name}: Need one length for each axis.")

    def compute(batch: Batch) -> Batch:
        shape = [max(n, wanted) for n, wanted in zip(batch.shape[1:], lengths, strict=True)]
        bounded(len(batch), arrays.product(shape))
        ends = [(0, n - m) for n, m in zip(shape, batch.shape[1:], strict=True)]
        held = batch.astype(np.result_type(batch.dtype, of_number(pad).dtype))
        return np.pad(held, [(0, 0), *ends], constant_values=pad)

    return each_array(image, compute, lambda kind: union(kind, of_number(pad)))


@function("Image.arrayRepeat", arrays=["input"])
def array_repeat(input_: Image, axis: int, copies: Image) -> Image:
    """Each array several times along an axis, which may be a new one."""
    name = "Image.arrayRepeat"
    for band in input_.bands:
        axis_of(band.type, axis, name, more=1)
    if len(copies.bands) != 1:
        raise Refused(f"{name}: copies must have one band.")

    def compute(batch: Batch, times: Batch) -> Parts:
        wide = widened(batch, max(batch.ndim - 1, axis + 1))
        for members in alike(times.astype(np.int64)):
            number = max(0, int(times[members[0]]))
            bounded(len(members), wide[0].size * number)
            yield members, np.tile(wide[members], [number if i == axis + 1 else 1 for i in range(wide.ndim)])

    return paired(
        input_, copies, name, compute, lambda kind, _: kind.as_arrays(max(kind.dimensions, axis + 1))
    )


@function("Image.arrayReshape", arrays=["image", "lengths"])
def array_reshape(image: Image, lengths: Image, dimensions: int) -> Image:
    """Give the same elements in another shape; a length of -1 is what is left."""
    name = "Image.arrayReshape"
    if len(lengths.bands) != 1 or lengths.bands[0].type.dimensions != 1:
        raise Refused(f"{name}: lengths must have one band of 1-D arrays.")
    if not 1 <= dimensions <= MAX_DIMENSIONS:
        raise Refused(f"{name}: dimensions must be between 1 and {MAX_DIMENSIONS}.")
    checked(image, name)

    def compute(batch: Batch, shapes: Batch) -> Parts:
        if shapes.shape[1] != dimensions:
            raise Refused(f"{name}: Need {dimensions} lengths, got {shapes.shape[1]}.")
        for members in alike(shapes.astype(np.int64)):
            shape = [int(n) for n in shapes[members[0]]]
            try:
                yield members, batch[members].reshape([len(members), *shape])
            except ValueError as error:
                raise Refused(
                    f"{name}: Arrays of shape {batch.shape[1:]} cannot have the shape {shape}."
                ) from error

    return paired(image, lengths, name, compute, lambda kind, _: kind.as_arrays(dimensions))


@function("Image.bitsToArrayImage")
def bits_to_array_image(input_: Image) -> Image:
    """Give the bits of whole numbers, the lowest first, up to the highest one that is set."""

    def compute(values: Batch) -> Parts:
        words = values.astype(np.int64).view(np.uint64)[:, np.newaxis]
        bits = words >> np.arange(64, dtype=np.uint64) & np.uint64(1)
        lengths = np.where(bits.any(axis=1), 64 - bits[:, ::-1].argmax(axis=1), 1)
        for members in alike(lengths):
            yield members, bits[members, : lengths[members[0]]].astype(np.uint8)

    return each_array(input_, compute, lambda _: PixelType("int", 0, 1, 1))
