"""The clear composite: scenes masked to their clear pixels, reduced to one image, and what is derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from .. import indices, methods
from ..bands import COUNT, DATE, SCORE, BandInfo, index_band, spectral_band
from ..catalog import ANY_BAND, COUNT_BAND, INDEX_SOURCES, METHODS, STYLES, Style
from ..checks import between, check_types, one_of, shown
from ..choices import Output, Scenes
from ..days import add_date, clear_days
from ..errors import InvalidChoice
from ..language import _
from ..naming import named, named_function
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
        target_date: For the method `nearest`.
        min_observations: Pixels with fewer distinct clear days are masked.
        bands: Bands of the file, in this order.
        indices: Spectral indices.
        indices_from: What they are computed from, one of `catalog.INDEX_SOURCES`.
        count_band: Add `clear_count`, the number of distinct clear days.
        score_band: Add `score`, of the observation taken; else the scores reduced as the bands are.
        date_band: Add `date`, the day of the observation taken.
    """

    ALGORITHM = "clearcomposite"

    method: str = "median"
    percentile: float = 25
    target_date: date | None = None
    min_observations: int = 1
    bands: tuple[str, ...] = ("B2", "B3", "B4", "B8")
    indices: tuple[str, ...] = ()
    indices_from: str = "composite"
    count_band: bool = False
    score_band: bool = False
    date_band: bool = False

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        one_of("method", self.method, METHODS)
        one_of("source of indices", self.indices_from, INDEX_SOURCES)
        between("percentile", self.percentile, 0, 100)
        if self.min_observations < 1:
            raise InvalidChoice(
                _("At least one clear observation is needed."), _("Choose a number of 1 or more.")
            )
        if not (self.bands or self.indices or self.count_band or self.score_band or self.date_band):
            raise InvalidChoice(_("No band was chosen."), _("Choose at least one band or index."))
        for chosen in (self.bands, self.indices):
            if len(set(chosen)) < len(chosen):
                raise InvalidChoice(
                    _("{names} names a band twice.", names=shown(", ".join(chosen))),
                    _("Name each band once."),
                )
        for name in self.indices:
            indices.find(name)
        self._check_method()

    def _check_method(self) -> None:
        if self.method == "nearest" and self.target_date is None:
            raise InvalidChoice(_("The method nearest needs a day to be near to."), _("Give a TARGET_DATE."))
        if self.method == "best_index" and not self.indices:
            raise InvalidChoice(
                _("The method best_index needs an index to compare."),
                _("Choose one, such as NDVI, in INDICES."),
            )
        if self.date_band and self.method not in methods.SINGLE:
            raise InvalidChoice(
                _(
                    "A pixel of the method {method} is of several days, so it has no date.",
                    method=self.method,
                ),
                _(
                    "Switch DATE_BAND off, or choose one of {methods}.",
                    methods=", ".join(sorted(methods.SINGLE)),
                ),
            )

    @property
    def composite(self) -> Composite:
        """The composite alone, without what a target of its kind adds to it."""
        return Composite(**{field.name: getattr(self, field.name) for field in fields(Composite)})

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse a band that the product does not have, and an index to draw where none was chosen."""
        scenes.require_bands(self.bands)
        if output.style not in (None, *self.styles()):
            raise InvalidChoice(
                _("The style {style} cannot draw this picture.", style=output.style),
                _("Choose from {styles}.", styles=", ".join(self.styles())),
            )
        if output.style == "index" and not self.indices:
            raise InvalidChoice(
                _("The style draws a spectral index, but none was chosen."),
                _("Choose an index, or another style."),
            )

    @classmethod
    def styles(cls) -> tuple[str, ...]:
        """List the styles that can draw it."""
        return tuple(STYLES)

    @property
    def fewest_days(self) -> int:
        """Clear days that a pixel needs."""
        return self.min_observations

    def sentence(self, scenes: Scenes) -> str:
        """Say which method, over which observations."""
        method = _(METHODS[self.method].label)
        if self.method == "percentile":
            method = _("{method} {percentile:g}", method=method, percentile=self.percentile)
        elif self.method == "nearest":
            method = _("{method} to {target_date}", method=method, target_date=self.target_date)
        elif self.method == "best_index":
            method = _("{method} ({indices})", method=method, indices=self.indices[0])
        return _(
            "{method} of the observations with {qa_band} >= {threshold:g}",
            method=method,
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:  # noqa: ARG002
        """List spectral bands, then indices, then what was added."""
        return (
            *(spectral_band(name) for name in self.bands),
            *(index_band(name) for name in self.indices),
            *((COUNT,) if self.count_band else ()),
            *((SCORE,) if self.score_band else ()),
            *((DATE,) if self.date_band else ()),
        )

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:
        """Give the style with the bands that it needs, whether or not the file holds them."""
        name = style or DEFAULT_STYLE
        of_choice = {"index": self.indices[:1], "score": (scenes.qa_band,)}
        return STYLES[name], of_choice.get(name, STYLES[name].bands)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Composite spectral bands, chosen indices, the score band, `score`, `date`, `clear_count`.

        Pixels with too few clear days are masked, except in `clear_count`, which is 0 where there is no clear
        observation.
        """
        wanted = [name for name in names if name in self.indices]
        reduced = wanted if self.indices_from == "scenes" else []
        clear, stack = self._stacked(scenes, names)
        image = named(methods.reduce(self.method, stack), "composite")
        derived = [name for name in wanted if name not in reduced]
        if derived:
            image = named(image.addBands(indices.images(image, derived)), "with_indices")
        if SCORE.name in names:
            image = named(image.addBands(image.select([scenes.qa_band]).rename([SCORE.name])), "with_score")
        if self.min_observations > 1 or COUNT_BAND in names:
            count = clear_days(clear, stack.bands[0], scenes.region)
            image = image.updateMask(count.gte(self.min_observations)).addBands(count)
            named(image, "with_days")
        return image

    def observations(self, scenes: Scenes, names: Sequence[str]) -> methods.Stack:
        """Give the clear observations that `image` reduces for the same bands."""
        return self._stacked(scenes, names)[1]

    def _stacked(self, scenes: Scenes, names: Sequence[str]) -> tuple[ee.ImageCollection, methods.Stack]:
        """Give the clear scenes, and the same as the methods need them."""
        wanted = [name for name in names if name in self.indices]
        reduced = wanted if self.indices_from == "scenes" else []
        compared = self.indices[:1] if self.method == "best_index" else ()
        spectral = self._spectral(scenes, names)
        needed = _union(spectral, *(indices.find(name).bands for name in (*reduced, *compared)))
        clear = clear_scenes(scenes, needed, whole=self.method in methods.WHOLE)
        return clear, methods.Stack(
            scenes=_with_derived(clear, needed[0], _union(reduced, compared), dated=DATE.name in names),
            bands=(*spectral, *reduced, *((DATE.name,) if DATE.name in names else ())),
            score=scenes.qa_band,
            # The bands of the file, so that the live layer shows the observation that the file holds.
            axes=self.bands or tuple(spectral),
            percentile=self.percentile,
            day=self.target_date,
            index="".join(compared),
        )

    def _spectral(self, scenes: Scenes, names: Sequence[str]) -> list[str]:
        """List the spectral bands to composite, those of the file first."""
        wanted = [name for name in names if name in self.indices]
        other = (*wanted, scenes.qa_band, COUNT_BAND, SCORE.name, DATE.name)
        return _union(
            self.bands or (ANY_BAND,),
            [name for name in names if name not in other],
            *(indices.find(name).bands for name in wanted if self.indices_from == "composite"),
        )


def _with_derived(
    clear: ee.ImageCollection, band: str, chosen: Sequence[str], *, dated: bool
) -> ee.ImageCollection:
    """Add to each scene its spectral indices, and its date, masked where `band` is."""
    if not (chosen or dated):
        return clear

    @named_function()
    def derive(image: ee.Image) -> ee.Image:
        if chosen:
            image = image.addBands(indices.images(image, chosen))
        return add_date(image, band) if dated else image

    return named(clear.map(derive), "derived")


def _union(*groups: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for group in groups for name in group))
