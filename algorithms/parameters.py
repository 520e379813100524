"""The shared parameter blocks, and parameters -> recipe. One table of help texts for dialog and shell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..csplus_plugin.core import catalog, indices
from ..csplus_plugin.core.errors import InvalidChoice
from ..csplus_plugin.core.recipe import Composite, Output, Scenes
from .region import read_region

_INTEGER = Qgis.ProcessingNumberParameterType.Integer
_DOUBLE = Qgis.ProcessingNumberParameterType.Double
_DATE = Qgis.ProcessingDateTimeParameterDataType.Date
_BANDS = list(dict.fromkeys(band for product in catalog.PRODUCTS.values() for band in product.bands))
_MONTHS = [str(month) for month in range(1, 13)]

HELP = {
    "EXTENT": "Where: canvas, drawn or layer extent, or xmin,xmax,ymin,ymax [EPSG:code].",
    "AREA": "Polygons that say where, instead of the extent; pixels outside are masked.",
    "START": "First day, as 2023-01-31.",
    "END": "Last day, included.",
    "PRODUCT": "L2A is surface reflectance (from 2017-03-28), L1C top of atmosphere (from 2015-06-27).",
    "QA_BAND": "cs_cdf is more tolerant of faint haze and terrain shadow and keeps more pixels; "
    "cs reacts more to haze and cloud edges: choose it for only the cleanest.",
    "THRESHOLD": "A pixel is clear where its score is at least this. 0.50 to 0.65 work well; higher is stricter.",
    "UNSCORED_POLICY": "Scenes without a score, which arrives hours to days after the scene: "
    "drop leaves them out, keep uses them unmasked, scl masks them by scene classification, fail stops.",
    "MONTHS": "Only these calendar months, 1 to 12; empty for all.",
    "MAX_SCENE_CLOUD": "Skip scenes cloudier than this percentage; 100 is off. "
    "A clear corner of a cloudy scene is lost with it.",
    "ORBIT": "Only this relative orbit, 1 to 143; empty for all.",
    "TILES": "Only these MGRS tiles, such as 11SKB, separated by commas; empty for all.",
    "EDGE_TRIM": "Metres cut off inside each scene's footprint; 500 hides lines at tile borders.",
    "DILATE": "Metres by which rejected pixels grow, against cloud edges; costs computation.",
    "CLIP": "Mask pixels outside the area.",
    "METHOD": "median; mean; percentile; medoid: the observation nearest to the median; best: the observation with "
    "the highest score; weighted: mean weighted by score; latest; min; max.",
    "PERCENTILE": "For the method percentile, 0 to 100.",
    "MIN_OBSERVATIONS": "Mask pixels with fewer distinct clear days than this.",
    "BANDS": "Bands of the file, such as B4,B3,B2.",
    "INDICES": "Spectral indices of the composite, such as NDVI,EVI; they make the file Float32.",
    "COUNT_BAND": "Add the band clear_count: distinct days with a clear observation.",
    "CRS": "CRS of the file; empty for the UTM zone of the area.",
    "RESOLUTION": "Pixel size in units of the CRS.",
    "LIVE": "Load a live layer, drawn by the service as you pan. Switch off inside models and for downloads alone.",
    "STYLE": "Colours of the live layer, and of the file as far as it holds the bands.",
    "OUTPUT": "GeoTIFF to download; skipped if empty.",
    "FORMAT": "GTiff is a tiled GeoTIFF, COG a Cloud Optimized one.",
    "SCRIPT": "The same composite for elsewhere: .js for the Code Editor, .py for Python, .json for the recipe.",
}


def add_scenes(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the block *scenes*."""
    polygons = [Qgis.ProcessingSourceType.VectorPolygon]
    _add(
        algorithm,
        QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
        QgsProcessingParameterFeatureSource("AREA", "Area (wins over the extent)", polygons, optional=True),
        QgsProcessingParameterDateTime("START", "First day", _DATE),
        QgsProcessingParameterDateTime("END", "Last day (included)", _DATE),
        _choice("PRODUCT", "Product", catalog.PRODUCTS, "L2A"),
        _choice("QA_BAND", "Score band", catalog.SCORE_BANDS, "cs_cdf"),
        _number("THRESHOLD", "Clear threshold", catalog.DEFAULT_THRESHOLD, 0, 1),
    )
    _add(
        algorithm,
        _choice("UNSCORED_POLICY", "Scenes without a score", catalog.UNSCORED_POLICIES, "drop"),
        _choices("MONTHS", "Months", _MONTHS),
        _number("MAX_SCENE_CLOUD", "Scene cloud limit (percent)", 100, 0, 100),
        _number("ORBIT", "Relative orbit", None, 1, 143, _INTEGER),
        QgsProcessingParameterString("TILES", "MGRS tiles", optional=True),
        _number("EDGE_TRIM", "Trim inside the footprint (metres)", 0, 0, 50_000),
        _number("DILATE", "Grow what is rejected (metres)", 0, 0, 5_000),
        QgsProcessingParameterBoolean("CLIP", "Mask outside the area", True),
        advanced=True,
    )


def add_composite(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the block *composite*."""
    _add(
        algorithm,
        _choice("METHOD", "Method", catalog.METHODS, "median"),
        _choices("BANDS", "Bands", _BANDS, list(Composite().bands), optional=True),
        _choices("INDICES", "Spectral indices", sorted(indices.catalogue())),
    )
    _add(
        algorithm,
        _number("PERCENTILE", "Percentile", 25, 0, 100),
        _number("MIN_OBSERVATIONS", "Fewest clear days", 1, 1, None, _INTEGER),
        QgsProcessingParameterBoolean("COUNT_BAND", "Add the number of clear days", False),
        advanced=True,
    )


def add_output(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the block *output*."""
    _add(
        algorithm,
        _choice("STYLE", "Style", catalog.STYLES, "true_color"),
        QgsProcessingParameterBoolean("LIVE", "Load as a live layer", True),
        QgsProcessingParameterRasterDestination(
            "OUTPUT", "Clear composite", optional=True, createByDefault=False
        ),
    )
    _add(
        algorithm,
        QgsProcessingParameterCrs("CRS", "CRS of the file", optional=True),
        _number("RESOLUTION", "Pixel size (units of the CRS)", 10, 0, None),
        _choice("FORMAT", "File format", ("GTiff", "COG"), "GTiff"),
        QgsProcessingParameterFileDestination(
            "SCRIPT",
            "Script",
            "Code Editor (*.js);;Python (*.py);;Recipe (*.json)",
            optional=True,
            createByDefault=False,
        ),
        advanced=True,
    )


def read_scenes(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Scenes:
    """Read the block *scenes*.

    Raises:
        InvalidChoice: With one sentence for each thing that can be wrong.
    """
    orbit = None
    if parameters.get("ORBIT") is not None:
        orbit = algorithm.parameterAsInt(parameters, "ORBIT", context)
    tiles = algorithm.parameterAsString(parameters, "TILES", context)
    return Scenes(
        region=read_region(algorithm, parameters, context),
        start=_day(algorithm, parameters, "START", context),
        end=_day(algorithm, parameters, "END", context),
        product=algorithm.parameterAsEnumString(parameters, "PRODUCT", context),
        qa_band=algorithm.parameterAsEnumString(parameters, "QA_BAND", context),
        threshold=algorithm.parameterAsDouble(parameters, "THRESHOLD", context),
        unscored_policy=algorithm.parameterAsEnumString(parameters, "UNSCORED_POLICY", context),
        months=tuple(int(month) for month in _chosen(algorithm, parameters, "MONTHS", context)),
        max_scene_cloud=algorithm.parameterAsDouble(parameters, "MAX_SCENE_CLOUD", context),
        orbit=orbit,
        tiles=tuple(tile.strip().upper().removeprefix("T") for tile in tiles.split(",") if tile.strip()),
        edge_trim=algorithm.parameterAsDouble(parameters, "EDGE_TRIM", context),
        dilate=algorithm.parameterAsDouble(parameters, "DILATE", context),
        clip=algorithm.parameterAsBoolean(parameters, "CLIP", context),
    )


def read_composite(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Composite:
    """Read the block *composite*."""
    return Composite(
        method=algorithm.parameterAsEnumString(parameters, "METHOD", context),
        percentile=algorithm.parameterAsDouble(parameters, "PERCENTILE", context),
        min_observations=algorithm.parameterAsInt(parameters, "MIN_OBSERVATIONS", context),
        bands=_chosen(algorithm, parameters, "BANDS", context),
        indices=_chosen(algorithm, parameters, "INDICES", context),
        count_band=algorithm.parameterAsBoolean(parameters, "COUNT_BAND", context),
    )


def read_output(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Output:
    """Read the block *output*."""
    crs = None
    if parameters.get("CRS") not in (None, ""):
        chosen = algorithm.parameterAsCrs(parameters, "CRS", context)
        if not chosen.isValid():
            raise InvalidChoice(
                f"The CRS {parameters['CRS']} is not known.", "Choose one like EPSG:32611, or leave it empty."
            )
        crs = chosen.authid() if chosen.authid().startswith("EPSG:") else _wkt(chosen)
    return Output(
        crs=crs,
        resolution=algorithm.parameterAsDouble(parameters, "RESOLUTION", context),
        style=algorithm.parameterAsEnumString(parameters, "STYLE", context),
    )


def _wkt(crs: Any) -> str:
    return crs.toWkt(Qgis.CrsWktVariant.Wkt1Gdal)


def _day(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> date:
    # Only the calendar day: Processing reads a day as midnight in the machine's time zone.
    day = algorithm.parameterAsDateTime(parameters, name, context).date()
    if not day.isValid():
        raise InvalidChoice(f"{name} is not a day.", "Write it as 2023-01-31.")
    return date(day.year(), day.month(), day.day())


def _chosen(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], name: str, context: QgsProcessingContext
) -> tuple[str, ...]:
    # An empty list means none, for who wants an index alone; Processing would take the default for it.
    if parameters.get(name) in ([], ""):
        return ()
    # Where nothing is given and there is no default, one empty text arrives.
    return tuple(text for text in algorithm.parameterAsEnumStrings(parameters, name, context) if text)


def _add(
    algorithm: QgsProcessingAlgorithm, *definitions: QgsProcessingParameterDefinition, advanced: bool = False
) -> None:
    for definition in definitions:
        definition.setHelp(HELP[definition.name()])
        if advanced:
            definition.setFlags(definition.flags() | Qgis.ProcessingParameterFlag.Advanced)
        algorithm.addParameter(definition)


def _choice(name: str, label: str, options: Iterable[str], default: str) -> QgsProcessingParameterEnum:
    return QgsProcessingParameterEnum(name, label, list(options), False, default, False, True)


def _choices(
    name: str, label: str, options: list[str], default: list[str] | None = None, *, optional: bool = True
) -> QgsProcessingParameterEnum:
    return QgsProcessingParameterEnum(name, label, options, True, default, optional, True)


def _number(
    name: str,
    label: str,
    default: float | None,
    lowest: float,
    highest: float | None,
    kind: Qgis.ProcessingNumberParameterType = _DOUBLE,
) -> QgsProcessingParameterNumber:
    number = QgsProcessingParameterNumber(name, label, kind, default, optional=default is None)
    number.setMinimum(lowest)
    if highest is not None:
        number.setMaximum(highest)
    return number
