"""Gap filling against numpy: tier by tier, a filled pixel stays, and all bands of a pixel are of one tier."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest
from csplus.csplus_plugin.core.catalog import STYLES
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.gap_filled import GapFilled
from csplus.csplus_plugin.earthengine.client import Client

from ....support.random_archive import BANDS, EVERYWHERE, SCENES, SIDE, Archive, compute, region, rounded

FIRST_DAYS = dataclasses.replace(EVERYWHERE, end=date(2023, 1, 10), threshold=0.9)
CHOICES = {"bands": BANDS, "thresholds": (0.8, 0.7), "extend_days": (15, 40), "extend_years": 1}


def scored(first: str, last: str) -> list[str]:
    return [index for index in SCENES if first <= index[:8] <= last and SCENES[index][2]]


TIERS = [
    (scored("20230101", "20230110"), 0.9),
    (scored("20230101", "20230110"), 0.8),
    (scored("20230101", "20230110"), 0.7),
    (scored("20221217", "20230125"), 0.9),
    (scored("20221122", "20230219"), 0.9),
    (scored("20220101", "20220110"), 0.9),
]
"""Scenes and threshold of each tier, by hand; the year after has none."""


def made(target: GapFilled, scenes: Scenes = FIRST_DAYS) -> Recipe:
    return Recipe(scenes, target)


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_holes_are_filled_tier_by_tier(client: Client, archive: Archive) -> None:
    target = GapFilled(**CHOICES, skipped=(6,))
    got = compute(client, made(target))
    assert list(got) == [*BANDS, "fill_tier"]
    wanted = {band: np.full((SIDE, SIDE), np.nan) for band in BANDS}
    tier_of = np.full((SIDE, SIDE), 65535, "u2")
    for number, (scenes, threshold) in enumerate(TIERS):
        hole = tier_of == 65535
        for band in BANDS:
            stack = archive.stack(band, scenes, lambda index: archive.clear(index, threshold))  # noqa: B023
            median = np.nanmedian(stack, axis=0)
            wanted[band] = np.where(hole, median, wanted[band])
        tier_of = np.where(hole & ~np.isnan(median), number, tier_of)
    np.testing.assert_array_equal(got["fill_tier"], tier_of)
    for band in BANDS:
        np.testing.assert_array_equal(got[band], rounded(wanted[band]))
    assert set(np.unique(tier_of)) == {0, 1, 2, 3, 4, 5, 65535}


def test_the_count_is_of_the_tier_that_filled(client: Client, archive: Archive) -> None:
    target = GapFilled(bands=("B4",), thresholds=(0.7,), extend_days=(), extend_years=0, count_band=True)
    got = compute(client, made(target))
    days = [sum(archive.clear(i, t).astype(int) for i in TIERS[0][0]) for t in (0.9, 0.7)]
    np.testing.assert_array_equal(got["clear_count"], np.where(days[0] > 0, days[0], days[1]))
    assert (got["clear_count"][got["fill_tier"] == 65535] == 0).all()


def test_shares_of_the_tiers(client: Client) -> None:
    target = GapFilled(**CHOICES, skipped=(6,))
    inner = dataclasses.replace(FIRST_DAYS, region=region())
    shares = target.read_summary(client.value(target.summary(inner)))
    pixels = compute(client, made(target, dataclasses.replace(inner, clip=True)))["fill_tier"]
    whole = compute(client, made(target, inner))["fill_tier"]  # what is clipped cannot be told from a hole
    assert sum(shares.values()) == pytest.approx(100)
    inside = np.zeros_like(whole, bool)
    rows, columns = np.nonzero(pixels != 65535)
    inside[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
    for number in range(6):
        assert shares.get(number, 0) == pytest.approx(100 * (whole[inside] == number).mean(), abs=3)
    assert shares.get(-1, 0) == pytest.approx(100 * (whole[inside] == 65535).mean(), abs=3)


def test_tiers_are_named_and_their_windows_right() -> None:
    tiers = GapFilled(**CHOICES).every_tier(FIRST_DAYS)
    assert [(t.scenes.start, t.scenes.end, t.scenes.threshold) for t in tiers] == [
        (date(2023, 1, 1), date(2023, 1, 10), 0.9),
        (date(2023, 1, 1), date(2023, 1, 10), 0.8),
        (date(2023, 1, 1), date(2023, 1, 10), 0.7),
        (date(2022, 12, 17), date(2023, 1, 25), 0.9),
        (date(2022, 11, 22), date(2023, 2, 19), 0.9),
        (date(2022, 1, 1), date(2022, 1, 10), 0.9),
        (date(2024, 1, 1), date(2024, 1, 10), 0.9),
    ]
    leap = dataclasses.replace(EVERYWHERE, start=date(2024, 2, 29), end=date(2024, 2, 29))
    years = [t.scenes.end for t in GapFilled(thresholds=(), extend_days=(), extend_years=2).every_tier(leap)]
    assert years == [date(y, 2, 29 if y == 2024 else 28) for y in (2024, 2023, 2025, 2022, 2026)]
    # Before the product begins there is nothing to fill from.
    old = dataclasses.replace(EVERYWHERE, start=date(2017, 4, 1), end=date(2017, 4, 30))
    assert len(GapFilled(thresholds=(), extend_days=(), extend_years=1).every_tier(old)) == 2


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"thresholds": (0.95,)}, "do not fall from 0.9"),
        ({"thresholds": (0.7, 0.7)}, "do not fall from 0.9"),
        ({"thresholds": (-0.1,)}, "threshold of -0.1"),
        ({"extend_days": (30, 15)}, "do not rise"),
        ({"extend_days": (0,)}, "number of days to extend"),
        ({"extend_years": 9}, "number of years to extend"),
        ({"extend_days": (1, 2, 3, 4, 5, 6, 7), "extend_years": 3}, "16 choices to fill from; 12 can"),
        ({"skipped": tuple(range(9))}, "Every choice to fill from is left out"),
    ],
)
def test_what_makes_no_sense(choices: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        made(GapFilled(**choices))


def test_styles_of_others_are_refused_and_its_own_has_a_class_for_each_tier() -> None:
    for style in (*STYLES, "tier"):
        if style != "index":
            Recipe(FIRST_DAYS, GapFilled(), Output(style=style))
    with pytest.raises(InvalidChoice, match="The style severity cannot draw"):
        Recipe(FIRST_DAYS, GapFilled(), Output(style="severity"))
    drawn, bands = GapFilled(**CHOICES).shown(FIRST_DAYS, "tier")
    assert bands == ("fill_tier",)
    assert len(drawn.classes) == len(drawn.palette) == drawn.maximum + 1 == 7


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"fill_tier": 7}, {"fill_tier": {"x": 1}}, {"fill_tier": {}}]
)
def test_a_damaged_answer_is_one_sentence(answer: object) -> None:
    with pytest.raises(Unreachable):
        GapFilled().read_summary(answer)
