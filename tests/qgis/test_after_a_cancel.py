"""After a cancelled run nothing goes on: no thread, no slot, and nothing that the sandbox computes for nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.sandbox.meter import Meter
from csplus.csplus_plugin.sandbox.service_model import Gate
from qgis import processing
from qgis.core import QgsProcessingException, QgsProcessingFeedback

from ..support.turnstile import until
from .conftest import JANUARY

WIDE = {"EXTENT": "-120.0,-119.6,37.2,37.6 [EPSG:4326]", "START": "2023-01-01", "END": "2023-12-31"}
RUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "download": (
        "csplus:clearcomposite",
        {"METHOD": "medoid", "LIVE": False, "OUTPUT": "{folder}/large.tif"},
    ),
    "series": ("csplus:timeseries", {"FEATURES": "{folder}/fields.geojson", "TABLE": "{folder}/series.csv"}),
    "periods": (
        "csplus:periodiccomposites",
        {"PERIOD": "month", "LIVE": False, "OUTPUT_FOLDER": "{folder}/months"},
    ),
}
MOMENTS = [
    ("download", 0), ("download", 2), ("download", 6), ("series", 0), ("series", 2), ("series", 4),
    ("periods", 0), ("periods", 3),
]  # fmt: skip
"""Runs, and after how many computed requests they are cancelled."""


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_sessions()


def write_fields(path: Path) -> None:
    squares = [(-119.93 + 0.002 * n, 37.40 + 0.0016 * m) for n in range(20) for m in range(20)]
    features = [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, y], [x + 0.0015, y], [x + 0.0015, y + 0.001], [x, y + 0.001], [x, y]]],
            },
        }
        for x, y in squares
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


_numbers = count()


class Computing:
    """What the sandbox computes.

    Attributes:
        now: The requests that are being computed.
        done: Those that were computed to their end.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now: set[object] = set()
        self.done: set[object] = set()
        work = Gate.work

        @contextmanager
        def counted(gate: Gate, meter: Meter) -> Iterator[Meter]:
            request = object()
            self.now.add(request)
            try:
                with work(gate, meter) as charged:
                    yield charged
                self.done.add(request)
            finally:
                self.now.discard(request)

        monkeypatch.setattr(Gate, "work", counted)


def download_two(folder: Path) -> None:
    for _ in range(2):
        where = {"LIVE": False, "OUTPUT": str(folder / f"small{next(_numbers)}.tif")}
        processing.run("csplus:clearcomposite", {**JANUARY, **where})


def run_and_cancel(name: str, requests: int, folder: Path, computing: Computing) -> set[object]:
    """Start a run, cancel it in the midst of a request after so many, and give what was computed for it then."""
    algorithm, own = RUNS[name]
    filled = {
        key: one.format(folder=folder) if isinstance(one, str) else one for key, one in (WIDE | own).items()
    }
    feedback, unfinished = QgsProcessingFeedback(), set()

    before = len(computing.done)

    def cancel() -> None:
        until(lambda: len(computing.done) >= before + requests and computing.now)
        unfinished.update(computing.now)
        feedback.cancel()

    watcher = threading.Thread(target=cancel)
    watcher.start()
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        processing.run(algorithm, filled, feedback=feedback)
    watcher.join()
    return unfinished


def requests_in_threads() -> list[str]:
    return [
        one.name for one in threading.enumerate() if one.name.startswith(("csplus request", "csplus worker"))
    ]


def test_nothing_goes_on_after_any_of_eight_cancelled_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sandbox for all eight: what one run leaves behind would weigh on the next."""
    computing = Computing(monkeypatch)
    write_fields(tmp_path / "fields.geojson")
    download_two(tmp_path)
    abandoned = finished = 0
    for name, requests in MOMENTS:
        unfinished = run_and_cancel(name, requests, tmp_path, computing)
        until(lambda: not computing.now and not requests_in_threads())
        finished += len(unfinished & computing.done)
        abandoned += len(unfinished - computing.done)
        assert session_for(Connection(endpoint="sandbox")).limiter.in_progress == 0
        download_two(tmp_path)
    # A few were nearly done; without a look at whether the client is still there, all of them would be.
    assert abandoned >= 10
    assert abandoned > finished
