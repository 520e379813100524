"""Images as scenes in the archive's layout: what an export to an asset writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from ..errors import Refused
from ..graph.to_json import to_json
from ..images.image import Grid, Image, Raster
from .geotiffs import ON_DISK, write_geotiff
from .operations import Step

MAX_BYTES = 512 << 20  # of an image's pixels and masks, which are held in memory

_BAND = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LEFT_OUT = {"system:index", "system:footprint"}  # said by the folder's name, and by the files


def write_scene(folder: Path, image: Image, grid: Grid, step: Step) -> None:
    """Write the pixels of a grid as a scene.

    Args:
        folder: An empty folder.
        image: The image.
        grid: Its pixels.
        step: Is entered while pixels are computed.

    Raises:
        Refused: The image is too large, or a band cannot be a file.
    """
    size = grid.size * sum(band.type.dtype.itemsize + 4 for band in image.bands)
    if size > MAX_BYTES:
        raise Refused(f"Assets of more than {MAX_BYTES >> 20} MiB are not supported by this sandbox.")
    for name in image.names:
        if not _BAND.fullmatch(name):
            raise Refused(f"A band named '{name[:100]}' cannot be stored by this sandbox.")
    with step(0.9):
        rasters = image.render(grid)
    for name, raster in rasters.items():
        types = {name: raster.values.dtype}
        pieces = [(0, 0, {name: raster})]
        write_geotiff(str(folder / f"{name}.tif"), grid, types, pieces, _unused(name, raster), ON_DISK)
    properties = {name: value for name, value in image.properties.items() if name not in _LEFT_OUT}
    described = {"properties": to_json(properties), "bands": list(rasters)}
    (folder / "properties.json").write_text(json.dumps(described), encoding="utf-8")


def _unused(name: str, raster: Raster) -> float | None:
    """Give a number that no valid pixel has, to stand for the masked ones.

    Raises:
        Refused: There is none.
    """
    dtype = raster.values.dtype
    if dtype.kind == "f":
        return float("nan")
    limits = np.iinfo(dtype)
    held = set(np.unique(raster.values[raster.valid]).tolist())
    # One value more than are held must be free, if the type has as many.
    tried = range(limits.min, min(limits.max, limits.min + len(held)) + 1)
    free = next((number for number in tried if number not in held), None)
    if free is None and not raster.valid.all():
        raise Refused(f"Band '{name}' has masked pixels and uses every value of its type: cast it first.")
    return free if free is None else float(free)
