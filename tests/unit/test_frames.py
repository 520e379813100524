"""Which frames an animation has, and what stands below them."""

from __future__ import annotations

from datetime import datetime

import pytest
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.frames import ALWAYS, FIRST, MOST_FRAMES, Span, frames, label


def span(begin: str, end: str) -> Span:
    """Days last to their last second."""
    return Span(*(datetime.fromisoformat(text) for text in (begin, end if "T" in end else f"{end}T23:59:59")))


JANUARY, FEBRUARY = span("2023-01-01", "2023-01-31"), span("2023-02-01", "2023-02-28")


def test_each_distinct_range_once_in_order() -> None:
    assert frames([FEBRUARY, JANUARY, FEBRUARY, ALWAYS], "ranges") == [JANUARY, FEBRUARY]


def test_a_range_in_which_others_follow_each_other_has_no_frame_of_its_own() -> None:
    assert frames([span("2023-01-01", "2023-12-31"), JANUARY, FEBRUARY], "ranges") == [JANUARY, FEBRUARY]


def test_ranges_that_grow_from_one_day_keep_their_frames() -> None:
    growing = [span("2023-01-01", end) for end in ("2023-01-31", "2023-02-28", "2023-03-31")]
    assert frames(growing[::-1], "ranges") == growing


def test_moments_at_midnight_and_months_from_them() -> None:
    moments = [Span(*[datetime.fromisoformat(day)] * 2) for day in ("2023-12-31", "2024-02-29")]
    assert [label(frame) for frame in frames(moments, "ranges")] == ["2023-12-31", "2024-02-29"]
    months = frames(moments, "month")
    assert [label(frame) for frame in months] == ["2023-12", "2024-01", "2024-02"]
    assert [[moment.meets(month) for month in months] for moment in moments] == [
        [True, False, False],
        [False, False, True],
    ]


def test_touching_is_not_meeting() -> None:
    first, second = span("2023-01-01", "2023-02-01T00:00:00"), span("2023-02-01", "2023-03-01T00:00:00")
    assert not first.meets(second)
    assert not second.meets(first)
    assert first.meets(first)
    assert ALWAYS.meets(first)


@pytest.mark.parametrize(
    ("begin", "end", "written"),
    [
        ("2023-01-01", "2023-12-31", "2023"),
        ("2023-01-01", "2024-01-01T00:00:00", "2023"),
        ("2024-02-01", "2024-02-29", "2024-02"),
        ("2024-02-01", "2024-02-28", "2024-02-01 to 2024-02-28"),
        ("2023-12-01", "2024-02-29", "2023-12-01 to 2024-02-29"),
        ("2023-01-05", "2023-01-05", "2023-01-05"),
        ("2023-01-05", "2023-01-06T00:00:00", "2023-01-05"),
        ("2023-01-05T10:30:00", "2023-01-05T10:30:00", "2023-01-05 10:30"),
        ("2023-01-05", "2023-01-05T06:00:00", "2023-01-05 00:00 to 2023-01-05 06:00"),
    ],
)
def test_the_label_is_the_shortest_that_tells(begin: str, end: str, written: str) -> None:
    assert label(span(begin, end)) == written


def test_too_many_frames_and_none_are_refused() -> None:
    with pytest.raises(InvalidChoice, match="more than 1,000 frames. Choose fewer layers, or a longer STEP"):
        frames([span("2015-01-01", "2023-12-31")], "day")
    assert MOST_FRAMES == 1000
    with pytest.raises(InvalidChoice, match="time with two ends"):
        frames([ALWAYS, Span(FIRST, JANUARY.end)], "ranges")


def test_the_last_years_have_frames_too() -> None:
    years = frames([span("9998-01-01", "9999-12-31")], "year")
    assert [label(year) for year in years] == ["9998", "9999"]
    assert label(span("9999-12-31", "9999-12-31")) == "9999-12-31"
