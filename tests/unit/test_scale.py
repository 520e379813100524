"""The page about a country holds what the simulation prints, which is right where it can be checked."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    path = ROOT / "tests" / "benchmarks" / "scale.py"
    spec = importlib.util.spec_from_file_location("scale_benchmark", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_what_the_simulation_prints(scale: ModuleType) -> None:
    for title, text in scale.tables().items():
        assert f"\n## {title}\n" in PAGE
        assert text in PAGE, title


def test_the_country_has_the_pixels_of_its_area(scale: ModuleType) -> None:
    """A hundred square metres a pixel; grids are rectangles in their zones, and tiles reach over the edge."""
    area = scale.square_kilometres(scale.WEST, scale.SOUTH, scale.EAST, scale.NORTH)
    assert area == pytest.approx(400_000, rel=0.01)
    one, zones, squares = scale.grids()
    for pixels in (one.size / 20, sum(each.size for each in zones.values()) / 20, sum(squares)):
        assert 1.0 < pixels / (area * 1e4) < 1.06
    assert max(squares) == 10_000**2


def test_one_tile_takes_the_way_the_work_and_the_link(scale: ModuleType) -> None:
    tile = scale.Tile(0, 0, 1024, 1024, range(10))
    service = scale.Service(15.0, 10e6, luck=lambda chance: 1.0)
    assert scale.Download([tile], service).run().seconds == pytest.approx(0.3 + 15 + 20 * 1024**2 / 10e6)


@pytest.mark.parametrize(
    ("work", "link", "ideal"), [(60.0, 1e12, 1000 * 60 / 40), (0.1, 10e6, 1000 * 20 * 1024**2 / 10e6)]
)
def test_many_tiles_take_little_more_than_places_or_link_allow(
    scale: ModuleType, work: float, link: float, ideal: float
) -> None:
    tiles = [scale.Tile(1024 * n, 0, 1024, 1024, range(10)) for n in range(1000)]
    found = scale.Download(tiles, scale.Service(work, link, luck=lambda chance: 1.0)).run()
    assert ideal <= found.seconds < 1.1 * ideal
    assert found.refused == 0


def test_what_takes_longer_than_five_minutes_is_split(scale: ModuleType) -> None:
    tiles = [scale.Tile(1024 * n, 0, 1024, 1024, range(10)) for n in range(10)]
    found = scale.Download(tiles, scale.Service(1000.0, 1e12, luck=lambda chance: 1.0)).run()
    assert found.requests == 10 + 40  # a quarter takes 250 seconds
    assert found.seconds < 2 * 300 + 250


def test_simulated_downloads_take_what_measured_ones_did(scale: ModuleType) -> None:
    rows = [line.split("|") for line in scale.check_table().splitlines()[2:]]
    for _, _, _, measured, simulated, _ in rows:
        assert float(simulated.split()[0]) == pytest.approx(float(measured.split()[0]), rel=0.1)


@pytest.mark.parametrize(("tasks", "at_once", "hours"), [(1, 2, 1), (4, 2, 2), (4, 1, 4)])
def test_tasks_wait_for_a_place(scale: ModuleType, tasks: int, at_once: int, hours: float) -> None:
    """3,600,000 EECU-seconds a task at 1,000 EECU are an hour; so many tiles vary by a hundredth together."""
    end, longest = scale.queue_of_tasks([36_000.0] * tasks, 100.0, 1000, at_once)
    assert end == pytest.approx(3600 * hours, rel=0.05)
    assert longest == pytest.approx(3600, rel=0.05)
