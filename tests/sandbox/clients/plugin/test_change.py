"""Change between two windows against numpy: differences, ratios, classes, and what was never seen."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.change import Change
from csplus.csplus_plugin.earthengine.client import Client

from ....support.random_archive import EVERYWHERE, SCORED, Archive, compute, region

LATER = dataclasses.replace(EVERYWHERE, start=date(2023, 1, 16))
WINDOWS = {"before_start": date(2023, 1, 1), "before_end": date(2023, 1, 10)}
BEFORE = SCORED[:2]
AFTER = SCORED[2:]


def change(**choices: object) -> Recipe:
    return Recipe(LATER, Change(**{**WINDOWS, **choices}))


def median(archive: Archive, band: str, scenes: list[str]) -> np.ndarray:
    return np.nanmedian(archive.stack(band, scenes, archive.clear), axis=0)


def ndvi(archive: Archive, scenes: list[str]) -> np.ndarray:
    red, nir = median(archive, "B4", scenes), median(archive, "B8", scenes)
    return (nir - red) / (nir + red)


def filled(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, -9999)


@pytest.mark.filterwarnings("ignore:All-NaN", "ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("measure", ["difference", "ratio", "relative"])
def test_bands_and_indices(client: Client, archive: Archive, measure: str) -> None:
    got = compute(client, change(bands=("B4",), indices=("NDVI",), measure=measure))
    assert list(got) == [f"{one}_{part}" for one in ("B4", "NDVI") for part in ("before", "after", measure)]
    for name, before, after in (
        ("B4", median(archive, "B4", BEFORE), median(archive, "B4", AFTER)),
        ("NDVI", ndvi(archive, BEFORE), ndvi(archive, AFTER)),
    ):
        wanted = {"difference": after - before, "ratio": after / before}
        wanted["relative"] = wanted["difference"] / np.abs(before)
        np.testing.assert_allclose(got[f"{name}_before"], filled(before), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(got[f"{name}_after"], filled(after), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(got[f"{name}_{measure}"], filled(wanted[measure]), rtol=1e-3, atol=1e-5)
    missing = got["NDVI_difference" if measure == "difference" else f"NDVI_{measure}"] == -9999
    assert 0.05 < missing.mean() < 0.6


def test_burn_severity(client: Client) -> None:
    # The archive has no B12 for NBR: composites of known NBR stand in for its own.
    bands = [band.name for band in change().target.file_bands(LATER)]
    assert bands == ["NBR_before", "NBR_after", "NBR_difference", "dNBR", "dNBR_class"]
    dnbr = np.array([-0.6, -0.25, -0.2, -0.1, 0.0, 0.1, 0.2, 0.27, 0.3, 0.44, 0.5, 0.66, 0.9])
    # Key and Benson 2006: a class begins at its lower end.
    wanted = [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert classes(client, dnbr) == wanted


def classes(client: Client, dnbr: np.ndarray) -> list[int]:
    """Classify as `Change.image` does, with NBR put in the place of the composites."""
    from csplus.csplus_plugin.core.library import ee

    found = []
    for value in dnbr:
        target = Change(**WINDOWS)
        images = iter(
            [ee.Image.constant(float(value)).rename(["NBR"]), ee.Image.constant(0.0).rename(["NBR"])]
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("csplus.csplus_plugin.core.targets.change.Composite.image", lambda *_: next(images))  # noqa: B023
            image = target.image(LATER, ["dNBR_class"]).select(["dNBR_class"])
        point = ee.Geometry.Point([-119.934, 37.422])
        found.append(round(client.value(image.reduceRegion(ee.Reducer.first(), point, 10).get("dNBR_class"))))
    return found


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_how_much_was_seen(client: Client, archive: Archive) -> None:
    target = Change(**WINDOWS, indices=("NDVI",))
    inner = dataclasses.replace(LATER, region=region())
    seen = target.read_summary(client.value(target.summary(inner)))
    clipped = compute(client, Recipe(dataclasses.replace(inner, threshold=0, clip=True), target))[
        "NDVI_after"
    ]
    inside = clipped != -9999
    looks = [~np.isnan(median(archive, "B4", scenes)) for scenes in (BEFORE, AFTER)]
    assert seen["before"] == pytest.approx(looks[0][inside].mean(), abs=0.03)
    assert seen["after"] == pytest.approx(looks[1][inside].mean(), abs=0.03)
    assert seen["both"] == pytest.approx((looks[0] & looks[1])[inside].mean(), abs=0.03)
    assert seen["both"] < min(seen["before"], seen["after"])


def test_what_is_drawn() -> None:
    style, bands = change().target.shown(LATER, None)
    assert (bands, len(style.classes)) == (("dNBR_class",), 7)
    style, bands = change().target.shown(LATER, "change")
    assert (bands, style.minimum, style.maximum) == (("NBR_difference",), -0.5, 0.5)
    style, bands = change(bands=("B4",), indices=()).target.shown(LATER, None)
    assert (bands, style.minimum, style.maximum) == (("B4_difference",), -1500, 1500)
    style, bands = change(measure="ratio").target.shown(LATER, None)
    assert (bands, style.minimum, style.maximum) == (("NBR_ratio",), 0, 2)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"before_start": None}, "has no first or no last day"),
        ({"before_end": date(2022, 1, 1)}, "is before its start"),
        ({"before_start": date(2023, 1, 20), "before_end": date(2023, 1, 25)}, "Swap the two windows"),
        ({"indices": ()}, "No band was chosen"),
        ({"measure": "product"}, "is not a measure"),
        ({"count_band": True}, "are not compared"),
        ({"before_start": date(2016, 1, 1), "before_end": date(2016, 2, 1)}, "L2A begins on"),
    ],
)
def test_what_makes_no_sense(choices: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        change(**choices)
    with pytest.raises(InvalidChoice, match="Burn severity is drawn of the difference of NBR"):
        Recipe(LATER, Change(**WINDOWS, indices=("NDVI",)), Output(style="severity"))


@pytest.mark.parametrize("answer", [None, {}, {"before": 1, "after": 1, "both": 2}, {"before": "x"}])
def test_a_damaged_answer_is_one_sentence(answer: object) -> None:
    with pytest.raises(Unreachable):
        Change(**WINDOWS).read_summary(answer)
