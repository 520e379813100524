"""The tiles of a download: each pixel of the area once, each request within every limit, on whole blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.grid import Grid, grid_for
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.download.plan import BLOCK, Plan, Tile, plan
from hypothesis import assume, given
from hypothesis import strategies as st
from osgeo import osr

from ..support.examples import examples

LIMIT = 48 * 1024 * 1024
WIDEST = 32768
MOST_BANDS = 1024


def grid(width: int, height: int) -> Grid:
    return Grid("EPSG:32611", 10, 0, 0, width, height)


def blocks(made: Plan, tiles: Iterable[Tile]) -> np.ndarray:
    """How many tiles hold each block of each band."""
    found = np.zeros((made.band_count, -(-made.grid.height // BLOCK), -(-made.grid.width // BLOCK)), int)
    for tile in tiles:
        assert tile.column % BLOCK == tile.row % BLOCK == 0
        right, bottom = tile.column + tile.width, tile.row + tile.height
        assert right % BLOCK == 0 or right == made.grid.width
        assert bottom % BLOCK == 0 or bottom == made.grid.height
        found[
            tile.bands.start : tile.bands.stop,
            tile.row // BLOCK : -(-bottom // BLOCK),
            tile.column // BLOCK : -(-right // BLOCK),
        ] += 1
    return found


@examples()
@given(st.integers(1, 6000), st.integers(1, 6000), st.integers(1, 1100), st.sampled_from([1, 2, 4, 8]))
def test_tiles_cover_the_grid_once_within_the_limits(width: int, height: int, bands: int, size: int) -> None:
    made = plan(grid(width, height), bands, size)
    assert (blocks(made, made.tiles) == 1).all()
    assert made.size == width * height * bands * size
    for tile in made.tiles:
        assert 0 < tile.width <= WIDEST
        assert 0 < tile.height <= WIDEST
        assert 0 < len(tile.bands) <= MOST_BANDS
        assert tile.value_count * (size + 1) <= LIMIT


@examples()
@given(st.data(), st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 400))
def test_what_remains_is_all_but_what_is_done(
    data: st.DataObject, width: int, height: int, bands: int
) -> None:
    made = plan(grid(width, height), bands, 4)
    pieces = list(made.tiles)
    for _ in range(data.draw(st.integers(0, 12))):
        index = data.draw(st.integers(0, len(pieces) - 1))
        pieces[index : index + 1] = pieces[index].split() or [pieces[index]]
    done = [piece for piece in pieces if data.draw(st.booleans())] if len(pieces) < 60 else pieces[::3]
    remaining = list(made.find_remaining(done))
    assert (blocks(made, [*done, *remaining]) == 1).all()
    assert sum(tile.value_count for tile in [*done, *remaining]) == width * height * bands


def test_a_tile_is_cut_along_blocks_and_last_between_bands() -> None:
    whole = Tile(1024, 512, 1000, 300, range(3))
    assert whole.split() == (
        Tile(1024, 512, 512, 256, range(3)),
        Tile(1536, 512, 488, 256, range(3)),
        Tile(1024, 768, 512, 44, range(3)),
        Tile(1536, 768, 488, 44, range(3)),
    )
    assert Tile(0, 0, 256, 700, range(3)).split() == (
        Tile(0, 0, 256, 512, range(3)),
        Tile(0, 512, 256, 188, range(3)),
    )
    assert Tile(0, 0, 256, 256, range(3)).split() == (
        Tile(0, 0, 256, 256, range(1)),
        Tile(0, 0, 256, 256, range(1, 3)),
    )
    assert Tile(0, 0, 256, 256, range(2, 3)).split() == ()


def test_ten_bands_of_a_whole_sentinel_tile_are_121_tiles() -> None:
    made = plan(grid(10980, 10980), 10, 2)
    assert len(made.tiles) == 121
    assert str(made) == ("10980 x 10980 pixels, 10 bands, 2411.2 MB before compression, 121 tiles.")


PLACES = st.one_of(
    st.tuples(st.floats(-170, 170), st.floats(-79, 83)),
    st.tuples(st.sampled_from([-179.9, 179.9, -179.5, 179.5]), st.floats(-70, 70)),
    st.tuples(st.floats(-170, 170), st.sampled_from([-89.0, -85.0, 84.5, 89.0])),
)
CRS = st.sampled_from(
    [None, "EPSG:3857", "EPSG:4326", "EPSG:4674", "EPSG:4258", "EPSG:3995", "EPSG:3031", "EPSG:3035"]
)


def star(longitude: float, latitude: float, radius: float, corners: list[float]) -> Region:
    """A polygon around a place: corners at a share of the radius (degrees)."""
    positions = []
    for number, share in enumerate(corners):
        angle = 2 * math.pi * number / len(corners)
        x = longitude + radius * share * math.cos(angle)
        y = latitude + radius * share * math.sin(angle)
        positions.append((min(max(x, -180), 180), min(max(y, -90), 90)))
    return Region((((*positions, positions[0]),),))


@examples(150)
@given(
    PLACES,
    st.floats(0.0005, 3),
    st.lists(st.floats(0.05, 1), min_size=3, max_size=12),
    CRS,
    st.integers(1, 9000),
)
def test_no_pixel_of_the_area_is_left_out(
    place: tuple[float, float], radius: float, corners: list[float], crs: str | None, width: int
) -> None:
    """From one pixel to thousands, in metres and degrees, at the poles and beside the antimeridian."""
    try:
        region = star(*place, radius, corners)
        unit = 1.0 if crs in ("EPSG:4326", "EPSG:4674", "EPSG:4258") else 111_320.0
        laid = grid_for(region, Output(crs=crs, resolution=2 * radius * unit / width))
    except InvalidChoice:
        assume(False)
    assume(laid.width * laid.height < 4e8)
    made = plan(laid, 4, 2, region)
    held = blocks(made, made.tiles)[0]
    assert held.max() == 1
    for x, y in inside(region, np.random.default_rng(1)):
        column, row = pixel(laid, x, y)
        if 0 <= column < laid.width and 0 <= row < laid.height:
            assert held[row // BLOCK, column // BLOCK] == 1, (x, y)


def inside(region: Region, random: np.random.Generator) -> np.ndarray:
    """Positions in the polygon: by the crossing number, which shares nothing with what is tested."""
    west, south, east, north = region.bounds
    points = random.uniform((west, south), (east, north), (300, 2))
    (ring,) = region.polygons[0]
    odd = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in pairwise(ring):
        spans = (y0 > points[:, 1]) != (y1 > points[:, 1])
        if y0 != y1:
            odd ^= spans & (points[:, 0] < x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    return points[odd]


def pixel(laid: Grid, x: float, y: float) -> tuple[int, int]:
    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(4326)
    target.SetFromUserInput(laid.crs)
    for reference in (source, target):
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    east, north, _ = osr.CoordinateTransformation(source, target).TransformPoint(x, y)
    return math.floor((east - laid.left) / laid.resolution), math.floor((laid.top - north) / laid.resolution)


def test_tiles_outside_the_area_are_left_out() -> None:
    corner = Region(((((0.0, 50.0), (1.0, 50.0), (0.0, 51.0), (0.0, 50.0)),),))
    laid = grid_for(corner, Output(crs="EPSG:32631"))
    everywhere, here = plan(laid, 4, 2), plan(laid, 4, 2, corner)
    assert here.skipped > 0.3 * len(everywhere.tiles)
    assert len(here.tiles) + here.skipped == len(everywhere.tiles)
    assert f"({here.skipped} outside the area skipped)" in str(here)


def test_degrees_are_planned_as_degrees() -> None:
    region = Region.from_bounds(-50.5, -15.5, -49.5, -14.5)
    counts = {
        crs: len(plan(grid_for(region, Output(crs=crs, resolution=1e-4)), 4, 2).tiles)
        for crs in ("EPSG:4326", "EPSG:4674")
    }
    assert set(counts.values()) == {100}


@pytest.mark.parametrize("crossing", ["EPSG:3031", "EPSG:3995"])
def test_an_area_that_a_crs_tears_is_fetched_whole(crossing: str) -> None:
    region = Region.from_bounds(-170, -60, 5, 60)
    try:
        laid = grid_for(region, Output(crs=crossing, resolution=20000))
    except InvalidChoice:
        pytest.skip("this CRS refuses the area")
    made = plan(laid, 1, 2, region)
    assert (blocks(made, made.tiles) == 1).mean() > 0.2


def test_a_small_download_has_tiles_for_all_places() -> None:
    assert len(plan(grid(4096, 4096), 10, 2).tiles) == 64
    assert len(plan(grid(8192, 8192), 10, 2).tiles) == 64
    assert len(plan(grid(500, 400), 10, 2).tiles) == 1
