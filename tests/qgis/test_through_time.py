"""Gap-filled composites, clear scenes and change in the toolbox, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.clear_scene import ClearScene
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
)
from qgis.PyQt.QtGui import QImage

from .conftest import PLACE, Recorder

GAPS = "csplus:gapfilledcomposite"
SCENE = "csplus:clearscene"
CHANGE = "csplus:change"
MARCH = {"EXTENT": PLACE, "START": "2023-03-01", "END": "2023-03-31"}
WINTER = {"BEFORE_START": "2023-01-01", "BEFORE_END": "2023-01-31"}
SUMMER = {"EXTENT": PLACE, "START": "2023-06-01", "END": "2023-06-30", **WINTER}


def run(identity: str, context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(identity, {"LIVE": False, **values}, context=context, feedback=feedback)


def bands(path: str) -> dict[str, np.ndarray]:
    dataset = gdal.Open(path)
    names = [dataset.GetRasterBand(n + 1).GetDescription() for n in range(dataset.RasterCount)]
    return dict(zip(names, dataset.ReadAsArray(), strict=True))


def sent(feedback: Recorder) -> int:
    (line,) = [line for line in feedback.said if line.endswith("to the service.")]
    return int(line.split()[0])


def colours(url: str) -> int:
    tile = urllib.request.urlopen(url.format(z=14, x=2734, y=6353), timeout=60).read()
    drawn = QImage.fromData(tile)
    return len({drawn.pixel(x, y) for x in range(4, 256, 8) for y in range(4, 256, 8)})


def test_the_composite_stays_where_it_has_a_value(
    context: QgsProcessingContext, feedback: Recorder, target: str, tmp_path: Path
) -> None:
    results = run(GAPS, context, feedback, **MARCH, OUTPUT=target)
    filled = bands(target)
    plain = str(tmp_path / "plain.tif")
    run("csplus:clearcomposite", context, Recorder(), **MARCH, OUTPUT=plain)
    for name, values in bands(plain).items():
        known = values != 65535
        np.testing.assert_array_equal(filled[name][known], values[known])
        assert (filled["fill_tier"][known] == 0).all()
        assert (filled["fill_tier"][~known] != 0).all()
    tiers = json.loads(results["TIERS"])
    assert [tier["tier"] for tier in tiers] == [0, 1, 2, 3, 4]  # neither 2022 nor 2024 is in the archive
    inside = filled["fill_tier"] != 65535
    for tier in tiers:
        of_file = 100 * (filled["fill_tier"][inside] == tier["tier"]).mean()
        assert tier["percent"] == pytest.approx(of_file, abs=3)
    assert results["FILLED_PERCENT"] == pytest.approx(sum(tier["percent"] for tier in tiers[1:]), abs=0.1)
    assert any(
        "Not filled from tier 5, the window from 2022-03-01 to 2022-03-31" in w for w in feedback.warned
    )
    # One request for every window, one for the shares, one for the pixels.
    assert sent(feedback) == 3
    assert Recipe.from_json(results["RECIPE"]).target.skipped == (5, 6)


def test_a_window_without_scenes_is_filled_from_others(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    empty = {"EXTENT": PLACE, "START": "2022-12-28", "END": "2022-12-31"}
    results = run(
        GAPS, context, feedback, **empty, OUTPUT=target, EXTEND_DAYS="15", EXTEND_YEARS=0, THRESHOLDS=""
    )
    assert set(np.unique(bands(target)["fill_tier"])) <= {1, 65535}
    assert results["CLEAR_PERCENT"] > 20
    with pytest.raises(QgsProcessingException, match="No window holds enough scenes"):
        run(GAPS, context, feedback, **empty, EXTEND_DAYS="", EXTEND_YEARS=0)


def test_tiers_are_drawn_as_classes(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    given = {**MARCH, "OUTPUT": target, "STYLE": "tier"}
    results = toolbox.runAndLoadResults(GAPS, given, context=context, feedback=feedback)
    assert colours(results["TILE_URL"]) >= 4
    (layer,) = [one for one in QgsProject.instance().mapLayers().values() if one.providerType() == "gdal"]
    assert isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    assert [one.label for one in layer.renderer().classes()][:2] == ["0: as asked", "1: score >= 0.5"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"THRESHOLDS": "0.7"}, "do not fall from 0.6"),
        ({"THRESHOLDS": "half"}, "'half' in THRESHOLDS is not a number"),
        ({"EXTEND_DAYS": "1.5"}, "'1.5' in EXTEND_DAYS is not a whole number"),
    ],
)
def test_a_wrong_list_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(GAPS, context, feedback, **MARCH, **values)


def test_one_day(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    results = run(SCENE, context, feedback, EXTENT=PLACE, DATE="2023-01-26", OUTPUT=target)
    assert results["DATE_FOUND"] == results["FIRST_DATE"] == "2023-01-26"
    ids = results["SCENE_IDS"].split(",")
    assert [index[-5:] for index in ids] == ["10SGG", "11SKB"]
    assert results["CLEAR_SHARE_PERCENT"] == pytest.approx(results["CLEAR_PERCENT"], abs=2)
    recipe = Recipe.from_json(results["RECIPE"])
    assert isinstance(recipe.target, ClearScene)
    assert recipe.scenes.ids == tuple(ids)
    whole = bands(target)
    one = run(SCENE, context, feedback, EXTENT=PLACE, SCENE_ID=ids[1], OUTPUT=target)
    assert one["SCENE_IDS"] == ids[1]
    np.testing.assert_array_equal(np.where(bands(target)["B4"] != 65535, whole["B4"] != 65535, True), True)


def test_the_clearest_day_of_a_window(context: QgsProcessingContext, feedback: Recorder) -> None:
    results = run(SCENE, context, feedback, EXTENT=PLACE, START="2023-01-01", END="2023-01-31", LIVE=True)
    days = [line for line in feedback.said if line.startswith("The clearest of")]
    assert days == [f"The clearest of 6 days is {results['DATE_FOUND']}."]
    for day in ("2023-01-16", "2023-01-26"):
        other = run(SCENE, context, Recorder(), EXTENT=PLACE, DATE=day)
        assert other["CLEAR_SHARE_PERCENT"] <= results["CLEAR_SHARE_PERCENT"]
    assert colours(results["TILE_URL"]) > 4


def test_where_there_is_nothing_the_nearest_days_are_named(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    nearest = r"The nearest days: .*2023-01-21 \(\d+ percent clear\), 2023-01-26 \(\d+ percent clear\)"
    with pytest.raises(
        QgsProcessingException, match=f"nothing to use of 2023-01-24 over the area. {nearest}"
    ):
        run(SCENE, context, feedback, EXTENT=PLACE, DATE="2023-01-24")
    # The eleventh has a scene, but no score.
    with pytest.raises(QgsProcessingException, match="nothing to use of 2023-01-11 over the area"):
        run(SCENE, context, feedback, EXTENT=PLACE, DATE="2023-01-11")
    kept = run(SCENE, context, feedback, EXTENT=PLACE, DATE="2023-01-11", UNSCORED_POLICY="keep")
    assert kept["DATE_FOUND"] == "2023-01-11"
    with pytest.raises(
        QgsProcessingException, match="Nothing of the area is clear in 2023-01-26. Lower the threshold"
    ):
        run(SCENE, context, feedback, EXTENT=PLACE, DATE="2023-01-26", THRESHOLD=1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "neither a day nor the id of a scene"),
        ({"START": "2023-01-01"}, "neither a day nor the id of a scene"),
        ({"SCENE_ID": "S2A_MSIL2A"}, "is not the id of a scene"),
        ({"SCENE_ID": "20231332T184739_x"}, "is not the id of a scene"),
        ({"DATE": "26.01.2023"}, "DATE is not a day"),
    ],
)
def test_no_day_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(SCENE, context, feedback, EXTENT=PLACE, **values)


def test_change_is_that_of_two_composites(
    context: QgsProcessingContext, feedback: Recorder, target: str, tmp_path: Path
) -> None:
    results = run(CHANGE, context, feedback, **SUMMER, BANDS="B4", INDICES="NBR", OUTPUT=target)
    got = bands(target)
    single = {}
    for name, start, end in (("before", "2023-01-01", "2023-01-31"), ("after", "2023-06-01", "2023-06-30")):
        path = str(tmp_path / f"{name}.tif")
        given = {"EXTENT": PLACE, "START": start, "END": end, "BANDS": "B4", "INDICES": "NBR", "OUTPUT": path}
        run("csplus:clearcomposite", context, Recorder(), **given)
        single[name] = bands(path)
        for one in ("B4", "NBR"):
            difference = np.abs(got[f"{one}_{name}"] - single[name][one])
            assert difference.max() <= (0.5 if one == "B4" else 1e-3)
    both = (single["before"]["NBR"] != -9999) & (single["after"]["NBR"] != -9999)
    np.testing.assert_array_equal(got["dNBR"] != -9999, both)
    np.testing.assert_allclose(got["dNBR"][both], -got["NBR_difference"][both])
    assert set(np.unique(got["dNBR_class"])) <= {-9999, 1, 2, 3, 4, 5, 6, 7}
    assert results["COMPARED_PERCENT"] == pytest.approx(100 * both[got["B4_after"] != -9999].mean(), abs=3)
    assert any("have no clear look before" in line for line in feedback.said)
    assert (results["BEFORE_SCENE_COUNT"], results["SCENE_COUNT"]) == (10, 10)
    assert sent(feedback) <= 2 + 4


def test_change_in_its_own_styles(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    given = {**SUMMER, "OUTPUT": target}
    results = toolbox.runAndLoadResults(CHANGE, given, context=context, feedback=feedback)
    assert colours(results["TILE_URL"]) >= 2
    (layer,) = [one for one in QgsProject.instance().mapLayers().values() if one.providerType() == "gdal"]
    assert [one.label for one in layer.renderer().classes()][2:4] == ["Unburned", "Low severity"]
    QgsProject.instance().clear()
    given = {**SUMMER, "OUTPUT": target, "INDICES": "NDVI"}
    results = toolbox.runAndLoadResults(CHANGE, given, context=context, feedback=feedback)
    (layer,) = [one for one in QgsProject.instance().mapLayers().values() if one.providerType() == "gdal"]
    assert layer.renderer().usesBands() == [3]
    assert (layer.renderer().classificationMin(), layer.renderer().classificationMax()) == (-0.5, 0.5)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"BEFORE_START": "2025-06-01", "BEFORE_END": "2025-06-30"}, "Swap the two windows"),
        ({"BEFORE_START": "2020-06-01", "BEFORE_END": "2020-06-30"}, "No scenes of L2A .* from 2020-06-01"),
        ({"INDICES": "", "BANDS": ""}, "No band was chosen"),
        ({"STYLE": "severity", "INDICES": "NDVI"}, "Burn severity is drawn of the difference of NBR"),
    ],
)
def test_windows_that_cannot_be_compared(
    context: QgsProcessingContext, feedback: Recorder, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(CHANGE, context, feedback, **{**SUMMER, **values})
