"""One download by one client, to be timed and measured from outside: `download_client.py NAME URL SIDE FILE`."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}


def ours(url: str, side: int, path: str, compression: str = "DEFLATE") -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from csplus_plugin.core.bands import DIGITAL_NUMBERS, BandInfo
    from csplus_plugin.core.grid import Grid
    from csplus_plugin.download.download import download
    from csplus_plugin.download.layout import Layout
    from csplus_plugin.download.plan import plan
    from csplus_plugin.earthengine.client import Client
    from csplus_plugin.earthengine.session import Connection, session_for

    grid = Grid("EPSG:32611", 10, 0, 0, side, side)
    layout = Layout(grid, [BandInfo(band, band) for band in BANDS], DIGITAL_NUMBERS, {}, compression)
    client = Client(session_for(Connection(endpoint=url, project="p")))
    download(client, EXPRESSION, plan(grid, len(BANDS), 2), layout, Path(path))


def ours_zstd(url: str, side: int, path: str) -> None:
    """The same with the faster compression."""
    ours(url, side, path, "ZSTD")


def naive(url: str, side: int, path: str) -> None:
    """One request after the other, the way of a script of twenty lines."""
    import io

    import numpy as np
    from osgeo import gdal

    options = [
        "TILED=YES",
        "COMPRESS=DEFLATE",
        "PREDICTOR=2",
        "INTERLEAVE=BAND",
        "NUM_THREADS=ALL_CPUS",
        "BIGTIFF=IF_SAFER",
    ]
    dataset = gdal.GetDriverByName("GTiff").Create(path, side, side, len(BANDS), gdal.GDT_UInt16, options)
    for row in range(0, side, 1024):
        for column in range(0, side, 1024):
            width, height = min(1024, side - column), min(1024, side - row)
            grid = {
                "dimensions": {"width": width, "height": height},
                "affineTransform": {
                    "scaleX": 10,
                    "translateX": column * 10,
                    "scaleY": -10,
                    "translateY": -row * 10,
                },
                "crsCode": "EPSG:32611",
            }
            body = {"expression": EXPRESSION, "fileFormat": "NPY", "grid": grid, "bandIds": BANDS}
            request = urllib.request.Request(
                f"{url}/v1/projects/p/image:computePixels", json.dumps(body).encode()
            )
            with urllib.request.urlopen(request, timeout=400) as answer:
                pixels = np.load(io.BytesIO(answer.read()))
            for number, band in enumerate(BANDS, 1):
                dataset.GetRasterBand(number).WriteArray(pixels[band], column, row)
    dataset.BuildOverviews("AVERAGE", [2, 4, 8, 16])
    del dataset


def _start(url: str) -> None:
    import ee
    import ee.deprecation
    from google.auth.credentials import AnonymousCredentials

    ee.deprecation._FetchDataCatalogStac = dict
    ee.Initialize(credentials=AnonymousCredentials(), url=url, project="p")


def geedim(url: str, side: int, path: str) -> None:
    import ee

    _start(url)
    import geedim.collection
    import geedim.image

    class NoCatalogue:
        def get(self, ee_id: str) -> None:
            return None

    geedim.image.STACClient = geedim.collection.STACClient = NoCatalogue
    ee.Image("COPERNICUS/S2_SR_HARMONIZED/X").gd.toGeoTIFF(path, overwrite=True)


def xee(url: str, side: int, path: str) -> None:
    """Into memory only: it has no writer of rasters."""
    import ee

    _start(url)
    import xarray

    xarray.open_dataset(
        ee.ImageCollection([ee.Image("COPERNICUS/S2_SR_HARMONIZED/X")]),
        engine="ee",
        crs="EPSG:32611",
        crs_transform=(10, 0, 0, 0, -10, 0),
        shape_2d=(side, side),
    ).load()


if __name__ == "__main__":
    name, url, side, path = sys.argv[1:]
    {"ours": ours, "ours-zstd": ours_zstd, "naive": naive, "geedim": geedim, "xee": xee}[name](
        url, int(side), path
    )
