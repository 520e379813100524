"""What the composite block can add and take: dates, scores, indices of each scene, classes masked beside the score."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np
import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import InvalidChoice, NothingFound
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.earthengine.client import Client

from ....support.random_archive import (
    BANDS,
    EVERYWHERE,
    GRID,
    JANUARY,
    NODATA,
    SCORED,
    SIDE,
    Archive,
    compute,
    recipe,
    rounded,
)

TILE = dataclasses.replace(EVERYWHERE, tiles=("11SKB",))
"""Without the second tile of the twentieth, whose scene bears the time of the first."""
OF_TILE = [index for index in SCORED if "10SGG" not in index]


def moment(index: str) -> float:
    """Days since 1970."""
    return datetime.strptime(index[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp() / 86_400


def ndvi(archive: Archive, index: str) -> np.ndarray:
    red, nir = archive.dn[index]["B4"], archive.dn[index]["B8"]
    with np.errstate(invalid="ignore"):
        return np.where(red + nir > 0, (nir - red) / (nir + red), 0)


def taken(
    archive: Archive, worth: Callable[[str], np.ndarray], of: Callable[[str], np.ndarray]
) -> np.ndarray:
    """Give `of` the clear observation with the highest `worth`; NaN where none is clear."""
    clear = np.stack([archive.clear(index) for index in OF_TILE])
    order = np.where(clear, np.stack([worth(index) for index in OF_TILE]), -np.inf).argmax(axis=0)
    values = np.take_along_axis(np.stack([of(index) for index in OF_TILE]), order[None], 0)[0]
    return np.where(clear.any(axis=0), values, np.nan)


def everywhere(value: float) -> np.ndarray:
    return np.full((SIDE, SIDE), value)


@pytest.mark.parametrize(
    "target_date", [date(2022, 12, 1), date(2023, 1, 9), date(2023, 1, 22), date(2024, 1, 1)]
)
def test_nearest_takes_the_clear_day_nearest_to_the_date(
    client: Client, archive: Archive, target_date: date
) -> None:
    middle = (target_date - date(1970, 1, 1)).days + 0.5
    got = compute(client, recipe("nearest", TILE, target_date=target_date, date_band=True))
    for band in BANDS:
        wanted = taken(archive, lambda i: everywhere(-abs(moment(i) - middle)), lambda i: archive.dn[i][band])  # noqa: B023
        np.testing.assert_array_equal(got[band], rounded(wanted))
    days = taken(
        archive, lambda i: everywhere(-abs(moment(i) - middle)), lambda i: everywhere(int(moment(i)))
    )
    np.testing.assert_array_equal(got["date"], rounded(days))
    assert len(np.unique(got["date"])) > 3


def test_best_index_takes_the_greenest_clear_observation(client: Client, archive: Archive) -> None:
    choices = {"indices": ("NDVI",), "score_band": True, "date_band": True}
    got = compute(client, recipe("best_index", TILE, **choices))
    for band in BANDS:
        wanted = taken(archive, lambda i: ndvi(archive, i), lambda i: archive.dn[i][band])  # noqa: B023
        np.testing.assert_array_equal(got[band], np.where(np.isnan(wanted), -9999, wanted))
    for name, of in (
        ("NDVI", lambda i: ndvi(archive, i)),
        ("score", lambda i: archive.score[i]),
        ("date", lambda i: everywhere(int(moment(i)))),
    ):
        wanted = taken(archive, lambda i: ndvi(archive, i), of)
        np.testing.assert_allclose(got[name], np.where(np.isnan(wanted), -9999, wanted), rtol=1e-5, atol=1e-6)


def test_best_index_draws_the_same_observations_in_any_style(client: Client) -> None:
    made = recipe("best_index", TILE, indices=("NDVI",))
    names = ["B4", "B3", "B2"]  # of the live layer, which has no index among its own
    drawn = client.pixels(
        made.target.image(TILE, names).select(names).unmask(NODATA, False), GRID.request(), names
    )
    filed = compute(client, recipe("best_index", TILE, indices=("NDVI",)))
    for name in names:
        np.testing.assert_array_equal(
            np.where(drawn[name] == NODATA, -9999.0, drawn[name].astype(float)), filed[name]
        )


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("method", ["median", "max", "percentile"])
def test_indices_of_scenes_are_reduced_like_bands(client: Client, archive: Archive, method: str) -> None:
    reduce = {"median": np.nanmedian, "max": np.nanmax, "percentile": np.nanmin}[method]
    got = compute(
        client, recipe(method, percentile=0, bands=(), indices=("NDVI", "NDWI"), indices_from="scenes")
    )
    assert list(got) == ["NDVI", "NDWI"]
    series = np.stack([np.where(archive.clear(i), ndvi(archive, i), np.nan) for i in SCORED])
    wanted = reduce(series, axis=0)
    np.testing.assert_allclose(got["NDVI"], np.where(np.isnan(wanted), -9999, wanted), atol=1e-6)
    of_composite = compute(client, recipe(method, percentile=0, bands=(), indices=("NDVI",)))["NDVI"]
    assert (np.abs(got["NDVI"] - of_composite) > 0.01).any()


@pytest.mark.filterwarnings("ignore:All-NaN", "ignore:Mean of empty")
def test_the_score_of_a_reduction_is_reduced_alike(client: Client, archive: Archive) -> None:
    scores = np.stack([np.where(archive.clear(i), archive.score[i], np.nan) for i in SCORED])
    for method, reduce in (("median", np.nanmedian), ("mean", np.nanmean)):
        got = compute(client, recipe(method, score_band=True, bands=("B4",)))
        wanted = reduce(scores, axis=0)
        np.testing.assert_allclose(got["score"], np.where(np.isnan(wanted), -9999, wanted), rtol=1e-5)
        assert list(got) == ["B4", "score"]


@pytest.mark.parametrize("method", ["best", "latest", "medoid"])
def test_score_and_date_belong_to_the_observation_taken(
    client: Client, archive: Archive, method: str
) -> None:
    got = compute(client, recipe(method, TILE, score_band=True, date_band=True, min_observations=2))
    found = np.zeros((SIDE, SIDE), bool)
    for index in OF_TILE:
        is_it = (got["date"] == int(moment(index))) & np.isclose(
            got["score"], archive.score[index], rtol=1e-6
        )
        for band in BANDS:
            is_it &= got[band] == archive.dn[index][band]
        assert archive.clear(index)[is_it].all()
        found |= is_it
    np.testing.assert_array_equal(found, got["B4"] != -9999)
    assert 0.1 < found.mean() < 1


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("policy", ["drop", "keep", "scl"])
def test_classes_masked_beside_the_score(client: Client, archive: Archive, policy: str) -> None:
    def clear(index: str) -> np.ndarray:
        scl = np.kron(archive.scl[index], np.ones((2, 2)))
        seen = ~np.isin(scl, (6, 11))
        if index in SCORED:
            return seen & archive.clear(index)
        return seen & (~np.isin(scl, (1, 3, 8, 9, 10)) if policy == "scl" else True)

    scenes = dataclasses.replace(EVERYWHERE, also_mask=("snow", "water"), unscored_policy=policy)
    used = SCORED if policy == "drop" else JANUARY
    wanted = rounded(np.nanmedian(archive.stack("B4", used, clear), axis=0))
    got = compute(client, recipe(scenes=scenes))["B4"]
    np.testing.assert_array_equal(got, wanted)
    assert (got != compute(client, recipe(scenes=dataclasses.replace(scenes, also_mask=())))["B4"]).any()


def test_scenes_by_their_ids(client: Client, archive: Archive) -> None:
    chosen = dataclasses.replace(EVERYWHERE, ids=(SCORED[1],))
    got = compute(client, recipe(scenes=chosen))["B4"]
    np.testing.assert_array_equal(
        got, np.where(archive.clear(SCORED[1]), archive.dn[SCORED[1]]["B4"], NODATA)
    )
    found = survey.answer(chosen, client.value(survey.question(chosen)))
    assert [scene.index for scene in found.scenes] == [SCORED[1]]
    missing = dataclasses.replace(EVERYWHERE, ids=("20230106T184751_20230106T184746_T11SKB",))
    with pytest.raises(NothingFound, match="none named 20230106T184751_20230106T184746_T11SKB"):
        survey.answer(missing, client.value(survey.question(missing)))


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"method": "nearest"}, "needs a day to be near to. Give a TARGET_DATE"),
        ({"method": "best_index"}, "needs an index to compare"),
        ({"date_band": True}, "method median is of several days"),
        ({"method": "weighted", "date_band": True}, "method weighted is of several days"),
        ({"indices_from": "tiles"}, "source of indices"),
    ],
)
def test_choices_that_make_no_sense(choices: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        Composite(**choices)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"also_mask": ("fog",)}, "is not a scene class"),
        ({"also_mask": ("snow",), "product": "L1C"}, "L1C scenes carry no scene classification"),
        ({"ids": ("../etc",)}, "is not the id of a scene"),
    ],
)
def test_scenes_that_make_no_sense(choices: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        dataclasses.replace(EVERYWHERE, **choices)


def test_a_recipe_with_days_comes_back() -> None:
    made = Recipe(
        EVERYWHERE,
        Composite("nearest", target_date=date(2023, 1, 9)),
    )
    assert Recipe.from_json(made.to_json()) == made
    with pytest.raises(InvalidChoice, match="not a recipe"):
        Recipe.from_json(made.to_json().replace('"2023-01-09"', '"tomorrow"'))
    with pytest.raises(InvalidChoice):
        Recipe.from_json(made.to_json().replace('"2023-01-09"', "7"))
