"""The algorithm in the toolbox, in a model, in batch and in threads, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import catalog
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.download.journal import Journal
from csplus.csplus_plugin.earthengine.session import close_sessions
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QSize, QThread
from qgis.PyQt.QtGui import QImage

from .conftest import JANUARY, Recorder

ID = "csplus:clearcomposite"


def run(context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(ID, {**JANUARY, **values}, context=context, feedback=feedback)


def algorithm() -> QgsProcessingAlgorithm:
    return QgsApplication.processingRegistry().createAlgorithmById(ID)


def values(path: str) -> np.ndarray:
    dataset = gdal.Open(path)
    return dataset.ReadAsArray()


def cancelled_after_one_tile(
    context: QgsProcessingContext, monkeypatch: pytest.MonkeyPatch, **values: object
) -> Recorder:
    """Run a download that is cancelled as its first tile arrives; what was said."""
    feedback, real = Recorder(), Journal.add

    def add(journal: Journal, *tile: object) -> None:
        real(journal, *tile)
        feedback.cancel()

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add)
        with pytest.raises(QgsProcessingException, match="Cancelled"):
            run(context, feedback, **values)
    return feedback


def test_the_live_layer_draws_and_carries_its_recipe(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results = run(context, feedback)
    layer = results["LIVE_LAYER"]
    assert isinstance(layer, QgsRasterLayer)
    assert layer.isValid()
    assert layer.providerType() == "wms"
    assert layer.name() == "True colour 2023-01 (sandbox)"
    assert "zmin=8" in layer.source()
    assert "zmax=14" in layer.source()
    assert layer.customProperty("csplus/recipe") == results["RECIPE"]
    assert Recipe.from_json(results["RECIPE"]).scenes.threshold == 0.6
    metadata = layer.metadata()
    assert "Copernicus" in metadata.rights()[0]
    assert "CC-BY-4.0" in metadata.licenses()[-1]
    assert "not by Google" in metadata.abstract()
    days = layer.temporalProperties().fixedTemporalRange()
    assert days.begin().toString("yyyy-MM-dd hh:mm:ss") == "2023-01-01 00:00:00"
    assert days.end().toString("yyyy-MM-dd hh:mm:ss") == "2023-01-31 23:59:59"
    tile = urllib.request.urlopen(results["TILE_URL"].format(z=14, x=2734, y=6353), timeout=60).read()
    picture = QImage.fromData(tile)
    assert (picture.width(), picture.height()) == (256, 256)
    assert len({picture.pixel(x, y) for x in range(0, 256, 8) for y in range(0, 256, 8)}) > 20


def colours(picture: QImage) -> set[int]:
    places = range(4, picture.width(), 8)
    return {picture.pixel(x, y) for x in places for y in places}


@pytest.mark.parametrize("style", catalog.STYLES)
def test_every_style_is_drawn_live_and_from_the_file(
    context: QgsProcessingContext, feedback: Recorder, target: str, style: str
) -> None:
    choices = {
        "STYLE": style,
        "INDICES": ["NDVI"] if style == "index" else [],
        "COUNT_BAND": style == "count",
    }
    parameters = {**JANUARY, **choices, "BANDS": ["B8"], "OUTPUT": target}
    results = toolbox.runAndLoadResults(ID, parameters, context=context, feedback=feedback)
    tile = urllib.request.urlopen(results["TILE_URL"].format(z=14, x=2734, y=6353), timeout=60).read()
    assert len(colours(QImage.fromData(tile))) > (3 if style == "count" else 20)
    layers = QgsProject.instance().mapLayers().values()
    (layer,) = [layer for layer in layers if layer.providerType() == "gdal"]
    # The file holds B8 alone, so most styles fall back to grey.
    assert layer.renderer().type() == "singlebandpseudocolor"
    assert len(colours(layer.previewAsImage(QSize(64, 64)))) > 3


def test_the_file_is_on_the_home_grid_with_names_and_tags(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    run(context, feedback, OUTPUT=target, LIVE=False, BANDS=["B4", "B8"], COUNT_BAND=True)
    dataset = gdal.Open(target)
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    assert (left % 10, top % 10, size) == (0, 0, 10)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32611"
    names = [dataset.GetRasterBand(n + 1).GetDescription() for n in range(dataset.RasterCount)]
    assert names == ["B4", "B8", "clear_count"]
    assert dataset.GetRasterBand(1).GetNoDataValue() == 65535
    assert dataset.GetRasterBand(1).GetScale() == 0.0001
    recipe = Recipe.from_json(dataset.GetMetadataItem("CSPLUS_RECIPE"))
    assert recipe.target.bands == ("B4", "B8")
    assert int(dataset.GetMetadataItem("CSPLUS_SCENE_COUNT")) > 0
    assert "not by Google" in dataset.GetMetadataItem("CSPLUS_SANDBOX")
    assert "CC-BY-4.0" in dataset.GetMetadataItem("LICENSE")
    # The corners of a box in degrees lie outside a grid of UTM, and are masked.
    pixels = dataset.ReadAsArray()
    assert (pixels[0] != 65535).mean() > 0.7


def test_a_result_can_be_made_again_from_its_recipe(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    first, second = str(tmp_path / "first.tif"), str(tmp_path / "second.tif")
    run(context, feedback, OUTPUT=first, LIVE=False, METHOD="best", THRESHOLD=0.5)
    again = Recipe.from_json(gdal.Open(first).GetMetadataItem("CSPLUS_RECIPE"))
    west, south, east, north = again.scenes.region.bounds
    toolbox.run(
        ID,
        {
            "EXTENT": f"{west},{east},{south},{north} [EPSG:4326]",
            "START": again.scenes.start.isoformat(),
            "END": again.scenes.end.isoformat(),
            "THRESHOLD": again.scenes.threshold,
            "METHOD": again.target.method,
            "OUTPUT": second,
            "LIVE": False,
        },
        context=context,
        feedback=feedback,
    )
    np.testing.assert_array_equal(values(first), values(second))


def test_an_index_makes_decimals(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    run(context, feedback, OUTPUT=target, LIVE=False, BANDS=[], INDICES=["NDVI"], FORMAT="COG")
    dataset = gdal.Open(target)
    assert dataset.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    pixels = dataset.ReadAsArray()
    assert pixels.dtype == np.float32
    ndvi = pixels[pixels != -9999]
    assert ndvi.size > 0.5 * pixels.size
    assert -1 <= ndvi.min() < ndvi.max() <= 1


def test_a_file_may_have_another_crs(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    run(context, feedback, OUTPUT=target, LIVE=False, CRS="EPSG:4326", RESOLUTION=0.0002)
    dataset = gdal.Open(target)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "4326"
    assert dataset.RasterXSize == pytest.approx(100, abs=1)
    assert (dataset.ReadAsArray()[0] != 65535).mean() > 0.7


def test_the_log(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    results = run(context, feedback, OUTPUT=target)
    said = "\n".join(feedback.said)
    assert f"{results['SCENE_COUNT']} scenes of L2A over the area" in said
    assert f"{results['DATE_COUNT']} distinct days" in said
    assert "1 tile." in said
    assert "1 request to come." in said
    assert "3 requests to the service." in said
    assert any("not Google Earth Engine" in line for line in feedback.warned)
    assert any("Without a Cloud Score+ score" in line for line in feedback.warned) == bool(
        results["UNSCORED_COUNT"]
    )


def test_counting_alone(context: QgsProcessingContext, feedback: Recorder) -> None:
    results = run(context, feedback, LIVE=False)
    assert results["SCENE_COUNT"] > 0
    assert "1 request to the service." in "\n".join(feedback.said)
    assert any("No layer and no file was made" in line for line in feedback.warned)


def test_the_share_that_has_a_value_is_counted(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    square = {"EXTENT": "242000,243000,4145000,4146000 [EPSG:32611]", "OUTPUT": target, "CLIP": False}
    results = run(context, feedback, **square, BANDS=["B4"])
    pixels = values(target)
    assert results["CLEAR_PERCENT"] == pytest.approx(100 * (pixels != 65535).mean())
    assert 0 < results["CLEAR_PERCENT"] < 100
    assert "CLEAR_PERCENT" not in run(context, feedback)


def test_the_share_is_of_the_area_and_survives_a_resume(
    context: QgsProcessingContext, feedback: Recorder, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an area that is clipped, in which every pixel has a value."""
    choices = {"OUTPUT": target, "LIVE": False, "THRESHOLD": 0, "UNSCORED_POLICY": "keep", "RESOLUTION": 1}
    cancelled_after_one_tile(context, monkeypatch, **choices)
    assert run(context, feedback, **choices)["CLEAR_PERCENT"] == pytest.approx(100, abs=0.2)


def test_a_file_without_a_value_is_said(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    results = run(context, feedback, OUTPUT=target, LIVE=False, THRESHOLD=1)
    assert results["CLEAR_PERCENT"] == 0
    assert (values(target) == 65535).all()
    assert any("No pixel of the file has a value" in line for line in feedback.warned)


def test_more_clear_days_than_there_are_cost_no_download(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    with pytest.raises(
        QgsProcessingException, match=r"No pixel can have 30 clear days: the scenes are of \d+\."
    ):
        run(context, feedback, OUTPUT=target, MIN_OBSERVATIONS=30)
    assert not list(Path(target).parent.iterdir())


def test_scripts(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    run(context, feedback, LIVE=False, SCRIPT=str(tmp_path / "clear.js"))
    assert "linkCollection" in (tmp_path / "clear.js").read_text()


def test_a_failure_leaves_no_file(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    far = {"EXTENT": "10,10.1,50,50.1 [EPSG:4326]", "OUTPUT": target}
    with pytest.raises(QgsProcessingException, match="No scenes of L2A"):
        run(context, feedback, **far)
    assert not list(Path(target).parent.iterdir())


def test_a_cancelled_run_ends_soon_and_leaves_no_file(context: QgsProcessingContext, target: str) -> None:
    feedback = Recorder()
    threading.Timer(0.3, feedback.cancel).start()
    begin = time.monotonic()
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        run(
            context,
            feedback,
            OUTPUT=target,
            END="2023-12-31",
            EXTENT="-119.93,-119.89,37.40,37.43 [EPSG:4326]",
            METHOD="medoid",
            DILATE=100,
            RESOLUTION=2,
        )
    assert time.monotonic() - begin < 20  # to its end it would take minutes
    close_sessions()  # or the sandbox would go on computing what nobody waits for
    assert not list(Path(target).parent.iterdir())


def test_a_cancelled_download_goes_on_where_it_stopped(
    context: QgsProcessingContext, feedback: Recorder, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_LARGE_DOWNLOAD", "0.001")
    fine = {"OUTPUT": target, "LIVE": False, "RESOLUTION": 1}
    hasty = cancelled_after_one_tile(context, monkeypatch, **fine)
    assert any("csplus:exportcomposite" in line for line in hasty.warned)
    assert sorted(path.name for path in Path(target).parent.iterdir()) == [
        "clear.tif.journal",
        "clear.tif.part",
    ]
    with pytest.raises(QgsProcessingException, match="unfinished download with different settings"):
        run(context, feedback, **fine, THRESHOLD=0.4)
    run(context, feedback, **fine)
    assert any("were already downloaded" in line for line in feedback.said)
    assert [path.name for path in Path(target).parent.iterdir()] == ["clear.tif"]
    whole = str(Path(target).with_name("whole.tif"))
    run(context, feedback, **{**fine, "OUTPUT": whole})
    np.testing.assert_array_equal(values(target), values(whole))


def test_the_toolbox_runs_it_in_a_worker_thread(context: QgsProcessingContext, target: str) -> None:
    """As the dialog does: prepared here, run there, the layers handed over to the project's thread."""
    feedback = Recorder()
    loaded = QgsProcessingOutputLayerDefinition(target, QgsProject.instance())
    task = QgsProcessingAlgRunnerTask(algorithm(), {**JANUARY, "OUTPUT": loaded}, context, feedback)
    outcome = []
    task.executed.connect(lambda fine, results: outcome.append((fine, results)))
    QgsApplication.taskManager().addTask(task)
    deadline = time.monotonic() + 120
    while not outcome and time.monotonic() < deadline:
        QCoreApplication.processEvents()
        QThread.msleep(10)
    fine, results = outcome[0]
    assert fine, feedback.htmlLog()
    layer = context.takeResultLayer(results["LIVE_LAYER"])
    assert layer.isValid()
    assert layer.thread() is QCoreApplication.instance().thread()
    assert Path(results["OUTPUT"]).is_file()
    assert set(context.layersToLoadOnCompletion()) == {target, layer.id()}


def test_loaded_results_are_styled_and_named(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    toolbox.runAndLoadResults(ID, {**JANUARY, "OUTPUT": target}, context=context, feedback=feedback)
    layers = {layer.providerType(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert set(layers) == {"wms", "gdal"}
    assert layers["wms"].name() == "True colour 2023-01 (sandbox)"
    assert layers["gdal"].name() == "True colour 2023-01 (file, sandbox)"
    for layer in layers.values():
        assert layer.customProperty("csplus/recipe")
    renderer = layers["gdal"].renderer()
    assert renderer.type() == "multibandcolor"
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (3, 2, 1)
    # QGIS draws reflectance, 0 to 0.25: it multiplies digital numbers by the file's scale.
    assert renderer.redContrastEnhancement().maximumValue() == pytest.approx(0.25)
    drawn = layers["gdal"].previewAsImage(QSize(64, 64)).convertToFormat(QImage.Format.Format_RGB32)
    colours = {drawn.pixel(x, y) & 0xFFFFFF for x in range(64) for y in range(64)}
    assert len(colours - {0, 0xFFFFFF}) > 100


def test_a_model_of_two_steps(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    model = QgsProcessingModelAlgorithm("clear and double", "tests")

    def static(value: object) -> list:
        return [QgsProcessingModelChildParameterSource.fromStaticValue(value)]

    first = QgsProcessingModelChildAlgorithm(ID)
    first.setChildId("composite")
    for name, value in {**JANUARY, "LIVE": False, "BANDS": ["B4", "B8"]}.items():
        first.addParameterSources(name, static(value))
    kept = QgsProcessingModelOutput("clear", "clear")
    kept.setChildOutputName("OUTPUT")
    kept.setChildId("composite")
    first.setModelOutputs({"clear": kept})
    second = QgsProcessingModelChildAlgorithm("native:rasterlayerstatistics")
    second.setChildId("statistics")
    second.addParameterSources(
        "INPUT", [QgsProcessingModelChildParameterSource.fromChildOutput("composite", "OUTPUT")]
    )
    second.addParameterSources("BAND", static(2))
    model.addChildAlgorithm(first)
    model.addChildAlgorithm(second)
    results = toolbox.run(
        model, {"composite:clear": str(tmp_path / "clear.tif")}, context=context, feedback=feedback
    )
    assert results["CHILD_RESULTS"]["composite"]["SCENE_COUNT"] > 0
    assert 0 < results["CHILD_RESULTS"]["statistics"]["MEAN"] < 10000


def test_batch_with_text_values(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    rows = [
        {"METHOD": method, "THRESHOLD": threshold, "OUTPUT": str(tmp_path / f"{method}.tif")}
        for method, threshold in (("median", "0.5"), ("latest", "0.65"), ("weighted", "0.6"))
    ]
    one = algorithm()
    for row in rows:
        parameters = {**JANUARY, "LIVE": "false", "BANDS": "B4,B3", **row}
        assert one.checkParameterValues(parameters, context) == (True, "")
        results, fine = one.run(parameters, context, feedback)
        assert fine
        assert Path(results["OUTPUT"]).is_file()


def test_runs_side_by_side(tmp_path: Path) -> None:
    outcomes: dict[str, dict] = {}

    def work(method: str) -> None:
        target = str(tmp_path / f"{method}.tif")
        context, feedback = QgsProcessingContext(), Recorder()
        parameters = {**JANUARY, "METHOD": method, "OUTPUT": target, "LIVE": False}
        outcomes[method] = algorithm().run(parameters, context, feedback)[0]

    threads = [threading.Thread(target=work, args=(method,)) for method in ("median", "mean", "best", "min")]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            QCoreApplication.processEvents()
            thread.join(0.02)
    medians, means = values(outcomes["median"]["OUTPUT"]), values(outcomes["mean"]["OUTPUT"])
    smallest = values(outcomes["min"]["OUTPUT"])
    assert (medians != means).any()
    assert (smallest <= medians).all()


def test_the_start_of_the_sandbox_is_said_once(context: QgsProcessingContext) -> None:
    close_sessions()
    for is_started in (True, False):
        feedback = Recorder()
        toolbox.run(ID, {**JANUARY, "LIVE": False}, context=context, feedback=feedback)
        assert any("Starting the sandbox" in line for line in feedback.said) is is_started
