"""Pixels of another size than the input's: interpolating smaller ones, combining into larger ones (guides/resample)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster, masked_raster
from ...reducers.reducer import Reducer
from ...space.grid import aligned_offset, fractional_positions, grid_window
from ...space.projections import apply, inverse


@function("Image.resample")
def resample(image: Image, mode: str) -> Image:
    """Interpolate where the output's pixels are not those of the band; composites stay as they are."""
    if mode not in _INTERPOLATIONS:
        raise Refused(f"Image.resample: mode must be one of {', '.join(_INTERPOLATIONS)}.")
    radius, weigh = _INTERPOLATIONS[mode]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return [_interpolated(image, i, canvas, radius, weigh) for i in wanted]

    return image.recomputed(image.bands, draw).with_(id=image.id, version=image.version)


def _interpolated(
    image: Image, position: int, canvas: Canvas, radius: int, weigh: Callable[[np.ndarray], np.ndarray]
) -> Raster:
    """One band on its own pixels, interpolated at the output's centres; masked neighbours do not count."""
    band = image.bands[position]
    if band.projection.is_default or aligned_offset(band.projection, canvas.grid) is not None:
        return image.pixels(canvas, [position])[0]
    grid = grid_window(band.projection, canvas.grid, radius)
    if grid is None:
        return masked_raster(canvas.shape, band.type)
    (raster,) = image.pixels(canvas.on(grid), [position])
    # Counted from the band's own corner: counted from the window's, they would differ with it in their last bits.
    columns, rows = (
        np.broadcast_to(p, canvas.shape) - 0.5 for p in fractional_positions(band.projection, canvas.grid)
    )
    left, top = np.floor(columns).astype(np.intp), np.floor(rows).astype(np.intp)
    first_column, first_row = (round(p) for p in apply(inverse(band.transform), *grid.corner))
    total, opacity, weights = np.zeros(canvas.shape), np.zeros(canvas.shape), np.zeros(canvas.shape)
    for dy in range(1 - radius, radius + 1):
        for dx in range(1 - radius, radius + 1):
            weight = weigh(columns - left - dx) * weigh(rows - top - dy)
            y = np.clip(top - first_row + dy, 0, grid.height - 1)
            x = np.clip(left - first_column + dx, 0, grid.width - 1)
            mask = raster.mask[y, x]
            total += weight * mask * np.where(mask > 0, raster.values[y, x], 0)
            opacity += weight * mask
            weights += weight
    with np.errstate(all="ignore"):
        values = np.where(opacity > 0, total / opacity, 0)
    if band.type.is_int:
        values = np.floor(values + 0.5)
    # The nearest pixel decides whether there is a value at all, so that masks do not grow.
    nearest_x = np.clip(np.floor(columns + 0.5).astype(np.intp) - first_column, 0, grid.width - 1)
    nearest_y = np.clip(np.floor(rows + 0.5).astype(np.intp) - first_row, 0, grid.height - 1)
    held = raster.mask[nearest_y, nearest_x]
    mask = np.where(opacity > 0, held, np.float32(0)).astype(np.float32)
    return Raster(band.type.convert(values), mask)


def _linear(distance: np.ndarray) -> np.ndarray:
    return np.maximum(0.0, 1 - np.abs(distance))


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -0.5."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))  # noqa: PLR2004 - the kernel's reach


_INTERPOLATIONS = {"bilinear": (1, _linear), "bicubic": (2, _cubic)}


@function("Image.reduceResolution")
def reduce_resolution(image: Image, reducer: Reducer, best_effort: bool, max_pixels: int) -> Image:
    """Combine the input pixels under each output pixel, weighted by how much of it they cover."""
    if reducer.inputs != 1 or len(reducer.outputs) != 1 or reducer.objects:
        raise Refused(
            "Image.reduceResolution: This sandbox engine takes reducers with one input and one output."
        )
    bands = [replace(b, type=reducer.types([b.type])[0]) for b in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return [_aggregated(image, i, reducer, canvas, max_pixels, best_effort=best_effort) for i in wanted]

    return image.recomputed(bands, draw)


def _aggregated(
    image: Image, position: int, reducer: Reducer, canvas: Canvas, max_pixels: int, *, best_effort: bool
) -> Raster:
    band, grid = image.bands[position], canvas.grid
    factor = math.ceil(grid.projection.nominal_scale / band.projection.nominal_scale - 1e-6)
    if factor <= 1:
        (raster,) = image.pixels(canvas, [position])
        return Raster(reducer.types([band.type])[0].convert(raster.values), raster.mask)
    if factor * factor > max_pixels:
        if not best_effort:
            raise Refused(
                f"Image.reduceResolution: Too many input pixels per output pixel. "
                f"Found {factor * factor}, but maxPixels allows only {max_pixels}."
            )
        factor = max(1, math.isqrt(max_pixels))
    height, width = canvas.shape
    fine = canvas.on(grid.refined(factor))
    (raster,) = image.pixels(fine, [position])

    def stack(pixels: np.ndarray) -> np.ndarray:
        parts = pixels.reshape(height, factor, width, factor).transpose(1, 3, 0, 2)
        return parts.reshape(factor * factor, height * width)

    (result,) = reducer.reduce([stack(raster.values)], stack(raster.mask))
    mask = stack(raster.mask).max(axis=0) * result.valid
    kind = reducer.types([band.type])[0]
    return Raster(
        kind.convert(result.values).reshape(canvas.shape), mask.reshape(canvas.shape).astype(np.float32)
    )
