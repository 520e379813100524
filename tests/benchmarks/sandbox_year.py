"""How fast the sandbox draws a year's masked median of a large area, and in how much memory; for `sandbox.py`.

The task: 72 scenes, masked where `cs_cdf` < 0.60, and the median of four bands of what is left, on a square of
1,024 or 2,048 pixels whose corner lies within a block of the files. Beside it, on the same files, plain GDAL and numpy:
every file's window read as a whole, and one sort of the masked values, some rows at a time; and odc-stac with
dask, where a Python with both is given.

    python tests/benchmarks/sandbox_year.py [--sides N ...] [--blocks N ...] [--other-python PATH]

Each measurement runs in a process of its own, so that its peak memory is its own too. They take turns, and the best
of each counts, so that whatever else the machine does counts as little as it can.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
import ee  # noqa: E402
from csplus.csplus_plugin.sandbox.archive.archive import CLOUD_SCORE, S2_SR, Archive  # noqa: E402
from csplus.csplus_plugin.sandbox.graph.evaluator import Evaluator  # noqa: E402
from csplus.csplus_plugin.sandbox.images.image import Grid  # noqa: E402
from large_scenes import BANDS, CORNER, NODATA, PIXEL, SCORE, write_scenes  # noqa: E402
from osgeo import gdal  # noqa: E402
from support.offline_client import learn_functions  # noqa: E402

SCENES = ROOT / "build" / "bench-scenes"
THRESHOLD = 0.6
OFFSET = (100, 60)  # columns and rows of the square's corner
SIDES, BLOCKS = (1024, 2048), (256, 512)
TARGET, MEMORY = 1.5, 600
STRIP = 1 << 18  # pixels of all scenes that the numpy peer reduces at once


def median_graph() -> Any:
    """The year's median as the official client sends it."""
    learn_functions()
    scores = ee.ImageCollection(CLOUD_SCORE)
    scenes = ee.ImageCollection(S2_SR).filterDate("2023-01-01", "2024-01-01").linkCollection(scores, [SCORE])
    clear = scenes.map(lambda image: image.updateMask(image.select(SCORE).gte(THRESHOLD)))
    return ee.serializer.encode(clear.select(list(BANDS)).median(), for_cloud_api=True)


def corner() -> tuple[float, float]:
    """Where the square begins."""
    return CORNER[0] + OFFSET[0] * PIXEL, CORNER[1] - OFFSET[1] * PIXEL


def by_sandbox(folder: Path, side: int) -> tuple[np.ndarray, dict[str, float]]:
    """The median (band, row, column), NaN where masked, and the seconds that it took."""
    graph, evaluator = median_graph(), Evaluator(Archive(folder))
    x, y = corner()
    grid = Grid("EPSG:32611", (PIXEL, 0, x, 0, -PIXEL, y), side, side)
    start, before = time.perf_counter(), time.process_time()
    drawn = evaluator.evaluate(graph).render(grid)
    result = {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - before,
        "peak": peak_memory(),
    }
    return np.stack([np.where(drawn[b].valid, drawn[b].values, np.nan) for b in BANDS]), result


def by_hand(folder: Path, side: int) -> tuple[np.ndarray, dict[str, float]]:
    """The same by plain GDAL and numpy; seconds of reading and of all."""
    start, before = time.perf_counter(), time.process_time()
    scenes = sorted(path for path in (folder / S2_SR).iterdir() if path.is_dir())
    bands = np.empty((len(BANDS), len(scenes), side, side), np.uint16)
    clear = np.empty((len(scenes), side, side), bool)
    for n, scene in enumerate(scenes):
        for k, band in enumerate(BANDS):
            _read(scene / f"{band}.tif", side, bands[k, n])
        scores = _read(folder / CLOUD_SCORE / scene.name / f"{SCORE}.tif", side, None)
        np.greater_equal(scores, THRESHOLD, out=clear[n])
    read = time.perf_counter() - start
    median = np.empty((len(BANDS), side, side))
    rows = max(1, STRIP // side)
    for top in range(0, side, rows):
        part = slice(top, top + rows)
        for k in range(len(BANDS)):
            median[k, part] = _masked_median(bands[k, :, part], clear[:, part])
    return median, {
        "seconds": time.perf_counter() - start,
        "processor": time.process_time() - before,
        "read": read,
        "peak": peak_memory(),
    }


def peak_memory() -> float:
    """Megabytes that this process has had at most (Linux; `ru_maxrss` would count what its parent had, too)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _read(path: Path, side: int, into: np.ndarray | None) -> np.ndarray:
    dataset = gdal.Open(str(path))  # the band does not keep it alive
    return dataset.GetRasterBand(1).ReadAsArray(*OFFSET, side, side, buf_obj=into)


def _masked_median(values: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """The median along the first axis of what is clear, by one sort with what is masked at the end."""
    counts = clear & (values != NODATA)
    stack = np.where(counts, values, np.uint16(65535)).reshape(len(values), -1).T.copy()
    stack.sort(axis=1)
    count = counts.reshape(len(values), -1).sum(axis=0)
    last = np.maximum(count - 1, 0)
    low, high = (
        np.take_along_axis(stack, rank[:, np.newaxis], 1)[:, 0] for rank in (last // 2, last - last // 2)
    )
    middle = (low.astype(np.float64) + high) / 2
    return np.where(count > 0, middle, np.nan).reshape(values.shape[1:])


WAYS = {"sandbox": by_sandbox, "numpy": by_hand}


def measured(way: str, folder: Path, side: int, answer: Path) -> dict[str, float]:
    """Seconds and peak memory of one way, in a process of its own, which writes the median to a file."""
    command = [sys.executable, __file__, "--one", way, str(folder), str(side), str(answer)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def by_odc(python: Path, folder: Path, side: int, answer: Path) -> dict[str, float]:
    """Seconds and peak memory of odc-stac with dask, which writes the median to a file."""
    x, y = corner()
    task = {
        "folder": str(folder),
        "collections": [S2_SR, CLOUD_SCORE],
        "bands": [*BANDS, SCORE],
        "threshold": THRESHOLD,
        "days": ["2023-01-01", "2024-01-01"],
        "crs": "EPSG:32611",
        "transform": (PIXEL, 0, x, 0, -PIXEL, y),
        "side": side,
        "repeats": 1,
    }
    script = Path(__file__).with_name("odc_median.py")
    command = [str(python), str(script), json.dumps(task), str(answer)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    _, peak, seconds = map(float, done.stdout.split())
    return {"seconds": seconds, "peak": peak}


def compare(sides: Sequence[int], blocks: Sequence[int], repeats: int, other_python: Path | None) -> None:
    """Print times and memory, and how many times as long as GDAL and numpy the sandbox took; check that all agree."""
    columns = ("sandbox", "peak", "read", "+ numpy", "peak", "ratio", "CPU", "odc-stac", "peak")
    print(f"{'a year, 72 scenes, 4 bands':32}{''.join(f'{name:>9}' for name in columns)}  load")
    for block, side in [(block, side) for block in blocks for side in sides]:
        folder = SCENES / str(block)
        write_scenes(folder, (S2_SR, CLOUD_SCORE), block)
        runs: dict[str, dict[str, float]] = {}
        for _ in range(repeats):
            for way in WAYS:
                run = measured(way, folder, side, SCENES / f"{way}.npy")
                runs[way] = min(run, runs.get(way, run), key=lambda r: r["seconds"])
        expected = np.load(SCENES / "numpy.npy")
        np.testing.assert_array_equal(np.load(SCENES / "sandbox.npy"), expected)
        ours, plain = runs["sandbox"], runs["numpy"]
        line = (
            f"{f'{side} x {side}, blocks of {block}':32}{_cells(ours)}"
            f"{plain['read']:8.2f}s{_cells(plain)}{ours['seconds'] / plain['seconds']:9.2f}"
            f"{ours['processor'] / plain['processor']:9.2f}"
        )
        if (
            other_python and other_python.exists() and side == min(sides)
        ):  # it would want 8 GB for the larger one
            theirs = by_odc(other_python, folder, side, SCENES / "odc.npy")
            np.testing.assert_array_equal(np.load(SCENES / "odc.npy"), expected)
            line += _cells(theirs)
        print(f"{line}  {os.getloadavg()[0]:.1f}", flush=True)
    print(f"(target: a ratio of at most {TARGET:g}, and {MEMORY} MB; CPU is the ratio of processor time)")


def _cells(run: dict[str, float]) -> str:
    return f"{run['seconds']:8.2f}s{run['peak']:6.0f} MB"


def main() -> None:
    """Print the table, or measure one way."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--sides", type=int, nargs="+", default=SIDES)
    options.add_argument("--blocks", type=int, nargs="+", default=BLOCKS)
    options.add_argument("--repeats", type=int, default=2)
    options.add_argument("--other-python", type=Path, help="a Python that has odc-stac and dask")
    options.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if not chosen.one:
        compare(chosen.sides, chosen.blocks, chosen.repeats, chosen.other_python)
        return
    way, folder, side, answer = chosen.one
    median, result = WAYS[way](Path(folder), int(side))
    np.save(answer, median)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
