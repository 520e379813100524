"""The choices that every recipe has: which scenes, and on which grid; each checked once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from .catalog import ALL_STYLES, DEFAULT_THRESHOLD, PRODUCTS, SCL_CLASSES, SCORE_BANDS, UNSCORED_POLICIES
from .checks import between, check_types, one_of, shown
from .errors import InvalidChoice
from .language import _
from .region import Region

ORBITS = 143
"""Relative orbits of Sentinel-2 (the satellites' cycle of ten days)."""

_LARGEST_PIXEL = 10_000_000
"""Units of the CRS; a quarter of the equator in metres."""

_SCENE = re.compile(r"\w{1,100}", re.ASCII)
_TILE = re.compile(r"\d{2}[C-HJ-NP-X][A-HJ-NP-Z]{2}")


@dataclass(frozen=True)
class Scenes:
    """Which scenes, and which of their pixels are clear.

    Attributes:
        region: Where.
        start: First day.
        end: Last day, **included**.
        product: `L2A` or `L1C`.
        qa_band: Score band.
        threshold: A pixel is clear where score >= threshold.
        unscored_policy: What becomes of scenes that have no score.
        months: Only these calendar months; empty for all.
        max_scene_cloud: Highest CLOUDY_PIXEL_PERCENTAGE; 100 is off.
        orbit: Relative orbit, or None.
        tiles: MGRS tiles such as `11SKB`; empty for all.
        edge_trim: Metres cut off inside each scene's footprint.
        dilate: Metres of the buffer around rejected pixels.
        also_mask: Scene classes, keys of `catalog.SCL_CLASSES`, that are rejected whatever their score.
        ids: Only these scenes, by `system:index`; empty for all.
        clip: Mask outside the region.
    """

    region: Region
    start: date
    end: date
    product: str = "L2A"
    qa_band: str = "cs_cdf"
    threshold: float = DEFAULT_THRESHOLD
    unscored_policy: str = "drop"
    months: tuple[int, ...] = ()
    max_scene_cloud: float = 100
    orbit: int | None = None
    tiles: tuple[str, ...] = ()
    edge_trim: float = 0
    dilate: float = 0
    also_mask: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    clip: bool = True

    def __post_init__(self) -> None:
        """Check each choice, then those that depend on each other."""
        check_types(self)
        one_of("product", self.product, PRODUCTS)
        one_of("score band", self.qa_band, SCORE_BANDS)
        one_of("policy for unscored scenes", self.unscored_policy, UNSCORED_POLICIES)
        between("threshold", self.threshold, 0, 1)
        between("scene cloud limit", self.max_scene_cloud, 0, 100)
        between("edge trim", self.edge_trim, 0, 50_000)
        between("buffer around rejected pixels", self.dilate, 0, 5_000)
        if self.orbit is not None:
            between("relative orbit", self.orbit, 1, ORBITS)
        if any(month not in range(1, 13) for month in self.months):
            raise InvalidChoice(
                _("The months {months} are not all between 1 and 12.", months=shown(list(self.months)))
            )
        self._check_names()
        if self.end < self.start:
            raise InvalidChoice(
                _("The end ({end}) is before the start ({start}).", end=self.end, start=self.start),
                _("Swap the two dates."),
            )
        if self.unscored_policy == "scl" and self.product == "L1C":
            raise InvalidChoice(
                _("L1C scenes carry no scene classification, so unscored ones cannot be masked by it."),
                _("Choose the product L2A, or another policy for unscored scenes."),
            )
        self._check_availability()

    def require_bands(self, bands: Iterable[str]) -> None:
        """Refuse bands that the product does not have.

        Raises:
            InvalidChoice: With those that it has.
        """
        product = PRODUCTS[self.product]
        for band in bands:
            if band not in product.bands:
                raise InvalidChoice(
                    _("{name} has no band {band}.", name=product.name, band=shown(band)),
                    _("Choose from {bands}.", bands=", ".join(product.bands)),
                )

    def _check_names(self) -> None:
        for tile in self.tiles:
            if not _TILE.fullmatch(tile):
                raise InvalidChoice(
                    _("{tile} is not an MGRS tile.", tile=shown(tile)),
                    _("Name tiles like 11SKB, separated by commas."),
                )
        for scene in self.ids:
            if not _SCENE.fullmatch(scene):
                raise InvalidChoice(
                    _("{scene} is not the id of a scene.", scene=shown(scene)),
                    _("Write it like 20230105T184729_20230105T184727_T11SKB."),
                )
        for name in self.also_mask:
            one_of("scene class", name, SCL_CLASSES)
        if self.also_mask and self.product == "L1C":
            raise InvalidChoice(
                _("L1C scenes carry no scene classification, so its classes cannot be masked."),
                _("Choose the product L2A, or leave ALSO_MASK empty."),
            )

    def _check_availability(self) -> None:
        product = PRODUCTS[self.product]
        if self.end >= product.first_day:
            return
        older = PRODUCTS["L1C"]
        alternative = (
            _("Choose the product L1C, which begins on {first_day}.", first_day=older.first_day)
            if self.product == "L2A" and self.end >= older.first_day
            else _("Choose a window that ends on or after {first_day}.", first_day=product.first_day)
        )
        raise InvalidChoice(
            _(
                "{product} begins on {first_day}, after the whole window.",
                product=self.product,
                first_day=product.first_day,
            ),
            alternative,
        )


@dataclass(frozen=True)
class Output:
    """On which grid, and how it is drawn.

    Attributes:
        crs: Authority code or WKT; None for the UTM zone of the region.
        resolution: Pixel size in units of the CRS.
        style: One of `catalog.ALL_STYLES`; None for the target's own.
    """

    crs: str | None = None
    resolution: float = 10
    style: str | None = None

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        if self.style is not None:
            one_of("style", self.style, ALL_STYLES)
        if not 0 < self.resolution <= _LARGEST_PIXEL:
            raise InvalidChoice(
                _("A pixel size of {resolution:g} is not possible.", resolution=self.resolution),
                _("Choose one above 0."),
            )
