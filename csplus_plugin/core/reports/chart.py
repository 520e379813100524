"""What a chart shows: series of points over time or over a number, and marks; nothing of how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Point = tuple[date | float, float | None]
"""Where on the x axis, and the value there; None where there is none."""

Kind = Literal["line", "looks", "points", "step"]

_LARGEST = 1e15
"""No value of ours is larger, and an axis of larger ones has no ticks that can be told apart."""


@dataclass(frozen=True)
class Series:
    """One line of the legend.

    Attributes:
        name: Name in the legend.
        points: In order of x; a line is broken where a value is None or not finite.
        kind: `line` joins the points; `looks` also shows each where there is room; `points` shows each alone; `step`
            keeps a value until the next point.
        notes: What the tooltip says of each point besides its value; empty for nothing.
        paint: Number of its colour, for series that belong together; None for one of its own.
    """

    name: str
    points: tuple[Point, ...]
    kind: Kind = "line"
    notes: tuple[str, ...] = ()
    paint: int | None = None


@dataclass(frozen=True)
class Mark:
    """A straight line across the chart, such as a limit.

    Attributes:
        axis: `x` for an upright line at a place of the x axis, `y` for a level one.
        at: Where.
        label: What it stands for.
    """

    axis: Literal["x", "y"]
    at: date | float
    label: str


@dataclass(frozen=True)
class Chart:
    """Series over one pair of axes.

    Attributes:
        title: What it shows.
        x_label: What lies along the x axis, with its unit.
        y_label: What the values are, with their unit.
        series: At least one; x is a day in all of them, or a number in all of them.
        marks: Lines across it.
        y_range: Lowest and highest value that the axis has to reach; None leaves it to the values.
        legend: What the names of the series are; empty where they say it themselves.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    marks: tuple[Mark, ...] = ()
    y_range: tuple[float, float] | None = None
    legend: str = ""

    @property
    def is_of_time(self) -> bool:
        """Whether x is a day."""
        return any(isinstance(x, date) for series in self.series for x, _ in series.points)


def place(x: date | float) -> float:
    """Give a place of the x axis as a number: a day as its number in the calendar (1 is the first of the year 1)."""
    return float(x.toordinal()) if isinstance(x, date) else float(x)


def known(value: float | None) -> float | None:
    """Give a value that can be drawn; None for none, and for what is beyond all that is measured."""
    return float(value) if value is not None and abs(value) <= _LARGEST else None
