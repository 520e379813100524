"""Image collections: loading, making, reducing to one image (guides/ic_reducing, guides/ic_composite_mosaic)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from ..archive.archive import Archive
from ..errors import Refused
from ..graph.registry import function
from ..images.bands import overlaid
from ..images.image import MAX_BANDS, Image
from ..images.pixelwise import side_by_side, unique_names
from ..reducers import reducer as reducers
from ..reducers.layering import best_by, layered
from ..reducers.reducer import Reducer
from ..reducers.stacking import bandless, reduced
from ..values.properties import indexed, prefixed
from ..values.types import ImageCollection


@function("ImageCollection.load", needs_archive=True)
def load(archive: Archive, id_: str, version: int | None) -> ImageCollection:
    """Give a collection of the archive; the sandbox keeps one version of each."""
    return archive.collection(id_)


@function("ImageCollection.fromImages")
def from_images(images: list[Image]) -> ImageCollection:
    """Give a collection of images; those without an index get their position."""
    return ImageCollection(tuple(indexed(images)))


@function("ImageCollection.merge")
def merge(collection1: ImageCollection, collection2: ImageCollection) -> ImageCollection:
    """Give the images of both; indices get the prefixes 1_ and 2_."""
    return ImageCollection(
        (*prefixed(collection1, "1_"), *prefixed(collection2, "2_")), collection1.properties
    )


@function("ImageCollection.reduce")
def reduce(collection: ImageCollection, reducer: Reducer, parallel_scale: float) -> Image:
    """Give a collection by a reducer; bands get the output's name as a suffix."""
    return reduced(collection, reducer, keep_names=False)


_SHORTCUTS = {
    "min": reducers.MIN,
    "max": reducers.MAX,
    "count": reducers.COUNT,
    "sum": reducers.SUM,
    "product": reducers.PRODUCT,
    "mean": reducers.MEAN,
    "and": reducers.AND,
    "or": reducers.OR,
    "median": reducers.MEDIAN,
    "mode": reducers.MODE,
}


def _register_shortcut(name: str, reducer: Reducer) -> None:
    @function(f"reduce.{name}")
    def shortcut(collection: ImageCollection) -> Image:
        return reduced(collection, reducer, keep_names=True)


for _name, _reducer in _SHORTCUTS.items():
    _register_shortcut(_name, _reducer)


@function("ImageCollection.mosaic")
def mosaic(collection: ImageCollection) -> Image:
    """Give the last image on top."""
    return layered(collection) if collection.elements else bandless()


@function("ImageCollection.qualityMosaic")
def quality_mosaic(collection: ImageCollection, quality_band: str) -> Image:
    """Give the image of the highest quality, pixel by pixel."""
    return best_by(collection, quality_band)


@function("ImageCollection.toBands")
def to_bands(collection: ImageCollection) -> Image:
    """Every band of every image, named by the image's index and its own name."""
    images = collection.elements
    if not images:
        return bandless()
    names = [
        f"{image.properties.get('system:index', n)}_{name}"
        for n, image in enumerate(images)
        for name in image.names
    ]
    if len(names) > MAX_BANDS:
        raise Refused(f"ImageCollection.toBands: The number of bands ({len(names)}) exceeds {MAX_BANDS}.")
    return side_by_side(images, unique_names(names), images[0]).with_(properties={})


@function("ImageCollection.combine")
def combine(primary: ImageCollection, secondary: ImageCollection, overwrite: bool) -> ImageCollection:
    """Images of the same index with the bands of both."""
    partners = secondary.by("system:index")
    combined = []
    for image in primary.elements:
        partner = partners.get(image.properties.get("system:index"))
        if partner is None:
            continue
        if overwrite:
            combined.append(overlaid(image, partner))
        else:
            combined.append(
                side_by_side([image, partner], unique_names([*image.names, *partner.names]), image)
            )
    return ImageCollection(tuple(combined), primary.properties)
