"""Grid -> tiles that the service answers in one request each, those outside the area left out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from osgeo import ogr

from ..core.grid import Grid, QuietGdal, outline
from ..core.region import Region

BLOCK = 256
"""Pixels; side of the blocks of the file. Tiles are whole blocks, so that a block is written once."""

MAX_TILE_BLOCKS = 4
"""1,024 pixels a side: the server's memory grows with pixels x scenes x bands, so small tiles fail less."""

ENOUGH_TILES = 64
"""Fewer would leave places of the service empty: then tiles are half as long."""

MAX_REQUEST = 48 * 1024 * 1024 * 9 // 10
"""Bytes; the service's documented 48 MiB less a tenth for what is not documented."""

MAX_BANDS = 1024
"""Bands of one request."""

MASK_BYTE = 1
"""The service counts a mask byte with every band of every pixel (see Xee's issue 209)."""

_MARGIN = 16
"""Pixels around a tile that count as the tile: an outline in another CRS is not exact."""


@dataclass(frozen=True)
class Tile:
    """A window of the grid in pixels, and which of the bands: what one request asks for."""

    column: int
    row: int
    width: int
    height: int
    bands: range

    @property
    def cells(self) -> int:
        """Values in it: pixels x bands."""
        return self.width * self.height * len(self.bands)

    def split(self) -> tuple[Tile, ...]:
        """Cut it in four along blocks; what is one block already, between its bands; one band of it, not at all.

        Bands come last: the server would do the work that they share again for each part.
        """
        left, right = _halves(self.width)
        upper, lower = _halves(self.height)
        if right or lower:
            return tuple(
                Tile(self.column + x, self.row + y, width, height, self.bands)
                for y, height in ((0, upper), (upper, lower))
                for x, width in ((0, left), (left, right))
                if width and height
            )
        middle = len(self.bands) // 2
        return tuple(
            replace(self, bands=part) for part in (self.bands[:middle], self.bands[middle:]) if middle
        )

    def holds(self, other: Tile) -> bool:
        """Say whether another tile, cut from the same plan, is a part of this one, or the same."""
        return (
            self.column <= other.column < self.column + self.width
            and self.row <= other.row < self.row + self.height
            and other.bands.start in self.bands
            and other.cells <= self.cells
        )


@dataclass(frozen=True)
class Plan:
    """A download, before it starts.

    Attributes:
        grid: The whole result.
        band_count: Bands.
        item_size: Bytes of a value.
        side: Pixels along a full tile.
        tiles: What has to be fetched, row by row; every pixel of the area is in exactly one tile for each band.
        left_out: Tiles that lie outside the area.
    """

    grid: Grid
    band_count: int
    item_size: int
    side: int
    tiles: tuple[Tile, ...]
    left_out: int = 0

    @property
    def size(self) -> int:
        """Uncompressed bytes of the pixels to be fetched."""
        return self.item_size * sum(tile.cells for tile in self.tiles)

    def remaining(self, done: Collection[Tile]) -> Iterator[Tile]:
        """Walk what has not arrived yet, in the largest tiles that hold nothing of what has."""
        parts = defaultdict(list)
        for other in done:
            parts[other.column // self.side, other.row // self.side].append(other)
        for tile in self.tiles:
            here = parts[tile.column // self.side, tile.row // self.side]
            yield from _without(tile, [other for other in here if tile.holds(other)])

    def __str__(self) -> str:
        """Say how large the download is."""
        tiles = "1 tile" if len(self.tiles) == 1 else f"{len(self.tiles)} tiles"
        left_out = f", {self.left_out} tiles outside the area left out" if self.left_out else ""
        return (
            f"{self.grid.width} x {self.grid.height} pixels, {self.band_count} bands, "
            f"{self.size / 1e6:.1f} MB before compression, {tiles}. One request a tile{left_out}."
        )


def plan(grid: Grid, band_count: int, item_size: int, area: Region | None = None) -> Plan:
    """Choose the tiles: all bands together, within one request, whole blocks.

    Args:
        grid: The whole result.
        band_count: Bands.
        item_size: Bytes of a value.
        area: Where there are data; tiles elsewhere are left out. None: everywhere.
    """
    longest = math.isqrt(MAX_REQUEST // (min(band_count, MAX_BANDS) * (item_size + MASK_BYTE)))
    side = BLOCK * max(1, min(MAX_TILE_BLOCKS, longest // BLOCK))
    if math.ceil(grid.width / side) * math.ceil(grid.height / side) < ENOUGH_TILES:
        side = BLOCK * max(1, side // BLOCK // 2)
    together = min(MAX_BANDS, MAX_REQUEST // (BLOCK * BLOCK * (item_size + MASK_BYTE)))
    is_wanted = _inside(area, grid) if area else lambda _: True
    tiles, left_out = [], 0
    for row in range(0, grid.height, side):
        for column in range(0, grid.width, side):
            width, height = min(side, grid.width - column), min(side, grid.height - row)
            parts = [
                Tile(column, row, width, height, range(band_count)[first : first + together])
                for first in range(0, band_count, together)
            ]
            if is_wanted(parts[0]):
                tiles += parts
            else:
                left_out += len(parts)
    return Plan(grid, band_count, item_size, side, tuple(tiles), left_out)


def _inside(area: Region, grid: Grid) -> Callable[[Tile], bool]:
    """Make the question whether a tile has pixels in the area."""
    with QuietGdal():
        shape = outline(area, grid.crs)
        prepared = shape.CreatePreparedGeometry() if shape.IsValid() else None
    if prepared is None:
        return lambda _: True  # an outline that crosses itself in this CRS says nothing for sure

    def touches(tile: Tile) -> bool:
        window = grid.window(
            tile.column - _MARGIN, tile.row - _MARGIN, tile.width + 2 * _MARGIN, tile.height + 2 * _MARGIN
        )
        west, north = window.left, window.top
        east, south = west + window.width * window.resolution, north - window.height * window.resolution
        ring = ogr.Geometry(ogr.wkbLinearRing)
        for x, y in ((west, south), (east, south), (east, north), (west, north), (west, south)):
            ring.AddPoint_2D(x, y)
        box = ogr.Geometry(ogr.wkbPolygon)
        box.AddGeometry(ring)
        return prepared.Intersects(box)

    return touches


def _without(tile: Tile, done: Collection[Tile]) -> Iterator[Tile]:
    if tile in done:
        return
    if not done:
        yield tile
        return
    for part in tile.split():
        yield from _without(part, [other for other in done if part.holds(other)])


def _halves(length: int) -> tuple[int, int]:
    """Cut a length between two blocks; the second half is 0 if there is only one."""
    first = BLOCK * math.ceil(length / BLOCK / 2)
    return (first, length - first) if length > BLOCK else (length, 0)
