"""How often a place was seen, how often it was clear, and the longest time without a clear look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..bands import DECIMALS, BandInfo
from ..catalog import ANY_BAND, STYLES, Style
from ..checks import check_types
from ..choices import Output, Scenes
from ..days import clear_days, longest_gap
from ..errors import InvalidChoice, Unreachable
from ..language import _
from ..naming import named
from ..sampling import spacing
from ..scenes import clear_scenes, geometry, scores
from .target import ImageTarget

if TYPE_CHECKING:
    import ee

_BANDS = {
    "observations": "Distinct days with a score",
    "clear": "Distinct days with a clear observation",
    "clear_fraction": "Clear days / days with a score",
    "longest_gap": "Longest time without a clear observation, in days, from the window's first day to its last",
    "mean_score": "Mean of the scores of every observation",
}
_MEANS = ["observations", "clear", "clear_fraction", "mean_score"]
_SAMPLES = 256
_DRAWN = {"count": "clear", "score": "clear_fraction"}
"""Style -> band that it draws."""


@dataclass(frozen=True)
class Observations(ImageTarget):
    """Five numbers for a pixel, counted by distinct day: what two tiles show of one pass is one observation."""

    ALGORITHM = "clearobservations"

    def __post_init__(self) -> None:
        """Check each choice: there is none."""
        check_types(self)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse to grade scenes that have no score, and a style of something else."""
        if scenes.unscored_policy in ("keep", "scl"):
            raise InvalidChoice(
                _("Scenes without a score cannot be kept: nobody knows whether they are clear."),
                _("Choose the policy drop or fail for unscored scenes."),
            )
        if output.style not in (None, *_DRAWN):
            raise InvalidChoice(
                _("The style {style} cannot draw observations.", style=output.style),
                _("Choose {drawn}.", drawn=" or ".join(_DRAWN)),
            )

    def sentence(self, scenes: Scenes) -> str:
        """Say what counts as clear."""
        return _(
            "Observations, and clear ones with {qa_band} >= {threshold:g}, by distinct day",
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:  # noqa: ARG002
        """List the five bands."""
        return tuple(
            BandInfo(
                name,
                text,
                blends=name == "mean_score",
                code=DECIMALS,
                counts=name in ("observations", "clear"),
            )
            for name, text in _BANDS.items()
        )

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:  # noqa: ARG002
        """Draw the share of clear days, which any window's length may have, or their number."""
        name = style or "score"
        return STYLES[name], (_DRAWN[name],)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:  # noqa: ARG002
        """Count and compare; what was never seen is masked, except in the counts, which are 0."""
        seen = scores(scenes)
        clear = clear_scenes(scenes, [ANY_BAND])
        observations = clear_days(seen, scenes.qa_band, scenes.region).rename(["observations"])
        named(observations, "observations")
        clear_count = clear_days(clear, ANY_BAND, scenes.region).rename(["clear"])
        named(clear_count, "clear_count")
        is_seen = named(observations.gt(0), "is_seen")
        share = clear_count.divide(observations).updateMask(is_seen).rename(["clear_fraction"])
        gap = longest_gap(clear, ANY_BAND, scenes).updateMask(is_seen).rename(["longest_gap"])
        mean = seen.mean().rename(["mean_score"])
        return named(observations.addBands([clear_count, share, gap, mean]), "counted")

    def summary(self, scenes: Scenes) -> ee.Dictionary:
        """Build the expression of the area's means, and of its longest gap anywhere, on about 256 x 256 points."""
        from ..library import ee

        step = spacing(scenes.region, _SAMPLES)
        image, shape = self.image(scenes, tuple(_BANDS)), geometry(scenes.region)
        means = image.select(_MEANS).reduceRegion(ee.Reducer.mean(), shape, step)
        gap = image.select(["longest_gap"]).reduceRegion(ee.Reducer.max(), shape, step)
        return ee.Dictionary(means).combine(gap)

    def read_summary(self, answer: Any) -> dict[str, float | None]:
        """Read the service's answer: a number for each band, None where nothing was seen.

        Raises:
            Unreachable: It is no such answer.
        """
        values = answer if isinstance(answer, dict) else {}
        if (
            not all(values.get(name) is None or type(values[name]) in (int, float) for name in _BANDS)
            or not values
        ):
            raise Unreachable(_("The answer to the question for observations is damaged."), _("Run again."))
        return {name: values.get(name) for name in _BANDS}

    def summary_sentence(self, found: Mapping[str, float | None]) -> str:
        """Say the numbers, for the log."""
        if found["observations"] is None or found["clear_fraction"] is None:
            return _("No pixel of the area was seen with a score.")
        share, gap = 100 * found["clear_fraction"], found["longest_gap"] or 0
        return _(
            "On average {days:.1f} days with a score, {clear:.1f} of them clear "
            "({share:.0f} percent); up to {gap:.0f} days without a clear look.",
            days=found["observations"],
            clear=found["clear"] or 0,
            share=share,
            gap=gap,
        )
