"""The report of time series: what is drawn of few features and of many, and how much is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.reports.report import page
from csplus.csplus_plugin.core.series_report import Gatherer
from csplus.csplus_plugin.core.targets.series import Series

from ..support.recipes import JANUARY


def rows(features: int, days: int) -> Iterator[tuple]:
    for feature in range(features):
        for number in range(days):
            day = date(2023, 1, 1) + timedelta(days=5 * number)
            yield (feature, day.isoformat(), 50.0, 0.9, 0.8, value(feature, number), 0.5, "")
    yield (features, None, 0.0, None, None, None, None, "never seen with a score")


def value(feature: int, day: int) -> float:
    return 0.001 * (feature * 7 % 101) + 0.01 * day


def gathered(features: int, days: int, smooth: float = 10) -> Gatherer:
    recipe = Recipe(JANUARY, Series(smooth=smooth))
    gatherer = Gatherer(recipe, recipe.target.columns(JANUARY), ("A notice.",))
    assert len(list(gatherer.through(rows(features, days)))) == gatherer.row_count == features * days + 1
    return gatherer


def test_few_features_are_a_line_each_and_a_smooth_one_in_its_colour() -> None:
    report = gathered(3, 20).report(("Of 7 scenes.",))
    (chart,) = report.charts
    assert [line.name for line in chart.series] == [
        *("0", "0, smoothed"),
        *("1", "1, smoothed"),
        *("2", "2, smoothed"),
    ]
    assert [(line.kind, line.paint) for line in chart.series[2:4]] == [("points", 1), ("line", 1)]
    assert [y for _, y in chart.series[2].points] == [value(1, day) for day in range(20)]
    assert [y for _, y in chart.series[3].points] == [0.5] * 20
    assert chart.series[0].points[2][0] == date(2023, 1, 11)
    assert set(chart.series[0].notes) == {"90 % clear"}
    assert chart.legend == "Feature"
    assert report.lead[:2] == ("Features: 4; without a clear look: 1; rows: 61.", "Of 7 scenes.")
    assert report.notices == ("A notice.",)


def test_without_a_smooth_line_the_looks_are_joined() -> None:
    (chart,) = gathered(3, 20, smooth=0).report().charts
    assert [(line.name, line.kind) for line in chart.series] == [
        ("0", "looks"),
        ("1", "looks"),
        ("2", "looks"),
    ]


def test_many_features_are_their_quartiles() -> None:
    chart, smooth = gathered(500, 3).report().charts
    of_day = np.percentile([value(feature, 2) for feature in range(500)], [25, 50, 75])
    assert [line.points[2][1] for line in chart.series] == pytest.approx(of_day)
    assert "quartiles" in chart.title
    assert "smoothed: quartiles" in smooth.title
    assert [y for _, y in smooth.series[1].points] == [0.5] * 3


def test_the_page_stays_small_and_says_what_it_leaves_out() -> None:
    report = gathered(5000, 20).report()
    assert len(report.table.rows) < 100_001
    assert any("of 100001 rows" in sentence for sentence in report.lead)
    assert len(page(report).encode()) < 1_000_000
