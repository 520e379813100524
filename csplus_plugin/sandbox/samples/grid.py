"""Where the sample scenes lie: a ground of 10 m cells, and the grids of the two MGRS tiles that sample it.

The place is the example point of the Cloud Score+ dataset page, near Mariposa, California. It lies where two
MGRS tiles of different UTM zones overlap: 11SKB of zone 11 and 10SGG of zone 10. The ground cells are the grid of
11SKB, so that tile covers all of the area; 10SGG, whose rows and columns run about 3.7 degrees askew, covers
part of it. Each pixel of 10SGG holds what the ground cell under its centre holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from osgeo import osr

from .landscape import CELL_M

LONGITUDE, LATITUDE = -119.9087, 37.4159
SIZE = 384
"""Cells along each side of the area: 3.84 km."""

_SMALLEST = 96
# Sizes are multiples of this, so that 20 m and 60 m pixels lie on the full tiles' grids, centred.
_STEP = 12

_BLOCK_M = 60
# Upper left corners of the full tiles, from ESA's tiling grid.
_TILES = {"11SKB": (32611, 199980, 4200000), "10SGG": (32610, 699960, 4200000)}


@dataclass(frozen=True)
class Tile:
    """The part of an MGRS tile that a sample scene holds.

    Attributes:
        name: MGRS name, without the T.
        epsg: Of its UTM zone.
        west, north: Of the upper left corner, metres.
        cells: Flat index of the ground cell under each 10 m pixel's centre; (rows, columns).
        ground_size: Cells along each side of the ground.
        wkt: Its coordinate reference system.
    """

    name: str
    epsg: int
    west: float
    north: float
    cells: np.ndarray
    ground_size: int
    wkt: str

    def sample(self, ground: np.ndarray) -> np.ndarray:
        """Give what the tile's 10 m pixels see of a map of the ground; (..., rows, columns)."""
        return np.take(ground.reshape(*ground.shape[:-2], -1), self.cells, axis=-1)

    def geo_transform(self, pixel_m: float) -> tuple[float, float, float, float, float, float]:
        """GDAL's geotransform for pixels of that size."""
        return (self.west, pixel_m, 0.0, self.north, 0.0, -pixel_m)

    def outline(self) -> list[tuple[float, float]]:
        """Corners in ground metres: east and north of the area's middle; clockwise, from the upper left."""
        rows, columns = self.cells.shape
        west, north = self.west, self.north
        east, south = west + columns * CELL_M, north - rows * CELL_M
        corners = [(west, north), (east, north), (east, south), (west, south)]
        middle = _ground_origin(self.ground_size)
        half = self.ground_size * CELL_M / 2
        there = _transformation(self.epsg, _TILES["11SKB"][0])
        return [
            (x - middle[0] - half, y - middle[1] + half)
            for x, y, _ in there.TransformPoints([(*corner, 0.0) for corner in corners])
        ]


def tiles(size: int) -> dict[str, Tile]:
    """Both tiles over a ground of `size` x `size` cells, by name.

    Raises:
        ValueError: The size does not fit the tiles' grids.
    """
    if size % _STEP or not _SMALLEST <= size <= SIZE:
        raise ValueError(f"The size must be a multiple of {_STEP} from {_SMALLEST} to {SIZE}, not {size}.")
    everything = np.arange(size * size).reshape(size, size)
    epsg = _TILES["11SKB"][0]
    west, north = _ground_origin(size)
    whole = Tile("11SKB", epsg, west, north, everything, size, _reference(epsg).ExportToWkt())
    return {"11SKB": whole, "10SGG": _askew(size)}


def to_lon_lat(points: list[tuple[float, float]], size: int) -> list[list[float]]:
    """Longitude and latitude of points given in ground metres from the area's middle."""
    west, north = _ground_origin(size)
    half = size * CELL_M / 2
    there = _transformation(_TILES["11SKB"][0], 4326)
    moved = [(west + half + x, north - half + y, 0.0) for x, y in points]
    return [[round(lon, 7), round(lat, 7)] for lon, lat, _ in there.TransformPoints(moved)]


def _ground_origin(size: int) -> tuple[float, float]:
    """Upper left corner of the ground in UTM zone 11; the area's middle is the same for every size."""
    epsg, west, north = _TILES["11SKB"]
    x, y, _ = _transformation(4326, epsg).TransformPoint(LONGITUDE, LATITUDE)
    half = SIZE * CELL_M / 2
    full_west = west + round((x - half - west) / _BLOCK_M) * _BLOCK_M
    full_north = north + round((y + half - north) / _BLOCK_M) * _BLOCK_M
    inset = (SIZE - size) / 2 * CELL_M
    return full_west + inset, full_north - inset


def _askew(size: int) -> Tile:
    """Give the zone 10 tile: a rectangle of its own grid within the western two thirds of the ground."""
    epsg, tile_west, tile_north = _TILES["10SGG"]
    ground_epsg = _TILES["11SKB"][0]
    west, north = _ground_origin(size)
    side = size * CELL_M
    middle = (west + 0.37 * side, north - 0.5 * side, 0.0)
    x, y, _ = _transformation(ground_epsg, epsg).TransformPoint(*middle)
    width = int(0.58 * side // _BLOCK_M) * _BLOCK_M
    height = int(0.88 * side // _BLOCK_M) * _BLOCK_M
    left = tile_west + round((x - width / 2 - tile_west) / _BLOCK_M) * _BLOCK_M
    top = tile_north + round((y + height / 2 - tile_north) / _BLOCK_M) * _BLOCK_M
    columns, rows = int(width / CELL_M), int(height / CELL_M)
    across, down = np.meshgrid(
        left + (np.arange(columns) + 0.5) * CELL_M, top - (np.arange(rows) + 0.5) * CELL_M
    )
    points = np.column_stack([across.ravel(), down.ravel()])
    there = np.array(_transformation(epsg, ground_epsg).TransformPoints(points))
    column = np.floor((there[:, 0] - west) / CELL_M).astype(int)
    row = np.floor((north - there[:, 1]) / CELL_M).astype(int)
    cells = (row * size + column).reshape(rows, columns)
    return Tile("10SGG", epsg, left, top, cells, size, _reference(epsg).ExportToWkt())


def _reference(epsg: int) -> osr.SpatialReference:
    reference = osr.SpatialReference()
    try:
        known = reference.ImportFromEPSG(epsg) == 0
    except RuntimeError:  # Another plugin may have told GDAL to raise.
        known = False
    if not known:
        raise OSError(f"GDAL does not know the coordinate reference system EPSG:{epsg}.")
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _transformation(source: int, target: int) -> osr.CoordinateTransformation:
    return osr.CoordinateTransformation(_reference(source), _reference(target))
