"""What happened at each place: one row a place and pass, with statistics over its clear pixels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from .. import indices
from ..catalog import METRICS, REFLECTANCE_SCALE
from ..checks import between, check_types, each_once, one_of
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _, marked
from ..naming import named
from ..passes import Pass
from ..places import PIXEL, Place
from ..scenes import clear_scenes, scores, with_scores
from ..table import Cell, Column
from .target import Target

if TYPE_CHECKING:
    import ee

T = TypeVar("T")

STATISTICS = tuple(name for name in METRICS if name not in ("range", "count"))
"""Some of `catalog.METRICS`, here over the pixels of a place; which of them weigh, the service documents:
https://developers.google.com/earth-engine/guides/reducers_reduce_region#pixels-in-the-region."""

FEATURE = Column("feature", "whole", marked("Feature"))
"""What tells the rows of features apart, where nothing better is known."""

_CLEAR, _SEEN, _SCORE = "is_clear", "is_seen", "look_score"
_ACCOUNTS = (_CLEAR, _SEEN, _SCORE)
"""Bands of which the mean tells how much of a place was clear and seen, and how clear."""

STACK = 8
"""Passes whose bands are reduced side by side; of more, the pixels of a place would need much memory."""

_FORMAT = 1
"""Version of what is kept of an answer; raise it when that changes."""


@dataclass(frozen=True)
class Look:
    """One place in one pass.

    Attributes:
        pixels: Clear pixels of 10 metres, those at the edge by the share of them that lies inside.
        clear_share: Share of the place that is clear, 0 to 1.
        seen_share: Share of the place that was seen, clear or not.
        score: Mean score of what was seen; None where nothing was.
        values: Statistics, in the order of `Series.pairs`, bands as digital numbers; None where nothing is clear.
    """

    pixels: float
    clear_share: float
    seen_share: float
    score: float | None
    values: tuple[float | None, ...]

    def to_numbers(self) -> list[float | None]:
        """Give the numbers of which `from_numbers` makes the same look."""
        return [self.pixels, self.clear_share, self.seen_share, self.score, *self.values]

    @classmethod
    def from_numbers(cls, numbers: Any, value_count: int) -> Look | None:
        """Read numbers that came from elsewhere; None where they are none of a look."""
        if not isinstance(numbers, list) or len(numbers) != 1 + len(_ACCOUNTS) + value_count:
            return None
        if not all(map(_is_number, numbers)):
            return None
        pixels, clear, seen, score, *values = numbers
        return cls(pixels or 0.0, clear or 0.0, seen or 0.0, score, tuple(values))


@dataclass(frozen=True)
class Series(Target):
    """Statistics of bands and indices, place by place and pass by pass.

    Attributes:
        bands: Spectral bands.
        indices: Spectral indices, computed of each pixel.
        statistics: Some of `STATISTICS`.
        buffer: Metres by which places grow.
        min_clear: Share of a place that has to be clear for a row, 0 to 1; with 0 every look is a row.
        smooth: Strength of the Whittaker smoother, lambda for days; 0 for none.
    """

    ALGORITHM = "timeseries"

    bands: tuple[str, ...] = ()
    indices: tuple[str, ...] = ("NDVI",)
    statistics: tuple[str, ...] = ("mean",)
    buffer: float = 0
    min_clear: float = 0.5
    smooth: float = 0

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        if not (self.bands or self.indices):
            raise InvalidChoice(_("No band was chosen."), _("Choose at least one band or index."))
        if not self.statistics:
            raise InvalidChoice(
                _("No statistic was chosen."),
                _("Choose from {statistics}.", statistics=", ".join(STATISTICS)),
            )
        for chosen in (self.bands, self.indices, self.statistics):
            each_once(chosen)
        for name in self.indices:
            indices.find(name)
        for name in self.statistics:
            one_of("statistic", name, STATISTICS)
        between("buffer", self.buffer, -5_000, 5_000)
        between("smallest clear share", self.min_clear, 0, 1)
        between("strength of the smoother", self.smooth, 0, 1e9)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse a band that the product does not have."""
        del output
        scenes.require_bands(self.bands)

    def sentence(self, scenes: Scenes) -> str:
        """Say which statistics, of what, and what counts as clear."""
        return _(
            "{statistics} of {variables} over the pixels with {qa_band} >= {threshold:g}, by pass",
            statistics=", ".join(_(METRICS[name].label).lower() for name in self.statistics).capitalize(),
            variables=", ".join(self.variables),
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """Bands, then indices."""
        return (*self.bands, *self.indices)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every variable with every statistic, in the order of the columns."""
        return tuple((variable, name) for variable in self.variables for name in self.statistics)

    @property
    def smoothed(self) -> tuple[int, ...]:
        """Places of `pairs` that get a smoothed column: the first statistic of each variable."""
        return tuple(range(0, len(self.pairs), len(self.statistics))) if self.smooth else ()

    def columns(self, scenes: Scenes, feature: Column = FEATURE) -> tuple[Column, ...]:
        """List the columns, in order; the first tells the feature."""
        values = [Column(f"{v}_{s}", "number", self._label(v, s)) for v, s in self.pairs]
        extra = [self.pairs[number] for number in self.smoothed]
        return (
            feature,
            Column("day", "day", _("Day of the pass (UTC)")),
            Column("pixels", "number", _("Clear pixels of 10 m (edges by share)")),
            Column("clear_share", "number", _("Clear share of the feature (0 to 1)")),
            Column("score", "number", _("Mean {qa_band} of what was seen (0 to 1)", qa_band=scenes.qa_band)),
            *values,
            *(
                Column(f"{v}_{s}_smooth", "number", _("{label}, smoothed", label=self._label(v, s)))
                for v, s in extra
            ),
            Column("note", "text", _("Why there is no value")),
        )

    def recipe_key(self, scenes: Scenes, source: str) -> str:
        """Tell apart what is asked of a place and a pass; window, smallest clear share and smoothing are not asked.

        Args:
            scenes: The choices.
            source: Who computes.
        """
        asked = asdict(scenes)
        for name in ("region", "start", "end", "clip"):
            del asked[name]
        own = [self.bands, self.indices, self.statistics]  # the buffer is in the geometry
        text = json.dumps([_FORMAT, source, asked, own], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def question(self, scenes: Scenes, places: Sequence[Place], passes: Sequence[Pass]) -> ee.List:
        """Build the expression whose answer `looks` reads: for each stack of passes, and each place, a list of numbers.

        Args:
            scenes: The choices; the region and the window hold every scene of the passes.
            places: All of one UTM zone.
            passes: Of the region.
        """
        from ..library import ee

        picture = self._pictures(scenes)
        crs = places[0].crs
        features = ee.FeatureCollection(
            [
                ee.Feature(ee.Geometry(dict(place.shape), crs, False), {"number": number})
                for number, place in enumerate(places)
            ]
        )
        reducer, outputs = self._reducer()
        pairs = [*((name, "mean") for name in _ACCOUNTS), *self.pairs]
        bands_of_pass = dict.fromkeys(band for band, _ in pairs)

        def look(window: ee.ComputedObject) -> ee.Image:
            return picture(ee.List(window).getNumber(0), ee.List(window).getNumber(1))

        def stacked(stack: Sequence[Pass]) -> ee.List:
            # Side by side, so that the service finds the pixels of a place once for all of them.
            windows = ee.List([[one.first, one.last + 1] for one in stack])
            bands = [f"{name}_{number}" for number in range(len(stack)) for name in bands_of_pass]
            pictures = ee.ImageCollection.fromImages(windows.map(look)).toBands().rename(bands)
            names = [
                # A reducer of one output leaves the bands' names as they are.
                f"{band}_{number}_{name}" if len(outputs) > 1 else f"{band}_{number}"
                for number in range(len(stack))
                for band, name in pairs
            ]
            reduced = pictures.reduceRegions(
                collection=features, reducer=reducer, crs=crs, crsTransform=[PIXEL, 0, 0, 0, -PIXEL, 0]
            )

            def read(feature: ee.ComputedObject) -> ee.List:
                return ee.List([ee.Feature(feature).get(name) for name in ("number", *names)])

            return reduced.toList(len(places)).map(read)

        return ee.List([stacked(stack) for stack in _stacks(passes)])

    def looks(self, values: Any, places: Sequence[Place], pass_count: int) -> list[list[Look]]:
        """Read the service's answer: for each pass a look at each place.

        Raises:
            Unreachable: It is no answer to the question.
        """
        sizes = [len(stack) for stack in _stacks(range(pass_count))]
        if not isinstance(values, list) or len(values) != len(sizes):
            raise _damaged()
        found: list[list[Look]] = []
        for rows, size in zip(values, sizes, strict=True):
            found += self._looks_of_stack(rows, places, size)
        return found

    def _looks_of_stack(self, rows: Any, places: Sequence[Place], size: int) -> list[list[Look]]:
        if not isinstance(rows, list) or len(rows) != len(places):
            raise _damaged()
        width = len(_ACCOUNTS) + len(self.pairs)
        by_number: dict[int, list[Look]] = {}
        for row in rows:
            if not isinstance(row, list) or len(row) != 1 + size * width or row[0] not in range(len(places)):
                raise _damaged()
            number = int(row[0])
            by_number[number] = [
                self._look(places[number], row[begin : begin + width]) for begin in range(1, len(row), width)
            ]
        if len(by_number) != len(places):
            raise _damaged()
        return [[by_number[number][at] for number in range(len(places))] for at in range(size)]

    def _look(self, place: Place, numbers: list[Any]) -> Look:
        clear = numbers[0]
        pixels = place.pixels * (clear or 0) if _is_number(clear) else None
        look = Look.from_numbers([pixels, *numbers], len(self.pairs))
        if look is None:
            raise _damaged()
        return look

    def cells(
        self, feature: Cell, day: date, look: Look, smoothed: Sequence[float | None]
    ) -> tuple[Cell, ...]:
        """Make a row: reflectance 0 to 1, index values as they are; no value where less than `min_clear` is clear."""
        values = [self.physical(number, value) for number, value in enumerate(look.values)]
        if look.clear_share <= 0:
            values = [None] * len(values)
        note = "" if look.clear_share > 0 else _("not clear")
        return (
            feature,
            day.isoformat(),
            round(look.pixels, 3),
            round(look.clear_share, 5),
            None if look.score is None else round(look.score, 5),
            *values,
            *smoothed,
            note,
        )

    def empty_row(self, feature: Cell, note: str, clearest: float | None = None) -> tuple[Cell, ...]:
        """Make the row of a feature that has no clear look."""
        nothing = [None] * (len(self.pairs) + len(self.smoothed))
        return (feature, None, 0.0, clearest, None, *nothing, note)

    def physical(self, number: int, value: float | None) -> float | None:
        """Give a value of `pairs` as people want it: reflectance 0 to 1, an index as it is."""
        is_band = self.pairs[number][0] in self.bands
        return value if value is None or not is_band else value * REFLECTANCE_SCALE

    def _pictures(self, scenes: Scenes) -> Callable[[ee.ComputedObject, ee.ComputedObject], ee.Image]:
        """Give what makes of a pass, from its first moment to before its end, the image whose pixels are reduced."""
        from ..library import ee

        score = scenes.qa_band
        of_indices = (band for name in self.indices for band in indices.find(name).bands)
        needed = list(dict.fromkeys([*self.bands, *of_indices]))
        names = [*_ACCOUNTS, *self.variables]
        keeps = scenes.unscored_policy in ("keep", "scl")
        # Where nothing but the score tells what is clear, the best look at a pixel tells whether any was clear.
        by_score = not (keeps or scenes.also_mask or scenes.dilate)
        every = with_scores(scenes, needed) if by_score else clear_scenes(scenes, needed)
        seen = None if by_score else scores(scenes)

        def picture(first: ee.ComputedObject, end: ee.ComputedObject) -> ee.Image:
            best = named(every.filterDate(first, end).qualityMosaic(score), "best_look")
            if seen is None:
                highest = best.select([score])
                is_best_clear = named(highest.gte(scenes.threshold), "is_clear")
                best = best.updateMask(is_best_clear)
                is_clear = is_best_clear.unmask(0, False)
            else:
                highest = named(seen.filterDate(first, end).max(), "highest_score")
                is_clear = best.select([score]).mask().unmask(0, False)
            named(is_clear, "clear_pixels")
            is_seen = highest.mask().unmask(0, False)
            if keeps:  # what is kept without a score was seen, too
                is_seen = is_seen.max(is_clear)
            parts = [is_clear, is_seen, highest]
            if self.bands:
                parts.append(best.select(list(self.bands)))
            if self.indices:
                parts.append(indices.images(best, self.indices))
            # Side by side: an `addBands` for each would be a layer more for every pixel.
            return named(ee.ImageCollection(parts).toBands().rename(names), "looked_at")

        return picture

    def _reducer(self) -> tuple[ee.Reducer, list[str]]:
        """Give one reducer for every statistic, and its outputs; the mean is always among them."""
        from ..library import ee

        percents = sorted(int(name[1:]) for name in self.statistics if name[1:].isdigit())
        names = [f"p{percent:02d}" for percent in percents]
        reducers, outputs = [ee.Reducer.mean()], ["mean"]
        if "median" in self.statistics:
            reducers.append(ee.Reducer.median())
            outputs.append("median")
        if "std" in self.statistics:
            reducers.append(ee.Reducer.stdDev().setOutputs(["std"]))
            outputs.append("std")
        if {"min", "max"} & set(self.statistics):
            reducers.append(ee.Reducer.minMax())
            outputs += ["min", "max"]
        if percents:
            reducers.append(ee.Reducer.percentile(percents, names))
            outputs += names
        combined = reducers[0]
        for reducer in reducers[1:]:
            combined = combined.combine(reducer, None, True)
        return combined, outputs

    def _label(self, variable: str, statistic: str) -> str:
        what = _("{variable} reflectance (0 to 1)", variable=variable) if variable in self.bands else variable
        return _("{label} of {what}", label=_(METRICS[statistic].label), what=what)


def _stacks(passes: Sequence[T]) -> list[Sequence[T]]:
    return [passes[begin : begin + STACK] for begin in range(0, len(passes), STACK)]


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and -1e30 < value < 1e30)  # noqa: PLR2004 nan, too


def _damaged() -> Unreachable:
    return Unreachable(_("The answer to the question for time series is damaged."), _("Run again."))
