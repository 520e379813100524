"""The pixels of a region: on which grid, how much of each one counts, and their values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import meter
from ..errors import Refused
from ..images.image import BLOCK_PIXELS, Canvas, Image
from ..meter import MEMORY_EXCEEDED
from ..space.geometries import Geometry
from ..space.grid import Grid, covering
from ..space.projections import Projection, as_affine
from ..space.rasterising import centres_inside, coverage
from .reducer import Reducer, plain

MOST_PIXELS = 10_000_000
"""Pixels of a region, each once for every band, that are held in memory at once, whatever a request allows: as many
as the service takes for one band, unless it is asked for more."""

_NONE = np.zeros(0)
_DRAWN = 1 << 22  # pixels that are drawn at once, each once for every band


@dataclass(frozen=True)
class Samples:
    """Some pixels of an image, one after the other.

    Attributes:
        values: One array (n,) a band.
        masks: One array (n,) a band.
        coverage: How much of each pixel the region covers (n,); for what weighs, pixels count with the smaller of
            coverage and mask (guides/reducers_reduce_region).
        inside: Whether the pixel's centre is in the region (n,).
        x: Centres, in the CRS of the projection worked in (n,).
        y: Likewise.
    """

    values: list[np.ndarray]
    masks: list[np.ndarray]
    coverage: np.ndarray
    inside: np.ndarray
    x: np.ndarray
    y: np.ndarray


def region_of(image: Image, geometry: Geometry | None, name: str) -> Geometry:
    """Give the region, or the image's footprint.

    Raises:
        Refused: Neither has limits.
    """
    region = geometry if geometry is not None else image.geometry()
    if region is None or region.is_unbounded:
        raise Refused(f"{name}: Provide 'geometry' parameter when aggregating over an unbounded image.")
    return region


def working_projection(
    image: Image, crs: Projection | None, transform: Sequence[float] | None, scale: float | None, name: str
) -> Projection:
    """Give the projection to aggregate in: the one given, else that of the image's first band.

    Raises:
        Refused: There is no usable one.
    """
    if not image.bands:
        raise Refused(f"{name}: The image has no bands.")
    if transform is not None and scale is not None:
        raise Refused(f"{name}: May specify at most one of crsTransform and scale.")
    projection = crs or image.bands[0].projection
    if transform is not None:
        return Projection(projection.crs, as_affine(transform))
    if scale is not None:
        return projection.at_scale(scale)
    if crs is None and projection.is_default:
        raise Refused(
            f"{name}: The default WGS84 projection is invalid for aggregations. "
            "Specify a scale or crs & crs_transform."
        )
    return projection


def region_grid(
    region: Geometry, projection: Projection, max_pixels: int | None, name: str, *, best_effort: bool = False
) -> Grid:
    """Give the pixels over a region.

    Raises:
        Refused: More than `max_pixels` of them, or than the sandbox can hold.
    """
    found = _pixel_count(region, projection)
    if found > MOST_PIXELS and (max_pixels is None or (max_pixels > MOST_PIXELS and not best_effort)):
        raise Refused(MEMORY_EXCEEDED)
    if best_effort and max_pixels is not None:
        max_pixels = min(max_pixels, MOST_PIXELS)
    while max_pixels is not None and found > max_pixels:
        if not best_effort:
            raise Refused(
                f"{name}: Too many pixels in the region. Found {found}, but maxPixels allows only {max_pixels}."
            )
        factor = max(1.01, math.sqrt(found / max_pixels))
        projection = projection.at_scale(projection.nominal_scale * factor)
        found = _pixel_count(region, projection)
    return covering(projection, region.bounds(projection.crs))


def _pixel_count(region: Geometry, projection: Projection) -> int:
    a, b, _, d, e, _ = projection.transform
    return max(1, math.ceil(region.size(projection.crs) / abs(a * e - b * d)))


def sampled(image: Image, positions: Sequence[int], region: Geometry, grid: Grid) -> Iterator[Samples]:
    """Give the pixels of a region, block by block; those that it does not touch are left out."""
    # Images of many bands are drawn in smaller pieces.
    for block in grid.pieces(max(1, min(BLOCK_PIXELS, _DRAWN // max(1, len(positions))))):
        meter.check()
        inside = centres_inside(region, block)
        covered = coverage(region, block)
        kept = inside | (covered > 0)
        if not kept.any():
            continue
        rasters = image.pixels(Canvas(block), positions)
        x, y = (np.broadcast_to(c, block.shape)[kept] for c in block.centres())
        yield Samples(
            [r.values[kept] for r in rasters],
            [r.mask[kept] for r in rasters],
            covered[kept],
            inside[kept],
            x,
            y,
        )


def reduced_region(image: Image, reducer: Reducer, region: Geometry, grid: Grid, name: str) -> list[dict]:
    """Give the outputs of a reducer over a region: one dictionary a band, or one for all bands together.

    Raises:
        Refused: The reducer does not fit the bands.
    """
    count = len(image.bands)
    if reducer.inputs not in {1, count}:
        raise Refused(f"{name}: Need {reducer.inputs} bands for the reducer, but the image has {count}.")
    if image.has_arrays and not reducer.arrays:
        raise Refused(f"{name}: The reducer does not take arrays.")
    held, parts = 0, []
    for part in sampled(image, range(count), region, grid):
        held += part.coverage.size * count
        if held > MOST_PIXELS:
            raise Refused(MEMORY_EXCEEDED)
        parts.append(replace(part, x=_NONE, y=_NONE))  # where the pixels are does not matter here

    def joined(arrays: list[np.ndarray], dtype: np.dtype) -> np.ndarray:
        return np.concatenate(arrays) if arrays else np.zeros(0, dtype)

    values = [joined([p.values[i] for p in parts], image.bands[i].type.dtype) for i in range(count)]
    masks = [joined([p.masks[i] for p in parts], np.dtype(np.float32)) for i in range(count)]
    covered = joined([p.coverage for p in parts], np.dtype(np.float32))
    inside = joined([p.inside for p in parts], np.dtype(bool))
    groups = [[i] for i in range(count)] if reducer.inputs == 1 else [list(range(count))]
    outcomes = []
    for group in groups:
        mask = np.minimum.reduce([masks[i] for i in group])
        # The smaller of the two, so that a clip to the region does not count its edges twice.
        weights, present = np.minimum(mask, covered)[:, np.newaxis], (inside & (mask > 0))[:, np.newaxis]
        results = reducer.reduce([values[i][:, np.newaxis] for i in group], weights, present)
        outcomes.append({n: plain(r) for n, r in zip(reducer.outputs, results, strict=True)})
    return outcomes
