"""Archives made for a test: scenes of known numbers, written in the layout of the contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, osr

L2A = "COPERNICUS/S2_SR_HARMONIZED"
L1C = "COPERNICUS/S2_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"


def write_scene(
    folder: Path,
    collection: str,
    index: str,
    bands: Mapping[str, np.ndarray],
    *,
    origin: tuple[float, float],
    epsg: int = 32611,
    properties: Mapping[str, Any] | None = None,
    footprint: Mapping[str, Any] | None = None,
) -> None:
    """Write one scene; an array of half the rows is a band of twice the pixel size. NaN is masked."""
    scene = folder / collection / index
    scene.mkdir(parents=True)
    moment = datetime.strptime(index[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    content: dict[str, Any] = {
        "properties": {"system:time_start": int(moment.timestamp() * 1000), **(properties or {})}
    }
    if footprint:
        content["footprint"] = footprint
    (scene / "properties.json").write_text(json.dumps(content))
    rows = max(len(values) for values in bands.values())
    for name, values in bands.items():
        write_band(scene / f"{name}.tif", values, origin, 10 * rows / len(values), epsg)


def write_band(path: Path, values: np.ndarray, origin: tuple[float, float], size: float, epsg: int) -> None:
    """Write one GeoTIFF: whole numbers as UInt16 with nodata 65535, others as Float32 with nodata -1."""
    whole = path.stem not in ("cs", "cs_cdf")
    kind, nodata = (gdal.GDT_UInt16, 65535) if whole else (gdal.GDT_Float32, -1)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), values.shape[1], values.shape[0], 1, kind)
    dataset.SetGeoTransform((origin[0], size, 0, origin[1], 0, -size))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    dataset.SetProjection(reference.ExportToWkt())
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(nodata)
    band.WriteArray(np.where(np.isnan(values), nodata, values).astype("u2" if whole else "f4"))
