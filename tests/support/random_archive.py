"""An archive of random scenes, whose arrays a test also has, with a client to a sandbox over it.

Its two fixtures are for the `conftest.py` of a folder of tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import picture
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions
from csplus.csplus_plugin.earthengine.session import Connection, session_for
from csplus.csplus_plugin.sandbox.server import start

from .archives import L1C, L2A, SCORES, write_scene

SIDE = 60
ORIGIN = (240000.0, 4146000.0)
GRID = Grid("EPSG:32611", 10, *ORIGIN, SIDE, SIDE)
BANDS = ("B2", "B3", "B4", "B8")
NODATA = 65535

# index -> orbit, cloud percentage, has a score
SCENES = {
    "20220106T184751_20220106T184746_T11SKB": (113, 10, True),
    "20230105T184751_20230105T184746_T11SKB": (113, 10, True),
    "20230110T184749_20230110T184744_T11SKB": (70, 80, True),
    "20230115T184741_20230115T184736_T11SKB": (113, 30, False),
    "20230120T184739_20230120T184734_T10SGG": (70, 40, True),
    "20230120T184739_20230120T184734_T11SKB": (70, 45, True),
    "20230125T184731_20230125T184726_T11SKB": (113, 60, True),
    "20230204T184721_20230204T184716_T11SKB": (113, 5, True),
    "20231231T184801_20231231T184756_T11SKB": (70, 5, True),
}
JANUARY = [index for index in SCENES if index.startswith("202301")]
SCORED = [index for index in JANUARY if SCENES[index][2]]


class Archive:
    """The arrays, as they were drawn, and the folder that holds them."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(11)
        self.folder = folder
        self.dn: dict[str, dict[str, np.ndarray]] = {}
        self.score: dict[str, np.ndarray] = {}
        self.scl: dict[str, np.ndarray] = {}
        for index, (orbit, cloud, scored) in SCENES.items():
            dn = {band: random.integers(0, 4000, (SIDE, SIDE)).astype(float) for band in BANDS}
            dn["B11"] = random.integers(0, 4000, (SIDE // 2, SIDE // 2)).astype(float)
            self.scl[index] = random.integers(1, 12, (SIDE // 2, SIDE // 2)).astype(float)
            self.score[index] = random.random((SIDE, SIDE)).astype("f4").astype(float)
            self.dn[index] = dn
            properties = {
                "MGRS_TILE": index[-5:],
                "SENSING_ORBIT_NUMBER": orbit,
                "CLOUDY_PIXEL_PERCENTAGE": cloud,
            }
            write_scene(
                folder, L2A, index, {**dn, "SCL": self.scl[index]}, origin=ORIGIN, properties=properties
            )
            write_scene(
                folder, L1C, index, {b: a + 100 for b, a in dn.items()}, origin=ORIGIN, properties=properties
            )
            if scored:
                scores = {"cs_cdf": self.score[index], "cs": 1 - self.score[index]}
                write_scene(folder, SCORES, index, scores, origin=ORIGIN)

    def stack(self, band: str, indices: list[str], clear: Callable[[str], np.ndarray]) -> np.ndarray:
        return np.stack([np.where(clear(index), self.dn[index][band], np.nan) for index in indices])

    def clear(self, index: str, threshold: float = 0.6) -> np.ndarray:
        return self.score[index] >= threshold


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def client(archive: Archive) -> Iterator[Client]:
    server = start(data=archive.folder)
    prepare_expressions()
    yield Client(session_for(Connection(endpoint=server.url)))
    server.stop()


def region(margin: float = 0) -> Region:
    """A box inside every scene of the archive, in degrees, grown by so many metres."""
    west, south, east, north = -119.9360, 37.4206, -119.9325, 37.4234
    degrees = margin / 90_000
    return Region.from_bounds(west - degrees, south - degrees, east + degrees, north + degrees)


EVERYWHERE = Scenes(region(2000), date(2023, 1, 1), date(2023, 1, 31), clip=False)


def recipe(method: str = "median", scenes: Scenes = EVERYWHERE, **choices: object) -> Recipe:
    return Recipe(scenes, Composite(method=method, **{"bands": BANDS, **choices}))


def compute(client: Client, made: Recipe, grid: Grid = GRID) -> dict[str, np.ndarray]:
    names = [band.name for band in made.target.file_bands(made.scenes)]
    pixels = client.pixels(picture.pixels(made), grid.request(), names)
    return {name: pixels[name] for name in names}


def rounded(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), NODATA, np.floor(values + 0.5)).astype("u2")


REDUCERS = {"median": np.nanmedian, "mean": np.nanmean, "min": np.nanmin, "max": np.nanmax}
