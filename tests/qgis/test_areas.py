"""Areas as people hand them in: broken, mixed, empty, very detailed; in the default context and in a model's."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.processing.region import read_region
from osgeo import gdal, ogr
from qgis import processing as toolbox
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
)

from .conftest import JANUARY, Recorder, polygons

ID = "csplus:cloudscore"
GOOD = "POLYGON((-119.910 37.412,-119.906 37.412,-119.906 37.416,-119.910 37.416,-119.910 37.412))"
BOW_TIE = "POLYGON((-119.905 37.410,-119.895 37.418,-119.895 37.410,-119.905 37.418,-119.905 37.410))"
OUTSIDE = (
    "POLYGON((-119.910 37.412,-119.906 37.412,-119.906 37.416,-119.910 37.416,-119.910 37.412),"
    "(-119.900 37.412,-119.899 37.412,-119.899 37.413,-119.900 37.413,-119.900 37.412))"
)
OVERLAPPING = (
    "MULTIPOLYGON(((-119.910 37.412,-119.906 37.412,-119.906 37.416,-119.910 37.416,-119.910 37.412)),"
    "((-119.908 37.412,-119.904 37.412,-119.904 37.416,-119.908 37.416,-119.908 37.412)))"
)


@pytest.fixture
def algorithm() -> QgsProcessingAlgorithm:
    return QgsApplication.processingRegistry().createAlgorithmById(ID)


def square(x: float, y: float, side: float) -> str:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return f"POLYGON(({','.join(f'{a:.9f} {b:.9f}' for a, b in corners)}))"


CASES = [
    ("bow tie", [BOW_TIE], "Invalid polygons in the area: 1.", 8e-5 / 2),
    ("empty beside good", ["POLYGON EMPTY", GOOD], None, 1.6e-5),
    ("bow tie beside good", [BOW_TIE, GOOD], "Invalid polygons in the area: 1.", 4e-5 + 1.6e-5),
    ("overlapping parts", [OVERLAPPING], "Invalid polygons in the area: 1.", 2.4e-5),
    ("a hole outside its shell", [OUTSIDE], "Invalid polygons in the area: 1.", None),
]


@pytest.mark.parametrize(("texts", "said", "size"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_is_broken_is_repaired_and_said(
    algorithm: QgsProcessingAlgorithm,
    context: QgsProcessingContext,
    texts: list[str],
    said: str | None,
    size: float | None,
) -> None:
    notes: list[str] = []
    region = read_region(algorithm, {"AREA": polygons(*texts)}, context, notes.append)
    assert [note.startswith(said or "-") for note in notes] == ([True] if said else [])
    shape = ogr.CreateGeometryFromJson(json.dumps(region.geojson()))
    assert shape.IsValid()
    if size is not None:
        assert shape.GetArea() == pytest.approx(size, rel=1e-6)


@pytest.mark.parametrize("texts", [case[1] for case in CASES], ids=[c[0] for c in CASES])
def test_it_runs_with_the_default_context_and_in_a_model(
    qgis_new_project: None, feedback: Recorder, target: str, texts: list[str]
) -> None:
    """Both check geometries, and would end at the first invalid one."""
    layer = polygons(*texts)
    parameters = {**JANUARY, "EXTENT": None, "AREA": layer, "LIVE": False, "OUTPUT": target}
    alone = toolbox.run(ID, parameters, feedback=feedback)
    wanted = gdal.Open(alone["OUTPUT"]).ReadAsArray()
    assert (wanted != -9999).any()
    model = QgsProcessingModelAlgorithm("scores", "tests")
    child = QgsProcessingModelChildAlgorithm(ID)
    child.setChildId("score")
    for name, value in {**parameters, "AREA": layer.id(), "OUTPUT": target.replace(".tif", "_2.tif")}.items():
        if value is not None:
            child.addParameterSources(name, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    model.addChildAlgorithm(child)
    results = toolbox.run(model, {}, feedback=feedback)
    got = gdal.Open(results["CHILD_RESULTS"]["score"]["OUTPUT"]).ReadAsArray()
    np.testing.assert_array_equal(got, wanted)


def test_polygons_among_other_parts_are_kept(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    spike = "POLYGON((0 0,1 0,1 1,1 5,1 1,0 1,0 0))"  # repaired, it is a square and a line
    notes: list[str] = []
    region = read_region(algorithm, {"AREA": polygons(spike)}, context, notes.append)
    assert region.bounds == (0, 0, 1, 1)
    assert any("dropped" in note for note in notes) or any("repaired" in note for note in notes)


@pytest.mark.parametrize("texts", [["POLYGON EMPTY"], ["POLYGON((0 0,1 1,0 0,0 0))"]])
def test_nothing_but_empty_or_flat_polygons_is_one_sentence(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, texts: list[str]
) -> None:
    with pytest.raises(InvalidChoice, match="no polygon|area is empty"):
        read_region(algorithm, {"AREA": polygons(*texts)}, context)


def test_thousands_of_squares_are_sent_whole(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    """They have as few vertices as they can; thinning for ever could not make them fewer."""
    squares = [square(-120 + 0.002 * (n % 100), 37 + 0.002 * (n // 100), 0.001) for n in range(4500)]
    notes: list[str] = []
    region = read_region(algorithm, {"AREA": polygons(*squares)}, context, notes.append)
    assert len(region.polygons) == 4500
    assert notes == []


@pytest.mark.parametrize(("count", "roughness"), [(25_000, 0), (25_000, 3e-5)])
def test_a_detailed_outline_is_thinned_by_less_than_half_a_pixel(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext, count: int, roughness: float
) -> None:
    """Also one so rough that it is thinned more than once."""
    radii = 0.5 + np.random.default_rng(1).uniform(-roughness, roughness, count)
    angles = 2 * math.pi * np.arange(count) / count
    xs, ys = 10 + radii * np.cos(angles), 50 + radii * np.sin(angles)
    ring = [f"{x:.12f} {y:.12f}" for x, y in zip(xs, ys, strict=True)]
    outline = QgsGeometry.fromWkt(f"POLYGON(({','.join([*ring, ring[0]])}))")
    layer = polygons(outline.asWkt(12))
    notes: list[str] = []
    region = read_region(algorithm, {"AREA": layer}, context, notes.append)
    kept = sum(len(ring) for polygon in region.polygons for ring in polygon)
    assert kept < count
    assert f"{count + 1:,} vertices were thinned to {kept:,}" in notes[-1]
    shape = ogr.CreateGeometryFromJson(json.dumps(region.geojson()))
    assert QgsGeometry.fromWkt(shape.ExportToWkt()).hausdorffDistance(outline) < 4.5e-5  # 5 m


def test_too_many_vertices_are_refused_with_their_number(
    algorithm: QgsProcessingAlgorithm, context: QgsProcessingContext
) -> None:
    squares = [square(-120 + 0.002 * (n % 200), 37 + 0.002 * (n // 200), 0.001) for n in range(32_000)]
    with pytest.raises(InvalidChoice, match="The area has 160,000 vertices"):
        read_region(algorithm, {"AREA": polygons(*squares)}, context)


def test_what_was_repaired_reaches_the_log(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    context.setInvalidGeometryCheck(Qgis.InvalidGeometryCheck.AbortOnInvalid)
    toolbox.run(
        ID,
        {**JANUARY, "AREA": polygons(BOW_TIE), "LIVE": False, "OUTPUT": target},
        context=context,
        feedback=feedback,
    )
    assert any("repaired" in line for line in feedback.warned)


STRIPS = {
    "between two columns of pixel centres": "POLYGON((242006 4144000, 242009 4144000, 242009 4144500, "
    "242006 4144500, 242006 4144000))",
    "across": "POLYGON((242000 4144000, 242002 4144000, 242302 4144300, 242300 4144300, 242000 4144000))",
    "a plot of 8 m": "POLYGON((242011 4144011, 242019 4144011, 242019 4144019, 242011 4144019, 242011 4144011))",
    "a plot of 1 m on the corner of four pixels": "POLYGON((242009.5 4144009.5, 242010.5 4144009.5, "
    "242010.5 4144010.5, 242009.5 4144010.5, 242009.5 4144009.5))",
}


@pytest.mark.parametrize("name", STRIPS)
def test_what_is_thinner_than_a_pixel_has_the_pixels_that_it_touches(
    context: QgsProcessingContext, target: str, name: str
) -> None:
    area = polygons(STRIPS[name], crs="EPSG:32611")
    window = {"START": "2023-01-01", "END": "2023-01-31", "THRESHOLD": 0, "LIVE": False}
    toolbox.run(
        "csplus:clearcomposite",
        {"AREA": area.id(), **window, "OUTPUT": target},
        context=context,
        feedback=Recorder(),
    )
    made = gdal.Open(target)
    has_value = made.ReadAsArray()[0] != 65535
    touched = gdal.GetDriverByName("MEM").Create("", made.RasterXSize, made.RasterYSize, 1)
    touched.SetGeoTransform(made.GetGeoTransform())
    touched.SetProjection(made.GetProjection())
    shapes = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = shapes.CreateLayer("area", made.GetSpatialRef())
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt(STRIPS[name]))
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(touched, [1], layer, burn_values=[1], options=["ALL_TOUCHED=TRUE"])
    wanted = touched.ReadAsArray() == 1
    assert wanted.any()
    assert has_value[wanted].all()
