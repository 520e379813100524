"""How fast the sandbox fills the first screen of a live layer, for `make bench-sandbox`.

The task: the 12 tiles of 256 x 256 pixels around the middle of the sample scenes, as QGIS asks for them: at once, over
HTTP, of a map of the median of June 2023, masked where `cs_cdf` < 0.60. Each run has a sandbox of its own that has
opened no file; the second screen, the same place with another threshold, finds unpacked what the first one has read.
Beside it 12 plain medians by numpy, of arrays of the same scenes that are already in memory.

    python tests/benchmarks/first_screen.py [--repeats N]
"""

from __future__ import annotations

import argparse
import http.client
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
import numpy as np  # noqa: E402
import sandbox as month  # noqa: E402
from csplus.csplus_plugin.sandbox import server  # noqa: E402
from csplus.csplus_plugin.sandbox.archive.archive import Archive  # noqa: E402
from csplus.csplus_plugin.sandbox.folders import sample_scenes  # noqa: E402
from csplus.csplus_plugin.sandbox.space.projections import transform_points  # noqa: E402

ZOOM = 15  # 3.8 m a pixel there; the screen lies within the scenes
COLUMNS, ROWS = 4, 3
CONNECTIONS = 6  # as many as QGIS opens to a host
TARGET = 1.0  # seconds
HALF_WORLD = math.pi * 6378137  # metres


def first_column_and_row() -> tuple[int, int]:
    """Give the upper left tile of the screen."""
    place = transform_points("EPSG:32611", "EPSG:3857", *(np.array([v]) for v in month.CENTRE))
    x, y = (float(v[0]) for v in place)
    tiles = 2**ZOOM
    column, row = (int((v / HALF_WORLD + 1) / 2 * tiles) for v in (x, -y))
    return column - COLUMNS // 2, row - ROWS // 2


def ask(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> bytes:
    """Give the body of an answer."""
    connection.request(method, path, body and json.dumps(body))
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        raise SystemExit(f"{answer.status}: {content[:300]!r}")
    return content


def screens(graphs: Sequence[Any]) -> list[float]:
    """Seconds until all tiles are there, of one map after the other."""
    left, top = first_column_and_row()
    places = [(left + i % COLUMNS, top + i // COLUMNS) for i in range(COLUMNS * ROWS)]
    look = {"fileFormat": "AUTO_JPEG_PNG", "bandIds": list(month.BANDS)}
    look["visualizationOptions"] = {"ranges": [{"min": 0, "max": 3000}]}
    times = []
    with (
        tempfile.TemporaryDirectory() as exports,
        server.start(exports=Path(exports)) as sandbox,
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):
        address = urlsplit(sandbox.url).netloc
        connections = [http.client.HTTPConnection(address) for _ in range(CONNECTIONS)]
        for graph in graphs:
            start = time.perf_counter()
            made = ask(connections[0], "POST", "/v1/projects/sandbox/maps", {"expression": graph, **look})
            tiles = f"/v1/{json.loads(made)['name']}/tiles/{ZOOM}"

            def fetch(connection: http.client.HTTPConnection, mine: Any, tiles: str = tiles) -> None:
                for column, row in mine:
                    ask(connection, "GET", f"{tiles}/{column}/{row}")

            list(pool.map(fetch, connections, [places[i::CONNECTIONS] for i in range(CONNECTIONS)]))
            times.append(time.perf_counter() - start)
        for connection in connections:
            connection.close()
    return times


def main() -> None:
    """Print the seconds."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--repeats", type=int, default=5)
    repeats = options.parse_args().repeats
    graphs = [month.median_graph(), month.median_graph(threshold=0.5)]
    bands, scores = month.scenes_in_memory(Archive(sample_scenes()), month.tile(256, 3.8))
    ways = {
        "first": lambda: screens(graphs),
        "nanmedian": lambda: [month.best(lambda: [month.by_hand(bands, scores) for _ in range(12)], 1)],
        "sort": lambda: [month.best(lambda: [month.by_sorting(bands, scores) for _ in range(12)], 1)],
    }
    runs = [{way: measure() for way, measure in ways.items()} for _ in range(repeats)]
    first, second = (min(run["first"][i] for run in runs) for i in range(2))
    plain, sort = (min(run[way][0] for run in runs) for way in ("nanmedian", "sort"))
    print(
        f"12 tiles of a live layer, {len(bands)} scenes: {first:.2f} s on the first screen (target: {TARGET:g} s), "
        f"{second:.2f} s with another threshold; 12 medians by numpy: {plain:.2f} s, by one sort {sort:.2f} s "
        f"(load {os.getloadavg()[0]:.1f})"
    )


if __name__ == "__main__":
    main()
