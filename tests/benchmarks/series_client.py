"""Series of parcels by one client: `series_client.py NAME URL FILE FIRST LAST`.

Prints a line of JSON: seconds of the work itself and of this process's CPU, without imports; rows with a value, series
that have some, whether a row came twice, and the peak of its memory in megabytes.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

INDEX, THRESHOLD = "number", 0.6

_kept: list[Any] = []
"""What QGIS needs until the process ends."""

_begun: list[tuple[float, float]] = [(time.monotonic(), time.process_time())]
"""Moments and CPU seconds: at the start, and at the work's begin."""


def _begin() -> None:
    _begun.append((time.monotonic(), time.process_time()))


def _start(url: str) -> Any:
    import ee
    import ee.deprecation
    from google.auth.credentials import AnonymousCredentials

    ee.deprecation._FetchDataCatalogStac = dict
    ee.Initialize(credentials=AnonymousCredentials(), url=url, project="p")
    return ee


def ours(url: str, parcels: str, first: str, last: str) -> list[int]:
    """The algorithm itself, with a table in a file."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    os.environ |= {"CSPLUS_ENDPOINT": url, "QT_QPA_PLATFORM": "offscreen"}
    import tests.conftest  # noqa: F401, I001 the root's name
    from csplus.algorithms.time_series import TimeSeries
    from osgeo import ogr
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    application = QgsApplication([], False)
    application.initQgis()
    algorithm = TimeSeries()
    algorithm.initAlgorithm()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    _kept.extend((application, algorithm, context, feedback))
    with tempfile.TemporaryDirectory() as folder:
        table = f"{folder}/series.gpkg"
        given = {"FEATURES": parcels, "ID_FIELD": INDEX, "START": first, "END": last, "TABLE": table}
        given |= {"BANDS": ["B4", "B8"], "INDICES": ["NDVI"], "STATISTICS": ["mean"], "MIN_CLEAR": 0.0}
        _begin()
        algorithm.run(given, context, feedback, {}, catchExceptions=False)
        written = ogr.Open(table)
        return [feature["feature"] for feature in written.GetLayer(0) if feature["pixels"]]


def agrigee(url: str, parcels: str, first: str, last: str) -> list[int]:
    """agrigee_lite, unchanged: its own chunks, retries and cache."""
    import asyncio

    os.environ["HOME"] = tempfile.mkdtemp()
    _start(url)
    import agrigee_lite as agl
    import geopandas
    import pandas as pd
    from agrigee_lite.get.sits import download_multiple_sits_async

    logging.disable(logging.CRITICAL)
    agl.ee_utils._tune_ee_http()
    agl.init_cache()
    frame = geopandas.read_file(parcels)
    end = dt.date.fromisoformat(last) + dt.timedelta(days=1)
    frame["start_date"], frame["end_date"] = pd.Timestamp(first), pd.Timestamp(str(end))
    satellite = agl.sat.Sentinel2(
        bands={"red", "nir"},
        indices={"ndvi"},
        cloud_probability_threshold=THRESHOLD,
        border_pixels_to_erode=0,
        min_valid_pixel_count=1,
    )
    _begin()
    made = asyncio.run(
        download_multiple_sits_async(
            frame, satellite, {"mean"}, original_index_column_name=INDEX, crs="EPSG:4326"
        )
    )
    return [] if made.is_empty() else made.get_column(INDEX).to_list()


def plain(url: str, parcels: str, first: str, last: str) -> list[int]:
    """The loop of tutorials: an image, reduceRegions, getInfo, the next image."""
    ee = _start(url)
    _begin()
    content = json.loads(Path(parcels).read_text(encoding="utf-8"))
    fields = ee.FeatureCollection(content)
    end = dt.date.fromisoformat(last) + dt.timedelta(days=1)
    scenes = (
        ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED")
        .filterBounds(fields)
        .filterDate(first, str(end))
        .linkCollection(ee.ImageCollection("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"), ["cs_cdf"])
    )
    found = []
    listed = scenes.toList(5000)
    for number in range(scenes.size().getInfo()):
        image = ee.Image(listed.get(number))
        clear = image.updateMask(image.select("cs_cdf").gte(THRESHOLD))
        picture = clear.select(["B4", "B8"]).addBands(clear.normalizedDifference(["B8", "B4"]).rename("NDVI"))
        for feature in picture.reduceRegions(fields, ee.Reducer.mean(), 10).getInfo()["features"]:
            if feature["properties"].get("NDVI") is not None:
                found.append(feature["properties"][INDEX])  # noqa: PERF401 the loop as it is shown
    return found


def main(name: str, *arguments: str) -> None:
    failure = ""
    try:
        rows = {"ours": ours, "agrigee_lite": agrigee, "plain": plain}[name](*arguments)
    except Exception as problem:
        rows, failure = [], f"{type(problem).__name__}: {problem}"[:300]
    moment, work = _begun[-1]
    seconds, work = time.monotonic() - moment, time.process_time() - work
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024
    told = {
        "seconds": seconds,
        "client_work": work,
        "rows": len(rows),
        "series": len(set(rows)),
        "memory": peak,
        "failure": failure,
    }
    print(json.dumps(told), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
