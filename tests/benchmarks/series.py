"""The same series from the same service, by this plugin, agrigee_lite 3.7 and the plain loop of tutorials.

    make bench-series BENCH="--parcels 10 100 --clients ours agrigee_lite --last 2023-03-31"

The service is the sandbox with the sample scenes on this machine, which says later than it could, serves 40 requests at
once and answers 429 beyond. It computes with these cores, so compare the clients, not the seconds: where other programs
share the cores, the service's CPU seconds, which they do not change.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parents[1] / "build" / "bench-series" / "bin" / "python"
PATIENCE = 3600
COLUMNS = (
    *(
        "parcels",
        "client",
        "seconds",
        "series a second",
        "service's CPU seconds",
        "client's CPU seconds",
        "requests",
        "refused",
        "MB sent",
    ),
    *("peak MB", "series", "rows"),
)


class Service:
    """The sandbox in a process of its own."""

    def __init__(self, refusals: float) -> None:
        command = [sys.executable, str(HERE / "series_server.py"), "--refusals", str(refusals)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().strip()

    def seen(self) -> dict[str, float]:
        """What it has seen since it was last asked."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def write_parcels(path: Path, count: int) -> None:
    """Four-cornered fields of about 80 by 75 metres, over the sample scenes; always the same."""
    draw, features = random.Random(7), []
    for number in range(1, count + 1):
        west, south, side = draw.uniform(-119.929, -119.890), draw.uniform(37.400, 37.431), 0.0009
        corners = ((0, 0), (1, 0.1), (0.95, 0.8), (0.05, 0.75), (0, 0))
        ring = [[west + x * side, south + y * side] for x, y in corners]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"number": number}, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def measure(service: Service, client: str, parcels: Path, window: tuple[str, str]) -> dict:
    python = sys.executable if client == "ours" else str(PEERS)
    command = [python, str(HERE / "series_client.py"), client, service.url, str(parcels), *window]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    service.seen()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    last = done.stdout.strip().splitlines()[-1:]
    told = json.loads(last[0]) if last and last[0].startswith("{") else {"failure": done.stderr[-300:]}
    return {**service.seen(), **told}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parcels", type=int, nargs="+", default=[10, 1_000, 10_000])
    parser.add_argument("--clients", nargs="+", default=["ours", "agrigee_lite", "plain"])
    parser.add_argument("--first", default="2023-01-01")
    parser.add_argument("--last", default="2023-12-31")
    parser.add_argument(
        "--refusals", type=float, default=0, help="share of the requests that get a 429 by chance"
    )
    choices = parser.parse_args()
    print(f"{choices.first} to {choices.last}, {choices.refusals:.0%} of the requests refused by chance\n")
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(choices.refusals)
        try:
            # Whoever comes first reads the files for all others: that run is not shown.
            write_parcels(Path(folder) / "warm.geojson", 10)
            measure(service, "ours", Path(folder) / "warm.geojson", (choices.first, choices.last))
            for count in choices.parcels:
                parcels = Path(folder) / f"{count}.geojson"
                write_parcels(parcels, count)
                for client in choices.clients:
                    found = measure(service, client, parcels, (choices.first, choices.last))
                    print_row(count, client, found)
        finally:
            service.close()


def print_row(count: int, client: str, found: dict) -> None:
    if found.get("failure"):
        print(
            f"| {count} | {client} | failed: {found['failure']} | | | | {found['requests']} "
            f"| {found['refused']} | | | | |"
        )
        return
    print(
        f"| {count} | {client} | {found['seconds']:.1f} | {count / found['seconds']:.2f} | {found['work']:.1f} "
        f"| {found['client_work']:.1f} | {found['requests']} "
        f"| {found['refused']} | {found['bytes'] / 1e6:.1f} | {found['memory']:.0f} | {found['series']} "
        f"| {found['rows']} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
