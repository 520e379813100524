"""What geedim 2.0 and xee 0.1 ask, as they ask it: read from their source, with values worked out by hand.

geedim: cloud distance, cloud shadows, region coverage, scale and offset, composites. xee: the list of a collection,
slices of it as bands, the grid of its first image.
"""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import S2, Folder, masked

DAY = 86_400_000
CLOUDS = np.zeros((5, 7), np.uint16)
CLOUDS[2, 1] = 1


def grid(width: int = 7, height: int = 5) -> Grid:
    return Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), width, height)


@pytest.fixture
def clouds(folder: Folder) -> Any:
    folder.scene("A", {"B1": CLOUDS})
    return ee.Image(f"{S2}/A").select("B1")


def test_distance_to_cloud(folder: Folder, clouds: Any) -> None:
    distance = clouds.fastDistanceTransform(20).sqrt().multiply(10)
    rows, columns = np.indices(CLOUDS.shape)
    np.testing.assert_allclose(
        folder.band(distance, grid()).values, 10 * np.hypot(rows - 2, columns - 1), rtol=1e-6
    )


def test_no_cloud_is_far_and_not_unknown(folder: Folder) -> None:
    """A composite by distance to cloud must not lose the scenes that have none."""
    folder.scene("A", {"B1": np.zeros((2, 2), np.uint16)})
    drawn = folder.band(ee.Image(f"{S2}/A").fastDistanceTransform(5).sqrt().clamp(0, 5), grid(2, 2))
    assert drawn.valid.all()
    assert (drawn.values == 5).all()


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (0, {(2, 0): 1, (2, 1): 0}),  # the cloud lies to the east
        (180, {(2, 1): 0, (2, 2): 1, (2, 3): 2, (2, 4): 3}),  # … to the west, at most three pixels away
        (90, {(2, 1): 0, (3, 1): 1, (4, 1): 2}),  # … to the north
        (
            225,
            {(2, 1): 0, (1, 2): 1, (0, 3): 3},
        ),  # diagonal steps are rounded to pixels: two down take three steps
    ],
)
def test_first_pixel_in_a_direction(folder: Folder, clouds: Any, angle: float, expected: dict) -> None:
    found = masked(folder.band(clouds.directionalDistanceTransform(angle, 3).select("distance"), grid()))
    got = {
        tuple(int(i) for i in place): found[tuple(place)] for place in np.argwhere(~np.ma.getmaskarray(found))
    }
    assert got == expected


def test_spectral_distances(folder: Folder) -> None:
    one, other = ee.Image([3, 4]), ee.Image([4, 3])
    expected = {
        "sed": 2.0,
        "sam": np.arccos(24 / 25),
        "sid": 2 * (1 / 7) * np.log(4 / 3),
        "emd": 1.0,
    }
    for metric, value in expected.items():
        drawn = folder.band(one.spectralDistance(other, metric), grid(1, 1))
        assert drawn.values[0, 0] == pytest.approx(value)
    assert folder.info(one.spectralDistance(other, "sed").bandNames()) == ["distance"]


def test_spectral_distance_is_masked_where_either_is(folder: Folder) -> None:
    folder.scene("A", {"B1": CLOUDS})
    image = ee.Image(f"{S2}/A").selfMask()
    drawn = folder.band(image.spectralDistance(ee.Image(3), "sed"), grid())
    assert drawn.valid.tolist() == (CLOUDS == 1).tolist()
    assert drawn.values[2, 1] == 4


def test_patches_of_equal_pixels(folder: Folder) -> None:
    values = np.array([[1, 1, 2, 2], [1, 3, 2, 3], [3, 4, 4, 2]], np.uint16)
    folder.scene("A", {"B1": values})
    image = ee.Image(f"{S2}/A")
    four = [[3, 3, 3, 3], [3, 1, 3, 1], [1, 2, 2, 1]]
    eight = [[3, 3, 4, 4], [3, 2, 4, 1], [2, 2, 2, 4]]
    assert folder.band(image.connectedPixelCount(10, False), grid(4, 3)).values.tolist() == four
    assert folder.band(image.connectedPixelCount(10, True), grid(4, 3)).values.tolist() == eight
    assert folder.band(image.connectedPixelCount(2, True), grid(4, 3)).values.max() == 2


def test_a_snake_is_one_patch(folder: Folder) -> None:
    """A winding line of one value: its two ends are far apart, along it."""
    line = np.zeros((9, 9), np.uint16)
    line[::2] = 1
    line[1::4, -1] = line[3::4, 0] = 1
    folder.scene("A", {"B1": line})
    count = folder.band(ee.Image(f"{S2}/A").connectedPixelCount(100, False), grid(9, 9)).values
    assert set(count[line == 1].tolist()) == {int(line.sum())}


def test_translation(folder: Folder, clouds: Any) -> None:
    moved = folder.band(clouds.translate(20, -10), grid())
    assert np.argwhere(moved.valid & (moved.values == 1)).tolist() == [[3, 3]]
    pixels = folder.band(clouds.translate(2, 1, "pixels"), grid())
    assert np.argwhere(pixels.valid & (pixels.values == 1)).tolist() == [[3, 3]]
    assert folder.info(clouds.translate(20, -10).projection())["transform"] == [
        10,
        0,
        500020,
        0,
        -10,
        4099990,
    ]


def test_coverage_of_a_region(folder: Folder, clouds: Any) -> None:
    """The sum of a mask over a region, as a share of the sum of ones."""
    sums = ee.Image([clouds.selfMask().mask().unmask(), ee.Image(1).rename("ttl")]).reduceRegion(
        ee.Reducer.sum(), clouds.geometry(), 10, clouds.projection(), None, True
    )
    total = ee.Number(sums.values().get(-1))
    share = sums.remove([ee.String("ttl")]).map(lambda _, value: ee.Number(value).divide(total).multiply(100))
    assert folder.info(share) == pytest.approx({"B1": 100 / 35})


def test_scale_and_offset_of_some_bands(folder: Folder) -> None:
    folder.scene("A", {"B2": np.full((1, 1), 300, np.uint16), "B3": np.full((1, 1), 400, np.uint16)}, n=5)
    image = ee.Image(f"{S2}/A")
    known = image.bandNames().filter(ee.Filter.inList("item", ["B2"]))
    factor, offset = (ee.Dictionary({"B2": v}).toImage().select(known) for v in (0.01, -1))
    changed = image.select(known).multiply(factor).add(offset)
    whole = changed.addBands(image.select(image.bandNames().removeAll(known))).select(image.bandNames())
    copied = ee.Image(whole.copyProperties(image, image.propertyNames()))
    drawn = folder.pixels(copied, grid(1, 1))
    assert {name: raster.values.item() for name, raster in drawn.items()} == pytest.approx(
        {"B2": 2, "B3": 400}
    )
    assert folder.info(copied.get("n")) == 5


def test_the_first_that_is_not_null(folder: Folder) -> None:
    """A scene's twin, or a masked image of the same name."""
    folder.scene("A", {"B1": CLOUDS})
    for index, valid in {"A": 35, "nowhere": 0}.items():
        match = ee.ImageCollection(S2).filter(ee.Filter.eq("system:index", index)).first()
        default = ee.Image().updateMask(0).rename("B1")
        found = ee.Image(ee.List([match, default]).reduce(ee.Reducer.firstNonNull())).select("B1")
        assert folder.band(found, grid()).valid.sum() == valid


@pytest.mark.parametrize(
    ("formula", "indices"),
    [
        ("cloud < 20", ["A"]),
        ("cloud <= 20 && tile == 'x'", ["A"]),
        ('tile == "y" || cloud > 25', ["B", "C"]),
        ("!(cloud == 20)", ["A", "C"]),
        ("cloud * 2 - 10 > 25", ["B", "C"]),
        ("missing < 5", []),
        ("cloud != 20", ["A", "C"]),
        ("20 <= cloud", ["B", "C"]),
        ("cloud >= 20 && (tile != 'y' || cloud < 5)", ["C"]),
        ("system:index == 'B'", ["B"]),
    ],
)
def test_filters_as_formulas(folder: Folder, formula: str, indices: list[str]) -> None:
    """A formula is a filter, and so is its text, wherever a filter is wanted."""
    for index, tile, cloud in (("A", "x", 10), ("B", "y", 20), ("C", "x", 30)):
        folder.scene(index, {"B1": CLOUDS}, tile=tile, cloud=cloud)
    scenes = ee.ImageCollection(S2)
    called = ee.ApiFunction.apply_("Filter.or", {"filters": [formula, "cloud == -1"]})
    for condition in (ee.Filter.expression(formula), formula, called):
        found = scenes.filter(condition)
        assert folder.info(found.aggregate_array("system:index")) == indices


def test_a_date_range_is_a_date_filter(folder: Folder) -> None:
    for index, millis in (("A", 0), ("B", 31 * DAY), ("C", 59 * DAY)):
        folder.scene(index, {"B1": CLOUDS}, **{"system:time_start": millis})
    february = ee.DateRange("1970-02-01", "1970-03-01")
    for dates in (february, ee.Date("1970-02-03").getRange("month")):
        found = ee.ImageCollection(S2).filterDate(dates)
        assert folder.info(found.aggregate_array("system:index")) == ["B"]
    with pytest.raises(Refused, match="DateRange"):
        folder.value(ee.ImageCollection(S2).filterDate(february, "1970-03-01"))


def test_a_formula_that_is_none(folder: Folder) -> None:
    folder.scene("A", {"B1": CLOUDS})
    with pytest.raises(Refused, match=r"Filter\.expression"):
        folder.value(ee.ImageCollection(S2).filter(ee.Filter.expression("cloud <")))
    with pytest.raises(Refused, match=r"Filter\.expression"):
        folder.value(ee.ImageCollection(S2).filter("cloud is high"))


def test_a_composite_has_properties_and_an_id(folder: Folder) -> None:
    for n, index in enumerate("AB"):
        folder.scene(index, {"B1": CLOUDS}, **{"system:time_start": n * DAY})
    scenes = ee.ImageCollection(S2)
    span = scenes.reduceColumns(ee.Reducer.minMax(), ["system:time_start"])
    composite = (
        scenes.median()
        .set("system:id", f"{S2}/MEDIAN-COMP")
        .set("system:time_end", ee.Number(span.get("max")))
    )
    info = folder.info(composite)
    assert info["id"] == f"{S2}/MEDIAN-COMP"
    assert info["properties"] == {"system:time_end": DAY}
    marked = ee.ImageCollection([ee.Image(1)]).set("system:id", "one/two")
    assert folder.info(marked.get("system:id")) == "one/two"
    assert folder.info(ee.ImageCollection([scenes.first()]).aggregate_array("system:id")) == [f"{S2}/A"]


def test_xee_lists_a_collection_in_one_request(folder: Folder) -> None:
    for n, index in enumerate("ABC"):
        folder.scene(index, {"B1": CLOUDS + n}, **{"system:time_start": n * DAY})
    scenes = ee.ImageCollection(S2)
    columns = ["system:id", "system:time_start"]
    listed = scenes.reduceColumns(ee.Reducer.toList().repeat(2), columns).get("list")
    size, properties, first, (ids, times) = folder.info(
        ee.List([scenes.size(), scenes.toDictionary(), scenes.first(), listed])
    )
    assert (size, properties, ids, times) == (3, {}, [f"{S2}/{i}" for i in "ABC"], [0, DAY, 2 * DAY])
    assert first["bands"][0]["crs_transform"] == [10, 0, 500000, 0, -10, 4100000]
    assert first["bands"][0]["dimensions"] == [7, 5]


def test_xee_slices_a_collection_into_bands(folder: Folder) -> None:
    for n, index in enumerate("ABC"):
        folder.scene(index, {"B1": CLOUDS + n, "B2": CLOUDS})
    images = ee.ImageCollection(S2).toList(2, 1).slice(0, 2, 1)
    bands = ee.ImageCollection(images).iterate(lambda x, acc: ee.Image(acc).addBands(x, ["B1"]), ee.Image())
    stack = ee.Image(bands)
    drawn = folder.pixels(stack.select(stack.bandNames().slice(1)), grid())
    assert [raster.values[0, 0] for raster in drawn.values()] == [1, 2]
