"""A series of composites: the same one for every period of a window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .. import periods
from ..catalog import PERIODS
from ..checks import between, one_of
from ..choices import Scenes
from ..language import _
from ..periods import Period
from .composite import Composite

_LONGEST = 3660
"""Days of a period of the kind `days`: about ten years."""


@dataclass(frozen=True)
class Periodic(Composite):
    """One composite a period; each has a recipe of its own, that of an ordinary composite.

    Attributes:
        period: One of `catalog.PERIODS`.
        period_days: Length of the kind `days`.
    """

    ALGORITHM = "periodiccomposites"

    period: str = "month"
    period_days: int = 10

    def __post_init__(self) -> None:
        """Check each choice."""
        super().__post_init__()
        one_of("period", self.period, PERIODS)
        between("number of days", self.period_days, 1, _LONGEST)

    def sentence(self, scenes: Scenes) -> str:
        """Say which composite, and how often."""
        often = (
            _("every {count} days", count=self.period_days)
            if self.period == "days"
            else _("by {period}", period=self.period)
        )
        return _("{composite}, {often}", composite=super().sentence(scenes), often=often)

    def periods(self, scenes: Scenes) -> list[Period]:
        """Cut the window into its periods, leaving out those without a day of the chosen months.

        Raises:
            InvalidChoice: There are too many.
        """
        _, south, _, north = scenes.region.bounds
        found = periods.cut(
            self.period, scenes.start, scenes.end, days=self.period_days, is_south=south + north < 0
        )
        return [one for one in found if not scenes.months or _months_of(one) & set(scenes.months)]


def of_period(scenes: Scenes, period: Period) -> Scenes:
    """Narrow the scenes to a period."""
    return replace(scenes, start=period.start, end=period.end)


def _months_of(period: Period) -> set[int]:
    first, last = (day.year * 12 + day.month - 1 for day in (period.start, period.end))
    return {number % 12 + 1 for number in range(first, min(last, first + 11) + 1)}
