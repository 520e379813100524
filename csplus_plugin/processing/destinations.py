"""Where results go: destinations read and checked, and the outputs that every image algorithm declares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputString,
    QgsProviderRegistry,
)

from ..core import script
from ..core.errors import FileTrouble, InvalidChoice
from ..core.language import _
from ..core.layer_name import LONGEST
from ..core.survey import Survey
from ..core.text import clean
from ..download.cog import COG

_COUNTS = {
    "SCENE_COUNT": "Scenes found",
    "SCORED_COUNT": "Scenes with a score",
    "UNSCORED_COUNT": "Scenes without a score",
    "DATE_COUNT": "Distinct days",
}
_TEXTS = {
    "RECIPE": "Recipe (JSON)",
    "FIRST_DATE": "Day of the first scene",
    "LAST_DATE": "Day of the last scene",
}

_COST = {
    "REQUEST_COUNT": "Requests to the service, retries included",
    "RECEIVED_BYTES": "Bytes received",
    "SECONDS": "Seconds that it took",
}

_TABLES = (
    ".gpkg",
    ".csv",
    ".geojson",
    ".shp",
    ".sqlite",
    ".ods",
    ".xlsx",
    ".dbf",
    ".tab",
    ".fgb",
    ".parquet",
)
"""Endings of files that a table may be written to."""

_LONGEST_NAME = 255 - len(".csplus.json")
"""Bytes; file systems take 255, and beside a file may stand one whose name is longer by an ending."""


@dataclass(frozen=True)
class Destinations:
    """Where a result goes.

    Attributes:
        live: Make a live layer.
        file: GeoTIFF to write, or None.
        folder: Folder for the GeoTIFFs of a series, or None.
        name: Of the layers, as the user wishes; empty for one made of the recipe.
        cloud_optimized: Write it as a COG.
        script: Script or recipe to write, or None.
    """

    live: bool
    file: Path | None
    cloud_optimized: bool
    script: Path | None
    folder: Path | None = None
    name: str = ""

    @property
    def has_grid(self) -> bool:
        """Tell whether a grid of pixels is needed."""
        return any(one is not None for one in (self.file, self.folder, self.script))

    @classmethod
    def read(
        cls, algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
    ) -> Destinations:
        """Read them from the parameters.

        Once in a run, and in the worker thread: this also registers what is to be loaded, and QGIS forgets what was
        registered while the algorithm was being prepared.
        """
        raster = folder = ""
        if algorithm.parameterDefinition("OUTPUT_FOLDER"):
            folder = algorithm.parameterAsFileOutput(parameters, "OUTPUT_FOLDER", context)
        else:
            raster = algorithm.parameterAsOutputLayer(parameters, "OUTPUT", context)
        text = algorithm.parameterAsFileOutput(parameters, "SCRIPT", context)
        return cls(
            live=algorithm.parameterAsBoolean(parameters, "LIVE", context),
            file=Path(raster) if raster else None,
            cloud_optimized=algorithm.parameterAsEnumString(parameters, "FORMAT", context) == COG,
            script=Path(text) if text else None,
            folder=Path(folder) if folder else None,
            name=clean(algorithm.parameterAsString(parameters, "NAME", context), LONGEST),
        )


def check_destinations(parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
    """Refuse files whose endings name another format, or that have no folder to be in: before anything is asked.

    Raises:
        InvalidChoice: With the endings that are possible, or what is wrong with the folder.
    """
    raster = written_path(parameters.get("OUTPUT"), context)
    if raster and Path(raster).suffix.lower() not in (".tif", ".tiff"):
        raise InvalidChoice(
            _("{name} is not a GeoTIFF.", name=Path(raster).name), _("Choose a name that ends in .tif.")
        )
    if text := written_path(parameters.get("SCRIPT"), context):
        script.check_ending(Path(text))
    for path in filter(None, (raster, text)):
        check_place(Path(path))
    table_file(parameters, "TABLE", context)
    if folder := written_path(parameters.get("OUTPUT_FOLDER"), context):
        _check_folder(Path(folder))


def table_file(parameters: Mapping[str, Any], name: str, context: QgsProcessingContext) -> Path | None:
    """Give the file that a user named for a table; None for a layer in memory, a temporary one or a database.

    Raises:
        InvalidChoice: It has no folder to be in.
    """
    path = written_path(parameters.get(name), context)
    if Path(path).suffix.lower() not in _TABLES:
        return None
    check_place(Path(path))
    return Path(path)


def check_is_no_input(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    name: str,
) -> None:
    """Refuse a table in the file of the features or of the area: it would take their place.

    Raises:
        InvalidChoice: With the parameter that is read from it.
    """
    file = Path(written_path(parameters.get(name), context))
    for read in ("FEATURES", "AREA"):
        if algorithm.parameterDefinition(read) is None or not file.is_file():
            continue
        layer = algorithm.parameterAsVectorLayer(parameters, read, context)
        if layer is None:
            continue
        path = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source()).get("path", "")
        if path and Path(path).is_file() and file.samefile(path):
            raise InvalidChoice(
                _("{name} is the file of {read}, and would replace it.", name=name, read=read),
                _("Choose another file."),
            )


def check_report(parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
    """Refuse a report whose ending names another format, or that has no folder to be in: before anything is asked.

    Raises:
        InvalidChoice: With the ending, or what is wrong with the folder.
    """
    if path := written_path(parameters.get("REPORT"), context):
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise InvalidChoice(
                _("{name} is no web page.", name=Path(path).name), _("Choose a name that ends in .html.")
            )
        check_place(Path(path))


def add_image_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    """Declare what an image algorithm returns beside its destinations."""
    algorithm.addOutput(QgsProcessingOutputRasterLayer("LIVE_LAYER", "Live layer"))
    algorithm.addOutput(QgsProcessingOutputString("TILE_URL", "Tile address of the live layer"))
    algorithm.addOutput(
        QgsProcessingOutputNumber("CLEAR_PERCENT", "Share of the area that has a value in the file (percent)")
    )
    add_survey_outputs(algorithm)


def add_series_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    """Declare what an algorithm that makes several images returns beside its destinations."""
    algorithm.addOutput(QgsProcessingOutputMultipleLayers("LIVE_LAYERS", "Live layers"))
    algorithm.addOutput(QgsProcessingOutputMultipleLayers("FILES", "Files"))
    add_survey_outputs(algorithm)


def add_survey_outputs(algorithm: QgsProcessingAlgorithm) -> None:
    """Declare the recipe, and the outputs that tell which scenes were found and what the run took."""
    for name, label in _TEXTS.items():
        algorithm.addOutput(QgsProcessingOutputString(name, label))
    for name, label in {**_COUNTS, **_COST}.items():
        algorithm.addOutput(QgsProcessingOutputNumber(name, label))


def survey_outputs(survey: Survey) -> dict[str, Any]:
    """Give the outputs that tell which scenes were found."""
    return {
        "SCENE_COUNT": survey.scene_count,
        "SCORED_COUNT": survey.scored_count,
        "UNSCORED_COUNT": len(survey.unscored_ids),
        "DATE_COUNT": len(survey.days),
        "FIRST_DATE": survey.days[0].isoformat() if survey.days else "",
        "LAST_DATE": survey.days[-1].isoformat() if survey.days else "",
    }


def check_place(path: Path) -> None:
    """Refuse a file that cannot be where it is wanted.

    Raises:
        InvalidChoice: Its name is too long, or its folder missing or closed to us.
    """
    length = len(os.fsencode(path.name))
    if length > _LONGEST_NAME:
        raise InvalidChoice(
            _(
                "The file name {name}… has {length} bytes; {most} leave room for the files beside it.",
                name=path.name[:40],
                length=length,
                most=_LONGEST_NAME,
            ),
            _("Choose a shorter one."),
        )
    folder = path.absolute().parent
    try:
        if path.is_dir():
            raise InvalidChoice(_("{path} is a folder.", path=path), _("Choose a file in it."))
        if not folder.is_dir():
            raise InvalidChoice(
                _("There is no folder {folder}.", folder=folder), _("Make it, or choose another.")
            )
    except (OSError, ValueError) as problem:  # a path too long, or with a null in it
        raise InvalidChoice(
            _("{path} cannot be a file: {problem}.", path=path, problem=problem), _("Choose another.")
        ) from problem
    _check_writable(folder)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is a file, and one that cannot be made or written to."""
    try:
        if folder.is_dir():
            _check_writable(folder)
            return
        if folder.exists():
            raise InvalidChoice(_("{folder} is a file.", folder=folder), _("Choose a folder."))
    except (OSError, ValueError) as problem:
        raise InvalidChoice(
            _("{folder} cannot be a folder: {problem}.", folder=folder, problem=problem), _("Choose another.")
        ) from problem
    check_place(folder)


def make_folder(folder: Path) -> None:
    """Make the folder of a series, if it is not there.

    Raises:
        FileTrouble: It cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise FileTrouble(
            _("The folder {folder} cannot be made: {strerror}.", folder=folder, strerror=problem.strerror),
            _("Choose another."),
        ) from problem


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise InvalidChoice(
            _("The folder {folder} cannot be written to.", folder=folder), _("Choose another.")
        )


def written_path(destination: Any, context: QgsProcessingContext) -> str:
    """Give the path that a user wrote; empty for none and for a temporary file."""
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination, _ = destination.sink.valueAsString(context.expressionContext(), "")
    if not isinstance(destination, str) or destination == QgsProcessing.TEMPORARY_OUTPUT:
        return ""
    return destination
