"""Grid -> tiles that the service answers in one request each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..core.grid import Grid

BLOCK = 256
"""Pixels; side of the blocks of the file. Tiles are whole blocks, so that a block is written once."""

MAX_TILE_BLOCKS = 4
"""1,024 pixels a side: the server's memory grows with pixels x scenes x bands, so small tiles fail less."""

MAX_REQUEST = 48 * 1024 * 1024 * 9 // 10
"""Bytes; the service's documented 48 MiB less a tenth for what is not documented."""

MASK_BYTE = 1
"""The service counts a mask byte with every band of every pixel (see Xee's issue 209)."""


@dataclass(frozen=True)
class Tile:
    """A window of the grid, in pixels."""

    column: int
    row: int
    width: int
    height: int


@dataclass(frozen=True)
class Plan:
    """A download, before it starts.

    Attributes:
        grid: The whole result.
        side: Pixels along a full tile.
        band_count: Bands.
        item_size: Bytes of a value.
    """

    grid: Grid
    side: int
    band_count: int
    item_size: int

    @property
    def tile_count(self) -> int:
        """Requests that the download needs."""
        return math.ceil(self.grid.width / self.side) * math.ceil(self.grid.height / self.side)

    @property
    def size(self) -> int:
        """Uncompressed bytes of the pixels."""
        return self.grid.width * self.grid.height * self.band_count * self.item_size

    def tiles(self) -> Iterator[Tile]:
        """Walk the grid row by row; every pixel is in exactly one tile."""
        for row in range(0, self.grid.height, self.side):
            for column in range(0, self.grid.width, self.side):
                yield Tile(
                    column,
                    row,
                    min(self.side, self.grid.width - column),
                    min(self.side, self.grid.height - row),
                )

    def __str__(self) -> str:
        """Say how large the download is."""
        tiles = "1 tile" if self.tile_count == 1 else f"{self.tile_count} tiles"
        return (
            f"{self.grid.width} x {self.grid.height} pixels, {self.band_count} bands, "
            f"{self.size / 1e6:.1f} MB before compression, {tiles}."
        )


def plan(grid: Grid, band_count: int, item_size: int) -> Plan:
    """Choose the tile size: all bands together, within one request, whole blocks where they fit."""
    longest = math.isqrt(MAX_REQUEST // (band_count * (item_size + MASK_BYTE)))
    blocks = min(MAX_TILE_BLOCKS, longest // BLOCK)
    side = blocks * BLOCK or 2 ** (longest.bit_length() - 1)
    return Plan(grid, side, band_count, item_size)
