"""A recipe with choices changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from csplus.csplus_plugin.core import catalog
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.core.kept_share import read_share
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.metrics import Metrics
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.core.tuning import has_window, possible, tuned, value_of

from ..support.recipes import JANUARY, REGION, SIMPLE


def test_choices_of_every_block_are_changed_and_the_rest_stays() -> None:
    made = tuned(SIMPLE, threshold=0.7, method="best", style="swir", end=date(2023, 2, 1))
    assert made == Recipe(
        replace(JANUARY, threshold=0.7, end=date(2023, 2, 1)), Composite(method="best"), Output(style="swir")
    )
    assert made.scenes.region is REGION
    assert tuned(SIMPLE) == SIMPLE


@pytest.mark.parametrize(
    "choices", [{"threshold": 1.1}, {"end": date(2022, 1, 1)}, {"method": "nearest"}, {"style": "index"}]
)
def test_what_makes_no_sense_is_refused(choices: dict) -> None:
    with pytest.raises(InvalidChoice):
        tuned(SIMPLE, **choices)


def test_only_options_that_make_sense_are_offered() -> None:
    assert set(catalog.METHODS) - set(possible(SIMPLE, "method", catalog.METHODS)) == {
        "nearest",
        "best_index",
    }
    greenest = Recipe(JANUARY, Composite(indices=("NDVI",), date_band=True, method="best"))
    # A date is that of one observation.
    assert set(possible(greenest, "method", catalog.METHODS)) == {"medoid", "best", "latest", "best_index"}
    assert "index" in possible(greenest, "style", catalog.ALL_STYLES)
    assert set(possible(SIMPLE, "style", catalog.ALL_STYLES)) == set(catalog.STYLES) - {"index"}
    mean = Recipe(JANUARY, Score())
    assert possible(mean, "method", catalog.METHODS) == []
    assert possible(mean, "style", catalog.ALL_STYLES) == ["score"]
    assert possible(Recipe(JANUARY, Metrics()), "style", catalog.ALL_STYLES) == []


def test_values_are_read_from_every_block() -> None:
    assert value_of(SIMPLE, "threshold") == catalog.DEFAULT_THRESHOLD
    assert value_of(SIMPLE, "method") == "median"
    assert value_of(SIMPLE, "style") is None
    assert value_of(Recipe(JANUARY, Score()), "method") is None


def test_days_do_not_choose_scenes_that_are_named() -> None:
    assert has_window(SIMPLE)
    assert not has_window(replace(SIMPLE, scenes=replace(JANUARY, ids=("20230105T184751_X",))))


@pytest.mark.parametrize("answer", [None, "0.5", True, -0.1, 1.1, float("nan"), [0.5]])
def test_a_damaged_share_is_said(answer: object) -> None:
    with pytest.raises(Unreachable, match="damaged"):
        read_share(answer)
    assert read_share(1) == 1.0
