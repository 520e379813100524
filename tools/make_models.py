"""Write `resources/models/*.model3`: the models that come with the plugin.

Run it with QGIS's Python after a change here; a test compares the files with what it writes. Every destination that
a person chooses is of a child of this plugin or of QGIS itself, which are there when models are loaded.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_HASH_SEED", "0")  # or the attributes of the XML stand in another order every time

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
)
from qgis.PyQt.QtCore import QPointF, QSizeF

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from csplus_plugin.core.catalog import PERIODS, SEVERITY, STYLES  # noqa: E402

FOLDER = ROOT / "resources" / "models"

_DATE = Qgis.ProcessingDateTimeParameterDataType.Date
_POLYGONS = [Qgis.ProcessingSourceType.VectorPolygon]
_INTEGER = Qgis.ProcessingNumberParameterType.Integer
_DOUBLE = Qgis.ProcessingNumberParameterType.Double
_TEXT, _REAL, _WHOLE = 10, 6, 2
"""Types of fields, as QMetaType numbers them."""

_FLOAT32, _BYTE = 5, 0
"""Places in the lists of data types of gdal:merge and native:reclassifybytable."""

_STATISTICS = [0, 2, 3, 4, 5, 6]
"""Places of count, mean, median, standard deviation, minimum and maximum in those of native:zonalstatisticsfb."""


@dataclass
class Step:
    """One child of a model; of each parameter, where its value comes from.

    Attributes:
        algorithm: Its id.
        fixed: Values.
        given: Names of parameters of the model.
        computed: QGIS expressions. A parameter that is left out is null in them, whatever its default.
        made: Outputs of earlier steps, as step and name.
        kept: Outputs for the user: label -> name.
    """

    algorithm: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    computed: Mapping[str, str] = field(default_factory=dict)
    made: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Model:
    """A model in words.

    Attributes:
        name: Its title.
        summary: One sentence.
        text: Plain paragraphs.
        tags: Words by which the toolbox finds it.
        parameters: With their helps.
        steps: By name, in order.
        kept: Helps of the outputs that are kept, by label; those that must be given, with a star.
    """

    name: str
    summary: str
    text: str
    tags: str
    parameters: list[tuple[QgsProcessingParameterDefinition, str]]
    steps: Mapping[str, Step]
    kept: Mapping[str, str]


def place() -> list[tuple[QgsProcessingParameterDefinition, str]]:
    """Give the parameters of the area."""
    return [
        (
            QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
            "Area: from the canvas, drawn, from a layer, or as xmin,xmax,ymin,ymax [EPSG:code].",
        ),
        (
            QgsProcessingParameterFeatureSource(
                "AREA", "Area (wins over the extent)", _POLYGONS, optional=True
            ),
            "Polygons to use instead of the extent; pixels outside them are masked.",
        ),
    ]


def day(name: str, label: str) -> tuple[QgsProcessingParameterDefinition, str]:
    """Give the parameter of a day."""
    return QgsProcessingParameterDateTime(name, label, _DATE), f"{label}, as 2023-01-31."


def window() -> list[tuple[QgsProcessingParameterDefinition, str]]:
    """Give the parameters of a date window."""
    return [day("START", "First day"), day("END", "Last day (included)")]


def number(
    name: str, label: str, default: float, bounds: tuple[float, float], text: str, kind: Any = _DOUBLE
) -> tuple[QgsProcessingParameterDefinition, str]:
    """Give the parameter of a number."""
    return QgsProcessingParameterNumber(name, label, kind, default, False, *bounds), text


def clear() -> tuple[QgsProcessingParameterDefinition, str]:
    """Give the parameter of the score from which a pixel is clear."""
    return number("THRESHOLD", "Clear where the score is at least", 0.6, (0, 1), "0.50 to 0.65 work well.")


def smallest() -> tuple[QgsProcessingParameterDefinition, str]:
    """Give the parameter of the smallest polygon."""
    return number("SMALLEST", "Smallest polygon (hectares)", 0, (0, 1e9), "Smaller ones are left out.")


def year() -> tuple[QgsProcessingParameterDefinition, str]:
    """Give the parameter of a year."""
    return number("YEAR", "Year", 2023, (2015, 2100), "The year, as 2023.", _INTEGER)


def column(name: str, kind: int, expression: str) -> dict[str, Any]:
    """Give a field of native:refactorfields."""
    type_name = {_TEXT: "text", _REAL: "double precision", _WHOLE: "integer"}[kind]
    return {
        "name": name,
        "type": kind,
        "type_name": type_name,
        "expression": expression,
        "alias": "",
        "comment": "",
        "length": 0,
        "precision": 0,
        "sub_type": 0,
    }


_NONE = "''"
"""An expression of an empty text: as a value, QGIS would not keep it in the file."""

_AREA = {"EXTENT": "EXTENT", "AREA": "AREA"}
_CLEAR = {**_AREA, "THRESHOLD": "THRESHOLD"}
_WINDOW = {"START": "START", "END": "END"}
_SEVERITY_NAME = " ".join(
    [
        "CASE",
        *(f"WHEN {{}} = {number} THEN '{label}'" for number, (_, label, _) in enumerate(SEVERITY, 1)),
        "END",
    ]
)
_BURNED = 1 + next(number for number, (_, label, _) in enumerate(SEVERITY, 1) if label == "Unburned")


def _severity(value: str) -> str:
    return _SEVERITY_NAME.replace("{}", value)


MODELS = {
    "yearfilm": Model(
        "Year film",
        "A film of a year: clear composites by month, or another period, drawn from live tiles into one file.",
        "Runs Periodic clear composites for the year, and Animation for its recipe: nothing is downloaded but the "
        "tiles that the frames show. The film is an animated PNG; a GIF where the name ends in .gif.",
        "animation,film,gif,year,months,timelapse",
        [
            *place(),
            year(),
            (
                QgsProcessingParameterEnum("PERIOD", "Period", list(PERIODS), False, "month", False, True),
                "A frame for each.",
            ),
            (
                QgsProcessingParameterEnum("STYLE", "Style", list(STYLES), False, "true_color", False, True),
                "The colours of the frames.",
            ),
            clear(),
            number("WIDTH", "Width (pixels)", 800, (64, 8192), "Of each frame.", _INTEGER),
            number("SECONDS", "Seconds a frame", 0.5, (0.02, 60), "How long each frame is shown."),
        ],
        {
            "months": Step(
                "csplus:periodiccomposites",
                {"LIVE": False},
                {**_CLEAR, "PERIOD": "PERIOD", "STYLE": "STYLE"},
                {
                    "START": "format('%1-01-01', to_int(coalesce(@YEAR, 2023)))",
                    "END": "format('%1-12-31', to_int(coalesce(@YEAR, 2023)))",
                },
            ),
            "animation": Step(
                "csplus:animation",
                {},
                {"WIDTH": "WIDTH", "SECONDS": "SECONDS"},
                made={"RECIPE": ("months", "RECIPE")},
                kept={"Film": "OUTPUT"},
            ),
        },
        {"Film*": "Ends in .png, or in .gif."},
    ),
    "burnseverity": Model(
        "Burn severity",
        "Burned areas as polygons, and a table of the area of each class, from the dNBR of two date windows.",
        "Runs Change between two windows with NBR, turns its seven classes of burn severity (USGS, FIREMON) into "
        "polygons, and keeps the burned ones. The windows should be of the same season, one before the fire, one "
        "after. The table counts every class, also those that are not burned, in pixels and hectares.",
        "fire,burn,dnbr,nbr,severity,polygons",
        [
            *place(),
            day("BEFORE_START", "First day before"),
            day("BEFORE_END", "Last day before (included)"),
            day("START", "First day after"),
            day("END", "Last day after (included)"),
            clear(),
            smallest(),
        ],
        {
            "change": Step(
                "csplus:change",
                {"LIVE": False, "INDICES": "NBR", "MEASURE": "difference"},
                {**_CLEAR, **_WINDOW, "BEFORE_START": "BEFORE_START", "BEFORE_END": "BEFORE_END"},
                kept={"Change": "OUTPUT"},
            ),
            "polygons": Step(
                "gdal:polygonize",
                {"BAND": 5, "FIELD": "class", "EIGHT_CONNECTEDNESS": False},
                made={"INPUT": ("change", "OUTPUT")},
            ),
            "named": Step(
                "native:refactorfields",
                {
                    "FIELDS_MAPPING": [
                        column("class", _WHOLE, '"class"'),
                        column("severity", _TEXT, _severity('"class"')),
                        column("area_ha", _REAL, "area(@geometry) / 10000"),
                    ]
                },
                made={"INPUT": ("polygons", "OUTPUT")},
            ),
            "burned": Step(
                "native:extractbyexpression",
                computed={
                    "EXPRESSION": f'\'"class" >= {_BURNED} and "area_ha" >= \' || to_string(coalesce(@SMALLEST, 0))'
                },
                made={"INPUT": ("named", "OUTPUT")},
                kept={"Burned areas": "OUTPUT"},
            ),
            "counted": Step(
                "native:rasterlayeruniquevaluesreport", {"BAND": 5}, made={"INPUT": ("change", "OUTPUT")}
            ),
            "classes": Step(
                "native:refactorfields",
                {
                    "FIELDS_MAPPING": [
                        column("class", _WHOLE, '"value"'),
                        column("severity", _TEXT, _severity('"value"')),
                        column("pixels", _WHOLE, '"count"'),
                        column("area_ha", _REAL, '"m2" / 10000'),
                    ]
                },
                made={"INPUT": ("counted", "OUTPUT_TABLE")},
                kept={"Classes": "OUTPUT"},
            ),
        },
        {
            "Burned areas*": "Polygons with their class of severity and their area in hectares.",
            "Classes": "A row for each class: its pixels and hectares.",
            "Change*": "The raster: NBR before and after, dNBR, and its classes.",
        },
    ),
    "waterextent": Model(
        "Water extent",
        "Open water as polygons with their areas, from the MNDWI of a clear composite.",
        "Runs Clear composite with the index MNDWI, and turns what lies above a limit into polygons. 0 suits most "
        "water; raise it where shadow or dark soil is taken for water, lower it for turbid or shallow water. "
        "For a flood choose a window of a few days; for a reservoir, a month.",
        "water,flood,lake,reservoir,mndwi,polygons",
        [
            *place(),
            *window(),
            clear(),
            number("LIMIT", "Water where MNDWI is above", 0, (-1, 1), "0 suits most water."),
            smallest(),
        ],
        {
            "composite": Step(
                "csplus:clearcomposite",
                {"LIVE": False, "INDICES": "MNDWI", "STYLE": "index"},
                {**_CLEAR, **_WINDOW},
                {"BANDS": _NONE},
            ),
            "mask": Step(
                "native:reclassifybytable",
                {
                    "RASTER_BAND": 1,
                    "RANGE_BOUNDARIES": 0,
                    "NODATA_FOR_MISSING": True,
                    "NO_DATA": 0,
                    "DATA_TYPE": _BYTE,
                },
                computed={"TABLE": "array(to_string(coalesce(@LIMIT, 0)), '1000', '1')"},
                made={"INPUT_RASTER": ("composite", "OUTPUT")},
            ),
            "polygons": Step(
                "gdal:polygonize",
                {"BAND": 1, "FIELD": "water", "EIGHT_CONNECTEDNESS": False},
                made={"INPUT": ("mask", "OUTPUT")},
            ),
            "measured": Step(
                "native:refactorfields",
                {"FIELDS_MAPPING": [column("area_ha", _REAL, "area(@geometry) / 10000")]},
                made={"INPUT": ("polygons", "OUTPUT")},
            ),
            "large": Step(
                "native:extractbyexpression",
                computed={"EXPRESSION": "'\"area_ha\" >= ' || to_string(coalesce(@SMALLEST, 0))"},
                made={"INPUT": ("measured", "OUTPUT")},
                kept={"Water": "OUTPUT"},
            ),
        },
        {"Water*": "Polygons with their area in hectares, in the UTM zone of the area."},
    ),
    "parcelindex": Model(
        "Index by parcel",
        "Statistics of a spectral index for each parcel, field or other polygon, from a clear composite.",
        "Runs Clear composite for the polygons and native zonal statistics on the index: each polygon gets its number "
        "of pixels, mean, median, standard deviation, minimum and maximum, as NDVI_mean and so on. A pixel counts "
        "where its centre lies in the polygon; pixels without a clear look do not.",
        "zonal statistics,parcel,field,ndvi,agriculture,polygons",
        [
            (
                QgsProcessingParameterFeatureSource("PARCELS", "Parcels", _POLYGONS),
                "Polygons, each of which gets its numbers.",
            ),
            *window(),
            (
                QgsProcessingParameterString("INDEX", "Spectral index", "NDVI"),
                "Any of the 239, such as NDVI or NDMI.",
            ),
            clear(),
        ],
        {
            "composite": Step(
                "csplus:clearcomposite",
                {"LIVE": False, "STYLE": "index", "CLIP": False},
                {"AREA": "PARCELS", **_WINDOW, "THRESHOLD": "THRESHOLD"},
                {"BANDS": _NONE, "INDICES": "coalesce(@INDEX, 'NDVI')"},
            ),
            "statistics": Step(
                "native:zonalstatisticsfb",
                {"RASTER_BAND": 1, "STATISTICS": _STATISTICS},
                {"INPUT": "PARCELS"},
                {"COLUMN_PREFIX": "coalesce(@INDEX, 'NDVI') || '_'"},
                {"INPUT_RASTER": ("composite", "OUTPUT")},
                {"Statistics": "OUTPUT"},
            ),
        },
        {"Statistics*": "The parcels, with the numbers of each."},
    ),
    "seasonstack": Model(
        "Season stack",
        "The four seasons of a year in one raster, band after band: features for classification and training.",
        "Runs Periodic clear composites by season, from December of the year before to November, and puts the files on "
        "each other: first all bands and indices of the first season, then those of the next. Its values are digital "
        "numbers (reflectance x 10,000) and index values, -9999 where nothing is known. A season without a usable "
        "scene has no bands; its name in the log says so.",
        "season,stack,classification,features,training,phenology",
        [
            *place(),
            year(),
            (
                QgsProcessingParameterString("BANDS", "Bands", "B2,B3,B4,B8", optional=True),
                "Names separated by commas, such as B2,B3,B4,B8; empty for none.",
            ),
            (
                QgsProcessingParameterString("INDICES", "Spectral indices", "NDVI"),
                "One or more, separated by commas, such as NDVI,MNDWI.",
            ),
            clear(),
        ],
        {
            "seasons": Step(
                "csplus:periodiccomposites",
                {"LIVE": False, "PERIOD": "season", "LOAD_FILES": False},
                {**_CLEAR, "BANDS": "BANDS"},
                {
                    "INDICES": "coalesce(@INDICES, 'NDVI')",
                    "START": "format('%1-12-01', to_int(coalesce(@YEAR, 2023)) - 1)",
                    "END": "format('%1-11-30', to_int(coalesce(@YEAR, 2023)))",
                },
                kept={"Seasons": "OUTPUT_FOLDER"},
            ),
            "stack": Step(
                "gdal:merge",
                {"SEPARATE": True, "PCT": False, "NODATA_OUTPUT": -9999, "DATA_TYPE": _FLOAT32},
                made={"INPUT": ("seasons", "FILES")},
                kept={"Stack": "OUTPUT"},
            ),
        },
        {
            "Seasons*": "A folder for the file of each season; run again, it keeps those that are there.",
            "Stack*": "One GeoTIFF with the bands of all seasons.",
        },
    ),
}


def built(name: str) -> QgsProcessingModelAlgorithm:
    """Build a model."""
    model = MODELS[name]
    made = QgsProcessingModelAlgorithm(name, "models")
    order = []
    helps = {
        "NAME": model.name,
        "SHORT_DESCRIPTION": model.summary,
        "ALG_DESC": model.text,
        "TAGS": model.tags,
        **{label.rstrip("*"): text for label, text in model.kept.items()},
    }
    for row, (definition, text) in enumerate(model.parameters):
        definition = definition.clone()  # noqa: PLW2901 the model takes it
        definition.setHelp(text)
        helps[definition.name()] = text
        order.append(definition.name())
        component = QgsProcessingModelParameter(definition.name())
        _lay(component, 120, 60 + 60 * row)
        made.addModelParameter(definition, component)
    made.setParameterOrder(order)
    for row, (child, step) in enumerate(model.steps.items()):
        made.addChildAlgorithm(_child(model, child, step, row))
    made.setHelpContent(helps)
    return made


def _child(model: Model, name: str, step: Step, row: int) -> QgsProcessingModelChildAlgorithm:
    source = QgsProcessingModelChildParameterSource
    child = QgsProcessingModelChildAlgorithm(step.algorithm)
    child.setChildId(name)
    child.setDescription(name.capitalize())
    _lay(child, 420, 60 + 100 * row)
    for parameter, value in step.fixed.items():
        child.addParameterSources(parameter, [source.fromStaticValue(value)])
    for parameter, given in step.given.items():
        child.addParameterSources(parameter, [source.fromModelParameter(given)])
    for parameter, expression in step.computed.items():
        child.addParameterSources(parameter, [source.fromExpression(expression)])
    for parameter, (other, output) in step.made.items():
        child.addParameterSources(parameter, [source.fromChildOutput(other, output)])
    outputs = {}
    for label, output in step.kept.items():
        result = QgsProcessingModelOutput(label, label)
        result.setChildId(name)
        result.setChildOutputName(output)
        result.setMandatory(f"{label}*" in model.kept)
        _lay(result, 700, 60 + 100 * row)
        outputs[label] = result
    child.setModelOutputs(outputs)
    return child


def _lay(component: Any, x: float, y: float) -> None:
    component.setPosition(QPointF(x, y))
    component.setSize(QSizeF(200, 40))


def main(folder: Path = FOLDER) -> None:
    """Write them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        if not built(name).toFile(str(folder / f"{name}.model3")):
            raise SystemExit(f"{name} cannot be written.")


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    main(Path(sys.argv[1]) if sys.argv[1:] else FOLDER)
    application.exitQgis()
