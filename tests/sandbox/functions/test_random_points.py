"""Random points: where they lie, how they are spread, what their number and seed do."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.space import random_points as sampling

from ...support.scene_folder import Folder

COUNT = 4000
FAR = 1.63 / np.sqrt(COUNT)
"""What the largest difference of the distributions of such a sample exceeds once in a hundred (Kolmogorov)."""


def places(folder: Folder, region: Any, count: int = COUNT, seed: int = 0) -> np.ndarray:
    """Longitudes and latitudes, as a client sees them."""
    made = folder.value(ee.FeatureCollection.randomPoints(region, count, seed))
    return np.array([[f.geometry().shape.GetX(), f.geometry().shape.GetY()] for f in made.elements])


def distance(sample: np.ndarray, distribution: np.ndarray) -> float:
    """The largest difference between a sample's distribution and the one that it should have, at the sample."""
    order = np.argsort(sample)
    steps = np.arange(1, len(sample) + 1) / len(sample)
    return float(np.abs(distribution[order] - steps).max())


def test_points_of_a_box_are_uniform_on_the_sphere(folder: Folder) -> None:
    """The area below a latitude goes with its sine: half of what lies north of the equator is below 30 degrees."""
    found = places(folder, ee.Geometry.Rectangle([10, 0, 50, 80], "EPSG:4326", geodesic=False))
    x, y = found.T
    assert found.min(axis=0).tolist() >= [10, 0]
    assert (found.max(axis=0) <= [50, 80]).all()
    assert distance(x, (x - 10) / 40) < FAR
    assert distance(y, np.sin(np.radians(y)) / np.sin(np.radians(80))) < FAR
    assert distance(y, y / 80) > 5 * FAR  # in degrees they are not


def test_points_lie_in_the_parts_by_their_areas(folder: Folder) -> None:
    """Two squares that overlap, one with a hole, and a line that does not count."""
    outer, hole = [[0, 0], [4, 0], [4, 4], [0, 4]], [[1, 1], [2, 1], [2, 2], [1, 2]]
    region = ee.Geometry.MultiPolygon([[outer, hole], [[[2, 2], [6, 2], [6, 4], [2, 4]]]], "EPSG:4326", False)
    x, y = places(folder, region).T
    in_outer = (x <= 4) & (y <= 4) & ~((x > 1) & (x < 2) & (y > 1) & (y < 2))
    in_other = (x >= 2) & (y >= 2) & (y <= 4) & (x <= 6)
    assert (in_outer | in_other).all()
    # Near the equator a degree is a degree: 16 - 1 + 4 square degrees, of which 4 are right of 4.
    assert (x > 4).mean() == pytest.approx(4 / 19, abs=0.025)
    assert ((x > 2) & (y > 2) & (x < 4)).mean() == pytest.approx(4 / 19, abs=0.025)


def test_points_of_a_triangle(folder: Folder) -> None:
    """Of a triangle with one corner at the origin, a share t squared lies within t of it."""
    region = ee.Geometry.Polygon([[[0, 0], [1, 0], [0, 1]]], "EPSG:4326", False)
    x, y = places(folder, region).T
    assert (x + y <= 1).all()
    assert distance(x + y, (x + y) ** 2) < FAR


def test_points_of_lines_go_by_length(folder: Folder) -> None:
    """A degree of longitude at 60 degrees north is half as long as one of latitude."""
    region = ee.Geometry.MultiLineString([[[0, 60], [4, 60]], [[20, 0], [20, 2]]], "EPSG:4326", False)
    x, y = places(folder, region).T
    assert (((y == 60) & (x >= 0) & (x <= 4)) | ((x == 20) & (y >= 0) & (y <= 2))).all()
    assert (x == 20).mean() == pytest.approx(0.5, abs=0.03)
    along = y[x == 20]
    assert distance(along, along / 2) < 1.63 / np.sqrt(len(along))


def test_points_of_points_are_some_of_them(folder: Folder) -> None:
    given = [[1, 2], [3, 4], [5, 6]]
    found = places(folder, ee.Geometry.MultiPoint(given), 600)
    values, counts = np.unique(found, axis=0, return_counts=True)
    assert values.tolist() == given
    assert counts.min() > 150


def test_the_highest_dimension_counts(folder: Folder) -> None:
    square = ee.Geometry.Rectangle([0, 0, 1, 1], "EPSG:4326", geodesic=False)
    mixed = ee.Geometry.MultiPoint([[50, 50]]).union(square)
    assert places(folder, mixed, 100).max() <= 1
    mixed = ee.Algorithms.GeometryConstructors.MultiGeometry([
        ee.Geometry.Point([50, 50]), ee.Geometry.LineString([[7, 7], [8, 8]], "EPSG:4326", False),
    ])  # fmt: skip
    x, y = places(folder, mixed, 100).T
    assert x == pytest.approx(y, abs=0.002)  # on a great circle
    assert x.max() <= 8


def test_a_region_in_metres(folder: Folder) -> None:
    region = ee.Geometry.Rectangle([500000, 4099000, 501000, 4100000], "EPSG:32611", geodesic=False)
    found = ee.FeatureCollection.randomPoints(region, 200)
    inside = found.filterBounds(region.buffer(1, 1, "EPSG:32611"))
    assert folder.value(inside.size()) == 200


def test_number_and_seed(folder: Folder) -> None:
    box = ee.Geometry.Rectangle([0, 0, 1, 1])
    assert len(folder.value(ee.FeatureCollection.randomPoints(box)).elements) == 1000
    assert folder.value(ee.FeatureCollection.randomPoints(box, 0).size()) == 0
    assert (places(folder, box, 50, 7) == places(folder, box, 50, 7)).all()
    assert (places(folder, box, 50, 7) != places(folder, box, 50, 8)).any()
    first = folder.info(ee.FeatureCollection.randomPoints(box, 3))["features"]
    assert [(f["id"], f["geometry"]["type"]) for f in first] == [(str(n), "Point") for n in range(3)]


@pytest.mark.parametrize(("points", "count", "message"), [
    ([[0, 0], [1, 0], [1, 1]], -1, "must not be negative"),
    ([[0, 0], [1, 0], [1, 1]], 2**30, "memory limit exceeded"),
    ([], 5, "region is empty"),
    ([[0, 0], [1e-13, 0], [40, 40], [0, 1e-13]], 5, "timed out"),
    ([[0, 0], [40, 40], [40, 40.000001]], 5, "timed out"),
])  # fmt: skip
def test_what_cannot_be_done(
    folder: Folder, points: list, count: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_TRIES", 10_000)
    region = ee.Geometry.Polygon([points], "EPSG:4326", False) if points else ee.Geometry.MultiPoint([])
    with pytest.raises(Refused, match=message):
        places(folder, region, count)
