"""A year of twelve monthly files: one run of this plugin, twelve single runs of it, and geedim in a loop.

    make bench-periods

All three fetch the same medians from one sandbox, through a counter of requests. What a client needs to start (QGIS,
the libraries, signing in) is not counted. The files have to be equal, pixel by pixel. Seconds are the best of three.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = ROOT / "build" / "bench" / "bin" / "python"
ROUNDS = 3
LATENCY = 0.2
"""Seconds that the sandbox adds to every answer: about what a request to Google takes from Europe."""

FROM_HERE = "/count-from-here"
"""Asked by a client that has started."""

CLIENTS = {
    "series": "`csplus:periodiccomposites`",
    "singles": "`csplus:clearcomposite`, 12 times",
    "geedim": "geedim 2.0 in a loop",
}


class Counter(ThreadingHTTPServer):
    """Hands every request on to the sandbox, and counts."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.count, self.lock = behind, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that is gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _hand_on(self) -> None:
        server: Counter = self.server  # type: ignore[assignment]
        with server.lock:
            server.count = 0 if self.path == FROM_HERE else server.count + 1
        if self.path == FROM_HERE:
            self.send_response(204)
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(server.behind + self.path, body, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                status, kept, content = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            status, kept, content = refusal.code, refusal.headers, refusal.read()
        self.send_response(status)
        for name, value in kept.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "server", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _hand_on  # noqa: N815 the names that the library calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def run(client: str, counter: Counter, folder: Path) -> dict[str, float]:
    """Run a client in a process of its own: seconds that it took, and requests that it made."""
    python = PEERS if client == "geedim" else sys.executable
    grid = ""
    if client == "geedim":
        dataset = gdal.Open(str(next((folder.parent / "series").glob("*.tif"))))
        left, size, _, top, _, _ = dataset.GetGeoTransform()
        shape = (dataset.RasterYSize, dataset.RasterXSize)
        code = dataset.GetSpatialRef().GetAuthorityCode(None)
        grid = json.dumps(
            {"crs": f"EPSG:{code}", "crs_transform": [size, 0, left, 0, -size, top], "shape": shape}
        )
    done = subprocess.run(
        [str(python), str(HERE / "periods_client.py"), client, counter.url, str(folder)],
        env={**os.environ, "NO_PROXY": "127.0.0.1", "QT_QPA_PLATFORM": "offscreen", "PERIODS_GRID": grid},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{client} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "requests": counter.count}


def pixels(folder: Path) -> np.ndarray:
    """Read the twelve files, in order."""
    datasets = [gdal.Open(str(path)) for path in sorted(folder.glob("*.tif"))]
    return np.stack([dataset.ReadAsArray() for dataset in datasets])


def main() -> None:
    """Print the table."""
    sys.path.insert(0, str(ROOT))
    from csplus_plugin.sandbox.server import start
    from csplus_plugin.sandbox.service_model import ServiceModel

    with tempfile.TemporaryDirectory() as place, start(model=ServiceModel(latency=LATENCY)) as sandbox:
        counter = Counter(sandbox.url)
        folders = {client: Path(place) / client for client in CLIENTS}
        found: dict[str, dict[str, float]] = {}
        for _ in range(ROUNDS):  # in turns, for the sandbox has read nothing yet when the first one comes
            for client, folder in folders.items():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                one = run(client, counter, folder)
                found[client] = min(one, found.get(client, one), key=lambda tried: tried["seconds"])
        wanted = pixels(folders["series"])
        print(
            f"Twelve months, 4 bands of {wanted.shape[-1]} x {wanted.shape[-2]} pixels, {LATENCY:g} s latency:\n"
        )
        print("| client | requests | seconds | beside one run | files |")
        print("|---|---|---|---|---|")
        for client, label in CLIENTS.items():
            requests, seconds = found[client]["requests"], found[client]["seconds"]
            same = "equal" if np.array_equal(pixels(folders[client]), wanted) else "DIFFER"
            ratio = seconds / found["series"]["seconds"]
            print(f"| {label} | {requests} | {seconds:.1f} | {ratio:.1f} | {same} |")
        counter.shutdown()


if __name__ == "__main__":
    main()
