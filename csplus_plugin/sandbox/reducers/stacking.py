"""Reducing a collection of images to one image, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import Refused
from ..images.image import Band, Canvas, Image, Raster, draw_in_row_blocks
from ..images.pixel_types import PixelType, union
from ..space.packing import Packing
from ..values.types import ImageCollection
from .reducer import Reducer
from .reduction import Reduction

_BLOCK_BYTES = 128 << 20  # of what is drawn in pieces, beside stacks of scenes


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
    reduction = Reduction(collection.elements, reducer, bands, groups, kinds, packing_above(collection))

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        if canvas.part_of is not None and not reduction.has_objects:
            return rows_of(canvas.part_of, image, wanted)
        return reduction.draw(canvas, wanted)

    # Composites of different projections have the default one, whatever their inputs had.
    composite = tuple(Band(name, kind) for name, kind in zip(names, kinds, strict=True))
    image = Image(composite, draw, shared=True, packing=reduction.packing)
    return image


def packing_above(collection: ImageCollection) -> Packing | None:
    """Give the packing of what a collection's images are made of, for an image that is made of all of them."""
    for image in collection.elements:
        packing = image.packed()
        if packing is not None:
            return replace(packing, layers=packing.layers + 1)
    return None


def rows_of(part: tuple[Canvas, slice], image: Image, wanted: Sequence[int]) -> list[Raster]:
    """Draw an image on a larger canvas, and give the rows that are wanted of it."""
    whole, rows = part
    return [Raster(r.values[rows], r.mask[rows]) for r in image.pixels(whole, wanted)]


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
    """Draw a canvas in as many pieces as memory asks for."""
    limit = max(1, _BLOCK_BYTES // max(1, bytes_per_pixel))
    return draw_in_row_blocks(canvas, limit, draw)
