"""How fast the sandbox draws a month's median, beside the same median written by hand.

The task: every scene of June 2023 that meets the tile, masked where `cs_cdf` < 0.60, and the median of B4, B3 and B2
of what is left; a tile of 256 and of 1024 pixels a side at 3.75 and at 10 metres. Three ways to do it:

- the sandbox: the official client's expression graph, evaluated and drawn;
- numpy: the same arrays, already in memory on the tile's grid, masked and reduced by hand (the ratio's divisor);
- odc-stac with dask, where a Python with both is given: the same GeoTIFFs, read, masked and reduced.

    python tests/benchmarks/sandbox.py [--other-python PATH] [--repeats N]

Each number is the best of several runs, so that whatever else the machine does counts as little as it can.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
import ee  # noqa: E402
from csplus.csplus_plugin.sandbox.archive.archive import CLOUD_SCORE, S2_SR, Archive  # noqa: E402
from csplus.csplus_plugin.sandbox.folders import sample_scenes  # noqa: E402
from csplus.csplus_plugin.sandbox.graph.evaluator import Evaluator  # noqa: E402
from csplus.csplus_plugin.sandbox.images.image import Grid, Image  # noqa: E402
from support.offline_client import learn_functions  # noqa: E402

BANDS = ("B4", "B3", "B2")
SCORE, THRESHOLD = "cs_cdf", 0.6
START, END = "2023-06-01", "2023-07-01"
TARGET = 3.0
CENTRE = (242640.0, 4145040.0)  # metres, UTM zone 11: the middle of the sample scenes


def tile(side: int, pixel: float, shift: float = 0.0) -> Grid:
    """A square grid around the centre of the sample scenes."""
    x, y = CENTRE
    return Grid(
        "EPSG:32611", (pixel, 0, x - side * pixel / 2 + shift, 0, -pixel, y + side * pixel / 2), side, side
    )


TILES = {"256 x 256 at 10 m": tile(256, 10), "1024 x 1024 at 3.75 m": tile(1024, 3.75)}


def median_graph(threshold: float = THRESHOLD) -> Any:
    """The month's median as the official client sends it."""
    learn_functions()
    place = ee.Geometry.Point(CENTRE, "EPSG:32611")
    scenes = ee.ImageCollection(S2_SR).filterBounds(place).filterDate(START, END)
    linked = scenes.linkCollection(ee.ImageCollection(CLOUD_SCORE), [SCORE])
    clear = linked.map(lambda image: image.updateMask(image.select(SCORE).gte(threshold)))
    return ee.serializer.encode(clear.select(list(BANDS)).median(), for_cloud_api=True)


def scenes_in_memory(archive: Archive, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """What the median is made of, on the tile's grid: bands (scene, band, row, column) and scores (scene, row, column).

    NaN is masked. Reading and sampling are not part of what is timed.
    """
    scores = archive.collection(CLOUD_SCORE).by("system:index")
    first, last = (np.datetime64(day).astype("datetime64[ms]").astype(int) for day in (START, END))
    bands, marks = [], []
    for image in archive.collection(S2_SR).elements:
        twin = scores.get(image.properties["system:index"])
        if twin is None or not first <= image.properties["system:time_start"] < last:
            continue
        bands.append(_filled(image, grid, BANDS))
        marks.append(_filled(twin, grid, [SCORE])[0])
    return np.stack(bands), np.stack(marks)


def _filled(image: Image, grid: Grid, names: Sequence[str]) -> np.ndarray:
    drawn = image.render(grid, names)
    return np.stack([np.where(drawn[n].valid, drawn[n].values, np.nan).astype(np.float32) for n in names])


def by_hand(bands: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The median of the clear observations (band, row, column), the way one writes it in numpy."""
    with np.errstate(invalid="ignore"):
        clear = scores >= THRESHOLD
    masked = np.where(clear[:, np.newaxis], bands, np.nan)
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(RuntimeWarning)
        return np.nanmedian(masked, axis=0)


def by_sorting(bands: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The same median by one sort: the fastest that plain numpy has been seen to be."""
    with np.errstate(invalid="ignore"):
        clear = scores >= THRESHOLD
    stack = np.where(clear[:, np.newaxis], bands, np.nan).reshape(len(bands), -1).T.copy()
    stack.sort(axis=1)
    count = np.maximum((~np.isnan(stack)).sum(axis=1), 1)
    low = np.take_along_axis(stack, ((count - 1) // 2)[:, np.newaxis], 1)
    high = np.take_along_axis(stack, (count // 2)[:, np.newaxis], 1)
    return ((low + high) / 2).reshape(bands.shape[1:])


def best(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def compare_with_numpy(evaluator: Evaluator, archive: Archive, graph: Any, repeats: int) -> None:
    """Print the sandbox's time, numpy's, and their ratio; check first that the two agree."""
    print(f"{'tile':24}{'sandbox':>10}{'nanmedian':>11}{'ratio':>7}{'one sort':>10}{'ratio':>7}")
    for name, grid in TILES.items():
        bands, scores = scenes_in_memory(archive, grid)
        expected = by_hand(bands, scores)
        drawn = evaluator.evaluate(graph).render(grid)
        got = np.stack([np.where(drawn[b].valid, drawn[b].values, np.nan) for b in BANDS])
        np.testing.assert_allclose(got, expected)
        np.testing.assert_allclose(by_sorting(bands, scores), expected)
        ours = best(lambda grid=grid: evaluator.evaluate(graph).render(grid), repeats)
        plain = best(lambda b=bands, s=scores: by_hand(b, s), repeats)
        sort = best(lambda b=bands, s=scores: by_sorting(b, s), repeats)
        print(
            f"{name:24}{ours:9.3f}s{plain:10.3f}s{ours / plain:7.2f}{sort:9.3f}s{ours / sort:7.2f}",
            flush=True,
        )
    print(f"({len(bands)} scenes; target: a ratio of at most {TARGET:g})")


def several_at_once(evaluator: Evaluator, graph: Any, repeats: int) -> None:
    """Print the time of eight tiles of 256 pixels, one after the other and on all cores."""
    grids = [tile(256, 10, shift=80 * i - 280) for i in range(8)]

    def draw(grid: Grid) -> object:
        return evaluator.evaluate(graph).render(grid)

    alone = best(lambda: [draw(grid) for grid in grids], repeats)
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        together = best(lambda: list(pool.map(draw, grids)), repeats)
    print(
        f"8 tiles of 256 x 256: {alone:.3f} s one by one, {together:.3f} s in {workers} threads "
        f"({alone / together:.2f} times as fast, {together / len(grids):.3f} s a tile)"
    )


def compare_with_odc(python: Path, folder: Path, evaluator: Evaluator, graph: Any, repeats: int) -> None:
    """Print the time of odc-stac with dask on the same GeoTIFFs, in a Python of its own."""
    grid = TILES["256 x 256 at 10 m"]
    task = {
        "folder": str(folder),
        "collections": [S2_SR, CLOUD_SCORE],
        "bands": [*BANDS, SCORE],
        "threshold": THRESHOLD,
        "days": [START, END],
        "crs": grid.crs,
        "transform": grid.transform,
        "side": grid.width,
        "repeats": repeats,
    }
    with tempfile.TemporaryDirectory() as work:
        answer = Path(work) / "median.npy"
        script = Path(__file__).with_name("odc_median.py")
        done = subprocess.run(
            [python, script, json.dumps(task), answer], check=False, capture_output=True, text=True
        )
        if done.returncode:
            print(f"odc-stac with dask: could not run: {done.stderr.strip().splitlines()[-1:]}")
            return
        seconds = float(done.stdout.split()[-1])
        theirs = np.load(answer)
    drawn = evaluator.evaluate(graph).render(grid)
    ours = np.stack([np.where(drawn[b].valid, drawn[b].values, np.nan) for b in BANDS])
    same = np.isclose(ours, theirs, equal_nan=True).mean()
    cold = min(_first_draw(folder, graph, grid) for _ in range(repeats))
    print(
        f"256 x 256 from files: sandbox {cold:.3f} s (no file opened before), odc-stac with dask {seconds:.3f} s; "
        f"{same:.1%} of the pixels are equal"
    )


def _first_draw(folder: Path, graph: Any, grid: Grid) -> float:
    """Seconds to evaluate and draw where the list of scenes is known but no file has been opened."""
    archive = Archive(folder)
    for name in (S2_SR, CLOUD_SCORE):
        archive.collection(name)
    return best(lambda: Evaluator(archive).evaluate(graph).render(grid), 1)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--other-python", type=Path, help="a Python that has odc-stac and dask")
    options.add_argument("--repeats", type=int, default=7)
    chosen = options.parse_args()
    folder = sample_scenes()
    archive = Archive(folder)
    evaluator, graph = Evaluator(archive), median_graph()
    compare_with_numpy(evaluator, archive, graph, chosen.repeats)
    several_at_once(evaluator, graph, chosen.repeats)
    if chosen.other_python and chosen.other_python.exists():
        compare_with_odc(chosen.other_python, folder, evaluator, graph, min(3, chosen.repeats))
    else:
        print("odc-stac with dask: not measured, because it could not be installed.")


if __name__ == "__main__":
    main()
