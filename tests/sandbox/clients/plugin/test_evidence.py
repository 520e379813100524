"""Shares within a region against numpy: scenes of two zones, cut by the area, unscored, or with masked scores.

What is expected comes from the archive's own files, read with GDAL; the weights of pixels at the edge are areas of
intersections, computed with OGR.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import sampling, survey
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.table import Table
from csplus.csplus_plugin.core.targets.scene_list import SceneList, ids_of
from csplus.csplus_plugin.core.targets.target import TableTarget
from csplus.csplus_plugin.core.targets.thresholds import Thresholds
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions
from csplus.csplus_plugin.earthengine.session import Connection, session_for
from csplus.csplus_plugin.sandbox.server import start
from osgeo import gdal, ogr

from ....support.archives import L2A, SCORES, write_scene
from ....support.places import moved

SIDE = 60
ZONE_11, ZONE_10 = (32611, (234400.0, 4145000.0)), (32610, (765800.0, 4145000.0))
"""Where the scenes of each zone begin; they overlap at longitude -120."""

WHOLE, CUT, OTHER, LATER, MASKED, PATCHY, UNSCORED = (
    "20230105T184751_20230105T184746_T11SKB",
    "20230110T184749_20230110T184744_T11SKB",
    "20230105T184751_20230105T184746_T10SGG",
    "20230115T184741_20230115T184736_T10SGG",
    "20230120T184739_20230120T184734_T11SKB",
    "20230125T184731_20230125T184726_T11SKB",
    "20230130T184721_20230130T184716_T11SKB",
)
BANDS = ("cs_cdf", "cs")
KITE = ((-119.9995, 37.4102), (-119.9963, 37.4091), (-119.9951, 37.4117), (-119.9972, 37.4139))
JANUARY = (date(2023, 1, 1), date(2023, 1, 31))


def region(*corners: tuple[float, float]) -> Region:
    return Region((((*corners, corners[0]),),))


AREAS = {
    "a kite": region(*KITE),
    "two parts": Region(
        (
            ((*KITE[:3], KITE[0]),),
            (((-119.9969, 37.4125), (-119.9949, 37.4125), (-119.9949, 37.4135), (-119.9969, 37.4125)),),
        )
    ),
    "with a hole": Region(
        (
            (
                (*KITE, KITE[0]),
                ((-119.998, 37.4105), (-119.997, 37.4105), (-119.997, 37.4112), (-119.998, 37.4105)),
            ),
        )
    ),
    "of a few square metres": region((-119.9973, 37.4112), (-119.99727, 37.4112), (-119.99727, 37.41122)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("archive")
    random = np.random.default_rng(5)
    for number, index in enumerate((WHOLE, CUT, OTHER, LATER, MASKED, PATCHY, UNSCORED)):
        epsg, origin = ZONE_10 if index.endswith("10SGG") else ZONE_11
        ground = random.integers(100, 3000, (SIDE, SIDE)).astype(float)
        scores = {band: random.random((SIDE, SIDE)).astype("f4").astype(float) for band in BANDS}
        if index == CUT:  # the swath ends within the area
            outside = np.add.outer(np.arange(SIDE), np.arange(SIDE)) > 62
            for pixels in (ground, *scores.values()):
                pixels[outside] = np.nan
        if index == MASKED:
            scores = {band: np.full((SIDE, SIDE), np.nan) for band in BANDS}
        if index == PATCHY:
            for pixels in scores.values():
                pixels[::3, 7:] = np.nan
        properties = {
            "MGRS_TILE": index[-5:],
            "SENSING_ORBIT_NUMBER": 100 + number,
            "CLOUDY_PIXEL_PERCENTAGE": 10.5 * number,
        }
        write_scene(path, L2A, index, {"B4": ground}, origin=origin, epsg=epsg, properties=properties)
        if index != UNSCORED:
            more = {"MODEL_VERSION": "v1", "NO_CONTEXT_FRACTION": number / 100}
            write_scene(path, SCORES, index, scores, origin=origin, epsg=epsg, properties=more)
    return path


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[Client]:
    server = start(data=folder)
    prepare_expressions()
    yield Client(session_for(Connection(endpoint=server.url)))
    server.stop()


def asked(client: Client, scenes: Scenes, target: TableTarget) -> tuple[survey.Survey, Table]:
    """One request, as the algorithms make it."""
    before = client.requests_made
    values = client.value(survey.question_with(scenes, target.question(scenes)))
    assert client.requests_made == before + 1
    found, answer = survey.answers(scenes, values, needs_scores=False)
    return found, target.table(scenes, found, answer)


def pixels(folder: Path, collection: str, index: str, band: str) -> np.ndarray:
    """A band from its file, masked pixels as NaN."""
    dataset = gdal.Open(str(folder / collection / index / f"{band}.tif"))
    values = dataset.ReadAsArray().astype(float)
    return np.where(values == dataset.GetRasterBand(1).GetNoDataValue(), np.nan, values)


@cache
def weights(area: Region, zone: tuple[int, tuple[float, float]], margin: int = 0) -> np.ndarray:
    """The share of each pixel that lies in the area."""
    epsg, (left, top) = zone
    shape = ogr.Geometry(ogr.wkbMultiPolygon)
    for rings in area.polygons:
        polygon = ogr.Geometry(ogr.wkbPolygon)
        for positions in rings:
            ring = ogr.Geometry(ogr.wkbLinearRing)
            for x, y in positions:
                ring.AddPoint_2D(*moved("EPSG:4326", f"EPSG:{epsg}", x, y))
            polygon.AddGeometry(ring)
        shape.AddGeometry(polygon)
    count = SIDE + 2 * margin
    found = np.zeros((count, count))
    for row in range(count):
        for column in range(count):
            x, y = left + 10 * (column - margin), top - 10 * (row - margin)
            cell = ogr.CreateGeometryFromWkt(
                f"POLYGON (({x} {y},{x + 10} {y},{x + 10} {y - 10},{x} {y - 10},{x} {y}))"
            )
            found[row, column] = shape.Intersection(cell).GetArea() / 100
    return found


def total_area(area: Region, zone: tuple[int, tuple[float, float]]) -> float:
    return weights(area, zone, 60).sum()


def mean(values: np.ndarray, weight: np.ndarray) -> float:
    known = ~np.isnan(values) & (weight > 0)
    return float((values[known] * weight[known]).sum() / weight[known].sum())


@pytest.mark.parametrize("name", AREAS)
@pytest.mark.parametrize("band", BANDS)
def test_each_scene_is_graded_within_the_area(folder: Path, here: Client, name: str, band: str) -> None:
    scenes = Scenes(AREAS[name], *JANUARY, qa_band=band, threshold=0.4)
    assert sampling.spacing(scenes.region, 128) == 10
    target = SceneList()
    found, table = asked(here, scenes, target)
    names = [column.name for column in target.columns(scenes)]
    rows = {row[0]: dict(zip(names, row, strict=True)) for row in table.rows}
    assert set(rows) == {scene.index for scene in found.scenes}
    weight = {zone: weights(scenes.region, zone) for zone in (ZONE_10, ZONE_11)}
    # A quarter of a thousandth for each pixel at the edge: the service knows 256 levels of coverage.
    close = 0.02 if name == "of a few square metres" else 0.002
    for index, row in rows.items():
        zone = ZONE_10 if index.endswith("10SGG") else ZONE_11
        ground = pixels(folder, L2A, index, "B4")
        shown = (~np.isnan(ground) * weight[zone]).sum() / total_area(scenes.region, zone)
        assert row["coverage"] == pytest.approx(shown, abs=close)
        assert row["date"] == f"{index[:4]}-{index[4:6]}-{index[6:8]}"
        assert row["tile"] == index[-5:]
        is_scored = index not in (MASKED, UNSCORED) and shown > 0
        if name == "of a few square metres" and is_scored:
            score = pixels(folder, SCORES, index, band)
            is_scored = bool((~np.isnan(score) & (weight[zone] > 0.004)).any())
        assert row["scored"] == is_scored, index
        if not is_scored:
            assert (row["clear_fraction"], row["mean_cs"], row["mean_cs_cdf"]) == (None, None, None)
            continue
        score = {each: pixels(folder, SCORES, index, each) for each in BANDS}
        clear = np.where(np.isnan(score[band]), np.nan, score[band] >= 0.4)
        assert row["clear_fraction"] == pytest.approx(mean(clear, weight[zone]), abs=close)
        for each in BANDS:
            assert row[f"mean_{each}"] == pytest.approx(mean(score[each], weight[zone]), abs=close)
        assert (row["model_version"], row["orbit"] is not None) == ("v1", True)
    if name == "a kite":
        assert 0.1 < rows[CUT]["coverage"] < 0.9  # the area is cut by the swath
        assert 0.1 < rows[OTHER]["coverage"] < 1
        assert set(found.hidden_ids) == {MASKED}
        assert set(found.unscored_ids) == {MASKED, UNSCORED}


def test_a_score_that_is_masked_over_a_plot_of_a_few_square_metres_is_none(here: Client) -> None:
    scenes = Scenes(AREAS["of a few square metres"], *JANUARY)
    found = survey.answer(scenes, here.value(survey.question(scenes)))
    assert MASKED in found.hidden_ids
    assert WHOLE not in found.hidden_ids


def test_trim_and_buffer_count_as_in_a_composite(folder: Path, here: Client) -> None:
    scenes = Scenes(AREAS["a kite"], *JANUARY, threshold=0.05, dilate=10)
    target = SceneList()
    _, table = asked(here, scenes, target)
    (row,) = (row for row in table.rows if row[0] == WHOLE)
    clear = pixels(folder, SCORES, WHOLE, "cs_cdf") >= 0.05
    near = np.pad(clear, 1, constant_values=True)
    clear &= near[:-2, 1:-1] & near[2:, 1:-1] & near[1:-1, :-2] & near[1:-1, 2:]
    assert row[5] == pytest.approx(mean(clear.astype(float), weights(scenes.region, ZONE_11)), abs=0.003)
    _, trimmed = asked(here, replace(scenes, dilate=0, edge_trim=150), target)
    coverage = {row[0]: row[8] for row in trimmed.rows}
    assert coverage[WHOLE] < 0.9 * {row[0]: row[8] for row in table.rows}[WHOLE]


def test_scenes_that_are_not_clear_enough_are_left_out(here: Client) -> None:
    scenes = Scenes(AREAS["a kite"], *JANUARY)
    _, every = asked(here, scenes, SceneList())
    limit = sorted(row[5] for row in every.rows if row[5] is not None)[-2]
    _, clear = asked(here, scenes, SceneList(min_clear=limit))
    assert len(clear.rows) == 2
    assert clear.is_of_places
    assert {row[0] for row in clear.rows} < {row[0] for row in every.rows}
    _, none = asked(here, scenes, SceneList(min_clear=1))
    assert none.rows == ()
    assert none.is_of_places


def test_footprints_are_those_of_the_archive(here: Client) -> None:
    scenes = Scenes(AREAS["a kite"], *JANUARY)
    _, table = asked(here, scenes, SceneList())
    for row, shape in zip(table.rows, table.shapes, strict=True):
        epsg, (left, top) = ZONE_10 if row[0].endswith("10SGG") else ZONE_11
        longitudes, latitudes = zip(*shape["coordinates"][0], strict=True)
        corners = [moved(f"EPSG:{epsg}", "EPSG:4326", left + x, top - y) for x in (0, 600) for y in (0, 600)]
        assert min(longitudes) == pytest.approx(min(x for x, _ in corners), abs=1e-5)
        assert max(latitudes) == pytest.approx(max(y for _, y in corners), abs=1e-5)


def reached(
    folder: Path, area: Region, band: str, days: int, last: int = 31
) -> tuple[np.ndarray, np.ndarray]:
    """The n-th best day's score of every pixel of the home grid in the area, NaN where there is none; and weights."""
    margin = 60
    weight = weights(area, ZONE_11, margin)
    size = SIDE + 2 * margin
    left, top = ZONE_11[1]
    by_day: dict[str, np.ndarray] = {}
    for index in (WHOLE, CUT, OTHER, LATER, MASKED, PATCHY):
        if int(index[6:8]) > last:
            continue
        score = pixels(folder, SCORES, index, band)
        seen = np.full((size, size), np.nan)
        if index.endswith("10SGG"):
            for row, column in np.argwhere(weight > 0):
                x, y = left + 10 * (column - margin) + 5, top - 10 * (row - margin) - 5
                there_x, there_y = moved("EPSG:32611", "EPSG:32610", x, y)
                c, r = int((there_x - ZONE_10[1][0]) // 10), int((ZONE_10[1][1] - there_y) // 10)
                if 0 <= r < SIDE and 0 <= c < SIDE:
                    seen[row, column] = score[r, c]
        else:
            seen[margin : margin + SIDE, margin : margin + SIDE] = score
        day = index[:8]
        by_day[day] = np.fmax(by_day[day], seen) if day in by_day else seen
    stack = np.sort(np.where(np.isnan(list(by_day.values())), -1, list(by_day.values())), axis=0)
    best = stack[-days] if days <= len(stack) else np.full((size, size), -1.0)
    return np.where(best < 0, np.nan, best), weight


@pytest.mark.parametrize(("name", "step"), [("a kite", 0.05), ("two parts", 0.07), ("with a hole", 0.2)])
def test_shares_by_threshold_are_those_of_numpy(folder: Path, here: Client, name: str, step: float) -> None:
    scenes = Scenes(AREAS[name], *JANUARY, threshold=0.62)
    target = Thresholds(step=step, min_observations=3)
    _, table = asked(here, scenes, target)
    assert [row[3] for row in table.rows] == list(target.thresholds(scenes))
    assert 0.62 in target.thresholds(scenes)
    for place, (band, days) in enumerate([("cs_cdf", 1), ("cs", 1), ("cs_cdf", 3), ("cs", 3)], 4):
        best, weight = reached(folder, scenes.region, band, days)
        for row in table.rows:
            share = (weight * (best >= row[3])).sum() / weight.sum()
            assert row[place] == pytest.approx(share, abs=0.002), (band, days, row[3])
    shares = [row[4] for row in table.rows]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5


def test_periods_come_with_the_same_request(folder: Path, here: Client) -> None:
    """Three periods: one that ends before the window does, one without a score, one without a scene."""
    scenes = Scenes(AREAS["a kite"], date(2023, 1, 1), date(2023, 2, 10))
    target = Thresholds(step=0.25, min_observations=2, period="dekad")
    _, table = asked(here, scenes, target)
    by_period: dict[str, list[tuple]] = {}
    for row in table.rows:
        by_period.setdefault(row[0], []).append(row)
    assert [rows[0][1:3] for rows in by_period.values()] == [
        ("2023-01-01", "2023-01-10"),
        ("2023-01-11", "2023-01-20"),
        ("2023-01-21", "2023-01-31"),
        ("2023-02-01", "2023-02-10"),
    ]
    first = next(iter(by_period.values()))
    for place, days in ((4, 1), (6, 2)):
        best, weight = reached(folder, scenes.region, "cs_cdf", days, last=10)
        for row in first:
            assert row[place] == pytest.approx((weight * (best >= row[3])).sum() / weight.sum(), abs=0.002)
    assert {share for row in list(by_period.values())[3] for share in row[4:]} == {0}


def test_more_scenes_than_one_answer_holds_are_named_as_missing(here: Client) -> None:
    scenes = Scenes(AREAS["a kite"], *JANUARY)
    answer = here.value(SceneList().question(replace(scenes, ids=(WHOLE, CUT))))
    assert ids_of(answer) == {WHOLE, CUT}
