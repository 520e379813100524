"""What follows a cancelled run takes what it takes in a fresh process: nothing goes on, and nothing is held back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
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
    "live": ("csplus:periodiccomposites", {"PERIOD": "week", "LIVE": True}),
}
MOMENTS = [
    ("download", 0.3), ("download", 1.5), ("download", 4), ("series", 0.5), ("series", 2), ("series", 4),
    ("periods", 1), ("periods", 4), ("live", 0.3), ("live", 1),
]  # fmt: skip


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


def time_two_downloads(folder: Path) -> float:
    begin = time.monotonic()
    for _ in range(2):
        where = {"LIVE": False, "OUTPUT": str(folder / f"small{next(_numbers)}.tif")}
        processing.run("csplus:clearcomposite", {**JANUARY, **where})
    return time.monotonic() - begin


def run_and_cancel(name: str, seconds: float, folder: Path) -> float:
    """Start a run, cancel it, and give the seconds from the one to its end."""
    algorithm, own = RUNS[name]
    filled = {
        key: one.format(folder=folder) if isinstance(one, str) else one for key, one in (WIDE | own).items()
    }
    feedback, cancelled = QgsProcessingFeedback(), []

    def cancel() -> None:
        cancelled.append(time.monotonic())
        feedback.cancel()

    timer = threading.Timer(seconds, cancel)
    timer.start()
    try:
        with pytest.raises(QgsProcessingException, match="Cancelled"):
            processing.run(algorithm, filled, feedback=feedback)
        return time.monotonic() - cancelled[0]
    finally:
        timer.cancel()
        timer.join()


def requests_in_threads() -> list[str]:
    return [
        one.name for one in threading.enumerate() if one.name.startswith(("csplus request", "csplus worker"))
    ]


def test_two_small_downloads_after_each_of_ten_cancelled_runs(tmp_path: Path) -> None:
    """One sandbox for all ten: what one run leaves behind would weigh on the next."""
    write_fields(tmp_path / "fields.geojson")
    fresh = []
    for _ in range(2):
        close_sessions()  # a new sandbox, and a limiter that knows nothing
        fresh.append(time_two_downloads(tmp_path))
    seen = {}
    for name, seconds in MOMENTS:
        obeyed = run_and_cancel(name, seconds, tmp_path)
        seen[name, seconds] = (obeyed, time_two_downloads(tmp_path))
        assert session_for(Connection(endpoint="sandbox")).limiter.in_progress == 0
    assert max(after for _, after in seen.values()) < 1.5 * max(fresh), (fresh, seen)
    assert max(obeyed for obeyed, _ in seen.values()) < max(1.0, 2 * max(fresh)), (fresh, seen)
    until(lambda: not requests_in_threads())
