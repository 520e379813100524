"""A folder of scenes as collections: ids, bands, types, footprints, broken files."""

from __future__ import annotations

import json
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive import band_files
from csplus.csplus_plugin.sandbox.archive.archive import Archive
from csplus.csplus_plugin.sandbox.archive.band_files import BandReader, open_band
from csplus.csplus_plugin.sandbox.archive.library import Library
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Canvas
from csplus.csplus_plugin.sandbox.resources import assets
from osgeo import gdal, osr

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


ELSEWHERE = 4321
"""A value of files that an archive must not reach."""


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GeoTIFF outside of the archive."""
    path = tmp_path_factory.mktemp("elsewhere") / "B4.tif"
    write_tif(path, np.full((64, 64), ELSEWHERE, np.uint16), 32611, (500000, 4100000), 10, None)
    return path


def _virtual(source: str) -> str:
    """A virtual raster of another file."""
    return (
        '<VRTDataset rasterXSize="5" rasterYSize="4"><SRS>EPSG:32611</SRS>'
        "<GeoTransform>500000, 10, 0, 4100000, 0, -10</GeoTransform>"
        '<VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def test_nothing_but_geotiffs_is_opened(folder: Folder, elsewhere: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        asked = f"/vsicurl/http://127.0.0.1:{server.getsockname()[1]}/B4.tif"
        sources = {"A": str(elsewhere), "B": asked}
        for index in sources:
            folder.scene(index, {"B2": ONES})
        for index, source in sources.items():
            (folder.path / S2 / index / "B4.tif").write_text(_virtual(source))
            with pytest.raises(Refused, match=rf"'B4\.tif' of scene '{index}' cannot be read"):
                folder.info(ee.Image(f"{S2}/{index}"))
        with pytest.raises(TimeoutError):
            server.accept()


def test_files_beside_a_geotiff_and_its_overviews_are_left_alone(
    folder: Folder, elsewhere: Path, grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(band_files, "WHOLE_WINDOW", 1000)  # so that a coarse view would look for overviews
    values = np.full((128, 128), 7, np.uint16)
    for index in ("within", "beside", "ovr", "msk"):
        folder.scene(index, {"B4": values})
    paths = {index: folder.path / S2 / index / "B4.tif" for index in ("within", "beside", "ovr", "msk")}
    file = gdal.Open(str(paths["within"]), gdal.GA_Update)
    file.SetMetadataItem("OVERVIEW_FILE", str(elsewhere), "OVERVIEWS")
    del file
    paths["beside"].with_name("B4.tif.aux.xml").write_text(
        '<PAMDataset><Metadata domain="OVERVIEWS">'
        f'<MDI key="OVERVIEW_FILE">{elsewhere}</MDI></Metadata></PAMDataset>'
    )
    for kind in ("ovr", "msk"):
        shutil.copy(elsewhere, paths[kind].with_name(f"B4.tif.{kind}"))
    for index in paths:
        drawn = folder.band(ee.Image(f"{S2}/{index}"), grid(4, 4, pixel=320))
        assert (drawn.mask == 1).all(), index
        assert (drawn.values == 7).all(), index


def test_links_out_of_the_archive_and_pipes_are_refused(folder: Folder, elsewhere: Path) -> None:
    for index in ("link", "pipe", "folder", "round", "within"):
        folder.scene(index, {"B2": ONES})
    place = folder.path / S2
    (place / "link" / "B4.tif").symlink_to(elsewhere)
    os.mkfifo(place / "pipe" / "B4.tif")
    (place / "folder" / "B4.tif").mkdir()
    (place / "round" / "B4.tif").symlink_to(place / "round" / "B4.tif")
    (place / "within" / "B4.tif").symlink_to(place / "within" / "B2.tif")
    for index, reason in (
        ("link", "is a link that leads out of the archive"),
        ("pipe", "is not a regular file"),
        ("folder", "is not a regular file"),
        ("round", "cannot be read"),
    ):
        with pytest.raises(Refused, match=rf"'B4\.tif' of scene '{index}' {reason}"):
            folder.info(ee.Image(f"{S2}/{index}"))
    assert [b["id"] for b in folder.info(ee.Image(f"{S2}/within"))["bands"]] == ["B2", "B4"]


def test_properties_are_a_file_of_the_archive(folder: Folder, elsewhere: Path) -> None:
    (elsewhere.parent / "properties.json").write_text('{"properties": {"secret": 1}}')
    for index in ("A", "B", "C"):
        (folder.path / index / "x").mkdir(parents=True)
    (folder.path / "A" / "x" / "properties.json").symlink_to(elsewhere.parent / "properties.json")
    (folder.path / "B" / "x").rmdir()
    (folder.path / "B" / "x").symlink_to(elsewhere.parent)
    os.mkfifo(folder.path / "C" / "x" / "properties.json")
    for name, reason in (("A", "leads out"), ("B", "leads out"), ("C", "is not a regular file")):
        with pytest.raises(Refused, match=reason):
            folder.value(ee.ImageCollection(name).size())


@pytest.mark.parametrize("text", [
    "null", "5", "NaN", '{"properties": {"a": NaN}}', '{"properties": {"a": 1e999}}', '{"properties": null}',
    '{"properties": {"a": %s}}' % ("9" * 400), "[" * 100_000, '{"properties": {}, "footprint": []}',
    '{"properties": {}, "footprint": "x"}', '{"properties": {}, "bands": 5}', '{"properties": {}, "bands": {"a": 1}}',
    '{"properties": {}, "bands": [["B2"]]}', '{"properties": {"a": "%s"}}' % ("x" * 2**20),
])  # fmt: skip
def test_properties_of_any_shape_are_a_sentence(folder: Folder, text: str) -> None:
    folder.scene("A", {"B2": ONES})
    (folder.path / S2 / "A" / "properties.json").write_text(text)
    with pytest.raises(Refused, match=r"^The archive's .*scene 'A'.*\.$"):
        folder.value(ee.ImageCollection(S2).size())


@pytest.mark.parametrize("footprint", [
    {}, {"type": []}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": 3}, {"type": {"a": 1}, "coordinates": []},
    {"type": "LinearRing", "coordinates": None}, {"type": "GeometryCollection", "geometries": 5},
    {"type": "Feature", "geometry": 5}, {"type": "Polygon", "coordinates": [[["a", "b"]]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], 3]]},
])  # fmt: skip
def test_footprints_of_any_shape_are_a_sentence(folder: Folder, footprint: dict) -> None:
    folder.scene("A", {"B2": ONES}, footprint=footprint)
    with pytest.raises(Refused, match=r"^The archive's scene 'A' has no usable footprint: "):
        folder.info(ee.Image(f"{S2}/A").geometry())


@pytest.mark.parametrize("value", ["x", [], {}, None, True, 1e300, -1e300])
def test_any_time_of_a_scene_is_listed(tmp_path: Path, value: object) -> None:
    folder = Folder(tmp_path)
    folder.scene("A", {"B2": ONES}, **{"system:time_start": value})
    listed = assets.find(Library(tmp_path, tmp_path / "exports"), "earthengine-public", f"{S2}/A")
    assert listed["id"] == f"{S2}/A"
    assert listed.get("startTime") in {None, "1970-01-01T00:00:00.001000Z"}


def _promising(path: Path, width: int, height: int, *options: str) -> None:
    """A GeoTIFF of a kilobyte or so, whatever its header promises."""
    file = gdal.GetDriverByName("GTiff").Create(
        str(path), width, height, 1, gdal.GDT_Float64, ["SPARSE_OK=TRUE", "COMPRESS=DEFLATE", *options]
    )
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    file.SetProjection(reference.ExportToWkt())
    file.SetGeoTransform((500000, 10, 0, 4100000, 0, -10))
    del file


@pytest.mark.parametrize(("width", "height", "options", "reason"), [
    (1_000_000, 4000, ["TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=1024"], "has more than 2147483648 pixels"),
    (20_000, 20_000, ["BLOCKYSIZE=20000"], "has blocks of more than 67108864 bytes"),
])  # fmt: skip
def test_headers_that_promise_too_much(
    folder: Folder, width: int, height: int, options: list[str], reason: str
) -> None:
    folder.scene("A", {"B2": ONES})
    _promising(folder.path / S2 / "A" / "B4.tif", width, height, *options)
    with pytest.raises(Refused, match=rf"'B4\.tif' of scene 'A' {reason}"):
        folder.info(ee.Image(f"{S2}/A"))


@pytest.mark.parametrize("transform", [
    (500000, 0, 0, 4100000, 0, 0), (500000, 10, 10, 4100000, 10, 10), (float("nan"), 10, 0, 0, 0, -10),
    (0, float("inf"), 0, 0, 0, -10),
])  # fmt: skip
def test_pixels_without_a_size(folder: Folder, transform: tuple[float, ...]) -> None:
    folder.scene("A", {"B2": ONES})
    file = gdal.Open(str(folder.path / S2 / "A" / "B2.tif"), gdal.GA_Update)
    file.SetGeoTransform(transform)
    del file
    with pytest.raises(Refused, match=r"'B2\.tif' of scene 'A' "):
        folder.info(ee.Image(f"{S2}/A"))


def test_complex_numbers_are_refused(folder: Folder) -> None:
    folder.scene("A", {"B2": ONES})
    source = gdal.Open(str(folder.path / S2 / "A" / "B2.tif"))
    gdal.Translate(str(folder.path / S2 / "A" / "B3.tif"), source, outputType=gdal.GDT_CFloat32)
    with pytest.raises(Refused, match=r"'B3\.tif' of scene 'A' holds no real numbers"):
        folder.info(ee.Image(f"{S2}/A"))
