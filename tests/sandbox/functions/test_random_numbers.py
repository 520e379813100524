"""Random pixels, lists and samples: their distributions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import Folder, masked


def test_random_pixels(folder: Folder, grid: Callable[..., Grid]) -> None:
    """Uniform ones fill 0 to 1, normal ones have mean 0 and deviation 1; neighbours and seeds are independent."""
    whole = grid(200, 200)
    uniform = folder.band(ee.Image.random(), whole).values
    assert 0 <= uniform.min() < 0.001
    assert 0.999 < uniform.max() < 1
    counts, _ = np.histogram(uniform, 10, (0, 1))
    assert (np.abs(counts - 4000) < 5 * math.sqrt(4000)).all()
    normal = folder.band(ee.Image.random(3, "normal"), whole).values
    assert abs(normal.mean()) < 5 / 200
    assert normal.std() == pytest.approx(1, abs=0.02)
    seeded = folder.band(ee.Image.random(1), whole).values
    for one, other in ((uniform[:, 1:], uniform[:, :-1]), (uniform[1:], uniform[:-1]), (uniform, seeded)):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / 200
    part = folder.band(ee.Image.random(), whole.window(20, 30, 50, 40)).values
    np.testing.assert_array_equal(part, uniform[30:70, 20:70])
    with pytest.raises(Refused, match="distribution"):
        folder.value(ee.Image.random(0, "poisson"))


def test_shuffled_lists(folder: Folder) -> None:
    numbers = ee.List.sequence(1, 50)
    first = folder.info(numbers.shuffle(3))
    assert sorted(first) == list(range(1, 51)) != first
    assert folder.info(numbers.shuffle(3)) == first
    assert folder.info(numbers.shuffle(4)) != first
    assert folder.info(numbers.shuffle(False)) != folder.info(numbers.shuffle(False))


def test_stratified_samples(folder: Folder) -> None:
    """As many of each class as asked for, all of those that are rarer, each at most once."""
    classes = np.random.default_rng(9).choice([1, 2, 3], (20, 20), p=[0.7, 0.28, 0.02]).astype(np.uint8)
    number = np.arange(400).reshape(20, 20).astype(np.uint16)
    folder.scene("A", {"class": classes, "n": number}, collection="MY/SCENES")
    sampled = ee.Image("MY/SCENES/A").stratifiedSample(30, "class", classValues=[2], classPoints=[5])
    rows = [f["properties"] for f in folder.info(sampled)["features"]]
    rare = int((classes == 3).sum())
    assert Counter(row["class"] for row in rows) == {1: 30, 2: 5, 3: rare}
    assert len({row["n"] for row in rows}) == len(rows)
    assert all(classes.ravel()[row["n"]] == row["class"] for row in rows)
    again = ee.Image("MY/SCENES/A").stratifiedSample(30, "class", seed=1, classValues=[2], classPoints=[5])
    assert {f["properties"]["n"] for f in folder.info(again)["features"]} != {row["n"] for row in rows}


def test_features_as_pixels(folder: Folder, grid: Callable[..., Grid]) -> None:
    """Each feature covers some columns; a pixel's features are reduced together, one without the property is not."""

    def square(west: int, east: int, **properties: Any) -> Any:
        box = ee.Geometry.Rectangle(
            [500000 + 10 * west, 4099980, 500000 + 10 * east, 4100000], "EPSG:32611", False
        )
        return ee.Feature(box, properties)

    features = ee.FeatureCollection(
        [square(0, 3, v=1, w=10), square(1, 4, v=5, w=20), square(0, 6, w=3), square(2, 4, v=6, w=0)]
    )
    image = features.reduceToImage(["v"], ee.Reducer.mean())
    assert masked(folder.band(image, grid(6, 2))).tolist() == [[1, 3, 4, 5.5, None, None]] * 2
    both = features.reduceToImage(["v", "w"], ee.Reducer.max(2))
    drawn = folder.pixels(both, grid(6, 1))
    assert {n: masked(r).tolist() for n, r in drawn.items()} == {
        "max": [[1, 5, 6, 6, None, None]], "max1": [[10, 20, 0, 0, None, None]]
    }  # fmt: skip
    assert folder.band(features.reduceToImage(["v"], ee.Reducer.count()), grid(6, 1)).values[
        0, :4
    ].tolist() == [1, 2, 3, 2]
    with pytest.raises(Refused, match="properties for the reducer"):
        folder.value(features.reduceToImage(["v"], ee.Reducer.linearFit()))
