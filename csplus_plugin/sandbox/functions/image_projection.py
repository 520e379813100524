"""Projections of images: asking, forcing, resampling, clipping to a scaled box (guides/projections)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..errors import Refused
from ..geometries import Geometry, box
from ..images import Band, Canvas, Image, Raster, blank
from ..lattice import Grid, aligned_offset, covering, fractional_positions, nearest
from ..pixeltypes import DOUBLE
from ..projections import WGS84, Projection, as_affine
from ..reducers import Reducer
from ..registry import function

_EQUATOR, _ECCENTRICITY2 = 6378137.0, 0.00669437999014  # WGS84: metres, and squared
MAX_PULLED = 1 << 24  # pixels of an intermediate projection that one block may need


def first_projection(image: Image, name: str) -> Projection:
    """The default projection of an image's first band.

    Raises:
        Refused: There is no band.
    """
    if not image.bands:
        raise Refused(f"{name}: The image has no bands.")
    return image.bands[0].projection


def resolved(
    projection: Projection, transform: Sequence[float] | None, scale: float | None, name: str
) -> Projection:
    """A projection with another transform or another scale, where one is given.

    Raises:
        Refused: Both are.
    """
    if transform is not None and scale is not None:
        raise Refused(f"{name}: May specify at most one of crsTransform and scale.")
    if transform is not None:
        return Projection(projection.crs, as_affine(transform))
    return projection if scale is None else projection.at_scale(scale)


@function("Image.projection")
def projection(image: Image) -> Projection:
    """The default projection that all bands share."""
    found = {band.projection for band in image.bands}
    if not found:
        raise Refused("Image.projection: The image has no bands.")
    if len(found) > 1:
        raise Refused(
            "Image.projection: The bands of the specified image contain different projections. "
            "Use Image.select to pick a single band."
        )
    return found.pop()


@function("Image.setDefaultProjection")
def set_default_projection(
    image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None
) -> Image:
    """Another default projection; pixels are still computed in whatever is asked for."""
    wanted = resolved(crs, crs_transform, scale, "Image.setDefaultProjection")
    bands = [replace(b, crs=wanted.crs, transform=wanted.transform, dimensions=None) for b in image.bands]
    return image.but(source=tuple(bands), id=None, version=None)


@function("Image.reproject")
def reproject(image: Image, crs: Projection, crs_transform: list[float] | None, scale: float | None) -> Image:
    """Compute in a projection, then sample by nearest neighbour."""
    wanted = resolved(crs, crs_transform, scale, "Image.reproject")
    bands = [replace(b, crs=wanted.crs, transform=wanted.transform, dimensions=None) for b in image.bands]

    def draw(canvas: Canvas, positions: Sequence[int]) -> list[Raster]:
        return pulled(image, wanted, canvas, positions)

    return image.computed(bands, draw)


def pulled(image: Image, lattice: Projection, canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
    """Draw bands on a lattice of their own and sample that by nearest neighbour."""
    if aligned_offset(lattice, canvas.grid) is not None:
        return image.pixels(canvas, wanted)
    grid = lattice_window(lattice, canvas.grid, 0)
    lookup = nearest(grid, canvas.grid) if grid is not None else None
    if grid is None or lookup is None:
        return [blank(canvas.shape, image.bands[i].type) for i in wanted]
    column, row, width, height = lookup.window
    drawn = image.pixels(canvas.on(grid), wanted)
    here = (slice(row, row + height), slice(column, column + width))
    inside = 1 if lookup.inside is None else lookup.inside
    return [
        Raster(lookup.take(r.values[here]), (lookup.take(r.mask[here]) * inside).astype(np.float32))
        for r in drawn
    ]


def lattice_window(lattice: Projection, target: Grid, margin: int) -> Grid | None:
    """The part of a lattice that a grid needs; None where the grid cannot be placed on it.

    Raises:
        Refused: It would be too many pixels to compute at once.
    """
    columns, rows = fractional_positions(lattice, target)
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
        return None
    # Half a thousandth of a pixel more: the nearest pixel of a centre on an edge must be in.
    left, right = math.floor(columns.min() - 5e-4) - margin, math.floor(columns.max() + 5e-4) + margin
    top, bottom = math.floor(rows.min() - 5e-4) - margin, math.floor(rows.max() + 5e-4) + margin
    width, height = right - left + 1, bottom - top + 1
    if width * height > MAX_PULLED:
        raise Refused("User memory limit exceeded.")
    return Grid(lattice.crs, lattice.transform, 1, 1).window(left, top, width, height)


@function("Image.resample")
def resample(image: Image, mode: str) -> Image:
    """Interpolate where the output's pixels are not those of the band; composites stay as they are."""
    if mode not in _INTERPOLATIONS:
        raise Refused(f"Image.resample: mode must be one of {', '.join(_INTERPOLATIONS)}.")
    radius, weigh = _INTERPOLATIONS[mode]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        return [_interpolated(image, i, canvas, radius, weigh) for i in wanted]

    return image.computed(image.bands, draw)


def _interpolated(
    image: Image, position: int, canvas: Canvas, radius: int, weigh: Callable[[np.ndarray], np.ndarray]
) -> Raster:
    """One band on its own pixels, interpolated at the output's centres; masked neighbours do not count."""
    band = image.bands[position]
    if band.projection.is_default or aligned_offset(band.projection, canvas.grid) is not None:
        return image.pixels(canvas, [position])[0]
    grid = lattice_window(band.projection, canvas.grid, radius)
    if grid is None:
        return blank(canvas.shape, band.type)
    (raster,) = image.pixels(canvas.on(grid), [position])
    columns, rows = (
        np.broadcast_to(p, canvas.shape) - 0.5 for p in fractional_positions(grid.projection, canvas.grid)
    )
    left, top = np.floor(columns).astype(np.intp), np.floor(rows).astype(np.intp)
    total, opacity, weights = np.zeros(canvas.shape), np.zeros(canvas.shape), np.zeros(canvas.shape)
    for dy in range(1 - radius, radius + 1):
        for dx in range(1 - radius, radius + 1):
            weight = weigh(columns - left - dx) * weigh(rows - top - dy)
            y = np.clip(top + dy, 0, grid.height - 1)
            x = np.clip(left + dx, 0, grid.width - 1)
            mask = raster.mask[y, x]
            total += weight * mask * np.where(mask > 0, raster.values[y, x], 0)
            opacity += weight * mask
            weights += weight
    with np.errstate(all="ignore"):
        values = np.where(opacity > 0, total / opacity, 0)
    if band.type.is_int:
        values = np.floor(values + 0.5)
    # The nearest pixel decides whether there is a value at all, so that masks do not grow.
    nearest_x = np.clip(np.floor(columns + 0.5).astype(np.intp), 0, grid.width - 1)
    nearest_y = np.clip(np.floor(rows + 0.5).astype(np.intp), 0, grid.height - 1)
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

    return image.computed(bands, draw)


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


@function("Image.clipToBoundsAndScale")
def clip_to_bounds_and_scale(
    input_: Image,
    geometry: Geometry | None,
    width: int | None,
    height: int | None,
    max_dimension: int | None,
    scale: float | None,
) -> Image:
    """The bounding box of a geometry in the image's projection, at a size or scale: what downloads ask for."""
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
    """An image cut to a grid, which becomes its own."""
    frame = box(*grid.bounds(), crs=grid.crs)
    bands = [
        replace(b, crs=grid.crs, transform=grid.transform, dimensions=(grid.width, grid.height))
        for b in image.bands
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        lookup = canvas.once(("nearest", grid), lambda: nearest(grid, canvas.grid))
        if lookup is None:
            return [blank(canvas.shape, bands[i].type) for i in wanted]
        drawn = image.pixels(canvas, wanted)
        if lookup.inside is None:
            return drawn
        return [Raster(r.values, (r.mask * lookup.inside).astype(np.float32)) for r in drawn]

    return image.computed(bands, draw, footprint=frame, extent=grid.bounds_in(WGS84))


@function("Image.pixelLonLat")
def pixel_lon_lat() -> Image:
    """Longitude and latitude of each pixel's centre, degrees."""

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        both = canvas.once("lonlat", lambda: canvas.grid.centres_in(WGS84, 1e-9))
        valid = np.ones(canvas.shape, np.float32)
        return [Raster(np.broadcast_to(both[i], canvas.shape), valid) for i in wanted]

    return Image((Band("longitude", DOUBLE), Band("latitude", DOUBLE)), draw)


@function("Image.pixelCoordinates")
def pixel_coordinates(projection: Projection) -> Image:
    """Coordinates of each pixel's centre in a projection's pixels."""
    bands = tuple(Band(axis, DOUBLE, projection.crs, projection.transform) for axis in "xy")

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        both = fractional_positions(projection, canvas.grid)
        valid = np.ones(canvas.shape, np.float32)
        return [Raster(np.broadcast_to(both[i], canvas.shape), valid) for i in wanted]

    return Image(bands, draw)


@function("Image.pixelArea")
def pixel_area() -> Image:
    """Area of each pixel on the WGS84 ellipsoid, square metres."""

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        return [Raster(_areas(canvas.grid), np.ones(canvas.shape, np.float32))]

    return Image((Band("area", DOUBLE),), draw)


def _areas(grid: Grid) -> np.ndarray:
    def moved(columns: float, rows: float) -> np.ndarray:
        places = grid.window(columns, rows, grid.width, grid.height).centres_in(WGS84, 1e-9)
        return np.radians(np.stack([np.broadcast_to(p, grid.shape) for p in places]))

    (_, latitude), across, down = moved(0, 0), moved(0.5, 0) - moved(-0.5, 0), moved(0, 0.5) - moved(0, -0.5)
    bulge = 1 - _ECCENTRICITY2 * np.sin(latitude) ** 2
    # Radii of curvature along the meridian and across it.
    meridian, normal = _EQUATOR * (1 - _ECCENTRICITY2) / bulge**1.5, _EQUATOR / np.sqrt(bulge)
    return np.abs(across[0] * down[1] - across[1] * down[0]) * meridian * normal * np.cos(latitude)
