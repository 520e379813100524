from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, date, datetime

import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import NothingFound, Unreachable
from csplus.csplus_plugin.core.region import Region
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.recipes import JANUARY

pytestmark = pytest.mark.usefixtures("ee_signatures")


def noon(month: int, day: int, minute: int = 0) -> float:
    return datetime(2023, month, day, 18, minute, tzinfo=UTC).timestamp() * 1000


def found(
    *scenes: tuple[str, float],
    unscored: tuple[str, ...] = (),
    hidden: tuple[str, ...] = (),
    left: tuple[int, ...] = (),
) -> dict:
    """The service's answer for scenes of an index and a time."""
    return {
        "left": [*left, len(scenes)],
        "ids": [index for index, _ in scenes],
        "times": [time for _, time in scenes],
        "unscored": list(unscored),
        "hidden": list(hidden),
    }


FOUND = found(("a", noon(1, 5, 2)), ("b", noon(1, 10)), ("c", noon(1, 5)), unscored=("b",))


def test_days_are_counted_not_images() -> None:
    told = survey.answer(JANUARY, FOUND)
    assert told.scene_count == 3
    assert (told.scored_count, told.unscored_ids) == (2, ("b",))
    assert survey.report(told) == [
        "3 scenes of L2A over the area from 2023-01-01 to 2023-01-31.",
        "2 scored, 1 unscored.",
        "1 distinct day: 2023-01-05.",
    ]
    assert survey.warnings(JANUARY, told) == ["Without a Cloud Score+ score: b. They are left out."]


@pytest.mark.parametrize(("policy", "days"), [("drop", [5]), ("keep", [5, 10]), ("scl", [5, 10])])
def test_days_are_those_of_the_scenes_that_the_policy_lets_through(policy: str, days: list[int]) -> None:
    told = survey.answer(dataclasses.replace(JANUARY, unscored_policy=policy), FOUND)
    assert told.days == tuple(date(2023, 1, day) for day in days)


def test_a_shorter_window_needs_no_further_request() -> None:
    told = survey.answer(JANUARY, FOUND)
    first = told.within(date(2023, 1, 1), date(2023, 1, 9))
    assert [scene.index for scene in first.scenes] == ["c", "a"]  # in order of time
    assert (first.scene_count, first.scored_count, first.days) == (2, 2, (date(2023, 1, 5),))
    assert survey.report(first)[0] == "2 scenes from 2023-01-01 to 2023-01-09."
    assert told.within(date(2023, 1, 10), date(2023, 1, 10)).unscored_ids == ("b",)
    empty = told.within(date(2023, 1, 11), date(2023, 1, 31))
    assert (empty.scene_count, empty.days) == (0, ())
    assert survey.report(empty) == ["0 scenes from 2023-01-11 to 2023-01-31.", "0 scored, 0 unscored."]


def test_the_filter_that_emptied_it_is_named_with_its_remedy() -> None:
    narrow = dataclasses.replace(JANUARY, months=(6, 7), max_scene_cloud=20)
    values = found(left=(7, 0))
    with pytest.raises(NothingFound) as caught:
        survey.answer(narrow, values)
    assert str(caught.value) == (
        "7 scenes of L2A over the area from 2023-01-01 to 2023-01-31, but none in the months 6, 7. Choose more months."
    )


def test_nothing_at_all() -> None:
    with pytest.raises(NothingFound, match="No scenes of L2A over the area .* longer window"):
        survey.answer(JANUARY, found())


def test_all_dropped_is_said() -> None:
    values = found(("a", noon(1, 5)), unscored=("a",))
    with pytest.raises(NothingFound, match="None of the 1 scene found has a score over the area yet"):
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
    told = survey.answer(scenes, found(("a", noon(1, 5))))
    assert said in survey.warnings(scenes, told)[0]


@pytest.mark.parametrize("policy", ["drop", "keep", "scl"])
def test_a_score_that_is_masked_over_the_area_is_none(policy: str) -> None:
    scenes = dataclasses.replace(JANUARY, unscored_policy=policy)
    told = survey.answer(scenes, found(("a", noon(1, 5)), ("b", noon(1, 10)), hidden=("b",)))
    assert (told.scored_count, told.unscored_ids, told.days) == (1, ("b",), (date(2023, 1, 5),))
    assert survey.warnings(scenes, told) == ["Score masked over the whole area: b. Nothing of them is used."]
    assert told.within(date(2023, 1, 1), date(2023, 1, 6)).hidden_ids == ()


@pytest.mark.parametrize("policy", ["drop", "keep", "scl"])
def test_scores_that_are_all_masked_are_said(policy: str) -> None:
    scenes = dataclasses.replace(JANUARY, unscored_policy=policy)
    with pytest.raises(NothingFound, match="None of the 1 scene found has a score over the area yet"):
        survey.answer(scenes, found(("a", noon(1, 5)), hidden=("a",)))


def test_the_policy_fail_names_a_masked_score_too() -> None:
    strict = dataclasses.replace(JANUARY, unscored_policy="fail")
    with pytest.raises(NothingFound, match="1 of 2 scenes have no score: b"):
        survey.answer(strict, found(("a", noon(1, 5)), ("b", noon(1, 10)), hidden=("b",)))


def test_a_pass_over_midnight_is_one_day() -> None:
    # Near longitude 165 the sun's half past ten is about half past eleven in the evening of UTC.
    scenes = dataclasses.replace(JANUARY, region=Region.from_bounds(164, -20, 166, -18))
    before = datetime(2023, 1, 5, 23, 58, tzinfo=UTC).timestamp() * 1000
    after = datetime(2023, 1, 6, 0, 2, tzinfo=UTC).timestamp() * 1000
    ten_days = 10 * 86_400_000
    told = survey.answer(scenes, found(("a", before), ("b", after), ("c", before + ten_days)))
    assert told.days == (date(2023, 1, 5), date(2023, 1, 15))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from([None, *FOUND]), value=ANYTHING | st.lists(st.integers(10**19, 10**21)))
@examples(300)
def test_an_answer_of_another_shape_is_one_sentence(key: str | None, value: object) -> None:
    values = value if key is None else {**FOUND, key: value}
    with contextlib.suppress(Unreachable, NothingFound):
        told = survey.answer(JANUARY, values)
        assert all(isinstance(scene.day, date) for scene in told.scenes)


def test_ids_are_cleaned_before_they_are_shown() -> None:
    odd = "b\x1b[2J\u202e\ud800"
    told = survey.answer(JANUARY, found(("a", noon(1, 5)), (odd, noon(1, 6)), unscored=(odd,)))
    assert told.unscored_ids == (
        "b\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
    )
