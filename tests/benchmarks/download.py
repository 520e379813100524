"""The same ten bands from the same service, fetched by this plugin, geedim 2.0, xee and a plain loop.

    make bench-download BENCH="--sizes 4096 --clients ours geedim --link 50"

The service is a model (see pixel_server.py), on this machine: compare the clients, not the seconds. The ideal is the
time in which 40 slots do the work of whole tiles, or the link carries the bare pixels, whichever is longer.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parents[1] / "build" / "bench" / "bin" / "python"
BANDS, ITEM_SIZE, PLACES = 10, 2, 40

SLOW = ("xee", "naive")
"""Clients that are tried on the smallest size alone: they would take an hour for the largest."""


class Run:
    """A service, and clients that are started against it."""

    def __init__(self, side: int, work: float, link: float) -> None:
        self.side, self.work, self.link = side, work, link
        command = [sys.executable, str(HERE / "pixel_server.py"), "--side", str(side), "--work", str(work)]
        self.server = subprocess.Popen([*command, "--link", str(link)], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.server.stdout.readline().strip()}"

    def close(self) -> None:
        self.server.kill()
        self.server.communicate()

    def ask(self, path: str, method: str = "GET") -> dict:
        with urllib.request.urlopen(
            urllib.request.Request(self.url + path, method=method), timeout=60
        ) as answer:
            return json.load(answer)

    @property
    def raw(self) -> int:
        return self.side**2 * BANDS * ITEM_SIZE

    @property
    def ideal(self) -> float:
        return max(self.side**2 / 1024**2 * self.work / PLACES, self.raw / self.link)

    def start(self, client: str, path: Path) -> subprocess.Popen:
        python = PEERS if client in ("geedim", "xee") else sys.executable
        command = [str(python), str(HERE / "download_client.py"), client, self.url, str(self.side), str(path)]
        return subprocess.Popen(
            command,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def time(self, client: str, path: Path, refusals: float = 0) -> dict:
        """Run one client to its end: seconds, megabytes of memory, and what the service saw."""
        self.ask(f"/reset?refusals={refusals}", "POST")
        begin = time.monotonic()
        running = self.start(client, path)
        said = running.stderr.read()
        _, status, usage = os.wait4(running.pid, 0)
        seconds = time.monotonic() - begin
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            sys.stderr.write(said.decode()[-800:])
        return {
            **self.ask("/stats"),
            "seconds": seconds,
            "memory": usage.ru_maxrss / 1024,
            "done": running.returncode == 0,
        }

    def kill_half_way(self, path: Path) -> dict:
        """Kill -9 when half of the bytes are sent, then run again to the end."""
        self.ask("/reset", "POST")
        running = self.start("ours", path)
        while self.ask("/stats")["bytes"] < self.raw / 2:
            time.sleep(0.1)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        before = self.ask("/stats")
        again = self.start("ours", path)
        again.communicate()
        after = self.ask("/stats")
        return {
            "before": before["tiles"],
            "tiles": after["tiles"],
            "repeated": after["repeated"],
            "done": path.exists(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 7168, 12288], help="pixels a side")
    parser.add_argument("--clients", nargs="+", default=["ours", "ours-zstd", "geedim", *SLOW])
    parser.add_argument(
        "--work", type=float, default=15.0, help="seconds for ten bands of 1,024 pixels a side"
    )
    parser.add_argument("--link", type=float, default=25.0, help="megabytes a second")
    parser.add_argument("--quiet", action="store_true", help="leave out refusals and the kill")
    choices = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, {choices.work:g} s of work a tile, link {choices.link:g} MB/s, 40 slots\n"
    )
    print("| size | client | requests | refused | MB sent | seconds | of the ideal | peak MB | whole |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, side in enumerate(choices.sizes):
            run = Run(side, choices.work, choices.link * 1e6)
            clients = [client for client in choices.clients if number == 0 or client not in SLOW]
            try:
                table(run, clients, Path(folder) / "a.tif")
                if not choices.quiet:
                    trouble(run, Path(folder) / "a.tif")
            finally:
                run.close()


def table(run: Run, clients: list[str], path: Path, refusals: float = 0) -> None:
    for client in clients:
        result = run.time(client, path, refusals)
        path.unlink(missing_ok=True)
        name = f"{client}, {refusals:.0%} of the requests refused" if refusals else client
        print(
            f"| {run.raw / 1e9:.2f} GB | {name} | {result['requests']} | {result['refused']} "
            f"| {result['bytes'] / 1e6:.0f} | {result['seconds']:.1f} | {run.ideal / result['seconds']:.0%} "
            f"| {result['memory']:.0f} | {'yes' if result['done'] else 'no'} |",
            flush=True,
        )


def trouble(run: Run, path: Path) -> None:
    table(run, ["ours"], path, refusals=0.3)
    killed = run.kill_half_way(path)
    print(
        f"| {run.raw / 1e9:.2f} GB | ours, killed halfway: {killed['repeated']} of {killed['tiles']} tiles "
        f"downloaded twice | | | | | | | {'yes' if killed['done'] else 'no'} |",
        flush=True,
    )
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
