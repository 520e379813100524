"""Feature collections as images (guides/reducers_reduce_to_image)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import Refused
from ..graph.registry import function
from ..images.image import Band, Canvas, Image, Raster
from ..images.pixel_types import DOUBLE
from ..meter import check
from ..reducers.reducer import Reducer
from ..reducers.stacking import in_row_blocks
from ..space.rasterising import centres_inside
from ..values.types import FeatureCollection, as_number

_BYTES = 24  # of a value, its weight and what becomes of them


@function("Collection.reduceToImage")
def reduce_to_image(collection: FeatureCollection, properties: list[str], reducer: Reducer) -> Image:
    """Give the properties of the features at each pixel by a reducer; features that lack one do not count."""
    name = "Collection.reduceToImage"
    if len(properties) != reducer.inputs:
        raise Refused(f"{name}: Need {reducer.inputs} properties for the reducer, got {len(properties)}.")
    if reducer.objects or reducer.arrays:
        raise Refused(f"{name}: The reducer must have numbers as inputs and outputs.")
    placed = []
    for element in collection.elements:
        place = element.geometry()
        numbers = [as_number(element.properties.get(key)) for key in properties]
        if place is not None and None not in numbers:
            placed.append((place, numbers))
    kinds = reducer.types([DOUBLE] * reducer.inputs)
    bands = tuple(Band(output, kind) for output, kind in zip(reducer.outputs, kinds, strict=True))

    def block(canvas: Canvas) -> list[Raster]:
        held = []
        for place, numbers in placed:
            check()
            inside = centres_inside(place, canvas.grid).ravel()
            if inside.any():
                held.append((inside, numbers))
        shape = (len(held), canvas.grid.size)
        present = np.array([inside for inside, _ in held], bool).reshape(shape)
        columns = np.array([numbers for _, numbers in held], np.float64).reshape(len(held), reducer.inputs)
        stacks = [np.broadcast_to(column[:, np.newaxis], shape) for column in columns.T]
        results = reducer.reduce(stacks, present.astype(np.float32))
        covered = present.any(axis=0)
        return [
            Raster(
                kind.convert(np.where(result.valid, result.values, 0)).reshape(canvas.shape),
                (result.valid & covered).astype(np.float32).reshape(canvas.shape),
            )
            for result, kind in zip(results, kinds, strict=True)
        ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn = in_row_blocks(canvas, _BYTES * max(1, len(placed)) * reducer.inputs, block)
        return [drawn[k] for k in wanted]

    return Image(bands, draw, shared=True)
