"""Cutting grids along the blocks of files."""

from __future__ import annotations

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.space.grid import Grid
from csplus.csplus_plugin.sandbox.space.packing import Packing, row_windows
from csplus.csplus_plugin.sandbox.space.projections import Projection

UTM = "EPSG:32611"
TEN_METRES = Packing(Projection(UTM, (10, 0, 600000, 0, -10, 4100000)), 256, 128)


def square(x: float, y: float, width: int, height: int, pixel: float = 10) -> Grid:
    return Grid(UTM, (pixel, 0, x, 0, -pixel, y), width, height)


GRIDS = {
    "on the corner": square(600000, 4100000, 1024, 512),
    "within a block": square(600130, 4099500, 700, 300),
    "before the file": square(598000, 4101000, 900, 400),
    "half as fine": square(600130, 4099500, 300, 200, 20),
    "finer": square(600133, 4099501, 900, 700, 3.75),
    "one row": square(600000, 4100000, 5000, 1),
    "askew": Grid(UTM, (10, 1, 600000, -1, -10, 4100000), 600, 300),
    "another CRS": Grid("EPSG:3857", (12.7, 0, -13190000, 0, -12.7, 4443000), 600, 300),
}


@pytest.mark.parametrize("most", [1, 100, 1 << 12, 1 << 16, 1 << 30])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_pieces_cover_the_grid_once_and_are_small_enough(grid: Grid, most: int) -> None:
    if grid.size > 10_000 * most:
        pytest.skip("too many pieces to look at")
    for windows in (TEN_METRES.cut(grid, most), row_windows(grid, max(most, grid.width))):
        times = np.zeros(grid.shape, int)
        for left, top, width, height in windows:
            assert left >= 0
            assert top >= 0
            times[top : top + height, left : left + width] += 1
        assert (times == 1).all()
    assert all(width * height <= most for _, _, width, height in TEN_METRES.cut(grid, most))


@pytest.mark.parametrize(
    "name", ["on the corner", "within a block", "before the file", "half as fine", "finer"]
)
def test_no_block_lies_in_two_pieces(name: str) -> None:
    grid = GRIDS[name]
    columns = np.floor(
        (grid.transform[2] + grid.transform[0] * (np.arange(grid.width) + 0.5) - 600000) / 2560
    )
    rows = np.floor((4100000 - grid.transform[5] - grid.transform[4] * (np.arange(grid.height) + 0.5)) / 1280)
    block = rows[:, np.newaxis] * 1000 + columns
    most = int(np.unique(block, return_counts=True)[1].max())
    assert TEN_METRES.largest_block(grid) == most
    seen: set[float] = set()
    pieces = TEN_METRES.cut(grid, max(most, 1 << 16))
    for left, top, width, height in pieces:
        here = set(np.unique(block[top : top + height, left : left + width]))
        assert not seen & here
        seen |= here
    assert len(pieces) > 1


def test_a_block_that_is_too_large_is_cut_into_rows() -> None:
    grid = square(600000, 4100000, 256, 128)
    assert TEN_METRES.cut(grid, 256 * 64) == [(0, 0, 256, 64), (0, 64, 256, 64)]


def test_pixels_under_a_grids_pixel() -> None:
    assert TEN_METRES.pixels_under(GRIDS["on the corner"]) == pytest.approx(1)
    assert TEN_METRES.pixels_under(GRIDS["half as fine"]) == pytest.approx(4)
    assert TEN_METRES.pixels_under(GRIDS["askew"]) == pytest.approx(0.99)
    # A pixel of Web Mercator is shorter by the cosine of the latitude.
    latitude = np.radians(37.0)
    wanted = (1.27 * np.cos(latitude)) ** 2
    assert TEN_METRES.pixels_under(GRIDS["another CRS"]) == pytest.approx(wanted, rel=0.02)
