"""Answers to the questions for scenes and thresholds: read, refused where they are none, and said in words."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from csplus.csplus_plugin.core import best_scores, sampling, threshold_curves
from csplus.csplus_plugin.core.errors import CsPlusError
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.survey import Scene, Survey
from csplus.csplus_plugin.core.table import Table
from csplus.csplus_plugin.core.targets.scene_list import SceneList, ids_of
from csplus.csplus_plugin.core.targets.thresholds import Thresholds
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.recipes import JANUARY

A, B = "20230105T184751_20230105T184746_T11SKB", "20230110T184749_20230110T184744_T11SKB"
FOUND = Survey((), tuple(Scene(one, date(2023, 1, day), day, True, True) for one, day in ((A, 5), (B, 10))))
FOOTPRINT = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}


def feature(index: str = A, **changes: Any) -> dict:
    properties = {
        "index": index,
        "time": 1672944471000,
        "tile": "11SKB",
        "orbit": 113,
        "scene_cloud": 10.5,
        "clear_fraction": 0.5,
        "cs": 0.25,
        "cs_cdf": 0.75,
        "coverage": 1.0000000001,
        "model_version": "v1",
        "no_context_fraction": 0.01,
    }
    return {"geometry": FOOTPRINT, "properties": {**properties, **changes}}


def rows(*features: Any, **choices: Any) -> Table:
    return SceneList(**choices).table(JANUARY, FOUND, list(features))


def square(side_metres: float, latitude: float, times: int = 1) -> Region:
    """So many squares, each three degrees east of the one before."""
    height = side_metres / 111_320
    width = height / math.cos(math.radians(latitude))
    south, north = latitude - height / 2, latitude + height / 2
    return Region(
        tuple(
            (
                (
                    (west, south), (west + width, south), (west + width, north), (west, north), (west, south),
                ),
            )
            for west in (3.0 * number for number in range(times))
        )
    )  # fmt: skip


@pytest.mark.parametrize("latitude", [0, 45, 70])
@pytest.mark.parametrize(
    ("side", "metres"), [(3, 10), (1270, 10), (1290, 20), (12_800, 100), (640_000, 5000)]
)
def test_points_are_as_many_wherever_the_area_is(latitude: float, side: float, metres: int) -> None:
    assert sampling.spacing(square(side, latitude), 128) == pytest.approx(
        metres, abs=10 if side > 1290 else 0
    )


def test_scattered_fields_are_looked_at_by_their_own_size() -> None:
    assert sampling.spacing(square(200, 45), 128) == 10
    # Three fields of 200 m over six degrees: not one point in kilometres, and not more than the service takes.
    metres = sampling.spacing(square(200, 45, times=3), 128)
    assert metres == math.ceil(6 * 111_320 * math.cos(math.radians(45)) / 3000 / 10) * 10


def test_a_row_is_what_the_feature_says() -> None:
    table = rows(feature(B), feature(A, clear_fraction=None, cs=None, cs_cdf=None))
    assert table.rows[1] == (
        B,
        "2023-01-05",
        "11SKB",
        113,
        10.5,
        0.5,
        0.75,
        0.25,
        1.0000000001,
        True,
        "v1",
        0.01,
    )
    assert table.rows[0][5:10] == (None, None, None, 1.0000000001, False)
    assert table.shapes[0]["coordinates"] == FOOTPRINT["coordinates"]


@pytest.mark.parametrize(
    "change",
    [
        {"scene_cloud": "much"},
        {"orbit": -1},
        {"tile": 5},
        {"model_version": None},
        {"no_context_fraction": math.nan},
    ],
)
def test_what_the_archive_notes_wrongly_is_left_empty(change: dict) -> None:
    ((row,), _) = (rows(feature(**change)).rows, None)
    assert None in row


FAR = {"type": "Polygon", "coordinates": [[[0, 0], [1e9, 0], [1, 1], [0, 0]]]}


@pytest.mark.parametrize("shape", [None, {}, "far", {"type": "Point", "coordinates": [0, 0]}, FAR])
def test_a_footprint_that_cannot_be_drawn_leaves_a_row_without_a_place(shape: Any) -> None:
    table = rows({**feature(), "geometry": shape})
    assert table.shapes == (None,)
    assert len(table.rows) == 1


@pytest.mark.parametrize(
    "change",
    [{"index": None}, {"time": None}, {"time": "now"}, {"time": 1e300}, {"clear_fraction": 2}, {"clear_fraction": "x"},
     {"cs": -1}, {"cs_cdf": True}, {"coverage": math.inf}],
)  # fmt: skip
def test_a_number_that_cannot_be_is_no_answer(change: dict) -> None:
    with pytest.raises(CsPlusError, match="damaged"):
        rows(feature(**change))


NAMES = st.text() | st.sampled_from(list(feature()["properties"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)


@examples(200)
@given(st.lists(JSON | st.fixed_dictionaries({"geometry": JSON, "properties": JSON}), max_size=3) | JSON)
def test_any_answer_is_rows_or_one_sentence(answer: Any) -> None:
    assert all(isinstance(one, str) for one in ids_of(answer))
    for target in (SceneList(), Thresholds()):
        try:
            table = target.table(JANUARY, FOUND, answer)
        except CsPlusError:
            continue
        assert isinstance(table, Table)
        target.findings(JANUARY, table)


@examples(100)
@given(st.lists(st.floats(0, 1e9), min_size=22, max_size=22))
def test_shares_are_sums_from_the_top(weights: list[float]) -> None:
    buckets = [[float(number), weight] for number, weight in enumerate(weights)]
    shares = best_scores.read_shares({"kept_cs": buckets}, "kept_cs", 21)
    if not sum(weights):
        assert shares == []
        return
    for number, share in enumerate(shares):
        assert share == pytest.approx(math.fsum(weights[number + 1 :]) / math.fsum(weights), abs=1e-9)


def table_of(
    kept: dict[str, list[float | None]], enough: dict[str, list[float | None]] | None = None
) -> Table:
    enough = enough or kept
    found = []
    for period, shares in kept.items():
        for number, (once, often) in enumerate(zip(shares, enough[period], strict=True)):
            found.append((period, "2023-01-01", "2023-01-31", number / 10, once, once, often, often))
    return Table(tuple(found))


FALLING = [0.99, 0.98, 0.97, 0.96, 0.951, 0.949, 0.9, 0.5, 0.2, 0.1, 0]


def test_the_highest_threshold_that_covers_the_area_is_named_with_reasons() -> None:
    lines = threshold_curves.sentences(table_of({"window": FALLING}), 1, "cs", 0.7)
    assert (
        "cs: 0.4 is the highest threshold that still keeps 95 percent of the area (it keeps 95.1 percent)."
        in lines
    )
    assert "The threshold that is set, 0.7 of cs, keeps 50.0 percent of the area." in lines
    assert lines[-2:] == list(threshold_curves.REASONS)
    assert not any("clear days" in line for line in lines)


def test_an_area_that_no_threshold_covers_gets_the_next_step() -> None:
    lines = threshold_curves.sentences(table_of({"window": [share / 2 for share in FALLING]}), 1, "cs", 0.7)
    assert lines[0].endswith("of which only 49.5 percent has a score at all. Choose a longer window.")
    few = table_of({"window": FALLING}, {"window": [0.3] * 11})
    assert (
        "no threshold gives 95 percent of the area 3 clear days; 30.0 percent"
        in threshold_curves.sentences(few, 3, "cs", 0.7)[1]
    )
    none = table_of({"window": [None] * 11})
    assert "too small" in threshold_curves.sentences(none, 3, "cs", 0.7)[0]
    assert threshold_curves.highest_of_all(none, "cs") is None


def test_of_several_periods_the_lowest_counts_and_each_is_a_line() -> None:
    table = table_of({"2023-01": FALLING, "2023-02": [1.0] * 8 + [0.5, 0.4, 0]})
    assert threshold_curves.highest_of_all(table, "cs") == 0.4
    lines = threshold_curves.sentences(table, 1, "cs", 0.7)
    assert lines[1:3] == ["2023-01: cs_cdf 0.4, cs 0.4.", "2023-02: cs_cdf 0.7, cs 0.7."]
    gap = table_of({"2023-01": FALLING, "2023-02": [0.0] * 11})
    assert threshold_curves.highest_of_all(gap, "cs") is None
    charts = threshold_curves.charts(table, 2, 0.7)
    assert [len(chart.series) for chart in charts] == [2, 2, 2, 2]
    assert charts[0].series[1].points[7] == (0.7, 100.0)


@pytest.mark.parametrize("target", [SceneList(0.5), Thresholds(step=0.1, period="month", min_observations=5)])
def test_their_recipes_are_read_back(target: Any) -> None:
    recipe = Recipe(JANUARY, target)
    assert Recipe.from_json(recipe.to_json()) == recipe
