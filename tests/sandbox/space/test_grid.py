"""Grids, and which source pixel lies under each output pixel."""

from __future__ import annotations

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.space.grid import Grid, aligned_offset, covering, nearest
from csplus.csplus_plugin.sandbox.space.projections import Projection
from hypothesis import given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.places import moved

SOURCE = Grid("EPSG:32611", (10, 0, 240000, 0, -10, 4150000), 300, 200)


def _exact(source: Grid, target: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Source coordinates of every target centre, one transformation a pixel."""
    a, b, c, d, e, f = target.transform
    columns, rows = np.meshgrid(np.arange(target.width) + 0.5, np.arange(target.height) + 0.5)
    points = [
        moved(target.crs, source.crs, a * i + b * j + c, d * i + e * j + f)
        for i, j in zip(columns.ravel(), rows.ravel(), strict=True)
    ]
    x, y = np.array(points).T
    sa, _, sc, _, se, sf = source.transform
    return ((x - sc) / sa).reshape(target.shape), ((y - sf) / se).reshape(target.shape)


@pytest.mark.parametrize(
    "target",
    [
        Grid("EPSG:32610", (10, 0, 772500, 0, -10, 4150500), 256, 200),
        Grid("EPSG:3857", (9.5546, 0, -13353000, 0, -9.5546, 4505000), 256, 256),
        Grid("EPSG:4326", (0.0001, 0, -119.95, 0, -0.0001, 37.45), 200, 300),
        Grid("EPSG:3857", (1222.99, 0, -13500000, 0, -1222.99, 4600000), 256, 256),
        Grid("EPSG:4326", (0.25, 0, -122, 0, -0.25, 39), 20, 20),
        Grid("EPSG:32611", (8, 3, 240100, 3, -8, 4149000), 90, 70),
    ],
)
def test_positions_are_exact_to_a_hundredth_of_a_pixel(target: Grid) -> None:
    columns, rows = _exact(SOURCE, target)
    near = (np.abs(columns) < 5000) & (np.abs(rows) < 5000)
    x, y = np.broadcast_arrays(*target.centres_in(SOURCE.crs, 0.05))
    assert near.any()
    assert np.abs((x - 240000) / 10 - columns)[near].max() < 0.01
    assert np.abs((4150000 - y) / 10 - rows)[near].max() < 0.01


def test_nearest_takes_the_pixel_that_holds_the_centre() -> None:
    target = Grid("EPSG:32610", (10, 0, 771900, 0, -10, 4150900), 200, 150)
    columns, rows = _exact(SOURCE, target)
    lookup = nearest(SOURCE, target)
    pixels = np.arange(SOURCE.size).reshape(SOURCE.shape)
    left, top, width, height = lookup.window
    found = lookup.take(pixels[top : top + height, left : left + width])
    inside = (columns >= 0) & (columns < 300) & (rows >= 0) & (rows < 200)
    clear = inside & (np.abs(columns - columns.round()) > 0.01) & (np.abs(rows - rows.round()) > 0.01)
    wanted = np.floor(rows).astype(int) * 300 + np.floor(columns).astype(int)
    assert 0 < inside.sum() < inside.size
    assert (found[clear] == wanted[clear]).all()
    assert (np.broadcast_to(lookup.inside, target.shape)[clear]).all()
    assert lookup.inside.sum() == pytest.approx(inside.sum(), abs=2)


def test_same_crs_and_aligned_is_a_slice() -> None:
    pixels = np.arange(SOURCE.size).reshape(SOURCE.shape)
    lookup = nearest(SOURCE, SOURCE.window(7, 11, 20, 30))
    left, top, width, height = lookup.window
    found = lookup.take(pixels[top : top + height, left : left + width])
    assert np.shares_memory(found, pixels)
    assert (found == pixels[11:41, 7:27]).all()
    assert lookup.inside is None


def test_coarser_pixels_take_the_one_right_and_below_a_shared_corner() -> None:
    coarse = Grid("EPSG:32611", (20, 0, 240000, 0, -20, 4150000), 10, 10)
    pixels = np.arange(SOURCE.size).reshape(SOURCE.shape)
    lookup = nearest(SOURCE, coarse)
    left, top, width, height = lookup.window
    found = lookup.take(pixels[top : top + height, left : left + width])
    assert (found == pixels[1:20:2, 1:20:2]).all()


def test_grids_that_do_not_meet() -> None:
    assert nearest(SOURCE, SOURCE.window(300, 0, 5, 5)) is None
    assert nearest(SOURCE, Grid("EPSG:32755", (10, 0, 500000, 0, -10, 6000000), 5, 5)) is None


@examples()
@given(st.integers(-400, 400), st.integers(-400, 400))
def test_an_offset_is_found_again(column: int, row: int) -> None:
    assert aligned_offset(SOURCE.projection, SOURCE.window(column, row, 3, 3)) == (column, row)


def test_no_offset_where_pixels_differ() -> None:
    assert aligned_offset(SOURCE.projection, SOURCE.window(0.5, 0, 3, 3)) is None
    assert aligned_offset(SOURCE.projection, SOURCE.refined(2)) is None
    assert aligned_offset(SOURCE.projection, Grid("EPSG:32610", SOURCE.transform, 3, 3)) is None


@given(st.integers(1, 5000), st.integers(1, 400), st.integers(1, 300))
@examples(50)
def test_row_blocks_cover_the_grid_once(limit: int, width: int, height: int) -> None:
    grid = Grid("EPSG:32611", (10, 0, 0, 0, -10, 1000), width, height)
    blocks = list(grid.row_blocks(limit))
    assert sum(b.height for b in blocks) == height
    assert all(b.width == width and (b.size <= limit or b.height == 1) for b in blocks)
    tops = [b.transform[5] for b in blocks]
    assert tops == [1000 - 10 * sum(b.height for b in blocks[:i]) for i in range(len(blocks))]


def test_covering_snaps_outward_to_the_lattice() -> None:
    lattice = Projection("EPSG:32611", (10, 0, 5, 0, -10, 5))
    grid = covering(lattice, (100, 100, 131, 115))
    assert grid == Grid("EPSG:32611", (10, 0, 95, 0, -10, 115), 4, 2)


def test_covering_adds_nothing_to_what_fits() -> None:
    lattice = Projection("EPSG:32611", (10, 0, 0, 0, -10, 0))
    assert covering(lattice, (100, 100, 200, 150)).shape == (5, 10)


@pytest.mark.parametrize(
    "crs", ["EPSG:0", "nonsense", "EPSG:99999999", "/etc/passwd", "http://127.0.0.1:1/x", ""]
)
def test_an_unknown_crs_is_refused(crs: str) -> None:
    with pytest.raises(Refused, match="could not be parsed"):
        nearest(SOURCE, Grid(crs, SOURCE.transform, 5, 5))


def test_nominal_scales() -> None:
    assert Projection("EPSG:32611", (20, 0, 0, 0, -20, 0)).nominal_scale == pytest.approx(20)
    assert Projection("EPSG:4326").nominal_scale == pytest.approx(111319.49079327358)
    assert Projection("EPSG:2227").nominal_scale == pytest.approx(0.3048006096)  # US survey feet
