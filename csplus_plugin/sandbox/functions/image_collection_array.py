"""Image collections as images of arrays (guides/arrays_array_images)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..graph.registry import function
from ..images.array_axes import axis_of, concatenated
from ..images.array_pixels import Batch, afford, alike, computed, kept, put
from ..images.image import Band, Canvas, Image, Raster, masked_raster
from ..images.pixel_types import PixelType, union
from ..reducers.stacking import bandless, drawn_scene, homogeneous_bands
from ..values.types import ImageCollection


@function("ImageCollection.toArray")
def to_array(collection: ImageCollection) -> Image:
    """Images along the first axis, those with a masked band left out; bands along the second."""
    bands = homogeneous_bands(collection)
    if not bands:
        return bandless()
    kind = bands[0].type
    for band in bands[1:]:
        kind = union(kind, band.type)

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        scenes = _scenes(collection, bands, canvas)
        shape = (canvas.grid.size, len(scenes), len(bands))
        afford(canvas, canvas.grid.size, len(scenes) * len(bands))
        values, masks = np.zeros(shape, kind.dtype), np.zeros(shape, np.float32)
        for n, rasters in enumerate(scenes):
            for k, raster in enumerate(rasters):
                values[:, n, k], masks[:, n, k] = raster.values.ravel(), raster.mask.ravel()
        weight = masks.min(axis=2, initial=1)
        opacity = weight.max(axis=1, initial=0).reshape(canvas.shape)
        return [_stacked(canvas, values, weight > 0, opacity, kind.as_arrays(2))]

    return Image((Band("array", kind.as_arrays(2)),), draw)


def _scenes(collection: ImageCollection, bands: Sequence[Band], canvas: Canvas) -> list[list[Raster]]:
    drawn = (drawn_scene(image, bands, canvas) for image in collection.elements)
    return [rasters for rasters in drawn if rasters is not None]


def _stacked(
    canvas: Canvas, values: np.ndarray, valid: np.ndarray, opacity: np.ndarray, kind: PixelType
) -> Raster:
    """Arrays of what is valid.

    Args:
        canvas: What is being drawn.
        values: Of all pixels (pixels, n, …).
        valid: Which of the n there are (pixels, n).
        opacity: The result's mask (height, width).
        kind: The result's type.
    """
    flat = np.zeros(canvas.grid.size, dtype=object)
    places = np.flatnonzero(opacity)
    if places.size:
        for members, batch in kept(values[places], valid[places], 1):
            put(canvas, flat, places[members], kind.element.convert(batch))
    return Raster(flat.reshape(canvas.shape), opacity)


@function("ImageCollection.toArrayPerBand")
def to_array_per_band(collection: ImageCollection, axis: int, drop_masked: bool) -> Image:
    """Give the pixels of all images one after the other, band by band."""
    name = "ImageCollection.toArrayPerBand"
    bands = homogeneous_bands(collection, arrays=True)
    for band in bands:
        axis_of(band.type, axis, name, more=1)
    results = [Band(b.name, b.type.as_arrays(max(b.type.dimensions, axis + 1))) for b in bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        chosen = [bands[i] for i in wanted]
        scenes = [
            drawn_scene(image, chosen, canvas) or [masked_raster(canvas.shape, band.type) for band in chosen]
            for image in collection.elements
        ]
        return [
            _concatenated(canvas, [s[k] for s in scenes], results[i].type, axis, drop_masked, name)
            for k, i in enumerate(wanted)
        ]

    return Image(tuple(results), draw)


def _concatenated(
    canvas: Canvas, rasters: Sequence[Raster], kind: PixelType, axis: int, drop_masked: bool, name: str
) -> Raster:
    def joined(*parts: Batch) -> Batch:
        return concatenated(parts, axis, kind.dimensions, name)

    if not drop_masked:
        return computed(canvas, rasters, kind, joined)
    masks = np.stack([raster.mask.ravel() for raster in rasters])
    opacity, values = masks.max(axis=0), np.zeros(canvas.grid.size, dtype=object)
    # Pixels of which the same images are valid go together.
    for pixels in alike((masks > 0).T) if masks.any() else ():
        held = np.flatnonzero(masks[:, pixels[0]] > 0)
        if not held.size:
            continue
        here = np.zeros(canvas.shape, np.float32)
        here.reshape(-1)[pixels] = 1
        part = computed(canvas, [rasters[n] for n in held], kind, joined, here)
        values[pixels] = part.values.reshape(-1)[pixels]
    return Raster(values.reshape(canvas.shape), opacity.reshape(canvas.shape))
