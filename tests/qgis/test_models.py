"""The models that come with the plugin: their values against numpy and GDAL, their sentences, their files."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from csplus.csplus_plugin.core.about import ROOT
from csplus.csplus_plugin.processing.shipped_model import MODELS
from osgeo import gdal, ogr
from qgis import processing as toolbox
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessing,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingOutputLayerDefinition,
    QgsProject,
)
from qgis.PyQt.QtCore import QCoreApplication

from .conftest import PLACE, Recorder, polygons
from .test_animation import frames

SEAMS = 0.005
"""Share of the pixels of a frame."""
JUNE = {"EXTENT": PLACE, "START": "2023-06-01", "END": "2023-06-30"}
WINTER = {"BEFORE_START": "2023-01-01", "BEFORE_END": "2023-01-31"}
NOTHING = -9999


@pytest.fixture
def bare() -> Iterator[QgsProcessingContext]:
    """A context without a project, as at a shell: nothing is left open in it that would lock files."""
    made = QgsProcessingContext()
    yield made
    made.temporaryLayerStore().removeAllMapLayers()


class Reports(Recorder):
    """Keeps what is reported as an error, too: models report what their steps say."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: list[str] = []

    def reportError(self, error: str, fatal: bool = False) -> None:
        self.errors.append(error)


def in_a_worker_thread(
    name: str, values: dict, context: QgsProcessingContext, feedback: Recorder
) -> tuple[bool, dict]:
    """Run a model as the dialog does, and tell whether it succeeded, and its results."""
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"csplus:{name}")
    task = QgsProcessingAlgRunnerTask(algorithm, values, context, feedback)
    ended: list[tuple[bool, dict]] = []
    task.executed.connect(lambda successful, results: ended.append((successful, results)))
    QgsApplication.taskManager().addTask(task)
    begin = time.monotonic()
    while not ended and time.monotonic() < begin + 60:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    return ended[0]


def read(path: Path, band: int) -> np.ndarray:
    dataset = gdal.Open(str(path))
    return dataset.GetRasterBand(band).ReadAsArray()


def table(path: Path) -> list[dict]:
    source = ogr.Open(str(path))
    return [feature.items() for feature in source.GetLayer(0)]


def burnt(path: Path, like: Path, attribute: str | None) -> np.ndarray:
    """Draw polygons onto the grid of a raster, by GDAL: with an attribute, or as 1."""
    grid = gdal.Open(str(like))
    drawn = gdal.GetDriverByName("MEM").Create("", grid.RasterXSize, grid.RasterYSize, 1, gdal.GDT_Int32)
    drawn.SetGeoTransform(grid.GetGeoTransform())
    drawn.SetProjection(grid.GetProjection())
    source = ogr.Open(str(path))
    options = [f"ATTRIBUTE={attribute}"] if attribute else []
    gdal.RasterizeLayer(drawn, [1], source.GetLayer(0), burn_values=[1], options=options)
    return drawn.GetRasterBand(1).ReadAsArray()


def areas_of_patches(mask: np.ndarray) -> list[int]:
    """Count the pixels of each patch; those that touch at a corner alone are two."""
    left, found = mask.copy(), []
    for start in zip(*np.nonzero(mask), strict=True):
        if not left[start]:
            continue
        left[start], waiting, count = False, [start], 0
        while waiting:
            row, column = waiting.pop()
            count += 1
            for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
                inside = 0 <= near[0] < mask.shape[0] and 0 <= near[1] < mask.shape[1]
                if inside and left[near]:
                    left[near] = False
                    waiting.append(near)
        found.append(count)
    return sorted(found)


@pytest.mark.parametrize(("limit", "smallest"), [(None, None), (-0.2, 0.05)])
def test_water_is_what_lies_above_the_limit(
    bare: QgsProcessingContext,
    feedback: Recorder,
    tmp_path: Path,
    limit: float | None,
    smallest: float | None,
) -> None:
    raster, patches = tmp_path / "index.tif", tmp_path / "water.gpkg"
    values = {**JUNE, "BANDS": [], "INDICES": ["MNDWI"], "LIVE": False, "OUTPUT": str(raster)}
    toolbox.run("csplus:clearcomposite", values, context=bare, feedback=feedback)
    given = {**JUNE, "LIMIT": limit, "SMALLEST": smallest, "water": str(patches)}
    chosen = {name: value for name, value in given.items() if value is not None}
    toolbox.run("csplus:waterextent", chosen, context=bare, feedback=feedback)
    index = read(raster, 1)
    wet = (index != NOTHING) & (index > np.float32(limit or 0))
    expected = [count / 100 for count in areas_of_patches(wet) if count / 100 >= (smallest or 0)]
    rows = table(patches)
    assert all(set(row) == {"area_ha"} for row in rows)
    assert sorted(row["area_ha"] for row in rows) == pytest.approx(expected)
    assert len(expected) > 2
    drawn = burnt(patches, raster, None) == 1
    assert not (drawn & ~wet).any()
    assert drawn.sum() == round(100 * sum(expected))


def test_burned_areas_are_the_classes_of_the_raster(
    bare: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    raster, patches, counts = (tmp_path / name for name in ("change.tif", "burned.gpkg", "classes.csv"))
    made = {"change": str(raster), "burned_areas": str(patches), "classes": str(counts)}
    results = toolbox.run("csplus:burnseverity", {**JUNE, **WINTER, **made}, context=bare, feedback=feedback)
    assert {name: results[name] for name in made} == made
    before, after = read(raster, 1), read(raster, 2)
    known = (before != NOTHING) & (after != NOTHING)
    # The limits of FIREMON's landscape assessment.
    limits = np.float32([-0.25, -0.1, 0.1, 0.27, 0.44, 0.66])
    severity = np.where(known, 1 + np.digitize(before - after, limits), 0)
    burned = np.where(severity >= 4, severity, 0)
    differing = (burnt(patches, raster, "class") != burned).sum()
    assert differing <= 5  # a dNBR that is a limit but for its last digit
    names = ["low, high", "Enhanced regrowth, low", "Unburned", "Low severity", "Moderate-low severity"]
    names += ["Moderate-high severity", "High severity"]
    names[0] = "Enhanced regrowth, high"
    for row in table(patches):
        assert row["severity"] == names[row["class"] - 1]
    rows = table(counts)
    assert [int(row["class"]) for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    assert [row["severity"] for row in rows] == names
    for row in rows:
        counted = (severity == int(row["class"])).sum()
        assert abs(int(row["pixels"]) - counted) <= 5
        assert float(row["area_ha"]) == pytest.approx(int(row["pixels"]) / 100)
    hectares = sum(row["area_ha"] for row in table(patches))
    assert hectares == pytest.approx(sum(float(row["area_ha"]) for row in rows[3:]))
    only = {**made, "burned_areas": str(tmp_path / "large.gpkg"), "SMALLEST": 1}
    toolbox.run("csplus:burnseverity", {**JUNE, **WINTER, **only}, context=bare, feedback=feedback)
    large = sorted(row["area_ha"] for row in table(tmp_path / "large.gpkg"))
    assert large == pytest.approx(sorted(row["area_ha"] for row in table(patches) if row["area_ha"] >= 1))
    assert 0 < len(large) < len(table(patches))


def test_parcels_get_the_numbers_of_their_pixels(
    bare: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    parcels = tmp_path / "parcels.gpkg"
    driver = ogr.GetDriverByName("GPKG")
    grid = tmp_path / "index.tif"
    window = {**JUNE, "EXTENT": "-119.9192,-119.9008,37.4108,37.4212 [EPSG:4326]", "LIVE": False}
    values = {**window, "BANDS": [], "INDICES": ["NDMI"], "OUTPUT": str(grid)}
    toolbox.run("csplus:clearcomposite", values, context=bare, feedback=feedback)
    source = driver.CreateDataSource(str(parcels))
    layer = source.CreateLayer("parcels", gdal.Open(str(grid)).GetSpatialRef(), ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    left, _, _, top, _, _ = gdal.Open(str(grid)).GetGeoTransform()
    shapes = {
        "square": [(303, -203), (703, -203), (703, -603), (303, -603)],
        "triangle": [(801, -101), (1304, -322), (907, -808)],
    }
    for name, corners in shapes.items():
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["name"] = name
        ring = ", ".join(f"{left + x} {top + y}" for x, y in [*corners, corners[0]])
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({ring}))"))
        layer.CreateFeature(feature)
    del feature, layer, source
    target = tmp_path / "statistics.gpkg"
    given = {"PARCELS": str(parcels), "START": JUNE["START"], "END": JUNE["END"], "INDEX": "NDMI"}
    toolbox.run("csplus:parcelindex", {**given, "statistics": str(target)}, context=bare, feedback=feedback)
    rows = {row["name"]: row for row in table(target)}
    assert set(rows) == set(shapes)
    index = read(grid, 1)
    for name, corners in shapes.items():
        inside = _inside(index.shape, corners) & (index != NOTHING)
        pixels = index[inside].astype(float)
        row = rows[name]
        assert row["NDMI_count"] == len(pixels) > 800
        assert row["NDMI_mean"] == pytest.approx(pixels.mean())
        assert row["NDMI_median"] == pytest.approx(np.median(pixels))
        assert row["NDMI_stdev"] == pytest.approx(pixels.std())
        assert (row["NDMI_min"], row["NDMI_max"]) == pytest.approx((pixels.min(), pixels.max()))


def _inside(shape: tuple[int, int], corners: list[tuple[int, int]]) -> np.ndarray:
    """Tell which pixels of 10 m have their centre in a convex polygon, whose corners go clockwise."""
    x, y = np.meshgrid(np.arange(shape[1]) * 10 + 5, -np.arange(shape[0]) * 10 - 5)
    inside = np.ones(shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        inside &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) < 0
    return inside


def test_seasons_lie_on_each_other_in_order(
    bare: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    stack, folder = tmp_path / "stack.tif", tmp_path / "seasons"
    given = {"EXTENT": PLACE, "YEAR": 2023, "BANDS": "B4,B8", "INDICES": "NDVI,MNDWI"}
    made = {"stack": str(stack), "seasons": str(folder)}
    toolbox.run("csplus:seasonstack", {**given, **made}, context=bare, feedback=feedback)
    dataset = gdal.Open(str(stack))
    assert dataset.RasterCount == 16
    windows = [("2022-12-01", "2023-02-28"), ("2023-03-01", "2023-05-31")]
    windows += [("2023-06-01", "2023-08-31"), ("2023-09-01", "2023-11-30")]
    for season, (start, end) in enumerate(windows):
        alone = tmp_path / f"{start}.tif"
        values = {"EXTENT": PLACE, "START": start, "END": end, "LIVE": False, "OUTPUT": str(alone)}
        choices = {"BANDS": ["B4", "B8"], "INDICES": ["NDVI", "MNDWI"]}
        toolbox.run("csplus:clearcomposite", {**values, **choices}, context=bare, feedback=feedback)
        for band in range(1, 5):
            number = 4 * season + band
            np.testing.assert_array_equal(read(stack, number), read(alone, band))
            assert dataset.GetRasterBand(number).GetNoDataValue() == NOTHING
    assert dataset.GetGeoTransform() == gdal.Open(str(alone)).GetGeoTransform()


def test_a_year_s_film_is_that_of_its_recipe(
    bare: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    film, other = tmp_path / "film.png", tmp_path / "other.png"
    given = {"EXTENT": PLACE, "PERIOD": "quarter", "STYLE": "false_color", "WIDTH": 200}
    successful, results = in_a_worker_thread("yearfilm", {**given, "film": str(film)}, bare, feedback)
    assert (successful, results["film"]) == (True, str(film))
    year = {"START": "2023-01-01", "END": "2023-12-31", "LIVE": False}
    choices = {"EXTENT": PLACE, "PERIOD": "quarter", "STYLE": "false_color"}
    recipe = toolbox.run("csplus:periodiccomposites", {**year, **choices}, context=bare)["RECIPE"]
    toolbox.run("csplus:animation", {"RECIPE": recipe, "WIDTH": 200, "OUTPUT": str(other)}, context=bare)
    found = frames(film)
    assert len(found) == 4
    for frame, same in zip(found, frames(other), strict=True):
        # Equal on QGIS 3.40; 3.44 draws a few pixels at the seams of tiles otherwise from one time to the next.
        assert (frame != same).any(axis=-1).mean() < SEAMS
    assert len({frame.tobytes() for frame in found}) == 4


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("waterextent", {"START": "2023-06-01", "END": "2023-06-30"}, "neither an extent nor an area"),
        ("waterextent", {**JUNE, "LIMITT": 0}, "Water extent has no parameter LIMITT. Did you mean LIMIT"),
        ("waterextent", {**JUNE, "LIMIT": 3}, "LIMIT is 3, which is out of range"),
        ("waterextent", {**JUNE, "END": "2023-05-01"}, "is before the start .2023-06-01."),
        ("yearfilm", {"EXTENT": PLACE, "STYLE": "pink"}, "STYLE is 'pink', which is not one of its choices"),
        ("yearfilm", {"EXTENT": PLACE, "YEAR": 2016}, "L2A begins on 2017-03-28, after the whole window"),
        ("seasonstack", {"EXTENT": PLACE, "INDICES": "NDVVI"}, "Did you mean"),
    ],
)
def test_a_mistake_is_one_sentence(
    bare: QgsProcessingContext, tmp_path: Path, name: str, values: dict, said: str
) -> None:
    feedback = Reports()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"csplus:{name}")
    kinds = {"sink": "a.gpkg", "rasterDestination": "a.tif", "fileDestination": "a.png"}
    made = {
        one.name(): str(tmp_path / kinds.get(one.type(), "folder"))
        for one in algorithm.destinationParameterDefinitions()
    }
    with pytest.raises(QgsProcessingException) as caught:
        toolbox.run(f"csplus:{name}", {**made, **values}, context=bare, feedback=feedback)
    told = "\n".join([*feedback.errors, str(caught.value)])
    assert re.search(said, told)
    assert "Traceback" not in told
    assert not list(tmp_path.iterdir())


def test_in_a_worker_thread_with_layers_of_the_project(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    """As the dialog runs it: a layer by its id in, a temporary layer out, which QGIS loads."""
    box = "POLYGON ((-119.915 37.411, -119.91 37.411, -119.91 37.415, -119.915 37.415, -119.915 37.411))"
    parcels = polygons(box)
    sink = QgsProcessingOutputLayerDefinition(QgsProcessing.TEMPORARY_OUTPUT, QgsProject.instance())
    values = {"PARCELS": parcels.id(), "START": JUNE["START"], "END": JUNE["END"], "statistics": sink}
    successful, results = in_a_worker_thread("parcelindex", values, context, feedback)
    assert successful
    identity = results["statistics"]
    assert set(context.layersToLoadOnCompletion()) == {identity}
    layer = context.getMapLayer(identity)
    (feature,) = layer.getFeatures()
    assert feature["NDVI_count"] > 1000
    assert layer.thread() == QCoreApplication.instance().thread()


def test_the_raster_of_a_step_gets_its_classes_once_it_is_loaded(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """What is done with a step's layer outlives the run: a context deletes it with itself."""
    project = QgsProject.instance()
    raster = QgsProcessingOutputLayerDefinition(str(tmp_path / "change.tif"), project)
    made = {"change": raster, "burned_areas": "TEMPORARY_OUTPUT", "classes": "TEMPORARY_OUTPUT"}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("csplus:burnseverity")
    results, successful = algorithm.run({**JUNE, **WINTER, **made}, context, feedback)
    assert successful
    gc.collect()
    (identity,) = context.layersToLoadOnCompletion()
    assert identity == results["change"]
    details = context.layerToLoadOnCompletionDetails(identity)
    layer = context.getMapLayer(identity)
    details.postProcessor().postProcessLayer(layer, context, feedback)
    assert details.name == "Burn severity 2023-01 → 2023-06 (file, sandbox)"
    assert [one.label for one in layer.renderer().classes()][2:4] == ["Unburned", "Low severity"]


def test_a_model_is_a_step_of_another_even_twice(
    bare: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    source = QgsProcessingModelChildParameterSource
    model = QgsProcessingModelAlgorithm("points", "tests")
    limits = {"composite": 0, "large": -0.3}  # named as steps in it are
    for name, limit in limits.items():
        water = QgsProcessingModelChildAlgorithm("csplus:waterextent")
        water.setChildId(name)
        for key, value in {**JUNE, "LIMIT": limit}.items():
            water.addParameterSources(key, [source.fromStaticValue(value)])
        model.addChildAlgorithm(water)
        points = QgsProcessingModelChildAlgorithm("native:pointonsurface")
        points.setChildId(f"points_{name}")
        points.addParameterSources("INPUT", [source.fromChildOutput(name, "water")])
        result = QgsProcessingModelOutput(name, name)
        result.setChildId(f"points_{name}")
        result.setChildOutputName("OUTPUT")
        points.setModelOutputs({name: result})
        model.addChildAlgorithm(points)
    made = {name: str(tmp_path / f"{name}.gpkg") for name in limits}
    toolbox.run(model, made, context=bare, feedback=feedback)
    found = {}
    for name, limit in limits.items():
        direct = tmp_path / f"{name}_alone.gpkg"
        values = {**JUNE, "LIMIT": limit, "water": str(direct)}
        toolbox.run("csplus:waterextent", values, context=bare, feedback=feedback)
        found[name] = [row["area_ha"] for row in table(direct)]
        assert [row["area_ha"] for row in table(Path(made[name]))] == found[name]
    assert found["composite"] != found["large"]


@pytest.mark.skipif(Qgis.versionInt() // 100 != 340, reason="other versions of QGIS write other XML")
def test_the_files_are_what_the_tool_writes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_models.py"), str(tmp_path / "models")],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        check=True,
    )
    names = sorted(path.name for path in MODELS.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "models").iterdir())
    for name in names:
        written, shipped = (
            ET.canonicalize((folder / name).read_text(encoding="utf-8"))
            for folder in (tmp_path / "models", MODELS)
        )
        assert written == shipped, name


def test_only_algorithms_of_every_qgis_are_chained() -> None:
    for path in MODELS.glob("*.model3"):
        model = QgsProcessingModelAlgorithm()
        assert model.fromFile(str(path))
        for child in model.childAlgorithms().values():
            provider = child.algorithmId().split(":")[0]
            assert provider in ("csplus", "native", "gdal")
            assert QgsApplication.processingRegistry().algorithmById(child.algorithmId())


BEFORE_THE_OTHERS = """
import sys
sys.path[:0] = {paths!r}
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
import conftest
import csplus
plugin = csplus.classFactory(None)
plugin.initProcessing()
registry = QgsApplication.processingRegistry()
assert registry.providerById("gdal") is None
from processing.core.Processing import Processing
Processing.initialize()
for name in {names!r}:
    algorithm = registry.createAlgorithmById("csplus:" + name)
    print(name, sorted(one.name() for one in algorithm.destinationParameterDefinitions()), algorithm.canExecute()[0])
plugin.unload()
"""


def test_a_plugin_that_comes_before_gdals_algorithms_has_all_destinations(tmp_path: Path) -> None:
    registry = QgsApplication.processingRegistry()
    names = sorted(path.stem for path in MODELS.glob("*.model3"))
    done = subprocess.run(
        [sys.executable, "-c", BEFORE_THE_OTHERS.format(paths=[str(ROOT / "tests"), *sys.path], names=names)],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    expected = []
    for name in names:
        algorithm = registry.createAlgorithmById(f"csplus:{name}")
        expected.append(
            f"{name} {sorted(one.name() for one in algorithm.destinationParameterDefinitions())} True"
        )
    assert done.stdout.strip().splitlines() == expected
