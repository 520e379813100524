"""What places cover together, point by point against the shapes that were given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from csplus.csplus_plugin.core import place_cover
from csplus.csplus_plugin.core.place_cover import cover
from csplus.csplus_plugin.core.places import Place, place
from osgeo import gdal

from .test_places import point, square

Rings = Sequence[Sequence[Sequence[float]]]


def holds(polygons: Iterable[Rings], xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Which points lie in one of the polygons: a ray from them crosses an odd number of its edges."""
    found = np.zeros(xs.shape, bool)
    for polygon in polygons:
        crossed = np.zeros(xs.shape, int)
        for ring in polygon:
            for (x0, y0), (x1, y1) in pairwise(ring):
                between = (y0 > ys) != (y1 > ys)
                with np.errstate(divide="ignore", invalid="ignore"):
                    crossed += between & (xs < x0 + (ys - y0) / (y1 - y0) * (x1 - x0))
        found |= crossed % 2 == 1
    return found


def share_that_differs(found: Iterable[Rings], expected: Iterable[Rings], box: tuple[float, ...]) -> float:
    """The share of 40,000 points in a box that lie in one and not in the other."""
    west, south, east, north = box
    xs, ys = np.meshgrid(np.linspace(west, east, 201)[1:], np.linspace(south, north, 201)[1:])
    inside = holds(expected, xs, ys)
    assert 0 < inside.mean() < 1
    return float((holds(found, xs, ys) != inside).mean())


def placed(*geometries: dict) -> list[Place]:
    return [place(one) for one in geometries]


def test_places_that_overlap_are_one_area() -> None:
    hole = square(-119.947, 37.403, 0.002)["coordinates"][0]
    ring = {"type": "Polygon", "coordinates": [*square(-119.95, 37.40, 0.01)["coordinates"], hole]}
    given = [ring, square(-119.945, 37.405, 0.01), square(-119.93, 37.42, 0.003)]
    found = cover(placed(*given))
    box = (-119.952, 37.398, -119.925, 37.425)
    assert share_that_differs(found.polygons, [one["coordinates"] for one in given], box) < 0.002
    assert len(found.polygons) == 2


@pytest.mark.parametrize("raises", [False, True])
def test_a_polygon_that_crosses_itself_is_covered_too(raises: bool) -> None:
    """Its halves: a place may become invalid by a centimetre, where edges are rounded."""
    bow = [[-119.91, 37.41], [-119.90, 37.42], [-119.90, 37.41], [-119.91, 37.42], [-119.91, 37.41]]
    before = gdal.GetUseExceptions()
    (gdal.UseExceptions if raises else gdal.DontUseExceptions)()
    try:
        found = cover(placed({"type": "Polygon", "coordinates": [bow]}, square(-119.905, 37.414, 0.002)))
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()
    given = [[bow], square(-119.905, 37.414, 0.002)["coordinates"]]
    assert share_that_differs(found.polygons, given, (-119.915, 37.405, -119.895, 37.425)) < 0.005


def test_a_point_is_its_pixel() -> None:
    (one,) = placed(point(-119.9, 37.4))
    west, south, east, north = cover([one]).bounds
    assert (west, south, east, north) == pytest.approx(one.box, abs=1e-6)
    assert 0 < (east - west) * 88_000 < 11


def test_where_there_are_many_the_hull_stands_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    many = placed(*(square(-119.9 + 0.01 * x, 37.4 + 0.01 * y, 0.001) for x in range(5) for y in range(5)))
    assert len(cover(many).polygons) == 25
    monkeypatch.setattr(place_cover, "MOST_VERTICES", 100)
    hull = square(-119.9, 37.4, 0.041)["coordinates"]
    assert share_that_differs(cover(many).polygons, [hull], (-119.91, 37.39, -119.85, 37.45)) < 0.005


def test_a_shore_of_very_many_vertices_keeps_its_form(monkeypatch: pytest.MonkeyPatch) -> None:
    angles = np.linspace(0, 2 * math.pi, 2_000, endpoint=False)
    reach = 0.01 * (1 + 0.05 * np.sin(9 * angles))
    ring = [[-119.9 + r * math.cos(a), 37.4 + r * math.sin(a)] for r, a in zip(reach, angles, strict=True)]
    shore = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    monkeypatch.setattr(place_cover, "MOST_VERTICES", 200)
    found = cover(placed(shore))
    assert len(found.polygons[0][0]) <= 201
    assert (
        share_that_differs(found.polygons, [shore["coordinates"]], (-119.92, 37.38, -119.88, 37.42)) < 0.005
    )


def test_across_the_antimeridian_it_goes_on_beyond_180() -> None:
    both = {
        "type": "MultiPolygon",
        "coordinates": [square(179.99, -16, 0.01)["coordinates"], square(-180, -16, 0.01)["coordinates"]],
    }
    west, _, east, _ = cover(placed(both)).bounds
    assert (west, east) == (pytest.approx(179.99, abs=1e-4), pytest.approx(180.01, abs=1e-4))
