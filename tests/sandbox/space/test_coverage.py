"""How much of each pixel a geometry covers, beside each pixel cut out of it by GEOS."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.space.coverage import area_coverage
from csplus.csplus_plugin.sandbox.space.geometries import Geometry
from csplus.csplus_plugin.sandbox.space.grid import Grid
from csplus.csplus_plugin.sandbox.space.rasterising import centres_inside, coverage
from hypothesis import given
from hypothesis import strategies as st
from osgeo import ogr

from ...support.examples import examples

UTM = "EPSG:32611"
GRID = Grid(UTM, (10, 0, 500000, 0, -10, 4100000), 12, 9)
SHEARED = Grid(UTM, (8, 3, 500010, 2, -9, 4099970), 12, 9)


def shape_of(body: dict) -> Geometry:
    return Geometry(ogr.CreateGeometryFromJson(json.dumps(body)), UTM, geodesic=False)


def polygon(*rings: list[tuple[float, float]]) -> dict:
    """Rings in pixels of the first grid."""
    placed = [[[500000 + 10 * x, 4100000 - 10 * y] for x, y in [*ring, ring[0]]] for ring in rings]
    return {"type": "Polygon", "coordinates": placed}


def cut_out(geometry: Geometry, grid: Grid) -> np.ndarray:
    """The share of each pixel, one intersection a pixel."""
    a, b, c, d, e, f = grid.transform
    shares = np.zeros(grid.shape)
    for row, column in np.ndindex(grid.shape):
        corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
        ring = [
            [a * (column + i) + b * (row + j) + c, d * (column + i) + e * (row + j) + f] for i, j in corners
        ]
        pixel = ogr.CreateGeometryFromJson(json.dumps({"type": "Polygon", "coordinates": [ring]}))
        shares[row, column] = geometry.shape.Intersection(pixel).GetArea() / pixel.GetArea()
    return shares


@st.composite
def stars(draw: st.DrawFn) -> Geometry:
    """Polygons with a hole, of any number of corners, turning either way, partly beside the grid."""
    number = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(0.05, 9), min_size=number, max_size=number))
    x, y = draw(st.floats(-4, 14)), draw(st.floats(-4, 12))
    turn = draw(st.sampled_from([-1, 1]))
    angles = [turn * 2 * math.pi * n / number for n in range(number)]
    outline = [(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(radii, angles, strict=True)]
    hole = [(x + 0.3 * (px - x), y + 0.3 * (py - y)) for px, py in outline]
    return shape_of(polygon(outline, hole[:: draw(st.sampled_from([-1, 1]))]))


@examples(60)
@given(stars(), st.sampled_from([GRID, SHEARED]))
def test_areas_are_exact(geometry: Geometry, grid: Grid) -> None:
    np.testing.assert_allclose(area_coverage(geometry, grid), cut_out(geometry, grid), atol=1e-6)


def test_levels() -> None:
    """The nearest of 256 levels; less than the first one is nothing, all is all."""
    for wide, level in ((1, 1), (0.5, 0.5), (0.3, 77 / 256), (1 / 256, 1 / 256), (0.0039, 0), (0.999, 1)):
        strip = shape_of(polygon([(2, 3), (2 + wide, 3), (2 + wide, 4), (2, 4)]))
        found = coverage(strip, GRID)
        assert found[3, 2] == pytest.approx(level)
        assert found.sum() == pytest.approx(level)


def test_overlapping_parts_count_once_and_are_inside() -> None:
    parts = [polygon([(1, 1), (5, 1), (5, 4.5), (1, 4.5)]), polygon([(3, 2), (8, 2), (8, 4.5), (3, 4.5)])]
    several = {"type": "MultiPolygon", "coordinates": [part["coordinates"] for part in parts]}
    collected = {"type": "GeometryCollection", "geometries": parts}
    for body in (several, collected):
        found = coverage(shape_of(body), GRID)
        assert found[3].tolist() == [0] + [1] * 7 + [0] * 4
        assert found[4].tolist() == [0] + [0.5] * 7 + [0] * 4
        assert centres_inside(shape_of(body), GRID)[3].tolist() == [False] + [True] * 7 + [False] * 4


def test_lines_and_points_beside_areas_cover_whole_pixels() -> None:
    area = polygon([(1, 1), (2.5, 1), (2.5, 2), (1, 2)])
    point = {"type": "Point", "coordinates": [500065, 4099985]}
    found = coverage(shape_of({"type": "GeometryCollection", "geometries": [area, point]}), GRID)
    assert found[1].tolist() == [0, 1, 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_large_areas_with_many_edges_are_quick() -> None:
    """A circle of 20,000 edges over 4 million pixels: its area, in seconds."""
    angles = np.linspace(0, 2 * math.pi, 20_000, endpoint=False)
    ring = [(1000 + 900 * math.cos(t), 1000 + 900 * math.sin(t)) for t in angles]
    geometry, grid = shape_of(polygon(ring)), Grid(UTM, GRID.transform, 2000, 2000)
    started = time.perf_counter()
    covered = sum(area_coverage(geometry, block).sum() for block in grid.row_blocks(1 << 16))
    assert covered == pytest.approx(geometry.shape.GetArea() / 100, abs=1e-3)
    assert time.perf_counter() - started < 10
