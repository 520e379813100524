"""Single-band GeoTIFFs and JSON, written without touching GDAL's settings: QGIS shares them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osgeo import gdal

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from .grid import Tile

_TYPES = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}


def write_band(
    path: Path, values: np.ndarray, tile: Tile, pixel_m: float, nodata: float, *, predictor: int = 1
) -> None:
    """Write one band.

    Args:
        path: Of the new file, in a folder that exists.
        values: uint8, uint16 or float32; (rows, columns).
        tile: Where it lies.
        pixel_m: Side of a pixel, metres.
        nodata: Value of the masked pixels.
        predictor: GDAL's PREDICTOR; 2 suits smooth integers.

    Raises:
        OSError: The file could not be written.
    """
    rows, columns = values.shape
    options = ["COMPRESS=DEFLATE", "ZLEVEL=1", f"PREDICTOR={predictor}", f"BLOCKYSIZE={rows}"]
    try:
        dataset = gdal.GetDriverByName("GTiff").Create(
            str(path), columns, rows, 1, _TYPES[values.dtype.name], options
        )
        written = dataset is not None and _fill(dataset, values, tile, pixel_m, nodata)
    except RuntimeError as error:  # Another plugin may have told GDAL to raise.
        raise OSError(f"{path} could not be written: {error}") from error
    if not written:
        raise OSError(f"{path} could not be written: {gdal.GetLastErrorMsg() or 'no reason given'}")


def _fill(dataset: gdal.Dataset, values: np.ndarray, tile: Tile, pixel_m: float, nodata: float) -> bool:
    band = dataset.GetRasterBand(1)
    gdal.ErrorReset()
    dataset.SetProjection(tile.wkt)
    dataset.SetGeoTransform(tile.geo_transform(pixel_m))
    band.SetNoDataValue(nodata)
    band.WriteArray(values)
    dataset.FlushCache()
    return gdal.GetLastErrorType() < gdal.CE_Failure


def write_json(path: Path, content: dict) -> None:
    """Write a JSON file."""
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
