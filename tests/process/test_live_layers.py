"""Live layers of a project whose tiles are gone, in programs without a window."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin.sandbox import server
from osgeo import gdal

from ..support.fake_service import FakeService, refusal
from .conftest import Process

RECIPE = {
    "schema": 1,
    "algorithm": "clearcomposite",
    "scenes": {
        "region": {
            "type": "Polygon",
            "coordinates": [
                [
                    [-119.93, 37.399],
                    [-119.8874, 37.399],
                    [-119.8874, 37.4328],
                    [-119.93, 37.4328],
                    [-119.93, 37.399],
                ]
            ],
        },
        "start": "2023-01-01",
        "end": "2023-01-31",
    },
    "target": {},
    "output": {},
}
PLACE = "-13349600,-13346300,4496500,4499800 [EPSG:3857]"
DRAW = ("--", f"EXTENT={PLACE}", "TILE_SIZE=512", "MAP_UNITS_PER_PIXEL=10")


@pytest.fixture
def project(tmp_path: Path, environment: dict[str, str]) -> Path:
    return write_project(tmp_path, environment, json.dumps(RECIPE))


def write_project(folder: Path, environment: dict[str, str], recipe: str, count: int = 2) -> Path:
    text = folder / "recipe.json"
    text.write_text(recipe)
    file = folder / "project.qgz"
    script = Path(__file__).with_name("make_project.py")
    command = [sys.executable, str(script), str(file), str(text), str(count)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return file


def shades(picture: Path) -> int:
    """How many different values a picture has: one that is blank has one."""
    dataset = gdal.Open(str(picture))
    data = dataset.GetRasterBand(1).ReadAsArray()
    return len(set(data[::5, ::5].ravel().tolist()))


@pytest.mark.parametrize("algorithm", ["native:rasterize", "native:printlayouttoimage"])
def test_old_tiles_are_drawn_anew(process: Process, project: Path, tmp_path: Path, algorithm: str) -> None:
    target = tmp_path / ("drawn.tif" if algorithm == "native:rasterize" else "drawn.png")
    given = (*DRAW, f"OUTPUT={target}")
    if algorithm != "native:rasterize":
        given = ("--", "LAYOUT=sheet", "DPI=50", f"OUTPUT={target}")
    done = process("run", algorithm, f"--PROJECT_PATH={project}", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert shades(target) > 30


def test_nothing_is_asked_before_something_is_drawn(process: Process, project: Path) -> None:
    with FakeService(refusal(500, "Never.")) as service:
        done = process(
            *("run", "native:createpointslayerfromtable", f"--PROJECT_PATH={project}"), endpoint=service.url
        )
        assert done.returncode == 1  # for want of parameters
        assert service.seen == []


@pytest.mark.parametrize("status", [403, 200])
def test_a_service_that_mints_nothing_leaves_qgis_alive(
    process: Process, project: Path, tmp_path: Path, status: int
) -> None:
    target = tmp_path / "drawn.tif"
    with FakeService(refusal(status, "No.")) as service:
        done = process(
            *("run", "native:rasterize", f"--PROJECT_PATH={project}", *DRAW, f"OUTPUT={target}"),
            endpoint=service.url,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        posts = [seen for seen in service.seen if seen.method == "POST"]
    # Damaged answers are retried: each layer's map is asked for once, in up to five tries.
    assert 2 <= len(posts) <= (2 if status == 403 else 10)


@pytest.mark.parametrize("recipe", ["{", "[]", '{"schema": 1, "algorithm": "evil"}', "[" * 50_000])
def test_a_crafted_recipe_leaves_qgis_alive(
    process: Process, environment: dict[str, str], tmp_path: Path, recipe: str
) -> None:
    project = write_project(tmp_path, environment, recipe)
    with FakeService(refusal(500, "Never.")) as service:
        done = process(
            *("run", "native:rasterize", f"--PROJECT_PATH={project}", *DRAW),
            f"OUTPUT={tmp_path / 'drawn.tif'}",
            endpoint=service.url,
        )
        assert service.seen == []
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture
def sandbox() -> Iterator[server.Sandbox]:
    with server.start() as running:
        yield running


def test_a_refreshed_project_is_saved(
    process: Process, project: Path, tmp_path: Path, sandbox: server.Sandbox
) -> None:
    done = process(
        "--json", "run", "csplus:refreshlivelayers", f"--PROJECT_PATH={project}", endpoint=sandbox.url
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"] == {"FAILED": 0, "RENEWED": 2}
    with zipfile.ZipFile(project) as archive:
        text = archive.read("project.qgs").decode()
    assert len(re.findall(rf"<datasource>[^<]*{re.escape(sandbox.url)}/v1/projects/", text)) == 2
    assert "/maps/gone-" not in text
    assert text.count('opacity="0.9') >= 2 or "<rasterrenderer" in text
    # Drawn by a QGIS without the plugin: the addresses in the project are good by themselves.
    target = tmp_path / "drawn.tif"
    command = ["run", "native:rasterize", f"--PROJECT_PATH={project}", "--skip-loading-plugins"]
    plain = process(*command, *DRAW, f"OUTPUT={target}")
    assert plain.returncode == 0, plain.stderr
    assert shades(target) > 30


def test_a_project_without_live_layers_is_one_sentence(
    process: Process, environment: dict[str, str], tmp_path: Path
) -> None:
    project = write_project(tmp_path, environment, "", count=1)
    done = process("run", "csplus:refreshlivelayers", f"--PROJECT_PATH={project}")
    assert done.returncode == 1
    assert "There is no live layer of Cloud Score+. Open a project" in done.stdout + done.stderr
