"""Features of every kind and place in time series: each has its own pixels, or a row or sentence that says why not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qgis import processing as toolbox
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeatureSourceDefinition,
    QgsProject,
    QgsVectorLayer,
)

from ..support.archives import L2A, SCORES, write_scene
from ..support.places import moved
from .conftest import Recorder

SIDE = 40
WINDOW = {"START": "2023-01-01", "END": "2023-01-31", "MIN_CLEAR": 0, "BANDS": ["B4"]}

ZONES = {
    # Zone -> corner of a tile of 400 metres there.
    32760: tuple(10 * round(v / 10) for v in moved("EPSG:4326", "EPSG:32760", 179.9975, -16.4985)),
    32701: tuple(10 * round(v / 10) for v in moved("EPSG:4326", "EPSG:32701", -179.9980, -16.4985)),
    32610: tuple(10 * round(v / 10) for v in moved("EPSG:4326", "EPSG:32610", -120.0055, 37.4215)),
    32611: tuple(10 * round(v / 10) for v in moved("EPSG:4326", "EPSG:32611", -119.9990, 37.4215)),
}


class Archive:
    """A clear scene of random numbers in each of four zones: two on both sides of the antimeridian, two of 120 W."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(9)
        self.folder = folder
        self.red: dict[int, np.ndarray] = {}
        for number, (zone, corner) in enumerate(ZONES.items()):
            index = f"20230110T10000{number}_20230110T100000_T{zone % 100:02d}KAB"
            self.red[zone] = random.integers(100, 4000, (SIDE, SIDE)).astype(float)
            bands = {"B4": self.red[zone], "B8": np.full((SIDE, SIDE), 3000.0)}
            write_scene(folder, L2A, index, bands, origin=corner, epsg=zone)
            clear = np.full((SIDE, SIDE), 0.9)
            write_scene(folder, SCORES, index, {"cs_cdf": clear, "cs": clear}, origin=corner, epsg=zone)

    def reflectance(self, zone: int, row: int, column: int) -> float:
        return float(self.red[zone][row, column]) / 10_000

    @staticmethod
    def at(zone: int, row: int, column: int) -> tuple[float, float]:
        """The centre of a pixel, in degrees."""
        west, north = ZONES[zone]
        return moved(f"EPSG:{zone}", "EPSG:4326", west + 10 * column + 5, north - 10 * row - 5)


@pytest.fixture(scope="module")
def every(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture
def archive(every: Archive, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(every.folder))
    return every


def layer_of(kind: str, shapes: Sequence[str], crs: str = "EPSG:4326") -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs={crs}", "features", "memory")
    features = []
    for text in shapes:
        feature = QgsFeature()
        if text:
            feature.setGeometry(QgsGeometry.fromWkt(text))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def points(archive: Archive, pixels: Sequence[tuple[int, int, int]]) -> list[str]:
    return [f"POINT({x} {y})" for x, y in (archive.at(*pixel) for pixel in pixels)]


def rows(
    context: QgsProcessingContext, feedback: Recorder, features: Any, **values: Any
) -> tuple[dict[str, Any], list[QgsFeature]]:
    given = {**WINDOW, "FEATURES": features, "TABLE": "memory:", **values}
    made = toolbox.run("csplus:timeseries", given, context=context, feedback=feedback)
    return made, list(made["TABLE"].getFeatures())


@pytest.mark.parametrize(
    "pixels",
    [
        [(32760, 3, 7), (32701, 20, 11)],
        [(32610, 5, 5), (32611, 30, 2)],
        [(32701, 1, 1)],
    ],
    ids=["across the antimeridian", "in two zones", "east of the antimeridian"],
)
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:3832"])
def test_points_have_the_pixels_in_which_they_lie(
    context: QgsProcessingContext, feedback: Recorder, archive: Archive, pixels: list, crs: str
) -> None:
    places = [moved("EPSG:4326", crs, *archive.at(*pixel)) for pixel in pixels]
    layer = layer_of("Point", [f"POINT({x} {y})" for x, y in places], crs)
    made, found = rows(context, feedback, layer)
    assert [row["feature"] for row in found] == list(range(1, len(pixels) + 1))
    assert [row["B4_mean"] for row in found] == pytest.approx([archive.reflectance(*one) for one in pixels])
    assert {row["pixels"] for row in found} == {1}
    assert (made["SCENE_COUNT"], made["SCORED_COUNT"]) == (len(pixels), len(pixels))


def test_a_polygon_across_the_antimeridian_has_the_pixels_of_its_zone(
    context: QgsProcessingContext, feedback: Recorder, archive: Archive
) -> None:
    """Of the zone in which it begins; the other zone's scene does not reach it."""
    (west, north), side = ZONES[32760], 60
    corners = [
        (west + 100 + x, north - 100 - y)
        for x, y in ((1, 1), (side - 1, 1), (side - 1, side - 1), (1, side - 1))
    ]
    ring = [moved("EPSG:32760", "EPSG:4326", *corner) for corner in [*corners, corners[0]]]
    text = ",".join(f"{x % 360} {y}" for x, y in ring)
    _, (row,) = rows(
        context, feedback, layer_of("Polygon", [f"POLYGON(({text}))"]), STATISTICS=["mean", "max"]
    )
    part = archive.red[32760][10:16, 10:16] / 10_000
    assert row["B4_max"] == pytest.approx(part.max())
    assert row["B4_mean"] == pytest.approx(part.mean(), rel=0.02)  # pixels at the edge weigh a little less


def test_points_and_polygons_of_one_file_and_what_is_neither(
    context: QgsProcessingContext, feedback: Recorder, archive: Archive, tmp_path: Path
) -> None:
    x, y = archive.at(32611, 10, 10)
    west, south, east, north = x - 0.0002, y - 0.0002, x + 0.0002, y + 0.0002
    square = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    shapes = [
        {"type": "Point", "coordinates": [x, y]},
        {"type": "Polygon", "coordinates": [square]},
        {"type": "LineString", "coordinates": square},
        None,
        {"type": "Point", "coordinates": [10, 50]},
    ]
    file = tmp_path / "mixed.geojson"
    features = [
        {"type": "Feature", "properties": {"n": number}, "geometry": shape}
        for number, shape in enumerate(shapes)
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    _, found = rows(context, feedback, str(file), ID_FIELD="n")
    assert [row["feature"] for row in found] == [0, 1, 2, 3, 4]
    assert found[0]["B4_mean"] == pytest.approx(archive.reflectance(32611, 10, 10))
    assert found[1]["pixels"] == pytest.approx(0.0004 * 88_420 * 0.0004 * 111_000 / 100, rel=0.01)
    assert [row["note"] for row in found] == ["", "", *["no geometry"] * 2, "never seen with a score"]


def test_only_what_is_selected(context: QgsProcessingContext, feedback: Recorder, archive: Archive) -> None:
    layer = layer_of("Point", points(archive, [(32611, 3, 3), (32611, 8, 9)]))
    layer.selectByIds([2])
    _, found = rows(context, feedback, QgsProcessingFeatureSourceDefinition(layer.id(), True))
    assert [(row["feature"], row["B4_mean"]) for row in found] == [
        (2, pytest.approx(archive.reflectance(32611, 8, 9)))
    ]


@pytest.mark.parametrize(
    ("kind", "shapes", "values", "said"),
    [
        ("Point", [], {}, "no feature with an area or a point"),
        ("Polygon", ["POLYGON EMPTY", ""], {}, "no feature with an area or a point"),
        ("Point", ["POINT(nan nan)"], {}, "no feature with an area or a point"),
        ("LineString", ["LINESTRING(-119.91 37.41,-119.90 37.41)"], {}, "no feature with an area or a point"),
        (
            "Point",
            ["POINT(-119.9 37.4)", "POINT(0 89.5)"],
            {},
            "Feature 2: A feature at latitude 89.5 has no UTM zone",
        ),
        ("Point", ["POINT(10 50)"], {}, "No scenes of L2A over the features"),
        ("Point", ["POINT(-119.9 37.4)", "POINT(60 37.4)", "POINT(-170 3)"], {}, "more than half the globe"),
        ("Point", ["POINT(-119.9 37.4)"], {"ID_FIELD": "none"}, "has no field none. Leave ID_FIELD empty."),
        ("Point", ["POINT(-119.9 37.4)"], {"STATISTICS": []}, "No statistic was chosen"),
        ("Point", ["POINT(-119.9 37.4)"], {"BANDS": [], "INDICES": ""}, "No band was chosen"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence(
    context: QgsProcessingContext,
    feedback: Recorder,
    archive: Archive,
    kind: str,
    shapes: list[str],
    values: dict,
    said: str,
) -> None:
    with pytest.raises(Exception, match=said):
        rows(context, feedback, layer_of(kind, shapes), **values)
