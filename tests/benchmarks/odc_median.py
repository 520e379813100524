"""The month's median by odc-stac with dask, for `sandbox.py`, which runs this in a Python that has both.

    python odc_median.py TASK ANSWER

TASK is what `sandbox.py` or `sandbox_year.py` wants, as JSON. Prints the number of scenes, the megabytes that were
needed at most and the seconds of the fastest run, and writes the median to ANSWER. Scenes become STAC items whose
assets are the archive's GeoTIFFs; scores are a band like any other. Every file is one chunk: smaller ones took longer.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import odc.stac
import pystac
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer


def items(task: dict) -> list[pystac.Item]:
    """One STAC item a scene that has scores and lies in the time."""
    scenes, scores = (Path(task["folder"]) / name for name in task["collections"])
    first, last = (datetime.fromisoformat(day).replace(tzinfo=timezone.utc) for day in task["days"])
    found = []
    for folder in sorted(p.parent for p in scenes.glob("*/properties.json")):
        properties = json.loads((folder / "properties.json").read_text())["properties"]
        moment = datetime.fromtimestamp(properties["system:time_start"] / 1000, timezone.utc)
        if first <= moment < last and (scores / folder.name).is_dir():
            files = {b: folder / f"{b}.tif" for b in task["bands"][:-1]}
            files[task["bands"][-1]] = scores / folder.name / f"{task['bands'][-1]}.tif"
            found.append(item(folder.name, moment, files))
    return found


def item(name: str, moment: datetime, files: dict[str, Path]) -> pystac.Item:
    """A STAC item with the projection extension, which spares odc-stac to open every file first."""
    with rasterio.open(next(iter(files.values()))) as source:
        shape, transform, crs, bounds = (
            list(source.shape),
            list(source.transform)[:6],
            source.crs,
            source.bounds,
        )
    west, south, east, north = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform_bounds(
        *bounds
    )
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    made = pystac.Item(
        name,
        {"type": "Polygon", "coordinates": [ring]},
        [west, south, east, north],
        moment,
        {"proj:code": str(crs), "proj:epsg": crs.to_epsg(), "proj:shape": shape, "proj:transform": transform},
    )
    for band, path in files.items():
        made.add_asset(band, pystac.Asset(str(path), media_type="image/tiff", roles=["data"]))
    return made


def median(task: dict, scenes: list[pystac.Item]) -> np.ndarray:
    """The median of the clear observations (band, row, column)."""
    a, b, c, d, e, f = task["transform"]
    grid = GeoBox((task["side"], task["side"]), Affine(a, b, c, d, e, f), task["crs"])
    *bands, score = task["bands"]
    cube = odc.stac.load(scenes, bands=task["bands"], geobox=grid, chunks={}, groupby="id", dtype="float32")
    clear = cube[score] >= task["threshold"]
    masked = cube[bands].where((cube[bands] != 0) & (cube[bands] != 65535) & clear)
    return np.stack([v.to_numpy() for v in masked.median("time", skipna=True).compute().data_vars.values()])


def main() -> None:
    """Time it."""
    task = json.loads(sys.argv[1])
    scenes = items(task)
    times = []
    for _ in range(task["repeats"]):
        start = time.perf_counter()
        found = median(task, scenes)
        times.append(time.perf_counter() - start)
    np.save(sys.argv[2], found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(len(scenes), round(peak), min(times))


if __name__ == "__main__":
    main()
