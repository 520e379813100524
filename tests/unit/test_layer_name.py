"""Names of layers: short, and different where the results are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.layer_name import layer_name, own_name, renamed, series_name
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.change import Change
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.gap_filled import GapFilled
from csplus.csplus_plugin.core.targets.metrics import Metrics
from csplus.csplus_plugin.core.targets.observations import Observations
from csplus.csplus_plugin.core.targets.periodic import Periodic
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.core.window_text import window_text

from ..support.recipes import JANUARY

TO = "\N{EN DASH}"
"""Written as ~ here."""

SUMMER = (date(2022, 6, 1), date(2022, 8, 31))


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ((2023, 6, 15), (2023, 6, 15), "2023-06-15"),
        ((2023, 6, 1), (2023, 6, 15), "2023-06-01~15"),
        ((2023, 6, 1), (2023, 6, 30), "2023-06"),
        ((2024, 2, 1), (2024, 2, 29), "2024-02"),
        ((2024, 2, 1), (2024, 2, 28), "2024-02-01~28"),
        ((2023, 6, 1), (2023, 9, 30), "2023-06~09"),
        ((2023, 6, 10), (2023, 9, 30), "2023-06-10~09-30"),
        ((2023, 1, 1), (2023, 12, 31), "2023"),
        ((2019, 1, 1), (2023, 12, 31), "2019~2023"),
        ((2022, 12, 1), (2023, 2, 28), "2022-12~2023-02"),
        ((2022, 12, 1), (2023, 2, 15), "2022-12-01~2023-02-15"),
    ],
)
def test_a_window_is_as_short_as_it_can_be(first: tuple, last: tuple, text: str) -> None:
    assert window_text(date(*first), date(*last)) == text.replace("~", TO)


NAMES = [
    (Composite(), None, "True colour 2023-01"),
    (Composite(), "swir", "Short-wave infrared 2023-01"),
    (Composite(method="best"), None, "True colour, best 2023-01"),
    (Composite(indices=("NDVI", "EVI")), "index", "NDVI 2023-01"),
    (Composite(indices=("EVI", "NDVI")), "index", "EVI 2023-01"),
    (Composite(), "count", "Clear days 2023-01"),
    (Composite(), "score", "Score cs_cdf 2023-01"),
    (GapFilled(), None, "Gap-filled true colour 2023-01"),
    (GapFilled(), "tier", "Fill tier 2023-01"),
    (Score(), None, "Score cs_cdf, mean 2023-01"),
    (Observations(), None, "Clear share 2023-01"),
    (Metrics(bands=(), indices=("NDVI",), statistics=("median",)), None, "NDVI median 2023-01"),
    (
        Change(bands=(), indices=("NDVI",), before_start=SUMMER[0], before_end=SUMMER[1]),
        None,
        "NDVI difference 2022-06~08 → 2023-01",
    ),
]


@pytest.mark.parametrize(("target", "style", "name"), NAMES)
def test_what_a_layer_shows_names_it(target: object, style: str | None, name: str) -> None:
    assert layer_name(Recipe(JANUARY, target, Output(style=style))) == name.replace("~", TO)


def test_no_two_of_them_are_alike() -> None:
    assert len({name for _, _, name in NAMES}) == len(NAMES)


def test_the_place_is_foreign_text() -> None:
    plain = Recipe(JANUARY, Composite())
    assert layer_name(plain, "Field 7") == "True colour 2023-01, Field 7"
    assert layer_name(plain, "x" * 500).endswith(", " + "x" * 23 + "…")
    assert layer_name(plain, "a\nb\u202ec").isprintable()


def test_a_series() -> None:
    recipe = Recipe(JANUARY, Periodic(indices=("NDVI",), period="days", period_days=5), Output(style="index"))
    assert series_name(recipe) == "NDVI every 5 days 2023-01"
    assert series_name(replace(recipe, target=replace(recipe.target, period="week")), "Here") == (
        "NDVI by week 2023-01, Here"
    )


def test_a_name_follows_the_recipe_and_one_of_the_user_s_own_stays() -> None:
    before = Recipe(JANUARY, Composite())
    later = replace(JANUARY, end=date(2023, 1, 15))
    after = Recipe(later, Composite(method="mean"), Output(style="swir"))
    shown = f"{layer_name(before, 'Here')} (sandbox)"
    assert renamed(shown, before, after) == "Short-wave infrared, mean 2023-01-01~15, Here (sandbox)".replace(
        "~", TO
    )
    assert renamed("My fields", before, after) == "My fields"
    assert own_name(shown, before) == ""
    assert own_name("My fields (sandbox)", before) == "My fields"
