"""The public promise: ids, parameters, choices, defaults and outputs. Add freely, rename never."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin.core import indices
from qgis.core import Qgis, QgsApplication, QgsProcessingAlgorithm, QgsProcessingParameterEnum

ENUMS = {
    "PRODUCT": (["L2A", "L1C"], "L2A"),
    "QA_BAND": (["cs_cdf", "cs"], "cs_cdf"),
    "UNSCORED_POLICY": (["drop", "keep", "scl", "fail"], "drop"),
    "METHOD": (
        ["median", "mean", "percentile", "medoid", "best", "weighted", "latest", "min", "max"],
        "median",
    ),
    "STYLE": (
        ["true_color", "false_color", "swir", "agriculture", "geology", "urban", "index", "count", "score"],
        "true_color",
    ),
    "FORMAT": (["GTiff", "COG"], "GTiff"),
    "MONTHS": ([str(month) for month in range(1, 13)], None),
    "BANDS": (
        ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12", "B10"],
        ["B2", "B3", "B4", "B8"],
    ),
}
OTHERS = {
    "EXTENT": ("extent", None),
    "AREA": ("source", None),
    "START": ("datetime", None),
    "END": ("datetime", None),
    "THRESHOLD": ("number", 0.6),
    "MAX_SCENE_CLOUD": ("number", 100),
    "ORBIT": ("number", None),
    "TILES": ("string", None),
    "EDGE_TRIM": ("number", 0),
    "DILATE": ("number", 0),
    "CLIP": ("boolean", True),
    "PERCENTILE": ("number", 25),
    "MIN_OBSERVATIONS": ("number", 1),
    "COUNT_BAND": ("boolean", False),
    "CRS": ("crs", None),
    "RESOLUTION": ("number", 10),
    "LIVE": ("boolean", True),
    "OUTPUT": ("rasterDestination", None),
    "SCRIPT": ("fileDestination", None),
}
MANDATORY = {"START", "END"}
OUTPUTS = {
    "OUTPUT": "outputRaster",
    "SCRIPT": "outputFile",
    "LIVE_LAYER": "outputRaster",
    "TILE_URL": "outputString",
    "RECIPE": "outputString",
    "FIRST_DATE": "outputString",
    "LAST_DATE": "outputString",
    "SCENE_COUNT": "outputNumber",
    "SCORED_COUNT": "outputNumber",
    "UNSCORED_COUNT": "outputNumber",
    "DATE_COUNT": "outputNumber",
}


@pytest.fixture
def algorithm() -> QgsProcessingAlgorithm:
    return QgsApplication.processingRegistry().createAlgorithmById("csplus:clearcomposite")


def test_parameters(algorithm: QgsProcessingAlgorithm) -> None:
    definitions = {definition.name(): definition for definition in algorithm.parameterDefinitions()}
    assert set(definitions) == {*ENUMS, *OTHERS, "INDICES"}
    for name, (options, default) in ENUMS.items():
        definition = definitions[name]
        assert definition.usesStaticStrings(), name
        assert definition.options() == options
        assert definition.defaultValue() == default
    for name, (kind, default) in OTHERS.items():
        assert definitions[name].type() == kind, name
        assert definitions[name].defaultValue() == default, name
    chosen = definitions["INDICES"]
    assert isinstance(chosen, QgsProcessingParameterEnum)
    assert chosen.allowMultiple()
    assert set(chosen.options()) == set(indices.catalogue())


def test_what_is_mandatory(algorithm: QgsProcessingAlgorithm) -> None:
    optional = Qgis.ProcessingParameterFlag.Optional
    for definition in algorithm.parameterDefinitions():
        has_default = definition.defaultValue() is not None
        may_be_empty = bool(definition.flags() & optional)
        assert (not may_be_empty and not has_default) == (definition.name() in MANDATORY), definition.name()


def test_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    assert {output.name(): output.type() for output in algorithm.outputDefinitions()} == OUTPUTS


CHECK_CONNECTION = {
    "ENDPOINT": "outputString",
    "PROJECT": "outputString",
    "ACCOUNT": "outputString",
    "PROXY": "outputString",
    "REGISTRATION": "outputString",
    "LIBRARY": "outputString",
    "LIBRARY_PLACE": "outputString",
    "SANDBOX": "outputBoolean",
    "RESTRICTED": "outputBoolean",
    "ROUND_TRIP": "outputNumber",
    "CLOCK_OFFSET": "outputNumber",
}


def test_check_connection() -> None:
    check = QgsApplication.processingRegistry().createAlgorithmById("csplus:checkconnection")
    assert check.parameterDefinitions() == []
    assert check.groupId() == "connection"
    assert {output.name(): output.type() for output in check.outputDefinitions()} == CHECK_CONNECTION
