"""The bands of one image reduced to one value a pixel (guides/reducers_reduce_image)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.array_pixels import afford
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import union
from ...reducers.reducer import Reducer


@function("Image.reduce")
def reduce(image: Image, reducer: Reducer) -> Image:
    """All bands by a reducer, one output band for each of its outputs; masked bands do not count."""
    if reducer.inputs != 1 or reducer.dictionaries:
        raise Refused("Image.reduce: The reducer must have a single input, and numbers or arrays as outputs.")
    if not image.bands:
        raise Refused("Image.reduce: The image has no bands.")
    first, kind = image.bands[0], image.bands[0].type
    for band in image.bands[1:]:
        kind = union(kind, band.type)
    kinds = reducer.types([kind])
    bands = [
        Band(name, output, first.crs, first.transform, first.dimensions)
        for name, output in zip(reducer.outputs, kinds, strict=True)
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        rasters = image.pixels(canvas, range(len(image.bands)))
        values = np.stack([r.values.ravel().astype(kind.dtype, copy=False) for r in rasters])
        weights = np.stack([r.mask.ravel() for r in rasters])
        opacity = weights.max(axis=0)
        results = reducer.reduce([values], weights)
        drawn = []
        for k in wanted:
            held = np.where(results[k].valid, results[k].values, 0)
            mask = np.where(results[k].valid, opacity, np.float32(0)).reshape(canvas.shape)
            drawn.append(Raster(kinds[k].convert(held).reshape(canvas.shape), mask))
            if kinds[k].dimensions:
                afford(canvas, canvas.grid.size, len(image.bands))
        return drawn

    return image.recomputed(bands, draw)
