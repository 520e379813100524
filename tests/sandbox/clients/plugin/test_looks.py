"""Every look at a pixel: what is said of it is what the composite did, on random scenes that numpy reads too."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

import numpy as np
import pytest
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.looks.answer import read
from csplus.csplus_plugin.core.looks.inspection import Inspection, Look
from csplus.csplus_plugin.core.looks.parts import parts_of
from csplus.csplus_plugin.core.looks.question import question
from csplus.csplus_plugin.core.looks.spot import Spot
from csplus.csplus_plugin.core.looks.verdicts import Observation, judge
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.change import Change
from csplus.csplus_plugin.core.targets.clear_scene import ClearScene
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.gap_filled import GapFilled
from csplus.csplus_plugin.core.targets.metrics import Metrics
from csplus.csplus_plugin.core.targets.observations import Observations
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.earthengine.client import Client, encoded
from hypothesis import given

from ....support.examples import examples
from ....support.random_archive import (
    BANDS,
    EVERYWHERE,
    GRID,
    JANUARY,
    NODATA,
    SCENES,
    SCORED,
    Archive,
    compute,
    recipe,
    region,
)
from ....support.recipes import recipes

PLACES = [(7, 11), (23, 42), (31, 5), (48, 30), (55, 55)]
"""Column and row."""

FILLED = [(46, 1), (38, 2), (34, 1), (39, 3), (11, 0)]
"""Filled by the first choice, the second and so on; the last one by none."""

FILLING = GapFilled(
    method="best",
    bands=BANDS,
    thresholds=(0.9,),
    extend_days=(5,),
    extend_years=1,
    skipped=(4,),  # the year after, which has no scene
)
TIGHT = dataclasses.replace(EVERYWHERE, start=date(2023, 1, 5), end=date(2023, 1, 6), threshold=0.95)
REASONS = {
    "best": "the highest score",
    "latest": "the latest clear look",
    "nearest": "nearest to 2023-01-14",
    "best_index": "the highest NDVI",
    "medoid": "nearest to the median",
}

LOW = dataclasses.replace(EVERYWHERE, threshold=0.3)


def ask(client: Client, made: Recipe, place: tuple[int, int]) -> Inspection:
    spot = Spot(GRID.window(*place, 1, 1))
    before = client.requests_made
    found = read(made, spot, client.value(question(made, spot)))
    assert client.requests_made == before + 1
    return found


def truth(archive: Archive, index: str, place: tuple[int, int]) -> dict[str, float]:
    column, row = place
    return {band: archive.dn[index][band][row, column] for band in BANDS} | {
        "score": archive.score[index][row, column]
    }


def file_values(client: Client, made: Recipe, place: tuple[int, int]) -> dict[str, float]:
    """The pixel of the file, by another call of the service."""
    return {name: float(values[place[1], place[0]]) for name, values in compute(client, made).items()}


def taken(found: Inspection) -> list[Look]:
    return [look for look in found.looks if look.is_taken]


def check_facts(archive: Archive, found: Inspection, scenes: Scenes, place: tuple[int, int]) -> list[str]:
    """Date, values, score and what is clear, of each look; gives the clear ones."""
    clear = []
    assert [look.scene for look in found.looks] == JANUARY
    for look in found.looks:
        pixel, is_scored = truth(archive, look.scene, place), SCENES[look.scene][2]
        assert look.moment == datetime.strptime(look.scene[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        assert look.tile == look.scene[-5:]
        for band in BANDS:
            assert look.values[band] == pytest.approx(pixel[band] / 10_000)
        expected = {"cs_cdf": pixel["score"], "cs": 1 - pixel["score"]} if is_scored else {}
        assert look.scores == {
            name: pytest.approx(expected[name], abs=1e-6) if is_scored else None for name in ("cs_cdf", "cs")
        }
        assert look.is_clear == (is_scored and pixel["score"] >= scenes.threshold)
        if not is_scored:
            assert look.why == "no score"
        elif not look.is_clear:
            assert look.why.startswith("cs_cdf 0.")
            assert look.why.endswith(f"is below {scenes.threshold:g}")
        else:
            clear.append(look.scene)
    return clear


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["best", "latest", "nearest", "best_index", "medoid"])
def test_the_look_that_was_taken_has_the_pixel_of_the_file(
    client: Client, archive: Archive, method: str, place: tuple[int, int]
) -> None:
    indices = ("NDVI",) if method == "best_index" else ()
    made = recipe(method, LOW, target_date=date(2023, 1, 14), indices=indices)
    found = ask(client, made, place)
    clear = check_facts(archive, found, LOW, place)
    pixels = {index: truth(archive, index, place) for index in clear}
    middle = {band: np.median([pixels[index][band] for index in clear]) for band in BANDS}

    def moment(index: str) -> float:
        return datetime.strptime(index[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp() / 86_400

    worth = {
        "best": lambda index: pixels[index]["score"],
        "latest": moment,
        "nearest": lambda index: -abs(moment(index) - (date(2023, 1, 14) - date(1970, 1, 1)).days - 0.5),
        "best_index": lambda index: (
            (pixels[index]["B8"] - pixels[index]["B4"]) / (pixels[index]["B8"] + pixels[index]["B4"])
        ),
        "medoid": lambda index: -sum((pixels[index][band] - middle[band]) ** 2 for band in BANDS),
    }[method]
    file = file_values(client, made, place)
    assert len(clear) > 1
    (one,) = taken(found)
    assert one.why == f"taken: {REASONS[method]}"
    assert worth(one.scene) == max(map(worth, clear))
    for band in BANDS:
        assert file[band] == pixels[one.scene][band]
        assert found.values[band] == pytest.approx(file[band] / 10_000)
    others = [look for look in found.looks if look.is_clear and not look.is_taken]
    assert len(others) == len(clear) - 1
    for look in others:
        equals = worth(look.scene) == worth(one.scene)
        assert look.why.startswith("clear, ")
        assert ("one of equals" in look.why) == equals
    assert found.picks
    assert f"{one.moment.date()}" in found.sentence


def test_of_two_scenes_of_one_time_the_one_that_was_taken_is_told_by_its_values(
    client: Client, archive: Archive
) -> None:
    twentieth = dataclasses.replace(LOW, start=date(2023, 1, 20), end=date(2023, 1, 20), threshold=0)
    made = recipe("latest", twentieth)
    for place in PLACES:
        (one,) = taken(ask(client, made, place))
        file = file_values(client, made, place)
        assert {band: truth(archive, one.scene, place)[band] for band in BANDS} == file


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("method", "percentile"), [("median", 50), ("percentile", 30), ("percentile", 80)])
def test_a_median_lies_between_the_looks_that_are_named(
    client: Client, archive: Archive, method: str, percentile: int, place: tuple[int, int]
) -> None:
    made = recipe(method, LOW, percentile=percentile)
    found = ask(client, made, place)
    clear = check_facts(archive, found, LOW, place)
    word = "median" if method == "median" else f"percentile {percentile}"
    expected: dict[str, dict[str, str]] = {index: {} for index in clear}
    for band in BANDS:
        values = {index: truth(archive, index, place)[band] for index in clear}
        value = np.percentile(list(values.values()), percentile)  # what the sandbox does between two
        exact = [index for index in clear if abs(values[index] - value) < 1e-6]
        below = [index for index in clear if values[index] < value]
        above = [index for index in clear if values[index] > value]
        for index in exact:
            expected[index][band] = f"the {word} of"
        if not exact:
            expected[max(below, key=values.__getitem__)][band] = f"next below the {word} of"
            expected[min(above, key=values.__getitem__)][band] = f"next above the {word} of"
    for look in found.looks:
        if look.is_clear:
            assert look.is_taken == bool(expected[look.scene])
            assert _said(look.why) == expected[look.scene]
    assert found.sentence == f"{word.capitalize()} of {len(clear)} clear looks, band by band."


def _said(why: str) -> dict[str, str]:
    """Take "the median of B2 and B4; next above the median of B8" apart: band -> phrase."""
    found = {}
    if not why.startswith("clear"):
        for phrase in why.split("; "):
            words, _, names = phrase.rpartition(" of ")
            for name in names.replace(" and ", ", ").split(", "):
                found[name] = f"{words} of"
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("method", ["min", "max"])
def test_an_extreme_names_the_bands_that_a_look_gives(
    client: Client, archive: Archive, method: str, place: tuple[int, int]
) -> None:
    made = recipe(method, LOW)
    found = ask(client, made, place)
    clear = check_facts(archive, found, LOW, place)
    file, word = file_values(client, made, place), {"min": "lowest", "max": "highest"}[method]
    for look in found.looks:
        bands = [band for band in BANDS if truth(archive, look.scene, place)[band] == file[band]]
        if look.scene in clear:
            assert look.is_taken == bool(bands)
            for band in BANDS:
                assert (band in look.why.split(word)[-1]) == (band in bands)
    assert 1 <= len(taken(found)) <= len(BANDS)


@pytest.mark.parametrize("place", PLACES[:3])
def test_means_are_of_every_clear_look(client: Client, archive: Archive, place: tuple[int, int]) -> None:
    plain, weighted = (ask(client, recipe(method, LOW), place) for method in ("mean", "weighted"))
    clear = check_facts(archive, plain, LOW, place)
    assert [look.scene for look in taken(plain)] == clear
    assert {look.why for look in taken(plain)} == {f"one of {len(clear)} in the mean"}
    assert not plain.picks
    assert plain.values["B4"] == pytest.approx(
        np.mean([truth(archive, index, place)["B4"] for index in clear]) / 10_000, abs=5e-5
    )
    shares = {look.scene: float(look.why.removeprefix("weighs ").split(" %")[0]) for look in taken(weighted)}
    scores = {index: truth(archive, index, place)["score"] for index in clear}
    for index, score in scores.items():
        assert shares[index] == pytest.approx(100 * score / sum(scores.values()), abs=0.51)
    mean = sum(share * truth(archive, index, place)["B4"] for index, share in shares.items()) / 100
    assert weighted.values["B4"] == pytest.approx(mean / 10_000, rel=0.03)


@pytest.mark.parametrize("method", ["best", "median"])
def test_too_few_days_and_no_clear_look_and_outside_the_area(client: Client, method: str) -> None:
    few = ask(client, recipe(method, LOW, min_observations=9), PLACES[0])
    assert few.values == dict.fromkeys(BANDS)
    assert "of 9 clear days" in few.sentence
    assert taken(few) == []
    whys = {look.why for look in few.looks if look.is_clear}
    assert len(whys) == 1
    assert "of 9 clear days" in whys.pop()
    none = ask(client, recipe(method, dataclasses.replace(LOW, threshold=1)), PLACES[0])
    assert none.sentence == "No look is clear."
    assert not any(look.is_clear or look.is_taken for look in none.looks)
    clipped = dataclasses.replace(LOW, region=region(), clip=True)
    outside = ask(client, recipe(method, clipped), (0, 0))
    assert outside.sentence == "The pixel is outside the area."
    assert set(outside.values.values()) == {None}
    assert taken(outside) == []
    assert {look.why for look in outside.looks if look.is_clear} == {
        "clear, but the pixel is outside the area"
    }
    nowhere = dataclasses.replace(LOW, start=date(2023, 6, 1), end=date(2023, 6, 2))
    empty = ask(client, recipe(method, nowhere), PLACES[0])
    assert empty.looks == ()
    assert empty.sentence == "No scene reaches this pixel."


def test_unscored_scenes_are_looks_too(client: Client, archive: Archive) -> None:
    (unscored,) = [index for index in JANUARY if not SCENES[index][2]]
    kept = dataclasses.replace(EVERYWHERE, unscored_policy="keep", threshold=0.999)
    for method in ("best", "latest", "median"):
        found = ask(client, recipe(method, kept), PLACES[0])
        look = next(one for one in found.looks if one.scene == unscored)
        assert look.scores == {"cs_cdf": None, "cs": None}
        assert look.is_clear
        assert look.is_taken
        assert found.values["B4"] == pytest.approx(truth(archive, unscored, PLACES[0])["B4"] / 10_000)
    classes = dataclasses.replace(EVERYWHERE, unscored_policy="scl", also_mask=("snow", "water"), threshold=0)
    names = {
        1: "Saturated or defective",
        3: "Cloud shadow",
        8: "Cloud, medium probability",
        9: "Cloud, high probability",
        10: "Thin cirrus",
    }
    seen = set()
    for column in range(2, 58, 4):
        found = ask(client, recipe("median", classes), (column, 9))
        for look in found.looks:
            number = int(archive.scl[look.scene][9 // 2, column // 2])
            if look.scene == unscored:
                assert look.is_clear == (number not in {1, 3, 8, 9, 10, 6, 11})
                if number in names:
                    assert look.why == f"no score, and of the class {names[number]}"
            else:
                assert look.is_clear == (number not in (6, 11))
                if number in (6, 11):
                    assert look.why == f"its class is masked: {'Water' if number == 6 else 'Snow or ice'}"
            seen.add((look.scene == unscored, look.is_clear))
    assert len(seen) == 4


def test_a_buffer_around_what_is_rejected_is_named(client: Client, archive: Archive) -> None:
    wide = dataclasses.replace(LOW, dilate=15)
    found = ask(client, recipe("median", wide), (30, 30))
    for look in found.looks:
        if SCENES[look.scene][2] and truth(archive, look.scene, (30, 30))["score"] >= 0.3:
            near = archive.score[look.scene][29:32, 29:32]  # a circle of 15 metres reaches the corners
            assert look.is_clear == bool((near >= 0.3).all())
            assert look.is_clear or look.why == "within 15 m of a rejected pixel"
    assert any(look.why.startswith("within") for look in found.looks)


@pytest.mark.parametrize("place", FILLED)
def test_a_filled_pixel_is_told_of_the_choice_that_filled_it(
    client: Client, archive: Archive, place: tuple[int, int]
) -> None:
    scenes, target = TIGHT, FILLING
    made = Recipe(scenes, target)
    found = ask(client, made, place)
    file = file_values(client, made, place)
    tier = int(file["fill_tier"])
    labels = {one.number: one for one in target.every_tier(scenes)}
    if tier == 65535:
        assert found.sentence == "No choice fills this pixel."
        assert taken(found) == []
        return
    (one,) = taken(found)
    assert set(range(4)) >= {tier}
    window = labels[tier].scenes
    inside = [
        index
        for index in SCENES
        if SCENES[index][2]
        and window.start <= date(int(index[:4]), int(index[4:6]), int(index[6:8])) <= window.end
        and archive.score[index][place[1], place[0]] >= window.threshold
    ]
    assert one.scene == max(inside, key=lambda index: archive.score[index][place[1], place[0]])
    assert {band: truth(archive, one.scene, place)[band] for band in BANDS} == {
        band: file[band] for band in BANDS
    }
    assert found.thresholds == (window.threshold,)
    assert found.sentence.startswith(
        f"Filled by choice {tier} ({labels[tier].label}). " if tier else "Best: the look of"
    )
    for look in found.looks:
        is_within = window.start <= look.moment.date() <= window.end
        assert is_within or look.why.startswith("not needed: outside the days")


def test_which_choices_fill_differs_between_the_pixels(client: Client) -> None:
    """Else the test before would prove less."""
    scenes, target = TIGHT, FILLING
    tiers = compute(client, Recipe(scenes, target))["fill_tier"]
    assert {0, 1, 2, 3, NODATA} == set(np.unique(tiers).astype(int))
    assert len({int(tiers[row, column]) for column, row in FILLED}) == 5


def test_both_windows_of_a_change_have_their_looks(client: Client, archive: Archive) -> None:
    target = Change(
        method="best",
        bands=("B4", "B8"),
        indices=(),
        before_start=date(2023, 1, 1),
        before_end=date(2023, 1, 12),
    )
    scenes = dataclasses.replace(LOW, start=date(2023, 1, 13), end=date(2023, 2, 10))
    made = Recipe(scenes, target)
    found = ask(client, made, PLACES[1])
    file = file_values(client, made, PLACES[1])
    for part, window in (("before", target.before(scenes)), ("after", scenes)):
        rows = [look for look in found.looks if look.part == part]
        days = [date(int(index[:4]), int(index[4:6]), int(index[6:8])) for index in SCENES]
        assert [row.scene for row in rows] == [
            index for index, day in zip(SCENES, days, strict=True) if window.start <= day <= window.end
        ]
        (one,) = [row for row in rows if row.is_taken]
        for band in ("B4", "B8"):
            assert truth(archive, one.scene, PLACES[1])[band] == file[f"{band}_{part}"]
    assert found.levels["B4"] == pytest.approx((file["B4_before"] / 1e4, file["B4_after"] / 1e4))
    assert found.sentence.startswith("Before: Best: the look of 2023-01-")


def test_windows_of_a_change_may_lie_in_each_other(client: Client) -> None:
    target = Change(bands=("B4",), indices=(), before_start=date(2023, 1, 1), before_end=date(2023, 1, 31))
    scenes = dataclasses.replace(LOW, start=date(2023, 1, 10), end=date(2023, 1, 20))
    found = ask(client, Recipe(scenes, target), PLACES[1])
    parts = [look.part for look in found.looks]
    assert (parts.count("before"), parts.count("after")) == (6, 4)


def test_a_clear_scene_takes_the_better_tile(client: Client, archive: Archive) -> None:
    ids = tuple(index for index in JANUARY if index.startswith("20230120"))
    day = dataclasses.replace(LOW, start=date(2023, 1, 20), end=date(2023, 1, 20), ids=ids, threshold=0.01)
    for place in PLACES:
        found = ask(client, Recipe(day, ClearScene(bands=BANDS)), place)
        (one,) = taken(found)
        scores = {index: truth(archive, index, place)["score"] for index in ids}
        assert one.scene == max(scores, key=scores.__getitem__)
        (other,) = [look for look in found.looks if not look.is_taken]
        assert "is below" in other.why


@pytest.mark.parametrize("statistic", ["mean", "min", "max", "percentile", "count"])
def test_numbers_of_scores(client: Client, archive: Archive, statistic: str) -> None:
    made = Recipe(LOW, Score(statistic=statistic, percentile=50))
    for place in PLACES[:2]:
        found = ask(client, made, place)
        scores = {index: truth(archive, index, place)["score"] for index in SCORED}
        clear = [index for index in SCORED if scores[index] >= 0.3]
        value = next(iter(found.values.values()))
        names = [look.scene for look in taken(found)]
        assert [look.scene for look in found.looks if look.is_clear] == clear
        if statistic == "mean":
            assert names == SCORED
            assert value == pytest.approx(np.mean(list(scores.values())), abs=1e-6)
        elif statistic in ("min", "max"):
            assert names == [{"min": min, "max": max}[statistic](scores, key=scores.__getitem__)]
            assert value == pytest.approx(scores[names[0]])
        elif statistic == "percentile":  # of five scores, the third
            assert names == [sorted(scores, key=scores.__getitem__)[2]]
        else:
            assert names == clear
            days = {index[:8] for index in clear}
            assert value == len(days)
            assert [look.why for look in taken(found)].count("a clear day") == len(days)
            assert found.sentence == f"Clear days: {len(days)}."


def test_observations_and_metrics_count_looks(client: Client, archive: Archive) -> None:
    for place in PLACES[:3]:
        found = ask(client, Recipe(LOW, Observations()), place)
        clear = [index for index in SCORED if truth(archive, index, place)["score"] >= 0.3]
        days, every = {index[:8] for index in clear}, {index[:8] for index in SCORED}
        assert [look.scene for look in taken(found)] == clear
        assert found.values["clear"] == len(days)
        assert found.sentence == f"Clear days: {len(days)}, of {len(every)} with a score."
        metrics = Metrics(bands=("B4",), indices=("NDVI",), statistics=("max", "count"))
        found = ask(client, Recipe(LOW, metrics), place)
        assert [look.scene for look in taken(found)] == clear
        assert {look.why for look in taken(found)} == {f"one of {len(clear)} clear looks in the statistics"}
        assert found.values["B4_max"] == pytest.approx(
            max(truth(archive, index, place)["B4"] for index in clear) / 10_000
        )


def test_indices_of_each_look(client: Client, archive: Archive) -> None:
    for source in ("composite", "scenes"):
        made = recipe("max", LOW, indices=("NDVI",), indices_from=source)
        found = ask(client, made, PLACES[3])
        best = -1.0
        for look in found.looks:
            pixel = truth(archive, look.scene, PLACES[3])
            ndvi = (pixel["B8"] - pixel["B4"]) / (pixel["B8"] + pixel["B4"])
            assert look.values["NDVI"] == pytest.approx(ndvi, rel=1e-5)
            best = max(best, ndvi) if look.is_clear else best
        named = [look for look in found.looks if "NDVI" in look.why]
        if source == "scenes":
            assert found.values["NDVI"] == pytest.approx(best, rel=1e-5)
            assert [look.values["NDVI"] for look in named] == [pytest.approx(best, rel=1e-5)]
        else:  # of the composited bands: no look has it
            assert named == []


def test_coarser_grids_and_other_systems(client: Client, archive: Archive) -> None:
    """The pixel is the result's own: of 20 metres, and of degrees."""
    for output in (Output(resolution=20), Output(crs="EPSG:4326", resolution=0.0002)):
        made = Recipe(LOW, Composite(method="best", bands=("B4",)), output)
        grid = dataclasses.replace(GRID, crs=output.crs or GRID.crs, resolution=output.resolution)
        if output.crs:
            grid = dataclasses.replace(grid, left=-119.9350, top=37.4230)
        spot = Spot(grid.window(9, 4, 1, 1))
        found = read(made, spot, client.value(question(made, spot)))
        (one,) = taken(found)
        (value,) = client.pixels(
            made.target.image(LOW, ["B4"]).select(["B4"]), spot.pixel.request(), ["B4"]
        ).ravel()
        assert one.values["B4"] == pytest.approx(float(value[0]) / 10_000)


def damaged() -> Mapping[str, object]:
    row = ["20230105T184751_20230105T184746_T11SKB", 1.67e12, 0.5, 0.5, 100, 200]
    part = {"clear": [[*row[:2], 100, 200, 0.5]], "scored": [], "pixel": [100, 200, 0.5, 19362]}
    good = {"value": [100, 200], "inside": [1], "looks": [[row]], "parts": [part]}
    return {
        "nothing": None,
        "a list": [],
        "a value that is text": {**good, "value": ["100", 200]},
        "a value too many": {**good, "value": [1, 2, 3]},
        "a number out of bounds": {**good, "value": [1e300, 2]},
        "no looks": {**good, "looks": []},
        "too many looks": {**good, "looks": [[row] * 5001]},
        "a row too short": {**good, "looks": [[row[:-1]]]},
        "a time beyond the calendar": {**good, "looks": [[[row[0], 1e18, *row[2:]]]]},
        "an id that is a number": {**good, "looks": [[[7, *row[1:]]]]},
        "yes for a number": {**good, "looks": [[[*row[:-1], True]]]},
        "no parts": {**good, "parts": []},
        "a part that is text": {**good, "parts": ["x"]},
        "a pixel of another method": {**good, "parts": [{**part, "pixel": [1]}]},
    }


@pytest.mark.parametrize("answer", damaged().values(), ids=damaged())
def test_a_damaged_answer_is_one_sentence(answer: object) -> None:
    from csplus.csplus_plugin.core.errors import Unreachable

    made = recipe("best", bands=("B4", "B8"))
    with pytest.raises(Unreachable, match="damaged"):
        read(made, Spot(GRID.window(1, 1, 1, 1)), answer)


def test_what_a_service_writes_is_cleaned() -> None:
    made = recipe("best", bands=("B4",))
    foreign = "=HYPERLINK(1)\u202e\x1b" + "x" * 500
    row = [foreign, 1.67e12, None, None, 100]
    part = {"clear": [], "scored": [], "pixel": [None, None, None]}
    answer = {"value": [None], "inside": [1], "looks": [[row]], "parts": [part]}
    from csplus.csplus_plugin.core.looks.inspection import to_csv

    found = read(made, Spot(GRID.window(1, 1, 1, 1)), answer)
    (look,) = found.looks
    assert len(look.scene) <= 100
    assert look.scene.isprintable()
    text = to_csv(found, found.looks)
    assert ",'=HYPERLINK(1)" in text
    assert text.count("\n") == 2


def test_of_looks_with_the_same_values_the_day_tells() -> None:
    (part,) = parts_of(recipe("best", bands=("B4",)))
    days = (18_000, 18_005, 18_010)
    clear = [Observation(f"scene {day}", day * 86_400_000 + 1000, {"B4": 100, "cs_cdf": 0.9}) for day in days]
    pixel = {"B4": 100, "cs_cdf": 0.9, "date": 18_005}
    found = judge(part, clear, pixel, is_inside=True)
    assert found.taken == {"scene 18005": "taken: the highest score"}
    same = "clear, with the same score: one of equals was taken"
    assert found.others == {"scene 18000": same, "scene 18010": same}
    twice = [*clear, Observation("its other tile", clear[1].time, clear[1].values)]
    both = judge(part, twice, pixel, is_inside=True)
    assert set(both.taken) == {"scene 18005", "its other tile"}
    assert set(both.taken.values()) == {
        "taken: the highest score; another look of this day holds the same values"
    }
    other = judge(part, clear, {**pixel, "B4": 101}, is_inside=True)
    assert other.taken == {}
    assert set(other.others.values()) == {"clear; which look was taken cannot be told"}


@pytest.mark.parametrize("count", [4999, 5000])
def test_a_list_as_long_as_the_service_gives_may_be_cut(count: int) -> None:
    made = recipe("best", bands=("B4",))
    rows = [[f"{number}", 1.67e12 + number, 0.5, 0.5, 100] for number in range(count)]
    part = {"clear": [], "scored": [], "pixel": []}
    answer = {"value": [], "inside": [None], "looks": [rows], "parts": [part]}
    found = read(made, Spot(GRID.window(1, 1, 1, 1)), answer)
    assert len(found.looks) == count
    assert found.is_cut == (count == 5000)


@given(made=recipes())
@examples(60)
def test_every_recipe_that_makes_an_image_can_be_asked(made: Recipe) -> None:
    spot = Spot(GRID.window(1, 1, 1, 1))
    text = json.dumps(encoded(question(made, spot)))
    names = set(re.findall(r'"functionName": "([^"]+)"', text))
    assert {"Image.reduceRegion", "Image.linkCollection", "If"} <= names
