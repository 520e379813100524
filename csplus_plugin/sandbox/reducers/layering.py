"""Images of a collection on top of each other: at every pixel, the values of one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import Refused
from ..images.image import Canvas, Image, Raster
from ..values.types import ImageCollection
from .stacking import bandless, homogeneous_bands, packing_above, rows_of
from .stacks import SceneParts


def layered(collection: ImageCollection) -> Image:
    """Images on top of each other, the last one uppermost; a masked pixel shows what is below."""
    bands = homogeneous_bands(collection, arrays=True)
    arrays = any(band.type.dimensions for band in bands)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        if canvas.part_of is not None and not arrays:
            return rows_of(canvas.part_of, image, wanted)
        chosen = [bands[i] for i in wanted]
        values = [np.zeros(canvas.shape, band.type.dtype) for band in chosen]
        masks = [np.zeros(canvas.shape, np.float32) for _ in chosen]
        parts = SceneParts(canvas)
        for scene in reversed(collection.elements):
            for rows, rasters in parts.draw(scene, chosen):
                for value, mask, raster in zip(values, masks, rasters, strict=True):
                    seen = (mask[rows] == 0) & raster.valid
                    np.copyto(value[rows], raster.values, where=seen, casting="unsafe")
                    np.copyto(mask[rows], raster.mask, where=seen)
            if all((mask > 0).all() for mask in masks):
                break
        return [Raster(value, mask) for value, mask in zip(values, masks, strict=True)]

    image = Image(tuple(bands), draw, shared=True, packing=packing_above(collection))
    return image


def best_by(collection: ImageCollection, quality: str) -> Image:
    """All bands of the image whose quality is highest, pixel by pixel.

    Where the quality is masked an image does not take part; of equal ones the first in order wins.

    Raises:
        Refused: The quality band is missing.
    """
    bands = homogeneous_bands(collection, arrays=True)
    if not bands:
        return bandless()
    measure = collection.elements[0].bands[collection.elements[0].position(quality)]
    if measure.type.dimensions:
        raise Refused(f"ImageCollection.qualityMosaic: Band '{quality}' must hold numbers, not arrays.")

    arrays = any(band.type.dimensions for band in bands)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        if canvas.part_of is not None and not arrays:
            return rows_of(canvas.part_of, image, wanted)
        chosen = [bands[i] for i in wanted]
        values = [np.zeros(canvas.shape, band.type.dtype) for band in chosen]
        masks = [np.zeros(canvas.shape, np.float32) for _ in chosen]
        best = np.full(canvas.shape, -np.inf)
        parts = SceneParts(canvas)
        for scene in collection.elements:
            for rows, (*rasters, score) in parts.draw(scene, [*chosen, measure]):
                better = score.valid & (score.values > best[rows])
                np.copyto(best[rows], score.values, where=better, casting="unsafe")
                for value, mask, raster in zip(values, masks, rasters, strict=True):
                    np.copyto(value[rows], raster.values, where=better, casting="unsafe")
                    np.copyto(mask[rows], raster.mask, where=better)
        return [Raster(value, mask) for value, mask in zip(values, masks, strict=True)]

    image = Image(tuple(bands), draw, shared=True, packing=packing_above(collection))
    return image
