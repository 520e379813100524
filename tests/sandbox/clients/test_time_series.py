"""Looks at places, through the client and a sandbox, against clipped polygons and numpy reading the same arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import passes as passing
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.places import Group, groups, place
from csplus.csplus_plugin.core.targets.series import STATISTICS, Look, Series
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions
from csplus.csplus_plugin.earthengine.session import Connection, session_for
from csplus.csplus_plugin.sandbox.server import start

from ...support.archives import L2A, SCORES, write_scene
from ...support.places import moved

SIDE = 60
HOME, OTHER = 32611, 32610
WEST, NORTH = 240000.0, 4146000.0  # of the tile in the home zone
ZONE_10 = tuple(10 * round(value / 10) for value in moved("EPSG:32611", "EPSG:32610", 240300, 4145950))
"""Corner of the other zone's tile: half way along the home tile, 50 metres below its upper edge."""

# index -> zone, has a score
SCENES = {
    "20230105T184751_20230105T184746_T11SKB": (HOME, True),
    "20230105T184748_20230105T184746_T10SGG": (OTHER, True),
    "20230110T184749_20230110T184744_T11SKB": (HOME, True),
    "20230115T184741_20230115T184736_T11SKB": (HOME, False),
    "20230115T184738_20230115T184736_T10SGG": (OTHER, True),
    "20230120T184739_20230120T184734_T11SKB": (HOME, False),
    # One pass over midnight: at 120 degrees west it is afternoon.
    "20230125T235851_20230125T235846_T11SKB": (HOME, True),
    "20230126T000148_20230126T000146_T10SGG": (OTHER, True),
    "20230201T000151_20230201T000146_T11SKB": (HOME, True),  # began on the day after the window
}
DAYS = {
    date(2023, 1, 5): ("20230105T184751_20230105T184746_T11SKB", "20230105T184748_20230105T184746_T10SGG"),
    date(2023, 1, 10): ("20230110T184749_20230110T184744_T11SKB",),
    date(2023, 1, 15): ("20230115T184738_20230115T184736_T10SGG",),
    date(2023, 1, 20): (),
    date(2023, 1, 25): ("20230125T235851_20230125T235846_T11SKB", "20230126T000148_20230126T000146_T10SGG"),
}
"""Day -> the scenes that have a score."""

# In metres of the home zone.
SHAPES = {
    "inside": [(240103, 4145902), (240187, 4145911), (240161, 4145838), (240098, 4145853)],
    "across both tiles": [(240262, 4145932), (240371, 4145927), (240345, 4145846), (240281, 4145861)],
    "over the edge": [(239951, 4145744), (240049, 4145739), (240037, 4145662), (239958, 4145681)],
    "smaller than a pixel": [(240221.5, 4145721.5), (240223.5, 4145721.5), (240222.5, 4145723.9)],
    "outside": [(239800, 4145744), (239840, 4145739), (239830, 4145700)],
}
POINT = (240333.3, 4145888.8)


class Archive:
    """The arrays, as they were drawn, and the folder that holds them."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(5)
        self.folder = folder
        self.bands: dict[str, dict[str, np.ndarray]] = {}
        for index, (zone, scored) in SCENES.items():
            origin = (WEST, NORTH) if zone == HOME else ZONE_10
            bands = {band: random.integers(100, 4000, (SIDE, SIDE)).astype(float) for band in ("B4", "B8")}
            score = random.random((SIDE, SIDE)).astype("f4").astype(float)
            self.bands[index] = {**bands, "score": score}
            write_scene(
                folder,
                L2A,
                index,
                {**bands, "SCL": np.full((SIDE // 2, SIDE // 2), 4.0)},
                origin=origin,
                epsg=zone,
            )
            if scored:
                write_scene(folder, SCORES, index, {"cs_cdf": score, "cs": score}, origin=origin, epsg=zone)

    def at(self, index: str, x: float, y: float) -> dict[str, float] | None:
        """The pixel of a scene under a place in the home zone; None beside the scene."""
        zone = SCENES[index][0]
        west, north = (WEST, NORTH) if zone == HOME else ZONE_10
        if zone != HOME:
            x, y = moved(f"EPSG:{HOME}", f"EPSG:{zone}", x, y)
        column, row = math.floor((x - west) / 10), math.floor((north - y) / 10)
        if not (0 <= column < SIDE and 0 <= row < SIDE):
            return None
        return {name: values[row, column] for name, values in self.bands[index].items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[Client]:
    server = start(data=archive.folder)
    prepare_expressions()
    yield Client(session_for(Connection(endpoint=server.url)))
    server.stop()


Corners = list[tuple[float, float]]


def clipped(corners: Corners, left: float, bottom: float, size: float = 10) -> Corners:
    """The part of a polygon inside a square (Sutherland and Hodgman 1974)."""
    for axis, limit, sign in ((0, left, 1), (0, left + size, -1), (1, bottom, 1), (1, bottom + size, -1)):
        made: Corners = []
        for before, after in zip([corners[-1], *corners[:-1]] if corners else [], corners, strict=True):
            ends = [sign * (point[axis] - limit) for point in (before, after)]
            if (ends[0] >= 0) != (ends[1] >= 0):
                share = ends[0] / (ends[0] - ends[1])
                made.append(tuple(a + share * (b - a) for a, b in zip(before, after, strict=True)))
            if ends[1] >= 0:
                made.append(after)
        corners = made
    return corners


def area(corners: Corners) -> float:
    """By the shoelace formula."""
    pairs = zip(corners, [*corners[1:], *corners[:1]], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def holds(corners: Corners, x: float, y: float) -> bool:
    """Whether a point lies in a polygon: a ray from it crosses an odd number of edges."""
    crossed = 0
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        crossed += (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    return crossed % 2 == 1


def squares(corners: Corners) -> list[tuple[float, float]]:
    """The lower left corners of the pixels around a polygon."""
    xs, ys = zip(*corners, strict=True)
    return [
        (10 * column, 10 * row)
        for column in range(math.floor(min(xs) / 10), math.ceil(max(xs) / 10))
        for row in range(math.floor(min(ys) / 10), math.ceil(max(ys) / 10))
    ]


def geojson(corners: Corners) -> dict:
    ring = [moved("EPSG:32611", "EPSG:4326", x, y) for x, y in [*corners, corners[0]]]
    return {"type": "Polygon", "coordinates": [ring]}


def group() -> Group:
    point = {"type": "Point", "coordinates": moved("EPSG:32611", "EPSG:4326", *POINT)}
    (found,) = groups([*(place(geojson(corners)) for corners in SHAPES.values()), place(point)])
    return found


def ask(client: Client, target: Series, **choices: object) -> dict[date, list[Look]]:
    near = group()
    scenes = Scenes(near.region, date(2023, 1, 1), date(2023, 1, 30), **choices)
    asked = client.value(passing.question(scenes, near.places))
    passes = passing.passes(passing.answer(scenes, asked).timed)
    values = client.value(target.question(passing.widened(scenes), near.places, passes))
    found = target.looks(values, near.places, len(passes))
    return {one.day: looks for one, looks in zip(passes, found, strict=True)}


def expected(archive: Archive, corners: Corners, scenes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Every pixel around a polygon: weight, whether its centre is inside, and the best look at it."""
    rows: list[tuple[float, ...]] = []
    for left, bottom in squares(corners):
        weight = area(clipped(corners, left, bottom)) / 100
        looks = [look for index in scenes if (look := archive.at(index, left + 5, bottom + 5))]
        best = max(looks, key=lambda look: look["score"], default=None)
        score = best["score"] if best else np.nan
        red, infrared = (best["B4"], best["B8"]) if best and score >= 0.6 else (np.nan, np.nan)
        rows.append((weight, holds(corners, left + 5, bottom + 5), score, red, infrared))
    names = ("weight", "inside", "score", "B4", "B8")
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


@pytest.mark.parametrize("number", range(len(SHAPES) + 1), ids=[*SHAPES, "point"])
def test_looks_are_what_numpy_says(client: Client, archive: Archive, number: int) -> None:
    target = Series(bands=("B4",), indices=("NDVI",), statistics=STATISTICS)
    found = ask(client, target)
    assert list(found) == list(DAYS)
    left, bottom = (10 * math.floor(value / 10) for value in POINT)
    pixel = [(left, bottom), (left + 10, bottom), (left + 10, bottom + 10), (left, bottom + 10)]
    corners = [*SHAPES.values(), pixel][number]
    for day, scenes in DAYS.items():
        look, pixels = found[day][number], expected(archive, corners, scenes)
        weight, inside = pixels["weight"], pixels["inside"] > 0
        seen, clear = ~np.isnan(pixels["score"]), ~np.isnan(pixels["B4"])
        # The sandbox knows a pixel's coverage to the nearest of 256 levels.
        near = (
            pytest.approx if weight.sum() > 1 else lambda value, **_: pytest.approx(value, rel=0.1, abs=1e-3)
        )
        total = weight.sum()
        assert look.pixels == near(weight[clear].sum(), rel=0.003, abs=0.01)
        assert look.clear_share == near(weight[clear].sum() / total, rel=0.003, abs=1e-4)
        assert look.seen_share == near(weight[seen].sum() / total, rel=0.003, abs=1e-4)
        if not weight[seen].sum():
            assert look.score is None
            assert set(look.values) == {None}
            continue
        assert look.score == near(np.average(pixels["score"][seen], weights=weight[seen]), rel=0.003)
        values = dict(zip(target.pairs, look.values, strict=True))
        ndvi = (pixels["B8"] - pixels["B4"]) / (pixels["B8"] + pixels["B4"])
        for variable, of_pixel in (("B4", pixels["B4"]), ("NDVI", ndvi)):
            weighed, centred = weight * clear, of_pixel[clear & inside]
            if not weighed.sum():
                assert values[variable, "mean"] is None
                continue
            mean = np.average(of_pixel[clear], weights=weighed[clear])
            spread = math.sqrt(np.average((of_pixel[clear] - mean) ** 2, weights=weighed[clear]))
            assert values[variable, "mean"] == near(mean, rel=0.004, abs=1e-3)
            assert values[variable, "std"] == near(spread, rel=0.01, abs=1e-3)
            if not centred.size:
                assert values[variable, "median"] is None
                continue
            documented = {"min": np.min, "max": np.max, "median": np.median}
            for name, reduce in documented.items():
                assert values[variable, name] == pytest.approx(reduce(centred), abs=1e-6)
            assert values[variable, "p25"] == pytest.approx(np.percentile(centred, 25), abs=1e-6)


def test_what_lies_where(archive: Archive) -> None:
    """The shapes are what their names say: else the comparison would prove less."""
    both = expected(archive, SHAPES["across both tiles"], DAYS[date(2023, 1, 15)])
    assert 0.2 < (both["weight"] * ~np.isnan(both["score"])).sum() / both["weight"].sum() < 0.8
    edge = expected(archive, SHAPES["over the edge"], DAYS[date(2023, 1, 10)])
    assert 0.2 < (edge["weight"] * ~np.isnan(edge["score"])).sum() / edge["weight"].sum() < 0.8
    tiny = expected(archive, SHAPES["smaller than a pixel"], DAYS[date(2023, 1, 10)])
    assert not tiny["inside"].any()


def test_scenes_without_a_score_are_seen_where_the_policy_keeps_them(
    client: Client, archive: Archive
) -> None:
    target = Series(bands=("B4",), indices=())
    found = ask(client, target, unscored_policy="keep")
    look = found[date(2023, 1, 20)][0]
    assert (look.clear_share, look.seen_share, look.score) == (1, 1, None)
    pixels = expected(archive, SHAPES["inside"], ("20230120T184739_20230120T184734_T11SKB",))
    bands = archive.bands["20230120T184739_20230120T184734_T11SKB"]["B4"]
    values = [
        bands[math.floor((NORTH - bottom - 5) / 10), math.floor((left + 5 - WEST) / 10)]
        for left, bottom in squares(SHAPES["inside"])
    ]
    assert look.values[0] == pytest.approx(np.average(values, weights=pixels["weight"]), rel=0.003)
    assert ask(client, target)[date(2023, 1, 20)][0].seen_share == 0
