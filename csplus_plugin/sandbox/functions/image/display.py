"""Pictures: stretching values to bytes, palettes, drawing features (guides/image_visualization)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.promotion import promote
from ...graph.registry import function
from ...images.bands import masked_everywhere
from ...images.colours import rgb
from ...images.constants import constant_image
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import BYTE, PixelType, of_number, union
from ...images.pixelwise import half_up
from ...space.rasterising import painted
from ...values.types import FeatureCollection
from .bands import chosen

_RGB = ("vis-red", "vis-green", "vis-blue")
_COLOURS = 3
_FULL = 255


@function("Image.visualize")
def visualize(
    image: Image,
    bands: Any,
    gain: object,
    bias: object,
    min_: object,
    max_: object,
    gamma: object,
    opacity: float | None,
    palette: Any,
    force_rgb_output: bool,
) -> Image:
    """One band as grey or by a palette, or three bands as red, green and blue; bytes."""
    positions = _shown(image, bands)
    if palette is not None and len(positions) != 1:
        raise Refused("Image.visualize: Cannot provide a palette when visualizing more than one band.")
    if gamma is not None and palette is not None:
        raise Refused("Image.visualize: Can't specify both gamma and palette.")
    count = len(positions)
    stretches = [
        _stretch(image.bands[p].type, *options)
        for p, options in zip(
            positions,
            zip(*(_per_band(o, count) for o in (gain, bias, min_, max_)), strict=True),
            strict=True,
        )
    ]
    gammas = [1.0 if g is None else float(g) for g in _per_band(gamma, count)]
    table = None if palette is None else np.array([rgb(c) for c in _colour_list(palette)], dtype=float)
    colour = count == _COLOURS or table is not None or force_rgb_output
    first = image.bands[positions[0]]
    out = [replace(first, name=name, type=BYTE) for name in (_RGB if colour else ("vis-gray",))]
    visible = 1.0 if opacity is None else float(np.clip(opacity, 0, 1))

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        asked = list(range(count))
        rasters = dict(zip(asked, image.pixels(canvas, positions), strict=True))
        mask = np.minimum.reduce([r.mask for r in rasters.values()]) * np.float32(visible)
        drawn = []
        for k in wanted:
            source = k if count == _COLOURS else 0
            factor, offset = stretches[source]
            share = np.clip(np.nan_to_num(rasters[source].values * factor + offset), 0, 1)
            share = share if gammas[source] == 1 else share ** (1 / gammas[source])
            if table is None:
                level = share * _FULL
            else:
                level = np.interp(share * (len(table) - 1), range(len(table)), table[:, k])
            drawn.append(Raster(half_up(level).astype(np.uint8), mask))
        return drawn

    return image.recomputed(out, draw)


def _shown(image: Image, bands: Any) -> list[int]:
    """Give the bands to show: those named, else the first three, or the first one of two."""
    names = bands.split(",") if isinstance(bands, str) else bands
    if names:
        positions = chosen(image, [n.strip() if isinstance(n, str) else n for n in names])
    else:
        if not image.bands:
            chosen(image, [0])
        positions = list(range(len(image.bands)))[: _COLOURS if len(image.bands) >= _COLOURS else 1]
    if len(positions) not in {1, _COLOURS}:
        raise Refused(f"Image.visualize: Expected 1 or 3 bands, got {len(positions)}.")
    return positions


def _numbers(value: object) -> list[float]:
    if isinstance(value, str):
        return [float(part) for part in value.split(",")]
    return [float(v) for v in value] if isinstance(value, list | tuple) else [float(value)]  # type: ignore[arg-type]


def _per_band(value: object, count: int) -> Sequence[float | None]:
    """One option a band, from one for all or a list."""
    if value is None:
        return [None] * count
    numbers = _numbers(value)
    if len(numbers) not in {1, count}:
        raise Refused(f"Image.visualize: Expected 1 or {count} values, got {len(numbers)}.")
    return numbers * count if len(numbers) == 1 else list(numbers)


def _stretch(
    kind: PixelType, gain: float | None, bias: float | None, low: float | None, high: float | None
) -> tuple[float, float]:
    """Factor and offset that take a band's values to 0 to 1."""
    if gain is not None or bias is not None:
        if low is not None or high is not None:
            raise Refused("Image.visualize: Can't specify min and max together with gain and bias.")
        return (1.0 if gain is None else gain) / _FULL, (bias or 0.0) / _FULL
    default_low, default_high = kind.bounds if kind.is_int else (0.0, 1.0)
    low = default_low if low is None else low
    high = default_high if high is None else high
    factor = 1 / (high - low) if high != low else 0.0
    return factor, -low * factor


def _colour_list(palette: Any) -> list[str]:
    colours = palette.split(",") if isinstance(palette, str) else promote(palette, "List")
    if not colours or not all(isinstance(c, str) for c in colours):
        raise Refused("Image.visualize: The palette must be a list of colors.")
    return colours


@function("Image.paint")
def paint(image: Image, feature_collection: FeatureCollection, color: object, width: object) -> Image:
    """Features drawn over an image, in a colour that is a number."""
    shapes, widths = [], []
    for element in feature_collection.elements:
        place = element.geometry()
        if place is not None:
            shapes.append((place, float(_of_feature(color, element.properties))))
            widths.append(None if width is None else float(_of_feature(width, element.properties)))
    colours = [of_number(colour) for _, colour in shapes]

    def kind(given: PixelType) -> PixelType:
        for colour in colours:
            given = union(given, colour)
        return given

    bands = [replace(band, type=kind(band.type)) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        layers = [painted([s], canvas.grid, w) for s, w in zip(shapes, widths, strict=True)]
        drawn = []
        for i, raster in zip(wanted, image.pixels(canvas, wanted), strict=True):
            values, mask = raster.values.astype(bands[i].type.dtype), raster.mask
            for levels, covered in layers:
                values = np.where(covered, levels.astype(values.dtype), values)
                mask = np.where(covered, np.float32(1), mask)
            drawn.append(Raster(values, mask))
        return drawn

    return image.recomputed(bands, draw, extent=None)


def _of_feature(value: object, properties: Any) -> Any:
    return promote(properties.get(value) if isinstance(value, str) else value, "Number")


@function("Collection.draw")
def draw_collection(collection: FeatureCollection, color: str, point_radius: int, stroke_width: int) -> Image:
    """Features as a picture in one colour: areas filled, lines and points in their width."""
    blank_image = masked_everywhere([Band("paint", BYTE)])
    filled = paint(blank_image, collection, 1, None)
    lined = paint(filled, collection, 1, stroke_width)
    parts = [constant_image([level], [name], BYTE) for level, name in zip(rgb(color), _RGB, strict=True)]
    bands = tuple(part.bands[0] for part in parts)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        (drawn,) = lined.pixels(canvas, [0])
        return [Raster(parts[k].pixels(canvas, [0])[0].values, drawn.mask) for k in wanted]

    return Image(bands, draw)
