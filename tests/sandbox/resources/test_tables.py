"""Feature collections as files and by page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from ...support.servers import L2A, LATER, SCENE, ask


@pytest.fixture
def places(ee: Any) -> Any:
    return ee.FeatureCollection([
        ee.Feature(ee.Geometry.Point([12, 50]), {"name": 'a "quoted", one', "n": 1, "list": [1, 2]}),
        ee.Feature(None, {"name": "zwölf", "n": 2.5, "flag": True}),
    ])  # fmt: skip


def fetch(url: str, address: str) -> tuple[dict[str, str], bytes]:
    status, headers, body = ask(url, "GET", address.removeprefix(url))
    assert status == 200, body
    return headers, body


def rows(url: str, address: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(fetch(url, address)[1].decode())))


def test_csv_has_every_property(ee: Any, url: str, places: Any) -> None:
    headers, body = fetch(url, places.getDownloadURL("CSV", filename="out"))
    assert headers["content-type"] == "text/csv; charset=UTF-8"
    assert headers["content-disposition"] == 'attachment; filename="out.csv"'
    header, first, second = csv.reader(io.StringIO(body.decode()))
    assert header == ["system:index", "flag", "list", "n", "name", ".geo"]
    assert first[:5] == ["0", "", "[1, 2]", "1", 'a "quoted", one']
    assert json.loads(first[5]) == {"type": "Point", "coordinates": [12, 50]}
    assert second == ["1", "true", "", "2.5", "zwölf", ""]


def test_selectors_choose_and_order(ee: Any, url: str, places: Any) -> None:
    assert rows(url, places.getDownloadURL("CSV", ["n", "name", "absent"])) == [
        ["n", "name", "absent"],
        ["1", 'a "quoted", one', ""],
        ["2.5", "zwölf", ""],
    ]


def test_geojson(ee: Any, url: str, places: Any) -> None:
    headers, body = fetch(url, places.getDownloadURL("GEO_JSON", ["n", ".geo"], "out.geojson"))
    assert headers["content-disposition"] == 'attachment; filename="out.geojson"'
    first, second = json.loads(body)["features"]
    assert first == {
        "type": "Feature",
        "id": "0",
        "geometry": {"type": "Point", "coordinates": [12, 50]},
        "properties": {"n": 1},
    }
    assert second["geometry"] is None


def test_an_image_collection_is_a_table_too(ee: Any, url: str) -> None:
    address = ee.FeatureCollection(ee.ImageCollection(L2A)).getDownloadURL(
        "CSV", ["system:index", "MGRS_TILE"]
    )
    found = rows(url, address)
    assert found[1:] == [[SCENE, "11SKB"], [LATER, "11SKB"]]


def test_empty_table(ee: Any, url: str) -> None:
    assert rows(url, ee.FeatureCollection([]).getDownloadURL("CSV")) == [["system:index", ".geo"]]


def test_features_by_page(ee: Any) -> None:
    numbers = ee.FeatureCollection(ee.List.sequence(0, 24).map(lambda n: ee.Feature(None, {"n": n})))
    pages, mark = [], None
    while True:
        request = {"expression": numbers, "pageSize": 10, **({"pageToken": mark} if mark else {})}
        page = ee.data.computeFeatures(request)
        pages.append([feature["properties"]["n"] for feature in page["features"]])
        mark = page.get("nextPageToken")
        if mark is None:
            break
    assert pages == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


def test_a_page_holds_a_thousand_by_default(ee: Any) -> None:
    numbers = ee.FeatureCollection(ee.List.sequence(1, 1001).map(lambda n: ee.Feature(None, {"n": n})))
    page = ee.data.computeFeatures({"expression": numbers})
    assert (len(page["features"]), page["nextPageToken"]) == (1000, "1000")


def test_features_come_in_degrees_with_straight_edges(ee: Any) -> None:
    square = ee.Geometry.Rectangle([500000, 5500000, 500010, 5500010], "EPSG:32633", geodesic=False)
    (feature,) = ee.data.computeFeatures({"expression": ee.FeatureCollection([ee.Feature(square)])})[
        "features"
    ]
    assert set(feature["geometry"]) == {"type", "coordinates"}
    # The zone's central meridian is 15 degrees east, where eastings are 500 km.
    assert min(x for x, _ in feature["geometry"]["coordinates"][0]) == pytest.approx(15, abs=1e-9)


@pytest.mark.parametrize(("change", "message"), [
    ({"pageToken": "x"}, "Invalid page token or page size."),
    ({"pageSize": -1}, "Invalid page token or page size."),
    ({"pageToken": "-5"}, "Invalid page token or page size."),
])  # fmt: skip
def test_pages_that_make_no_sense(ee: Any, places: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ee.EEException) as refusal:
        ee.data.computeFeatures({"expression": places, **change})
    assert str(refusal.value) == message


def test_what_is_no_table(ee: Any, places: Any) -> None:
    with pytest.raises(ee.EEException, match="not a FeatureCollection but a Image"):
        ee.data.computeFeatures({"expression": ee.Image(1)})
    with pytest.raises(ee.EEException, match="File format KML is not supported by this sandbox"):
        places.getDownloadURL("KML")
