"""The real client's expression graphs, and tiny archives to evaluate them on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive import Archive
from csplus.csplus_plugin.sandbox.evaluator import Evaluator
from csplus.csplus_plugin.sandbox.images import Grid, Raster
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import Gate
from osgeo import gdal, osr

from ..support.offline_client import learn_functions
from ..support.servers import official_client, write_archive
from ..support.turnstile import Turnstile

S2 = "COPERNICUS/S2_SR_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"


@pytest.fixture(scope="session", autouse=True)
def ee_signatures() -> None:
    """Give the client its own list of signatures, so that it builds graphs without a server."""
    learn_functions()


class Folder:
    """A folder of scenes under construction, and an evaluator over it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.evaluator = Evaluator(Archive(path))

    def scene(
        self,
        index: str,
        bands: dict[str, np.ndarray],
        *,
        collection: str = S2,
        crs: int = 32611,
        corner: tuple[float, float] = (500000, 4100000),
        pixel: float = 10,
        nodata: float | None = None,
        footprint: dict | None = None,
        **properties: Any,
    ) -> None:
        folder = self.path / collection / index
        folder.mkdir(parents=True)
        described: dict[str, Any] = {"properties": properties}
        if footprint is not None:
            described["footprint"] = footprint
        (folder / "properties.json").write_text(json.dumps(described), encoding="utf-8")
        for name, values in bands.items():
            write_tif(folder / f"{name}.tif", values, crs, corner, pixel, nodata)

    def value(self, computed: Any) -> Any:
        """The value of a client object, evaluated."""
        return self.evaluator.evaluate(ee.serializer.encode(computed, for_cloud_api=True))

    def info(self, computed: Any) -> Any:
        """The value of a client object as JSON, as `getInfo` would give it."""
        return json.loads(json.dumps(self.evaluator.to_json(self.value(computed)), allow_nan=False))

    def pixels(self, image: Any, grid: Grid) -> dict[str, Raster]:
        return self.value(image).render(grid)

    def band(self, image: Any, grid: Grid) -> Raster:
        """The only band of an image."""
        (raster,) = self.pixels(image, grid).values()
        return raster


def write_tif(
    path: Path, values: np.ndarray, crs: int, corner: tuple[float, float], pixel: float, nodata: float | None
) -> None:
    kinds = {
        "uint8": gdal.GDT_Byte,
        "uint16": gdal.GDT_UInt16,
        "float32": gdal.GDT_Float32,
        "float64": gdal.GDT_Float64,
    }
    height, width = values.shape
    target = gdal.GetDriverByName("GTiff").Create(str(path), width, height, 1, kinds[values.dtype.name])
    target.SetGeoTransform((corner[0], pixel, 0, corner[1], 0, -pixel))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(crs)
    target.SetProjection(reference.ExportToWkt())
    if nodata is not None:
        target.GetRasterBand(1).SetNoDataValue(nodata)
    target.GetRasterBand(1).WriteArray(values)
    target.FlushCache()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of two scenes that `servers.py` describes."""
    return write_archive(tmp_path_factory.mktemp("sandbox") / "archive")


@pytest.fixture(scope="module")
def shared(archive: Path) -> Iterator[Sandbox]:
    """A running sandbox over the archive, for all tests of a file; exports land beside the archive."""
    with start(archive, exports=archive.parent / "exports") as running:
        yield running


@pytest.fixture
def sandbox(archive: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox over the archive, for one test."""
    with start(archive, exports=tmp_path / "exports") as running:
        yield running


@pytest.fixture(scope="module")
def url(shared: Sandbox) -> str:
    """Where the official client of a test finds its sandbox."""
    return shared.url


@pytest.fixture(name="ee")
def signed_in_client(url: str) -> Iterator[Any]:
    """The official client, initialized against a sandbox."""
    with official_client(url) as client:
        yield client


@pytest.fixture
def turnstile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turnstile]:
    """What sandboxes that wait do instead of waiting; open in the end."""
    made = Turnstile()

    def wait(gate: Gate, seconds: float) -> None:
        made.wait(gate, seconds)

    monkeypatch.setattr(Gate, "wait", wait)
    yield made
    made.open()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty archive."""
    return Folder(tmp_path)


@pytest.fixture
def grid() -> Callable[..., Grid]:
    """Grids in UTM zone 11, by default over the corner that scenes have by default."""

    def make(
        width: int,
        height: int,
        *,
        x: float = 500000,
        y: float = 4100000,
        pixel: float = 10,
        crs: str = "EPSG:32611",
    ) -> Grid:
        return Grid(crs, (pixel, 0, x, 0, -pixel, y), width, height)

    return make


def masked(raster: Raster) -> np.ma.MaskedArray:
    """Values with everything masked whose mask is 0."""
    return np.ma.array(raster.values, mask=~raster.valid)
