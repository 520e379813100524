"""A tiny archive with known pixels, the official client pointed at a sandbox, and plain HTTP requests."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ee
import google.oauth2.credentials
import numpy as np
import pytest
from osgeo import gdal, osr

from .turnstile import LONG

L2A = "COPERNICUS/S2_SR_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
SCENE = "20230105T184751_20230105T185313_T11SKB"
LATER = "20230110T184741_20230110T185157_T11SKB"
WIDTH, HEIGHT = 12, 8
LEFT, TOP = 240000.0, 4150000.0  # EPSG:32611

# Pixel values that a picture of the range 0 to 2550 shows exactly; 0 is nodata.
B4 = (np.arange(WIDTH * HEIGHT, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 20).astype(np.uint16)
B3 = B4[::-1].copy()
SCL = (np.arange(WIDTH * HEIGHT // 4, dtype=np.uint8).reshape(HEIGHT // 2, WIDTH // 2) % 11 + 1).astype(
    np.uint8
)
CS_CDF = np.linspace(0, 1, WIDTH * HEIGHT, dtype=np.float32).reshape(HEIGHT, WIDTH)

GRID = {
    "dimensions": {"width": WIDTH, "height": HEIGHT},
    "affineTransform": {
        "scaleX": 10,
        "shearX": 0,
        "translateX": LEFT,
        "shearY": 0,
        "scaleY": -10,
        "translateY": TOP,
    },
    "crsCode": "EPSG:32611",
}


def write_archive(folder: Path) -> Path:
    """Two L2A scenes of 12 x 8 pixels, one of them scored, one day apart from the other by five."""
    for index, time in ((SCENE, 1672944471000), (LATER, 1673376461000)):
        _write_scene(folder / L2A / index, time, {"B3": B3, "B4": B4, "SCL": SCL})
    _write_scene(folder / SCORES / SCENE, 1672944471000, {"cs_cdf": CS_CDF})
    return folder


def _write_scene(folder: Path, time: int, bands: dict[str, np.ndarray]) -> None:
    folder.mkdir(parents=True)
    properties = {
        "system:time_start": time,
        "system:time_end": time,
        "MGRS_TILE": "11SKB",
        "CLOUDY_PIXEL_PERCENTAGE": 12.5,
    }
    (folder / "properties.json").write_text(json.dumps({"properties": properties}))
    for name, values in bands.items():
        _write_band(folder / f"{name}.tif", values)


def _write_band(path: Path, values: np.ndarray) -> None:
    height, width = values.shape
    types = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}
    file = gdal.GetDriverByName("GTiff").Create(str(path), width, height, 1, types[values.dtype.name])
    size = 10 * WIDTH / width
    file.SetGeoTransform((LEFT, size, 0, TOP, 0, -size))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    file.SetProjection(reference.ExportToWkt())
    if values.dtype.kind == "u":
        file.GetRasterBand(1).SetNoDataValue(0)
    file.GetRasterBand(1).WriteArray(values)
    file.FlushCache()


@contextmanager
def official_client(url: str, credentials: Any = None) -> Iterator[Any]:
    """The unchanged library, initialized against a server and signed out afterwards.

    The functions that it learnt stay: they are those of the wheel, which other tests use without a server.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
        ee.Reset()
        ee.data.setMaxRetries(0)
        signed_in = credentials or google.oauth2.credentials.Credentials("local")
        ee.Initialize(signed_in, url=url, project="sandbox-project")
        try:
            yield ee
        finally:
            ee.data.reset()


def scene(ee: Any, *bands: str) -> Any:
    """Bands of the earlier scene, as the client describes them."""
    return ee.Image(f"{L2A}/{SCENE}").select(list(bands))


def rectangle(ee: Any, left: float, bottom: float, right: float, top: float) -> Any:
    """A rectangle in the scenes' CRS, as the client describes it."""
    return ee.Geometry.Rectangle([left, bottom, right, top], "EPSG:32611", geodesic=False)


def whole(ee: Any) -> Any:
    """The rectangle of the scenes."""
    return rectangle(ee, LEFT, TOP - 10 * HEIGHT, LEFT + 10 * WIDTH, TOP)


def ask(
    url: str, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One plain HTTP request: status, headers (lower case) and body of the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=2 * LONG)
    try:
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, sent, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def ask_error(url: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    """The error object of a request that is refused."""
    status, headers, content = ask(url, method, path, body)
    error = json.loads(content)["error"]
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert error["code"] == status
    return error


def opened(content: bytes) -> gdal.Dataset:
    """The bytes of a raster file as a GDAL dataset."""
    path = f"/vsimem/test-{id(content)}"
    gdal.FileFromMemBuffer(path, content)
    dataset = gdal.Open(path)
    memory = gdal.GetDriverByName("MEM").CreateCopy("", dataset)
    dataset = None
    gdal.Unlink(path)
    return memory
