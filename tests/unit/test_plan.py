from __future__ import annotations

from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download.plan import BLOCK, plan
from hypothesis import given
from hypothesis import strategies as st

LIMIT = 48 * 1024 * 1024


def grid(width: int, height: int) -> Grid:
    return Grid("EPSG:32611", 10, 0, 0, width, height)


@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(1, 260), st.sampled_from([2, 4]))
def test_tiles_cover_the_grid_once_within_the_limits(width: int, height: int, bands: int, size: int) -> None:
    made = plan(grid(width, height), bands, size)
    tiles = list(made.tiles())
    assert len(tiles) == made.tile_count
    assert sum(tile.width * tile.height for tile in tiles) == width * height
    assert len({(tile.column, tile.row) for tile in tiles}) == len(tiles)
    for tile in tiles:
        assert tile.column % min(BLOCK, made.side) == tile.row % min(BLOCK, made.side) == 0
        assert 0 < tile.width <= width - tile.column
        assert 0 < tile.height <= height - tile.row
        assert tile.width * tile.height * bands * (size + 1) <= LIMIT


def test_ten_bands_of_a_whole_sentinel_tile_are_121_requests() -> None:
    made = plan(grid(10980, 10980), 10, 2)
    assert made.tile_count == 121
    assert str(made) == "10980 x 10980 pixels, 10 bands, 2411.2 MB before compression, 121 tiles."
