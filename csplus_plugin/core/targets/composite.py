"""The clear composite: scenes masked to their clear pixels, reduced to one image, and what is derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import indices, methods
from ..bands import COUNT, BandInfo, index_band, spectral_band
from ..catalog import ANY_BAND, COUNT_BAND, METHODS, PRODUCTS, STYLES, Style
from ..checks import between, check_types, one_of, shown
from ..choices import Output, Scenes
from ..days import clear_days
from ..errors import InvalidChoice
from ..naming import named
from ..scenes import clear_scenes
from .target import ImageTarget

if TYPE_CHECKING:
    import ee

DEFAULT_STYLE = "true_color"


@dataclass(frozen=True)
class Composite(ImageTarget):
    """How the clear observations of a pixel become one.

    Attributes:
        method: One of `catalog.METHODS`.
        percentile: For the method `percentile`, 0 to 100.
        min_observations: Pixels with fewer distinct clear days are masked.
        bands: Bands of the file, in this order.
        indices: Spectral indices, computed from the composite.
        count_band: Add `clear_count`, the number of distinct clear days.
    """

    ALGORITHM = "clearcomposite"

    method: str = "median"
    percentile: float = 25
    min_observations: int = 1
    bands: tuple[str, ...] = ("B2", "B3", "B4", "B8")
    indices: tuple[str, ...] = ()
    count_band: bool = False

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        one_of("method", self.method, METHODS)
        between("percentile", self.percentile, 0, 100)
        if self.min_observations < 1:
            raise InvalidChoice("At least one clear observation is needed.", "Choose a number of 1 or more.")
        if not (self.bands or self.indices or self.count_band):
            raise InvalidChoice("No band was chosen.", "Choose at least one band or index.")
        for chosen in (self.bands, self.indices):
            if len(set(chosen)) < len(chosen):
                raise InvalidChoice(f"{shown(', '.join(chosen))} names a band twice.", "Name each band once.")
        for name in self.indices:
            indices.find(name)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse a band that the product does not have, and an index to draw where none was chosen."""
        product = PRODUCTS[scenes.product]
        for band in self.bands:
            if band not in product.bands:
                raise InvalidChoice(
                    f"{product.name} has no band {shown(band)}.", f"Choose from {', '.join(product.bands)}."
                )
        if output.style == "index" and not self.indices:
            raise InvalidChoice(
                "The style draws a spectral index, but none was chosen.", "Choose an index, or another style."
            )

    @property
    def fewest_days(self) -> int:
        """Clear days that a pixel needs."""
        return self.min_observations

    def sentence(self, scenes: Scenes) -> str:
        """Say which method, over which observations."""
        method = METHODS[self.method].label
        if self.method == "percentile":
            method = f"{method} {self.percentile:g}"
        return f"{method} of the observations with {scenes.qa_band} >= {scenes.threshold:g}"

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:  # noqa: ARG002
        """List spectral bands, then indices, then the count."""
        return (
            *(spectral_band(name) for name in self.bands),
            *(index_band(name) for name in self.indices),
            *((COUNT,) if self.count_band else ()),
        )

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:
        """Give the style with the bands that it needs, whether or not the file holds them."""
        name = style or DEFAULT_STYLE
        of_choice = {"index": self.indices[:1], "score": (scenes.qa_band,)}
        return STYLES[name], of_choice.get(name, STYLES[name].bands)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Composite spectral bands, chosen indices, the score band, `clear_count`.

        Pixels with too few clear days are masked, except in `clear_count`, which is 0 where there is no clear
        observation.
        """
        spectral = self._spectral(scenes, names)
        clear = clear_scenes(scenes, spectral, whole=self.method in methods.WHOLE)
        stack = methods.Stack(
            scenes=clear,
            bands=tuple(spectral),
            score=scenes.qa_band,
            # The bands of the file, so that the live layer shows the observation that the file holds.
            axes=self.bands or tuple(spectral),
            percentile=self.percentile,
        )
        image = named(methods.reduce(self.method, stack), "composite")
        wanted = [name for name in names if name in self.indices]
        if wanted:
            image = named(image.addBands(indices.images(image, wanted)), "with_indices")
        if self.min_observations > 1 or COUNT_BAND in names:
            count = clear_days(clear, spectral[0], scenes.region)
            image = image.updateMask(count.gte(self.min_observations)).addBands(count)
            named(image, "with_days")
        return image

    def _spectral(self, scenes: Scenes, names: Sequence[str]) -> list[str]:
        """List the spectral bands that the bands `names` are made of, those of the file first."""
        wanted = [name for name in names if name in self.indices]
        derived = (*wanted, scenes.qa_band, COUNT_BAND)
        return _union(
            self.bands or (ANY_BAND,),
            [name for name in names if name not in derived],
            *(indices.find(name).bands for name in wanted),
        )


def _union(*groups: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
