"""The cloud score itself: how clear a place was seen through a window, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bands import COUNT, DECIMALS, BandInfo
from ..catalog import ANY_BAND, STATISTICS, STYLES, Style
from ..checks import between, check_types, one_of
from ..choices import Output, Scenes
from ..days import clear_days
from ..errors import InvalidChoice
from ..language import _, in_english
from ..naming import named
from ..scenes import clear_scenes, scores
from .target import ImageTarget

if TYPE_CHECKING:
    import ee


@dataclass(frozen=True)
class Score(ImageTarget):
    """One number for the scores of a pixel.

    Every observation counts, clear or not; only `count` asks for the threshold.

    Attributes:
        statistic: One of `catalog.STATISTICS`.
        percentile: For the statistic `percentile`, 0 to 100.
    """

    ALGORITHM = "cloudscore"

    statistic: str = "mean"
    percentile: float = 25

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        one_of("statistic", self.statistic, STATISTICS)
        between("percentile", self.percentile, 0, 100)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse to make scores up for scenes that have none, and a style of something else."""
        if scenes.unscored_policy in ("keep", "scl") and self.statistic != "count":
            raise InvalidChoice(
                _(
                    "Scenes without a score cannot be kept: there is no score to take the {statistic} of.",
                    statistic=self.statistic,
                ),
                _("Choose the policy drop or fail for unscored scenes, or the statistic count."),
            )
        if output.style not in (None, self._style):
            raise InvalidChoice(
                _(
                    "The style {style} cannot draw the {statistic} of the scores.",
                    style=output.style,
                    statistic=self.statistic,
                ),
                _("Choose {style}, or leave STYLE empty.", style=self._style),
            )

    def sentence(self, scenes: Scenes) -> str:
        """Say which number, and of which score."""
        if self.statistic == "count":
            return _(
                "Distinct days with {qa_band} >= {threshold:g}",
                qa_band=scenes.qa_band,
                threshold=scenes.threshold,
            )
        label = _(STATISTICS[self.statistic].label)
        if self.statistic == "percentile":
            label = _("{label} {percentile:g}", label=label, percentile=self.percentile)
        return _("{label} of {qa_band} over every observation", label=label, qa_band=scenes.qa_band)

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:
        """Give the one band."""
        if self.statistic == "count":
            return (COUNT,)
        name = f"{scenes.qa_band}_p{self.percentile:g}" if self.statistic == "percentile" else ""
        name = name.replace(".", "_") or f"{scenes.qa_band}_{self.statistic}"
        with in_english():
            return (BandInfo(name, self.sentence(scenes), code=DECIMALS),)

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:  # noqa: ARG002
        """Draw the one band as a score or as a count."""
        return STYLES[self._style], (self.file_bands(scenes)[0].name,)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Reduce the scores; `clear_count` is 0 where no observation is clear."""
        if self.statistic == "count":
            return clear_days(clear_scenes(scenes, [ANY_BAND]), ANY_BAND, scenes.region)
        from ..library import ee

        reducer = {
            "mean": ee.Reducer.mean,
            "min": ee.Reducer.min,
            "max": ee.Reducer.max,
            "percentile": lambda: ee.Reducer.percentile([self.percentile]),
        }[self.statistic]()
        return named(scores(scenes).reduce(reducer).rename(list(names)), "score")

    @property
    def _style(self) -> str:
        return "count" if self.statistic == "count" else "score"
