"""A folder of scenes as collections: ids, bands, types, footprints, broken files."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive import band_files
from csplus.csplus_plugin.sandbox.archive.archive import Archive
from csplus.csplus_plugin.sandbox.archive.band_files import BandReader, open_band
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Canvas
from osgeo import gdal

from ...support.scene_folder import S2, SCORES, Folder, masked, write_tif

ONES = np.ones((4, 5), np.uint16)


def test_a_scene_has_the_catalogues_bands_and_types(folder: Folder) -> None:
    bands = dict.fromkeys(("B12", "B2", "B8A", "zebra", "B8", "apple"), ONES)
    folder.scene("A", {**bands, "SCL": ONES.astype(np.uint8)}, **{"system:time_start": 1672531200000})
    info = folder.info(ee.Image(f"{S2}/A"))
    assert info["type"] == "Image"
    assert info["id"] == f"{S2}/A"
    assert [b["id"] for b in info["bands"]] == ["B2", "B8", "B8A", "B12", "SCL", "apple", "zebra"]
    assert info["bands"][0] == {
        "id": "B2",
        "data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535},
        "dimensions": [5, 4],
        "crs": "EPSG:32611",
        "crs_transform": [10, 0, 500000, 0, -10, 4100000],
    }
    assert info["bands"][4]["data_type"]["max"] == 255
    assert info["properties"]["system:index"] == "A"
    assert info["properties"]["system:time_start"] == 1672531200000
    ring = info["properties"]["system:footprint"]
    assert ring["type"] == "LinearRing"
    assert np.ptp(np.array(ring["coordinates"]), axis=0) == pytest.approx(
        [5 * 10 / 88900, 4 * 10 / 111000], rel=0.02
    )


def test_scores_are_floats(folder: Folder) -> None:
    folder.scene("A", {"cs": ONES.astype(np.float32)}, collection=SCORES)
    (band,) = folder.info(ee.Image(f"{SCORES}/A"))["bands"]
    assert band["data_type"] == {"type": "PixelType", "precision": "float"}


def test_a_given_footprint_counts(folder: Folder) -> None:
    ring = [[-117, 37], [-116.9, 37], [-116.9, 37.1], [-117, 37.1], [-117, 37]]
    folder.scene("A", {"B2": ONES}, footprint={"type": "Polygon", "coordinates": [ring]})
    assert folder.info(ee.Image(f"{S2}/A").geometry()) == {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize("asset", ["NOPE/NOPE", "../../etc", f"{S2}/..", "/etc", "", "COPERNICUS", f"{S2}/"])
def test_unknown_collections_and_paths_out_of_the_folder(folder: Folder, asset: str) -> None:
    folder.scene("A", {"B2": ONES})
    message = (
        f"ImageCollection.load: ImageCollection asset '{asset}' not found "
        "(does not exist or caller does not have access)."
    )
    with pytest.raises(Refused) as refused:
        folder.value(ee.ImageCollection(asset).size())
    assert refused.value.message == message


def test_an_unknown_image(folder: Folder) -> None:
    folder.scene("A", {"B2": ONES})
    for asset in (f"{S2}/B", "X/Y", f"{S2}/A/../A", "A"):
        with pytest.raises(Refused) as refused:
            folder.value(ee.Image(asset))
        assert refused.value.message == (
            f"Image.load: Image asset '{asset}' not found (does not exist or caller does not have access)."
        )


def test_a_known_but_empty_collection(folder: Folder) -> None:
    (folder.path / S2).mkdir(parents=True)
    assert folder.value(ee.ImageCollection(S2).size()) == 0


@pytest.mark.parametrize("text", ["{", "[]", '{"properties": 1}', "{}"])
def test_broken_properties_name_the_scene(folder: Folder, text: str) -> None:
    folder.scene("A", {"B2": ONES})
    (folder.path / S2 / "A" / "properties.json").write_text(text)
    with pytest.raises(Refused, match="scene 'A'"):
        folder.value(ee.ImageCollection(S2).size())


def test_a_broken_tif_names_the_file(folder: Folder) -> None:
    folder.scene("A", {"B2": ONES})
    (folder.path / S2 / "A" / "B3.tif").write_bytes(b"no tif")
    with pytest.raises(Refused, match=r"'B3\.tif' of scene 'A' cannot be read"):
        folder.info(ee.Image(f"{S2}/A"))


def test_nodata_and_nan_are_masked(folder: Folder, grid) -> None:
    values = np.array([[0, 1], [2, 3]], np.uint16)
    floats = np.array([[np.nan, 1], [2, -9]], np.float32)
    folder.scene("A", {"B2": values, "temperature": floats}, nodata=3)
    drawn = folder.pixels(ee.Image(f"{S2}/A"), grid(2, 2))
    assert masked(drawn["B2"]).tolist() == [[0, 1], [2, None]]
    assert masked(drawn["temperature"]).tolist() == [[None, 1], [2, -9]]


def test_outside_of_the_file_is_masked(folder: Folder, grid) -> None:
    folder.scene("A", {"B2": np.array([[5, 6], [7, 8]], np.uint16)})
    drawn = folder.band(ee.Image(f"{S2}/A"), grid(3, 3, x=499990, y=4100000))
    assert masked(drawn).tolist() == [[None, 5, 6], [None, 7, 8], [None, None, None]]


def test_a_file_without_crs(folder: Folder) -> None:
    folder.scene("A", {"B2": ONES})
    path = folder.path / S2 / "A" / "B2.tif"
    path.unlink()
    gdal.GetDriverByName("GTiff").Create(str(path), 2, 2, 1).FlushCache()
    with pytest.raises(Refused, match="has no CRS"):
        folder.info(ee.Image(f"{S2}/A"))


def test_blocks_of_a_large_file_join(tmp_path: Path, grid) -> None:
    values = np.arange(700 * 600, dtype=np.float64).reshape(600, 700)
    write_tif(tmp_path / "x.tif", values, 32611, (500000, 4100000), 10, None)
    band, reader = open_band(tmp_path / "x.tif"), BandReader(cache_bytes=1 << 20)
    drawn = reader.draw(band, Canvas(grid(400, 300, x=502000, y=4098000)))
    assert (drawn.values == values[200:500, 200:600]).all()
    assert drawn.mask.all()


def test_a_far_view_is_read_decimated(tmp_path: Path, grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(band_files, "WHOLE_WINDOW", 10_000)
    rows, columns = np.mgrid[0:400, 0:400]
    values = (rows + columns).astype(np.float64)
    write_tif(tmp_path / "x.tif", values, 32611, (500000, 4100000), 10, None)
    drawn = BandReader().draw(open_band(tmp_path / "x.tif"), Canvas(grid(10, 10, pixel=400)))
    exact = values[20::40, 20::40]
    assert drawn.mask.all()
    assert np.abs(drawn.values - exact).max() <= 40


def test_many_threads_read_the_same(folder: Folder, grid) -> None:
    random = np.random.default_rng(5)
    scenes = {f"S{i}": random.integers(0, 9000, (300, 300)).astype(np.uint16) for i in range(6)}
    for index, values in scenes.items():
        folder.scene(index, {"B2": values}, crs=32610, corner=(700000, 4100000))
    expected = np.median(np.stack(list(scenes.values())), axis=0)
    median = folder.value(ee.ImageCollection(S2).median())
    target = grid(300, 300, x=700000, crs="EPSG:32610")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: median.render(target)["B2"].values, range(16)))
    assert all((result == expected).all() for result in results)


@pytest.mark.parametrize("kind", ["vrt", "link", "pipe", "folder"])
def test_only_plain_geotiffs_are_opened(tmp_path: Path, kind: str) -> None:
    """A VRT of that name could read any file of the disk, and ask any host."""
    secret, path = tmp_path / "secret.tif", tmp_path / "B4.tif"
    write_tif(secret, ONES, 32611, (500000, 4100000), 10, None)
    if kind == "vrt":
        gdal.Translate(str(path), str(secret), format="VRT")
        assert gdal.Open(str(path)) is not None
    elif kind == "link":
        path.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    with pytest.raises(Refused, match="cannot be read"):
        open_band(path)


def test_collections_are_found(folder: Folder) -> None:
    folder.scene("A", {"B2": ONES})
    folder.scene("A", {"cs": ONES.astype(np.float32)}, collection=SCORES)
    assert Archive(folder.path).collection_ids == [S2, SCORES]
    assert json.loads((folder.path / S2 / "A" / "properties.json").read_text()) == {"properties": {}}


@pytest.mark.parametrize("asset", ["a" * 300, "/".join(["a" * 150] * 40), "x" * 100_000])
def test_an_id_longer_than_a_file_name_is_not_found(tmp_path: Path, asset: str) -> None:
    archive = Archive(tmp_path)
    assert not archive.has_collection(asset)
    with pytest.raises(Refused, match="not found"):
        archive.image(asset)
