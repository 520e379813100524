"""Names of layers in the project: chosen, made of the recipe, and of each feature of a layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from csplus.csplus_plugin.gui.layer_menu import LayerMenu
from qgis import processing as toolbox
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsLayerTreeModel,
    QgsProcessingContext,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import Qt

from .conftest import JANUARY, Recorder
from .test_layer_menu import Window, menu, opened, window  # noqa: F401 two are fixtures

ID = "csplus:clearcomposite"
FIELDS = [
    f"POLYGON(({x} 37.41, {x + 0.004} 37.41, {x + 0.004} 37.414, {x} 37.41))" for x in (-119.92, -119.91)
]


def fields() -> QgsVectorLayer:
    layer = QgsVectorLayer(
        "Polygon?crs=EPSG:4326&field=fid:integer&field=Crop_name:string", "fields", "memory"
    )
    features = []
    for number, (text, crop) in enumerate(zip(FIELDS, ("rye", "oats"), strict=True)):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([number, crop])
        feature.setGeometry(QgsGeometry.fromWkt(text))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_the_name_is_the_user_s(context: QgsProcessingContext, feedback: Recorder, target: str) -> None:
    given = {**JANUARY, "NAME": "  Fields\nof \u202eJanuary ", "OUTPUT": target}
    results = toolbox.runAndLoadResults(ID, given, context=context, feedback=feedback)
    layers = {layer.providerType(): layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert layers == {
        "wms": "Fields of \N{REPLACEMENT CHARACTER}January (sandbox)",
        "gdal": "Fields of \N{REPLACEMENT CHARACTER}January (file, sandbox)",
    }
    assert "Fields" not in results["RECIPE"]


@pytest.mark.parametrize(
    ("bands", "indices", "method", "expected"),
    [
        ([""], ["NDVI"], "median", "NDVI 2023-01"),
        ([""], ["NDWI", "NDVI"], "best", "NDWI, best 2023-01"),
        (["B3", "B4", "B8"], None, "median", "Colour infrared 2023-01"),
        (["B8"], ["NDVI"], "median", "B8 2023-01"),
        (["B2", "B3", "B4"], ["NDVI"], "median", "True colour 2023-01"),
    ],
)
def test_a_file_without_the_bands_of_the_style_is_named_by_what_it_shows(
    context: QgsProcessingContext,
    target: str,
    bands: list[str],
    indices: list[str] | None,
    method: str,
    expected: str,
) -> None:
    given = {"BANDS": bands, "INDICES": indices, "METHOD": method, "LIVE": False, "OUTPUT": target}
    toolbox.runAndLoadResults(ID, {**JANUARY, **given}, context=context)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert layer.name() == f"{expected} (file, sandbox)"


def test_a_long_name_is_cut(context: QgsProcessingContext, feedback: Recorder) -> None:
    results = toolbox.run(ID, {**JANUARY, "NAME": "x" * 5000}, context=context, feedback=feedback)
    assert results["LIVE_LAYER"].name() == "x" * 59 + "… (sandbox)"


def test_one_feature_names_the_place_and_several_their_layer(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    layer = fields()

    def name() -> str:
        given = {**JANUARY, "EXTENT": None, "AREA": layer.id(), "STYLE": "swir"}
        results = toolbox.run(ID, given, context=context, feedback=feedback)
        return results["LIVE_LAYER"].name()

    assert name() == "Short-wave infrared 2023-01, fields (sandbox)"
    layer.dataProvider().deleteFeatures([1])
    assert name() == "Short-wave infrared 2023-01, oats (sandbox)"


def test_each_iterated_feature_has_a_name_of_its_own(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    from processing.gui.AlgorithmExecutor import executeIterating
    from qgis.core import QgsApplication

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(ID)
    given = {**JANUARY, "EXTENT": None, "AREA": fields().id()}
    assert executeIterating(algorithm, given, "AREA", context, feedback)
    made = [*QgsProject.instance().mapLayers().values(), *context.temporaryLayerStore().mapLayers().values()]
    names = {layer.name() for layer in made if isinstance(layer, QgsRasterLayer)}
    assert {"True colour 2023-01, rye (sandbox)", "True colour 2023-01, oats (sandbox)"} <= names


def test_a_series_bears_it_in_the_group_and_before_each_period(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    given = {**JANUARY, "END": "2023-02-28", "NAME": "Valley", "OUTPUT_FOLDER": str(tmp_path / "files")}
    toolbox.runAndLoadResults("csplus:periodiccomposites", given, context=context, feedback=feedback)
    groups = {
        group.name(): [node.layer().name() for node in group.findLayers()]
        for group in QgsProject.instance().layerTreeRoot().findGroups()
    }
    assert groups == {
        "Valley (sandbox)": ["Valley 2023-02 (sandbox)", "Valley 2023-01 (sandbox)"],
        "Valley (sandbox), files": ["Valley 2023-02 (file, sandbox)", "Valley 2023-01 (file, sandbox)"],
    }


@pytest.mark.parametrize(("given", "kept"), [("Mine", "Mine"), ("", None)])
def test_edit_and_run_again_keeps_a_name_that_was_chosen(
    context: QgsProcessingContext,
    window: Window,  # noqa: F811
    menu: LayerMenu,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    kept: str | None,
) -> None:
    filled = []
    monkeypatch.setattr(toolbox, "createAlgorithmDialog", lambda *given: filled.append(given))
    results = toolbox.run(ID, {**JANUARY, "NAME": given}, context=context)
    window.tree.layer = results["LIVE_LAYER"]
    opened(window)["Edit and run again…"].trigger()
    assert filled[0][1].get("NAME") == kept


def test_a_legend_says_the_band_and_nothing_before_or_after_it(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """QGIS would begin with "Band 1: NDVI (Gray)", and name the bands of a picture "Band 1: B2 (Gray)"."""
    ndvi = {"BANDS": "", "INDICES": "NDVI", "STYLE": "index"}
    june = {"START": "2023-06-01", "END": "2023-06-30"}
    january = {"BEFORE_START": "2023-01-01", "BEFORE_END": "2023-01-31"}
    for name, given in (
        ("clearcomposite", {"OUTPUT": str(tmp_path / "picture.tif")}),
        ("clearcomposite", {**ndvi, "OUTPUT": str(tmp_path / "ndvi.tif")}),
        ("periodiccomposites", {**ndvi, "NAME": "Year", "OUTPUT_FOLDER": str(tmp_path / "months")}),
        ("change", {**june, **january, "OUTPUT": str(tmp_path / "burned.tif")}),
    ):
        toolbox.runAndLoadResults(f"csplus:{name}", {**JANUARY, **given}, context=context, feedback=feedback)
    tree = QgsProject.instance().layerTreeRoot()
    model = QgsLayerTreeModel(tree)
    legends = {
        node.name(): [
            str(entry.data(Qt.ItemDataRole.DisplayRole) or "") for entry in model.layerLegendNodes(node)
        ]
        for node in tree.findLayers()
        if node.layer().providerType() == "gdal"
    }
    assert legends["True colour 2023-01 (file, sandbox)"] == ["B4", "B3", "B2"]
    assert [text.strip("NUL") for text in legends["NDVI 2023-01 (file, sandbox)"]] == [""]
    assert legends["Burn severity 2023-01 → 2023-06 (file, sandbox)"][0] == "Enhanced regrowth, high"
    assert len(legends["Year 2023-01 (file, sandbox)"]) == 1
    assert not [text for entries in legends.values() for text in entries if "Band" in text or "Gray" in text]
