"""Images of where their pixels are: longitude, latitude, pixel coordinates, area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...graph.registry import function
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import DOUBLE
from ...space.grid import Grid, fractional_positions
from ...space.projections import WGS84, Projection, transform_points

_EQUATOR, _ECCENTRICITY2 = 6378137.0, 0.00669437999014  # WGS84: metres, and squared
_AREA_TOLERANCE = 1e-8  # of a pixel's area: about as much as the rounding of its corners makes of it


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
    a, b, _, d, e, _ = grid.transform

    def around(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        def moved(columns: float, rows: float) -> np.ndarray:
            places = transform_points(grid.crs, WGS84, x + a * columns + b * rows, y + d * columns + e * rows)
            return np.radians(np.stack(places))

        (_, latitude), across, down = (
            moved(0, 0),
            moved(0.5, 0) - moved(-0.5, 0),
            moved(0, 0.5) - moved(0, -0.5),
        )
        bulge = 1 - _ECCENTRICITY2 * np.sin(latitude) ** 2
        # Radii of curvature along the meridian and across it.
        meridian, normal = _EQUATOR * (1 - _ECCENTRICITY2) / bulge**1.5, _EQUATOR / np.sqrt(bulge)
        turned = np.abs(across[0] * down[1] - across[1] * down[0])
        return [turned * meridian * normal * np.cos(latitude)]

    return grid.interpolated(around, _AREA_TOLERANCE * grid.projection.nominal_scale**2)[0]
