"""Large scenes for `sandbox.py`: a year of one tile of 2,304 pixels a side, in the archive's layout.

Every scene is a field of smooth noise with some sensor noise, packed as the service's own files are; cloud scores
come in patches. Only the first scenes are computed: the others are copies of them under their own names, which takes
as long to read.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()

SCENES, DIFFERENT = 72, 12
SIDE = 2304
PIXEL = 10.0  # metres
CORNER = (600000.0, 4100040.0)  # metres, UTM zone 11: of the first pixel, as the tiles of Sentinel-2 lie
BANDS = ("B2", "B3", "B4", "B8")
SCORE = "cs_cdf"
NODATA = 0


def write_scenes(folder: Path, collections: tuple[str, str], block: int) -> None:
    """Write a year of scenes and of their scores, unless they are there.

    Args:
        folder: The archive's root.
        collections: Ids of the scenes' and the scores' collections.
        block: Pixels a side that the files are packed in.
    """
    done = folder / "done"
    if done.exists():
        return
    print(f"Writing {SCENES} scenes to {folder}.", file=sys.stderr)
    rng = np.random.default_rng(2023)
    land = {band: _smooth(rng, 500, 3000) for band in BANDS}
    first = datetime(2023, 1, 1, 18, 47, tzinfo=timezone.utc)
    for n in range(SCENES):
        moment = first + n * timedelta(days=5)
        scene, scores = (folder / name / f"{moment:%Y%m%d}T184700_{n:03}" for name in collections)
        properties = {"properties": {"system:time_start": int(moment.timestamp() * 1000)}}
        for place in (scene, scores):
            place.mkdir(parents=True, exist_ok=True)
            (place / "properties.json").write_text(json.dumps(properties))
        if n < DIFFERENT:
            score = np.clip(_smooth(rng, -0.2, 1.3), 0, 1).round(3)
            outside = np.add.outer(np.arange(SIDE), np.arange(SIDE)) < SIDE // 8 * (n % 3)
            for band, values in land.items():
                noisy = values + (1 - score) * 4000 + rng.normal(0, 20, values.shape)
                noisy[outside] = NODATA
                _write(scene / f"{band}.tif", noisy.astype(np.uint16), block, NODATA)
            _write(scores / f"{SCORE}.tif", score.astype(np.float32), block, None)
        else:
            for place, like in ((scene, collections[0]), (scores, collections[1])):
                day = first + n % DIFFERENT * timedelta(days=5)
                for path in (folder / like / f"{day:%Y%m%d}T184700_{n % DIFFERENT:03}").glob("*.tif"):
                    shutil.copyfile(path, place / path.name)
    done.touch()


def _smooth(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Give a field that changes over some hundred pixels."""
    coarse = rng.random((SIDE // 128 + 2, SIDE // 128 + 2))
    at = np.arange(SIDE) / 128
    cell, share = at.astype(int), at % 1
    rows = coarse[cell] * (1 - share)[:, np.newaxis] + coarse[cell + 1] * share[:, np.newaxis]
    return low + (high - low) * (rows[:, cell] * (1 - share) + rows[:, cell + 1] * share)


def _write(path: Path, values: np.ndarray, block: int, nodata: float | None) -> None:
    options = ["TILED=YES", f"BLOCKXSIZE={block}", f"BLOCKYSIZE={block}", "COMPRESS=DEFLATE"]
    options += ["PREDICTOR=2"] if values.dtype.kind == "u" else []
    kind = gdal.GDT_UInt16 if values.dtype.kind == "u" else gdal.GDT_Float32
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), SIDE, SIDE, 1, kind, options)
    dataset.SetGeoTransform((CORNER[0], PIXEL, 0, CORNER[1], 0, -PIXEL))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    dataset.SetSpatialRef(reference)
    if nodata is not None:
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
    dataset.GetRasterBand(1).WriteArray(values)
    dataset.FlushCache()
