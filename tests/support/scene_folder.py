"""A folder of scenes made for one test, and an evaluator over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ee
import numpy as np
from csplus.csplus_plugin.sandbox.archive.archive import Archive
from csplus.csplus_plugin.sandbox.graph.evaluator import Evaluator
from csplus.csplus_plugin.sandbox.images.image import Raster
from csplus.csplus_plugin.sandbox.space.grid import Grid
from osgeo import gdal, osr

S2 = "COPERNICUS/S2_SR_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"


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
        block: int | None = None,
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
            write_tif(folder / f"{name}.tif", values, crs, corner, pixel, nodata, block)

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
    path: Path,
    values: np.ndarray,
    crs: int,
    corner: tuple[float, float],
    pixel: float,
    nodata: float | None,
    block: int | None = None,
) -> None:
    kinds = {
        "uint8": gdal.GDT_Byte,
        "uint16": gdal.GDT_UInt16,
        "float32": gdal.GDT_Float32,
        "float64": gdal.GDT_Float64,
    }
    height, width = values.shape
    options = ["TILED=YES", f"BLOCKXSIZE={block}", f"BLOCKYSIZE={block}"] if block else []
    driver = gdal.GetDriverByName("GTiff")
    target = driver.Create(str(path), width, height, 1, kinds[values.dtype.name], options)
    target.SetGeoTransform((corner[0], pixel, 0, corner[1], 0, -pixel))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(crs)
    target.SetProjection(reference.ExportToWkt())
    if nodata is not None:
        target.GetRasterBand(1).SetNoDataValue(nodata)
    target.GetRasterBand(1).WriteArray(values)
    target.FlushCache()


def masked(raster: Raster) -> np.ma.MaskedArray:
    """Values with everything masked whose mask is 0."""
    return np.ma.array(raster.values, mask=~raster.valid)
