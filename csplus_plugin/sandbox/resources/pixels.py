"""Pixel requests: which image, which bands, how they are drawn, on which grid, in which format."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Refused
from ..graph.evaluator import Evaluator
from ..images.image import Band, Grid, Image
from ..images.pixel_types import BYTE, PixelType
from ..space.geometries import Geometry, from_geojson
from ..space.grid import covering
from . import encoders, limits
from .grids import native_grid, part_of, picture_grid, requested_grid
from .messages import optional

WORKERS = threading.BoundedSemaphore(min(4, os.cpu_count() or 1))
"""To be entered by whoever computes pixels: more than these wait, so that memory stays bounded."""

PICTURES = ("AUTO_JPEG_PNG", "JPEG", "PNG")

_FILES: dict[str, tuple[str, Callable[[encoders.Rasters, Grid], bytes]]] = {
    "NPY": ("application/octet-stream", lambda rasters, _: encoders.npy(rasters)),
    "GEO_TIFF": ("image/tiff", encoders.geotiff),
    "GEOTIFF": ("image/tiff", encoders.geotiff),
}


@dataclass(frozen=True)
class View:
    """Some bands of an image, to be answered in one file format."""

    image: Image
    bands: Sequence[Band]
    file_format: str

    def render(self, grid: Grid) -> tuple[bytes, str]:
        """Give the pixels of a grid as the bytes of a file, and its media type.

        Raises:
            Refused: More pixels than one request may have, or bands that do not fit into one file.
        """
        limits.check_pixels(grid, self.bands)
        with WORKERS:
            rasters = self.image.render(grid, [band.name for band in self.bands])
            return self._encode(rasters, grid)

    def _encode(self, rasters: encoders.Rasters, grid: Grid) -> tuple[bytes, str]:
        if self.file_format in _FILES:
            media_type, encode = _FILES[self.file_format]
            return encode(rasters, grid), media_type
        colours = encoders.colours(rasters)
        opaque = self.file_format == "AUTO_JPEG_PNG" and bool((colours[3] == encoders.OPAQUE).all())
        if self.file_format == "JPEG" or opaque:
            return encoders.jpeg(colours), "image/jpeg"
        return encoders.png(colours), "image/png"


def view(evaluator: Evaluator, expression: Any, request: dict[str, Any]) -> View:
    """Give what a request wants to see of the image that an expression describes.

    Args:
        evaluator: Evaluates the expression.
        expression: An expression graph, as sent.
        request: `fileFormat`, `bandIds` and `visualizationOptions`, each optional.

    Raises:
        Refused: The expression is no image, a band is missing, or the format is unknown.
    """
    file_format = optional(request, "fileFormat", str) or "AUTO_JPEG_PNG"
    if file_format not in _FILES and file_format not in PICTURES:
        raise Refused(f"File format {file_format} is not supported by this sandbox.")
    image = evaluator.evaluate_to(Image, expression)
    bands = chosen(image, optional(request, "bandIds", list) or [])
    options = optional(request, "visualizationOptions", dict) or {}
    if file_format in PICTURES:
        bands = bands[: 3 if bands[2:] else 1]
        options = options or _default_stretch(bands)
    if options:
        image = evaluator.evaluate_to(Image, _visualized(expression, bands, options))
        bands = image.bands
    return View(image, bands, file_format)


def grid_of(request: dict[str, Any], view: View, region: Geometry | None = None) -> Grid:
    """Give the grid that a request names, else the whole image on its own.

    Args:
        request: `grid`, which is optional; one without dimensions says where pixels lie, and the region how many.
        view: What is to be seen.
        region: Only the pixels that its bounds touch are wanted; None for all.

    Raises:
        Refused: The grid is invalid, the image has none, or the region is beside it.
    """
    grid = optional(request, "grid", dict)
    if region is None:
        if grid:
            return requested_grid(grid)
        whole = picture_grid if view.file_format in PICTURES else native_grid
        return whole(view.image, view.bands)
    if grid and not optional(grid, "dimensions", dict):
        lattice = requested_grid(grid).projection
        return covering(lattice, region.bounds(lattice.crs))
    return part_of(requested_grid(grid) if grid else native_grid(view.image, view.bands), region)


def region_of(request: dict[str, Any]) -> Geometry | None:
    """Give the region that a request names as GeoJSON, whose edges are straight in longitude and latitude.

    Raises:
        Refused: It is none, or empty.
    """
    body = optional(request, "region", dict)
    if not body:
        return None
    region = from_geojson(body, geodesic=False)
    if region.planar().IsEmpty():
        raise Refused("Invalid value at 'region': the geometry is empty.")
    return region


def chosen(image: Image, names: Sequence[str]) -> Sequence[Band]:
    """Give the bands of these names in this order; all if there are no names.

    Raises:
        Refused: There is no such band, or none at all.
    """
    if not image.bands:
        pattern = f"Band pattern '{names[0]}' was applied to an" if names else "The expression is an"
        raise Refused(
            f"{pattern} Image with no bands. "
            "See https://developers.google.com/earth-engine/guides/debugging#no-bands"
        )
    return [image.bands[image.position(name)] for name in names] if names else image.bands


def _default_stretch(bands: Sequence[Band]) -> dict[str, Any]:
    """How bands are drawn when nothing is said: bytes as they are, else the whole range of the type.

    The range of a floating type, and of a constant, is taken as 0 to 1.
    """
    if all(band.type == BYTE for band in bands):
        return {}
    return {"ranges": [_range(band.type) for band in bands]}


def _range(kind: PixelType) -> dict[str, float]:
    low, high = kind.bounds if kind.is_int else (0, 1)
    return {"min": low, "max": high} if low < high else {"min": 0, "max": 1}


def _visualized(expression: dict[str, Any], bands: Sequence[Band], options: dict[str, Any]) -> dict[str, Any]:
    """Give the expression of a picture: the same image within `Image.visualize`.

    Visualization options that are left out keep that function's defaults.
    """
    ranges = (
        optional(options, "ranges", list) or _default_stretch(bands).get("ranges") or [{"min": 0, "max": 255}]
    )
    constants = {
        "bands": [band.name for band in bands],
        "min": [optional(limit, "min", int, float) or 0 for limit in ranges],
        "max": [optional(limit, "max", int, float) or 0 for limit in ranges],
        "palette": optional(options, "paletteColors", list),
        "gamma": _wrapped_number(options.get("gamma")),
        "opacity": _wrapped_number(options.get("opacity")),
    }
    arguments = {
        name: {"constantValue": value} for name, value in constants.items() if value not in (None, [])
    }
    arguments["image"] = {"valueReference": expression.get("result")}
    values = expression.get("values") or {}
    key = "picture"
    while key in values:
        key += "_"
    call = {"functionInvocationValue": {"functionName": "Image.visualize", "arguments": arguments}}
    return {"result": key, "values": {**values, key: call}}


def _wrapped_number(value: object) -> object:
    """Give a number that may come wrapped as `{"value": number}`."""
    return value.get("value") if isinstance(value, dict) else value
