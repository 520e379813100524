"""Coordinates in another CRS: the same pixel has the same ones in whatever window it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.images.image import Grid
from csplus.csplus_plugin.sandbox.space.interpolation import interpolated
from csplus.csplus_plugin.sandbox.space.projections import transform_points
from hypothesis import example, given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.scene_folder import S2, Folder

ZONE_10, ZONE_11, MERCATOR, DEGREES = "EPSG:32610", "EPSG:32611", "EPSG:3857", "EPSG:4326"
MERCATOR_HALF = math.pi * 6378137.0
SIDE = 400


def utm(pixel: float, x: float = 240000, y: float = 4150000) -> Grid:
    return Grid(ZONE_11, (pixel, 0, x, 0, -pixel, y), 140, 120)


def map_tile(zoom: int) -> Grid:
    """The tile of 256 pixels that holds the middle of the finest of these grids."""
    side = 2 * MERCATOR_HALF / 2**zoom
    column, row = int((MERCATOR_HALF - 13350700) / side), int((MERCATOR_HALF - 4502700) / side)
    corner = (column * side - MERCATOR_HALF, MERCATOR_HALF - row * side)
    return Grid(MERCATOR, (side / 256, 0, corner[0], 0, -side / 256, corner[1]), 256, 256)


wholes = st.one_of(
    st.builds(
        lambda pixel, x, y: utm(pixel, 240000 + x / 8, 4150000 + y / 8),
        st.sampled_from([2.5, 7.0, 10.0, 60.0, 1000.0]),
        st.integers(-800, 800),
        st.integers(-800, 800),
    ),
    st.builds(map_tile, st.integers(3, 16)),
    st.sampled_from(
        [
            Grid(DEGREES, (0.0001, 0, -119.95, 0, -0.0001, 37.45), 130, 150),
            Grid(DEGREES, (1 / 3600, 0, -120, 0, -1 / 3600, 37.5), 150, 130),
            Grid(
                DEGREES, (0.25, 0, -122, 0, -0.25, 39), 70, 70
            ),  # some cells need anchors nearer than others
            Grid(ZONE_11, (8, 3, 240100, 3, -8, 4149000), 120, 90),
        ]
    ),
)
cuts = st.tuples(st.integers(-90, 130), st.integers(-90, 110), st.integers(1, 200), st.integers(1, 200))


def overlap(whole: Grid, cut: tuple[int, int, int, int]) -> tuple[Any, Any]:
    """The pixels that a grid shares with a window of it, as indices of each; both empty where they do not meet."""
    column, row, width, height = cut
    left, top = max(0, column), max(0, row)
    right, bottom = max(left, min(whole.width, column + width)), max(top, min(whole.height, row + height))
    return np.s_[top:bottom, left:right], np.s_[top - row : bottom - row, left - column : right - column]


@given(wholes, cuts, st.sampled_from([0.05, 1e-3, 1e-5]))
@example(utm(10), (7, 11, 1, 1), 0.05)
@example(map_tile(6), (-90, 100, 200, 31), 0.05)
@examples()
def test_no_cut_changes_a_coordinate(whole: Grid, cut: tuple[int, int, int, int], tolerance: float) -> None:
    here, there = overlap(whole, cut)
    for all_of_it, part in zip(
        whole.centres_in(ZONE_10, tolerance), whole.window(*cut).centres_in(ZONE_10, tolerance), strict=True
    ):
        assert (all_of_it[here] == part[there]).all()


@given(wholes, st.integers(1, 9000))
@examples(30)
def test_blocks_of_rows_have_the_whole_grids_coordinates(whole: Grid, limit: int) -> None:
    blocks = [block.centres_in(ZONE_10, 0.05) for block in whole.row_blocks(limit)]
    for axis, all_of_it in enumerate(whole.centres_in(ZONE_10, 0.05)):
        assert (np.concatenate([block[axis] for block in blocks]) == all_of_it).all()


@given(wholes, st.sampled_from([0.05, 1e-3, 1e-5]))
@examples(30)
def test_the_error_stays_below_the_tolerance(whole: Grid, tolerance: float) -> None:
    exact = transform_points(whole.crs, ZONE_10, *(c.copy() for c in np.broadcast_arrays(*whole.centres())))
    for found, wanted in zip(whole.centres_in(ZONE_10, tolerance), exact, strict=True):
        assert np.abs(found - wanted).max() < max(tolerance, 2e-5)  # origins are rounded to some micrometres


def test_what_cannot_be_transformed_spoils_no_other_pixel() -> None:
    world = Grid(DEGREES, (2, 0, -180, 0, -2, 89), 180, 89)
    exact = transform_points(DEGREES, ZONE_11, *(c.copy() for c in np.broadcast_arrays(*world.centres())))
    known = np.isfinite(exact[0])
    assert 0 < (~known).sum() < known.size / 100
    for found, wanted in zip(world.centres_in(ZONE_11, 1000), exact, strict=True):
        assert (np.isfinite(found) == known).all()
        assert np.abs(found[known] - wanted[known]).max() < 1000


def test_few_places_are_asked_for() -> None:
    asked = 0

    def counted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal asked
        asked += x.size
        return transform_points(MERCATOR, ZONE_11, x, y)

    tile = map_tile(14)
    interpolated(tile.projection, tile.width, tile.height, counted, 0.05)
    assert 0 < asked < tile.size / 200


def test_corners_far_beyond_the_earth_do_no_harm() -> None:
    far = Grid(ZONE_11, (1e-9, 0, 240000, 0, -1e-9, 4150000), 3, 2)
    for found, wanted in zip(
        far.centres_in(ZONE_10, 0.05),
        transform_points(ZONE_11, ZONE_10, *np.full((2, 2, 3), [[[240000]], [[4150000]]])),
        strict=True,
    ):
        assert found == pytest.approx(wanted, abs=1e-6)


@pytest.fixture(scope="module")
def other_zone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Images whose pixels lie in zone 10, by name: as they are, interpolated, reprojected, and where they are."""
    folder = Folder(tmp_path_factory.mktemp("zone-10"))
    values = np.random.default_rng(0).integers(0, 65536, (SIDE, SIDE)).astype(np.uint16)
    folder.scene("X", {"B4": values}, crs=32610, corner=(769500, 4151500))
    scene, degrees = ee.Image(f"{S2}/X").select("B4"), ee.Projection(DEGREES).scale(0.0001, -0.0001)
    images = {
        "scene": scene,
        "bilinear": scene.resample("bilinear"),
        "bilinear of degrees": scene.reproject(degrees).resample("bilinear"),
        "reprojected": ee.Image.pixelLonLat().reproject(ZONE_10, None, 37),
        "coordinates": ee.Image.pixelCoordinates(ee.Projection(ZONE_10)),
        "longitude and latitude": ee.Image.pixelLonLat(),
        "area": ee.Image.pixelArea(),
    }
    return {name: folder.value(image) for name, image in images.items()}.__getitem__


@pytest.mark.parametrize(
    "name",
    [
        "scene",
        "bilinear",
        "bilinear of degrees",
        "reprojected",
        "coordinates",
        "longitude and latitude",
        "area",
    ],
)
@given(
    whole=st.sampled_from([utm(10), utm(37.5, 239000, 4150700), map_tile(13)]),
    cut=cuts,
)
@examples(25)
def test_no_cut_changes_a_pixel(
    other_zone: Callable[[str], Any], name: str, whole: Grid, cut: tuple[int, int, int, int]
) -> None:
    image = other_zone(name)
    here, there = overlap(whole, cut)
    parts = image.render(whole.window(*cut))
    for band, all_of_it in image.render(whole).items():
        assert (all_of_it.mask[here] == parts[band].mask[there]).all()
        valid = all_of_it.valid[here]
        assert (all_of_it.values[here] == parts[band].values[there])[valid].all()


def test_scenes_and_grids_of_these_tests_meet(other_zone: Callable[[str], Any]) -> None:
    for whole in (utm(10), utm(37.5, 239000, 4150700), map_tile(13)):
        drawn = other_zone("scene").render(whole)["B4"]
        assert drawn.valid.mean() > 0.2
        assert len(np.unique(drawn.values[drawn.valid])) > 1000
