from __future__ import annotations

import math

import pytest
from csplus.csplus_plugin.core.choices import Output
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.grid import grid_for, home_crs
from csplus.csplus_plugin.core.region import Region
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr

from ..support.examples import examples
from ..support.recipes import POINT, REGION


def around(longitude: float, latitude: float, half: float = 0.01) -> Region:
    return Region.from_bounds(longitude - half, latitude - half, longitude + half, latitude + half)


def to_crs(code: int, longitude: float, latitude: float) -> tuple[float, float]:
    source, target = osr.SpatialReference(), osr.SpatialReference()
    source.ImportFromEPSG(4326)
    target.ImportFromEPSG(code)
    for reference in (source, target):
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(source, target).TransformPoint(longitude, latitude)[:2]


@pytest.mark.parametrize(
    ("longitude", "latitude", "code"),
    [
        (*POINT, 32611),
        (-120.1, 37.4, 32610),
        (151.2, -33.9, 32756),
        (-179.9, 10, 32601),
        (179.9, -10, 32760),
        (5.3, 60.4, 32632),  # Bergen lies in the widened zone 32
        (15.6, 78.2, 32633),  # Longyearbyen
        (8.9, 78.2, 32631),
    ],
)
def test_the_home_grid_is_the_utm_zone(longitude: float, latitude: float, code: int) -> None:
    assert home_crs(around(longitude, latitude)) == f"EPSG:{code}"


def test_no_utm_at_the_poles() -> None:
    with pytest.raises(InvalidChoice, match="pole"):
        home_crs(around(0, 85))


@examples()
@given(st.floats(-170, 170), st.floats(-75, 80), st.floats(0.001, 0.4), st.sampled_from([10, 20, 60, 12.5]))
def test_the_grid_covers_the_region_on_multiples_of_the_resolution(
    longitude: float, latitude: float, half: float, size: float
) -> None:
    region = around(longitude, latitude, half)
    grid = grid_for(region, Output(resolution=size))
    assert math.isclose(grid.left / size, round(grid.left / size), abs_tol=1e-6)
    assert math.isclose(grid.top / size, round(grid.top / size), abs_tol=1e-6)
    slack = 0.011 * size
    for corner in region.polygons[0][0]:
        x, y = to_crs(int(grid.crs.removeprefix("EPSG:")), *corner)
        assert grid.left - slack <= x <= grid.left + grid.width * size + slack
        assert grid.top - grid.height * size - slack <= y <= grid.top + slack


def test_neighbours_line_up() -> None:
    one = grid_for(Region.from_bounds(-119.92, 37.41, -119.91, 37.42), Output())
    two = grid_for(Region.from_bounds(-119.91, 37.41, -119.90, 37.42), Output())
    assert (two.left - one.left) % 10 == 0
    assert (two.top - one.top) % 10 == 0


def test_an_extent_on_whole_pixels_gains_no_row() -> None:
    # 100 x 50 pixels of EPSG:3857, given in longitude and latitude as the algorithm does.
    left, top, size = -13348000.0, 4500000.0, 10.0
    to_degrees = 180 / 20037508.342789244

    def latitude(y: float) -> float:
        return math.degrees(2 * math.atan(math.exp(math.radians(y * to_degrees))) - math.pi / 2)

    region = Region.from_bounds(
        left * to_degrees, latitude(top - 500), (left + 1000) * to_degrees, latitude(top)
    )
    grid = grid_for(region, Output(crs="EPSG:3857", resolution=size))
    assert (grid.left, grid.top, grid.width, grid.height) == (left, top, 100, 50)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4674", "EPSG:4258"])
def test_degrees_are_not_taken_for_metres(crs: str) -> None:
    region = around(-50, -15) if crs == "EPSG:4674" else around(10, 50)
    with pytest.raises(InvalidChoice, match="degrees"):
        grid_for(region, Output(crs=crs))
    assert grid_for(region, Output(crs=crs, resolution=0.001)).width in (20, 21)


def test_an_unknown_crs_is_one_sentence() -> None:
    with pytest.raises(InvalidChoice, match="EPSG:999999 is not known"):
        grid_for(REGION, Output(crs="EPSG:999999"))


def test_a_crs_that_does_not_reach_the_area_is_refused() -> None:
    orthographic = "+proj=ortho +lat_0=-37 +lon_0=60"  # the other side of the globe
    with pytest.raises(InvalidChoice, match="cannot be drawn"):
        grid_for(REGION, Output(crs=orthographic))


def test_a_grid_beyond_reason_is_refused() -> None:
    with pytest.raises(InvalidChoice, match="larger pixels"):
        grid_for(Region.from_bounds(-60, 0, 60, 50), Output(crs="EPSG:4326", resolution=1e-4))


def test_a_window_is_the_same_pixels() -> None:
    grid = grid_for(REGION, Output())
    part = grid.window(3, 5, 7, 11)
    assert part.left == grid.left + 30
    assert part.top == grid.top - 50
    assert part.request() == {
        "dimensions": {"width": 7, "height": 11},
        "affineTransform": {
            "scaleX": 10,
            "shearX": 0,
            "translateX": part.left,
            "shearY": 0,
            "scaleY": -10,
            "translateY": part.top,
        },
        "crsCode": "EPSG:32611",
    }


def test_a_crs_without_a_code_travels_as_wkt() -> None:
    wkt = osr.SpatialReference()
    wkt.ImportFromProj4("+proj=laea +lat_0=37 +lon_0=-120 +datum=WGS84")
    request = grid_for(REGION, Output(crs=wkt.ExportToWkt())).request()
    assert request["crsWkt"].startswith("PROJCS")
    assert "crsCode" not in request


@pytest.mark.parametrize("crs", [None, "EPSG:4326"])
def test_a_plot_smaller_than_a_pixel_is_one_pixel(crs: str | None) -> None:
    region = Region.from_bounds(-119.900011, 37.410011, -119.900009, 37.410013)
    grid = grid_for(region, Output(crs=crs, resolution=0.001 if crs else 10))
    assert (grid.width, grid.height) == (1, 1)
