"""The plugin as a shell sees it: `qgis_process`, its output and its exit codes."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from osgeo import gdal, ogr

from .conftest import JANUARY, ROOT, Process, given


def test_it_is_listed_and_explained_without_account_or_network(process: Process) -> None:
    listed = process("list", endpoint="earthengine")
    assert "csplus:clearcomposite\tClear composite" in listed.stdout
    explained = process("help", "csplus:clearcomposite", endpoint="earthengine")
    assert explained.returncode == 0
    assert "A pixel is clear where its score is at least this." in explained.stdout


def test_a_download_with_json(process: Process, tmp_path: Path) -> None:
    target = tmp_path / "clear.tif"
    done = process("--json", "run", "csplus:clearcomposite", *given(OUTPUT=target, BANDS="B4,B3,B2"))
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    dataset = gdal.Open(str(target))
    assert [dataset.GetRasterBand(n).GetDescription() for n in (1, 2, 3)] == ["B4", "B3", "B2"]
    assert dataset.GetMetadataItem("CSPLUS_RECIPE") == results["RECIPE"]
    assert "not by Google" in dataset.GetMetadataItem("CSPLUS_SANDBOX")
    assert results["OUTPUT"] == str(target)
    assert results["TILE_URL"].startswith("http://127.0.0.1:")
    assert results["SCENE_COUNT"] == results["SCORED_COUNT"] + results["UNSCORED_COUNT"]
    assert results["FIRST_DATE"] >= "2023-01-01"
    assert results["LAST_DATE"] <= "2023-01-31"


def test_parameters_by_standard_input(process: Process, tmp_path: Path) -> None:
    inputs = {**JANUARY, "LIVE": False, "SCRIPT": str(tmp_path / "recipe.json"), "METHOD": "medoid"}
    done = process("run", "csplus:clearcomposite", "-", stdin=json.dumps({"inputs": inputs}))
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "recipe.json").read_text())["target"]["method"] == "medoid"


def test_the_log_says_what_was_found_and_that_it_is_a_sandbox(process: Process, tmp_path: Path) -> None:
    done = process("run", "csplus:clearcomposite", *given(OUTPUT=tmp_path / "clear.tif", LIVE="false"))
    text = done.stdout + done.stderr
    for piece in ("scenes of L2A", "distinct day", "scored", "unscored", "Download: ", "requests", "Done in"):
        assert piece in text, piece
    assert "not Google Earth Engine" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"END": "2022-01-01"}, "is before the start"),
        ({"EXTENT": ""}, "neither an extent nor an area"),
        ({"THRESHOLD": "2"}, "THRESHOLD"),
        ({"EXTENT": "10,10.1,50,50.1 [EPSG:4326]"}, "No scenes of L2A over the area"),
        ({"CRS": "EPSG:4326", "OUTPUT": "/tmp/never.tif"}, "larger than the whole area"),
        ({"OUTPUT": "/no/such/folder/clear.tif"}, "There is no folder /no/such/folder"),
        ({"METHOD": "Mean"}, "METHOD is 'Mean', which is not one of its choices. Did you mean mean"),
        ({"THRESHOLD": "0,9"}, "THRESHOLD is '0,9', which is not a number"),
        ({"START": "31.01.2023"}, "START is not a day. Write it as 2023-01-31"),
        ({"ORBIT": "1.5"}, "ORBIT is 1.5, which is not a whole number"),
        ({"TRESHOLD": "0.5"}, "Did you mean THRESHOLD?"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(process: Process, change: dict, said: str) -> None:
    done = process("run", "csplus:clearcomposite", *given(**change))
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("identity", "choices", "bands"),
    [
        ("metrics", ["BANDS=", "INDICES=NDVI", "STATISTICS=p10,p90"], ["NDVI_p10", "NDVI_p90"]),
        ("gapfilledcomposite", ["BANDS=B4", "THRESHOLDS=0.5"], ["B4", "fill_tier"]),
        ("clearscene", ["DATE=2023-01-21", "BANDS=B4"], ["B4"]),
        (
            "change",
            ["BEFORE_START=2023-01-01", "BEFORE_END=2023-01-20", "INDICES=NDVI"],
            ["NDVI_before", "NDVI_after", "NDVI_difference"],
        ),
        (
            "clearobservations",
            [],
            ["observations", "clear", "clear_fraction", "longest_gap", "mean_score"],
        ),
    ],
)
def test_statistics_of_a_window(
    process: Process, tmp_path: Path, identity: str, choices: list[str], bands: list[str]
) -> None:
    target = tmp_path / "file.tif"
    done = process("--json", "run", f"csplus:{identity}", *given(OUTPUT=target, LIVE="false"), *choices)
    assert done.returncode == 0, done.stderr
    dataset = gdal.Open(str(target))
    assert [dataset.GetRasterBand(n + 1).GetDescription() for n in range(dataset.RasterCount)] == bands
    results = json.loads(done.stdout)["results"]
    assert results["CLEAR_PERCENT"] > 50
    if identity == "clearobservations":
        assert 0 < results["MEAN_CLEAR"] <= results["MEAN_OBSERVATIONS"] <= results["DATE_COUNT"]


def test_scenes_and_thresholds_as_files(process: Process, tmp_path: Path) -> None:
    scenes = tmp_path / "scenes.gpkg"
    done = process("--json", "run", "csplus:findscenes", *given(OUTPUT=scenes, MIN_CLEAR=0.3))
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    dataset = ogr.Open(str(scenes))
    shares = [row.GetField("clear_fraction") for row in dataset.GetLayer(0)]
    assert len(shares) == results["ROW_COUNT"] < results["SCENE_COUNT"]
    assert min(shares) >= 0.3
    page, table = tmp_path / "thresholds.html", tmp_path / "thresholds.csv"
    done = process("--json", "run", "csplus:thresholdexplorer", *given(TABLE=table, REPORT=page))
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert 0 < results["THRESHOLD_CS_CDF"] <= 1
    assert len(table.read_text().splitlines()) == 1 + results["ROW_COUNT"] == 22
    assert page.read_text().startswith("<!DOCTYPE html>")
    done = process("run", "csplus:thresholdexplorer", *given(REPORT=tmp_path / "none" / "a.html"))
    assert (done.returncode, "There is no folder" in done.stderr + done.stdout) == (1, True)


def test_values_as_people_type_them(process: Process, tmp_path: Path) -> None:
    """Spaces in lists, an argument given twice, none of the bands, an empty orbit, no for false."""
    typed = ["TILES=11SKB", "TILES=10SGG", "BANDS=", "INDICES=NDVI, EVI", "ORBIT=", "CLIP=no"]
    script = tmp_path / "recipe.json"
    done = process("run", "csplus:clearcomposite", *given(LIVE="false", SCRIPT=script), *typed)
    assert done.returncode == 0, done.stderr
    recipe = json.loads(script.read_text())
    assert recipe["scenes"]["tiles"] == ["11SKB", "10SGG"]
    assert (recipe["scenes"]["orbit"], recipe["scenes"]["clip"]) == (None, False)
    assert (recipe["target"]["bands"], recipe["target"]["indices"]) == ([], ["NDVI", "EVI"])


def test_an_invalid_polygon_is_repaired(process: Process, tmp_path: Path) -> None:
    bow_tie = [
        [-119.905, 37.41],
        [-119.895, 37.418],
        [-119.895, 37.41],
        [-119.905, 37.418],
        [-119.905, 37.41],
    ]
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [bow_tie]}))
    target = tmp_path / "clear.tif"
    done = process("run", "csplus:cloudscore", *given(AREA=area, EXTENT="", LIVE="false", OUTPUT=target))
    assert done.returncode == 0, done.stderr
    assert "They were repaired" in done.stdout + done.stderr
    assert target.is_file()


def test_without_credentials_the_next_step_is_named(process: Process, tmp_path: Path) -> None:
    target = tmp_path / "clear.tif"
    done = process("run", "csplus:clearcomposite", *given(OUTPUT=target), endpoint="earthengine")
    text = done.stdout + done.stderr
    assert done.returncode == 1
    assert "earthengine authenticate" in text
    assert "sandbox" in text
    assert "Traceback" not in text
    assert not target.exists()


@pytest.fixture(scope="module")
def sandbox(environment: dict[str, str]) -> Iterator[str]:
    """A sandbox in a process of its own: a service does not end with who uses it."""
    command = [sys.executable, "-m", "csplus_plugin.sandbox", "serve", "--port", "0"]
    serving = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    yield serving.stdout.readline().split()[-1]
    serving.kill()
    serving.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("embedded", [False, True], ids=["apart", "embedded"])
def test_a_signal_ends_it_soon_and_leaves_no_broken_file(
    environment: dict[str, str], sandbox: str, tmp_path: Path, number: int, embedded: bool
) -> None:
    target = tmp_path / "clear.tif"
    choices = given(OUTPUT=target, LIVE="false", RESOLUTION=0.5, END="2023-12-31")
    running = subprocess.Popen(
        ["qgis_process", "run", "csplus:clearcomposite", *choices],
        env={**environment, "CSPLUS_ENDPOINT": "sandbox" if embedded else sandbox},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while running.poll() is None and not list(tmp_path.iterdir()):
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(number)
    try:
        said, _ = running.communicate(timeout=30)  # to its end it would take longer
    finally:
        running.kill()
    assert running.returncode == 1
    assert "Cancelled." in said
    assert "Traceback" not in said
    assert not target.exists()


def test_the_sandbox_s_first_start_can_be_cancelled(environment: dict[str, str], tmp_path: Path) -> None:
    running = subprocess.Popen(
        ["qgis_process", "run", "csplus:checkconnection"],
        env={**environment, "CSPLUS_ENDPOINT": "sandbox", "XDG_CACHE_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while running.poll() is None and not list(tmp_path.glob("*/writing-*/*")):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    try:
        said, _ = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 1
    assert "Cancelled." in said
    assert "Traceback" not in said
    assert not [*tmp_path.glob("*/sample*"), *tmp_path.glob("*/writing-*")]


def test_a_check_of_the_connection_ends_with_a_signal(environment: dict[str, str]) -> None:
    """At a service that never answers; each algorithm has to hear it, not only those that make images."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = subprocess.Popen(
            ["qgis_process", "run", "csplus:checkconnection"],
            env={**environment, "CSPLUS_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        connection, _ = silent.accept()  # it asks, so it has begun
        running.send_signal(signal.SIGINT)
        try:
            said, _ = running.communicate(timeout=30)
        finally:
            running.kill()
            connection.close()
    assert running.returncode == 1
    assert "Cancelled." in said
    assert "Traceback" not in said


def test_a_service_that_is_not_there(process: Process) -> None:
    done = process("run", "csplus:clearcomposite", *given(), endpoint="http://127.0.0.1:9")
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_an_archive_folder_that_is_not_there(environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["qgis_process", "run", "csplus:clearcomposite", *given()],
        env={**environment, "CSPLUS_ENDPOINT": "sandbox", "CSPLUS_SANDBOX_DATA": "/no/such/folder"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "/no/such/folder" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_checkout_s_own_environment_can_be_made_again() -> None:
    """So `make demo` works a second time."""
    again = ". tools/environment.sh; . tools/environment.sh; qgis_process list 2>/dev/null"
    told = subprocess.run(
        ["bash", "-ec", again], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert "csplus:clearcomposite" in told.stdout
