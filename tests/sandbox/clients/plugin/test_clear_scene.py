"""A single day: its tiles put together, the share of it that is clear, whatever UTC says of midnight."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.clear_scene import ClearScene, of_pass, passes, read_shares, shares
from csplus.csplus_plugin.earthengine.client import Client

from ....support.random_archive import BANDS, EVERYWHERE, NODATA, SCORED, Archive, compute, region


def found(client: Client) -> survey.Survey:
    return survey.answer(EVERYWHERE, client.value(survey.question(EVERYWHERE)))


def test_the_tiles_of_a_day_are_put_together_by_the_higher_score(client: Client, archive: Archive) -> None:
    every = passes(found(client))
    assert [one.day.day for one in every] == [5, 10, 20, 25]  # the unscored fifteenth cannot be used
    twentieth = every[2]
    two = [index for index in SCORED if "20230120" in index]
    assert sorted(twentieth.ids) == two
    made = Recipe(of_pass(EVERYWHERE, twentieth), ClearScene(bands=BANDS))
    got = compute(client, made)
    scores = np.stack([archive.score[index] for index in two])
    for band in BANDS:
        stack = np.stack([archive.dn[index][band] for index in two])
        values = np.take_along_axis(stack, scores.argmax(axis=0)[None], 0)[0]
        np.testing.assert_array_equal(got[band], np.where(scores.max(axis=0) >= 0.6, values, NODATA))
    assert Recipe.from_json(made.to_json()) == made


def test_shares_are_of_the_passes(client: Client, archive: Archive) -> None:
    inner = dataclasses.replace(EVERYWHERE, region=region())
    every = passes(found(client))
    got = read_shares(client.value(shares(inner, every)), len(every))
    clipped = dataclasses.replace(inner, threshold=0, clip=True)
    inside = compute(client, Recipe(of_pass(clipped, every[0]), ClearScene(bands=BANDS)))["B4"] != NODATA
    for one, share in zip(every, got, strict=True):
        clear = np.any([archive.clear(index) for index in one.ids], axis=0)
        assert share == pytest.approx(clear[inside].mean(), abs=0.03)
    assert max(got) > min(got)


@pytest.mark.parametrize("answer", [None, [], [0.5], ["a", 1], [0.5, 1.5], [True, 0.1]])
def test_a_damaged_answer_is_one_sentence(answer: object) -> None:
    with pytest.raises(Unreachable):
        read_shares(answer, 2)


def test_a_day_is_not_composited() -> None:
    for choices in ({"method": "median"}, {"min_observations": 2}):
        with pytest.raises(InvalidChoice, match="single day cannot be composited"):
            ClearScene(**choices)
