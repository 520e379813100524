"""Grid -> tiles that the service computes in one request each; those outside the area are skipped."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from osgeo import ogr

from ..core.grid import Grid, QuietGdal, outline
from ..core.language import _, ngettext
from ..core.region import Region

BLOCK = 256
"""Pixels; side of the blocks of the file. Tiles are whole blocks, so that a block is written once."""

MAX_TILE_BLOCKS = 4
"""1,024 pixels a side: the server's memory grows with pixels x scenes x bands, so small tiles fail less."""

ENOUGH_TILES = 64
"""Fewer would leave slots of the service unused: then tiles are half as long."""

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
    """A window of the grid and some of the bands: what one request asks for.

    Attributes:
        column: First column of the grid, from 0.
        row: First row.
        width: Pixels.
        height: Pixels.
        bands: Numbers of the bands, from 0.
    """

    column: int
    row: int
    width: int
    height: int
    bands: range

    @property
    def value_count(self) -> int:
        """Pixels x bands."""
        return self.width * self.height * len(self.bands)

    def split(self) -> tuple[Tile, ...]:
        """Split it in four along blocks; what is one block already, between its bands; one band of a block, not at all.

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

    def contains(self, other: Tile) -> bool:
        """Tell whether another tile, split from the same plan, is a part of this one, or the same."""
        return (
            self.column <= other.column < self.column + self.width
            and self.row <= other.row < self.row + self.height
            and other.bands.start in self.bands
            and other.value_count <= self.value_count
        )


@dataclass(frozen=True)
class Plan:
    """A download, before it starts.

    Attributes:
        grid: The whole result.
        band_count: Bands.
        item_size: Bytes of a value.
        tile_side: Pixels along a full tile.
        tiles: What has to be fetched, row by row; every pixel of the area is in exactly one tile for each band.
        skipped: Number of tiles that lie outside the area.
    """

    grid: Grid
    band_count: int
    item_size: int
    tile_side: int
    tiles: tuple[Tile, ...]
    skipped: int = 0

    @property
    def size(self) -> int:
        """Uncompressed bytes of the pixels to be fetched."""
        return self.item_size * sum(tile.value_count for tile in self.tiles)

    def find_remaining(self, done: Collection[Tile]) -> Iterator[Tile]:
        """Find what has not arrived yet, in the largest tiles that contain nothing of what has."""
        parts = defaultdict(list)
        for other in done:
            parts[other.column // self.tile_side, other.row // self.tile_side].append(other)
        for tile in self.tiles:
            here = parts[tile.column // self.tile_side, tile.row // self.tile_side]
            yield from _find_uncovered(tile, [other for other in here if tile.contains(other)])

    def __str__(self) -> str:
        """Describe the size of the download, for the log."""
        count = len(self.tiles)
        tiles = ngettext("{count} tile", "{count} tiles", count)
        if self.skipped:
            tiles = _("{tiles} ({skipped} outside the area skipped)", tiles=tiles, skipped=self.skipped)
        return _(
            "{width} x {height} pixels, {band_count} bands, {size:.1f} MB before compression, {tiles}.",
            width=self.grid.width,
            height=self.grid.height,
            band_count=self.band_count,
            size=self.size / 1e6,
            tiles=tiles,
        )


def plan(grid: Grid, band_count: int, item_size: int, area: Region | None = None) -> Plan:
    """Choose the tiles: all bands together, within one request, whole blocks.

    Args:
        grid: The whole result.
        band_count: Bands.
        item_size: Bytes of a value.
        area: Where there are data; tiles elsewhere are skipped. None: everywhere.
    """
    longest = math.isqrt(MAX_REQUEST // (min(band_count, MAX_BANDS) * (item_size + MASK_BYTE)))
    side = BLOCK * max(1, min(MAX_TILE_BLOCKS, longest // BLOCK))
    if math.ceil(grid.width / side) * math.ceil(grid.height / side) < ENOUGH_TILES:
        side = BLOCK * max(1, side // BLOCK // 2)
    bands_at_once = min(MAX_BANDS, MAX_REQUEST // (BLOCK * BLOCK * (item_size + MASK_BYTE)))
    is_wanted = _make_intersection_test(area, grid) if area else lambda _: True
    tiles, skipped = [], 0
    for row in range(0, grid.height, side):
        for column in range(0, grid.width, side):
            width, height = min(side, grid.width - column), min(side, grid.height - row)
            parts = [
                Tile(column, row, width, height, range(band_count)[first : first + bands_at_once])
                for first in range(0, band_count, bands_at_once)
            ]
            if is_wanted(parts[0]):
                tiles += parts
            else:
                skipped += len(parts)
    return Plan(grid, band_count, item_size, side, tuple(tiles), skipped)


def _make_intersection_test(area: Region, grid: Grid) -> Callable[[Tile], bool]:
    """Make the function that tells whether a tile has pixels in the area."""
    with QuietGdal():
        shape = outline(area, grid.crs)
        prepared = shape.CreatePreparedGeometry() if shape.IsValid() else None
    if prepared is None:
        return lambda _: True  # an outline that crosses itself in this CRS says nothing for sure

    def intersects(tile: Tile) -> bool:
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

    return intersects


def _find_uncovered(tile: Tile, done: Collection[Tile]) -> Iterator[Tile]:
    if tile in done:
        return
    if not done:
        yield tile
        return
    for part in tile.split():
        yield from _find_uncovered(part, [other for other in done if part.contains(other)])


def _halves(length: int) -> tuple[int, int]:
    """Split a length between two blocks; the second half is 0 if there is only one."""
    first = BLOCK * math.ceil(length / BLOCK / 2)
    return (first, length - first) if length > BLOCK else (length, 0)
