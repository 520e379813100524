"""The sample scenes of a month somewhere else: the same pixels around another meridian."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from osgeo import gdal

BY = -60.097
"""Degrees of longitude: the middle of the sample scenes comes to lie on the antimeridian."""

TILE, CENTRAL_MERIDIAN = "T11SKB", -117


def shifted_crs(by: float = BY) -> str:
    """Give the UTM zone of the scenes around another central meridian: their coordinates in metres stay the same."""
    meridian = CENTRAL_MERIDIAN + by
    return (
        f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=0.9996 +x_0=500000 +y_0=0 +datum=WGS84 +units=m +no_defs"
    )


def shift_samples(
    samples: Path, archive: Path, month: str = "202301", bands: str = "B2 B3 B4 B8 SCL cs cs_cdf"
) -> None:
    """Copy the scenes of a month whose file names begin with it."""
    for file in samples.glob(f"[CG]*/**/{month}*{TILE}/*"):
        if file.name != "properties.json" and file.stem not in bands.split():
            continue
        copy = archive / file.relative_to(samples)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
        if file.name == "properties.json":
            content = json.loads(copy.read_text())
            (ring,) = content["footprint"]["coordinates"]
            # As the service gives them: no longitude beyond 180.
            content["footprint"]["coordinates"] = [[[(x + BY + 180) % 360 - 180, y] for x, y in ring]]
            copy.write_text(json.dumps(content))
        else:
            dataset = gdal.Open(str(copy), gdal.GA_Update)
            dataset.SetProjection(_wkt(shifted_crs()))
            del dataset


def _wkt(crs: str) -> str:
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.SetFromUserInput(crs)
    return reference.ExportToWkt()
