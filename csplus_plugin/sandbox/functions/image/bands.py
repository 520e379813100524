"""Making images, and choosing, naming, adding, linking and casting their bands."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...archive.archive import Archive
from ...errors import Refused
from ...graph.promotion import promote
from ...graph.registry import function
from ...images import pixel_types
from ...images.bands import masked_everywhere, overlaid
from ...images.constants import constant_array, constant_image
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import DOUBLE, PixelType
from ...images.pixelwise import side_by_side, unique_names
from ...values import text_patterns
from ...values.types import FeatureCollection, ImageCollection, as_number, hashable

NO_BANDS = (
    "Image.select: Band pattern '{}' was applied to an Image with no bands. "
    "See https://developers.google.com/earth-engine/guides/debugging#no-bands"
)


@function("Image.load", needs_archive=True)
def load(archive: Archive, id_: str, version: int) -> Image:
    """Give an image of the archive; the sandbox keeps one version of each."""
    return archive.image(id_)


@function("Image.constant")
def constant(value: Any) -> Image:
    """Give the same value everywhere; a list gives one band each, an array is the value of every pixel."""
    if not isinstance(value, list):
        return _constant(value)
    images = [_constant(v) for v in value]
    if len(images) == 1:
        return images[0]
    return side_by_side(images, [f"constant_{i}" for i in range(len(images))], constant_image([]))


def _constant(value: Any) -> Image:
    if isinstance(value, np.ndarray):
        return constant_array(value) if value.ndim else constant_image([value.item()])
    return constant_image([promote(value, "Number")])


def chosen(image: Image, selectors: Sequence[object]) -> list[int]:
    """Positions of the bands that names, regular expressions and positions select, in that order.

    Raises:
        Refused: A selector matches nothing.
    """
    names, positions = image.names, []
    for selector in selectors:
        if not names:
            raise Refused(NO_BANDS.format(selector))
        if isinstance(selector, str):
            found = [names.index(selector)] if selector in names else _matching(names, selector)
        else:
            index = promote(selector, "Integer")
            found = [index] if -len(names) <= index < len(names) else []
        if not found:
            raise Refused(
                f"Image.select: Band pattern '{selector}' did not match any bands. "
                f"Available bands: [{', '.join(names)}]"
            )
        positions += found
    return positions


def _matching(names: Sequence[str], pattern: str) -> list[int]:
    expression = text_patterns.pattern("Image.select", pattern, max(map(len, names)))
    return [i for i, name in enumerate(names) if expression.fullmatch(name)]


def picked(image: Image, positions: Sequence[int], names: Sequence[str] | None = None) -> Image:
    """Give some bands of an image, perhaps under other names."""
    every = image.bands
    bands = [every[i] for i in positions]
    if names is not None:
        bands = [replace(band, name=name) for band, name in zip(bands, names, strict=True)]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return image.pixels(canvas, [positions[k] for k in wanted])

    return image.with_(source=tuple(bands), draw=draw, shared=False)


@function("Image.select", arrays=None)
def select(input_: Image, band_selectors: list, new_names: list[str] | None) -> Image:
    """Bands by name, regular expression or position."""
    positions = chosen(input_, band_selectors)
    if new_names is not None and len(new_names) != len(positions):
        raise Refused(
            f"Image.select: Number of new names ({len(new_names)}) must match the number of bands ({len(positions)})."
        )
    names = new_names or unique_names([input_.bands[i].name for i in positions])
    return picked(input_, positions, names)


@function("Image.slice", arrays=None)
def slice_(image: Image, start: int, end: int | None) -> Image:
    """Bands by a range of positions."""
    return picked(image, range(len(image.bands))[start:end])


@function("Image.rename", arrays=None)
def rename(input_: Image, names: list[str]) -> Image:
    """All bands under other names. An image without bands, as an empty collection reduces to, stays one."""
    if not input_.bands:
        return input_
    if len(names) != len(input_.bands):
        raise Refused(
            f"Image.rename: The number of names ({len(names)}) must match the number of bands ({len(input_.bands)})."
        )
    if len(set(names)) < len(names):
        raise Refused(f"Image.rename: Duplicate band names: [{', '.join(names)}].")
    return picked(input_, range(len(names)), names)


@function("Image.regexpRename", arrays=None)
def regexp_rename(input_: Image, regex: str, replacement: str, all_: bool) -> Image:
    """Names by replacing what matches a regular expression; `$1` stands for the first group."""
    expression = text_patterns.pattern("Image.regexpRename", regex, max(map(len, input_.names), default=0))
    new = text_patterns.template(replacement)
    names = [expression.sub(new, name, count=0 if all_ else 1) for name in input_.names]
    return picked(input_, range(len(names)), unique_names(names))


@function("Image.addBands", arrays=None)
def add_bands(dst_img: Image, src_img: Image, names: list[str] | None, overwrite: bool) -> Image:
    """Bands of another image appended, or put in place of those of the same name."""
    added = picked(src_img, chosen(src_img, names)) if names else src_img
    if overwrite:
        both = overlaid(dst_img, added)
    else:
        both = side_by_side([dst_img, added], unique_names([*dst_img.names, *added.names]), dst_img)
    return both.with_(id=dst_img.id, version=dst_img.version)


@function("Image.cat", arrays=None)
def cat(images: list) -> Image:
    """Give the bands of several images; metadata of the first."""
    promoted = [promote(image, "Image<unknown bands>") for image in images]
    if not promoted:
        return constant_image([])
    names = unique_names([n for image in promoted for n in image.names])
    return side_by_side(promoted, names, promoted[0]).with_(id=promoted[0].id, version=promoted[0].version)


@function("Image.bandNames", arrays=None)
def band_names(image: Image) -> list[str]:
    """Names in order."""
    return image.names


@function("Image.bandTypes", arrays=None)
def band_types(image: Image) -> dict[str, PixelType]:
    """Pixel types by name."""
    return {band.name: band.type for band in image.bands}


@function("Image.metadata", arrays=None)
def metadata(image: Image, property_: str, name: str | None) -> Image:
    """Give a property as a constant image."""
    value = as_number(image.properties.get(property_))
    if value is None:
        raise Refused(f"Image.metadata: Property '{property_}' is missing or not a number.")
    return constant_image([value], [name or property_], DOUBLE)


@function("Image.linkCollection", arrays=None)
def link_collection(
    input_: Image,
    image_collection: ImageCollection,
    linked_bands: object,
    linked_properties: object,
    match_property_name: str,
) -> Image:
    """Bands and properties of the image with the same index; masked and null where there is none."""
    selectors, properties = _names(linked_bands), _names(linked_properties)
    value = input_.properties.get(match_property_name)
    match = image_collection.by(match_property_name).get(hashable(value)) if value is not None else None
    linked = input_
    if selectors:
        found = picked(match, chosen(match, selectors)) if match else _absent(image_collection, selectors)
        linked = overlaid(input_, found)
    added = {name: match.properties.get(name) if match else None for name in properties}
    return linked.with_(properties={**linked.properties, **added}, id=input_.id, version=input_.version)


def _names(value: object) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else promote(value, "List")


def _absent(collection: ImageCollection, selectors: Sequence[str]) -> Image:
    """Fully masked bands of the types that other images of the collection have."""
    if collection.elements:
        sample = collection.elements[0]
        bands = [replace(sample.bands[i], dimensions=None) for i in chosen(sample, selectors)]
    else:
        bands = [Band(str(name), pixel_types.FLOAT) for name in selectors]
    return masked_everywhere(bands)


def converted(image: Image, kinds: Sequence[PixelType]) -> Image:
    """Give the bands as other pixel types."""
    bands = [replace(band, type=kind) for band, kind in zip(image.bands, kinds, strict=True)]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn = image.pixels(canvas, wanted)
        return [Raster(kinds[i].convert(r.values), r.mask) for i, r in zip(wanted, drawn, strict=True)]

    return image.recomputed(bands, draw)


def cast_to(image: Image, types: dict[str, Any], order: Sequence[str] | None, name: str) -> Image:
    """Give some bands as other types; bands that are missing are added, fully masked.

    Raises:
        Refused: The order does not name exactly the resulting bands.
    """
    wanted = {band: promote(kind, "PixelType") for band, kind in types.items()}
    present = converted(image, [wanted.get(band.name, band.type) for band in image.bands])
    absent = [Band(band, kind) for band, kind in wanted.items() if band not in image.names]
    whole = overlaid(present, masked_everywhere(absent)).with_(extent=image.extent) if absent else present
    if order is None:
        return whole
    if sorted(order) != sorted(whole.names):
        raise Refused(f"{name}: bandOrder must name exactly the bands [{', '.join(whole.names)}].")
    return picked(whole, [whole.names.index(band) for band in order])


@function("Image.cast")
def cast(image: Image, band_types: dict[str, Any], band_order: list[str] | None) -> Image:
    """Give some bands as other types."""
    return cast_to(image, band_types, band_order, "Image.cast")


@function("ImageCollection.cast")
def cast_collection(
    collection: ImageCollection, band_types: dict[str, Any], band_order: list[str]
) -> FeatureCollection:
    """Give some bands of every image as other types."""
    return collection.with_elements(
        [cast_to(i, band_types, band_order, "ImageCollection.cast") for i in collection.elements]
    )


def _register_cast(name: str, kind: PixelType) -> None:
    @function(f"Image.{name}", f"Image.to{name[0].upper()}{name[1:]}", arrays=None)
    def cast_all(value: Image) -> Image:
        return converted(
            value, [_narrowed(band.type, kind).as_arrays(band.type.dimensions) for band in value.bands]
        )


def _narrowed(given: PixelType, kind: PixelType) -> PixelType:
    """Keep what is known of the range in a floating-point cast."""
    return kind if kind.is_int else PixelType(kind.precision, given.min, given.max)


for _name, _kind in pixel_types.NAMED.items():
    _register_cast(_name, _kind)
