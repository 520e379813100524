"""What Google documents of evaluation, sentence by sentence, where no other test says it (guides/scale, image_masks,
projections, ic_reducing, the pages of linkCollection, filterDate, clip and unmask)."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import S2, SCORES, Folder, masked

DAY = 86_400_000
JANUARY = 1_672_531_200_000  # 2023-01-01


def grid(width: int, height: int, pixel: float = 10, x: float = 500000) -> Grid:
    return Grid("EPSG:32611", (pixel, 0, x, 0, -pixel, 4100000), width, height)


def ramp(start: int = 0) -> np.ndarray:
    return np.arange(start, start + 16, dtype=np.uint16).reshape(4, 4)


def scenes() -> Any:
    return ee.ImageCollection(S2)


def test_inputs_are_sampled_on_the_outputs_grid_before_they_are_reduced(folder: Folder) -> None:
    """At 20 m each scene gives its nearest pixel, and the median is of those: no mean of four pixels."""
    for n, index in enumerate("ABC"):
        folder.scene(index, {"B4": ramp(10 * n)})
    drawn = folder.band(scenes().median(), grid(2, 2, 20)).values
    np.testing.assert_array_equal(drawn, ramp(10)[1::2, 1::2])


def test_a_projection_of_its_own_is_kept_until_something_is_resampled(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()})
    image = ee.Image(f"{S2}/A")
    halfway = grid(3, 3, x=500005)
    np.testing.assert_array_equal(folder.band(image, halfway).values, ramp()[:3, 1:])
    between = folder.band(image.toFloat().resample("bilinear"), halfway).values
    np.testing.assert_allclose(between, ramp()[:3, :3] + 0.5)


def test_resample_does_nothing_to_a_composite(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()})
    halfway = grid(3, 3, x=500005)
    composite = scenes().mosaic()
    plain, resampled = (folder.band(i, halfway).values for i in (composite, composite.resample("bilinear")))
    np.testing.assert_array_equal(plain, resampled)
    inputs = scenes().map(lambda i: i.toFloat().resample("bilinear")).mosaic()
    np.testing.assert_allclose(folder.band(inputs, halfway).values, ramp()[:3, :3] + 0.5)


def test_days_without_images_are_dropped_after_they_were_renamed(folder: Folder) -> None:
    """As geetools' plots by day of year do: an empty collection's composite has no bands to rename."""
    folder.scene("A", {"B4": ramp()}, **{"system:time_start": JANUARY})

    def of_day(day: Any) -> Any:
        first = ee.Date(JANUARY).advance(day, "day")
        there = scenes().filterDate(first, first.advance(1, "day"))
        return there.reduce(ee.Reducer.mean()).rename(["mean"]).set("day", day, "count", there.size())

    days = ee.ImageCollection(ee.List.sequence(0, 2).map(of_day)).filter(ee.Filter.gt("count", 0))
    assert folder.value(days.aggregate_array("day")) == [0]
    assert folder.value(days.toBands().bandNames()) == ["0_mean"]


def test_a_mask_of_one_band_applies_to_all_and_keeps_metadata_and_footprint(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp(), "B8": ramp(50)}, n=7)
    image = ee.Image(f"{S2}/A")
    kept = image.updateMask(image.select("B4").gt(7))
    for raster in folder.pixels(kept, grid(4, 4)).values():
        assert raster.valid.tolist() == (ramp() > 7).tolist()
    assert folder.info(kept.get("n")) == 7
    assert folder.info(kept.geometry()) == folder.info(image.geometry())


def test_masks_are_fractions(folder: Folder) -> None:
    """A pixel-wise result takes the smaller of its inputs' masks; updateMask lowers only."""
    image = ee.Image(5).updateMask(0.8)
    for mask, expected in ((0.5, 0.5), (0.9, 0.8), (0, 0)):
        drawn = folder.band(image.updateMask(mask), grid(1, 1))
        assert drawn.mask[0, 0] == pytest.approx(expected)
    assert folder.band(image.add(ee.Image(1).updateMask(0.6)), grid(1, 1)).mask[0, 0] == pytest.approx(0.6)


def test_comparisons_are_booleans_and_arithmetic_has_the_union_of_types(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp(), "cs": ramp().astype(np.float32)})
    image = ee.Image(f"{S2}/A").select("B4")

    def kind(computed: Any) -> dict:
        return folder.info(computed)["bands"][0]["data_type"]

    boolean = {"type": "PixelType", "precision": "int", "min": 0, "max": 1}
    assert kind(image.gt(3)) == kind(image.And(image)) == boolean
    assert kind(image.add(image))["precision"] == "int"
    assert kind(image.toFloat().add(image))["precision"] == "float"
    assert kind(image.toDouble().add(image.toFloat()))["precision"] == "double"


def test_half_digital_numbers_occur(folder: Folder) -> None:
    """Of an even number of values a median takes the mean of the middle two; the bands become floating-point."""
    folder.scene("A", {"B4": np.full((1, 1), 100, np.uint16)})
    folder.scene("B", {"B4": np.full((1, 1), 103, np.uint16)})
    composite = scenes().median()
    assert folder.band(composite, grid(1, 1)).values.tolist() == [[101.5]]
    assert folder.info(composite)["bands"][0]["data_type"]["precision"] == "double"
    assert folder.band(composite.toUint16(), grid(1, 1)).values.tolist() == [[101]]


def test_bands_are_matched_by_name(folder: Folder) -> None:
    first = ee.Image([1, 10]).rename(["x", "y"])
    second = ee.Image([30, 3]).rename(["y", "x"])
    drawn = folder.pixels(ee.ImageCollection([first, second]).max(), grid(1, 1))
    assert {name: raster.values.item() for name, raster in drawn.items()} == {"x": 3, "y": 30}


def test_same_day_duplicates_are_all_there(folder: Folder) -> None:
    """Two tiles of one moment are two images: nothing joins them by day."""
    for index, time in (("A", 0), ("B", 0), ("C", DAY)):
        folder.scene(index, {"B4": ramp()}, **{"system:time_start": JANUARY + time})
    days = scenes().aggregate_array("system:time_start").map(lambda t: ee.Date(t).format("yyyy-MM-dd"))
    assert (
        folder.info(scenes().count().reduceRegion(ee.Reducer.max(), ee.Geometry.Point([-117, 37]), 10))
        is not None
    )
    assert folder.band(scenes().count(), grid(1, 1)).values.tolist() == [[3]]
    assert folder.info(ee.List(days).distinct()) == ["2023-01-01", "2023-01-02"]


def test_linked_bands_replace_those_of_the_same_name(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp(), "cs": ramp().astype(np.float32)}, cloud=1)
    folder.scene("A", {"cs": np.full((4, 4), 0.5, np.float32)}, collection=SCORES, cloud=2)
    image = ee.Image(f"{S2}/A")
    linked = image.linkCollection(ee.ImageCollection(SCORES), ["cs"], ["cloud"])
    assert folder.info(linked.bandNames()) == ["B4", "cs"]
    assert (folder.band(linked.select("cs"), grid(4, 4)).values == 0.5).all()
    assert folder.info(linked.get("cloud")) == 2
    assert folder.info(linked.geometry()) == folder.info(image.geometry())


def test_a_scene_without_a_score_vanishes_without_a_word(folder: Folder) -> None:
    """The trap behind empty mask layers: a missing twin masks everything that is masked by it."""
    for index, value in (("A", 1), ("B", 9)):
        folder.scene(index, {"B4": np.full((1, 1), value, np.uint16)})
    folder.scene("A", {"cs": np.ones((1, 1), np.float32)}, collection=SCORES)
    linked = scenes().linkCollection(ee.ImageCollection(SCORES), ["cs"])
    clear = linked.map(lambda i: i.updateMask(i.select("cs").gte(0.5)))
    assert folder.info(clear.size()) == 2
    assert folder.band(clear.select("B4").max(), grid(1, 1)).values.tolist() == [[1]]
    assert folder.band(clear.select("B4").count(), grid(1, 1)).values.tolist() == [[1]]


def test_dates_include_the_start_and_not_the_end(folder: Folder) -> None:
    for n, index in enumerate("ABC"):
        folder.scene(index, {"B4": ramp()}, **{"system:time_start": JANUARY + n * DAY})

    def found(*dates: Any) -> list[str]:
        return folder.info(scenes().filterDate(*dates).aggregate_array("system:index"))

    assert found("2023-01-01", "2023-01-03") == ["A", "B"]
    assert found("2023-01-02") == ["B"]
    assert found("2023-01-02T00:00:00.001") == []
    assert found(JANUARY, JANUARY + 1) == ["A"]
    with pytest.raises(Refused, match=r"^Empty date ranges not supported for the current operation\.$"):
        found("2023-01-02", "2023-01-01")


def test_a_scene_without_a_date_is_not_found_by_one(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()})
    assert folder.info(scenes().filterDate("1900-01-01", "2100-01-01").size()) == 0


def test_an_image_without_bands_says_so_when_one_is_wanted(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()}, n=1)
    nothing = scenes().filter(ee.Filter.gt("n", 5)).median()
    assert folder.info(nothing) == {"type": "Image", "bands": []}
    assert folder.info(nothing.bandNames()) == []
    with pytest.raises(Refused, match="Band pattern 'B4' was applied to an Image with no bands"):
        folder.value(nothing.select("B4"))


def test_bands_of_different_pixel_sizes_have_no_common_projection(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()})
    fine = ee.Image(f"{S2}/A")
    both = fine.addBands(
        fine.rename("B5").setDefaultProjection("EPSG:32611", [20, 0, 500000, 0, -20, 4100000])
    )
    with pytest.raises(Refused, match="different projections"):
        folder.value(both.projection())
    assert folder.info(both.select("B5").projection().nominalScale()) == 20


def test_unmask_fills_beyond_the_footprint_only_when_told(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp()}, nodata=5)
    image = ee.Image(f"{S2}/A")
    wider = grid(6, 4)
    inside = masked(folder.band(image.unmask(99), wider))
    assert inside[1, 1] == 99
    assert inside.mask[:, 4:].all()
    everywhere = masked(folder.band(image.unmask(99, False), wider))
    assert not everywhere.mask.any()
    assert (everywhere[:, 4:] == 99).all()


def test_missing_properties(folder: Folder) -> None:
    """A comparison with a property that is not there does not pass; notNull asks for it.

    The client's gte and neq are the opposites of lessThan and equals, so those do.
    """
    folder.scene("A", {"B4": ramp()}, n=1)
    folder.scene("B", {"B4": ramp()})
    for passes in (
        ee.Filter.lt("n", 5),
        ee.Filter.eq("n", 1),
        ee.Filter.notNull(["n"]),
    ):
        assert folder.info(scenes().filter(passes).aggregate_array("system:index")) == ["A"]
    assert folder.info(ee.Image(f"{S2}/B").get("n")) is None
    assert folder.info(scenes().aggregate_array("n")) == [1]


def test_a_name_of_an_output_follows_its_band(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp(), "B8": ramp()})
    both = ee.Reducer.mean().combine(ee.Reducer.percentile([5, 95]), "", True)
    names = ["B4_mean", "B4_p5", "B4_p95", "B8_mean", "B8_p5", "B8_p95"]
    assert folder.info(scenes().reduce(both).bandNames()) == names
    assert sorted(folder.info(scenes().first().reduceRegion(both))) == names
    assert folder.info(scenes().median().bandNames()) == ["B4", "B8"]


def test_groups_of_a_region(folder: Folder) -> None:
    """Sums of one band by the values of another, as the guide on grouped reductions has it."""
    folder.scene("A", {"B4": ramp(), "B8": (ramp() % 2).astype(np.uint16)})
    reducer = ee.Reducer.sum().unweighted().group(1, "parity")
    found = folder.info(ee.Image(f"{S2}/A").reduceRegion(reducer))
    assert found == {"groups": [{"parity": 0, "sum": 56}, {"parity": 1, "sum": 64}]}


def test_repeated_reducers(folder: Folder) -> None:
    folder.scene("A", {"B4": ramp(), "B8": ramp(10)})
    found = folder.info(ee.Image(f"{S2}/A").reduceRegion(ee.Reducer.max().repeat(2)))
    assert found == {"max": [15, 25]}


def test_neighbourhoods(folder: Folder) -> None:
    """Every reducer sees the neighbours that are valid, and names its output."""
    values = ramp()
    folder.scene("A", {"B4": values}, nodata=0)
    image = ee.Image(f"{S2}/A")
    drawn = folder.pixels(
        image.reduceNeighborhood(
            ee.Reducer.minMax().combine(ee.Reducer.count(), "", True), ee.Kernel.square(1)
        ),
        grid(4, 4),
    )
    assert list(drawn) == ["B4_min", "B4_max", "B4_count"]
    corner = {name: raster.values[1, 1] for name, raster in drawn.items()}
    assert corner == {"B4_min": 1, "B4_max": 10, "B4_count": 8}
