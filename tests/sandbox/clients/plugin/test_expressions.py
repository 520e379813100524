"""The plugin's own expressions, through its client and a sandbox, against numpy reading the same arrays."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from csplus.csplus_plugin.core import indices, picture, survey
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.errors import InvalidChoice, NothingFound, Unreachable
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.metrics import Metrics
from csplus.csplus_plugin.core.targets.observations import Observations
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.earthengine.client import Client, encoded

from ....support.random_archive import (
    BANDS,
    EVERYWHERE,
    GRID,
    JANUARY,
    NODATA,
    ORIGIN,
    REDUCERS,
    SCENES,
    SCORED,
    SIDE,
    Archive,
    compute,
    recipe,
    region,
    rounded,
)


@pytest.mark.filterwarnings("ignore:All-NaN", "ignore:Mean of empty")
@pytest.mark.parametrize("method", REDUCERS)
def test_reducing_methods(client: Client, archive: Archive, method: str) -> None:
    got = compute(client, recipe(method))
    for band in BANDS:
        wanted = rounded(REDUCERS[method](archive.stack(band, SCORED, archive.clear), axis=0))
        np.testing.assert_array_equal(got[band], wanted)
    assert (got["B4"] == NODATA).any()
    assert (got["B4"] != NODATA).any()


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize(("percentile", "like"), [(0, np.nanmin), (100, np.nanmax)])
def test_percentiles_at_the_ends(client: Client, archive: Archive, percentile: float, like: Callable) -> None:
    got = compute(client, recipe("percentile", percentile=percentile))
    np.testing.assert_array_equal(
        got["B8"], rounded(like(archive.stack("B8", SCORED, archive.clear), axis=0))
    )


def test_percentiles_rise(client: Client) -> None:
    low, high = (compute(client, recipe("percentile", percentile=p))["B8"].astype(int) for p in (10, 75))
    valid = low != NODATA
    assert (low[valid] <= high[valid]).all()
    assert (low[valid] < high[valid]).any()


def picked(archive: Archive, order: np.ndarray, any_clear: np.ndarray) -> dict[str, np.ndarray]:
    """Take from each pixel the observation whose place in the stack `order` says."""
    taken = {}
    for band in BANDS:
        stack = np.stack([archive.dn[index][band] for index in SCORED])
        values = np.take_along_axis(stack, order[None], 0)[0]
        taken[band] = np.where(any_clear, values, NODATA).astype("u2")
    return taken


def test_best_takes_the_highest_score(client: Client, archive: Archive) -> None:
    scores = np.stack([archive.score[index] for index in SCORED])
    wanted = picked(archive, scores.argmax(axis=0), scores.max(axis=0) >= 0.6)
    got = compute(client, recipe("best"))
    for band in BANDS:
        np.testing.assert_array_equal(got[band], wanted[band])


def test_latest_takes_the_last_clear_day(client: Client, archive: Archive) -> None:
    # The two scenes of 20 January bear one time, and which of them is later is nobody's promise.
    days = [index for index in SCORED if "10SGG" not in index]
    tiles = Scenes(EVERYWHERE.region, EVERYWHERE.start, EVERYWHERE.end, tiles=("11SKB",), clip=False)
    got = compute(client, recipe("latest", tiles))
    for band in BANDS:
        wanted = np.full((SIDE, SIDE), NODATA, "u2")
        for index in days:
            wanted = np.where(archive.clear(index), archive.dn[index][band], wanted)
        np.testing.assert_array_equal(got[band], wanted)


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_medoid_is_the_observation_nearest_to_the_median(client: Client, archive: Archive) -> None:
    distance = 0
    for band in BANDS:
        stack = archive.stack(band, SCORED, archive.clear)
        distance = distance + (stack - np.nanmedian(stack, axis=0)) ** 2
    any_clear = ~np.isnan(distance).all(axis=0)
    nearest = np.nanmin(distance, axis=0)
    # Of two clear observations both are equally near: either is a medoid.
    tied = (distance == nearest).sum(axis=0) > 1
    wanted = picked(archive, np.where(np.isnan(distance), np.inf, distance).argmin(axis=0), any_clear)
    got = compute(client, recipe("medoid"))
    assert tied.mean() < 0.6
    for band in BANDS:
        np.testing.assert_array_equal(got[band][~tied], wanted[band][~tied])
    offset = sum(
        (got[band] - np.nanmedian(archive.stack(band, SCORED, archive.clear), axis=0)) ** 2 for band in BANDS
    )
    np.testing.assert_allclose(offset[any_clear], nearest[any_clear])


def test_weighted_is_the_mean_weighted_by_score(client: Client, archive: Archive) -> None:
    weights = np.stack([np.where(archive.clear(i), archive.score[i], 0) for i in SCORED])
    total = weights.sum(axis=0)
    got = compute(client, recipe("weighted"))
    for band in BANDS:
        stack = np.stack([archive.dn[index][band] for index in SCORED])
        with np.errstate(invalid="ignore"):
            exact = (stack * weights).sum(axis=0) / total
        valid = total > 0
        np.testing.assert_array_equal(got[band] == NODATA, ~valid)
        assert np.abs(got[band][valid] - exact[valid]).max() <= 0.5 + 1e-3


def test_hundreds_of_indices_need_no_deeper_expression(client: Client) -> None:
    known = [name for name, index in indices.catalogue().items() if set(index.bands) <= {*BANDS, "B11"}]
    assert len(known) > 100
    got = compute(client, recipe(bands=(), indices=tuple(known)), GRID.window(0, 0, 2, 2))
    assert list(got) == known
    alone = compute(client, recipe(bands=(), indices=("NDVI",)), GRID.window(0, 0, 2, 2))
    np.testing.assert_array_equal(got["NDVI"], alone["NDVI"])
    every = recipe(bands=(), indices=tuple(indices.catalogue()))
    text = json.dumps(encoded(picture.pixels(every)))
    assert all(f'"{name}"' in text for name in indices.catalogue())


def score_of(
    client: Client, statistic: str, scenes: Scenes = EVERYWHERE, **choices: object
) -> tuple[str, np.ndarray]:
    """The name of the one band, and its pixels."""
    ((name, pixels),) = compute(client, Recipe(scenes, Score(statistic=statistic, **choices))).items()
    return name, pixels


@pytest.mark.parametrize("statistic", ["mean", "min", "max"])
@pytest.mark.parametrize("qa_band", ["cs_cdf", "cs"])
def test_the_score_is_reduced_over_every_observation(
    client: Client, archive: Archive, statistic: str, qa_band: str
) -> None:
    scores = np.stack([archive.score[index] for index in SCORED])
    scores = scores if qa_band == "cs_cdf" else 1 - scores
    # Whatever the threshold: what is not clear counts here, too.
    name, got = score_of(client, statistic, dataclasses.replace(EVERYWHERE, qa_band=qa_band, threshold=0.9))
    assert (name, got.dtype) == (f"{qa_band}_{statistic}", np.float32)
    np.testing.assert_allclose(got, getattr(np, statistic)(scores, axis=0), rtol=1e-6)


def test_a_percentile_of_the_score_lies_between_its_neighbours(client: Client, archive: Archive) -> None:
    scores = np.sort([archive.score[index] for index in SCORED], axis=0)
    name, got = score_of(client, "percentile", percentile=50)
    assert name == "cs_cdf_p50"
    # Five observations: the middle one is the median by every definition.
    np.testing.assert_allclose(got, scores[2], rtol=1e-6)
    assert score_of(client, "percentile", percentile=2.5)[0] == "cs_cdf_p2_5"


def test_the_count_is_of_distinct_days_above_the_threshold(client: Client, archive: Archive) -> None:
    wanted = np.zeros((SIDE, SIDE), "u2")
    for day in {index[:8] for index in SCORED}:
        wanted += np.any([archive.clear(index, 0.7) for index in SCORED if index.startswith(day)], axis=0)
    name, got = score_of(client, "count", dataclasses.replace(EVERYWHERE, threshold=0.7))
    assert name == "clear_count"
    np.testing.assert_array_equal(got, wanted)
    assert got.min() == 0
    filed = compute(client, recipe(scenes=dataclasses.replace(EVERYWHERE, threshold=0.7), count_band=True))
    np.testing.assert_array_equal(filed["clear_count"], got)


def test_outside_every_scene_the_score_is_nodata_and_the_count_0(client: Client) -> None:
    away = Grid("EPSG:32611", 10, ORIGIN[0] - 5000, ORIGIN[1], 4, 4)
    made = Recipe(EVERYWHERE, Score())
    pixels = client.pixels(picture.pixels(made), away.request(), ["cs_cdf_mean"])
    assert (pixels["cs_cdf_mean"] == -9999).all()
    counted = Recipe(EVERYWHERE, Score(statistic="count"))
    assert (client.pixels(picture.pixels(counted), away.request(), ["clear_count"])["clear_count"] == 0).all()


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize(
    ("change", "left"),
    [
        (
            {"months": (2, 12), "end": date(2023, 12, 31)},
            [i for i in SCENES if i[:6] in ("202302", "202312")],
        ),
        ({"max_scene_cloud": 45}, [i for i in SCORED if SCENES[i][1] <= 45]),
        ({"orbit": 113}, [i for i in SCORED if SCENES[i][0] == 113]),
        ({"tiles": ("10SGG",)}, [i for i in SCORED if "10SGG" in i]),
        ({"end": date(2023, 1, 10)}, SCORED[:2]),  # the last day counts
        ({"threshold": 0.25}, SCORED),
        ({"qa_band": "cs"}, SCORED),
        ({"product": "L1C"}, SCORED),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_filter_changes_what_is_composited(
    client: Client, archive: Archive, change: dict, left: list[str]
) -> None:
    scenes = dataclasses.replace(EVERYWHERE, **change)
    assert set(left) != set(SCORED) or {"threshold", "qa_band", "product"} & set(change)

    def clear(index: str) -> np.ndarray:
        score = archive.score[index] if scenes.qa_band == "cs_cdf" else 1 - archive.score[index]
        return score.astype("f4") >= np.float32(scenes.threshold)

    wanted = np.nanmedian(archive.stack("B4", left, clear), axis=0)
    wanted = rounded(wanted + (100 if scenes.product == "L1C" else 0))
    np.testing.assert_array_equal(compute(client, recipe(scenes=scenes))["B4"], wanted)


def test_new_years_eve_is_not_lost(client: Client) -> None:
    year = dataclasses.replace(EVERYWHERE, end=date(2023, 12, 31))
    found = survey.answer(year, client.value(survey.question(year)))
    assert found.days[-1] == date(2023, 12, 31)
    assert found.scene_count == sum(index.startswith("2023") for index in SCENES)


def test_the_survey_counts_scored_unscored_and_days(client: Client) -> None:
    found = survey.answer(EVERYWHERE, client.value(survey.question(EVERYWHERE)))
    assert found.scene_count == 6
    assert found.unscored_ids == ("20230115T184741_20230115T184736_T11SKB",)
    assert len(found.days) == 4  # the unscored scene of the 15th is left out


def test_the_survey_names_the_filter_that_emptied_it(client: Client) -> None:
    narrow = dataclasses.replace(EVERYWHERE, max_scene_cloud=50, orbit=70, tiles=("33UVR",))
    with pytest.raises(NothingFound, match="6 scenes of L2A .*, but none of the tiles 33UVR"):
        survey.answer(narrow, client.value(survey.question(narrow)))
    elsewhere = dataclasses.replace(EVERYWHERE, region=Region.from_bounds(10, 50, 10.1, 50.1))
    with pytest.raises(NothingFound, match="No scenes of L2A"):
        survey.answer(elsewhere, client.value(survey.question(elsewhere)))


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("policy", ["drop", "keep", "scl"])
def test_policies_for_unscored_scenes(client: Client, archive: Archive, policy: str) -> None:
    unscored = JANUARY[2]

    def clear(index: str) -> np.ndarray:
        if index != unscored:
            return archive.clear(index)
        if policy == "scl":
            return ~np.isin(np.kron(archive.scl[index], np.ones((2, 2))), (1, 3, 8, 9, 10))
        return np.full((SIDE, SIDE), policy == "keep")

    got = compute(client, recipe(scenes=dataclasses.replace(EVERYWHERE, unscored_policy=policy)))
    wanted = rounded(np.nanmedian(archive.stack("B4", JANUARY, clear), axis=0))
    np.testing.assert_array_equal(got["B4"], wanted)


def test_an_unscored_observation_is_the_last_choice_of_best(client: Client, archive: Archive) -> None:
    got = compute(client, recipe("best", dataclasses.replace(EVERYWHERE, unscored_policy="keep")))
    scores = np.stack([archive.score[index] for index in SCORED])
    wanted = picked(archive, scores.argmax(axis=0), scores.max(axis=0) >= 0.6)["B4"]
    fallback = archive.dn[JANUARY[2]]["B4"]
    np.testing.assert_array_equal(got["B4"], np.where(wanted == NODATA, fallback, wanted))


def clear_days(archive: Archive) -> np.ndarray:
    days: dict[str, np.ndarray] = {}
    for index in SCORED:
        days[index[:8]] = days.get(index[:8], False) | archive.clear(index)
    return np.sum(list(days.values()), axis=0)


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_clear_count_counts_days_and_is_zero_where_none_is_clear(client: Client, archive: Archive) -> None:
    got = compute(client, recipe(count_band=True, min_observations=3))
    count = clear_days(archive)
    np.testing.assert_array_equal(got["clear_count"], count)
    assert count.min() == 0
    median = rounded(np.nanmedian(archive.stack("B4", SCORED, archive.clear), axis=0))
    np.testing.assert_array_equal(got["B4"], np.where(count >= 3, median, NODATA))


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_dilation_grows_what_is_rejected(client: Client, archive: Archive) -> None:
    rows, columns = np.mgrid[-2:3, -2:3]
    disc = [(r, c) for r, c in zip(rows.flat, columns.flat, strict=True) if r * r + c * c <= 4]

    def shrunk(index: str) -> np.ndarray:
        padded = np.pad(archive.clear(index, 0.1), 2, constant_values=True)
        return np.all([padded[2 + r : 2 + r + SIDE, 2 + c : 2 + c + SIDE] for r, c in disc], axis=0)

    scenes = dataclasses.replace(EVERYWHERE, dilate=20, threshold=0.1)
    wanted = rounded(np.nanmedian(archive.stack("B4", SCORED, shrunk), axis=0))
    np.testing.assert_array_equal(compute(client, recipe(scenes=scenes))["B4"], wanted)
    assert (wanted == NODATA).any()


def test_edge_trim_cuts_inside_the_footprint(client: Client) -> None:
    scenes = dataclasses.replace(EVERYWHERE, edge_trim=100, threshold=0)
    got = compute(client, recipe(scenes=scenes))["B4"]
    assert (got[:9] == NODATA).all()
    assert (got[:, -9:] == NODATA).all()
    assert (got[12:-12, 12:-12] != NODATA).all()


def test_clip_masks_outside_the_region(client: Client) -> None:
    inner = dataclasses.replace(EVERYWHERE, region=region(), threshold=0)
    assert (compute(client, recipe(scenes=inner))["B4"] != NODATA).all()
    clipped = compute(client, recipe(scenes=dataclasses.replace(inner, clip=True)))["B4"]
    assert (clipped[0] == NODATA).all()
    assert 0.2 < (clipped != NODATA).mean() < 0.3


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_indices_are_those_of_the_composite_in_reflectance(client: Client, archive: Archive) -> None:
    got = compute(client, recipe(indices=("NDVI", "EVI"), bands=("B11",), count_band=True))
    assert {values.dtype.str for values in got.values()} == {"<f4"}
    red, blue, nir = (
        np.nanmedian(archive.stack(band, SCORED, archive.clear), axis=0) * 1e-4 for band in ("B4", "B2", "B8")
    )
    valid = ~np.isnan(red)
    with np.errstate(divide="ignore", invalid="ignore"):
        ndvi = (nir - red) / (nir + red)
        evi = 2.5 * (nir - red) / (nir + 6 * red - 7.5 * blue + 1)
    np.testing.assert_allclose(got["NDVI"][valid], ndvi[valid], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got["EVI"][valid], evi[valid], rtol=1e-4, atol=1e-5)
    for name in ("NDVI", "EVI", "B11"):
        assert (got[name][~valid] == -9999).all()


def test_nothing_outside_the_scenes_but_nodata(client: Client) -> None:
    away = GRID.window(-SIDE, 0, SIDE, SIDE)
    got = compute(client, recipe(count_band=True), away)
    assert (got["B4"] == NODATA).all()
    assert (got["clear_count"] == 0).all()


def test_two_tiles_are_one_picture(client: Client) -> None:
    scenes = dataclasses.replace(EVERYWHERE, dilate=30, threshold=0.1)
    for made in (recipe("medoid"), recipe(scenes=scenes)):
        whole = compute(client, made)["B4"]
        halves = [compute(client, made, GRID.window(0, row, SIDE, 30))["B4"] for row in (0, 30)]
        np.testing.assert_array_equal(np.vstack(halves), whole)


def metrics(**choices: object) -> Recipe:
    return Recipe(EVERYWHERE, Metrics(**{"bands": ("B4", "B8"), "indices": (), **choices}))


@pytest.mark.filterwarnings("ignore:All-NaN", "ignore:Mean of empty", "ignore:Degrees of freedom")
def test_metrics_of_bands(client: Client, archive: Archive) -> None:
    statistics = ("mean", "median", "std", "min", "max", "range", "count")
    got = compute(client, metrics(statistics=statistics))
    assert list(got) == [f"{band}_{name}" for band in ("B4", "B8") for name in statistics]
    for band in ("B4", "B8"):
        stack = archive.stack(band, SCORED, archive.clear)
        wanted = {name: REDUCERS[name](stack, axis=0) for name in ("mean", "median", "min", "max")}
        wanted |= {"std": np.nanstd(stack, axis=0), "range": wanted["max"] - wanted["min"]}
        for name, values in wanted.items():
            # A mean or a deviation may lie within a rounding error of a half.
            off = np.abs(got[f"{band}_{name}"].astype(int) - rounded(values).astype(int))
            assert off.max() <= (name in ("mean", "std")), (band, name)
            assert (off == 0).mean() > 0.99
        by_day = {}
        for index in SCORED:
            day = index[:8]
            by_day[day] = by_day.get(day, False) | archive.clear(index)
        np.testing.assert_array_equal(got[f"{band}_count"], sum(by_day.values()).astype("u2"))


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_metrics_of_an_index_are_of_each_observation(client: Client, archive: Archive) -> None:
    got = compute(client, metrics(bands=(), indices=("NDVI",), statistics=("max", "range", "p90")))
    red, nir = (archive.stack(band, SCORED, archive.clear) for band in ("B4", "B8"))
    with np.errstate(invalid="ignore"):
        series = (nir - red) / (nir + red)
    seen = ~np.isnan(series).all(axis=0)
    np.testing.assert_allclose(got["NDVI_max"][seen], np.nanmax(series, axis=0)[seen], atol=1e-6)
    amplitude = np.nanmax(series, axis=0) - np.nanmin(series, axis=0)
    np.testing.assert_allclose(got["NDVI_range"][seen], amplitude[seen], atol=1e-6)
    assert (got["NDVI_max"][~seen] == -9999).all()
    assert (got["NDVI_p90"][seen] <= got["NDVI_max"][seen]).all()


def test_percentiles_among_the_metrics_are_those_of_the_composite(client: Client) -> None:
    got = compute(client, metrics(bands=("B4",), statistics=("p25", "p05", "median", "p95")))
    for percent in (5, 25, 95):
        alone = compute(client, recipe("percentile", percentile=percent, bands=("B4",)))
        np.testing.assert_array_equal(got[f"B4_p{percent:02d}"], alone["B4"])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"bands": (), "indices": ()}, "No band was chosen"),
        ({"statistics": ()}, "No statistic was chosen"),
        ({"statistics": ("mode",)}, "statistic"),
        ({"statistics": ("mean", "mean")}, "names one twice"),
        ({"indices": ("ndvi",)}, "ndvi"),
    ],
)
def test_metrics_that_make_no_sense(choices: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        metrics(**choices)


def by_day(indices: list[str], seen: Callable[[str], np.ndarray]) -> dict[date, np.ndarray]:
    days: dict[date, np.ndarray] = {}
    for index in indices:
        day = date(int(index[:4]), int(index[4:6]), int(index[6:8]))
        days[day] = days.get(day, np.zeros((SIDE, SIDE), bool)) | seen(index)
    return days


def longest(days: dict[date, np.ndarray], start: date, end: date) -> np.ndarray:
    """Pixel by pixel, as one would count on a calendar."""
    found = np.zeros((SIDE, SIDE), int)
    for row in range(SIDE):
        for column in range(SIDE):
            clear = [start, *(day for day, seen in sorted(days.items()) if seen[row, column]), end]
            found[row, column] = max((b - a).days for a, b in itertools.pairwise(clear))
    return found


@pytest.mark.parametrize("threshold", [0.6, 0.95, 1.0])
def test_observations(client: Client, archive: Archive, threshold: float) -> None:
    scenes = dataclasses.replace(EVERYWHERE, threshold=threshold)
    got = compute(client, Recipe(scenes, Observations()))
    everywhere = by_day(SCORED, lambda index: np.ones((SIDE, SIDE), bool))
    clear = by_day(SCORED, lambda index: archive.clear(index, threshold))
    assert len(everywhere) == 4  # two tiles of the twentieth are one day
    assert (got["observations"] == 4).all()
    count = sum(seen.astype(int) for seen in clear.values())
    np.testing.assert_array_equal(got["clear"], count)
    np.testing.assert_allclose(got["clear_fraction"], count / 4, atol=1e-6)
    np.testing.assert_array_equal(got["longest_gap"], longest(clear, scenes.start, scenes.end))
    mean = np.mean([archive.score[index] for index in SCORED], axis=0)
    np.testing.assert_allclose(got["mean_score"], mean, atol=1e-6)


def test_observations_of_the_whole_area(client: Client, archive: Archive) -> None:
    target = Observations()
    whole = dataclasses.replace(EVERYWHERE, region=region())
    found = target.read_summary(client.value(target.summary(whole)))
    grid = Grid("EPSG:32611", 10, *ORIGIN, SIDE, SIDE)
    pixels = compute(client, Recipe(dataclasses.replace(whole, clip=True), target), grid)
    inside = pixels["observations"] != -9999
    for name in ("clear", "clear_fraction", "mean_score"):
        # On other points than the pixels' centres.
        assert found[name] == pytest.approx(pixels[name][inside].mean(), rel=0.05)
    assert found["observations"] == 4
    assert found["longest_gap"] <= pixels["longest_gap"][inside].max()
    assert "4.0 days with a score" in target.summary_sentence(found)


@pytest.mark.parametrize("answer", [None, [], {}, {"clear": "x"}, {"clear": True}])
def test_a_damaged_answer_about_the_area(answer: object) -> None:
    with pytest.raises(Unreachable):
        Observations().read_summary(answer)


@pytest.mark.parametrize("policy", ["keep", "scl"])
def test_observations_of_unscored_scenes_are_refused(policy: str) -> None:
    with pytest.raises(InvalidChoice, match="nobody knows whether they are clear"):
        Recipe(dataclasses.replace(EVERYWHERE, unscored_policy=policy), Observations())
