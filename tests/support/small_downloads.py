"""Small downloads from a service of pixels that may misbehave, and what is right of them."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.bands import DIGITAL_NUMBERS, BandInfo
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download import assembly, overviews
from csplus.csplus_plugin.download import layout as layouts
from csplus.csplus_plugin.download import plan as planning
from csplus.csplus_plugin.download.download import download
from csplus.csplus_plugin.download.fetch import FetchOptions
from csplus.csplus_plugin.download.layout import Layout
from csplus.csplus_plugin.download.progress import Progress
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.limiter import Limiter
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.earthengine.workers import Persistence
from osgeo import gdal

from .fake_service import FakeService
from .faulty_service import FAULTS, Faults, PixelService, value_at

BANDS = (BandInfo("B4", "Red", 0.0001), BandInfo("B8", "Near infrared"))
GRID = Grid("EPSG:32611", 10, 0, 0, 203, 150)
LAYOUT = Layout(GRID, BANDS, DIGITAL_NUMBERS, {"A": "b"})
LARGE = Layout(Grid("EPSG:32611", 10, 0, 0, 500, 400), BANDS, DIGITAL_NUMBERS, {})
EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}


def make_blocks_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of 64 pixels in blocks of 16: hundreds of downloads in a minute."""
    for module in (planning, layouts, assembly, overviews):
        monkeypatch.setattr(module, "BLOCK", 16)
    monkeypatch.setattr(planning, "ENOUGH_TILES", 1)
    monkeypatch.setattr(overviews, "_MIN_SIDE", 32)


def expected(grid: Grid = GRID) -> np.ndarray:
    rows, columns = np.mgrid[: grid.height, : grid.width]
    return np.stack([value_at(info.name, columns, rows) for info in BANDS])


def run(
    service: FakeService,
    path: Path,
    *,
    layout: Layout = LAYOUT,
    expression: dict = EXPRESSION,
    is_cancelled: Callable[[], bool] = lambda: False,
    progress: Progress | None = None,
    max_tries: int = 25,
    first_delay: float = 0.001,
    limiter: Limiter | None = None,
    **options: object,
) -> None:
    session = session_for(Connection(endpoint=service.url, project="p"))
    session.has_responded = True  # as after the questions that come before a download
    session.limiter = limiter or Limiter(spacing=0)
    laid = planning.plan(layout.grid, len(layout.bands), 2)
    treated = FetchOptions(
        Persistence(
            Backoff(max_tries=max_tries, first_delay=first_delay, max_delay=4 * first_delay), patience=3
        )
    )
    download(
        Client(session, is_cancelled),
        expression,
        laid,
        layout,
        path,
        options=treated,
        is_cancelled=is_cancelled,
        progress=progress,
        **options,
    )


def pixels(path: Path) -> np.ndarray:
    dataset = gdal.Open(str(path))
    return dataset.ReadAsArray()


def levels(path: Path) -> list[np.ndarray]:
    """Every band and every overview of a file."""
    dataset = gdal.Open(str(path))
    bands = [dataset.GetRasterBand(number + 1) for number in range(dataset.RasterCount)]
    every = [
        level for band in bands for level in (band, *map(band.GetOverview, range(band.GetOverviewCount())))
    ]
    return [level.ReadAsArray() for level in every]


def left(folder: Path) -> list[str]:
    return sorted(child.name for child in folder.iterdir())


@contextlib.contextmanager
def gdal_exceptions(on: bool) -> Iterator[None]:
    before = gdal.GetUseExceptions()
    (gdal.UseExceptions if on else gdal.DontUseExceptions)()
    try:
        yield
    finally:
        (gdal.UseExceptions if before else gdal.DontUseExceptions)()


def process(url: str, path: Path, *numbers: int) -> subprocess.Popen:
    program = Path(__file__).with_name("download_run.py")
    return subprocess.Popen(
        [sys.executable, str(program), url, str(path), *map(str, numbers)], stdout=subprocess.PIPE, text=True
    )


def arrived(path: Path) -> set[tuple[int, ...]]:
    journal = path.with_name(f"{path.name}.journal")
    if not journal.exists():
        return set()
    found = set()
    for line in journal.read_text().splitlines()[1:]:
        with contextlib.suppress(ValueError):  # the last one may have been cut
            found.add(tuple(json.loads(line.partition(" ")[2])["tile"][:4]))
    return found


SMALL = Layout(Grid("EPSG:32611", 10, 0, 0, 131, 100), BANDS, DIGITAL_NUMBERS, {})


def survive_a_plan(seed: int, folder: Path) -> None:
    """Download through faults drawn by chance; the file has to be the quiet run's, and alone."""
    chance = random.Random(seed)
    names = chance.sample(sorted(FAULTS), chance.randint(1, 5))
    faults = Faults(
        seed=seed,
        shares={name: chance.uniform(0, 0.6 / len(names)) for name in names},
        at_once=chance.choice([None, None, 1, 3, 6]),
        heavy_above=chance.choice([*[None] * 4, 64 * 64, 32 * 32 * 2, 16 * 16]),
        slow_above=chance.choice([None, None, 32 * 32]),
        latency=chance.choice([0, 0, 0.002]),
    )
    path = folder / f"{seed}.tif"
    with PixelService(faults) as service:
        run(service, path, layout=SMALL, cloud_optimized=chance.random() < 0.2, max_tries=60)
    np.testing.assert_array_equal(pixels(path), expected(SMALL.grid), err_msg=str(faults))
    assert left(folder) == [path.name], faults
    path.unlink()
    close_sessions()  # each is to a service of its own
