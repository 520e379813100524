"""Tiles become one GeoTIFF: what is in it, what it is, and that nothing but nodata is where no tile came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.bands import DECIMALS, DIGITAL_NUMBERS, BandInfo
from csplus.csplus_plugin.core.errors import Cancelled, FileTrouble
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download import assembly, cog, overviews, tiff
from csplus.csplus_plugin.download import layout as layouts
from csplus.csplus_plugin.download.journal import Journal
from csplus.csplus_plugin.download.layout import DEFLATE, ZSTD, Layout
from csplus.csplus_plugin.download.plan import Tile, plan
from osgeo import gdal

GRID = Grid("EPSG:32611", 10, 240000, 4145000, 1300, 700)
BANDS = (BandInfo("B4", "B4 reflectance", 0.0001), BandInfo("clear_count", "Distinct days", blends=False))
NUMBERS = Layout(GRID, BANDS, DIGITAL_NUMBERS, {"CSPLUS_RECIPE": '{"a": 1}'})


def whole() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    red = random.integers(0, 4000, (GRID.height, GRID.width))
    red[:20, :20] = 0  # a legal dark pixel, not nodata
    red[-30:, -30:] = 65535
    return {"B4": red, "clear_count": random.integers(0, 9, red.shape)}


def cut(tiles: list[Tile]) -> Iterator[Tile]:
    """Cut some tiles, as a service that finds them too heavy makes us do."""
    for number, tile in enumerate(tiles):
        for part in tile.split() if number == 1 else (tile,):
            if part.width <= 256 and part.height <= 256:
                yield from part.split() or (part,)
            else:
                yield part


def written(
    path: Path, layout: Layout, pixels: dict[str, np.ndarray], tiles: list[Tile] | None = None
) -> Path:
    """Store tiles in reverse and make a file of them."""
    names = [info.name for info in layout.bands]
    tiles = tiles if tiles is not None else list(cut(list(plan(layout.grid, len(names), 2).tiles)))
    with Journal(path, "job", layout.flavour.header()) as journal:
        for tile in reversed(tiles):
            window = np.s_[tile.row : tile.row + tile.height, tile.column : tile.column + tile.width]
            chosen = [names[index] for index in tile.bands]
            part = np.zeros((tile.height, tile.width), [(name, layout.encoding.dtype) for name in chosen])
            for name in chosen:
                part[name] = pixels[name][window]
            journal.add(tile, assembly.encode_tile(tile, part, layout))
        assembly.assemble_file(journal.part, journal.tiles, layout)
        overviews.build_missing(journal.part, layout.bands, layout.encoding.nodata)
        journal.part.rename(path)
        journal.remove()
    return path


@pytest.mark.parametrize("compression", [DEFLATE, ZSTD])
@pytest.mark.parametrize("flavour", [tiff.CLASSIC, tiff.BIG])
@pytest.mark.parametrize("cloud_optimized", [False, True])
def test_the_file_holds_what_came(
    tmp_path: Path,
    cloud_optimized: bool,
    flavour: tiff.Flavour,
    compression: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layouts, "_CLASSIC_LIMIT", 0 if flavour is tiff.BIG else 2**31)
    pixels = whole()
    layout = Layout(GRID, BANDS, DIGITAL_NUMBERS, {"CSPLUS_RECIPE": '{"a": 1}'}, compression)
    path = written(tmp_path / "clear.tif", layout, pixels)
    assert path.read_bytes()[:4] == (b"II+\0" if flavour is tiff.BIG else b"II*\0")
    if cloud_optimized:
        cog.write_cog(path, tmp_path / "cog.tif", layout.compression)
        path = tmp_path / "cog.tif"
    dataset = gdal.Open(str(path))
    assert dataset.GetGeoTransform() == (240000, 10, 0, 4145000, 0, -10)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32611"
    assert dataset.GetMetadataItem("CSPLUS_RECIPE") == '{"a": 1}'
    structure = dataset.GetMetadata("IMAGE_STRUCTURE")
    assert structure["COMPRESSION"] == compression
    assert structure["PREDICTOR"] == "2"
    assert (structure.get("LAYOUT") == "COG") is cloud_optimized
    for number, info in enumerate(BANDS, 1):
        band = dataset.GetRasterBand(number)
        assert band.GetDescription() == info.name
        assert band.GetMetadataItem("long_name") == info.description
        assert band.GetNoDataValue() == 65535
        assert band.GetScale() in (info.scale, None if info.scale == 1 else info.scale)
        assert band.DataType == gdal.GDT_UInt16
        assert band.GetBlockSize() == [256, 256]
        assert band.GetOverviewCount() == 3
        np.testing.assert_array_equal(band.ReadAsArray(), pixels[info.name])
    assert dataset.GetRasterBand(1).ReadAsArray(0, 0, 5, 5).max() == 0


def halved(values: np.ndarray, *, blends: bool) -> np.ndarray:
    """The next level: the mean of what is known of four pixels, rounded half up, or the first of them."""
    if not blends:
        return values[::2, ::2]
    even = np.pad(values, [(0, side % 2) for side in values.shape], mode="edge")
    four = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2).swapaxes(1, 2).reshape(-1, 4)
    four = np.ma.masked_equal(four, 65535).astype(float)
    mean = np.floor(four.mean(axis=1) + 0.5).filled(65535)
    return mean.reshape(even.shape[0] // 2, even.shape[1] // 2)


@pytest.mark.parametrize("are_cut", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1300, 700), (2051, 1025), (2048, 1024), (300, 1501)])
def test_overviews_are_means_but_of_classes_the_nearest(
    tmp_path: Path, width: int, height: int, are_cut: bool
) -> None:
    """Whether tiles bring them, or they are made when all have arrived."""
    grid = Grid("EPSG:32611", 10, 240000, 4145000, width, height)
    random = np.random.default_rng(7)
    red = random.integers(0, 4000, (height, width))
    red[random.random(red.shape) < 0.3] = 65535
    pixels = {"B4": red, "clear_count": random.integers(0, 9, red.shape)}
    tiles = list(plan(grid, 2, 2).tiles)
    path = written(
        tmp_path / "a.tif",
        Layout(grid, BANDS, DIGITAL_NUMBERS, {}),
        pixels,
        list(cut(tiles)) if are_cut else tiles,
    )
    dataset = gdal.Open(str(path))
    for number, info in enumerate(BANDS, 1):
        level, band = pixels[info.name], dataset.GetRasterBand(number)
        for index in range(band.GetOverviewCount()):
            level = halved(level, blends=info.blends)
            np.testing.assert_array_equal(band.GetOverview(index).ReadAsArray(), level)
        assert 128 < max(level.shape) <= 256
        assert band.GetOverview(0).GetBlockSize() == [256, 256]


def test_tiles_bring_their_overviews() -> None:
    """Only where no other tile has a share in a block: at the edges of the file, tiles hold all of it."""
    grid = Grid("EPSG:32611", 10, 0, 0, 5000, 5000)
    held = {
        Tile(0, 0, 1024, 1024, range(2)): 2,
        Tile(0, 512, 512, 512, range(2)): 1,
        Tile(256, 512, 256, 512, range(2)): 0,
        Tile(4096, 4096, 904, 904, range(2)): 4,  # the level of 16 has blocks of 4,096 pixels
        Tile(4096, 3072, 904, 1024, range(2)): 2,
    }
    assert {tile: overviews.count_levels_within(tile, grid) for tile in held} == held


def test_decimals_keep_their_type(tmp_path: Path) -> None:
    layout = Layout(GRID, (BandInfo("NDVI", "Vegetation"),), DECIMALS, {})
    values = np.random.default_rng(3).normal(size=(GRID.height, GRID.width)).astype("f4")
    dataset = gdal.Open(str(written(tmp_path / "index.tif", layout, {"NDVI": values})))
    band = dataset.GetRasterBand(1)  # a band does not keep its file open
    assert band.DataType == gdal.GDT_Float32
    assert band.GetNoDataValue() == -9999
    assert dataset.GetMetadata("IMAGE_STRUCTURE")["PREDICTOR"] == "3"
    np.testing.assert_array_equal(band.ReadAsArray(), values)


def test_where_no_tile_came_is_nodata(tmp_path: Path) -> None:
    pixels, tiles = whole(), [Tile(256, 256, 256, 256, range(2))]
    dataset = gdal.Open(str(written(tmp_path / "clear.tif", NUMBERS, pixels, tiles)))
    red = dataset.GetRasterBand(1).ReadAsArray()
    np.testing.assert_array_equal(red[256:512, 256:512], pixels["B4"][256:512, 256:512])
    red[256:512, 256:512] = 65535
    assert (red == 65535).all()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (257, 1), (256, 256)])
def test_a_file_may_be_tiny(tmp_path: Path, width: int, height: int) -> None:
    layout = Layout(Grid("EPSG:4326", 0.5, 7, 50, width, height), BANDS, DIGITAL_NUMBERS, {})
    pixels = {info.name: np.arange(width * height).reshape(height, width) for info in BANDS}
    dataset = gdal.Open(str(written(tmp_path / "tiny.tif", layout, pixels)))
    np.testing.assert_array_equal(dataset.ReadAsArray()[1], pixels["clear_count"])


def test_gdal_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    path = written(tmp_path / "clear.tif", NUMBERS, whole())
    gdal.ErrorReset()
    copy = gdal.Translate("/vsimem/copy.tif", str(path))
    assert copy is not None
    assert gdal.GetLastErrorType() == gdal.CE_None
    gdal.Unlink("/vsimem/copy.tif")


def cancel(share: float) -> None:
    raise Cancelled


def test_a_copy_can_be_cancelled(tmp_path: Path) -> None:
    path = written(tmp_path / "clear.tif", NUMBERS, whole())
    with pytest.raises(Cancelled):
        cog.write_cog(path, tmp_path / "cog.tif", DEFLATE, cancel)


def test_building_overviews_can_be_cancelled(tmp_path: Path) -> None:
    tile = Tile(256, 256, 256, 256, range(2))
    with Journal(tmp_path / "clear.tif", "job", NUMBERS.flavour.header()) as journal:
        part = np.zeros((256, 256), [(info.name, "u2") for info in BANDS])
        journal.add(tile, assembly.encode_tile(tile, part, NUMBERS))
        assembly.assemble_file(journal.part, journal.tiles, NUMBERS)
        with pytest.raises(Cancelled):
            overviews.build_missing(journal.part, BANDS, NUMBERS.encoding.nodata, cancel)


@pytest.mark.parametrize("raises", [False, True])
def test_a_block_that_cannot_be_read_is_one_sentence(tmp_path: Path, raises: bool) -> None:
    """In both of GDAL's error modes, which belong to the whole process and not to us."""
    part = tmp_path / "clear.tif.part"
    tile = Tile(0, 0, 256, 256, range(2))  # too small to bring an overview
    with Journal(tmp_path / "clear.tif", "job", NUMBERS.flavour.header()) as journal:
        noise = (
            np.random.default_rng(1)
            .integers(0, 65536, (256, 256, 2), "u2")
            .view([("B4", "u2"), ("clear_count", "u2")])
        )
        journal.add(tile, assembly.encode_tile(tile, noise[..., 0], NUMBERS))
        assembly.assemble_file(part, journal.tiles, NUMBERS)
        content = bytearray(part.read_bytes())
        content[30000:90000] = b"\0" * 60000
        part.write_bytes(content)
        gdal.UseExceptions() if raises else gdal.DontUseExceptions()
        try:
            with pytest.raises(FileTrouble, match=r"overviews could not be built \(.*clear.tif.part.*\)"):
                overviews.build_missing(part, BANDS, NUMBERS.encoding.nodata)
        finally:
            gdal.DontUseExceptions()


def test_gdal_s_cache_is_given_back(tmp_path: Path) -> None:
    before = gdal.GetCacheMax()
    written(tmp_path / "clear.tif", NUMBERS, whole())
    assert gdal.GetCacheMax() == before


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="Cannot write to"):
        Journal(tmp_path / "missing" / "clear.tif", "job", b"")
