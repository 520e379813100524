"""Batch exports: images and tables that land in a local folder, whatever destination they name.

    EXPORTS/drive/<folder>/<prefix>.tif            Export.image.toDrive
    EXPORTS/cloud-storage/<bucket>/<prefix>.tif    Export.image.toCloudStorage
    EXPORTS/assets/projects/<project>/assets/<id>  Export.image.toAsset, loadable by its id at once

A file appears when it is whole, in the place of an earlier one of its name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..archive.library import Library
from ..errors import Refused
from ..graph.evaluator import Evaluator
from ..images.image import Grid, Image
from . import geotiffs, pixels, tables
from .grids import native_grid, requested_grid
from .messages import optional, whole_number
from .operations import Step, Task
from .scene_writer import write_scene

MAX_PIXELS = 100_000_000  # where a request allows no other number
MAX_FILE_BYTES = 8 << 30  # of one export, uncompressed; this sandbox's own limit
_SIDE = 512  # pixels a side of the pieces in which files are written

_SEGMENT = re.compile(r"[^\x00-\x1f\x7f\\/:*?\"<>|.\s][^\x00-\x1f\x7f\\/:*?\"<>|]{0,99}(?<![.\s])")
"""Part of a path that means the same on every system, and never another folder."""


def image_task(evaluator: Evaluator, library: Library, folder: Path, request: dict[str, Any]) -> Task:
    """Give what an export of an image will do. The expression is evaluated when its turn comes.

    Args:
        evaluator: Evaluates the expression.
        library: Keeps what is exported as an asset.
        folder: The folder of exports.
        request: `expression`, `description`, `fileExportOptions` or `assetExportOptions`, `maxPixels`, `grid`.

    Raises:
        Refused: The request is invalid, or asks for what the sandbox cannot write.
    """
    description = _description(request)
    most = whole_number(request.get("maxPixels"), "maxPixels", MAX_PIXELS)
    if options := optional(request, "assetExportOptions", dict):
        destination = optional(options, "earthEngineDestination", dict) or {}
        asset = optional(destination, "name", str) or ""
        overwrite = bool(destination.get("overwrite"))
        library.check_free(asset, overwrite=overwrite)

        def keep(step: Step) -> None:
            with step(0.0):
                image, grid = _image(evaluator, request, most)
            library.keep(asset, lambda place: write_scene(place, image, grid, step), overwrite=overwrite)

        return Task("EXPORT_IMAGE", description, (asset,), keep)
    options = _file_options(request, "GEO_TIFF")
    path = _path(folder, options, description, "tif")
    layout = optional(options, "geoTiffOptions", dict) or {}
    nodata = optional(optional(layout, "noData", dict) or {}, "floatValue", int, float)

    def write(step: Step) -> None:
        with step(0.0):
            image, grid = _image(evaluator, request, most)
        with _whole(path) as unfinished:
            types = {band.name: band.type.dtype for band in image.bands}
            geotiffs.write_geotiff(str(unfinished), grid, types, _pieces(image, grid, step), nodata)
            if layout.get("cloudOptimized"):
                rough = unfinished.rename(unfinished.with_suffix(".rough"))
                try:
                    geotiffs.cloud_optimized(str(rough), str(unfinished))
                finally:
                    rough.unlink()

    return Task("EXPORT_IMAGE", description, (path.as_uri(),), write)


def table_task(evaluator: Evaluator, folder: Path, request: dict[str, Any]) -> Task:
    """Give what an export of a table will do. The expression is evaluated when its turn comes.

    Args:
        evaluator: Evaluates the expression.
        folder: The folder of exports.
        request: `expression`, `description`, `fileExportOptions` and `selectors`.

    Raises:
        Refused: The request is invalid, or asks for what the sandbox cannot write.
    """
    description = _description(request)
    options = _file_options(request, *tables.FORMATS)
    file_format = optional(options, "fileFormat", str) or next(iter(tables.FORMATS))
    path = _path(folder, options, description, tables.FORMATS[file_format].suffix)

    def write(step: Step) -> None:
        with step(1.0), _whole(path) as unfinished:
            table = tables.table(evaluator, {**request, "fileFormat": file_format}, path.stem)
            unfinished.write_bytes(table.content())

    return Task("EXPORT_FEATURES", description, (path.as_uri(),), write)


def _description(request: dict[str, Any]) -> str:
    if not isinstance(request.get("expression"), dict):
        raise Refused("The request has no expression.")
    return optional(request, "description", str) or "unnamed"


def _file_options(request: dict[str, Any], *formats: str) -> dict[str, Any]:
    """Give the options of an export to files.

    Raises:
        Refused: The export goes elsewhere, or into files of another format.
    """
    options = optional(request, "fileExportOptions", dict)
    if options is None:
        kinds = [name for name in request if name.endswith("ExportOptions")]
        raise Refused(
            f"Exports with {kinds[0] if kinds else 'no options'} are not supported by this sandbox."
        )
    file_format = optional(options, "fileFormat", str)
    if file_format is not None and file_format not in formats:
        raise Refused(f"Exports to {file_format} are not supported by this sandbox.")
    return options


def _path(folder: Path, options: dict[str, Any], description: str, suffix: str) -> Path:
    """Give the file that stands for a file in Drive or Cloud Storage.

    Raises:
        Refused: There is no destination, or its name could lead out of its folder.
    """
    if drive := optional(options, "driveDestination", dict):
        parts = ["drive", optional(drive, "folder", str) or "", optional(drive, "filenamePrefix", str)]
    elif cloud := optional(options, "cloudStorageDestination", dict):
        bucket = optional(cloud, "bucket", str)
        if not bucket:
            raise Refused("The export has no bucket.")
        parts = ["cloud-storage", bucket, optional(cloud, "filenamePrefix", str)]
    else:
        raise Refused("The export has no destination that this sandbox supports.")
    names = [name for part in (*parts[:2], parts[2] or description) if part for name in part.split("/")]
    for name in names:
        if not _SEGMENT.fullmatch(name):
            raise Refused(f"Invalid destination: '{name[:100]}' cannot be part of a file's name.")
    path = folder.joinpath(*names[:-1], f"{names[-1]}.{suffix}")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Refused("Invalid destination: it leads out of the folder of exports.")
    return path


def _image(evaluator: Evaluator, request: dict[str, Any], most: int) -> tuple[Image, Grid]:
    """Give the image to export and the pixels to export.

    Raises:
        Refused: There is no such image, or it is too large.
    """
    image = evaluator.evaluate_to(Image, request["expression"])
    bands = pixels.chosen(image, [])
    grid = optional(request, "grid", dict)
    pixel_grid = requested_grid(grid) if grid else native_grid(image, bands)
    if min(pixel_grid.shape) < 1:
        raise Refused("The image to export has no pixels.")
    if pixel_grid.size > most:
        raise Refused(
            f"Export too large: specified {pixel_grid.size} pixels (max: {most}). "
            "Specify higher maxPixels value if you intend to export a large area."
        )
    if pixel_grid.size * sum(band.type.dtype.itemsize for band in bands) > MAX_FILE_BYTES:
        raise Refused(f"Exports of more than {MAX_FILE_BYTES >> 30} GiB are not supported by this sandbox.")
    return image, pixel_grid


def _pieces(image: Image, grid: Grid, step: Step) -> Iterator[geotiffs.Piece]:
    """Give the pixels of a grid, square by square."""
    corners = [(c, r) for r in range(0, grid.height, _SIDE) for c in range(0, grid.width, _SIDE)]
    for done, (column, row) in enumerate(corners, 1):
        window = grid.window(column, row, min(_SIDE, grid.width - column), min(_SIDE, grid.height - row))
        with step(done / len(corners)), pixels.WORKERS:
            rasters = image.render(window)
        yield column, row, rasters


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a file beside the wanted one, which takes its place if all goes well and is gone if not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{uuid.uuid4().hex}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
