"""The shared blocks of parameters, *scenes*, *composite* and *output*: declared with their help, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterString,
)

from ..core import catalog, indices
from ..core.choices import Output, Scenes
from ..core.errors import InvalidChoice
from ..core.language import _, marked
from ..core.methods import SINGLE
from ..core.region import Region
from ..core.targets.composite import Composite
from ..download.crs_in_file import require_in_file
from .parameters import (
    INTEGER,
    add,
    choice,
    choices,
    chosen,
    day,
    explained,
    number,
    optional_day,
    paragraph,
    sentence,
)
from .region import Note, read_region

_DATE = Qgis.ProcessingDateTimeParameterDataType.Date
_BANDS = list(dict.fromkeys(band for product in catalog.PRODUCTS.values() for band in product.bands))
_MONTHS = [str(month) for month in range(1, 13)]


def add_scenes(algorithm: QgsProcessingAlgorithm, *, window_is_optional: bool = False) -> None:
    """Add the block *scenes*."""
    polygons = [Qgis.ProcessingSourceType.VectorPolygon]
    add(
        algorithm,
        QgsProcessingParameterExtent("EXTENT", "Extent", optional=True),
        "Area: from the canvas, drawn, from a layer, or as xmin,xmax,ymin,ymax [EPSG:code].",
    )
    add(
        algorithm,
        QgsProcessingParameterFeatureSource("AREA", "Area (wins over the extent)", polygons, optional=True),
        "Polygons to use instead of the extent; pixels outside them are masked.",
    )
    for name, label, text in (
        ("START", "First day", "First day, as 2023-01-31."),
        ("END", "Last day (included)", "Last day, included."),
    ):
        add(
            algorithm,
            QgsProcessingParameterDateTime(name, label, _DATE, None, window_is_optional),
            text,
        )
    add(
        algorithm,
        choice("PRODUCT", "Product", catalog.PRODUCTS, "L2A"),
        sentence(
            _("{name}: {label}, from {first_day}", name=p.name, label=_(p.label), first_day=p.first_day)
            for p in catalog.PRODUCTS.values()
        ),
    )
    add(
        algorithm,
        choice("QA_BAND", "Score band", catalog.SCORE_BANDS, "cs_cdf"),
        explained(catalog.SCORE_BANDS),
    )
    add(
        algorithm,
        number("THRESHOLD", "Clear threshold", catalog.DEFAULT_THRESHOLD, 0, 1),
        "A pixel is clear where its score is at least this. 0.50 to 0.65 work well; higher is stricter.",
    )
    _add_filters(algorithm)
    add(
        algorithm,
        number("EDGE_TRIM", "Trim inside the footprint (metres)", 0, 0, 50_000),
        "Metres cut off inside each scene's footprint; 500 hides lines at tile borders.",
        advanced=True,
    )
    add(
        algorithm,
        number("DILATE", "Buffer around rejected pixels (metres)", 0, 0, 5_000),
        "Metres of the buffer around rejected pixels. Removes cloud edges; slower.",
        advanced=True,
    )
    add(
        algorithm,
        choices("ALSO_MASK", "Also mask (scene classes)", catalog.SCL_CLASSES),
        "Scene classes that are masked whatever their score, such as snow,water; product L2A only.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterBoolean("CLIP", "Mask outside the area", True),
        "Mask pixels outside the area.",
        advanced=True,
    )


def _add_filters(algorithm: QgsProcessingAlgorithm) -> None:
    """Add what narrows the scenes."""
    add(
        algorithm,
        choice("UNSCORED_POLICY", "Scenes without a score", catalog.UNSCORED_POLICIES, "drop"),
        paragraph(
            _("What becomes of scenes without a score, which arrives hours to days after the scene."),
            explained(catalog.UNSCORED_POLICIES),
        ),
        advanced=True,
    )
    add(
        algorithm,
        choices("MONTHS", "Months", _MONTHS),
        "Only these calendar months, 1 to 12; empty for all.",
        advanced=True,
    )
    add(
        algorithm,
        number("MAX_SCENE_CLOUD", "Scene cloud limit (percent)", 100, 0, 100),
        "Skip scenes cloudier than this percentage; 100 is off. A clear corner of a cloudy scene is lost with it.",
        advanced=True,
    )
    add(
        algorithm,
        number("ORBIT", "Relative orbit", None, 1, 143, INTEGER),
        "Only this relative orbit, 1 to 143; empty for all.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterString("TILES", "MGRS tiles", optional=True),
        "Only these MGRS tiles, such as 11SKB, separated by commas; empty for all.",
        advanced=True,
    )


def add_composite(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the block *composite*."""
    default = Composite()
    add_bands(
        algorithm,
        default.bands,
        default.indices,
        "Spectral indices, such as NDVI,EVI; they make the file Float32.",
    )
    add_method(algorithm)
    add(
        algorithm,
        QgsProcessingParameterBoolean("COUNT_BAND", "Add the number of clear days", False),
        "Add the band clear_count: distinct days with a clear observation.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterBoolean("SCORE_BAND", "Add the score", False),
        "Add the band score: of the observation that was taken, else the scores reduced by the method; "
        "it makes the file Float32.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterBoolean("DATE_BAND", "Add the date", False),
        _(
            "Add the band date: the day of the observation that was taken, counted from 1970-01-01; for the methods "
            "{methods}.",
            methods=", ".join(sorted(SINGLE)),
        ),
        advanced=True,
    )


def add_method(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the choices of how observations become one."""
    add(algorithm, choice("METHOD", "Method", catalog.METHODS, "median"), explained(catalog.METHODS))
    add(
        algorithm,
        choice("INDICES_FROM", "Compute indices from", catalog.INDEX_SOURCES, "composite"),
        explained(catalog.INDEX_SOURCES),
        advanced=True,
    )
    add(
        algorithm,
        number("PERCENTILE", "Percentile", 25, 0, 100),
        "For the method percentile, 0 to 100.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterDateTime("TARGET_DATE", "Target date", _DATE, optional=True),
        "For the method nearest, as 2023-06-15.",
        advanced=True,
    )
    add(
        algorithm,
        number("MIN_OBSERVATIONS", "Fewest clear days", 1, 1, None, INTEGER),
        "Mask pixels with fewer distinct clear days than this.",
        advanced=True,
    )


def add_bands(
    algorithm: QgsProcessingAlgorithm, bands: Sequence[str], chosen: Sequence[str], of_what: str
) -> None:
    """Add the choice of bands and of spectral indices.

    Args:
        algorithm: Where to.
        bands: Bands without a choice.
        chosen: Indices without a choice.
        of_what: Help of the indices.
    """
    add(
        algorithm,
        choices("BANDS", "Bands", _BANDS, list(bands) or None),
        "Bands of the file, such as B4,B3,B2.",
    )
    names = sorted(indices.catalogue())
    add(algorithm, choices("INDICES", "Spectral indices", names, list(chosen) or None), of_what)


def add_output(
    algorithm: QgsProcessingAlgorithm,
    label: str,
    styles: Sequence[str],
    default: str | None,
    *,
    is_series: bool = False,
    has_grid: bool = True,
) -> None:
    """Add the block *output*.

    Args:
        algorithm: Where to.
        label: Name of the file in the dialog.
        styles: Styles to choose from; none where the target has only its own.
        default: The style without a choice; None leaves it to the target.
        is_series: Whether there are several images, so that the files go to a folder.
        has_grid: Whether the grid can be chosen.
    """
    if styles:
        add(
            algorithm,
            choice("STYLE", "Style", styles, default),
            paragraph(
                _("Colours of the live layer, and of the file as far as it holds the bands."),
                explained({name: catalog.ALL_STYLES[name].label for name in styles}),
            ),
        )
    add(
        algorithm,
        QgsProcessingParameterString(
            "NAME", "Name of the layers" if is_series else "Name of the layer", optional=True
        ),
        "Name of the group, which begins the names of its layers; empty for a short one."
        if is_series
        else "Name of the layer; empty for a short one, of what is shown, the days and the area.",
    )
    add(
        algorithm,
        QgsProcessingParameterBoolean("LIVE", "Load as a live layer", True),
        "Load a live layer, drawn by the service as you pan. Switch off inside models and for downloads alone.",
    )
    if is_series:
        folder = QgsProcessingParameterFolderDestination(
            "OUTPUT_FOLDER", label, optional=True, createByDefault=False
        )
        add(algorithm, folder, "Folder for the GeoTIFFs to download; skipped if empty.")
    else:
        file = QgsProcessingParameterRasterDestination("OUTPUT", label, optional=True, createByDefault=False)
        add(algorithm, file, "GeoTIFF to download; skipped if empty.")
    if has_grid:
        add_grid(algorithm)
    add(
        algorithm,
        choice("FORMAT", "File format", ("GTiff", "COG"), "GTiff"),
        "GTiff is a tiled GeoTIFF, COG a Cloud Optimized one.",
        advanced=True,
    )
    add(
        algorithm,
        QgsProcessingParameterFileDestination(
            "SCRIPT",
            "Script",
            "Code Editor (*.js);;Python (*.py);;Recipe (*.json)",
            optional=True,
            createByDefault=False,
        ),
        "Script that makes the same elsewhere: .js for the Code Editor, .py for Python, .json for the recipe.",
        advanced=True,
    )


def add_grid(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the choice of a grid."""
    add(
        algorithm,
        QgsProcessingParameterCrs("CRS", "CRS of the file", optional=True),
        "CRS of the file; empty for the UTM zone of the area.",
        advanced=True,
    )
    add(
        algorithm,
        number("RESOLUTION", "Pixel size (units of the CRS)", 10, 0, None),
        "Pixel size in units of the CRS.",
        advanced=True,
    )


def read_scenes(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    note: Note = lambda _: None,
    window: tuple[date, date] | None = None,
    region: Region | None = None,
) -> Scenes:
    """Read the block *scenes*; what was done to the area is told to `note`.

    Args:
        algorithm: Whose block.
        parameters: Of the run.
        context: Of the run.
        note: Told what was done to the area.
        window: First and last day, in the place of START and END.
        region: Such as that of features, in the place of AREA and EXTENT.

    Raises:
        InvalidChoice: With one sentence for each thing that can be wrong.
    """
    orbit = None
    if parameters.get("ORBIT") is not None:
        orbit = algorithm.parameterAsInt(parameters, "ORBIT", context)
    tiles = algorithm.parameterAsString(parameters, "TILES", context)
    return Scenes(
        region=region or read_region(algorithm, parameters, context, note),
        start=window[0] if window else day(algorithm, parameters, "START", context),
        end=window[1] if window else day(algorithm, parameters, "END", context),
        product=algorithm.parameterAsEnumString(parameters, "PRODUCT", context),
        qa_band=algorithm.parameterAsEnumString(parameters, "QA_BAND", context),
        threshold=algorithm.parameterAsDouble(parameters, "THRESHOLD", context),
        unscored_policy=algorithm.parameterAsEnumString(parameters, "UNSCORED_POLICY", context),
        months=tuple(int(month) for month in chosen(algorithm, parameters, "MONTHS", context)),
        max_scene_cloud=algorithm.parameterAsDouble(parameters, "MAX_SCENE_CLOUD", context),
        orbit=orbit,
        tiles=tuple(tile.strip().upper().removeprefix("T") for tile in tiles.split(",") if tile.strip()),
        edge_trim=algorithm.parameterAsDouble(parameters, "EDGE_TRIM", context),
        also_mask=chosen(algorithm, parameters, "ALSO_MASK", context),
        dilate=algorithm.parameterAsDouble(parameters, "DILATE", context),
        clip=algorithm.parameterAsBoolean(parameters, "CLIP", context),
    )


def read_composite(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Composite:
    """Read the block *composite*."""
    return Composite(
        **read_method(algorithm, parameters, context),
        bands=chosen(algorithm, parameters, "BANDS", context),
        indices=chosen(algorithm, parameters, "INDICES", context),
        count_band=algorithm.parameterAsBoolean(parameters, "COUNT_BAND", context),
        score_band=algorithm.parameterAsBoolean(parameters, "SCORE_BAND", context),
        date_band=algorithm.parameterAsBoolean(parameters, "DATE_BAND", context),
    )


def read_method(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> dict[str, Any]:
    """Read the choices of how observations become one, by their names in `Composite`."""
    return {
        "method": algorithm.parameterAsEnumString(parameters, "METHOD", context),
        "percentile": algorithm.parameterAsDouble(parameters, "PERCENTILE", context),
        "target_date": optional_day(algorithm, parameters, "TARGET_DATE", context),
        "min_observations": algorithm.parameterAsInt(parameters, "MIN_OBSERVATIONS", context),
        "indices_from": algorithm.parameterAsEnumString(parameters, "INDICES_FROM", context),
    }


def read_output(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Output:
    """Read the block *output*."""
    crs = None
    if parameters.get("CRS") not in (None, ""):
        chosen = algorithm.parameterAsCrs(parameters, "CRS", context)
        if not chosen.isValid():
            raise InvalidChoice(
                _("The CRS {name} is not known.", name=parameters["CRS"]),
                _("Choose one like EPSG:32611, or leave it empty."),
            )
        crs = _written(chosen)
    return Output(
        crs=crs,
        resolution=algorithm.parameterAsDouble(parameters, "RESOLUTION", context),
        style=_read_style(algorithm, parameters, context),
    )


def _read_style(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> str | None:
    if algorithm.parameterDefinition("STYLE") is None:
        return None
    return algorithm.parameterAsEnumString(parameters, "STYLE", context) or None


def _written(crs: QgsCoordinateReferenceSystem) -> str:
    """Write a CRS as its code, or as WKT where it has none, if pixels can lie in it.

    Raises:
        InvalidChoice: It is no map's, or a GeoTIFF cannot hold it.
    """
    name = crs.authid() or crs.description()
    kind = _NO_MAPS.get(crs.type())
    if kind:
        raise InvalidChoice(
            _("The CRS {name} is {kind}, and pixels lie on a map.", name=name, kind=_(kind)),
            _("Choose a projected or geographic one."),
        )
    wkt = crs.toWkt(Qgis.CrsWktVariant.Wkt1Gdal) or crs.toWkt(Qgis.CrsWktVariant.Wkt2_2019)
    written = crs.authid() if crs.authid().startswith("EPSG:") else wkt
    require_in_file(written, name)
    return written


_NO_MAPS = {
    Qgis.CrsType.Geocentric: marked("geocentric"),
    Qgis.CrsType.Vertical: marked("vertical"),
    Qgis.CrsType.Compound: marked("compound, of a map and of heights"),
    Qgis.CrsType.Temporal: marked("temporal"),
    Qgis.CrsType.Engineering: marked("an engineering one, of no place on the earth"),
}
