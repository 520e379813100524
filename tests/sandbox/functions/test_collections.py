"""Collections: reductions against numpy, links, mosaics, filters, joins, aggregates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid
from csplus.csplus_plugin.sandbox.reducers import reduction

from ...support.places import moved
from ...support.scene_folder import S2, SCORES, Folder, masked

DAY = 86_400_000
START = 1672531200000  # 2023-01-01
SIDE = 40
CORNER10 = (771900.0, 4147400.0)
CORNER11 = (240600.0, 4147300.0)


class Month:
    """Six scenes in two UTM zones with random masks; one has no score."""

    def __init__(self, folder: Folder) -> None:
        random = np.random.default_rng(3)
        self.folder = folder
        self.scenes: dict[str, tuple[int, tuple[float, float], dict[str, np.ndarray], np.ndarray | None]] = {}
        for n in range(6):
            crs, corner = ((32611, CORNER11), (32610, CORNER10))[n % 2]
            bands = {b: random.integers(0, 5000, (SIDE, SIDE)).astype(np.uint16) for b in ("B3", "B4")}
            bands["B4"][random.random((SIDE, SIDE)) < 0.1] = 0
            score = random.random((SIDE, SIDE)).astype(np.float32) if n != 4 else None
            index = f"2023010{n + 1}T184751_X_T{'11SKB' if crs == 32611 else '10SGG'}"
            time = {
                "system:time_start": START + n * DAY,
                "CLOUDS": [50, 10, 90, 10, 30, 70][n],
                "ORBIT": n % 2,
            }
            folder.scene(index, bands, crs=crs, corner=corner, nodata=0, **time)
            if score is not None:
                folder.scene(index, {"cs_cdf": score}, crs=crs, corner=corner, collection=SCORES, **time)
            self.scenes[index] = (crs, corner, bands, score)

    def sampled(self, name: str, target: Grid) -> tuple[np.ndarray, np.ndarray]:
        """Values and validity (scenes, h, w) of a band on a grid, read pixel by pixel."""
        values = np.zeros((len(self.scenes), *target.shape))
        valid = np.zeros(values.shape, bool)
        for n, (crs, corner, bands, score) in enumerate(self.scenes.values()):
            array = score if name == "score" else bands[name]
            if array is None:
                continue
            for row in range(target.height):
                for column in range(target.width):
                    x = target.transform[2] + (column + 0.5) * target.transform[0]
                    y = target.transform[5] + (row + 0.5) * target.transform[4]
                    east, north = moved(target.crs, f"EPSG:{crs}", x, y)
                    i, j = int((corner[1] - north) // 10), int((east - corner[0]) // 10)
                    if 0 <= i < SIDE and 0 <= j < SIDE:
                        values[n, row, column] = array[i, j]
                        valid[n, row, column] = name == "score" or array[i, j] != 0
        return values, valid


@pytest.fixture
def month(folder: Folder) -> Month:
    return Month(folder)


@pytest.fixture
def target() -> Grid:
    """Over both zones' scenes, partly beside them."""
    return Grid("EPSG:32611", (10, 0, 240480, 0, -10, 4147450), 48, 44)


def s2() -> Any:
    return ee.ImageCollection(S2)


def linked() -> Any:
    return s2().linkCollection(ee.ImageCollection(SCORES), ["cs_cdf"])


def clear() -> Any:
    return linked().map(lambda i: i.updateMask(i.select("cs_cdf").gte(0.6)))


def _off(
    found: np.ma.MaskedArray, values: np.ndarray, valid: np.ndarray, statistic: Callable[..., Any]
) -> float:
    """Share of pixels that differ from numpy, those aside where no value is expected."""
    wanted = statistic(np.ma.array(values, mask=~valid), axis=0)
    assert (np.ma.getmaskarray(found) == np.ma.getmaskarray(wanted)).mean() > 0.999
    both = ~np.ma.getmaskarray(found) & ~np.ma.getmaskarray(wanted)
    assert both.sum() > 500
    return float(1 - np.isclose(found.data[both], wanted.data[both]).mean())


def test_the_dataset_pages_composite(month: Month, target: Grid) -> None:
    values, valid = month.sampled("B4", target)
    scores, scored = month.sampled("score", target)
    kept = valid & scored & (scores >= 0.6)
    found = masked(month.folder.pixels(clear().median(), target)["B4"])
    assert found.dtype == np.float64
    assert _off(found, values, kept, np.ma.median) < 0.001


@pytest.mark.parametrize(
    ("name", "statistic"),
    [
        ("mean", np.ma.mean),
        ("min", np.ma.min),
        ("max", np.ma.max),
        ("sum", np.ma.sum),
        ("median", np.ma.median),
    ],
)
def test_reductions(month: Month, target: Grid, name: str, statistic: Callable[..., Any]) -> None:
    found = masked(month.folder.band(getattr(s2().select("B4"), name)(), target))
    assert _off(found, *month.sampled("B4", target), statistic) < 0.001


def test_small_blocks_change_nothing(month: Month, target: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = month.folder.pixels(clear().median(), target)
    monkeypatch.setattr(reduction, "STACK_BYTES", 20_000)
    parts = month.folder.pixels(clear().median(), target)
    for name, raster in whole.items():
        assert np.array_equal(masked(raster).filled(-1), masked(parts[name]).filled(-1))


def test_count_and_percentile(month: Month, target: Grid) -> None:
    values, valid = month.sampled("B4", target)
    count = masked(month.folder.band(s2().select("B4").count(), target))
    assert (count.filled(0) == valid.sum(axis=0)).mean() > 0.999
    reducer = ee.Reducer.percentile([0, 25, 50, 100])
    found = month.folder.pixels(s2().select("B4").reduce(reducer), target)
    assert list(found) == ["B4_p0", "B4_p25", "B4_p50", "B4_p100"]
    row, column = np.argwhere(valid.sum(axis=0) >= 3)[0]
    held = values[valid[:, row, column], row, column]
    for share, raster in zip((0, 25, 50, 100), found.values(), strict=True):
        assert raster.values[row, column] == pytest.approx(np.percentile(held, share))


def test_result_types_names_and_projection(month: Month) -> None:
    info = month.folder.info(s2().select("B4").median())
    assert "id" not in info
    assert "properties" not in info
    (band,) = info["bands"]
    assert band == {
        "id": "B4",
        "data_type": {"type": "PixelType", "precision": "double", "min": 0, "max": 65535},
        "crs": "EPSG:4326",
        "crs_transform": [1, 0, 0, 0, 1, 0],
    }
    names = month.folder.info(
        s2().reduce(ee.Reducer.median().combine(ee.Reducer.count(), "", True)).bandNames()
    )
    assert names == ["B3_median", "B3_count", "B4_median", "B4_count"]


def test_linking_without_a_match_masks_and_nulls(month: Month, target: Grid) -> None:
    whole = s2().linkCollection(ee.ImageCollection(SCORES), ["cs_cdf"], ["CLOUDS", "nope"])
    lone = ee.Image(whole.filter(ee.Filter.stringContains("system:index", "20230105")).first())
    assert month.folder.info(lone.bandNames()) == ["B3", "B4", "cs_cdf"]
    assert not month.folder.pixels(lone, target)["cs_cdf"].mask.any()
    assert month.folder.info(lone.get("nope")) is None
    unscored = whole.filter(ee.Filter.notNull(["CLOUDS"]).Not())
    assert month.folder.info(unscored.aggregate_array("system:index")) == ["20230105T184751_X_T11SKB"]


def test_an_empty_collection_has_no_bands(folder: Folder) -> None:
    (folder.path / S2).mkdir(parents=True)
    for name in ("median", "mosaic", "count"):
        assert folder.info(getattr(s2(), name)())["bands"] == []
    assert folder.info(s2().qualityMosaic("B4"))["bands"] == []


def test_different_bands_are_refused(folder: Folder) -> None:
    pixel = np.ones((1, 1), np.uint16)
    folder.scene("A", {"B2": pixel, "B3": pixel})
    folder.scene("B", {"B2": pixel})
    with pytest.raises(
        Refused, match=r"^Expected a homogeneous image collection, but an image with incompatible"
    ):
        folder.value(s2().median())
    assert folder.info(s2().select("B2").median().bandNames()) == ["B2"]


def test_mosaic_shows_the_last_valid_image(month: Month, target: Grid) -> None:
    values, valid = month.sampled("B4", target)
    found = masked(month.folder.band(s2().select("B4").mosaic(), target)).astype(float).filled(-1)
    last = np.where(valid.any(axis=0), len(valid) - 1 - valid[::-1].argmax(axis=0), 0)
    wanted = np.where(valid.any(axis=0), np.take_along_axis(values, last[np.newaxis], axis=0)[0], -1)
    assert (found == wanted).mean() > 0.999


def test_quality_mosaic_takes_all_bands_of_the_best(month: Month, target: Grid) -> None:
    scores, scored = month.sampled("score", target)
    values, valid = month.sampled("B4", target)
    best = np.where(scored, scores, -1).argmax(axis=0)[np.newaxis]
    found = month.folder.pixels(linked().qualityMosaic("cs_cdf"), target)
    chosen = np.take_along_axis(values, best, axis=0)[0]
    held = np.take_along_axis(valid & scored, best, axis=0)[0]
    wanted = np.where(held, chosen, -1)
    assert (masked(found["B4"]).astype(float).filled(-1) == wanted).mean() > 0.999


def test_a_medoid_asks_for_its_median_once(
    month: Month, target: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The median inside the mapped function is shared by all scenes: linear, not quadratic."""
    stacked = []
    real = reduction.Stacks
    monkeypatch.setattr(
        reduction, "Stacks", lambda *given, **named: stacked.append(1) or real(*given, **named)
    )
    bands = s2().select(["B3", "B4"])
    middle = bands.median()
    medoid = bands.map(
        lambda i: i.addBands(i.subtract(middle).pow(2).reduce("sum").multiply(-1).rename("near"))
    ).qualityMosaic("near")
    found = month.folder.pixels(medoid.select("B4"), target)["B4"]
    assert len(stacked) == 1
    assert found.valid.any()


def test_scenes_off_the_grid_are_not_read(month: Month) -> None:
    far = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4500000), 20, 20)
    assert not month.folder.pixels(clear().median(), far)["B4"].mask.any()


# --- selecting


def indices(folder: Folder, collection: Any) -> list[int]:
    """Days of the scenes of a collection."""
    return [int(i[6:8]) for i in folder.info(collection.aggregate_array("system:index"))]


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        (lambda: ee.Filter.date("2023-01-02", "2023-01-04"), [2, 3]),
        (lambda: ee.Filter.date("2023-01-02"), [2]),
        (lambda: ee.Filter.date(START, START + 1), [1]),
        (lambda: ee.Filter.lt("CLOUDS", 30), [2, 4]),
        (lambda: ee.Filter.lte("CLOUDS", 30), [2, 4, 5]),
        (lambda: ee.Filter.gt("CLOUDS", 50), [3, 6]),
        (lambda: ee.Filter.gte("CLOUDS", 50), [1, 3, 6]),
        (lambda: ee.Filter.eq("ORBIT", 1), [2, 4, 6]),
        (lambda: ee.Filter.neq("CLOUDS", 10), [1, 3, 5, 6]),
        (lambda: ee.Filter.inList("CLOUDS", [90, 30]), [3, 5]),
        (lambda: ee.Filter.rangeContains("CLOUDS", 30, 70), [1, 5, 6]),
        (lambda: ee.Filter.stringEndsWith("system:index", "SGG"), [2, 4, 6]),
        (lambda: ee.Filter.stringStartsWith("system:index", "20230103"), [3]),
        (lambda: ee.Filter.And(ee.Filter.eq("ORBIT", 0), ee.Filter.lt("CLOUDS", 60)), [1, 5]),
        (lambda: ee.Filter.Or(ee.Filter.eq("CLOUDS", 90), ee.Filter.eq("CLOUDS", 70)), [3, 6]),
        (lambda: ee.Filter.eq("ORBIT", 1).Not(), [1, 3, 5]),
        (lambda: ee.Filter.lt("absent", 3), []),
        (lambda: ee.Filter.neq("absent", 3), [1, 2, 3, 4, 5, 6]),  # the client sends "not equals"
        (lambda: ee.Filter.notNull(["absent"]), []),
        (lambda: ee.Filter.calendarRange(2, 3, "day_of_month"), [2, 3]),
        (lambda: ee.Filter.calendarRange(6, 1, "day_of_month"), [1, 6]),
        (lambda: ee.Filter.calendarRange(1, field="month"), [1, 2, 3, 4, 5, 6]),
        (lambda: ee.Filter.calendarRange(7, field="day_of_week"), [1]),
        (lambda: ee.Filter.dayOfYear(5, 6), [5, 6]),
    ],
)
def test_filters(month: Month, condition: Any, days: list[int]) -> None:
    assert indices(month.folder, s2().filter(condition())) == days


def test_bounds(month: Month) -> None:
    inside = ee.Geometry.Point(moved("EPSG:32611", "EPSG:4326", CORNER11[0] + 5, CORNER11[1] - 395))
    assert indices(month.folder, s2().filterBounds(inside)) in ([1, 3, 5], [1, 2, 3, 4, 5, 6])
    assert indices(month.folder, s2().filterBounds(ee.Geometry.Point([0, 0]))) == []
    around = ee.Geometry.Rectangle([-120.2, 37.2, -119.5, 37.6])
    assert indices(month.folder, s2().filterBounds(around)) == [1, 2, 3, 4, 5, 6]


def test_sort_keeps_the_order_of_ties(month: Month) -> None:
    assert indices(month.folder, s2().sort("CLOUDS")) == [2, 4, 5, 1, 6, 3]
    assert indices(month.folder, s2().sort("CLOUDS", False)) == [3, 6, 1, 5, 2, 4]
    assert indices(month.folder, s2().limit(2, "CLOUDS")) == [2, 4]
    assert indices(month.folder, s2().limit(2)) == [1, 2]


def test_aggregates(month: Month) -> None:
    info = month.folder.info
    assert info(s2().aggregate_array("CLOUDS")) == [50, 10, 90, 10, 30, 70]
    assert info(s2().aggregate_array("absent")) == []
    assert info(s2().aggregate_count_distinct("CLOUDS")) == 5
    assert info(s2().aggregate_histogram("CLOUDS")) == {"10": 2, "30": 1, "50": 1, "70": 1, "90": 1}
    assert info(s2().aggregate_max("CLOUDS")) == 90
    assert info(s2().aggregate_min("system:index"))[:8] == "20230101"
    assert info(s2().aggregate_mean("CLOUDS")) == pytest.approx(260 / 6)
    assert info(s2().aggregate_sum("CLOUDS")) == 260
    assert info(s2().aggregate_total_sd("CLOUDS")) == pytest.approx(np.std([50, 10, 90, 10, 30, 70]))
    assert info(s2().aggregate_sample_var("CLOUDS")) == pytest.approx(
        np.var([50, 10, 90, 10, 30, 70], ddof=1)
    )
    assert info(s2().aggregate_mean("absent")) is None
    assert info(s2().aggregate_first("CLOUDS")) == 50
    assert info(s2().distinct("ORBIT").size()) == 2


def test_distinct_days(month: Month) -> None:
    dated = s2().map(lambda i: i.set("day", i.date().format("YYYY-MM-dd")))
    assert month.folder.info(dated.aggregate_array("day").distinct().size()) == 6


def test_joins(month: Month) -> None:
    same = ee.Filter.equals(leftField="system:index", rightField="system:index")
    scores = ee.ImageCollection(SCORES)
    info = month.folder.info
    assert indices(month.folder, ee.ImageCollection(ee.Join.simple().apply(s2(), scores, same))) == [
        1,
        2,
        3,
        4,
        6,
    ]
    assert indices(month.folder, ee.ImageCollection(ee.Join.inverted().apply(s2(), scores, same))) == [5]
    first = ee.ImageCollection(ee.Join.saveFirst("score").apply(s2(), scores, same))
    added = first.map(lambda i: ee.Image(i).addBands(ee.Image(i.get("score"))))
    assert info(ee.Image(added.first()).bandNames()) == ["B3", "B4", "cs_cdf"]
    inner = ee.Join.inner().apply(s2(), scores, same)
    assert info(inner.size()) == 5
    assert info(ee.Image(ee.Feature(inner.first()).get("secondary")).bandNames()) == ["cs_cdf"]
    near = ee.Filter.maxDifference(DAY, leftField="system:time_start", rightField="system:time_start")
    every = ee.ImageCollection(ee.Join.saveAll("near", "CLOUDS", True).apply(s2(), scores, near))
    assert info(ee.List(ee.Image(every.first()).get("near")).size()) == 2
    best = ee.ImageCollection(ee.Join.saveBest("best", "apart").apply(s2(), scores, near))
    assert info(ee.Image(ee.Image(best.toList(1, 4).get(0)).get("best")).get("apart")) == DAY


def test_thousands_are_joined_and_listed_by_equal_values(folder: Folder) -> None:
    """2,500 by 1,250: more pairs than a join compares, where it has to compare each."""

    def numbered(count: int, step: int) -> Any:
        return ee.FeatureCollection(
            ee.List.sequence(0, step * (count - 1), step).map(lambda n: ee.Feature(None, {"n": n, "m": n}))
        )

    every, even = numbered(2_500, 1), numbered(1_250, 2)
    same = ee.Filter.equals(leftField="n", rightField="m")
    near = ee.Filter.And(ee.Filter.maxDifference(3, leftField="n", rightField="m"), same)
    for condition in (same, near):
        kept = ee.Join.simple().apply(every, even, condition)
        assert folder.info(kept.aggregate_array("n")) == list(range(0, 2_500, 2))
    rest = ee.Join.inverted().apply(every, even, same)
    assert folder.info(rest.aggregate_array("n")) == list(range(1, 2_500, 2))
    with pytest.raises(Refused, match=r"^Computation timed out\.$"):
        folder.info(ee.Join.simple().apply(every, even, ee.Filter.Not(same)).size())
    listed = every.filter(ee.Filter.inList("n", [*range(0, 5_000, 3), "1"]))
    assert folder.info(listed.aggregate_array("n")) == list(range(0, 2_500, 3))


def test_merge_to_list_and_bands(month: Month) -> None:
    info = month.folder.info
    both = s2().merge(s2().limit(1))
    assert info(both.size()) == 7
    assert info(both.aggregate_array("system:index"))[-1] == "2_20230101T184751_X_T11SKB"
    assert info(s2().select("B4").limit(2).toBands().bandNames()) == [
        "20230101T184751_X_T11SKB_B4",
        "20230102T184751_X_T10SGG_B4",
    ]
    assert info(ee.ImageCollection([ee.Image(1), ee.Image(2)]).aggregate_array("system:index")) == ["0", "1"]
    assert info(s2().iterate(lambda i, total: ee.Number(total).add(i.get("CLOUDS")), 0)) == 260


def test_a_mapped_collection_keeps_its_indices(month: Month) -> None:
    assert indices(month.folder, s2().map(lambda i: i.select("B4").add(1))) == [1, 2, 3, 4, 5, 6]
    features = s2().map(lambda i: ee.Feature(None, {"cloud": i.get("CLOUDS")}))
    assert month.folder.info(features)["type"] == "FeatureCollection"
    assert month.folder.info(features.aggregate_array("cloud")) == [50, 10, 90, 10, 30, 70]


def test_periods_as_a_collection(month: Month, target: Grid) -> None:
    def two_days(n: Any) -> Any:
        start = ee.Date("2023-01-01").advance(ee.Number(n).multiply(2), "day")
        part = s2().filterDate(start, start.advance(2, "day"))
        return part.select("B4").median().set("system:time_start", start.millis(), "n", part.size())

    series = ee.ImageCollection(ee.List.sequence(0, 2).map(two_days))
    assert month.folder.info(series.aggregate_array("n")) == [2, 2, 2]
    assert month.folder.info(series.aggregate_array("system:time_start")) == [
        START,
        START + 2 * DAY,
        START + 4 * DAY,
    ]
    assert month.folder.band(series.max(), target).valid.any()


def test_a_table_of_a_region(month: Month) -> None:
    x, y = CORNER11[0] + 105, CORNER11[1] - 205
    place = ee.Geometry.Point(moved("EPSG:32611", "EPSG:4326", x, y))
    zone = s2().filter(ee.Filter.eq("ORBIT", 0)).select("B3")
    table = month.folder.info(zone.getRegion(place, 10, "EPSG:32611"))
    assert table[0] == ["id", "longitude", "latitude", "time", "B3"]
    values = [bands["B3"][20, 10] for crs, _, bands, _ in month.scenes.values() if crs == 32611]
    assert [row[4] for row in table[1:]] == [int(v) or None for v in values]
    assert [row[3] for row in table[1:]] == [START, START + 2 * DAY, START + 4 * DAY]
    with pytest.raises(Refused, match="Too many values"):
        month.folder.value(s2().getRegion(ee.Geometry.Rectangle([-121, 37, -119, 38]), 10))
