"""A file that an earlier run made: is it what this run would make, and what does it hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from osgeo import gdal

from ..core.bands import encoding
from ..core.errors import CsPlusError
from ..core.grid import QuietGdal
from ..core.language import _
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from . import file_recipe

_ROWS = 256
"""Read at a time."""


def count_known(
    file: Path,
    recipe: Recipe[ImageTarget],
    counts: Mapping[str, str],
    *,
    cloud_optimized: bool,
    sandbox: bool,
) -> int | None:
    """Count the pixels that have a value in a file, if it was made from this recipe and as many scenes.

    Args:
        file: The file; it need not exist.
        recipe: Of this run. How it is drawn does not matter.
        counts: Metadata items that must be equal.
        cloud_optimized: Whether a COG is wanted.
        sandbox: Whether a sandbox would make it.

    Returns:
        Pixels whose first band has a value, of a count one above 0; None if the file has to be made.
    """
    if not file.is_file():
        return None
    try:
        found = file_recipe.read(file)
        with QuietGdal():
            dataset = gdal.Open(str(file))
            is_same = (
                dataset is not None
                and found.target == recipe.target
                and found.scenes == recipe.scenes
                and (found.output.crs, found.output.resolution)
                == (recipe.output.crs, recipe.output.resolution)
                and all(dataset.GetMetadataItem(name) == value for name, value in counts.items())
                and (dataset.GetMetadataItem(file_recipe.SANDBOX_TAG) is not None) == sandbox
                and (dataset.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG") == cloud_optimized
            )
            return _count(dataset, recipe) if is_same else None
    except (CsPlusError, RuntimeError):  # somebody else's file, or a damaged one
        return None


def _count(dataset: gdal.Dataset, recipe: Recipe[ImageTarget]) -> int:
    bands = recipe.target.file_bands(recipe.scenes)
    nodata, is_count = encoding(bands).nodata, bands[0].counts
    band, known = dataset.GetRasterBand(1), 0
    for row in range(0, dataset.RasterYSize, _ROWS):
        values = band.ReadAsArray(0, row, dataset.RasterXSize, min(_ROWS, dataset.RasterYSize - row))
        if values is None:
            raise RuntimeError(_("the file is damaged"))
        known += int(np.count_nonzero((values != nodata) & (values > 0) if is_count else values != nodata))
    return known
