"""The public promise: ids, parameters, choices, defaults and outputs. Add freely, rename never."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from csplus.csplus_plugin.core import indices
from qgis.core import Qgis, QgsApplication, QgsProcessingAlgorithm

REQUIRED = object()
"""Stands for the default of a parameter that has to be given."""

BANDS = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12", "B10"]
STYLES = ["true_color", "false_color", "swir", "agriculture", "geology", "urban", "index", "count", "score"]


class Choice(NamedTuple):
    """One of the options, or several of them."""

    options: list[str]
    default: Any
    several: bool = False


# Blocks: name -> (type in QGIS, default), or a choice.
SCENES = {
    "EXTENT": ("extent", None),
    "AREA": ("source", None),
    "START": ("datetime", REQUIRED),
    "END": ("datetime", REQUIRED),
    "PRODUCT": Choice(["L2A", "L1C"], "L2A"),
    "QA_BAND": Choice(["cs_cdf", "cs"], "cs_cdf"),
    "THRESHOLD": ("number", 0.6),
    "UNSCORED_POLICY": Choice(["drop", "keep", "scl", "fail"], "drop"),
    "MONTHS": Choice([str(month) for month in range(1, 13)], None, several=True),
    "MAX_SCENE_CLOUD": ("number", 100),
    "ORBIT": ("number", None),
    "TILES": ("string", None),
    "EDGE_TRIM": ("number", 0),
    "DILATE": ("number", 0),
    "ALSO_MASK": Choice(
        ["saturated", "dark", "shadow", "water", "cloud_medium", "cloud_high", "cirrus", "snow"],
        None,
        several=True,
    ),
    "CLIP": ("boolean", True),
}
COMPOSITE = {
    "METHOD": Choice(
        [
            "median",
            "mean",
            "percentile",
            "medoid",
            "best",
            "weighted",
            "latest",
            "nearest",
            "best_index",
            "min",
            "max",
        ],
        "median",
    ),
    "TARGET_DATE": ("datetime", None),
    "PERCENTILE": ("number", 25),
    "MIN_OBSERVATIONS": ("number", 1),
    "BANDS": Choice(BANDS, ["B2", "B3", "B4", "B8"], several=True),
    "INDICES": Choice(sorted(indices.catalogue()), None, several=True),
    "INDICES_FROM": Choice(["composite", "scenes"], "composite"),
    "COUNT_BAND": ("boolean", False),
    "SCORE_BAND": ("boolean", False),
    "DATE_BAND": ("boolean", False),
}
OUTPUT = {
    "CRS": ("crs", None),
    "RESOLUTION": ("number", 10),
    "NAME": ("string", None),
    "LIVE": ("boolean", True),
    "OUTPUT": ("rasterDestination", None),
    "FORMAT": Choice(["GTiff", "COG"], "GTiff"),
    "SCRIPT": ("fileDestination", None),
}
COUNTED = {
    "RECIPE": "outputString",
    "FIRST_DATE": "outputString",
    "LAST_DATE": "outputString",
    "SCENE_COUNT": "outputNumber",
    "SCORED_COUNT": "outputNumber",
    "UNSCORED_COUNT": "outputNumber",
    "DATE_COUNT": "outputNumber",
    "REQUEST_COUNT": "outputNumber",
    "RECEIVED_BYTES": "outputNumber",
    "SECONDS": "outputNumber",
}
IMAGE = {
    **COUNTED,
    "OUTPUT": "outputRaster",
    "SCRIPT": "outputFile",
    "LIVE_LAYER": "outputRaster",
    "TILE_URL": "outputString",
    "CLEAR_PERCENT": "outputNumber",
}


class Promise(NamedTuple):
    """One algorithm: its group, its parameters, its outputs."""

    group: str
    parameters: dict[str, Any]
    outputs: dict[str, str]


CONTRACT = {
    "clearcomposite": Promise(
        "composites", {**SCENES, **COMPOSITE, **OUTPUT, "STYLE": Choice(STYLES, "true_color")}, IMAGE
    ),
    "periodiccomposites": Promise(
        "composites",
        {
            **SCENES,
            **COMPOSITE,
            **{name: kind for name, kind in OUTPUT.items() if name != "OUTPUT"},
            "STYLE": Choice(STYLES, "true_color"),
            "PERIOD": Choice(["week", "dekad", "month", "quarter", "season", "year", "days"], "month"),
            "PERIOD_DAYS": ("number", 10),
            "OUTPUT_FOLDER": ("folderDestination", None),
            "LOAD_FILES": ("boolean", True),
            "TABLE": ("sink", None),
        },
        {
            **COUNTED,
            "OUTPUT_FOLDER": "outputFolder",
            "SCRIPT": "outputFile",
            "TABLE": "outputVector",
            "LIVE_LAYERS": "outputMultilayer",
            "FILES": "outputMultilayer",
            "PERIOD_COUNT": "outputNumber",
            "EMPTY_COUNT": "outputNumber",
        },
    ),
    "exportcomposite": Promise(
        "composites",
        {
            **SCENES,
            **COMPOSITE,
            "CRS": ("crs", None),
            "RESOLUTION": ("number", 10),
            "PERIOD": Choice(["none", "week", "dekad", "month", "quarter", "season", "year", "days"], "none"),
            "PERIOD_DAYS": ("number", 10),
            "DESTINATION": Choice(["drive", "asset", "cloud_storage"], "drive"),
            "NAME": ("string", None),
            "FOLDER": ("string", None),
            "BUCKET": ("string", None),
            "WAIT": ("boolean", False),
            "CANCEL_TASKS": ("boolean", False),
            "LIVE": ("boolean", True),
            "STYLE": Choice(STYLES, "true_color"),
            "OUTPUT_FOLDER": ("folderDestination", None),
            "TABLE": ("sink", None),
        },
        {
            **COUNTED,
            "OUTPUT_FOLDER": "outputFolder",
            "FILES": "outputMultilayer",
            "TASK_IDS": "outputString",
            "STATE": "outputString",
            "TABLE": "outputVector",
            "RESULTS": "outputString",
            "LIVE_LAYER": "outputRaster",
            "LIVE_LAYERS": "outputMultilayer",
            "TILE_URL": "outputString",
            "EECU_SECONDS": "outputNumber",
        },
    ),
    "openasset": Promise(
        "composites",
        {
            "ASSET": ("string", REQUIRED),
            **{name: kind for name, kind in OUTPUT.items() if name not in ("CRS", "RESOLUTION")},
            "STYLE": Choice(STYLES, None),
        },
        IMAGE,
    ),
    "exporttasks": Promise(
        "connection",
        {
            "ACTION": Choice(["list", "wait", "cancel"], "list"),
            "TASK_ID": ("string", None),
            "TABLE": ("sink", None),
        },
        {"TASK_COUNT": "outputNumber", "STATE": "outputString", "TABLE": "outputVector"},
    ),
    "gapfilledcomposite": Promise(
        "composites",
        {
            **SCENES,
            **COMPOSITE,
            **OUTPUT,
            "STYLE": Choice([*STYLES, "tier"], "true_color"),
            "THRESHOLDS": ("string", "0.50,0.40"),
            "EXTEND_DAYS": ("string", "15,30"),
            "EXTEND_YEARS": ("number", 1),
        },
        {**IMAGE, "FILLED_PERCENT": "outputNumber", "EMPTY_PERCENT": "outputNumber", "TIERS": "outputString"},
    ),
    "clearscene": Promise(
        "composites",
        {
            **SCENES,
            **OUTPUT,
            "START": ("datetime", None),
            "END": ("datetime", None),
            "DATE": ("datetime", None),
            "SCENE_ID": ("string", None),
            "BANDS": COMPOSITE["BANDS"],
            "INDICES": COMPOSITE["INDICES"],
            "STYLE": Choice(STYLES, "true_color"),
        },
        {
            **IMAGE,
            "DATE_FOUND": "outputString",
            "SCENE_IDS": "outputString",
            "CLEAR_SHARE_PERCENT": "outputNumber",
        },
    ),
    "change": Promise(
        "composites",
        {
            **SCENES,
            **OUTPUT,
            **{name: kind for name, kind in COMPOSITE.items() if not name.endswith("_BAND")},
            "BANDS": Choice(BANDS, None, several=True),
            "INDICES": Choice(sorted(indices.catalogue()), ["NBR"], several=True),
            "BEFORE_START": ("datetime", REQUIRED),
            "BEFORE_END": ("datetime", REQUIRED),
            "MEASURE": Choice(["difference", "ratio", "relative"], "difference"),
            "STYLE": Choice(["change", "severity"], None),
        },
        {
            **IMAGE,
            "NO_BEFORE_PERCENT": "outputNumber",
            "NO_AFTER_PERCENT": "outputNumber",
            "COMPARED_PERCENT": "outputNumber",
            "BEFORE_SCENE_COUNT": "outputNumber",
            "BEFORE_DATE_COUNT": "outputNumber",
        },
    ),
    "cloudscore": Promise(
        "evidence",
        {
            **SCENES,
            **OUTPUT,
            "STATISTIC": Choice(["mean", "min", "max", "percentile", "count"], "mean"),
            "PERCENTILE": ("number", 25),
            "STYLE": Choice(["score", "count"], None),
        },
        IMAGE,
    ),
    "metrics": Promise(
        "composites",
        {
            **SCENES,
            **OUTPUT,
            "BANDS": Choice(BANDS, ["B4", "B8"], several=True),
            "INDICES": Choice(sorted(indices.catalogue()), ["NDVI"], several=True),
            "STATISTICS": Choice(
                [
                    "mean",
                    "median",
                    "std",
                    "min",
                    "max",
                    "range",
                    "p05",
                    "p10",
                    "p25",
                    "p75",
                    "p90",
                    "p95",
                    "count",
                ],
                ["median", "std", "count"],
                several=True,
            ),
        },
        IMAGE,
    ),
    "clearobservations": Promise(
        "evidence",
        {**SCENES, **OUTPUT, "STYLE": Choice(["count", "score"], None)},
        {
            **IMAGE,
            "MEAN_OBSERVATIONS": "outputNumber",
            "MEAN_CLEAR": "outputNumber",
            "MEAN_CLEAR_FRACTION": "outputNumber",
            "LONGEST_GAP": "outputNumber",
            "MEAN_SCORE": "outputNumber",
        },
    ),
    "animation": Promise(
        "composites",
        {
            "LAYERS": ("multilayer", None),
            "RECIPE": ("string", None),
            "BASEMAP": ("multilayer", None),
            "EXTENT": ("extent", None),
            "WIDTH": ("number", 800),
            "HEIGHT": ("number", 0),
            "SECONDS": ("number", 0.5),
            "LABEL": ("string", "auto"),
            "STEP": Choice(["ranges", "day", "week", "month", "year"], "ranges"),
            "CRS": ("crs", None),
            "OUTPUT": ("fileDestination", REQUIRED),
            "FRAMES": ("folderDestination", None),
        },
        {
            "OUTPUT": "outputFile",
            "FRAMES": "outputFolder",
            "FRAME_COUNT": "outputNumber",
            "FIRST_DATE": "outputString",
            "LAST_DATE": "outputString",
        },
    ),
    "findscenes": Promise(
        "evidence",
        {**SCENES, "MIN_CLEAR": ("number", 0), "OUTPUT": ("sink", REQUIRED)},
        {**COUNTED, "OUTPUT": "outputVector", "ROW_COUNT": "outputNumber"},
    ),
    "thresholdexplorer": Promise(
        "evidence",
        {
            **SCENES,
            "STEP": ("number", 0.05),
            "MIN_OBSERVATIONS": ("number", 3),
            "PERIOD": Choice(["none", "week", "dekad", "month", "quarter", "season", "year", "days"], "none"),
            "PERIOD_DAYS": ("number", 10),
            "TABLE": ("sink", None),
            "REPORT": ("fileDestination", None),
        },
        {
            **COUNTED,
            "TABLE": "outputVector",
            "REPORT": "outputHtml",
            "ROW_COUNT": "outputNumber",
            "THRESHOLD_CS_CDF": "outputNumber",
            "THRESHOLD_CS": "outputNumber",
        },
    ),
    "refreshlivelayers": Promise(
        "connection",
        {"LAYERS": ("multilayer", None)},
        {"RENEWED": "outputNumber", "FAILED": "outputNumber"},
    ),
    "timeseries": Promise(
        "evidence",
        {
            **SCENES,
            "FEATURES": ("source", REQUIRED),
            "ID_FIELD": ("field", None),
            "BUFFER": ("number", 0),
            "BANDS": Choice(BANDS, None, several=True),
            "INDICES": Choice(sorted(indices.catalogue()), ["NDVI"], several=True),
            "STATISTICS": Choice(
                ["mean", "median", "std", "min", "max", "p05", "p10", "p25", "p75", "p90", "p95"],
                ["mean"],
                several=True,
            ),
            "MIN_CLEAR": ("number", 0.5),
            "SMOOTH": ("number", 0),
            "TABLE": ("sink", None),
            "REPORT": ("fileDestination", None),
        },
        {**COUNTED, "TABLE": "outputVector", "REPORT": "outputHtml", "ROW_COUNT": "outputNumber"},
    ),
    "yearfilm": Promise(
        "models",
        {
            "EXTENT": ("extent", None),
            "AREA": ("source", None),
            "YEAR": ("number", 2023),
            "PERIOD": Choice(["week", "dekad", "month", "quarter", "season", "year", "days"], "month"),
            "STYLE": Choice(STYLES, "true_color"),
            "THRESHOLD": ("number", 0.6),
            "WIDTH": ("number", 800),
            "SECONDS": ("number", 0.5),
            "film": ("fileDestination", REQUIRED),
        },
        {"film": "outputFile"},
    ),
    "burnseverity": Promise(
        "models",
        {
            "EXTENT": ("extent", None),
            "AREA": ("source", None),
            **dict.fromkeys(("BEFORE_START", "BEFORE_END", "START", "END"), ("datetime", REQUIRED)),
            "THRESHOLD": ("number", 0.6),
            "SMALLEST": ("number", 0),
            "burned_areas": ("sink", REQUIRED),
            "classes": ("sink", REQUIRED),
            "change": ("rasterDestination", REQUIRED),
        },
        {"burned_areas": "outputVector", "classes": "outputVector", "change": "outputRaster"},
    ),
    "waterextent": Promise(
        "models",
        {
            "EXTENT": ("extent", None),
            "AREA": ("source", None),
            "START": ("datetime", REQUIRED),
            "END": ("datetime", REQUIRED),
            "THRESHOLD": ("number", 0.6),
            "LIMIT": ("number", 0),
            "SMALLEST": ("number", 0),
            "water": ("sink", REQUIRED),
        },
        {"water": "outputVector"},
    ),
    "parcelindex": Promise(
        "models",
        {
            "PARCELS": ("source", REQUIRED),
            "START": ("datetime", REQUIRED),
            "END": ("datetime", REQUIRED),
            "INDEX": ("string", "NDVI"),
            "THRESHOLD": ("number", 0.6),
            "statistics": ("sink", REQUIRED),
        },
        {"statistics": "outputVector"},
    ),
    "seasonstack": Promise(
        "models",
        {
            "EXTENT": ("extent", None),
            "AREA": ("source", None),
            "YEAR": ("number", 2023),
            "BANDS": ("string", "B2,B3,B4,B8"),
            "INDICES": ("string", "NDVI"),
            "THRESHOLD": ("number", 0.6),
            "seasons": ("folderDestination", REQUIRED),
            "stack": ("rasterDestination", REQUIRED),
        },
        {"seasons": "outputFolder", "stack": "outputRaster"},
    ),
    "checkconnection": Promise(
        "connection",
        {},
        {
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
        },
    ),
}


def made(name: str) -> QgsProcessingAlgorithm:
    return QgsApplication.processingRegistry().createAlgorithmById(f"csplus:{name}")


def test_every_algorithm_is_in_the_contract() -> None:
    algorithms = QgsApplication.processingRegistry().providerById("csplus").algorithms()
    assert {algorithm.name() for algorithm in algorithms} == set(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_parameters(name: str) -> None:
    optional = Qgis.ProcessingParameterFlag.Optional
    algorithm = made(name)  # kept: its definitions go with it
    definitions = {definition.name(): definition for definition in algorithm.parameterDefinitions()}
    assert set(definitions) == set(CONTRACT[name].parameters)
    for parameter, promised in CONTRACT[name].parameters.items():
        definition = definitions[parameter]
        if isinstance(promised, Choice):
            assert definition.type() == "enum", parameter
            assert definition.usesStaticStrings(), parameter
            assert definition.options() == promised.options, parameter
            assert definition.allowMultiple() == promised.several, parameter
            default = promised.default
        else:
            kind, default = promised
            assert definition.type() == kind, parameter
        assert definition.defaultValue() == (None if default is REQUIRED else default), parameter
        may_be_empty = bool(definition.flags() & optional)
        assert (not may_be_empty and definition.defaultValue() is None) == (default is REQUIRED), parameter


@pytest.mark.parametrize("name", CONTRACT)
def test_group_and_outputs(name: str) -> None:
    algorithm = made(name)
    assert algorithm.groupId() == CONTRACT[name].group
    outputs = {output.name(): output.type() for output in algorithm.outputDefinitions()}
    assert outputs == CONTRACT[name].outputs
