"""Shapes across the antimeridian are one place: found from both sides, measured once, and drawn whole."""

from __future__ import annotations

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.space.geometries import Geometry, box, from_geojson
from csplus.csplus_plugin.sandbox.space.grid import Grid
from csplus.csplus_plugin.sandbox.space.rasterising import centres_inside


def polygon(*places: tuple[float, float], geodesic: bool = True) -> Geometry:
    ring = [list(place) for place in (*places, places[0])]
    return from_geojson({"type": "Polygon", "coordinates": [ring]}, geodesic=geodesic)


@pytest.mark.parametrize(
    "across",
    [
        polygon((179, -1), (-179, -1), (-179, 1), (179, 1)),
        polygon((179, -1), (181, -1), (181, 1), (179, 1)),
        polygon((179, -1), (181, -1), (181, 1), (179, 1), geodesic=False),
        # UTM zone 60, whose middle is 177 degrees east.
        box(500_000, 0, 1_166_000, 100_000, crs="EPSG:32660"),
    ],
    ids=["short way round", "beyond 180", "straight", "from metres"],
)
def test_it_is_found_from_both_sides(across: Geometry) -> None:
    west, _, east, _ = across.bounds()
    assert (west, east) == (-180, 180)
    for place, is_in in (((179.5, 0.1), True), ((-179.5, 0.1), True), ((0, 0.1), False), ((175, 0.1), False)):
        point = from_geojson({"type": "Point", "coordinates": list(place)})
        assert across.intersects(point) == is_in, place


def test_an_edge_of_half_the_globe_is_the_short_way_round_and_a_whole_turn_is_not() -> None:
    assert polygon((-170, 0), (170, 0), (170, 10), (-170, 10)).planar().GetArea() == pytest.approx(
        200, rel=0.02
    )
    whole = polygon((-180, -90), (180, -90), (180, 90), (-180, 90), geodesic=False)
    assert whole.planar().GetArea() == 360 * 180


def test_a_map_that_goes_on_beyond_180_shows_it_whole() -> None:
    two_parts = from_geojson({
        "type": "MultiPolygon",
        "coordinates": [
            [[[179, 0], [180, 0], [180, 1], [179, 1], [179, 0]]],
            [[[-180, 0], [-179, 0], [-179, 1], [-180, 1], [-180, 0]]],
        ],
    }, geodesic=False)  # fmt: skip
    inside = centres_inside(two_parts, Grid("EPSG:4326", (0.5, 0, 178, 0, -0.5, 1.5), 8, 4))
    wanted = np.zeros((4, 8), bool)
    wanted[1:3, 2:6] = True
    np.testing.assert_array_equal(inside, wanted)
