"""Periods: no day lost, none counted twice, names and lengths as a calendar has them."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from csplus.csplus_plugin.core import periods
from csplus.csplus_plugin.core.catalog import PERIODS
from csplus.csplus_plugin.core.errors import InvalidChoice
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples


@examples()
@given(
    kind=st.sampled_from(list(PERIODS)),
    start=st.dates(date(2015, 6, 27), date(9998, 12, 31)),
    length=st.integers(0, 2000),
    days=st.integers(1, 400),
)
def test_they_follow_each_other_without_a_gap(kind: str, start: date, length: int, days: int) -> None:
    end = start + timedelta(days=min(length, (date.max - start).days))
    try:
        found = periods.cut(kind, start, end, days=days)
    except InvalidChoice:
        assert kind == "days"
        assert length / days > 499
        return
    assert (found[0].start, found[-1].end) == (start, end)
    for before, after in itertools.pairwise(found):
        assert after.start - before.end == timedelta(days=1)
        assert before.is_whole or before is found[0]
    assert len({one.name for one in found}) == len(found)
    assert all(one.start <= one.end for one in found)


@pytest.mark.parametrize(
    ("kind", "start", "end", "names", "whole"),
    [
        ("month", "2024-01-31", "2024-03-01", ["2024-01", "2024-02", "2024-03"], [False, True, False]),
        ("month", "2023-02-01", "2023-02-28", ["2023-02"], [True]),
        ("dekad", "2024-02-11", "2024-02-29", ["2024-02-D2", "2024-02-D3"], [True, True]),
        ("dekad", "2023-01-31", "2023-02-10", ["2023-01-D3", "2023-02-D1"], [False, True]),
        ("quarter", "2023-03-31", "2023-06-30", ["2023-Q1", "2023-Q2"], [False, True]),
        ("season", "2023-12-01", "2024-05-31", ["2024-DJF", "2024-MAM"], [True, True]),
        ("season", "2024-02-29", "2024-02-29", ["2024-DJF"], [False]),
        ("season", "2023-09-01", "2023-12-01", ["2023-SON", "2024-DJF"], [True, False]),
        ("year", "2022-12-31", "2023-12-31", ["2022", "2023"], [False, True]),
        # ISO 8601: the first of January 2023 is a Sunday of week 52 of 2022; 2020 has a week 53.
        ("week", "2023-01-01", "2023-01-08", ["2022-W52", "2023-W01"], [False, True]),
        ("week", "2020-12-28", "2021-01-03", ["2020-W53"], [True]),
    ],
)
def test_names_and_ends(kind: str, start: str, end: str, names: list[str], whole: list[bool]) -> None:
    found = periods.cut(kind, date.fromisoformat(start), date.fromisoformat(end))
    assert [one.name for one in found] == names
    assert [one.is_whole for one in found] == whole


def test_days_are_counted_from_the_first() -> None:
    found = periods.cut("days", date(2023, 1, 30), date(2023, 2, 13), days=7)
    assert [(one.name, one.end.day) for one in found] == [
        ("2023-01-30", 5),
        ("2023-02-06", 12),
        ("2023-02-13", 13),
    ]


def test_a_season_is_named_by_the_hemisphere() -> None:
    window = (date(2023, 12, 1), date(2024, 11, 30))
    north, south = (periods.cut("season", *window, is_south=is_south) for is_south in (False, True))
    assert [one.label.split()[1] for one in north] == ["winter", "spring", "summer", "autumn"]
    assert [one.label.split()[1] for one in south] == ["summer", "autumn", "winter", "spring"]
    assert [one.name for one in north] == [one.name for one in south]


def test_too_many_are_refused() -> None:
    with pytest.raises(InvalidChoice, match="more than 500 periods of the kind days"):
        periods.cut("days", date(2020, 1, 1), date(2023, 1, 1), days=1)
