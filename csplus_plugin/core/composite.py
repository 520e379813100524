"""Masked scenes -> one image: each method a small function, then what is drawn and what is downloaded.

Sources: Earth Engine guide (reducers, `qualityMosaic`); the Cloud Score+ essay for using the score as a weight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import indices
from .catalog import COUNT_BAND, OBSERVATION_METHODS, REFLECTANCE_SCALE, STYLES, Style
from .scenes import clear_scenes, geometry

if TYPE_CHECKING:
    import ee

    from .recipe import Recipe

_DAY = 86_400_000
"""Milliseconds."""

WHOLE = OBSERVATION_METHODS | {"weighted"}
"""Methods for which the bands of an observation must be valid together."""


@dataclass(frozen=True)
class Encoding:
    """How numbers are written to a file; one for all bands of it.

    Attributes:
        dtype: numpy's name of the type.
        nodata: The value of masked pixels, outside the range of valid ones.
        highest: The largest valid value, or None where the type sets no bound.
    """

    dtype: str
    nodata: float
    highest: float | None = None

    @property
    def item_size(self) -> int:
        """Bytes of a value."""
        return np.dtype(self.dtype).itemsize


DIGITAL_NUMBERS = Encoding("uint16", 65535, 65534)
"""Reflectance and counts: zero is a legal dark pixel, so nodata is at the other end."""

DECIMALS = Encoding("float32", -9999)
"""Indices and scores, and whatever stands beside them."""


@dataclass(frozen=True)
class BandInfo:
    """One band of a file.

    Attributes:
        name: Its name.
        description: A sentence for people.
        scale: Value x scale = physical value.
        blends: Whether a mean of neighbours says something; of classes, counts and days it does not.
    """

    name: str
    description: str
    scale: float = 1
    blends: bool = True


def encoding(recipe: Recipe) -> Encoding:
    """Choose the type of the file."""
    return DECIMALS if recipe.composite.indices else DIGITAL_NUMBERS


def file_bands(recipe: Recipe) -> tuple[BandInfo, ...]:
    """List the bands of the file, in order."""
    choices = recipe.composite
    spectral = (BandInfo(band, f"{band} reflectance", REFLECTANCE_SCALE) for band in choices.bands)
    derived = (BandInfo(name, indices.find(name).long_name) for name in choices.indices)
    count = (
        (BandInfo(COUNT_BAND, "Distinct days with a clear observation", blends=False),)
        if choices.count_band
        else ()
    )
    return (*spectral, *derived, *count)


def drawn(recipe: Recipe) -> tuple[Style, tuple[str, ...]]:
    """Give the style, and the bands that it draws of this recipe."""
    style = STYLES[recipe.output.style]
    of_choice = {"index": recipe.composite.indices[:1], "score": (recipe.scenes.qa_band,)}
    return style, of_choice.get(recipe.output.style, style.bands)


def spectral_bands(recipe: Recipe, names: Sequence[str]) -> list[str]:
    """List the spectral bands that the bands `names` are made of, those of the file first."""
    choices = recipe.composite
    wanted = [name for name in names if name in choices.indices]
    derived = (*wanted, recipe.scenes.qa_band, COUNT_BAND)
    return _union(
        choices.bands or ("B4",),
        [name for name in names if name not in derived],
        *(indices.find(name).bands for name in wanted),
    )


def composite(recipe: Recipe, names: Sequence[str]) -> ee.Image:
    """Composite the bands `names`: spectral bands, chosen indices, the score band, `clear_count`.

    Values are digital numbers (reflectance x 10,000), index values, scores and days. Pixels with too few clear days are
    masked, except in `clear_count`, which is 0 where there is no clear observation.
    """
    choices, score = recipe.composite, recipe.scenes.qa_band
    wanted = [name for name in names if name in choices.indices]
    spectral = spectral_bands(recipe, names)
    scenes = clear_scenes(recipe.scenes, spectral, whole=choices.method in WHOLE)
    image = _METHODS[choices.method](scenes, [*spectral, score], recipe)
    for name in wanted:
        image = image.addBands(indices.expression(image, name))
    if choices.min_observations > 1 or COUNT_BAND in names:
        count = _clear_count(scenes, spectral[0])
        image = image.updateMask(count.gte(choices.min_observations)).addBands(count)
    if recipe.scenes.clip:
        image = image.clip(geometry(recipe.scenes.region))
    return image.select(list(names))


def picture(recipe: Recipe) -> ee.Image:
    """Draw the composite: an RGB image of 8 bits, as a live layer shows it."""
    style, bands = drawn(recipe)
    palette = list(style.palette) or None
    return composite(recipe, bands).visualize(
        bands=list(bands), min=style.minimum, max=style.maximum, palette=palette
    )


def pixels(recipe: Recipe) -> ee.Image:
    """Give the composite as the file holds it: one type, nodata where nothing is known, nothing masked."""
    code = encoding(recipe)
    image = composite(recipe, [band.name for band in file_bands(recipe)])
    if code.highest is not None:
        # Rounded here: what a cast does with halves, which medians produce, is not documented.
        image = image.round().min(code.highest)
    image = image.toUint16() if code is DIGITAL_NUMBERS else image.toFloat()
    # sameFootprint=False: fill outside the scenes too, or the service's own fill would pass for data.
    return image.unmask(code.nodata, False)


def _clear_count(scenes: ee.ImageCollection, band: str) -> ee.Image:
    """Count distinct days: one day seen in two overlapping tiles is one observation."""
    from .library import ee

    def day(image: ee.Image) -> ee.Image:
        number = ee.Number(image.get("system:time_start")).divide(_DAY).floor()
        return ee.Image.constant(number).updateMask(image.select(band).mask())

    days = scenes.map(day).reduce(ee.Reducer.countDistinct())
    return days.rename([COUNT_BAND]).unmask(0, False)


def _median(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:  # noqa: ARG001
    return scenes.select(names).median()


def _mean(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:  # noqa: ARG001
    return scenes.select(names).mean()


def _minimum(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:  # noqa: ARG001
    return scenes.select(names).min()


def _maximum(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:  # noqa: ARG001
    return scenes.select(names).max()


def _percentile(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:
    from .library import ee

    return scenes.select(names).reduce(ee.Reducer.percentile([recipe.composite.percentile])).rename(names)


def _medoid(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:
    """Take the observation nearest to the median: linear in the number of scenes, unlike a true medoid."""
    from .library import ee

    # Measured in the bands of the file, so that the live layer shows the observation that the file holds.
    axes = list(recipe.composite.bands) or names[:-1]
    centre = scenes.select(axes).median()

    def add_nearness(image: ee.Image) -> ee.Image:
        offset = image.select(axes).subtract(centre)
        distance = offset.multiply(offset).reduce(ee.Reducer.sum())
        return image.addBands(distance.multiply(-1).rename("nearness"))

    return scenes.map(add_nearness).qualityMosaic("nearness").select(names)


def _best(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:
    return scenes.qualityMosaic(recipe.scenes.qa_band).select(names)


def _weighted(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:
    score = recipe.scenes.qa_band
    total = scenes.select([score]).sum()
    weighted = scenes.map(lambda image: image.select(names).multiply(image.select(score)))
    # With a threshold of 0 all weights can be 0, and Earth Engine divides by zero to 0, a colour.
    return weighted.sum().divide(total).updateMask(total.gt(0))


def _latest(scenes: ee.ImageCollection, names: list[str], recipe: Recipe) -> ee.Image:  # noqa: ARG001
    return scenes.sort("system:time_start").mosaic().select(names)


_Method = Callable[["ee.ImageCollection", list[str], "Recipe"], "ee.Image"]
_METHODS: dict[str, _Method] = {
    "median": _median,
    "mean": _mean,
    "percentile": _percentile,
    "medoid": _medoid,
    "best": _best,
    "weighted": _weighted,
    "latest": _latest,
    "min": _minimum,
    "max": _maximum,
}


def _union(*groups: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
