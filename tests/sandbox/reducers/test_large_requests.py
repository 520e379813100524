"""Requests of many pixels: drawn piece by piece along the blocks of the files, each of which is unpacked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive import band_files
from csplus.csplus_plugin.sandbox.images import image
from csplus.csplus_plugin.sandbox.images.image import Grid
from csplus.csplus_plugin.sandbox.reducers import reduction, stacks

from ...support.scene_folder import S2, Folder, masked

HEIGHT, WIDTH, BLOCK, COUNT = 170, 250, 64, 5
CORNER = (500000.0, 4100000.0)
NODATA = 0
SHIFT = (40, -30)  # columns and rows: the grid's corner lies within a block, and beside the files

Scenes = dict[str, np.ma.MaskedArray]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Scenes]:
    """Scenes with holes, and the same as arrays (n, height, width) on the grid."""
    random = np.random.default_rng(11)
    folder = Folder(tmp_path_factory.mktemp("large"))
    kept: dict[str, list[np.ma.MaskedArray]] = {"B2": [], "B3": []}
    for n in range(COUNT):
        bands = {}
        for name, held in kept.items():
            values = random.integers(1, 9000, (HEIGHT, WIDTH)).astype(np.uint16)
            values[n * 20 : n * 20 + 60, : 50 * n] = NODATA
            bands[name] = values
            whole = np.zeros((grid().height, grid().width), np.uint16)
            column, row = SHIFT
            whole[-row : -row + HEIGHT, : WIDTH - column] = values[:, column:]
            held.append(np.ma.masked_equal(whole, NODATA))
        folder.scene(f"S{n}", bands, corner=CORNER, nodata=NODATA, block=BLOCK)
    return folder, {name: np.ma.stack(held) for name, held in kept.items()}


def grid() -> Grid:
    column, row = SHIFT
    x, y = CORNER[0] + column * 10, CORNER[1] - row * 10
    return Grid("EPSG:32611", (10, 0, x, 0, -10, y), WIDTH, HEIGHT + 40)


def last_of(values: np.ma.MaskedArray) -> np.ma.MaskedArray:
    """Give the last value that is there, as a mosaic shows it."""
    found = values[0].copy()
    for layer in values[1:]:
        found = np.ma.where(np.ma.getmaskarray(layer), found, layer)
    return found


SMALL = ["pieces of some blocks", "a block of one band at a time", "less than a block", "many layers"]


def make_small(way: str, patch: pytest.MonkeyPatch) -> None:
    """Let a small grid be a large one."""
    patch.setattr(image, "BLOCK_PIXELS", 3000)
    patch.setattr(stacks, "BLOCK_PIXELS", 3000)
    patch.setattr(image, "PIECE_PIXELS", 3 * BLOCK**2)
    patch.setattr(reduction, "VALUES", 1000 * COUNT)
    patch.setattr(reduction, "_FEWEST", 500)
    scene = 3 * COUNT  # bytes of a band and what counts of it, at a pixel
    if way == "a block of one band at a time":
        patch.setattr(reduction, "STACK_BYTES", BLOCK**2 * scene)
    if way == "less than a block":
        patch.setattr(reduction, "STACK_BYTES", BLOCK**2 * scene // 3)
    if way == "many layers":
        patch.setattr(image, "_FEW_LAYERS", 0)


@pytest.mark.parametrize("way", SMALL)
@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("median", lambda v: np.ma.median(v.astype(np.float64), axis=0)),
        ("mean", lambda v: v.mean(axis=0)),
        ("max", lambda v: v.max(axis=0)),
        ("count", lambda v: np.ma.array(v.count(axis=0))),
        ("mosaic", last_of),
    ],
)
def test_pieces_hold_what_numpy_finds(
    scenes: tuple[Folder, Scenes],
    name: str,
    statistic: Callable[..., Any],
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_small(way, monkeypatch)
    folder, arrays = scenes
    drawn = folder.pixels(getattr(ee.ImageCollection(S2), name)(), grid())
    for band, values in arrays.items():
        expected = statistic(values)
        seen = ~np.ma.getmaskarray(values).all(axis=0)
        assert (drawn[band].valid == seen).all()
        assert np.allclose(masked(drawn[band])[seen], expected[seen], rtol=1e-12)


def expressions() -> dict[str, Any]:
    """Images that draw collections in other ways than the plain statistics."""
    scenes = ee.ImageCollection(S2)
    middle = scenes.median()
    near = scenes.map(
        lambda i: i.addBands(i.subtract(middle).abs().reduce("sum").multiply(-1).rename("near"))
    )
    return {
        "a medoid": near.qualityMosaic("near"),
        "distance from the median": scenes.map(lambda i: i.subtract(middle).abs()).mean(),
        "composites of composites": ee.ImageCollection([middle, scenes.mean(), scenes.min()]).mean(),
        "two composites": middle.select("B2").divide(scenes.mean().select("B3")).addBands(scenes.count()),
        "a fit": scenes.reduce(ee.Reducer.linearFit()),
        "a correlation": scenes.reduce(ee.Reducer.pearsonsCorrelation()),
        "several outputs": scenes.reduce(
            ee.Reducer.percentile([10, 90]).combine(ee.Reducer.stdDev(), "", True)
        ),
        "neighbours": middle.focalMean(2).addBands(scenes.map(lambda i: i.focalMax(1)).median()),
        "lists": scenes.select("B2").reduce(ee.Reducer.toList()).arrayLength(0),
        "a scene": ee.Image(scenes.first()).addBands(ee.Image.pixelCoordinates("EPSG:32611")),
    }


NAMES = [
    "a medoid",
    "distance from the median",
    "composites of composites",
    "two composites",
    "a fit",
    "a correlation",
    "several outputs",
    "neighbours",
    "lists",
    "a scene",
]
MERCATOR = Grid("EPSG:3857", (13.1, 0, -13025500, 0, -13.1, 4446500), 230, 170)


@pytest.mark.parametrize(
    ("way", "target"), [*((way, grid()) for way in SMALL), (SMALL[0], MERCATOR)], ids=[*SMALL, "another CRS"]
)
@pytest.mark.parametrize("name", NAMES)
def test_pieces_are_the_whole_to_the_last_bit(
    scenes: tuple[Folder, Scenes], name: str, way: str, target: Grid
) -> None:
    folder, _ = scenes
    wanted = expressions()[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image, "BLOCK_PIXELS", target.size)
        whole = folder.pixels(wanted, target)
    with pytest.MonkeyPatch.context() as patch:
        make_small(way, patch)
        drawn = folder.pixels(wanted, target)
    assert any(raster.valid.any() for raster in whole.values())
    for band, raster in whole.items():
        assert drawn[band].values.dtype == raster.values.dtype
        assert np.array_equal(drawn[band].mask, raster.mask), band
        assert np.array_equal(drawn[band].values[raster.valid], raster.values[raster.valid]), band


@pytest.mark.parametrize("way", SMALL[:2])
def test_each_block_is_unpacked_once(
    scenes: tuple[Folder, Scenes], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(way, monkeypatch)
    read: Counter[tuple[Path, int, int]] = Counter()
    real = band_files._read

    def counting(path: Path, window: tuple[int, int, int, int], size: tuple[int, int]) -> Any:
        column, row, width, height = window
        for y in range(row // BLOCK, (row + height - 1) // BLOCK + 1):
            read.update((path, x, y) for x in range(column // BLOCK, (column + width - 1) // BLOCK + 1))
        return real(path, window, size)

    monkeypatch.setattr(band_files, "_read", counting)
    folder, _ = scenes
    fresh = Folder(folder.path)
    fresh.pixels(ee.ImageCollection(S2).median(), grid())
    blocks = -(-WIDTH // BLOCK) * -(-HEIGHT // BLOCK)
    assert len(read) == blocks * COUNT * 2  # of all scenes and both bands
    assert set(read.values()) == {1}


@pytest.mark.parametrize("way", SMALL)
def test_stacks_stay_within_their_memory(
    scenes: tuple[Folder, Scenes], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(way, monkeypatch)
    held: list[int] = []
    real = reduction.Stacks

    def measured(bands: Any, groups: Any, count: int, shape: tuple[int, int], *, weighted: bool) -> Any:
        held.append(shape[0] * shape[1] * count * sum(band.type.dtype.itemsize + 1 for band in bands))
        return real(bands, groups, count, shape, weighted=weighted)

    monkeypatch.setattr(reduction, "Stacks", measured)
    folder, _ = scenes
    folder.pixels(ee.ImageCollection(S2).median(), grid())
    assert held
    assert max(held) <= reduction.STACK_BYTES
