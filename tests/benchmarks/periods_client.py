"""Twelve monthly medians by one client, timed from the first request on: `periods_client.py NAME URL FOLDER`."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EXTENT = (-119.93, 37.399, -119.8874, 37.4328)
BANDS = ["B2", "B3", "B4", "B8"]
MONTHS = [(date(2023, month, 1), date(2023 + month // 12, month % 12 + 1, 1)) for month in range(1, 13)]


def in_qgis(url: str) -> Any:
    """Start QGIS with the plugin, and ask for the connection, so that the library is loaded and signed in."""
    os.environ["CSPLUS_ENDPOINT"] = url
    sys.path[:0] = ["/usr/share/qgis/python/plugins", str(ROOT / "tests")]
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    import conftest  # noqa: F401 imports the plugin as QGIS does
    from csplus import classFactory
    from processing import run
    from processing.core.Processing import Processing

    Processing.initialize()
    plugin = classFactory(None)
    plugin.initProcessing()
    run("csplus:checkconnection", {})
    return run, (application, plugin)  # which end when nobody holds them


def start_counting(url: str) -> float:
    urllib.request.urlopen(f"{url}/count-from-here", timeout=60).close()
    return time.monotonic()


def common() -> dict[str, Any]:
    west, south, east, north = EXTENT
    return {
        "EXTENT": f"{west},{east},{south},{north} [EPSG:4326]",
        "BANDS": BANDS,
        "LIVE": False,
        "CLIP": False,
    }


def series(url: str, folder: Path) -> float:
    run, _held = in_qgis(url)
    begin = start_counting(url)
    run(
        "csplus:periodiccomposites",
        {
            **common(),
            "START": "2023-01-01",
            "END": "2023-12-31",
            "OUTPUT_FOLDER": str(folder),
            "LOAD_FILES": False,
        },
    )
    return time.monotonic() - begin


def singles(url: str, folder: Path) -> float:
    run, _held = in_qgis(url)
    begin = start_counting(url)
    for first, after in MONTHS:
        last = after - timedelta(days=1)
        given = {**common(), "START": first.isoformat(), "END": last.isoformat()}
        run("csplus:clearcomposite", {**given, "OUTPUT": str(folder / f"{first:%Y-%m}.tif")})
    return time.monotonic() - begin


def geedim(url: str, folder: Path) -> float:
    """The composite of the dataset's page, month by month, on the plugin's grid."""
    import ee
    import ee.deprecation
    import geedim.collection
    import geedim.image
    from google.auth.credentials import AnonymousCredentials

    class NoCatalogue:
        def get(self, _: str) -> None:
            return None

    ee.deprecation._FetchDataCatalogStac = dict
    geedim.image.STACClient = geedim.collection.STACClient = NoCatalogue
    ee.Initialize(AnonymousCredentials(), url=url, project="p")
    grid = json.loads(os.environ["PERIODS_GRID"])
    scores = ee.ImageCollection("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED")
    region = ee.Geometry.Rectangle(list(EXTENT), None, False)
    begin = start_counting(url)
    for first, after in MONTHS:
        scenes = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED").filterBounds(region)
        linked = scenes.filterDate(first.isoformat(), after.isoformat()).linkCollection(scores, ["cs_cdf"])
        clear = linked.map(lambda image: image.updateMask(image.select("cs_cdf").gte(0.6)))
        median = clear.select(BANDS).median().round().toUint16().unmask(65535, sameFootprint=False)
        ready = median.gd.prepareForExport(**grid)
        ready.gd.toGeoTIFF(str(folder / f"{first:%Y-%m}.tif"), overwrite=True)
    return time.monotonic() - begin


if __name__ == "__main__":
    name, url, folder = sys.argv[1:]
    seconds = {"series": series, "singles": singles, "geedim": geedim}[name](url, Path(folder))
    print(json.dumps({"seconds": seconds}), flush=True)
    os._exit(0)  # QGIS need not be taken down
