"""Thumbnails and downloads: an image cut to size by its own expression, waiting to be fetched as a file.

The client asks for both in the same way: region, scale and CRS have become `Image.clipToBoundsAndScale`
and its like within the expression, and the file is fetched by name without any further parameter.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..graph.evaluator import Evaluator
from ..images.image import Grid, Image
from . import limits, pixels
from .messages import Answer, optional, safe_name, saved_as

_SEPARATE, _TOGETHER = "ZIPPED_GEO_TIFF_PER_BAND", "ZIPPED_GEO_TIFF"
_SUFFIXES = {"NPY": "npy", "GEO_TIFF": "tif", "GEOTIFF": "tif"}


@dataclass(frozen=True)
class Thumbnail:
    """Files of an image: one, or several in an archive.

    Attributes:
        name: File name without its suffix.
        files: What each file shows, and on which grid.
        file_format: As asked for.
    """

    name: str
    files: Sequence[tuple[pixels.View, Grid]]
    file_format: str

    def render(self) -> Answer:
        """Give the file or the archive, as an answer that a browser saves under its name.

        Raises:
            Refused: Its computation is refused.
        """
        if self.file_format in {_SEPARATE, _TOGETHER}:
            return saved_as(f"{self.name}.zip", self._archive(), "application/zip")
        ((view, grid),) = self.files
        content, media_type = view.render(grid)
        if self.file_format in _SUFFIXES:
            return saved_as(f"{self.name}.{_SUFFIXES[self.file_format]}", content, media_type)
        return Answer(content, media_type)

    def _archive(self) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for view, grid in self.files:
                band = f".{safe_name(view.bands[0].name)}" if self.file_format == _SEPARATE else ""
                archive.writestr(f"{self.name}{band}.tif", view.render(grid)[0])
        return stream.getvalue()


def thumbnail(evaluator: Evaluator, request: dict[str, Any]) -> Thumbnail:
    """Give what a request for a thumbnail or a download will be answered with.

    Args:
        evaluator: Evaluates the expression.
        request: `expression`, and optionally `fileFormat`, `bandIds`, `filenamePrefix`, `grid` and
            `visualizationOptions`.

    Raises:
        Refused: The expression is no image that has a place, or too large for one answer.
    """
    file_format = optional(request, "fileFormat", str) or "AUTO_JPEG_PNG"
    zipped = file_format in {_SEPARATE, _TOGETHER}
    plain = {**request, "fileFormat": "GEO_TIFF"} if zipped else request
    view = pixels.view(evaluator, request.get("expression"), plain)
    views = [replace(view, bands=[band]) for band in view.bands] if file_format == _SEPARATE else [view]
    files = [(part, pixels.grid_of(request, part)) for part in views]
    limits.check_files(*((grid, part.bands) for part, grid in files))
    prefix = optional(request, "filenamePrefix", str) or _own_name(view.image)
    return Thumbnail(safe_name(prefix), files, file_format)


def _own_name(image: Image) -> str:
    """Give the index of an image of a collection, else what the service calls a computed image."""
    index = image.properties.get("system:index")
    return index if isinstance(index, str) else "download"
