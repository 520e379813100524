"""The plugin's survey and its count of days, through its client and a sandbox, on scenes made for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import picture, survey
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions
from csplus.csplus_plugin.earthengine.session import Connection, session_for
from csplus.csplus_plugin.sandbox.server import start

from ...support.archives import L2A, SCORES, write_scene

SIDE = 60
WEST, NORTH = 240000.0, 4146000.0
CALIFORNIA = Region.from_bounds(-119.9360, 37.4206, -119.9325, 37.4234)
JANUARY = Scenes(CALIFORNIA, date(2023, 1, 1), date(2023, 1, 31))


@contextmanager
def client_of(folder: Path) -> Iterator[Client]:
    server = start(data=folder)
    prepare_expressions()
    try:
        yield Client(session_for(Connection(endpoint=server.url)))
    finally:
        server.stop()


def write(folder: Path, index: str, scores: np.ndarray | None, **options: object) -> None:
    here = {"origin": (WEST, NORTH), **options}
    write_scene(folder, L2A, index, {"B4": np.full((SIDE, SIDE), 500.0)}, **here)
    if scores is not None:
        write_scene(folder, SCORES, index, {"cs_cdf": scores}, **here)


def surveyed(client: Client, scenes: Scenes) -> survey.Survey:
    return survey.answer(scenes, client.value(survey.question(scenes)))


def test_a_score_that_is_masked_over_the_area_counts_as_none(tmp_path: Path) -> None:
    clear = np.ones((SIDE, SIDE))
    nothing = np.full((SIDE, SIDE), np.nan)
    far = nothing.copy()
    far[-1, -1] = 1  # a corner of the scene, and outside the area
    near = nothing.copy()
    near[SIDE // 2 - 12 : SIDE // 2 + 12, SIDE // 2 - 12 : SIDE // 2 + 12] = 1
    write(tmp_path, "20230105T184751_20230105T184746_T11SKB", clear)
    write(tmp_path, "20230110T184751_20230110T184746_T11SKB", nothing)
    write(tmp_path, "20230115T184751_20230115T184746_T11SKB", far)
    write(tmp_path, "20230120T184751_20230120T184746_T11SKB", near)
    write(tmp_path, "20230125T184751_20230125T184746_T11SKB", None)
    with client_of(tmp_path) as client:
        found = surveyed(client, JANUARY)
    assert found.scene_count == 5
    assert [index[6:8] for index in found.hidden_ids] == ["10", "15"]
    assert [index[6:8] for index in found.unscored_ids] == ["10", "15", "25"]
    assert [day.day for day in found.days] == [5, 20]


@pytest.mark.parametrize(("zone", "longitude"), [(58, 164.5), (57, 158.5)])
def test_a_pass_over_midnight_is_one_clear_day(tmp_path: Path, zone: int, longitude: float) -> None:
    """Two scenes of one pass, on both sides of midnight in UTC, and one ten days later."""
    epsg, origin = 32600 + zone, (448000.0, 1110000.0)
    clear = np.ones((SIDE, SIDE))
    first, second, later = (
        f"{stamp}_{stamp}_T{zone}PLS" for stamp in ("20230105T235800", "20230106T000200", "20230115T235800")
    )
    for index in (first, second, later):
        write(tmp_path, index, clear, epsg=epsg, origin=origin)
    region = Region.from_bounds(longitude + 0.0270, 10.0374, longitude + 0.0272, 10.0376)
    scenes = Scenes(region, date(2023, 1, 1), date(2023, 1, 31), clip=False)
    with client_of(tmp_path) as client:
        found = surveyed(client, scenes)
        assert found.scene_count == 3
        assert found.days == (date(2023, 1, 5), date(2023, 1, 15))
        expression = picture.pixels(Recipe(scenes, Score("count")))
        inside = Grid(f"EPSG:{epsg}", 10, origin[0], origin[1], SIDE, SIDE)
        counts = client.pixels(expression, inside.request(), ["clear_count"])["clear_count"]
    assert np.unique(counts).tolist() == [2]
