"""Features, their columns, and arrays made of them."""

from __future__ import annotations

import ee
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused

from ...support.scene_folder import Folder


def test_features_and_arrays(folder: Folder) -> None:
    features = ee.FeatureCollection.fromColumns([[1, 2, "x"], [3.5, 4, 5]], ["a", "b"])
    assert folder.info(features.aggregate_array("b")) == [3.5, 4, 5]
    assert folder.info(ee.Feature(features.first()).toArray(["a", "b"])) == [1, 3.5]
    kept = folder.info(features.makeArray(["b", "a"], "both"))["features"]
    assert [f["properties"]["both"] for f in kept] == [[3.5, 1], [4, 2]]
    for bad in (
        ee.Feature(None, {"a": "x"}).toArray(["a"]),
        ee.FeatureCollection.fromColumns([[1], [2, 3]], ["a", "b"]),
    ):
        with pytest.raises(Refused):
            folder.value(bad)
