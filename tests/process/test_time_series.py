"""Time series at a shell: killed at random moments, and run again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from osgeo import ogr

from .conftest import ROOT, Process

KILLS = int(os.environ.get("CSPLUS_KILLS", "3"))
SEED = int(os.environ.get("CSPLUS_SEED", "20261126"))
COLUMNS = ("feature", "day", "pixels", "clear_share", "score", "NDVI_mean", "note")


@pytest.fixture(scope="module")
def fields(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty squares of 80 metres over the sample scenes."""
    features = []
    for number in range(30):
        west, south = -119.925 + 0.005 * (number % 6), 37.403 + 0.005 * (number // 6)
        ring = [
            [west + x, south + y] for x, y in ((0, 0), (0.0009, 0), (0.0009, 0.0007), (0, 0.0007), (0, 0))
        ]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"number": number}, "geometry": geometry})
    path = tmp_path_factory.mktemp("fields") / "fields.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture(scope="module")
def service(environment: dict[str, str]) -> Iterator[str]:
    """A sandbox that is far away and busy."""
    model = ["--latency", "0.2", "--max-concurrent", "10", "--fault-rate", "0.1"]
    command = [sys.executable, "-m", "csplus_plugin.sandbox", "serve", "--port", "0", *model]
    serving = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    yield serving.stdout.readline().split()[-1]
    serving.kill()
    serving.communicate()


def choices(fields: Path, table: Path) -> list[str]:
    window = ["START=2023-01-01", "END=2023-12-31"]
    return [
        "run",
        "csplus:timeseries",
        "--",
        f"FEATURES={fields}",
        "ID_FIELD=number",
        *window,
        f"TABLE={table}",
    ]


def rows(table: Path) -> list[tuple]:
    dataset = ogr.Open(str(table))
    return [tuple(feature[name] for name in COLUMNS) for feature in dataset.GetLayer(0)]


def test_killed_at_random_moments_the_table_is_whole_after_the_next_run(
    process: Process, environment: dict[str, str], fields: Path, service: str, tmp_path: Path
) -> None:
    print(f"CSPLUS_SEED={SEED}")
    quiet, table = tmp_path / "quiet.gpkg", tmp_path / "killed.gpkg"
    done = process(*choices(fields, quiet))
    assert done.returncode == 0, done.stderr
    chance, beside, known = random.Random(SEED), tmp_path / "killed.gpkg.looks", []
    for _ in range(KILLS):
        running = subprocess.Popen(
            ["qgis_process", *choices(fields, table)],
            env={**environment, "CSPLUS_ENDPOINT": service},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        began = beside.exists()
        while not (began or beside.exists()) and running.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 4))
        running.send_signal(signal.SIGKILL)
        running.wait()
        known.append(beside.stat().st_size)
    done = process(*choices(fields, table), endpoint=service)
    assert done.returncode == 0, done.stdout + done.stderr
    whole = rows(table)
    assert len({row[:2] for row in whole}) == len(whole) > 500
    assert whole == rows(quiet)
    assert known == sorted(known)
    # And once more: nothing is left to be asked for.
    done = process(*choices(fields, table), endpoint=service)
    assert "; to be asked for: 0." in done.stdout + done.stderr
    assert rows(table) == whole


def test_a_signal_ends_it_and_what_has_arrived_stays(
    environment: dict[str, str], process: Process, fields: Path, service: str, tmp_path: Path
) -> None:
    table = tmp_path / "series.csv"
    running = subprocess.Popen(
        ["qgis_process", *choices(fields, table)],
        env={**environment, "CSPLUS_ENDPOINT": service},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    beside = tmp_path / "series.csv.looks"
    while running.poll() is None and not (beside.exists() and beside.stat().st_size > 20_000):
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "Cancelled." in said
    assert "Traceback" not in said
    assert not table.exists()
    done = process(*choices(fields, table), endpoint=service)
    assert done.returncode == 0, done.stderr
    assert "; known: 0;" not in done.stdout + done.stderr
    assert table.read_text().startswith("feature,day,pixels,clear_share,score,NDVI_mean,note")
