"""Other people's clients against a sandbox: geedim and xee must bring the pixels that computePixels brings.

    python compare.py URL

Runs in an environment of its own, which has geedim and xee; `make test-peers` makes it. Exits with 1 and a
sentence where a client fails or a pixel differs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import ee.deprecation
import geedim.collection
import geedim.image
import numpy as np
import rasterio
import xarray
import xee  # noqa: F401 - registers its engine with xarray
from google.auth.credentials import AnonymousCredentials

S2 = "COPERNICUS/S2_SR_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
BANDS = ["B4", "B3", "B2"]
CRS = "EPSG:32611"
LEFT, TOP = 240_660, 4_146_900  # a corner of the sample scenes of one tile
WIDTH, HEIGHT = 400, 360
TRANSFORM = (10, 0, LEFT, 0, -10, TOP)
NODATA = 65535


class NoCatalogue:
    """In the place of geedim's look-ups at a public address."""

    def get(self, _: str) -> None:
        return None


def sign_in(url: str) -> None:
    """Point everything at the sandbox."""
    ee.deprecation._FetchDataCatalogStac = dict
    geedim.image.STACClient = geedim.collection.STACClient = NoCatalogue
    ee.Initialize(AnonymousCredentials(), url=url, project="my-project")


def scenes() -> Any:
    """June's scenes of one tile, so that all pixels lie on one grid and results can be equal to the bit."""
    collection = ee.ImageCollection(S2).filterDate("2023-06-01", "2023-07-01")
    return collection.filter(ee.Filter.eq("MGRS_TILE", "11SKB"))


def composite() -> Any:
    """The Cloud Score+ composite of the dataset's page."""
    linked = scenes().linkCollection(ee.ImageCollection(SCORES), ["cs_cdf"])
    masked = linked.map(lambda image: image.updateMask(image.select("cs_cdf").gte(0.6)))
    return masked.select(BANDS).median().toUint16().unmask(NODATA, sameFootprint=False)


def expected(image: Any) -> dict[str, np.ndarray]:
    """The pixels in one request of our own."""
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    grid = {
        "dimensions": {"width": WIDTH, "height": HEIGHT},
        "affineTransform": dict(zip(names, TRANSFORM, strict=True)),
        "crsCode": CRS,
    }
    table = ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    return {name: table[name] for name in table.dtype.names}


def same(found: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> None:
    """Fail where bands or pixels differ."""
    assert list(found) == list(wanted), f"bands {list(found)} instead of {list(wanted)}"
    for name, pixels in wanted.items():
        assert found[name].shape == pixels.shape, f"{name} is {found[name].shape}, not {pixels.shape}"
        differing = int((found[name] != pixels).sum())
        assert not differing, f"{differing} pixels of {name} differ"


def geedim_composite() -> None:
    """A file, which geedim cuts into tiles and downloads as thumbnails."""
    image = composite()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "composite.tif"
        ready = image.gd.prepareForExport(crs=CRS, crs_transform=list(TRANSFORM), shape=(HEIGHT, WIDTH))
        ready.gd.toGeoTIFF(str(path), overwrite=True, max_tile_size=0.2)
        with rasterio.open(path) as file:
            assert tuple(file.transform)[:6] == (10, 0, LEFT, 0, -10, TOP), file.transform
            found = dict(zip(BANDS, file.read(), strict=True))
    same(found, expected(image))


def geedim_masks_clouds() -> None:
    """Its own cloud mask, from the same scores, over one scene."""
    image = scenes().first()
    masked = image.gd.addMaskBands(score=0.6, cs_band="cs_cdf").gd.maskClouds().select(["B4"])
    area = {"crs": CRS, "crs_transform": list(TRANSFORM), "shape": (HEIGHT, WIDTH)}
    array = masked.toUint16().unmask(NODATA, False).gd.prepareForExport(**area).gd.toNumPy()
    # It calls a pixel cloudy up to and including the threshold.
    clear = ee.Image(f"{SCORES}/{image.get('system:index').getInfo()}").select("cs_cdf").gt(0.6)
    wanted = image.select("B4").updateMask(clear).unmask(NODATA, sameFootprint=False)
    same({"B4": array[..., 0]}, expected(wanted))


def geedim_collections() -> None:
    """What it asks about a collection, and each of its composites."""
    filtered = scenes().gd.filter("2023-06-01", "2023-07-01", region=_region(), fill_portion=0.0)
    assert len(filtered.gd.properties) == scenes().size().getInfo()
    for method in ("mosaic", "q-mosaic", "medoid", "median", "mode", "mean"):
        image = filtered.gd.composite(method=method, mask=True, region=_region())
        ready = image.select(["B4"]).gd.prepareForExport(
            crs=CRS, scale=100, region=_region(), dtype="float32"
        )
        array = ready.gd.toNumPy()
        assert np.isfinite(array).any(), f"{method} is empty"


def xee_dataset() -> None:
    """A dataset, which xee fills by computePixels."""
    assert (expected(composite())["B4"] != NODATA).mean() > 0.5, "the composite is nearly empty"
    image = composite()
    collection = ee.ImageCollection([image.set("system:index", "one", "system:time_start", 0)])
    dataset = xarray.open_dataset(
        collection, engine="ee", crs=CRS, crs_transform=TRANSFORM, shape_2d=(WIDTH, HEIGHT), ee_mask_value=0
    ).load()
    same({name: dataset[name].values[0].astype(np.uint16) for name in BANDS}, expected(image))


def xee_collection_by_id() -> None:
    """A stored collection, opened by its name, with its times."""
    dataset = xarray.open_dataset(
        f"ee://{S2}", engine="ee", crs=CRS, crs_transform=TRANSFORM, shape_2d=(WIDTH, HEIGHT)
    )
    times = ee.ImageCollection(S2).aggregate_array("system:time_start").getInfo()
    assert dataset["time"].values.astype("datetime64[ms]").astype(int).tolist() == times


def _region() -> Any:
    corners = [LEFT, TOP - 10 * HEIGHT, LEFT + 10 * WIDTH, TOP]
    return ee.Geometry.Rectangle(corners, CRS, geodesic=False)


CHECKS: tuple[Callable[[], None], ...] = (
    geedim_composite,
    geedim_masks_clouds,
    geedim_collections,
    xee_dataset,
    xee_collection_by_id,
)


def main() -> int:
    """Run every check; 1 if one of them fails."""
    sign_in(sys.argv[1])
    failures = 0
    for check in CHECKS:
        try:
            check()
        except Exception as error:
            failures += 1
            print(f"{check.__name__}: FAILED: {type(error).__name__}: {error}")
        else:
            print(f"{check.__name__}: passed")
    print(f"{len(CHECKS) - failures} passed, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
