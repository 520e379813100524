"""Temporal metrics: every statistic of every band and index over the clear observations of a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import indices
from ..bands import BandInfo, index_band, spectral_band
from ..catalog import METRICS, STYLES, Style
from ..checks import check_types, each_once, one_of
from ..choices import Output, Scenes
from ..days import clear_days
from ..errors import InvalidChoice
from ..language import _
from ..naming import named, named_function
from ..scenes import clear_scenes
from .target import ImageTarget

if TYPE_CHECKING:
    import ee

_SPREADS = ("std", "range")
"""Statistics that are not values of their variable, but differences between them."""

_SPREAD_PALETTE = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_GREYS = ("#000000", "#ffffff")


@dataclass(frozen=True)
class Metrics(ImageTarget):
    """One band of the file for each pair of a variable and a statistic.

    Indices are computed of each observation, then reduced: the spread of an index through a season is not the index of
    the spreads.

    Attributes:
        bands: Spectral bands.
        indices: Spectral indices.
        statistics: Some of `catalog.METRICS`.
    """

    ALGORITHM = "metrics"

    bands: tuple[str, ...] = ("B4", "B8")
    indices: tuple[str, ...] = ("NDVI",)
    statistics: tuple[str, ...] = ("median", "std", "count")

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        if not (self.bands or self.indices):
            raise InvalidChoice(_("No band was chosen."), _("Choose at least one band or index."))
        if not self.statistics:
            raise InvalidChoice(
                _("No statistic was chosen."), _("Choose from {metrics}.", metrics=", ".join(METRICS))
            )
        for chosen in (self.bands, self.indices, self.statistics):
            each_once(chosen)
        for name in self.indices:
            indices.find(name)
        for name in self.statistics:
            one_of("statistic", name, METRICS)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse a band that the product does not have, and a style, for the first pair decides it."""
        scenes.require_bands(self.bands)
        if output.style is not None:
            raise InvalidChoice(
                _("Temporal metrics cannot be drawn in the style {style}.", style=output.style),
                _("Leave the style empty: the first band is drawn."),
            )

    def sentence(self, scenes: Scenes) -> str:
        """Say which statistics, of what, over which observations."""
        return _(
            "{statistics} of {variables} over the observations with {qa_band} >= {threshold:g}",
            statistics=", ".join(_(METRICS[name].label).lower() for name in self.statistics).capitalize(),
            variables=", ".join(self._variables),
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:  # noqa: ARG002
        """List every statistic of the first variable, then of the next."""
        variables = [*map(spectral_band, self.bands), *map(index_band, self.indices)]
        return tuple(_pair(variable, statistic) for variable in variables for statistic in self.statistics)

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:  # noqa: ARG002
        """Draw the first band."""
        variable, statistic = self._variables[0], self.statistics[0]
        is_index = variable in self.indices
        if statistic == "count":
            look = STYLES["count"]
        elif statistic in _SPREADS:
            look = Style("Spread", (), 0, 0.5 if is_index else 1500, _SPREAD_PALETTE)
        else:
            look = STYLES["index"] if is_index else Style("Grey", (), 0, 4000, _GREYS)
        return look, (f"{variable}_{statistic}",)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Reduce all observations at once; `_count` is 0 where there is none."""
        variables = [name for name in self._variables if any(pair.startswith(f"{name}_") for pair in names)]
        series = self._series(scenes, variables)
        parts = [_reduced(series, variables, self.statistics)] if set(self.statistics) - {"count"} else []
        if "count" in self.statistics:
            parts += [clear_days(series, name, scenes.region).rename([f"{name}_count"]) for name in variables]
        image = parts[0]
        for part in parts[1:]:
            image = named(image.addBands(part), "with_counts")
        return image

    def _series(self, scenes: Scenes, variables: Sequence[str]) -> ee.ImageCollection:
        chosen = [name for name in variables if name in self.indices]
        spectral = [name for name in variables if name not in chosen]
        needed = list(
            dict.fromkeys([*spectral, *(band for name in chosen for band in indices.find(name).bands)])
        )
        clear = clear_scenes(scenes, needed)

        @named_function()
        def add_indices(image: ee.Image) -> ee.Image:
            return image.addBands(indices.images(image, chosen)).select(list(variables))

        return named(clear.map(add_indices) if chosen else clear.select(list(variables)), "series")

    @property
    def _variables(self) -> tuple[str, ...]:
        return (*self.bands, *self.indices)


def _pair(variable: BandInfo, statistic: str) -> BandInfo:
    name, text = f"{variable.name}_{statistic}", f"{METRICS[statistic].label} of {variable.description}"
    if statistic == "count":
        text = f"Distinct days with a clear observation of {variable.name}"
        return BandInfo(name, text, blends=False, counts=True)
    return replace(variable, name=name, description=text)


def _reduced(series: ee.ImageCollection, variables: Sequence[str], statistics: Sequence[str]) -> ee.Image:
    """Reduce by one combined reducer, so that each observation is read once; ranges are taken from its extremes."""
    from ..library import ee

    percents = sorted(int(name[1:]) for name in statistics if name[1:].isdigit())
    reducers = [ee.Reducer.mean()] if "mean" in statistics else []
    if "median" in statistics:
        reducers.append(ee.Reducer.median())
    if "std" in statistics:
        reducers.append(ee.Reducer.stdDev().setOutputs(["std"]))
    if {"min", "max", "range"} & set(statistics):
        reducers.append(ee.Reducer.minMax())
    if percents:
        reducers.append(ee.Reducer.percentile(percents, [f"p{percent:02d}" for percent in percents]))
    combined = reducers[0]
    for reducer in reducers[1:]:
        combined = combined.combine(reducer, None, True)
    image = named(series.reduce(combined), "statistics")
    if "range" in statistics:
        highest, lowest = (image.select([f"{name}_{end}" for name in variables]) for end in ("max", "min"))
        spread = highest.subtract(lowest).rename([f"{name}_range" for name in variables])
        image = named(image.addBands(spread), "with_ranges")
    return image
