"""Areas across the antimeridian: cut there for the service, joined again, and the same area all along."""

from __future__ import annotations

import json

import pytest
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.grid import grid_for
from csplus.csplus_plugin.core.region import Region
from hypothesis import given
from hypothesis import strategies as st
from osgeo import ogr

from ..support.examples import examples


def area(body: dict) -> float:
    return ogr.CreateGeometryFromJson(json.dumps(body)).GetArea()


@given(
    west=st.integers(-360, 360),
    width=st.integers(1, 180),
    south=st.integers(-80, 70),
    height=st.integers(1, 10),
)
@examples(200)
def test_cut_and_joined_again(west: int, width: int, south: int, height: int) -> None:
    region = Region.from_bounds(west, south, west + width, south + height)
    assert -180 <= region.bounds[0] <= 180
    assert region.bounds[2] - region.bounds[0] == width
    sent = region.geojson()
    again = Region.from_geojson(sent)
    assert again.bounds == region.bounds
    assert area(sent) == pytest.approx(width * height)
    longitudes = [x for polygon in again.geojson()["coordinates"] for x, *_ in _flat(polygon)]
    assert all(-180 <= x <= 180 for x in longitudes)


def _flat(nested: list) -> list:
    return [nested] if isinstance(nested[0], (int, float)) else [p for part in nested for p in _flat(part)]


def test_a_hole_across_the_antimeridian_stays_a_hole() -> None:
    outer = [[178, 0], [182, 0], [182, 4], [178, 4], [178, 0]]
    hole = [[179, 1], [181, 1], [181, 3], [179, 3], [179, 1]]
    region = Region.from_geojson({"type": "Polygon", "coordinates": [outer, hole]})
    assert region.bounds == (178, 0, 182, 4)
    assert area(region.geojson()) == 12
    assert area(Region.from_geojson(region.geojson()).geojson()) == 12


def test_islands_on_both_sides_lie_together() -> None:
    """Fiji: in any order, with the gap on the other side of the globe."""
    boxes = [(-180, -18, -179, -17), (177, -18, 178, -17), (179, -20, 180, -19)]
    rings = [[[[w, s], [e, s], [e, n], [w, n], [w, s]]] for w, s, e, n in boxes]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        body = {"type": "MultiPolygon", "coordinates": [rings[number] for number in order]}
        assert Region.from_geojson(body).bounds == (177, -20, 181, -17)


def test_far_apart_is_still_refused() -> None:
    rings = [[[[w, 0], [w + 1, 0], [w + 1, 1], [w, 1], [w, 0]]] for w in (-170, -50, 70)]
    with pytest.raises(InvalidChoice, match="wider than half the globe"):
        Region.from_geojson({"type": "MultiPolygon", "coordinates": rings})


def test_the_grid_goes_on_beyond_180() -> None:
    region = Region.from_bounds(179.99, -17.01, 180.01, -17)
    degrees = grid_for(region, Output(crs="EPSG:4326", resolution=0.0001))
    assert (degrees.left, degrees.width) == (pytest.approx(179.99), 200)
    metres = grid_for(region, Output(resolution=10))
    assert metres.crs == "EPSG:32701"
    assert 210 < metres.width < 220
    with pytest.raises(InvalidChoice, match="an edge of EPSG:3857"):
        grid_for(region, Output(crs="EPSG:3857", resolution=10))
