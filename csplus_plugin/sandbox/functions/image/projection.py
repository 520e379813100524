"""Projections of images: asking, forcing, clipping to a scaled box (guides/projections)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster, masked_raster
from ...space.edges import map_lines
from ...space.geometries import Geometry, box
from ...space.grid import Grid, aligned_offset, covering, grid_window, nearest
from ...space.projections import WGS84, Projection, as_affine, metres_per_unit


def first_projection(image: Image, name: str) -> Projection:
    """Give the default projection of an image's first band.

    Raises:
        Refused: There is no band.
    """
    if not image.bands:
        raise Refused(f"{name}: The image has no bands.")
    return image.bands[0].projection


def resolved(
    projection: Projection, transform: Sequence[float] | None, scale: float | None, name: str
) -> Projection:
    """Give a projection with another transform or another scale, where one is given.

    Raises:
        Refused: Both are.
    """
    if transform is not None and scale is not None:
        raise Refused(f"{name}: May specify at most one of crsTransform and scale.")
    if transform is not None:
        return Projection(projection.crs, as_affine(transform))
    return projection if scale is None else projection.at_scale(scale)


@function("Image.projection", arrays=None)
def projection(image: Image) -> Projection:
    """Give the default projection that all bands share."""
    found = {band.projection for band in image.bands}
    if not found:
        raise Refused("Image.projection: The image has no bands.")
    if len(found) > 1:
        raise Refused(
            "Image.projection: The bands of the specified image contain different projections. "
            "Use Image.select to pick a single band."
        )
    return found.pop()


@function("Image.setDefaultProjection", arrays=None)
def set_default_projection(
    image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None
) -> Image:
    """Another default projection; pixels are still computed in whatever is asked for."""
    wanted = resolved(crs, crs_transform, scale, "Image.setDefaultProjection")
    bands = [replace(b, crs=wanted.crs, transform=wanted.transform, dimensions=None) for b in image.bands]
    return image.with_(source=tuple(bands), id=None, version=None)


@function("Image.reproject", arrays=None)
def reproject(image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None) -> Image:
    """Compute in a projection, then sample by nearest neighbour."""
    wanted = resolved(crs, crs_transform, scale, "Image.reproject")
    bands = [replace(b, crs=wanted.crs, transform=wanted.transform, dimensions=None) for b in image.bands]

    def draw(canvas: Canvas, positions: Sequence[int]) -> list[Raster]:
        return pulled(image, wanted, canvas, positions)

    return image.recomputed(bands, draw)


def pulled(image: Image, lattice: Projection, canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
    """Draw bands on a lattice of their own and sample that by nearest neighbour."""
    if aligned_offset(lattice, canvas.grid) is not None:
        return image.pixels(canvas, wanted)
    grid = grid_window(lattice, canvas.grid, 0)
    lookup = nearest(grid, canvas.grid) if grid is not None else None
    if grid is None or lookup is None:
        return [masked_raster(canvas.shape, image.bands[i].type) for i in wanted]
    column, row, width, height = lookup.window
    drawn = image.pixels(canvas.on(grid), wanted)
    here = (slice(row, row + height), slice(column, column + width))
    inside = 1 if lookup.inside is None else lookup.inside
    return [
        Raster(lookup.take(r.values[here]), (lookup.take(r.mask[here]) * inside).astype(np.float32))
        for r in drawn
    ]


@function("Image.clipToBoundsAndScale", arrays=None)
def clip_to_bounds_and_scale(
    input_: Image,
    geometry: Geometry | None,
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Image:
    """Give the bounding box of a geometry in the image's projection, at a size or scale: what downloads ask for."""
    name = "Image.clipToBoundsAndScale"
    given = [(width is not None or height is not None), max_dimension is not None, scale is not None]
    if sum(given) > 1 or (width is None) != (height is None):
        raise Refused(f"{name}: Specify width and height, or maxDimension, or scale.")
    if any(side is not None and side < 1 for side in (width, height, max_dimension)):
        raise Refused(f"{name}: Dimensions must be positive.")
    lattice = first_projection(input_, name)
    region = geometry if geometry is not None else input_.geometry()
    if region is None or region.is_unbounded:
        raise Refused(f"{name}: The image is unbounded: a geometry is needed.")
    grid = _box_grid(lattice, region.bounds(lattice.crs), width, height, max_dimension, scale)
    return bounded(input_, grid)


def _box_grid(
    lattice: Projection,
    bounds: tuple[float, float, float, float],
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Grid:
    west, south, east, north = bounds
    if max_dimension is not None:
        longer = max(east - west, north - south) or 1.0
        width = max(1, math.ceil((east - west) / longer * max_dimension - 1e-9))
        height = max(1, math.ceil((north - south) / longer * max_dimension - 1e-9))
    if width is not None and height is not None:
        # Rows run south whatever the lattice does: this is a picture of the box, not a piece of the lattice.
        transform = ((east - west) / width or 1.0, 0.0, west, 0.0, (south - north) / height or -1.0, north)
        return Grid(lattice.crs, transform, width, height)
    return covering(lattice if scale is None else lattice.at_scale(scale), bounds)


def bounded(image: Image, grid: Grid) -> Image:
    """Give an image cut to a grid, which becomes its own."""
    frame = box(*grid.bounds(), crs=grid.crs)
    bands = [
        replace(b, crs=grid.crs, transform=grid.transform, dimensions=(grid.width, grid.height))
        for b in image.bands
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        lookup = canvas.once(("nearest", grid), lambda: nearest(grid, canvas.grid))
        if lookup is None:
            return [masked_raster(canvas.shape, bands[i].type) for i in wanted]
        drawn = image.pixels(canvas, wanted)
        if lookup.inside is None:
            return drawn
        return [Raster(r.values, (r.mask * lookup.inside).astype(np.float32)) for r in drawn]

    return image.recomputed(bands, draw, footprint=frame, extent=grid.bounds_in(WGS84))


@function("Image.translate", arrays=None)
def translate(input_: Image, x: float, y: float, units: str, proj: Projection | None) -> Image:
    """Move by some metres or pixels of a projection, east and north; computed in that projection."""
    if units not in {"meters", "pixels"}:
        raise Refused("Image.translate: units must be 'meters' or 'pixels'.")
    lattice = proj or first_projection(input_, "Image.translate")
    a, b, c, d, e, f = lattice.transform
    if units == "pixels":
        east, north = a * x + b * y, d * x + e * y
    else:
        east, north = x / metres_per_unit(lattice.crs), y / metres_per_unit(lattice.crs)
    moved = Projection(lattice.crs, (a, b, c + east, d, e, f + north))
    bands = [
        replace(band, crs=moved.crs, transform=moved.transform, dimensions=None) for band in input_.bands
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        ga, gb, gc, gd, ge, gf = canvas.grid.transform
        back = replace(canvas.grid, transform=(ga, gb, gc - east, gd, ge, gf - north))
        return input_.pixels(canvas.on(back), wanted)

    place = input_.geometry()
    if place is not None and not place.is_unbounded:
        shape = place.planar(moved.crs)
        shifted = map_lines(shape, lambda points: points + np.array([east, north]))
        place = Geometry(shifted, moved.crs, geodesic=False)
    whole = input_.recomputed(bands, draw, footprint=place, extent=None)
    return whole.recomputed(bands, lambda canvas, wanted: pulled(whole, moved, canvas, wanted))
