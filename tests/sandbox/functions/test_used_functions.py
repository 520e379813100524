"""Every function that the plugin's expressions use, with a value that was worked out by hand or with numpy.

`used_functions.txt` lists them; a case for each stands below, over three scenes of four pixels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import S2, SCORES, Folder

USED = Path(__file__).with_name("used_functions.txt").read_text(encoding="utf-8").split()
GRID = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), 2, 2)
DAY = 86_400_000
JANUARY = 1_672_531_200_000  # 2023-01-01, milliseconds
DAYS = {"A": 0, "B": 10, "C": 20}
NONE = 65535
B4 = {"A": [[100, 200], [300, 400]], "B": [[500, 100], [700, 800]], "C": [[900, 1000], [NONE, 50]]}
CLEAR = {"A": [[0.9, 0.1], [0.9, 0.9]], "B": [[0.2, 0.8], [0.2, 0.2]]}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("scenes"))
    for index, values in B4.items():
        folder.scene(
            index,
            {
                "B4": np.array(values, np.uint16),
                "B8": np.array([[v if v == NONE else v // 2 for v in row] for row in values], np.uint16),
            },
            nodata=NONE,
            **{"system:time_start": JANUARY + DAYS[index] * DAY, "cloud": 10 * (1 + DAYS[index] // 10)},
            tile="11SKB" if index < "C" else "10SGG",
        )
    for index, values in CLEAR.items():
        folder.scene(index, {"cs_cdf": np.array(values, np.float32)}, collection=SCORES)
    return folder


def all_scenes() -> Any:
    return ee.ImageCollection(S2)


def scene(index: str = "A") -> Any:
    return ee.Image(f"{S2}/{index}")


def band(index: str = "A") -> Any:
    return scene(index).select("B4")


def named(*filters: Any) -> Any:
    """The indices of the scenes that pass, in order."""
    return all_scenes().filter(ee.Filter.And(*filters)).aggregate_array("system:index")


def features(*numbers: Any) -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"n": n}) for n in numbers])


def corner() -> Any:
    """The upper left pixel as a rectangle."""
    return ee.Geometry.Rectangle([500000, 4099990, 500010, 4100000], "EPSG:32611", False)


def square() -> Any:
    """All four pixels as a rectangle."""
    return ee.Geometry.Rectangle([500000, 4099980, 500020, 4100000], "EPSG:32611", False)


def table_of_a_point() -> Any:
    """getRegion of the first scene at the centre of its first pixel."""
    point = ee.Geometry.Point([500005, 4099995], "EPSG:32611")
    return all_scenes().select("B4").limit(1).getRegion(point, 10, "EPSG:32611")


def joined() -> Any:
    """Scenes with the scores of the same index."""
    return ee.Join.saveFirst("best").apply(
        all_scenes(),
        ee.ImageCollection(SCORES),
        ee.Filter.equals(leftField="system:index", rightField="system:index"),
    )


A, B, C = (np.ma.masked_equal(np.array(B4[i], float), NONE) for i in "ABC")
STACK = np.ma.stack([A, B, C])
MEDIAN = np.ma.median(STACK, axis=0)
SQUARE_METRES = 100.0  # of a pixel in UTM; on the ellipsoid more, by the square of the scale factor 0.9996

Case = tuple[Callable[[], Any], Any]
"""A client object, and its value: a nested list of pixels for an image of one band, None where masked."""

CASES: dict[str, Case] = {
    "AggregateFeatureCollection.array": (lambda: features(3, None, 1).aggregate_array("n"), [3, 1]),
    "AggregateFeatureCollection.count_distinct": (lambda: all_scenes().aggregate_count_distinct("tile"), 2),
    "AggregateFeatureCollection.histogram": (
        lambda: all_scenes().aggregate_histogram("tile"),
        {"10SGG": 1, "11SKB": 2},
    ),
    "AggregateFeatureCollection.max": (lambda: all_scenes().aggregate_max("cloud"), 30),
    "AggregateFeatureCollection.mean": (lambda: all_scenes().aggregate_mean("cloud"), 20),
    "AggregateFeatureCollection.min": (lambda: all_scenes().aggregate_min("cloud"), 10),
    "Collection": (lambda: features(1, 2).size(), 2),
    "Collection.distinct": (lambda: all_scenes().distinct("tile").aggregate_array("system:index"), ["A", "C"]),
    "Collection.filter": (lambda: named(ee.Filter.lt("cloud", 25)), ["A", "B"]),
    "Collection.first": (lambda: all_scenes().first().get("system:index"), "A"),
    "Collection.geometry": (
        lambda: ee.FeatureCollection([ee.Geometry.Point([1, 2]), ee.Geometry.Point([3, 4])]).geometry().coordinates(),
        [[1, 2], [3, 4]],
    ),
    "Collection.limit": (
        lambda: all_scenes().limit(2, "cloud", False).aggregate_array("system:index"),
        ["C", "B"],
    ),
    "Collection.map": (
        lambda: features(1, 2).map(lambda f: f.set("n", ee.Number(f.get("n")).add(10))).aggregate_array("n"),
        [11, 12],
    ),
    "Collection.size": (lambda: all_scenes().size(), 3),
    "Collection.toList": (lambda: ee.Image(all_scenes().toList(2, 1).get(0)).get("system:index"), "B"),
    "Date": (lambda: ee.Date("2023-01-01").millis(), JANUARY),
    "Date.advance": (lambda: ee.Date("2023-01-01").advance(2, "day").millis(), JANUARY + 2 * DAY),
    "Date.difference": (lambda: ee.Date("2023-01-15").difference("2023-01-01", "week"), 2),
    "Date.format": (lambda: ee.Date(JANUARY).format("yyyy-MM"), "2023-01"),
    "Date.fromYMD": (lambda: ee.Date.fromYMD(2023, 1, 2).millis(), JANUARY + DAY),
    "Date.get": (lambda: ee.Date("2023-01-01").get("year"), 2023),
    "Date.getRange": (
        lambda: ee.Date("2023-01-05").getRange("month"),
        {"type": "DateRange", "dates": [JANUARY, JANUARY + 31 * DAY]},
    ),
    "Date.millis": (lambda: ee.Date("1970-01-02").millis(), DAY),
    "DateRange": (lambda: ee.DateRange("2023-01-01", "2023-01-02").end().millis(), JANUARY + DAY),
    "Dictionary.get": (lambda: ee.Dictionary({"a": 1}).get("b", 7), 7),
    "Element.get": (lambda: scene().get("cloud"), 10),
    "Element.propertyNames": (
        lambda: ee.Feature(None, {"n": 1, "m": 2}).propertyNames().sort(),
        ["m", "n", "system:index"],
    ),
    "Element.set": (lambda: ee.Feature(None, {"n": 1}).set("n", 2).get("n"), 2),
    "Element.toDictionary": (lambda: scene().toDictionary(["cloud"]), {"cloud": 10}),
    "Feature": (
        lambda: ee.Feature(ee.Geometry.Point([1, 2]), {"n": 1}),
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {"n": 1}},
    ),
    "Filter.and": (lambda: named(ee.Filter.gt("cloud", 10), ee.Filter.lt("cloud", 30)), ["B"]),
    "Filter.calendarRange": (lambda: named(ee.Filter.calendarRange(11, 12, "day_of_month")), ["B"]),
    "Filter.dateRangeContains": (lambda: named(ee.Filter.date("2023-01-01", "2023-01-21")), ["A", "B"]),
    "Filter.dayOfYear": (lambda: named(ee.Filter.dayOfYear(1, 11)), ["A", "B"]),
    "Filter.equals": (lambda: named(ee.Filter.eq("cloud", 20)), ["B"]),
    "Filter.intersects": (
        lambda: [all_scenes().filterBounds(place).size() for place in (ee.Geometry.Point([0, 0]), corner())],
        [0, 3],
    ),
    "Filter.lessThan": (lambda: named(ee.Filter.lt("cloud", 20)), ["A"]),
    "Filter.listContains": (lambda: named(ee.Filter.inList("tile", ["10SGG", "x"])), ["C"]),
    "Filter.not": (lambda: named(ee.Filter.eq("cloud", 20).Not()), ["A", "C"]),
    "Filter.notNull": (lambda: features(1, None).filter(ee.Filter.notNull(["n"])).size(), 1),
    "Filter.or": (lambda: named(ee.Filter.Or(ee.Filter.eq("cloud", 10), ee.Filter.eq("cloud", 30))), ["A", "C"]),
    "Filter.stringContains": (lambda: named(ee.Filter.stringContains("tile", "SKB")), ["A", "B"]),
    "Geometry.bounds": (
        lambda: ee.Geometry.MultiPoint([[1, 2], [3, 5]]).bounds().coordinates(),
        [[[1, 2], [3, 2], [3, 5], [1, 5], [1, 2]]],
    ),
    "GeometryConstructors.Point": (
        lambda: ee.Geometry.Point([1, 2]),
        {"type": "Point", "coordinates": [1, 2]},
    ),
    "GeometryConstructors.Polygon": (
        lambda: ee.Geometry.Polygon([[[0, 0], [1, 0], [0, 1]]]).coordinates(),
        [[[0, 0], [1, 0], [0, 1], [0, 0]]],
    ),
    "GeometryConstructors.Rectangle": (
        lambda: square().area(1, ee.Projection("EPSG:32611")),
        4 * SQUARE_METRES,
    ),
    "If": (lambda: ee.Algorithms.If(0, "yes", "no"), "no"),
    "Image.add": (lambda: band().add(band("B")), (A + B).tolist()),
    "Image.addBands": (lambda: band().addBands(scene("B").select("B8")).bandNames(), ["B4", "B8"]),
    "Image.and": (lambda: band().gt(150).And(band().lt(350)), [[0, 1], [1, 0]]),
    "Image.bandNames": (lambda: scene().bandNames(), ["B4", "B8"]),
    "Image.bitwiseAnd": (lambda: band().bitwiseAnd(4), [[v & 4 for v in row] for row in B4["A"]]),
    "Image.clip": (lambda: band().clip(corner()), [[100, None], [None, None]]),
    "Image.constant": (lambda: ee.Image(7), [[7, 7], [7, 7]]),
    "Image.date": (lambda: scene("B").date().millis(), JANUARY + 10 * DAY),
    "Image.divide": (lambda: band().divide(200), (A / 200).tolist()),
    "Image.eq": (lambda: band().eq(200), [[0, 1], [0, 0]]),
    "Image.geometry": (lambda: ee.Number(scene().geometry().area(1)).round(), round(400 / 0.9996**2)),
    "Image.gte": (lambda: band().gte(300), [[0, 0], [1, 1]]),
    "Image.linkCollection": (
        lambda: scene("B").linkCollection(ee.ImageCollection(SCORES), ["cs_cdf"]).select("cs_cdf").multiply(10).round(),
        [[2, 8], [2, 2]],
    ),
    "Image.load": (lambda: band("C"), C.tolist()),
    "Image.multiply": (lambda: band().multiply(3), (A * 3).tolist()),
    "Image.neq": (lambda: band().neq(200), [[1, 0], [1, 1]]),
    "Image.normalizedDifference": (
        lambda: scene().normalizedDifference(["B4", "B8"]).multiply(3),
        [[1, 1], [1, 1]],
    ),
    "Image.paint": (
        lambda: ee.Image(0).paint(ee.FeatureCollection([ee.Feature(corner())]), 5),
        [[5, 0], [0, 0]],
    ),
    "Image.parseExpression": (
        lambda: scene().expression("(a - b) / 2", {"a": band(), "b": 100}),
        ((A - 100) / 2).tolist(),
    ),
    "Image.pixelArea": (
        lambda: ee.Image.pixelArea().divide(SQUARE_METRES / 0.9996**2).multiply(1e4).round(),
        [[10_000, 10_000], [10_000, 10_000]],
    ),
    "Image.pixelLonLat": (
        lambda: ee.Image.pixelLonLat().select("longitude").add(117).multiply(1e4).round(),
        [[1, 2], [1, 2]],
    ),
    "Image.projection": (
        lambda: band().projection(),
        {"type": "Projection", "crs": "EPSG:32611", "transform": [10, 0, 500000, 0, -10, 4100000]},
    ),
    "Image.reduceRegion": (
        lambda: band().reduceRegion(ee.Reducer.mean(), square()),
        {"B4": 250},
    ),
    "Image.reduceRegions": (
        lambda: band().reduceRegions(ee.FeatureCollection(corner()), ee.Reducer.mean()).aggregate_array("mean"),
        [100],
    ),
    "Image.reduceResolution": (
        lambda: band().reduceResolution(ee.Reducer.mean()).reproject("EPSG:32611", [20, 0, 500000, 0, -20, 4100000]),
        [[250, 250], [250, 250]],
    ),
    "Image.remap": (lambda: band().remap([100, 400], [1, 2]), [[1, None], [None, 2]]),
    "Image.rename": (lambda: band().rename(["red"]).bandNames(), ["red"]),
    "Image.reproject": (
        lambda: band().reproject("EPSG:32611", [20, 0, 500000, 0, -20, 4100000]),
        [[400, 400], [400, 400]],
    ),
    "Image.resample": (
        # Half a pixel to the right and down, bilinear interpolation is the mean of the four.
        lambda: band().resample("bilinear").reproject("EPSG:32611", [20, 0, 500000, 0, -20, 4100000]),
        [[250, 250], [250, 250]],
    ),
    "Image.round": (lambda: band().divide(150).round(), [[1, 1], [2, 3]]),
    "Image.sample": (lambda: band().sample(square()).aggregate_array("B4"), [100, 200, 300, 400]),
    "Image.sampleRectangle": (lambda: band().sampleRectangle(square()).get("B4"), B4["A"]),
    "Image.select": (lambda: scene().select(["B8", "B4"], ["x", "y"]).bandNames(), ["x", "y"]),
    "Image.setDefaultProjection": (
        lambda: ee.Image(1).setDefaultProjection("EPSG:32611", None, 30).projection().nominalScale(),
        30,
    ),
    "Image.subtract": (lambda: band("B").subtract(band()), (B - A).tolist()),
    "Image.toInt16": (lambda: band().multiply(100).toInt16(), [[10_000, 20_000], [30_000, 32_767]]),
    "Image.toUint16": (lambda: band().multiply(-1).toUint16(), [[0, 0], [0, 0]]),
    "Image.unmask": (lambda: band("C").unmask(-1, False), [[900, 1000], [-1, 50]]),
    "Image.updateMask": (lambda: band().updateMask(band().gt(150)), [[None, 200], [300, 400]]),
    "Image.visualize": (lambda: band().visualize(min=100, max=400), [[0, 85], [170, 255]]),
    "ImageCollection.cast": (
        lambda: all_scenes().cast({"B4": "float"}, ["B8", "B4"]).first().bandNames(),
        ["B8", "B4"],
    ),
    "ImageCollection.fromImages": (
        lambda: ee.ImageCollection.fromImages([band(), band("B")]).max(),
        np.maximum(A, B).tolist(),
    ),
    "ImageCollection.getRegion": (
        lambda: table_of_a_point().slice(1).map(lambda row: ee.List(row).slice(3)),
        [[JANUARY, 100]],
    ),
    "ImageCollection.load": (lambda: ee.ImageCollection(SCORES).size(), 2),
    "ImageCollection.merge": (
        lambda: all_scenes().merge(ee.ImageCollection(SCORES)).aggregate_array("system:index"),
        ["1_A", "1_B", "1_C", "2_A", "2_B"],
    ),
    "ImageCollection.mosaic": (lambda: all_scenes().select("B4").mosaic(), [[900, 1000], [700, 50]]),
    "ImageCollection.qualityMosaic": (
        lambda: all_scenes().qualityMosaic("B8").select("B4"),
        np.ma.max(STACK, axis=0).tolist(),
    ),
    "ImageCollection.reduce": (lambda: all_scenes().select("B4").reduce(ee.Reducer.sum()), STACK.sum(axis=0).tolist()),
    "ImageCollection.toBands": (lambda: all_scenes().select("B4").toBands().bandNames(), ["A_B4", "B_B4", "C_B4"]),
    "Join.apply": (lambda: joined().size(), 2),
    "Join.saveFirst": (
        lambda: ee.Image(joined().first().get("best")).bandNames(),
        ["cs_cdf"],
    ),
    "List.distinct": (lambda: ee.List([2, 1, 2]).distinct(), [2, 1]),
    "List.iterate": (lambda: ee.List([1, 2, 3]).iterate(lambda n, p: ee.Number(n).multiply(p), 2), 12),
    "List.map": (lambda: ee.List([1, 2]).map(lambda n: ee.Number(n).multiply(5)), [5, 10]),
    "List.sequence": (lambda: ee.List.sequence(1, 7, 3), [1, 4, 7]),
    "Number.add": (lambda: ee.Number(2).add(3), 5),
    "Number.gt": (lambda: ee.Number(2).gt(3), 0),
    "Projection": (lambda: ee.Projection("EPSG:32611").crs(), "EPSG:32611"),
    "Projection.nominalScale": (lambda: ee.Projection("EPSG:32611").atScale(20).nominalScale(), 20),
    "Reducer.combine": (
        lambda: ee.List([1, 2, 3]).reduce(ee.Reducer.min().combine(ee.Reducer.max(), "", True)),
        {"min": 1, "max": 3},
    ),
    "Reducer.count": (lambda: ee.List([1, None, 3]).reduce(ee.Reducer.count()), 2),
    "Reducer.mean": (lambda: ee.List([1, 2, 6]).reduce(ee.Reducer.mean()), 3),
    "Reducer.median": (lambda: ee.List([5, 1, 2]).reduce(ee.Reducer.median()), 2),
    "Reducer.percentile": (
        lambda: ee.List([1, 2, 3]).reduce(ee.Reducer.percentile([0, 100])),
        {"p0": 1, "p100": 3},
    ),
    "Reducer.stdDev": (lambda: ee.List([1, 3]).reduce(ee.Reducer.stdDev()), 1),
    "reduce.count": (lambda: all_scenes().select("B4").count(), [[3, 3], [2, 3]]),
    "reduce.max": (lambda: all_scenes().select("B4").max(), STACK.max(axis=0).tolist()),
    "reduce.mean": (lambda: all_scenes().select("B4").mean(), STACK.mean(axis=0).tolist()),
    "reduce.median": (lambda: all_scenes().select("B4").median(), MEDIAN.tolist()),
    "reduce.min": (lambda: all_scenes().select("B4").min(), STACK.min(axis=0).tolist()),
    "reduce.mode": (lambda: all_scenes().select("B4").map(lambda i: i.gt(450)).mode(), [[1, 0], [0, 0]]),
    "reduce.sum": (lambda: all_scenes().select("B4").sum(), STACK.sum(axis=0).tolist()),
}  # fmt: skip


def called(graph: Any) -> set[str]:
    """Names of the functions that an expression calls."""
    text = json.dumps(graph)
    return {part.split('"', 1)[0] for part in text.split('"functionName": "')[1:]}


def test_every_used_function_has_a_case() -> None:
    assert len(USED) == 119
    assert set(CASES) == set(USED)


@pytest.mark.parametrize("name", USED)
def test_value(scenes: Folder, name: str) -> None:
    build, expected = CASES[name]
    computed = build()
    computed = ee.List(computed) if isinstance(computed, list) else computed
    assert name in called(ee.serializer.encode(computed, for_cloud_api=True))
    if isinstance(computed, ee.Image):
        drawn = scenes.band(computed, GRID)
        got = np.ma.array(drawn.values.astype(float), mask=~drawn.valid).tolist()
        expected = [[None if v is None else pytest.approx(v, rel=1e-6) for v in row] for row in expected]
    else:
        got = scenes.info(computed)
        if isinstance(expected, float):
            expected = pytest.approx(expected) if not math.isinf(expected) else expected
    assert got == expected
