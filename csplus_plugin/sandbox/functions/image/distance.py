"""Distances: to the nearest pixel of some kind, in a direction, and between spectra."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster
from ...images.neighbours import padded
from ...images.pixel_types import DOUBLE, FLOAT
from ...images.pixelwise import common_extent, finished

MOST_PIXELS = 512  # of a search


@function("Image.fastDistanceTransform")
def fast_distance_transform(image: Image, neighborhood: int, units: str, metric: str) -> Image:
    """Squared distance in pixels to the nearest valid pixel that is not zero, masked or not.

    Where none is near, more than any distance within the neighbourhood.
    """
    if metric != "squared_euclidean" or units != "pixels":
        raise Refused(
            "Image.fastDistanceTransform: This sandbox engine knows 'squared_euclidean' in 'pixels'."
        )
    if not 1 <= neighborhood <= MOST_PIXELS:
        raise Refused(f"Image.fastDistanceTransform: neighborhood must be between 1 and {MOST_PIXELS}.")
    band = replace(image.bands[0], name="distance", type=FLOAT)
    farther = 2.0 * (neighborhood + 1) ** 2

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        (raster,) = image.pixels(padded(canvas, neighborhood), [0])
        distance = _squared_distances(raster.valid & (raster.values != 0), neighborhood)
        # Where nothing is near there is a value too: clouds that are nowhere are far, not unknown.
        found = np.where(np.isfinite(distance), distance, farther)
        return [Raster(found.astype(np.float32), np.ones(canvas.shape, np.float32))]

    return image.recomputed([band], draw, extent=None)


def _squared_distances(target: np.ndarray, reach: int) -> np.ndarray:
    """Squared distance to the nearest target, one dimension after the other; the margin is cut off."""
    rows = np.arange(target.shape[0])[:, np.newaxis]
    above = np.maximum.accumulate(np.where(target, rows, -np.inf), axis=0)
    below = np.minimum.accumulate(np.where(target, rows, np.inf)[::-1], axis=0)[::-1]
    vertical = np.minimum(rows - above, below - rows)[reach:-reach] ** 2
    width = target.shape[1] - 2 * reach
    best = np.full((vertical.shape[0], width), np.inf)
    for offset in range(-reach, reach + 1):
        start = reach + offset
        np.minimum(best, vertical[:, start : start + width] + offset**2, out=best)
    return best


@function("Image.directionalDistanceTransform")
def directional_distance_transform(
    source: Image, angle: float, max_distance: int, label_band: str | None
) -> Image:
    """Distance in pixels to the first pixel that is not zero in one direction; masked where there is none.

    The angle is in degrees, counted from east by north.
    """
    if label_band is not None:
        raise Refused("Image.directionalDistanceTransform: This sandbox engine has no labelBand.")
    if not 1 <= max_distance <= MOST_PIXELS:
        raise Refused(f"Image.directionalDistanceTransform: maxDistance must be between 1 and {MOST_PIXELS}.")
    band = replace(source.bands[0], name="distance", type=FLOAT)
    east, north = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        (raster,) = source.pixels(padded(canvas, max_distance), [0])
        target = raster.valid & (raster.values != 0)
        height, width = canvas.shape
        down = -1 if canvas.grid.transform[4] < 0 else 1
        distance = np.full(canvas.shape, np.inf, np.float32)
        for step in range(max_distance, -1, -1):
            row = max_distance + round(north * step) * down
            column = max_distance + round(east * step)
            distance[target[row : row + height, column : column + width]] = step
        found = np.isfinite(distance)
        return [Raster(np.where(found, distance, np.float32(0)), found.astype(np.float32))]

    return source.recomputed([band], draw, extent=None)


def _angle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    lengths = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return np.arccos(np.clip((x * y).sum(axis=0) / lengths, -1, 1))


def _divergence(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    p, q = x / x.sum(axis=0), y / y.sum(axis=0)
    return ((p - q) * (np.log(p) - np.log(q))).sum(axis=0)


_METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sam": _angle,
    "sid": _divergence,
    "sed": lambda x, y: ((x - y) ** 2).sum(axis=0),
    "emd": lambda x, y: np.abs(np.cumsum(x - y, axis=0)).sum(axis=0),
}
"""Spectral angle, information divergence, squared Euclidean and earth mover's distance of spectra (band, …)."""


@function("Image.spectralDistance")
def spectral_distance(image1: Image, image2: Image, metric: str) -> Image:
    """How far the spectra of two images are apart; masked where any of their bands is."""
    name = "Image.spectralDistance"
    if metric.lower() not in _METRICS:
        raise Refused(f"{name}: metric must be one of {', '.join(_METRICS)}.")
    if len(image1.bands) != len(image2.bands) or not image1.bands:
        raise Refused(f"{name}: Images must have the same number of bands.")
    every = range(len(image1.bands))

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        one, other = image1.pixels(canvas, every), image2.pixels(canvas, every)
        x, y = (np.stack([r.values for r in rasters]).astype(np.float64) for rasters in (one, other))
        with np.errstate(all="ignore"):
            values = _METRICS[metric.lower()](x, y)
        return [finished(values, np.minimum.reduce([r.mask for r in (*one, *other)]), DOUBLE)]

    band = replace(image1.bands[0], name="distance", type=DOUBLE)
    return image1.recomputed(
        [band], draw, properties={}, extent=common_extent(image1.drawn_extent(), image2.drawn_extent())
    )
