"""What only the real Earth Engine can tell. Runs with `CSPLUS_LIVE=1` and an account; never otherwise."""

from __future__ import annotations

import os
from datetime import date

import numpy as np
import pytest
import requests
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core import catalog, picture, survey
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.grid import grid_for
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions
from csplus.csplus_plugin.earthengine.session import session_for

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.environ.get("CSPLUS_LIVE") != "1", reason="set CSPLUS_LIVE=1 and sign in"),
]

PLACE = Region.from_bounds(-119.915, 37.412, -119.905, 37.420)
JANUARY = Scenes(PLACE, date(2023, 1, 1), date(2023, 1, 31))


@pytest.fixture(scope="module")
def client() -> Client:
    prepare_expressions()
    session = session_for(settings.connection())
    assert not session.is_sandbox, "CSPLUS_ENDPOINT points at this machine"
    return Client(session)


def test_scenes_of_january_have_scores(client: Client) -> None:
    found = survey.answer(JANUARY, client.value(survey.question(JANUARY)))
    assert found.scored_count > 0
    assert found.days[0] >= date(2023, 1, 1)


@pytest.mark.parametrize("method", catalog.METHODS)
def test_every_method_answers_with_the_files_type_and_nodata(client: Client, method: str) -> None:
    recipe = Recipe(JANUARY, Composite(method=method, count_band=True))
    grid = grid_for(PLACE, recipe.output)
    names = [band.name for band in recipe.target.file_bands(recipe.scenes)]
    pixels = client.pixels(picture.pixels(recipe), grid.request(), names)
    assert {pixels.dtype[name].str for name in names} == {"<u2"}
    valid = pixels["B4"] != 65535
    assert valid.any()
    assert np.median(pixels["B4"][valid]) < 10_000


@pytest.mark.parametrize("policy", ["keep", "scl"])
def test_policies_for_unscored_scenes_are_understood(client: Client, policy: str) -> None:
    scenes = Scenes(
        PLACE, date(2023, 1, 1), date(2023, 1, 31), unscored_policy=policy, edge_trim=500, dilate=50
    )
    recipe = Recipe(scenes, Composite(bands=("B4",)))
    pixels = client.pixels(picture.pixels(recipe), grid_for(PLACE, recipe.output).request(), ["B4"])
    assert (pixels["B4"] != 65535).any()


def test_a_live_layer_has_tiles(client: Client) -> None:
    url = client.map(picture.picture(Recipe(JANUARY, Composite())))
    tile = requests.get(url.format(z=14, x=2734, y=6353), timeout=300)
    assert tile.status_code == 200
    assert tile.headers["Content-Type"].startswith("image/")
