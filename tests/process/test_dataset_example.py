"""The Cloud Score+ dataset page's example, three ways: our GeoTIFF, the official client, numpy on the archive."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.folders import sample_scenes
from csplus.csplus_plugin.sandbox.server import start
from osgeo import gdal, osr

from .conftest import Process, given

BANDS = ("B4", "B3", "B2")
THRESHOLD = 0.60

# The page's snippet in Python, its point, days, band, threshold and median; then its pixels on our file's grid.
SNIPPET = """
import json, sys
import ee, numpy as np
from google.oauth2.credentials import Credentials

url, grid, target = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
ee.deprecation._FetchDataCatalogStac = lambda: {}
ee.Initialize(Credentials("local"), url=url, project="sandbox-project")

s2 = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED")
csPlus = ee.ImageCollection("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED")
ROI = ee.Geometry.Point([-119.9087, 37.4159])
QA_BAND, CLEAR_THRESHOLD = "cs_cdf", 0.60

composite = (
    s2.filterBounds(ROI)
    .filterDate("2023-01-01", "2023-02-01")
    .linkCollection(csPlus, [QA_BAND])
    .map(lambda img: img.updateMask(img.select(QA_BAND).gte(CLEAR_THRESHOLD)))
    .median()
)
image = composite.select(["B4", "B3", "B2"]).unmask(-1, False)
np.save(target, ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid}))
"""


@pytest.fixture(scope="module")
def ours(process: Process, tmp_path_factory: pytest.TempPathFactory) -> gdal.Dataset:
    path = tmp_path_factory.mktemp("example") / "clear.tif"
    # A box around the page's point that every scene over the point covers: footprints decide which are found.
    box = "-119.9120,-119.9054,37.4135,37.4185 [EPSG:4326]"
    values = {"EXTENT": box, "BANDS": ",".join(BANDS), "OUTPUT": path, "LIVE": "false", "CLIP": "false"}
    done = process("run", "csplus:clearcomposite", *given(**values))
    assert done.returncode == 0, done.stderr
    return gdal.Open(str(path))


def wanted(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), 65535, np.floor(values + 0.5)).astype("u2")


def test_the_official_client_gives_the_same_pixels(ours: gdal.Dataset, tmp_path: Path) -> None:
    left, size, _, top, _, _ = ours.GetGeoTransform()
    grid = {
        "dimensions": {"width": ours.RasterXSize, "height": ours.RasterYSize},
        "affineTransform": {
            "scaleX": size,
            "shearX": 0,
            "translateX": left,
            "shearY": 0,
            "scaleY": -size,
            "translateY": top,
        },
        "crsCode": "EPSG:32611",
    }
    target = tmp_path / "pixels.npy"
    with start() as sandbox:
        command = [sys.executable, "-c", SNIPPET, sandbox.url, json.dumps(grid), str(target)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    pixels = np.load(target)
    for number, band in enumerate(BANDS, 1):
        exact = np.where(pixels[band] < 0, np.nan, pixels[band].astype(float))
        np.testing.assert_array_equal(ours.GetRasterBand(number).ReadAsArray(), wanted(exact))


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_numpy_on_the_archive_gives_the_same_pixels(ours: gdal.Dataset) -> None:
    archive = sample_scenes()
    scenes = sorted((archive / "COPERNICUS/S2_SR_HARMONIZED").glob("202301*"))
    scored = [s for s in scenes if (archive / "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED" / s.name).is_dir()]
    assert len(scored) < len(scenes)
    point = (-119.9087, 37.4159)
    over = [scene for scene in scored if not np.isnan(look(scene / "B4.tif", "EPSG:4326", [point])[0])]
    assert {scene.name[-6:] for scene in over} == {"T11SKB", "T10SGG"}
    centres = pixel_centres(ours)
    shape = (ours.RasterYSize, ours.RasterXSize)
    for number, band in enumerate(BANDS, 1):
        clear = []
        for scene in over:
            score = look(
                archive / "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED" / scene.name / "cs_cdf.tif",
                "EPSG:32611",
                centres,
            )
            values = look(scene / f"{band}.tif", "EPSG:32611", centres)
            clear.append(np.where(score >= THRESHOLD, values, np.nan))
        median = np.nanmedian(np.stack(clear), axis=0).reshape(shape)
        np.testing.assert_array_equal(ours.GetRasterBand(number).ReadAsArray(), wanted(median))


def pixel_centres(dataset: gdal.Dataset) -> list[tuple[float, float]]:
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    rows, columns = np.mgrid[: dataset.RasterYSize, : dataset.RasterXSize]
    return list(zip(left + (columns.ravel() + 0.5) * size, top - (rows.ravel() + 0.5) * size, strict=True))


def look(path: Path, crs: str, points: list[tuple[float, float]]) -> np.ndarray:
    """Read the pixels that hold these points; NaN outside and where masked."""
    dataset = gdal.Open(str(path))
    source, target = osr.SpatialReference(), dataset.GetSpatialRef()
    source.SetFromUserInput(crs)
    for reference in (source, target):
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    moved = np.array(osr.CoordinateTransformation(source, target).TransformPoints(points))
    left, size, _, top, _, _ = dataset.GetGeoTransform()
    columns, rows = (np.floor((moved[:, 0] - left) / size), np.floor((top - moved[:, 1]) / size))
    inside = (columns >= 0) & (rows >= 0) & (columns < dataset.RasterXSize) & (rows < dataset.RasterYSize)
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray().astype(float)
    values[values == band.GetNoDataValue()] = np.nan
    found = np.full(len(points), np.nan)
    found[inside] = values[rows[inside].astype(int), columns[inside].astype(int)]
    return found
