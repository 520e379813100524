"""Neighbourhoods: focal statistics, kernels, distances (guides/reducers_reduce_neighborhood, guides/kernels)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster
from ...images.kernels import Kernel, shaped
from ...images.neighbours import neighbours, padded
from ...images.pixel_types import DOUBLE, PixelType
from ...meter import check
from ...reducers import reducer as reducers
from ...reducers.reducer import Reducer
from ...reducers.stacking import in_row_blocks

MAX_ITERATIONS = 100


def _extreme(
    image: Image, position: int, kernel: np.ndarray, canvas: Canvas, ufunc: np.ufunc, worst: float
) -> Raster:
    """Give the smallest or largest valid neighbour.

    Each row of the kernel is one run of pixels; a run of any length is covered by two runs of a power of
    two, and those are built by doubling: the cost grows with the kernel's height, not with its area.
    """
    radius = kernel.shape[0] // 2
    height, width = canvas.shape
    (raster,) = image.pixels(padded(canvas, radius), [position])
    filled = np.where(raster.valid, raster.values, worst).astype(
        np.float64 if raster.values.dtype.itemsize > 2 else np.float32  # noqa: PLR2004 - exact in a float32
    )
    runs = {1: filled}
    result = np.full(canvas.shape, worst, filled.dtype)
    for row in range(kernel.shape[0]):
        columns = np.flatnonzero(kernel[row])
        for run in np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1) if columns.size else []:
            first, length = int(run[0]), run.size
            power = 1 << (length.bit_length() - 1)
            spread = _doubled(runs, power, ufunc)[row : row + height]
            ufunc(result, spread[:, first : first + width], out=result)
            last = first + length - power
            ufunc(result, spread[:, last : last + width], out=result)
    found = result != worst
    kind = image.bands[position].type
    return Raster(np.where(found, result, 0).astype(kind.dtype), found.astype(np.float32))


def _doubled(runs: dict[int, np.ndarray], power: int, ufunc: np.ufunc) -> np.ndarray:
    if power not in runs:
        half = _doubled(runs, power // 2, ufunc)
        runs[power] = ufunc(half[:, : half.shape[1] - power // 2], half[:, power // 2 :])
    return runs[power]


def _focal(
    image: Image,
    kernel: Kernel,
    iterations: int,
    compute: Callable[..., Raster],
    kind: Callable[[PixelType], PixelType],
) -> Image:
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise Refused(f"Image.focal: iterations must be between 1 and {MAX_ITERATIONS}.")
    for _ in range(iterations):
        image = _once(image, kernel, compute, kind)
    return image


def _once(
    image: Image, kernel: Kernel, compute: Callable[..., Raster], kind: Callable[[PixelType], PixelType]
) -> Image:
    bands = [replace(band, type=kind(band.type)) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        footprint = kernel.footprint(canvas.grid.projection)
        return [compute(image, i, footprint, canvas) for i in wanted]

    # What lies outside the image spreads into it and the other way round: no part may be skipped.
    return image.recomputed(bands, draw, extent=None)


def _by_reducer(reducer: Reducer) -> Callable[..., Raster]:
    def compute(image: Image, position: int, kernel: np.ndarray, canvas: Canvas) -> Raster:
        def block(part: Canvas) -> list[Raster]:
            values, weights = neighbours(image, position, kernel, part)
            (result,) = reducer.reduce([values], (weights > 0).astype(np.float32))
            kind = reducer.types([image.bands[position].type])[0]
            shaped = kind.convert(result.values).reshape(part.shape)
            return [Raster(shaped, result.valid.reshape(part.shape).astype(np.float32))]

        return in_row_blocks(canvas, int(kernel.sum()) * 16, block)[0]

    return compute


def _same(kind: PixelType) -> PixelType:
    return kind


_FOCAL: dict[str, tuple[Callable[..., Raster], Callable[[PixelType], PixelType]]] = {
    "Min": (lambda i, p, k, c: _extreme(i, p, k, c, np.minimum, np.inf), _same),
    "Max": (lambda i, p, k, c: _extreme(i, p, k, c, np.maximum, -np.inf), _same),
    "Mean": (_by_reducer(reducers.MEAN), lambda kind: PixelType("double", kind.min, kind.max)),
    "Median": (_by_reducer(reducers.MEDIAN), lambda kind: PixelType("double", kind.min, kind.max)),
    "Mode": (_by_reducer(reducers.MODE), _same),
}


def _register_focal(
    name: str, compute: Callable[..., Raster], kind: Callable[[PixelType], PixelType]
) -> None:
    @function(f"Image.focal{name}", f"Image.focal_{name.lower()}", f"Window.{name.lower()}")
    def focal(
        image: Image, radius: float, kernel_type: str, units: str, iterations: int, kernel: Kernel | None
    ) -> Image:
        return _focal(image, kernel or shaped(kernel_type, radius, units), iterations, compute, kind)


for _name, (_compute, _kind) in _FOCAL.items():
    _register_focal(_name, _compute, _kind)


@function("Image.reduceNeighborhood")
def reduce_neighborhood(
    image: Image,
    reducer: Reducer,
    kernel: Kernel,
    input_weight: str,
    skip_masked: bool,
    optimization: str | None,
) -> Image:
    """Give a reducer over the neighbours of each pixel, weighted by mask and kernel."""
    if reducer.inputs != 1 or reducer.objects:
        raise Refused("Image.reduceNeighborhood: This sandbox engine takes reducers with one input.")
    if input_weight not in {"mask", "kernel", "min"}:
        raise Refused("Image.reduceNeighborhood: inputWeight must be one of 'mask', 'kernel', 'min'.")
    outputs = len(reducer.outputs)
    bands = [
        replace(band, name=f"{band.name}_{output}", type=kind)
        for band in image.bands
        for output, kind in zip(reducer.outputs, reducer.types([band.type]), strict=True)
    ]

    def reduced(canvas: Canvas, position: int) -> list[Raster]:
        shape = kernel.footprint(canvas.grid.projection)
        weight = kernel.weighing(canvas.grid.projection)[shape][:, np.newaxis]

        def block(part: Canvas) -> list[Raster]:
            values, masks = neighbours(image, position, shape, part)
            given = {"mask": masks, "kernel": weight * (masks > 0), "min": np.minimum(masks, weight)}
            results = reducer.reduce([values], given[input_weight], masks > 0)
            kept = image.pixels(part, [position])[0].mask if skip_masked else np.ones(part.shape, np.float32)
            kinds = reducer.types([image.bands[position].type])
            return [
                Raster(kind.convert(r.values).reshape(part.shape), kept * r.valid.reshape(part.shape))
                for r, kind in zip(results, kinds, strict=True)
            ]

        return in_row_blocks(canvas, int(shape.sum()) * 24, block)

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn = {i: reduced(canvas, i) for i in dict.fromkeys(k // outputs for k in wanted)}
        return [drawn[k // outputs][k % outputs] for k in wanted]

    return image.recomputed(bands, draw, extent=None)


@function("Image.convolve")
def convolve(image: Image, kernel: Kernel) -> Image:
    """Each pixel as the weighted sum of its neighbours; masked ones count as 0."""
    bands = [replace(band, type=DOUBLE) for band in image.bands]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        weights = kernel.weighing(canvas.grid.projection)[::-1, ::-1]
        radius = weights.shape[0] // 2
        height, width = canvas.shape
        here = (slice(radius, radius + height), slice(radius, radius + width))
        drawn = []
        for raster in image.pixels(padded(canvas, radius), wanted):
            filled = np.where(raster.valid, raster.values, 0).astype(float)
            total = np.zeros(canvas.shape)
            for row, column in np.argwhere(weights):
                check()
                total += weights[row, column] * filled[row : row + height, column : column + width]
            drawn.append(Raster(total, raster.mask[here]))
        return drawn

    return image.recomputed(bands, draw)
