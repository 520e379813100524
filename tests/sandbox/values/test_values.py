"""Dates, geometries, lists, dictionaries, numbers, strings: documented examples and plain facts."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

import ee
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from hypothesis import given
from hypothesis import strategies as st
from osgeo import osr

from ...support.examples import examples
from ...support.scene_folder import Folder


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("empty"))


DATES = {
    "2023-01-31": 1675123200000,
    "2023-01-31T10:30:15": 1675161015000,
    "2023-01-31T10:30:15.250Z": 1675161015250,
    "2023-01-31T10:30:15+02:00": 1675153815000,
    "2023-02": 1675209600000,
    "2023": 1672531200000,
}


@pytest.mark.parametrize(("text", "millis"), DATES.items())
def test_dates_from_text(empty: Folder, text: str, millis: int) -> None:
    assert empty.info(ee.Date(text)) == {"type": "Date", "value": millis}
    assert empty.info(ee.Date(text).millis()) == millis


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda: ee.Date("2023-01-31").advance(1, "month").format(), "2023-02-28T00:00:00"),
        (lambda: ee.Date("2024-02-29").advance(-1, "year").format("YYYY-MM-dd"), "2023-02-28"),
        (lambda: ee.Date("2023-01-01").advance(1.5, "day").format(), "2023-01-02T12:00:00"),
        (lambda: ee.Date("2023-12-31").advance(1, "week").format("yyyy-MM-dd"), "2024-01-07"),
        (
            lambda: ee.Date("2023-03-05T14:07:09").format("d MMM yy, HH:mm:ss 'o''clock' E D"),
            "5 Mar 23, 14:07:09 o'clock Sun 64",
        ),
        (
            lambda: ee.Date("2023-03-05T14:07:09.042").format("h:mm a SSS EEEE MMMM"),
            "2:07 PM 042 Sunday March",
        ),
        (lambda: ee.Date("2024-12-30").format("x-'W'ww-e"), "2025-W01-1"),
        (lambda: ee.Date("2023-01-01", "America/Los_Angeles").millis(), 1672560000000),
        (lambda: ee.Date("2023-07-01").format("HH Z", "Asia/Tokyo"), "09 +0900"),
        (lambda: ee.Date.fromYMD(2023, 2, 3).format("YYYYMMdd"), "20230203"),
        (lambda: ee.Date("2023-05-17").get("month"), 5),
        (lambda: ee.Date("2023-05-17").get("week"), 20),
        (lambda: ee.Date("2023-02-01").getRelative("day", "year"), 31),
        (lambda: ee.Date("2023-05-17").getRelative("month", "year"), 4),
        (lambda: ee.Date("2023-07-02T12:00").getFraction("year"), 0.5),
        (lambda: ee.Date("2013-3-15").getRange("year").end().format(), "2014-01-01T00:00:00"),
        (lambda: ee.Date("2023-01-11").difference("2023-01-01", "day"), 10),
        (lambda: ee.Date("2023-01-02").difference("2023-01-01", "hour"), 24),
        (lambda: ee.DateRange("2023-01-01", "2023-02-01").contains("2023-02-01"), False),
        (lambda: ee.DateRange("2023-01-01").contains("2023-01-01"), True),
        (lambda: ee.DateRange("2023-01-01").end().difference(ee.Date("2023-01-01"), "second"), 0.001),
        (lambda: ee.Date(0).update(2020, 2).format("YYYY-MM-dd"), "2020-02-01"),
    ],
)
def test_dates(empty: Folder, expression: Any, expected: Any) -> None:
    found = empty.info(expression())
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive ends
@examples(60)
def test_dates_format_as_python_does(empty: Folder, moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    date = ee.Date(int(moment.timestamp() * 1000))
    assert empty.info(date.format("yyyy-MM-dd HH:mm:ss DDD")) == moment.strftime("%Y-%m-%d %H:%M:%S %j")


@pytest.mark.parametrize(
    "text", ["yesterday", "2023-13-01", "2023-02-30", "23-01-01", "", "2023-01-01T25:00:00"]
)
def test_bad_dates_are_refused(empty: Folder, text: str) -> None:
    with pytest.raises(Refused, match="Bad date/time"):
        empty.value(ee.Date(text))


@pytest.mark.parametrize(
    "expression",
    [
        lambda: ee.Date(0).advance(1, "fortnight"),
        lambda: ee.Date(0).advance(1e9, "year"),
        lambda: ee.Date(1e18).format(),
        lambda: ee.Date(0).format("Q"),
        lambda: ee.Date("2023-01-01", "Nowhere/Land"),
        lambda: ee.Date.fromYMD(2023, 2, 30),
    ],
)
def test_bad_uses_of_dates_are_refused(empty: Folder, expression: Any) -> None:
    with pytest.raises(Refused):
        empty.value(expression())


# --- geometry

SQUARE = [[[12.0, 50.0], [12.0, 50.1], [12.1, 50.1], [12.1, 50.0]]]


def test_rings_are_closed(empty: Folder) -> None:
    info = empty.info(ee.Geometry.Polygon(SQUARE))
    assert info["type"] == "Polygon"
    assert info["coordinates"][0][0] == info["coordinates"][0][-1] == [12, 50]
    assert "geodesic" not in info
    assert empty.info(ee.Geometry.BBox(1, 2, 3, 4))["geodesic"] is False


def test_geodesic_edges_bulge_to_the_pole(empty: Folder) -> None:
    """The great circle between two places on a parallel peaks at atan(tan(latitude) / cos(half the angle))."""
    line = [[[-30, 50], [30, 50], [30, 40], [-30, 40]]]
    north = empty.info(ee.Geometry.Polygon(line).bounds().coordinates())[0][2][1]
    peak = math.degrees(math.atan(math.tan(math.radians(50)) / math.cos(math.radians(30))))
    assert north == pytest.approx(peak, abs=1e-4)
    flat = empty.info(ee.Geometry.Polygon(line, None, False).bounds().coordinates())[0][2][1]
    assert flat == 50


def test_a_rectangle_in_computed_pixels(empty: Folder) -> None:
    projection = ee.Projection("EPSG:32633", [10, 0, 500000, 0, -10, 5550000])
    box = ee.Geometry.Rectangle([0, 0, 100, 80], projection, False)
    info = empty.info(box)
    assert info["crs"]["properties"]["name"] == "EPSG:32633"
    xs, ys = zip(*info["coordinates"][0], strict=True)
    assert (min(xs), min(ys), max(xs), max(ys)) == (500000, 5549200, 501000, 5550000)


def test_measures(empty: Folder) -> None:
    point = ee.Geometry.Point([12, 50])
    circle = point.buffer(1000)
    assert empty.info(circle.area(1)) == pytest.approx(math.pi * 1000**2, rel=0.01)
    assert empty.info(circle.perimeter(1)) == pytest.approx(2 * math.pi * 1000, rel=0.01)
    assert empty.info(circle.centroid(1).coordinates()) == pytest.approx([12, 50], abs=1e-6)
    shrunk = circle.buffer(-400)
    assert empty.info(shrunk.area(1)) == pytest.approx(math.pi * 600**2, rel=0.01)
    assert empty.info(circle.buffer(-2000).area(1)) == 0
    degree = ee.Geometry.LineString([[0, 0], [1, 0]])
    assert empty.info(degree.length(1)) == pytest.approx(111319.49, rel=1e-4)
    assert empty.info(point.distance(ee.Geometry.Point([12, 50.01]), 1)) == pytest.approx(1112.3, rel=1e-3)


def test_relations_and_overlays(empty: Folder) -> None:
    square, half = ee.Geometry.Polygon(SQUARE), ee.Geometry.BBox(12.05, 49.9, 12.3, 50.2)
    assert empty.info(square.intersects(half, 1))
    assert not empty.info(square.disjoint(half, 1))
    assert not empty.info(half.contains(square, 1))
    assert empty.info(square.contains(ee.Geometry.Point([12.01, 50.01]), 1))
    whole, part = empty.info(square.area(1)), empty.info(square.intersection(half, 1).area(1))
    assert part == pytest.approx(whole / 2, rel=1e-3)
    assert empty.info(square.difference(half, 1).area(1)) == pytest.approx(whole - part, rel=1e-6)
    joined = empty.info(square.union(half, 1).area(1))
    assert joined == pytest.approx(whole + empty.info(half.area(1)) - part, rel=1e-4)


def test_transforming_there_and_back(empty: Folder) -> None:
    there = ee.Geometry.Point([12, 50]).transform("EPSG:32633", 1)
    assert empty.info(there)["coordinates"] == pytest.approx([285015.8, 5542944.0], abs=0.1)
    assert empty.info(there.transform("EPSG:4326", 1).coordinates()) == pytest.approx([12, 50])


def test_parts_of_geometries(empty: Folder) -> None:
    points = ee.Geometry.MultiPoint([[0, 0], [1, 1]])
    assert empty.info(points.geometries()) == [
        {"type": "Point", "coordinates": [0, 0]},
        {"type": "Point", "coordinates": [1, 1]},
    ]
    assert empty.info(ee.Geometry.LinearRing([[0, 0], [1, 0], [1, 1]]).type()) == "LinearRing"
    features = ee.FeatureCollection([ee.Feature(points, {"a": 1}), ee.Feature(ee.Geometry.Point([5, 5]))])
    assert empty.info(features.geometry(1).bounds(1).coordinates())[0][2] == [5, 5]
    grown = ee.Feature(ee.Geometry.Point([0, 0]), {"a": 1}).buffer(100)
    assert empty.info(grown)["properties"] == {"a": 1}
    assert empty.info(grown)["geometry"]["type"] == "Polygon"


@pytest.mark.parametrize("coordinates", [[["a", "b"]], [[1]], [[[1, 2], [3]]], [[[[[1, 2]]]]]])
def test_bad_coordinates_are_refused(empty: Folder, coordinates: Any) -> None:
    node = {
        "functionInvocationValue": {
            "functionName": "GeometryConstructors.Polygon",
            "arguments": {"coordinates": {"constantValue": coordinates}},
        }
    }
    with pytest.raises(Refused):
        empty.evaluator.to_json(empty.evaluator.evaluate({"result": "0", "values": {"0": node}}))


# --- lists, dictionaries, numbers, strings


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda: ee.List.sequence(1, 5), [1, 2, 3, 4, 5]),
        (lambda: ee.List.sequence(0, 1, 0.25), [0, 0.25, 0.5, 0.75, 1]),
        (lambda: ee.List.sequence(5, 1, -2), [5, 3, 1]),
        (lambda: ee.List.sequence(1, None, 2, 3), [1, 3, 5]),
        (lambda: ee.List.sequence(0, 10, count=5), [0, 2.5, 5, 7.5, 10]),
        (lambda: ee.List.sequence(3, 1), []),
        (lambda: ee.List([3, 1, 2]).sort(), [1, 2, 3]),
        (lambda: ee.List(["a", "b", "c"]).sort([3, 1, 2]), ["b", "c", "a"]),
        (lambda: ee.List([1, 2, 1, 3]).distinct(), [1, 2, 3]),
        (lambda: ee.List([1, [2, [3]]]).flatten(), [1, 2, 3]),
        (lambda: ee.List([1, 2]).zip([3, 4]), [[1, 3], [2, 4]]),
        (lambda: ee.List([1, 2, 3, 4]).slice(1, -1), [2, 3]),
        (lambda: ee.List([1, 2, 3]).get(-1), 3),
        (lambda: ee.List([1, 2, 3]).reduce(ee.Reducer.sum()), 6),
        (lambda: ee.List([1, 2, 2]).reduce(ee.Reducer.frequencyHistogram()), {"1": 1, "2": 2}),
        (lambda: ee.List([1, 5, 2]).filter(ee.Filter.gt("item", 1)), [5, 2]),
        (lambda: ee.List([1, 2, 3]).removeAll([2]), [1, 3]),
        (lambda: ee.List(["a", "b"]).join("-"), "a-b"),
        (lambda: ee.List([1, 2, 3]).rotate(-1), [2, 3, 1]),
        (lambda: ee.List([1, 2]).contains(2), True),
        (lambda: ee.List([1, None, 2]).map(lambda v: v, True), [1, 2]),
        (lambda: ee.Dictionary({"b": 2, "a": 1}).keys(), ["a", "b"]),
        (lambda: ee.Dictionary({"b": 2, "a": 1}).values(), [1, 2]),
        (lambda: ee.Dictionary(["x", 1, "y", 2]).get("y"), 2),
        (lambda: ee.Dictionary({"a": 1}).get("z", 9), 9),
        (lambda: ee.Dictionary({"a": 1}).combine({"a": 2, "b": 3}, False), {"a": 1, "b": 3}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).map(lambda k, v: ee.Number(v).add(1)), {"a": 2, "b": 3}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).select(["b"]), {"b": 2}),
        (lambda: ee.Dictionary({"a1": 1, "b": 2}).remove(["a.*"]), {"b": 2}),
        (lambda: ee.Dictionary.fromLists(["a"], [1]).rename(["a"], ["c"]), {"c": 1}),
        (lambda: ee.Number(7).divide(2), 3.5),
        (lambda: ee.Number(7).divide(0), 0),
        (lambda: ee.Number(-7).mod(3), -1),
        (lambda: ee.Number(2.5).round(), 3),
        (lambda: ee.Number(-2.5).round(), -2),
        (lambda: ee.Number(2.7).toInt(), 2),
        (lambda: ee.Number(300).toByte(), 255),
        (lambda: ee.Number(3).gt(2), 1),
        (lambda: ee.Number(3.14159).format("%.2f"), "3.14"),
        (lambda: ee.Number(42).format("%05d"), "00042"),
        (lambda: ee.Number.parse("1e3"), 1000),
        (lambda: ee.String("abc").cat("def").slice(1, -1), "bcde"),
        (lambda: ee.String("a,b;c").split("[,;]"), ["a", "b", "c"]),
        (lambda: ee.String("T11SKB_T10").replace("T(\\d+)", "$1"), "11SKB_T10"),
        (lambda: ee.String("T11SKB_T10").replace("T(\\d+)", "$1", "g"), "11SKB_10"),
        (lambda: ee.String("S2A_2023").match("(\\d)A_(\\d+)"), ["2A_2023", "2", "2023"]),
        (lambda: ee.String("Hay").toUpperCase().length(), 3),
        (lambda: ee.Number(2.0), 2),
        (lambda: ee.Feature(None, {"a": 1, "system:x": 2}).toDictionary(), {"a": 1}),
        (lambda: ee.Feature(None, {"a": 1}).get("b"), None),
    ],
)
def test_plain_values(empty: Folder, expression: Any, expected: Any) -> None:
    assert empty.info(expression()) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda: ee.List([1]).get(3), "List index must be between 0 and 0"),
        (lambda: ee.Dictionary({"a": 1}).get("z"), "Dictionary does not contain key: 'z'"),
        (lambda: ee.List.sequence(1, 2, 0), "step must not be 0"),
        (lambda: ee.List.sequence(1, 1e12), "More than"),
        (lambda: ee.List.repeat(1, 10**9), "count must be"),
        (lambda: ee.Number.parse("x"), "Cannot parse"),
        (lambda: ee.Number(1).format("%d%d"), "Unsupported format"),
        (lambda: ee.Number(-1).sqrt(), "Number.sqrt"),
        (lambda: ee.String("a").match("("), "Invalid regular expression"),
        (lambda: ee.Number(ee.String("a").cat("b")).add(1), "Invalid type"),
    ],
)
def test_refusals(empty: Folder, expression: Any, message: str) -> None:
    with pytest.raises(Refused, match=message.replace("(", r"\(")):
        empty.value(expression())


def test_numbers_that_are_not_finite_are_json(empty: Folder) -> None:
    assert empty.evaluator.to_json([math.inf, -math.inf, math.nan, 1.0]) == [
        "Infinity",
        "-Infinity",
        "NaN",
        1,
    ]


def test_projections_as_values(empty: Folder) -> None:
    projection = ee.Projection("EPSG:32633", [20, 0, 7, 0, -20, 9])
    assert empty.info(projection) == {
        "type": "Projection",
        "crs": "EPSG:32633",
        "transform": [20, 0, 7, 0, -20, 9],
    }
    assert empty.info(projection.nominalScale()) == pytest.approx(20)
    assert empty.info(projection.atScale(30).nominalScale()) == pytest.approx(30)
    assert empty.info(projection.crs()) == "EPSG:32633"


def test_wkt_of_a_code_is_printed_as_the_code(folder: Folder) -> None:
    """Also where WKT names no authority; WKT of another place stays as it is."""
    reference = osr.SpatialReference()
    for code in (32611, 4326, 5070):
        reference.ImportFromEPSG(code)
        for text in (reference.ExportToWkt(), reference.ExportToWkt(["FORMAT=WKT2"]), f" epsg:{code}"):
            assert folder.info(ee.Projection(text)) == {
                "type": "Projection",
                "crs": f"EPSG:{code}",
                "transform": [1, 0, 0, 0, 1, 0],
            }
    reference.ImportFromEPSG(32611)
    bare = re.sub(r",\s*AUTHORITY\[[^\]]*\]", "", reference.ExportToWkt())
    assert "AUTHORITY" not in bare
    assert folder.info(ee.Projection(bare).crs()) == "EPSG:32611"
    elsewhere = reference.ExportToWkt().replace("-117", "-117.25")
    assert folder.info(ee.Projection(elsewhere).crs()) == elsewhere
    image = ee.Image(1).setDefaultProjection(reference.ExportToWkt(), [10, 0, 0, 0, -10, 0])
    assert folder.info(image)["bands"][0]["crs"] == "EPSG:32611"


def test_margins_of_simplify(folder: Folder) -> None:
    """A corner 30 m off the line goes with a margin of 40 m, in meters and in the projection's own."""
    line = ee.Geometry.LineString(
        [[500000, 4100000], [501000, 4100030], [502000, 4100000]], "EPSG:32611", False
    )
    for margin, points in (
        (20, 3),
        (40, 2),
        (-40, 2),
        (ee.ErrorMargin(40, "projected"), 2),
        (ee.ErrorMargin(20, "projected"), 3),
        (ee.ErrorMargin(0, "infinite"), 2),
    ):
        assert len(folder.info(line.simplify(margin))["coordinates"]) == points
    in_degrees = line.simplify(40, "EPSG:4326")
    assert len(folder.info(in_degrees)["coordinates"]) == 2
    with pytest.raises(Refused, match="Unknown unit 'feet'"):
        folder.value(ee.ErrorMargin(1, "feet"))
