"""Reducing a collection of images pixel by pixel, in memory that does not grow with the collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import Refused
from ..images.array_pixels import afford
from ..images.image import Band, Canvas, Image, Raster, draw_in_row_blocks
from ..images.pixel_types import PixelType, union
from ..values.types import ImageCollection
from .reducer import Reducer

STACK_BYTES = 128 << 20
"""Values and weights of all scenes that are held at once."""

_WEIGHT_BYTES = 4
_OBJECT_BYTES = 8  # what a number in a list weighs, compared with one in an array


def homogeneous_bands(collection: ImageCollection, *, arrays: bool = False) -> list[Band]:
    """Give the bands that all images share, each of a type that holds the values of all.

    Args:
        collection: The images.
        arrays: Whether pixels may be arrays.

    Raises:
        Refused: The images do not have bands of the same names, or pixels are arrays of different dimensions.
    """
    if not collection.elements:
        return []
    first = collection.elements[0]
    types: dict[str, PixelType] = {band.name: band.type for band in first.bands}
    for image in collection.elements[1:]:
        if set(image.names) != set(types):
            raise Refused(
                "Expected a homogeneous image collection, but an image with incompatible bands was "
                f"encountered:\nFirst image type: {_described(first)}.\nCurrent image type: {_described(image)}."
                f"\nImage ID: {image.properties.get('system:index', 'null')}"
                "\nSome bands might require explicit casts."
            )
        for band in image.bands:
            if band.type.dimensions != types[band.name].dimensions:
                raise Refused("Expected a homogeneous image collection, but dimensions of arrays differ.")
            types[band.name] = union(types[band.name], band.type)
    if not arrays and any(kind.dimensions for kind in types.values()):
        raise Refused("ImageCollection: Images of arrays are not supported here by this sandbox engine.")
    return [Band(name, kind) for name, kind in types.items()]


def _described(image: Image) -> str:
    return f"{len(image.bands)} bands ([{', '.join(image.names)}])"


def bandless() -> Image:
    """Give what a collection without images reduces to."""
    return Image((), lambda _canvas, _wanted: [])


def reduced(collection: ImageCollection, reducer: Reducer, *, keep_names: bool) -> Image:
    """Give a collection reduced to one image.

    Args:
        collection: Images with the same bands; none at all give an image without bands.
        reducer: With one input it reduces every band, with as many inputs as bands all of them together.
        keep_names: Whether the bands keep their names instead of getting the output's as a suffix.

    Raises:
        Refused: The reducer does not fit the bands, or its outputs are no pixels.
    """
    if reducer.dictionaries:
        raise Refused("ImageCollection.reduce: The reducer's output is nothing that a pixel can hold.")
    bands = homogeneous_bands(collection)
    if not bands:
        return bandless()
    if reducer.inputs == 1:
        groups = [[i] for i in range(len(bands))]
        names = [
            band.name if keep_names else f"{band.name}_{output}"
            for band in bands
            for output in reducer.outputs
        ]
    elif reducer.inputs == len(bands):
        groups, names = [list(range(len(bands)))], list(reducer.outputs)
    else:
        raise Refused(
            f"ImageCollection.reduce: The reducer needs {reducer.inputs} inputs, got {len(bands)} bands."
        )
    kinds = [kind for group in groups for kind in reducer.types([bands[i].type for i in group])]
    outputs = len(reducer.outputs)
    heavier = _OBJECT_BYTES if reducer.objects else 1

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        asked = list(dict.fromkeys(k // outputs for k in wanted))
        inputs = list(dict.fromkeys(i for g in asked for i in groups[g]))
        drawn = in_row_blocks(
            canvas,
            sum(bands[i].type.dtype.itemsize + _WEIGHT_BYTES for i in inputs)
            * len(collection.elements)
            * heavier,
            lambda block: _reduced_block(block, inputs, asked),
        )
        rasters = dict(zip([(g, o) for g in asked for o in range(outputs)], drawn, strict=True))
        return [rasters[divmod(k, outputs)] for k in wanted]

    def _reduced_block(canvas: Canvas, inputs: list[int], asked: list[int]) -> list[Raster]:
        stacks = _stacks(collection, [bands[i] for i in inputs], canvas)
        rasters = []
        for g in asked:
            chosen = [stacks[inputs.index(i)] for i in groups[g]]
            values = [stack[0] for stack in chosen]
            weights = chosen[0][1] if len(chosen) == 1 else np.minimum.reduce([stack[1] for stack in chosen])
            opacity = weights.max(axis=0, initial=0)
            for o, result in enumerate(reducer.reduce(values, weights)):
                mask = np.where(result.valid, opacity, np.float32(0)).astype(np.float32, copy=False)
                kind = kinds[g * outputs + o]
                held = np.where(result.valid, result.values, 0)
                shaped = kind.convert(held).reshape(canvas.shape)
                if kind.dimensions:
                    afford(
                        canvas, shaped.size, max((v.size for v in shaped.flat if v is not None), default=0)
                    )
                rasters.append(Raster(shaped, mask.reshape(canvas.shape)))
        return rasters

    # Composites of different projections have the default one, whatever their inputs had.
    composite = tuple(Band(name, kind) for name, kind in zip(names, kinds, strict=True))
    return Image(composite, draw, shared=True)


def _stacks(
    collection: ImageCollection, bands: Sequence[Band], canvas: Canvas
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Values and weights (n, pixels) of each band, for the n images that have a pixel on the canvas."""
    held: list[list[Raster]] = []
    for image in collection.elements:
        rasters = drawn_scene(image, bands, canvas)
        if rasters is not None:
            held.append(rasters)
    pixels = canvas.grid.size
    stacks: list[tuple[np.ndarray, np.ndarray]] = []
    for k, band in enumerate(bands):
        values = np.empty((len(held), pixels), band.type.dtype)
        for n, rasters in enumerate(held):
            values[n] = rasters[k].values.ravel()
        # One mask for all bands, as updateMask makes it, is one array of weights.
        shared = k > 0 and all(rasters[k].mask is rasters[k - 1].mask for rasters in held)
        stacks.append((values, stacks[-1][1] if shared else _weights(held, k, pixels)))
    return stacks


def _weights(held: Sequence[Sequence[Raster]], band: int, pixels: int) -> np.ndarray:
    weights = np.empty((len(held), pixels), np.float32)
    for n, rasters in enumerate(held):
        weights[n] = rasters[band].mask.ravel()
    return weights


def drawn_scene(image: Image, bands: Sequence[Band], canvas: Canvas) -> list[Raster] | None:
    """One image's bands by name; None where no pixel is valid. What it drew on the way is forgotten."""
    if canvas.misses(image.drawn_extent()):
        return None
    names = image.names
    rasters = image.pixels(canvas.for_one_scene(), [names.index(band.name) for band in bands])
    return rasters if any(r.mask.any() for r in rasters) else None


def in_row_blocks(
    canvas: Canvas, bytes_per_pixel: int, draw: Callable[[Canvas], list[Raster]]
) -> list[Raster]:
    """Draw a canvas in as many pieces as the memory for stacks asks for."""
    limit = max(1, STACK_BYTES // max(1, bytes_per_pixel))
    return draw_in_row_blocks(canvas, limit, draw)


def layered(collection: ImageCollection) -> Image:
    """Images on top of each other, the last one uppermost; a masked pixel shows what is below."""
    bands = homogeneous_bands(collection, arrays=True)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        chosen = [bands[i] for i in wanted]
        values = [np.zeros(canvas.shape, band.type.dtype) for band in chosen]
        masks = [np.zeros(canvas.shape, np.float32) for _ in chosen]
        for image in reversed(collection.elements):
            rasters = drawn_scene(image, chosen, canvas)
            for value, mask, raster in zip(values, masks, rasters or (), strict=rasters is not None):
                seen = (mask == 0) & raster.valid
                np.copyto(value, raster.values, where=seen, casting="unsafe")
                np.copyto(mask, raster.mask, where=seen)
            if all((mask > 0).all() for mask in masks):
                break
        return [Raster(value, mask) for value, mask in zip(values, masks, strict=True)]

    return Image(tuple(bands), draw, shared=True)


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

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        chosen = [bands[i] for i in wanted]
        values = [np.zeros(canvas.shape, band.type.dtype) for band in chosen]
        masks = [np.zeros(canvas.shape, np.float32) for _ in chosen]
        best = np.full(canvas.shape, -np.inf)
        for image in collection.elements:
            rasters = drawn_scene(image, [*chosen, measure], canvas)
            if rasters is None:
                continue
            score = rasters.pop()
            better = score.valid & (score.values > best)
            np.copyto(best, score.values, where=better, casting="unsafe")
            for value, mask, raster in zip(values, masks, rasters, strict=True):
                np.copyto(value, raster.values, where=better, casting="unsafe")
                np.copyto(mask, raster.mask, where=better)
        return [Raster(value, mask) for value, mask in zip(values, masks, strict=True)]

    return Image(tuple(bands), draw, shared=True)
