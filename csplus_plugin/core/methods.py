"""The clear observations of a pixel -> one: each method a small function.

What each is good for, and at what cost, is told in `catalog.METHODS`. Sources: Earth Engine guide (reducers,
`qualityMosaic`); the Cloud Score+ essay for using the score as a weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from .days import add_nearness
from .naming import named, named_function

if TYPE_CHECKING:
    import ee

SINGLE = frozenset({"medoid", "best", "latest", "nearest", "best_index"})
"""Methods that take one observation as it is, so that it has a date."""

WHOLE = SINGLE | {"weighted"}
"""Methods for which the bands of an observation must be valid together."""


@dataclass(frozen=True)
class Stack:
    """The clear observations, and what the methods need to know of them.

    Attributes:
        scenes: Scenes masked to their clear pixels, with the bands, the score and the index.
        bands: Bands to composite, the first of them spectral; the score band is composited beside them.
        score: Score band.
        axes: Bands in which the medoid measures distances.
        percentile: For the method `percentile`, 0 to 100.
        day: For the method `nearest`.
        index: For the method `best_index`: a band of the scenes.
    """

    scenes: ee.ImageCollection
    bands: tuple[str, ...]
    score: str
    axes: tuple[str, ...]
    percentile: float
    day: date | None = None
    index: str = ""

    @property
    def names(self) -> list[str]:
        """Every band of the composite."""
        return [*self.bands, self.score]


def reduce(method: str, stack: Stack) -> ee.Image:
    """Composite by one of `catalog.METHODS`."""
    return _METHODS[method](stack)


def _median(stack: Stack) -> ee.Image:
    return stack.scenes.select(stack.names).median()


def _mean(stack: Stack) -> ee.Image:
    return stack.scenes.select(stack.names).mean()


def _minimum(stack: Stack) -> ee.Image:
    return stack.scenes.select(stack.names).min()


def _maximum(stack: Stack) -> ee.Image:
    return stack.scenes.select(stack.names).max()


def _percentile(stack: Stack) -> ee.Image:
    from .library import ee

    reducer = ee.Reducer.percentile([stack.percentile])
    return stack.scenes.select(stack.names).reduce(reducer).rename(stack.names)


def _medoid(stack: Stack) -> ee.Image:
    """Take the observation nearest to the median: linear in the number of scenes, unlike a true medoid."""
    from .library import ee

    axes = list(stack.axes)
    centre = named(stack.scenes.select(axes).median(), "centre")

    @named_function()
    def add_nearness(image: ee.Image) -> ee.Image:
        offset = named(image.select(axes).subtract(centre), "offset")
        distance = named(offset.multiply(offset).reduce(ee.Reducer.sum()), "distance")
        return image.addBands(distance.multiply(-1).rename("nearness"))

    return stack.scenes.map(add_nearness).qualityMosaic("nearness").select(stack.names)


def _best(stack: Stack) -> ee.Image:
    return stack.scenes.qualityMosaic(stack.score).select(stack.names)


def _weighted(stack: Stack) -> ee.Image:
    @named_function()
    def weigh(image: ee.Image) -> ee.Image:
        return image.select(stack.names).multiply(image.select(stack.score))

    total = named(stack.scenes.select([stack.score]).sum(), "total")
    # With a threshold of 0 all weights can be 0, and Earth Engine divides by zero to 0, a colour.
    return stack.scenes.map(weigh).sum().divide(total).updateMask(total.gt(0))


def _latest(stack: Stack) -> ee.Image:
    return stack.scenes.sort("system:time_start").mosaic().select(stack.names)


def _nearest(stack: Stack) -> ee.Image:
    day = stack.day
    if day is None:
        raise ValueError("the method nearest needs a day")

    @named_function()
    def measure(image: ee.Image) -> ee.Image:
        return add_nearness(image, stack.bands[0], day)

    return stack.scenes.map(measure).qualityMosaic("nearness").select(stack.names)


def _best_index(stack: Stack) -> ee.Image:
    return stack.scenes.qualityMosaic(stack.index).select(stack.names)


_METHODS: dict[str, Callable[[Stack], ee.Image]] = {
    "median": _median,
    "mean": _mean,
    "percentile": _percentile,
    "medoid": _medoid,
    "best": _best,
    "weighted": _weighted,
    "latest": _latest,
    "nearest": _nearest,
    "best_index": _best_index,
    "min": _minimum,
    "max": _maximum,
}
