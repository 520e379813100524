from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import NothingFound

from ..support.recipes import JANUARY

pytestmark = pytest.mark.usefixtures("ee_signatures")


def noon(month: int, day: int, minute: int = 0) -> float:
    return datetime(2023, month, day, 18, minute, tzinfo=UTC).timestamp() * 1000


FOUND = {"left": [3], "times": [noon(1, 5, 2), noon(1, 10), noon(1, 5)], "unscored": ["b"]}


def test_days_are_counted_not_images() -> None:
    found = survey.answer(JANUARY, FOUND)
    assert found.scene_count == 3
    assert found.days == (date(2023, 1, 5), date(2023, 1, 10))
    assert (found.scored_count, found.unscored_ids) == (2, ("b",))
    assert survey.report(found) == [
        "3 scenes of L2A over the area from 2023-01-01 to 2023-01-31.",
        "2 distinct days: 2023-01-05 to 2023-01-10.",
        "2 scored, 1 unscored.",
    ]
    assert survey.warnings(JANUARY, found) == ["Without a Cloud Score+ score: b. They are left out."]


def test_the_filter_that_emptied_it_is_named_with_its_remedy() -> None:
    narrow = dataclasses.replace(JANUARY, months=(6, 7), max_scene_cloud=20)
    values = {"left": [7, 0, 0], "times": [], "unscored": []}
    with pytest.raises(NothingFound) as caught:
        survey.answer(narrow, values)
    assert str(caught.value) == (
        "7 scenes of L2A over the area from 2023-01-01 to 2023-01-31, but none in the months 6, 7. Choose more months."
    )


def test_nothing_at_all() -> None:
    with pytest.raises(NothingFound, match="No scenes of L2A over the area .* longer window"):
        survey.answer(JANUARY, {"left": [0], "times": [], "unscored": []})


def test_all_dropped_is_said() -> None:
    values = {"left": [1], "times": [noon(1, 5)], "unscored": ["a"]}
    with pytest.raises(NothingFound, match="None of the 1 scene found has a score yet"):
        survey.answer(JANUARY, values)
    kept = dataclasses.replace(JANUARY, unscored_policy="keep")
    assert survey.answer(kept, values).scene_count == 1


def test_the_policy_fail_names_the_scenes() -> None:
    strict = dataclasses.replace(JANUARY, unscored_policy="fail")
    with pytest.raises(NothingFound, match="1 of 3 scenes have no score: b"):
        survey.answer(strict, FOUND)


@pytest.mark.parametrize(
    ("start", "product", "said"),
    [
        (date(2017, 1, 1), "L2A", "begins on 2017-03-28"),
        (date(2018, 6, 1), "L2A", "holes before 2019-01-01"),
        (date(2015, 6, 1), "L1C", "begins on 2015-06-27"),
    ],
)
def test_a_window_that_begins_too_early_is_said(start: date, product: str, said: str) -> None:
    scenes = dataclasses.replace(JANUARY, start=start, product=product)
    found = survey.answer(scenes, {"left": [1], "times": [noon(1, 5)], "unscored": []})
    assert said in survey.warnings(scenes, found)[0]
