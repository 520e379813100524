"""A composite without holes: where nothing is clear, looser thresholds, wider windows, neighbouring years."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..bands import BandInfo
from ..catalog import ANY_BAND, COUNT_BAND, OWN_STYLES, STYLES, Style
from ..checks import between
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _
from ..naming import named
from ..sampling import spacing
from ..scenes import geometry
from .composite import Composite

if TYPE_CHECKING:
    import ee

FILL_TIER = BandInfo(
    "fill_tier", "Which choice filled the pixel: 0 as asked, then what was tried next", blends=False
)

_MOST_TIERS = 12
_MOST_DAYS, _MOST_YEARS = 366, 5
_SAMPLES = 256
_COLOURS = (
    "#1b7837",
    "#a6dba0",
    "#d9f0d3",
    "#fee391",
    "#fec44f",
    "#fe9929",
    "#9ecae1",
    "#6baed6",
    "#3182bd",
    "#bcbddc",
    "#807dba",
    "#54278f",
)


@dataclass(frozen=True)
class Tier:
    """One choice of scenes, tried where those before it left a hole.

    Attributes:
        number: Its place, the value of `fill_tier`.
        label: What it is, in words.
        scenes: The scenes.
    """

    number: int
    label: str
    scenes: Scenes


@dataclass(frozen=True)
class GapFilled(Composite):
    """The composite as asked; in its holes the same one of other choices, tier by tier. A filled pixel stays.

    Attributes:
        thresholds: Lower thresholds for the same window, falling.
        extend_days: Days by which the window is widened on both sides, rising; at the threshold that was asked for.
        extend_years: How many years before and after lend the same season.
        skipped: Numbers of tiers that have no scene to use.
    """

    ALGORITHM = "gapfilledcomposite"

    thresholds: tuple[float, ...] = (0.5, 0.4)
    extend_days: tuple[int, ...] = (15, 30)
    extend_years: int = 1
    skipped: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check each choice."""
        super().__post_init__()
        for threshold in self.thresholds:
            between("threshold", threshold, 0, 1)
        for days in self.extend_days:
            between("number of days to extend", days, 1, _MOST_DAYS)
        between("number of years to extend", self.extend_years, 0, _MOST_YEARS)
        if any(before >= after for before, after in pairwise(self.extend_days)):
            raise InvalidChoice(_("The days to extend by do not rise."), _("Write them like 15,30."))

    @classmethod
    def styles(cls) -> tuple[str, ...]:
        """List the styles that can draw it."""
        return (*STYLES, "tier")

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse thresholds that do not fall from the one asked for, and too many choices."""
        super().check(scenes, output)
        if any(before <= after for before, after in pairwise((scenes.threshold, *self.thresholds))):
            raise InvalidChoice(
                _(
                    "The thresholds {thresholds} do not fall from {threshold:g}.",
                    thresholds=", ".join(f"{t:g}" for t in self.thresholds),
                    threshold=scenes.threshold,
                ),
                _("Write lower ones, like 0.50,0.40."),
            )
        tiers = self.every_tier(scenes)
        if len(tiers) > _MOST_TIERS:
            raise InvalidChoice(
                _(
                    "There are {count} choices to fill from; {most} can be computed at once.",
                    count=len(tiers),
                    most=_MOST_TIERS,
                ),
                _("Leave some thresholds, days or years out."),
            )
        if {tier.number for tier in tiers} <= set(self.skipped):
            raise InvalidChoice(_("Every choice to fill from is left out."), _("Choose a longer window."))

    def sentence(self, scenes: Scenes) -> str:
        """Say what is filled from what."""
        tried = "; ".join(tier.label for tier in self.tiers(scenes) if tier.number)
        return _(
            "{composite}; holes filled from: {tried}",
            composite=super().sentence(scenes),
            tried=tried or _("nothing"),
        )

    def every_tier(self, scenes: Scenes) -> list[Tier]:
        """List the choices, from the one asked for to the last resort."""
        made = [(_("as asked"), scenes)]
        made += [
            (_("score >= {threshold:g}", threshold=lower), replace(scenes, threshold=lower))
            for lower in self.thresholds
        ]
        for days in self.extend_days:
            wider = _moved(scenes, _earlier(scenes.start, days), _later(scenes.end, days))
            made.append((_("{days} days before and after", days=days), wider))
        for years in range(1, self.extend_years + 1):
            for shift in (-years, years):
                start, end = (_in_year(day, day.year + shift) for day in (scenes.start, scenes.end))
                try:
                    made.append(
                        (
                            _("the window from {start} to {end}", start=start, end=end),
                            _moved(scenes, start, end),
                        )
                    )
                except InvalidChoice:
                    continue  # before the product begins
        return [Tier(number, label, one) for number, (label, one) in enumerate(made)]

    def tiers(self, scenes: Scenes) -> list[Tier]:
        """List the choices that have a scene to use."""
        return [tier for tier in self.every_tier(scenes) if tier.number not in self.skipped]

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:
        """List the bands of the composite, then `fill_tier`."""
        return (*super().file_bands(scenes), FILL_TIER)

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:
        """Give the style of the composite, or a colour for each tier."""
        if style != "tier":
            return super().shown(scenes, style)
        labels = tuple(f"{tier.number}: {tier.label}" for tier in self.every_tier(scenes))
        colours = _COLOURS[: len(labels)]
        drawn = replace(OWN_STYLES["tier"], maximum=len(labels) - 1, palette=colours, classes=labels)
        return drawn, drawn.bands

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Fill pixel by pixel: all bands of a pixel come from one tier, the first that has a value there."""
        from ..library import ee

        wanted = [name for name in names if name != FILL_TIER.name]
        # The same band tells of every picture and file whether a pixel is filled.
        telling = (self.bands or (ANY_BAND,))[0]
        filled = []
        for tier in self.tiers(scenes):
            image = Composite.image(self, tier.scenes, list(dict.fromkeys((telling, *wanted))))
            has_value = image.select([telling]).mask()
            number = ee.Image.constant(tier.number).rename([FILL_TIER.name])
            image = named(image.addBands(named(number, "tier")), "with_tier")
            whole = image.select([*wanted, FILL_TIER.name]).updateMask(has_value)
            filled.append(named(whole, f"tier_{tier.number}", tier.label.capitalize() + "."))
        image = ee.ImageCollection(list(reversed(filled))).mosaic() if len(filled) > 1 else filled[0]
        named(image, "filled")
        if COUNT_BAND in wanted:
            count = image.select([COUNT_BAND]).unmask(0, False)
            image = named(image.addBands(count, None, True), "with_count")
        return image

    def summary(self, scenes: Scenes) -> ee.Dictionary:
        """Build the expression of how many points each tier fills, -1 for none, on about 256 x 256 points."""
        from ..library import ee

        tier = self.image(scenes, [FILL_TIER.name]).select([FILL_TIER.name]).unmask(-1, False)
        step = spacing(scenes.region, _SAMPLES)
        counted = tier.reduceRegion(ee.Reducer.frequencyHistogram(), geometry(scenes.region), step)
        return ee.Dictionary(counted)

    def read_summary(self, answer: Any) -> dict[int, float]:
        """Read the service's answer: the share of each tier in percent of the area, and of -1, what stays empty.

        Raises:
            Unreachable: It is no such answer.
        """
        try:
            found = {round(float(key)): float(count) for key, count in answer[FILL_TIER.name].items()}
            total = sum(found.values())
            if not total > 0:
                raise ValueError(_("no point was counted"))  # noqa: TRY301 said like whatever else is damaged
            return {key: 100 * count / total for key, count in sorted(found.items())}
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as problem:
            raise Unreachable(
                _("The answer to the question for filled pixels is damaged."), _("Run again.")
            ) from problem


def _moved(scenes: Scenes, start: date, end: date) -> Scenes:
    return replace(scenes, start=start, end=end)


def _earlier(day: date, days: int) -> date:
    return day - timedelta(days=min(days, (day - date.min).days))


def _later(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _in_year(day: date, year: int) -> date:
    """Give the same day of another year; 28 February for a 29th that it does not have."""
    year = min(max(year, date.min.year), date.max.year)
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28 if is_leap_day and not calendar.isleap(year) else day.day)
