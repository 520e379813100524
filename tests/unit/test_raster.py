from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.composite import DECIMALS, DIGITAL_NUMBERS, BandInfo
from csplus.csplus_plugin.core.errors import Unreachable
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download.plan import Tile, plan
from csplus.csplus_plugin.download.raster import FileTrouble, Layout, write
from osgeo import gdal

GRID = Grid("EPSG:32611", 10, 240000, 4145000, 1300, 700)
BANDS = (BandInfo("B4", "B4 reflectance", 0.0001), BandInfo("clear_count", "Distinct days"))
NUMBERS = Layout(GRID, BANDS, DIGITAL_NUMBERS, {"CSPLUS_RECIPE": '{"a": 1}'})


def whole() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    red = random.integers(0, 4000, (GRID.height, GRID.width))
    red[:20, :20] = 0  # a legal dark pixel, not nodata
    red[-30:, -30:] = 65535
    return {"B4": red, "clear_count": random.integers(0, 9, red.shape)}


def tiles(pixels: dict[str, np.ndarray], dtype: str) -> Iterator[tuple[Tile, np.ndarray]]:
    for tile in reversed(list(plan(GRID, len(pixels), 2).tiles())):
        window = np.s_[tile.row : tile.row + tile.height, tile.column : tile.column + tile.width]
        part = np.zeros((tile.height, tile.width), [(name, dtype) for name in pixels])
        for name, values in pixels.items():
            part[name] = values[window]
        yield tile, part


@pytest.mark.parametrize("cloud_optimized", [False, True])
def test_the_file_holds_what_came(tmp_path: Path, cloud_optimized: bool) -> None:
    path, pixels = tmp_path / "clear.tif", whole()
    write(path, NUMBERS, tiles(pixels, "<u2"), cloud_optimized=cloud_optimized)
    dataset = gdal.Open(str(path))
    assert dataset.GetGeoTransform() == (240000, 10, 0, 4145000, 0, -10)
    assert dataset.GetSpatialRef().GetAuthorityCode(None) == "32611"
    assert dataset.GetMetadataItem("CSPLUS_RECIPE") == '{"a": 1}'
    for number, info in enumerate(BANDS, 1):
        band = dataset.GetRasterBand(number)
        assert band.GetDescription() == info.name
        assert band.GetNoDataValue() == 65535
        assert band.GetScale() in (info.scale, None if info.scale == 1 else info.scale)
        assert band.DataType == gdal.GDT_UInt16
        assert band.GetOverviewCount() > 0
        np.testing.assert_array_equal(band.ReadAsArray(), pixels[info.name])
    assert dataset.GetRasterBand(1).ReadAsArray(0, 0, 5, 5).max() == 0
    assert (dataset.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG") is cloud_optimized
    assert [child.name for child in tmp_path.iterdir()] == ["clear.tif"]


def test_decimals_keep_their_type(tmp_path: Path) -> None:
    path = tmp_path / "index.tif"
    layout = Layout(GRID, (BandInfo("NDVI", "Vegetation"),), DECIMALS, {})
    values = np.random.default_rng(3).normal(size=(GRID.height, GRID.width)).astype("f4")
    write(path, layout, tiles({"NDVI": values}, "<f4"))
    dataset = gdal.Open(str(path))  # a band does not keep its file open
    band = dataset.GetRasterBand(1)
    assert band.DataType == gdal.GDT_Float32
    assert band.GetNoDataValue() == -9999
    np.testing.assert_array_equal(band.ReadAsArray(), values)


@pytest.mark.parametrize("older", [None, b"an older result"])
def test_a_failed_download_leaves_the_folder_as_it_was(tmp_path: Path, older: bytes | None) -> None:
    path = tmp_path / "clear.tif"
    if older:
        path.write_bytes(older)

    def breaks_off() -> Iterator[tuple[Tile, np.ndarray]]:
        yield next(tiles(whole(), "<u2"))
        raise Unreachable("The network is gone.")

    with pytest.raises(Unreachable):
        write(path, NUMBERS, breaks_off())
    assert [child.name for child in tmp_path.iterdir()] == (["clear.tif"] if older else [])
    if older:
        assert path.read_bytes() == older


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="Nothing can be written"):
        write(tmp_path / "missing" / "clear.tif", NUMBERS, iter(()))
