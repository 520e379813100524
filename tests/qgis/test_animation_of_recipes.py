"""Animation of a periodic recipe: the frames of live tiles, foreign recipes, and no service without one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.earthengine.client import Client
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProject,
)
from qgis.PyQt.QtCore import QCoreApplication

from .conftest import JANUARY, PLACE, Recorder
from .test_animation import RED, coloured, frames, run

SEAMS = 0.005
"""Share of the pixels of a frame."""
SPRING = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-03-31", "PERIOD": "month"}


@pytest.fixture
def recipe(context: QgsProcessingContext) -> str:
    made = toolbox.run("csplus:periodiccomposites", {**SPRING, "LIVE": False}, context=context)
    return made["RECIPE"]


def test_the_frames_are_those_of_the_live_layers_and_the_colours_those_of_the_files(
    recipe: str, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    months = {**SPRING, "OUTPUT_FOLDER": str(tmp_path / "months")}
    made = toolbox.run("csplus:periodiccomposites", months, context=context, feedback=feedback)
    files = [read(path) for path in sorted((tmp_path / "months").glob("*.tif"))]
    rows, columns = files[0][1].shape[1:]
    values = {"EXTENT": f"{files[0][0]} [EPSG:32611]", "CRS": "EPSG:32611", "WIDTH": 4 * columns}
    target, other = tmp_path / "film.png", tmp_path / "live.png"
    bare = QgsProcessingContext()
    bare.setProject(QgsProject.instance())
    results = run(bare, feedback, RECIPE=recipe, OUTPUT=str(target), **values)
    assert results["FRAME_COUNT"] == 3
    assert (results["FIRST_DATE"], results["LAST_DATE"]) == ("2023-01-01", "2023-03-31")
    assert not QgsProject.instance().mapLayers()
    assert not bare.layersToLoadOnCompletion()
    assert not bare.temporaryLayerStore().mapLayers()
    run(context, feedback, LAYERS=made["LIVE_LAYERS"], OUTPUT=str(other), **values)
    found = frames(target)
    for frame, same in zip(found, frames(other), strict=True):
        # Equal on QGIS 3.40; 3.44 draws a few pixels at the seams of tiles otherwise from one time to the next.
        assert (frame != same).any(axis=-1).mean() < SEAMS
    # By GDAL alone, where land is alike all around and resampling of the tiles does not show.
    compared = 0
    for frame, (_, bands) in zip(found, files, strict=True):
        for row in range(2, rows - 2, 3):
            for column in range(2, columns - 2, 3):
                around = bands[:, row - 2 : row + 3, column - 2 : column + 3]
                if np.isnan(around).any() or np.ptp(around, axis=(1, 2)).max() > 150:
                    continue
                expected = np.clip(bands[:, row, column] / 2500 * 255, 0, 255)
                assert np.abs(frame[4 * row + 2, 4 * column + 2] - expected).max() <= 16
                compared += 1
    assert compared > 100


def read(path: Path) -> tuple[str, np.ndarray]:
    """Read extent, and red, green and blue with nan for nothing, by GDAL alone."""
    dataset = gdal.Open(str(path))
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    right, bottom = left + size * dataset.RasterXSize, top - size * dataset.RasterYSize
    bands = np.stack([dataset.GetRasterBand(number).ReadAsArray() for number in (3, 2, 1)]).astype(float)
    bands[bands == 65535] = np.nan
    return f"{left},{right},{bottom},{top}", bands


def test_one_question_and_one_address_a_period(
    recipe: str,
    context: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    for name in ("value", "map"):
        original = getattr(Client, name)
        monkeypatch.setattr(
            Client, name, lambda *a, _name=name, _do=original, **k: (asked.append(_name), _do(*a, **k))[1]
        )
    file = tmp_path / "months.json"
    file.write_text("\ufeff" + json.dumps(json.loads(recipe), indent=2), encoding="utf-8")
    run(context, feedback, RECIPE=str(file), WIDTH=200, OUTPUT=str(tmp_path / "film.png"))
    assert sorted(asked) == ["map", "map", "map", "value"]
    assert "3 of 3 periods have a composite." in feedback.said


def test_a_basemap_lies_below_and_the_runs_thread_is_another(
    recipe: str, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """March is full of holes; the basemap is seen through them."""
    below = coloured(tmp_path / "below.tif", RED)
    dataset = gdal.Open(below, gdal.GA_Update)
    dataset.SetGeoTransform((230_000, 5_000, 0, 4_200_000, 0, -10_000))
    dataset.FlushCache()
    target = tmp_path / "film.png"
    values = {"RECIPE": recipe, "BASEMAP": [below], "WIDTH": 300, "LABEL": "no", "OUTPUT": str(target)}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("csplus:animation")
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    ended: list[bool] = []
    task.executed.connect(lambda successful, results: ended.append(successful))
    QgsApplication.taskManager().addTask(task)
    begin = time.monotonic()
    while not ended and time.monotonic() < begin + 60:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    assert ended == [True]
    shares = [(frame == RED).all(axis=2).mean() for frame in frames(target)]
    assert shares[2] > 0.3
    assert shares[1] < 0.02


def damaged(recipe: str, change: str) -> str:
    content = json.loads(recipe)
    if change == "days":
        content["target"] |= {"period": "days", "period_days": 1}
        content["scenes"]["start"] = "2019-01-01"
    elif change == "period":
        content["target"]["period"] = "fortnight\u202e"
    elif change == "schema":
        content["schema"] = 99
    elif change == "unknown":
        content["target"]["colour"] = 1
    elif change == "deep":
        return "{" + '"a":[' * 100_000
    else:
        del content["scenes"]["region"]
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("days", "more than 500 periods"),
        ("period", "is not a period"),
        ("schema", "schema 99; this plugin reads schema 1"),
        ("unknown", "unknown choices: 'colour'"),
        ("deep", "not a recipe of Cloud Score"),
        ("region", "not a recipe of Cloud Score"),
    ],
)
def test_a_damaged_recipe_is_one_sentence(
    recipe: str, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, change: str, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said) as caught:
        run(context, feedback, RECIPE=damaged(recipe, change), OUTPUT=str(tmp_path / "film.png"))
    assert all(line.isprintable() for line in str(caught.value).splitlines())
    assert not list(tmp_path.iterdir())


def test_what_is_no_periodic_recipe_is_one_sentence(
    recipe: str, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    single = toolbox.run("csplus:clearcomposite", {**JANUARY, "LIVE": False}, context=context)["RECIPE"]
    large, binary = tmp_path / "large.json", tmp_path / "binary.json"
    with large.open("wb") as stream:
        stream.truncate(20_000_001)
    binary.write_bytes(b"\xff\xfe\x00")
    layer = coloured(tmp_path / "a.tif", RED)
    target = tmp_path / "film.png"
    for change, said in (
        (
            {"RECIPE": single},
            "RECIPE is of csplus:clearcomposite, which makes no series. Give RECIPE of Periodic",
        ),
        ({"RECIPE": "months"}, "'months', which is neither JSON nor a file"),
        ({"RECIPE": str(tmp_path)}, "neither JSON nor a file"),
        ({"RECIPE": "/dev/zero"}, "neither JSON nor a file"),
        ({"RECIPE": "a\0b"}, "RECIPE is"),
        ({"RECIPE": "[1]"}, "neither JSON nor a file"),
        ({"RECIPE": str(large)}, "large.json is too large for a recipe"),
        ({"RECIPE": str(binary)}, "cannot be read as text"),
        ({"RECIPE": recipe, "LAYERS": [layer]}, "Both LAYERS and RECIPE are given. Choose one of the two"),
        ({"RECIPE": recipe, "EXTENT": "0,1,0,1 [EPSG:4326]"}, "None of the layers has pixels in the EXTENT"),
    ):
        with pytest.raises(QgsProcessingException) as caught:
            run(context, feedback, OUTPUT=str(target), **change)
        assert said in str(caught.value)
        assert not target.exists()


def test_without_a_recipe_no_service_is_needed(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection makes no sense, and nothing is asked of it."""
    monkeypatch.setenv("CSPLUS_ENDPOINT", "no such endpoint")
    values = {**JANUARY, "END": "2023-01-31", "LIVE": False, "OUTPUT": str(tmp_path / "january.tif")}
    with monkeypatch.context() as sandbox:
        sandbox.setenv("CSPLUS_ENDPOINT", "sandbox")
        toolbox.run("csplus:clearcomposite", values, context=context, feedback=feedback)
    results = run(context, feedback, LAYERS=[values["OUTPUT"]], WIDTH=200, OUTPUT=str(tmp_path / "film.png"))
    assert results["FRAME_COUNT"] == 1
