"""What getInfo prints: forms that the service has answered with, as public recordings of its answers have them."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused

from ...support.scene_folder import S2, Folder

POINT = {"type": "Point", "coordinates": [0, 0]}


def features() -> Any:
    return ee.FeatureCollection([ee.Feature(ee.Geometry.Point(0, 0), {"foo": "bar"})])


def images() -> Any:
    return ee.ImageCollection([ee.Image(0), ee.Image(1)]).set("test_prop", 42)


def test_features_have_their_index_as_id(folder: Folder) -> None:
    assert folder.info(features()) == {
        "type": "FeatureCollection",
        "columns": {"foo": "String", "system:index": "String"},
        "features": [{"type": "Feature", "geometry": POINT, "id": "0", "properties": {"foo": "bar"}}],
    }
    lone = ee.Feature(ee.Geometry.Point(0, 0), {"foo": "bar"})
    assert folder.info(lone) == {"type": "Feature", "geometry": POINT, "properties": {"foo": "bar"}}
    assert folder.info(ee.Feature(None)) == {"type": "Feature", "geometry": None, "properties": {}}
    assert folder.info(features().first().get("system:index")) == "0"
    moved = features().map(lambda feature: feature.set("system:index", "x"))
    assert folder.info(moved)["features"][0]["id"] == "x"


def test_images_keep_their_index_among_the_properties(folder: Folder) -> None:
    found = folder.info(images())
    assert (found["type"], found["bands"], found["properties"]) == ("ImageCollection", [], {"test_prop": 42})
    assert [image["properties"] for image in found["features"]] == [
        {"system:index": "0"},
        {"system:index": "1"},
    ]
    assert "columns" not in found


def test_collections_inside_other_values_are_printed_without_elements(folder: Folder) -> None:
    inside = [
        {"type": "ImageCollection", "bands": [], "properties": {"test_prop": 42}},
        {"type": "FeatureCollection", "columns": {"foo": "String", "system:index": "String"}},
    ]
    assert folder.info(ee.List([images(), features()])) == inside
    assert folder.info(ee.Dictionary({"a": images(), "b": [features()]})) == {
        "a": inside[0],
        "b": [inside[1]],
    }
    assert folder.info(ee.Feature(None, {"all": features()}))["properties"] == {"all": inside[1]}


def test_columns_have_types(folder: Folder) -> None:
    rows = [{"n": 1}, {"n": 2, "x": 1.5, "big": 2**40, "list": [1], "when": ee.Date(0), "flag": True}]
    found = folder.info(ee.FeatureCollection([ee.Feature(None, row) for row in rows]))["columns"]
    assert list(found.items()) == [
        ("big", "Long"),
        ("flag", "Boolean"),
        ("list", "List"),
        ("n", "Integer"),
        ("system:index", "String"),
        ("when", "Date"),
        ("x", "Float"),
    ]


@pytest.mark.parametrize(
    ("made", "printed"),
    [
        (
            lambda: ee.Filter.eq("foo", "bar"),
            {"type": "Filter.eq", "rightValue": "bar", "leftField": "foo"},
        ),
        (lambda: ee.Reducer.max(5), {"type": "Reducer.max", "numInputs": 5}),
        (ee.Reducer.mean, {"type": "Reducer.mean"}),
        (
            lambda: ee.Reducer.mean().combine(ee.Reducer.max(1), "m_", True),
            {
                "type": "Reducer.combine",
                "reducer1": {"type": "Reducer.mean"},
                "reducer2": {"type": "Reducer.max"},
                "outputPrefix": "m_",
                "sharedInputs": True,
            },
        ),
        (
            lambda: ee.Filter.And(ee.Filter.lt("a", 1), ee.Filter.date("1970-01-01", "1970-01-02")),
            {
                "type": "Filter.and",
                "filters": [
                    {"type": "Filter.lt", "leftField": "a", "rightValue": 1},
                    {
                        "type": "Filter.dateRangeContains",
                        "rightField": "system:time_start",
                        "leftValue": {"type": "DateRange", "dates": [0, 86_400_000]},
                    },
                ],
            },
        ),
        (
            lambda: ee.Join.saveAll("matches", "n", outer=True),
            {"type": "Join.saveAll", "matchesKey": "matches", "ordering": "n", "outer": True},
        ),
        (
            lambda: ee.Kernel.square(1),
            {
                "type": "Kernel.square",
                "radius": 1,
                "center": [1, 1],
                "weights": "\n  [0.1111111111111111, 0.1111111111111111, 0.1111111111111111]" * 3,
            },
        ),
        (
            lambda: ee.Kernel.fixed(2, 1, [[1e-4, -2.5e8]], 0, 0),
            {
                "type": "Kernel.fixed",
                "width": 2,
                "height": 1,
                "x": 0,
                "y": 0,
                "center": [0, 0],
                "weights": "\n  [1.0E-4, -2.5E8]",
            },
        ),
        (
            lambda: ee.Kernel.circle(30, "meters"),
            {"type": "Kernel.circle", "radius": 30, "units": "meters"},
        ),
    ],
)
def test_what_is_printed_as_the_call_that_made_it(folder: Folder, made: Any, printed: dict) -> None:
    """The service leaves out arguments that are the default; a value of a list still is what made it."""
    assert folder.info(made()) == printed
    assert folder.info(ee.List([made()]).get(0)) == printed


def test_numbers_as_the_service_writes_them(folder: Folder) -> None:
    """Weights of the recorded Gaussian kernel, scaled by nothing: below a thousandth with an exponent."""
    row = [1.9651916124031917e-5, 2.3940934949727e-4, 0.001072958264978661, 0, 1, 0.15924112569070253]
    found = folder.info(ee.Kernel.fixed(6, 1, [row]))["weights"]
    assert found == (
        "\n  [1.9651916124031917E-5, 2.3940934949727E-4, 0.001072958264978661, 0.0, 1.0, 0.15924112569070253]"
    )


def test_a_filter_of_a_formula_is_refused_by_name(folder: Folder) -> None:
    with pytest.raises(Refused, match=r"filter made of a formula.*sandbox"):
        folder.info(ee.Filter.expression("a < 1"))
    with pytest.raises(Refused, match=r"filter made of a formula.*sandbox"):
        folder.info(ee.Filter.expression("a < 1").Not())


def test_kernels_count_by_their_weights(folder: Folder) -> None:
    """A few kilobytes of request must not become gigabytes of text."""
    with pytest.raises(Refused, match="memory"):
        folder.info(ee.List.repeat(ee.Kernel.square(500), 100))


def test_a_scene_as_a_feature_keeps_its_asset_id(folder: Folder) -> None:
    folder.scene("A", {"B1": np.ones((2, 2), np.uint8)})
    found = folder.info(
        ee.Feature(ee.ApiFunction.apply_("Feature.setGeometry", {"feature": ee.Image(f"{S2}/A")}))
    )
    assert (found["id"], found["properties"]["system:index"]) == (f"{S2}/A", "A")
