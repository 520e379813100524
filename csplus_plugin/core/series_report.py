"""The report of time series, gathered while the rows pass by: no more is kept than a page can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import quantiles
from typing import Any, cast

from .language import _
from .recipe import Recipe
from .reports.chart import Chart, Kind
from .reports.chart import Series as Line
from .reports.report import Report
from .table import Cell, Column, Table
from .targets.series import Series

_MOST_ROWS = 6_000
"""Rows of the page's table; its room is for about as many."""

_MOST_VALUES = 2_000
"""Features of which the quartiles of a day are made."""

_MOST_LINES = 8
"""Lines that can be told apart; of more features, the quartiles are drawn."""

_FEWEST = 2
"""Values that have quartiles."""


class Gatherer:
    """Counts the rows, and keeps what the page shows.

    Args:
        recipe: Every choice.
        columns: Of the rows.
        notices: What has to be seen first on the page.

    Attributes:
        row_count: Rows that have passed.
    """

    def __init__(self, recipe: Recipe[Any], columns: Sequence[Column], notices: tuple[str, ...]) -> None:
        self._recipe, self._columns, self._notices = recipe, tuple(columns), notices
        target = cast("Series", recipe.target)
        names = [column.name for column in columns]
        step = len(target.statistics)
        # The first statistic of each variable, and the smooth line through it.
        firsts = [f"{variable}_{statistic}" for variable, statistic in target.pairs[::step]]
        self._smooth = {
            names.index(first): names.index(f"{first}_smooth")
            for first in firsts
            if f"{first}_smooth" in names
        }
        self._drawn = [names.index(first) for first in firsts]
        self.row_count = self._feature_count = self._without = 0
        self._last: Cell = None
        self._rows: list[tuple[Cell, ...]] = []
        self._lines: dict[Cell, list[tuple[Cell, ...]]] = {}
        self._days: dict[tuple[int, date], list[float]] = {}

    def through(self, rows: Iterable[tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
        """Let the rows pass, feature by feature."""
        for row in rows:
            self._look_at(row)
            yield row

    def report(self, origin: Sequence[str] = ()) -> Report:
        """Make the report of what has passed.

        Args:
            origin: Sentences that say of what it was made.
        """
        scenes, target = self._recipe.scenes, self._recipe.target
        lead: tuple[str, ...] = (
            _(
                "Features: {features}; without a clear look: {without}; rows: {rows}.",
                features=self._feature_count,
                without=self._without,
                rows=self.row_count,
            ),
            *origin,
            _("A row has a clear share of {min_clear:g} or more.", min_clear=target.min_clear),
        )
        if self.row_count > len(self._rows):
            lead += (
                _(
                    "The table below has the first {shown} of {count} rows.",
                    shown=len(self._rows),
                    count=self.row_count,
                ),
            )
        return Report(
            title=_("Time series {start} to {end}", start=scenes.start, end=scenes.end),
            lead=lead,
            charts=tuple(self._charts()),
            columns=self._columns,
            table=Table(tuple(self._rows)),
            recipe=self._recipe.to_json(),
            notices=self._notices,
        )

    def _look_at(self, row: tuple[Cell, ...]) -> None:
        self.row_count += 1
        feature, day = row[0], row[1]
        if self.row_count == 1 or feature != self._last:
            self._feature_count, self._last = self._feature_count + 1, feature
        if len(self._rows) < _MOST_ROWS:
            self._rows.append(row)
        if day is None:
            self._without += 1
            return
        if feature in self._lines or len(self._lines) <= _MOST_LINES:
            self._lines.setdefault(feature, []).append(row)
        for at in (*self._drawn, *self._smooth.values()):
            values = self._days.setdefault((at, date.fromisoformat(str(day))), [])
            if isinstance(row[at], float) and len(values) < _MOST_VALUES:
                values.append(cast("float", row[at]))

    def _charts(self) -> Iterator[Chart]:
        """Draw a line for each feature; of many, their quartiles, with the smooth ones in charts of their own."""
        is_many = len(self._lines) > _MOST_LINES
        for first in self._drawn:
            for at in (first, *self._smoothed(first)) if is_many else (first,):
                label = self._columns[at].label
                lines = self._quartiles(at) if is_many else self._each(at)
                title = _("{label}: quartiles of the features, day by day", label=label) if is_many else label
                legend = "" if is_many else self._columns[0].label
                if lines:
                    yield Chart(title, _("Day of the pass (UTC)"), label, tuple(lines), legend=legend)

    def _smoothed(self, at: int) -> tuple[int, ...]:
        return (self._smooth[at],) if at in self._smooth else ()

    def _each(self, at: int) -> list[Line]:
        """Draw each feature: its looks joined, or with a smooth line in the same colour through them."""
        lines = []
        for number, (feature, rows) in enumerate(self._lines.items()):
            notes = tuple(_("{share:.0f} % clear", share=100 * _share(row)) for row in rows)
            smooth = self._smoothed(at)
            kind: Kind = "points" if smooth else "looks"
            lines.append(Line(f"{feature}", _points(rows, at), kind, notes, number))
            lines += [
                Line(_("{feature}, smoothed", feature=feature), _points(rows, one), paint=number)
                for one in smooth
            ]
        return lines

    def _quartiles(self, at: int) -> list[Line]:
        days = sorted(day for column, day in self._days if column == at)
        found = [
            (day, quantiles(self._days[at, day], n=4, method="inclusive"), len(self._days[at, day]))
            for day in days
            if len(self._days[at, day]) >= _FEWEST
        ]
        notes = tuple(_("{count} features", count=count) for *_others, count in found)
        names = (_("Lower quartile"), _("Median"), _("Upper quartile"))
        return [
            Line(name, tuple((day, three[number]) for day, three, _ in found), "line", notes)
            for number, name in enumerate(names)
            if found
        ]


def _points(rows: Sequence[tuple[Cell, ...]], at: int) -> tuple[tuple[date, float | None], ...]:
    return tuple((date.fromisoformat(str(row[1])), cast("float | None", row[at])) for row in rows)


def _share(row: tuple[Cell, ...]) -> float:
    return cast("float", row[3])
