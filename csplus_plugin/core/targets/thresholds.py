"""Which threshold: the share of the region that is kept, by threshold, for both scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import periods, sampling, threshold_curves
from ..best_scores import SAMPLES, histograms, names, read_shares
from ..catalog import PERIODS, SCORE_BANDS
from ..checks import between, check_types, one_of
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _, ngettext
from ..periods import Period
from ..reports.chart import Chart
from ..survey import Survey
from ..table import Cell, Column, Table
from .periodic import of_period
from .target import TableTarget

if TYPE_CHECKING:
    import ee

NO_PERIOD = "none"
_MOST_PERIODS = 120
_MOST_DAYS = 50


@dataclass(frozen=True)
class Thresholds(TableTarget):
    """A row for each threshold, of the window or of each of its periods.

    Attributes:
        step: From one threshold to the next; the one that is set is always among them.
        min_observations: Also tell the share of the region with so many clear days.
        period: One of `catalog.PERIODS`, or `none` for the window as a whole.
        period_days: Length of the kind `days`.
    """

    ALGORITHM = "thresholdexplorer"

    step: float = 0.05
    min_observations: int = 3
    period: str = NO_PERIOD
    period_days: int = 10

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        between("step", self.step, 0.01, 0.25)
        between("number of clear days", self.min_observations, 1, _MOST_DAYS)
        one_of("period", self.period, (NO_PERIOD, *PERIODS))
        between("number of days", self.period_days, 1, 3660)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse to grade scenes that have no score, and more periods than one request takes."""
        del output
        if scenes.unscored_policy in ("keep", "scl"):
            raise InvalidChoice(
                _("Scenes without a score say nothing of thresholds."),
                _("Choose the policy drop or fail for unscored scenes."),
            )
        count = len(self.periods(scenes))
        if count > _MOST_PERIODS:
            raise InvalidChoice(
                _(
                    "{count} periods are more than the {most} of one run.",
                    count=count,
                    most=_MOST_PERIODS,
                ),
                _("Choose longer periods, or a shorter window."),
            )

    def sentence(self, scenes: Scenes) -> str:  # noqa: ARG002
        """Say what is told."""
        return _("Share of the area that is kept, by threshold, for both scores")

    def thresholds(self, scenes: Scenes) -> tuple[float, ...]:
        """From 0 in steps, as far as 1, and the one that is set."""
        steps = {round(number * self.step, 6) for number in range(int(1 / self.step + 1e-9) + 1)}
        return tuple(sorted({*steps, scenes.threshold}))

    def periods(self, scenes: Scenes) -> list[Period]:
        """Cut the window, or give it as the only one."""
        if self.period == NO_PERIOD:
            length = (scenes.end - scenes.start).days + 1
            return [Period("window", "window", scenes.start, scenes.end, length)]
        _, south, _, north = scenes.region.bounds
        return periods.cut(
            self.period, scenes.start, scenes.end, days=self.period_days, is_south=south + north < 0
        )

    def columns(self, scenes: Scenes) -> tuple[Column, ...]:  # noqa: ARG002
        """List the columns."""
        enough = [
            ngettext(
                "Share of the area with at least {count} clear day of {band}, 0 to 1",
                "Share of the area with at least {count} clear days of {band}, 0 to 1",
                self.min_observations,
                band=band,
            )
            for band in SCORE_BANDS
        ]
        return (
            Column("period", "text", _("Period")),
            Column("start", "day", _("First day")),
            Column("end", "day", _("Last day (included)")),
            Column("threshold", "number", _("Threshold")),
            *(
                Column(f"kept_{band}", "number", _("Share of the area kept with {band}, 0 to 1", band=band))
                for band in SCORE_BANDS
            ),
            *(
                Column(f"enough_{band}", "number", label)
                for band, label in zip(SCORE_BANDS, enough, strict=True)
            ),
        )

    def question(self, scenes: Scenes) -> ee.List:
        """Build the expression of the histograms of each period."""
        from ..library import ee

        thresholds = self.thresholds(scenes)
        return ee.List(
            [
                histograms(of_period(scenes, one), thresholds, self.min_observations)
                for one in self.periods(scenes)
            ]
        )

    def table(self, scenes: Scenes, survey: Survey, answer: Any) -> Table:
        """Read the shares of each period and threshold.

        Raises:
            Unreachable: They are no answer to the question.
        """
        del survey
        cut, thresholds = self.periods(scenes), self.thresholds(scenes)
        if not isinstance(answer, list) or len(answer) != len(cut):
            raise _damaged()
        rows: list[tuple[Cell, ...]] = []
        for one, counted in zip(cut, answer, strict=True):
            shares = [read_shares(counted, name, len(thresholds)) for name in names(self.min_observations)]
            if None in shares:
                raise _damaged()
            # Where one clear day is enough, what is kept has enough of them.
            columns = shares if self.min_observations > 1 else [*shares, *shares]
            for number, threshold in enumerate(thresholds):
                cells = [column[number] if column else None for column in columns]
                rows.append((one.label, one.start.isoformat(), one.end.isoformat(), threshold, *cells))
        return Table(tuple(rows))

    def notes(self, scenes: Scenes) -> tuple[str, ...]:
        """Say how far apart points lie, and what scores alone cannot tell."""
        lines = [sampling.sentence(scenes.region, SAMPLES)]
        if scenes.dilate or scenes.also_mask:
            lines.append(
                _("DILATE and ALSO_MASK are left out of account: with them, less is kept than this says.")
            )
        return tuple(lines)

    def findings(self, scenes: Scenes, table: Table) -> tuple[str, ...]:
        """Name the highest threshold that covers the region, and why to go lower or higher."""
        days = self.min_observations
        return tuple(threshold_curves.sentences(table, days, scenes.qa_band, scenes.threshold))

    def charts(self, scenes: Scenes, table: Table) -> tuple[Chart, ...]:
        """Draw the shares by threshold."""
        return threshold_curves.charts(table, self.min_observations, scenes.threshold)


def _damaged() -> Unreachable:
    return Unreachable(
        _("The answer to the question for thresholds is damaged."), _("Run again in a few minutes.")
    )
