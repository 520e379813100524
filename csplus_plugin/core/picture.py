"""A recipe's image as it is drawn on a map, and as it is written to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .bands import DIGITAL_NUMBERS, encoding
from .naming import move_name
from .scenes import geometry
from .thin_areas import clip_area

if TYPE_CHECKING:
    import ee

    from .recipe import Recipe
    from .targets.target import ImageTarget


def picture(recipe: Recipe[ImageTarget]) -> ee.Image:
    """Draw the image: RGB of 8 bits, as a live layer shows it."""
    style, names = recipe.target.shown(recipe.scenes, recipe.output.style)
    return _image(recipe, names).visualize(
        bands=list(names), min=style.minimum, max=style.maximum, palette=list(style.palette) or None
    )


def pixels(recipe: Recipe[ImageTarget]) -> ee.Image:
    """Give the image as the file holds it: one type, nodata where nothing is known, nothing masked."""
    # sameFootprint=False: fill outside the scenes too, or the service's own fill would pass for data.
    return masked_pixels(recipe).unmask(encoding(recipe.target.file_bands(recipe.scenes)).nodata, False)


def masked_pixels(recipe: Recipe[ImageTarget]) -> ee.Image:
    """Give the image as an asset holds it: the file's type and values, masked where nothing is known."""
    bands = recipe.target.file_bands(recipe.scenes)
    code = encoding(bands)
    image = _image(recipe, [band.name for band in bands])
    if code.highest is not None:
        # Rounded here: what a cast does with halves, which medians produce, is not documented.
        image = image.round().min(code.highest)
    return image.toUint16() if code is DIGITAL_NUMBERS else image.toFloat()


def _image(recipe: Recipe[ImageTarget], names: Sequence[str]) -> ee.Image:
    image = recipe.target.image(recipe.scenes, names)
    if recipe.scenes.clip:
        image = move_name(image, image.clip(geometry(clip_area(recipe.scenes.region, recipe.output))))
    return image.select(list(names))
