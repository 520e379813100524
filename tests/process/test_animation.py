"""A film at a shell: files by their paths, nothing of a project, a cancel by the keyboard."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import Process, given


@pytest.fixture(scope="module")
def months(process: Process, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of the sandbox, the later one first by name."""
    folder = tmp_path_factory.mktemp("months")
    for name, start, end in (("b", "2023-01-01", "2023-01-31"), ("a", "2023-07-01", "2023-07-31")):
        values = given(START=start, END=end, OUTPUT=folder / f"{name}.tif", LIVE="false")
        done = process("run", "csplus:clearcomposite", *values)
        assert done.returncode == 0, done.stderr
    return folder


def test_a_folder_of_files(process: Process, months: Path, tmp_path: Path) -> None:
    target = tmp_path / "film.png"
    done = process(
        "--json", "run", "csplus:animation", "--", f"LAYERS={months}", f"OUTPUT={target}", "WIDTH=300"
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert (results["FRAME_COUNT"], results["FIRST_DATE"], results["LAST_DATE"]) == (
        2,
        "2023-01-01",
        "2023-07-31",
    )
    film = Image.open(target)
    assert film.n_frames == 2
    film.seek(0)
    winter = np.asarray(film.convert("RGB")).astype(int)
    single = tmp_path / "january.png"
    done = process(
        "run", "csplus:animation", "--", f"LAYERS={months / 'b.tif'}", f"OUTPUT={single}", "WIDTH=300"
    )
    assert done.returncode == 0, done.stderr
    alone = np.asarray(Image.open(single).convert("RGB")).astype(int)
    np.testing.assert_array_equal(winter, alone)
    film.seek(1)
    assert (np.asarray(film.convert("RGB")).astype(int) != winter).any()


def test_a_recipe_in_the_place_of_layers(process: Process, tmp_path: Path) -> None:
    script, target = tmp_path / "months.json", tmp_path / "film.png"
    values = given(END="2023-02-28", LIVE="false", SCRIPT=script)
    done = process("--json", "run", "csplus:periodiccomposites", *values)
    assert done.returncode == 0, done.stderr
    files = []
    for recipe in (script, json.loads(done.stdout)["results"]["RECIPE"]):
        done = process(
            "--json", "run", "csplus:animation", "--", f"RECIPE={recipe}", f"OUTPUT={target}", "WIDTH=200"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["results"]["FRAME_COUNT"] == 2
        files.append(np.asarray(Image.open(target).convert("RGB")))
    np.testing.assert_array_equal(*files)
    assert len(np.unique(files[0].reshape(-1, 3), axis=0)) > 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.png", "months.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["OUTPUT=film.avi"], "is neither a PNG nor a GIF"),
        (["LAYERS=/no/such/folder"], "which is no layer that QGIS can open"),
        (["LAYERS=", "RECIPE=months.json"], "'months.json', which is neither JSON nor a file"),
        (["LAYERS="], "No layer with a time is chosen or visible"),
        (["EXTENT=10,11,50,51 [EPSG:4326]"], "None of the layers has pixels in the EXTENT"),
    ],
)
def test_a_mistake_is_one_sentence(
    process: Process, months: Path, tmp_path: Path, change: list[str], said: str
) -> None:
    names = {item.split("=")[0] for item in change}
    kept = [f"LAYERS={months}", f"OUTPUT={tmp_path / 'film.png'}"]
    values = [item for item in kept if item.split("=")[0] not in names]
    done = process("run", "csplus:animation", "--", *values, *change)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


def test_control_c_leaves_nothing(environment: dict[str, str], months: Path, tmp_path: Path) -> None:
    values = [f"LAYERS={months}", f"OUTPUT={tmp_path / 'film.png'}", "STEP=day", "WIDTH=2000", "LABEL=no"]
    running = subprocess.Popen(
        ["qgis_process", "run", "csplus:animation", "--", *values],
        env={**environment, "CSPLUS_ENDPOINT": "sandbox"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    begin = time.monotonic()
    while not (tmp_path / "film.png.part").exists() and time.monotonic() < begin + 60:
        time.sleep(0.05)
    assert (tmp_path / "film.png.part").exists()
    running.send_signal(signal.SIGINT)
    text, _ = running.communicate(timeout=20)
    assert running.returncode == 1
    assert b"Cancelled." in text
    assert not list(tmp_path.iterdir())
