"""Features as a picture, each in a style of its own (apidocs: ee.FeatureCollection.style)."""

# ruff: noqa: ARG001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from osgeo import ogr

from .. import meter
from ..errors import Refused
from ..graph.registry import function
from ..images.colours import rgba
from ..images.image import Band, Canvas, Image, Raster
from ..images.pixel_types import BYTE
from ..images.pixelwise import half_up
from ..space.geometries import AREA, Geometry, pixel_shape
from ..space.rasterising import burnt_pixels
from ..space.strokes import MARKERS, LineType, marker, single_parts, strokes
from ..values.types import FeatureCollection

_NAME = "Collection.style"
_RGB = ("vis-red", "vis-green", "vis-blue")
_FILL_OPACITY = 0.66
_LARGEST = 500  # pixels
_KEYS = frozenset(["color", "pointSize", "pointShape", "width", "fillColor", "lineType"])

_Colour = tuple[int, int, int, float]


@dataclass(frozen=True)
class _Style:
    """How a feature is drawn.

    Attributes:
        colour: Of lines and outlines.
        fill: Of areas and markers.
        size: Of markers, pixels.
        shape: Of markers.
        width: Of lines and outlines, pixels.
        line: Of lines and outlines.
    """

    colour: _Colour
    fill: _Colour
    size: float
    shape: str
    width: float
    line: LineType


def _style(values: Mapping[str, Any]) -> _Style:
    """Read the values of a style.

    Raises:
        Refused: There is no such value, or it is none that a style can have.
    """
    unknown = sorted(set(values) - _KEYS)
    if unknown:
        raise Refused(f"{_NAME}: Unknown style property '{unknown[0]}'.")
    colour = _colour(values["color"])
    fill = values.get("fillColor")
    shape, line = values["pointShape"], values["lineType"]
    if not isinstance(shape, str) or shape not in MARKERS:
        raise Refused(f"{_NAME}: Unknown point shape '{shape}'.")
    if line not in ("solid", "dotted", "dashed"):
        raise Refused(f"{_NAME}: Unknown line type '{line}'.")
    return _Style(
        colour,
        (*colour[:3], colour[3] * _FILL_OPACITY) if fill is None else _colour(fill),
        _length(values["pointSize"], "pointSize"),
        shape,
        _length(values["width"], "width"),
        cast("LineType", line),
    )


def _colour(value: object) -> _Colour:
    if not isinstance(value, str):
        raise Refused(f"{_NAME}: A color must be a string.")
    return rgba(value)


def _length(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
        raise Refused(f"{_NAME}: {name} must be a number between 0 and {_LARGEST}.")
    return float(value)


@function("Collection.style")
def style(
    collection: FeatureCollection,
    color: str,
    point_size: int,
    point_shape: str,
    width: float,
    fill_color: str | None,
    style_property: str | None,
    neighborhood: int,
    line_type: str,
) -> Image:
    """Draw areas filled and outlined, lines, and points as markers, the last feature on top."""
    defaults = {
        "color": color,
        "pointSize": point_size,
        "pointShape": point_shape,
        "width": width,
        "fillColor": fill_color,
        "lineType": line_type,
    }
    common, drawn = _style(defaults), []
    for element in collection.elements:
        own = element.properties.get(style_property) if style_property is not None else None
        if own is not None and not isinstance(own, Mapping):
            raise Refused(f"{_NAME}: The property '{style_property}' must be a dictionary.")
        place = element.geometry()
        if place is not None:
            drawn.append((place, common if own is None else _style({**defaults, **own})))
    bands = tuple(Band(name, BYTE) for name in _RGB)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        colours, opacity = _picture(canvas, drawn)
        return [Raster(colours[k], opacity) for k in wanted]

    return Image(bands, draw)


def _picture(canvas: Canvas, drawn: Sequence[tuple[Geometry, _Style]]) -> tuple[list[np.ndarray], np.ndarray]:
    """Give red, green and blue as bytes, and the opacity, of features laid over each other."""
    colours = np.zeros((3, *canvas.shape))
    opacity = np.zeros(canvas.shape)
    for place, look in drawn:
        meter.check()
        shape = pixel_shape(place.planar(canvas.grid.crs), canvas.grid.projection)
        if shape.IsEmpty() or _is_out_of_sight(shape, look, canvas.shape):
            continue
        filled, stroked = _layers(shape, look, canvas.shape)
        for areas, colour in ((filled, look.fill), (stroked, look.colour)):
            if areas and colour[3] > 0:
                _lay_over(colours, opacity, burnt_pixels(areas, canvas.shape) > 0, colour)
    return [half_up(level).astype(np.uint8) for level in colours], opacity.astype(np.float32)


def _is_out_of_sight(shape: ogr.Geometry, look: _Style, size: tuple[int, int]) -> bool:
    west, east, north, south = shape.GetEnvelope()
    reach = look.size + look.width
    return east < -reach or west > size[1] + reach or south < -reach or north > size[0] + reach


def _layers(
    shape: ogr.Geometry, look: _Style, size: tuple[int, int]
) -> tuple[list[ogr.Geometry], list[ogr.Geometry]]:
    """Give what is filled, and what is stroked."""
    filled, stroked = [], []
    for part in single_parts(shape):
        if not part.GetDimension() and look.size > 0:
            part = marker(look.shape, part.GetX(), part.GetY(), look.size)  # noqa: PLW2901 - what is drawn for it
        if part.GetDimension() == AREA:
            filled.append(part)
        stroked += strokes(part, look.width, look.line, size)
    return filled, stroked


def _lay_over(colours: np.ndarray, opacity: np.ndarray, where: np.ndarray, colour: _Colour) -> None:
    """Lay a colour over a picture in place, where both may be transparent (T. Porter and T. Duff's over)."""
    above, below = colour[3], opacity[where] * (1 - colour[3])
    opacity[where] = above + below
    for k in range(3):
        colours[k][where] = (colour[k] * above + colours[k][where] * below) / (above + below)
