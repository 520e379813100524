"""Error of every method against the sandbox's cloud-free truth, beside that of the unmasked median.

For each month it prints the root mean square error and the mean error of B2, B3, B4 and B8 together, in reflectance
x 10,000, over the pixels that have a value, and the share of pixels that have one. The truth is the land on the 15th.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
from csplus.csplus_plugin.core import catalog, picture  # noqa: E402
from csplus.csplus_plugin.core.bands import encoding  # noqa: E402
from csplus.csplus_plugin.core.choices import Scenes  # noqa: E402
from csplus.csplus_plugin.core.grid import Grid  # noqa: E402
from csplus.csplus_plugin.core.recipe import Recipe  # noqa: E402
from csplus.csplus_plugin.core.region import Region  # noqa: E402
from csplus.csplus_plugin.core.targets.composite import Composite  # noqa: E402
from csplus.csplus_plugin.earthengine.client import Client  # noqa: E402
from csplus.csplus_plugin.earthengine.dependencies import prepare_expressions  # noqa: E402
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for  # noqa: E402
from csplus.csplus_plugin.sandbox.folders import sample_scenes  # noqa: E402

BANDS = ("B2", "B3", "B4", "B8")
MONTHS = ((2023, 1), (2023, 6), (2023, 10))
AREA = Region.from_bounds(-119.94, 37.39, -119.88, 37.44)


def truth(year: int, month: int) -> tuple[Grid, np.ndarray]:
    """Read the cloud-free land: its grid, and an array (band, row, column)."""
    folder = sample_scenes() / "truth" / catalog.PRODUCTS["L2A"].collection / "11SKB" / f"{year}-{month:02}"
    datasets = [gdal.Open(str(folder / f"{band}.tif")) for band in BANDS]
    left, size, _, top, _, _ = datasets[0].GetGeoTransform()
    grid = Grid("EPSG:32611", size, left, top, datasets[0].RasterXSize, datasets[0].RasterYSize)
    return grid, np.stack([dataset.ReadAsArray().astype(float) for dataset in datasets])


def recipes(year: int, month: int) -> Iterator[tuple[str, Recipe]]:
    """The plain median, then every method with the default mask."""
    first = date(year, month, 1)
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    clear = Scenes(AREA, first, last, clip=False)
    plain = dataclasses.replace(clear, threshold=0, unscored_policy="keep")
    yield "median, unmasked", Recipe(plain, Composite(bands=BANDS))
    for method in catalog.METHODS:
        # `nearest` to the day of the truth; `best_index` needs an index.
        target = Composite(method=method, bands=BANDS, target_date=date(year, month, 15), indices=("NDVI",))
        yield method, Recipe(clear, target)


def main() -> None:
    """Print the table."""
    prepare_expressions()
    client = Client(session_for(Connection(endpoint="sandbox")))
    print("Error against the cloud-free truth of the sandbox's synthetic scenes (not Google's).")
    print(f"L2A, {', '.join(BANDS)}, cs_cdf >= {catalog.DEFAULT_THRESHOLD:g}; reflectance x 10,000.")
    for year, month in MONTHS:
        grid, wanted = truth(year, month)
        print(f"\n{year}-{month:02}{'':12}{'RMSE':>8}{'bias':>8}{'pixels':>9}")
        for name, recipe in recipes(year, month):
            pixels = client.pixels(picture.pixels(recipe), grid.request(), BANDS)
            got = np.stack([pixels[band].astype(float) for band in BANDS])
            nodata = encoding(recipe.target.file_bands(recipe.scenes)).nodata
            valid = (got != nodata).all(axis=0)
            error = (got - wanted)[:, valid]
            rmse = np.sqrt((error**2).mean())
            print(f"{name:19}{rmse:8.0f}{error.mean():8.0f}{valid.mean():8.1%}")
    close_sessions()


if __name__ == "__main__":
    main()
