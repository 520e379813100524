"""Exports at a shell: start tasks and go, come back for them, cancel them."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel
from osgeo import gdal

from ..support.servers import ask
from .conftest import Process, given


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of its own: the embedded one would end with the process that starts the tasks."""
    with start(exports=tmp_path / "exports", model=ServiceModel(work=5.0)) as running:
        yield running


def test_tasks_outlive_the_process_and_are_waited_for_by_another(
    process: Process, service: Sandbox, tmp_path: Path
) -> None:
    started = process(
        "--json",
        "run",
        "csplus:exportcomposite",
        *given(START="2023-01-01", END="2023-02-28", PERIOD="month", NAME="x", FOLDER="f"),
        endpoint=service.url,
    )
    assert started.returncode == 0, started.stderr
    ids = json.loads(started.stdout)["results"]["TASK_IDS"]
    table = tmp_path / "tasks.csv"
    waited = process(
        "run",
        "csplus:exporttasks",
        "--",
        "ACTION=wait",
        f"TASK_ID={ids}",
        f"TABLE={table}",
        endpoint=service.url,
    )
    assert waited.returncode == 0, waited.stderr
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert [row["state"] for row in rows] == ["SUCCEEDED", "SUCCEEDED"]
    for name in ("x_2023-01", "x_2023-02"):
        file = gdal.Open(str(tmp_path / "exports" / "drive" / "f" / f"{name}.tif"))
        assert [file.GetRasterBand(number).GetDescription() for number in range(1, 5)] == [
            "B2",
            "B3",
            "B4",
            "B8",
        ]


def test_a_task_is_cancelled_by_its_id_and_waiting_for_it_is_exit_code_1(
    process: Process, service: Sandbox
) -> None:
    started = process("--json", "run", "csplus:exportcomposite", *given(NAME="x"), endpoint=service.url)
    identity = json.loads(started.stdout)["results"]["TASK_IDS"]
    arguments = ("run", "csplus:exporttasks", "--", f"TASK_ID={identity}")
    assert process(*arguments, "ACTION=cancel", endpoint=service.url).returncode == 0
    waited = process(*arguments, "ACTION=wait", endpoint=service.url)
    assert waited.returncode == 1
    assert "csplus_x was cancelled" in waited.stdout + waited.stderr
    assert "Traceback" not in waited.stdout + waited.stderr


def test_ctrl_c_ends_the_waiting_and_names_what_goes_on(
    environment: dict[str, str], service: Sandbox, tmp_path: Path
) -> None:
    running = subprocess.Popen(
        ["qgis_process", "run", "csplus:exportcomposite", *given(NAME="x", WAIT=True)],
        env={**environment, "CSPLUS_ENDPOINT": service.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    listing = "/v1/projects/csplus-sandbox/operations"
    while running.poll() is None and not json.loads(ask(service.url, "GET", listing)[2])["operations"]:
        time.sleep(0.05)
    time.sleep(1.5)  # it has looked once, and waits
    running.send_signal(signal.SIGINT)
    begin = time.monotonic()
    try:
        said, _ = running.communicate(timeout=30)
    finally:
        running.kill()
    assert time.monotonic() - begin < 3  # of which QGIS itself takes most
    assert running.returncode == 1
    assert "Cancelled." in said
    assert "csplus:exporttasks TASK_ID=" in said
    assert "Traceback" not in said
    end = time.monotonic() + 60
    while not (tmp_path / "exports" / "drive" / "x.tif").exists():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_the_embedded_sandbox_s_tasks_are_waited_for_as_it_ends_with_the_process(process: Process) -> None:
    done = process("run", "csplus:exportcomposite", *given(NAME="from_a_test"))
    assert done.returncode == 0
    assert (
        "The embedded sandbox ends with this process, so its tasks are waited for."
        in done.stdout + done.stderr
    )
    assert "STATE:\tSUCCEEDED" in done.stdout


def test_an_asset_is_downloaded_by_another_process(
    process: Process, service: Sandbox, tmp_path: Path
) -> None:
    values = given(NAME="x", DESTINATION="asset", WAIT=True, BANDS="B4,B8")
    exported = process("--json", "run", "csplus:exportcomposite", *values, endpoint=service.url)
    assert exported.returncode == 0, exported.stderr
    results = json.loads(exported.stdout)["results"]
    assert results["RESULTS"] == "projects/csplus-sandbox/assets/x"
    assert results["REQUEST_COUNT"] > 3
    file = tmp_path / "x.tif"
    opened = process(
        "run",
        "csplus:openasset",
        "--",
        f"ASSET={results['RESULTS']}",
        "LIVE=false",
        f"OUTPUT={file}",
        endpoint=service.url,
    )
    assert opened.returncode == 0, opened.stdout + opened.stderr
    dataset = gdal.Open(str(file))
    assert [dataset.GetRasterBand(number).GetDescription() for number in (1, 2)] == ["B4", "B8"]
    values = dataset.ReadAsArray()
    assert 100 < values[values != 65535].mean() < 10_000
    assert json.loads(dataset.GetMetadataItem("CSPLUS_RECIPE"))["target"]["asset"] == results["RESULTS"]


def test_an_asset_that_is_not_there_is_exit_code_1(process: Process, service: Sandbox) -> None:
    opened = process(
        "run", "csplus:openasset", "--", "ASSET=projects/csplus-sandbox/assets/nothing", endpoint=service.url
    )
    assert opened.returncode == 1
    assert "does not exist" in opened.stdout + opened.stderr
    assert "Traceback" not in opened.stdout + opened.stderr
