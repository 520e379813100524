"""Accuracy, colours, mixtures, special functions, random numbers: values from elsewhere than the sandbox."""

from __future__ import annotations

import colorsys
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

# --- accuracy: the matrix that the reference's pages compute with

COUNTS = np.array(
    [[32, 0, 0, 0, 1, 0], [0, 5, 0, 0, 1, 0], [0, 0, 1, 3, 0, 0],
     [0, 1, 4, 26, 8, 0], [0, 0, 0, 7, 15, 0], [0, 0, 0, 1, 0, 5]]
)  # fmt: skip


def matrix() -> Any:
    return ee.ConfusionMatrix(ee.Array(COUNTS.tolist()))


def test_accuracy(folder: Folder) -> None:
    """Counted prediction by prediction: 84 of 110 are right."""
    assert folder.info(matrix()) == folder.info(matrix().array()) == COUNTS.tolist()
    assert folder.info(matrix().order()) == [0, 1, 2, 3, 4, 5]
    assert folder.info(matrix().accuracy()) == pytest.approx(84 / 110)
    producers = [[32 / 33], [5 / 6], [1 / 4], [26 / 39], [15 / 22], [5 / 6]]
    consumers = [[32 / 32, 5 / 6, 1 / 5, 26 / 37, 15 / 25, 5 / 5]]
    np.testing.assert_allclose(folder.info(matrix().producersAccuracy()), producers)
    np.testing.assert_allclose(folder.info(matrix().consumersAccuracy()), consumers)
    chance = (33 * 32 + 6 * 6 + 4 * 5 + 39 * 37 + 22 * 25 + 6 * 5) / 110**2
    assert folder.info(matrix().kappa()) == pytest.approx((84 / 110 - chance) / (1 - chance))
    for beta in (1, 2):
        expected = [
            (1 + beta**2) * p * r / (beta**2 * p + r) for p, (r,) in zip(consumers[0], producers, strict=True)
        ]
        np.testing.assert_allclose(folder.info(matrix().fscore(beta)), expected)


def test_accuracy_of_features(folder: Folder) -> None:
    pairs = [(0, 0), (0, 1), (1, 1), (2, 1), (2, 2), (2, 2)]
    features = ee.FeatureCollection([ee.Feature(None, {"is": a, "was": b}) for a, b in pairs])
    assert folder.info(features.errorMatrix("is", "was")) == [[1, 1, 0], [0, 1, 0], [0, 1, 2]]
    chosen = features.errorMatrix("is", "was", [2, 0])
    assert folder.info(chosen) == [[2, 0], [0, 1]]
    assert folder.info(chosen.order()) == [2, 0]
    empty = ee.FeatureCollection([]).errorMatrix("is", "was")
    for bad in (
        empty.accuracy(),
        empty.kappa(),
        ee.ConfusionMatrix(ee.Array([[1, 2]])),
        ee.ConfusionMatrix(ee.Array([[1]]), [1, 2]),
        features.map(lambda f: f.set("was", -1)).errorMatrix("is", "was"),
        features.map(lambda f: f.set("was", 10**9)).errorMatrix("is", "was"),
    ):
        with pytest.raises(Refused):
            folder.value(bad)


# --- features, columns, arrays


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


# --- pixels


@pytest.fixture
def colours(folder: Folder) -> Folder:
    """Random colours, then black, grey, and the corners of the colour cube."""
    values = np.random.default_rng(8).random((3, 4, 5))
    corners = np.array(
        [[0, 0, 0], [0.5, 0.5, 0.5], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]]
    )
    values.reshape(3, -1)[:, : len(corners)] = corners.T
    folder.scene("A", dict(zip("abc", values, strict=True)), collection="MY/SCENES")
    return folder


@pytest.mark.parametrize(
    ("name", "function", "names"),
    [
        ("rgbToHsv", colorsys.rgb_to_hsv, ["hue", "saturation", "value"]),
        ("hsvToRgb", colorsys.hsv_to_rgb, ["red", "green", "blue"]),
    ],
)
def test_colours(colours: Folder, grid: Callable[..., Grid], name: str, function: Any, names: list) -> None:
    image = ee.Image("MY/SCENES/A")
    before, after = (colours.pixels(i, grid(5, 4)) for i in (image, getattr(image, name)()))
    assert list(after) == names
    for y, x in np.ndindex(4, 5):
        expected = function(*(float(before[band].values[y, x]) for band in "abc"))
        assert [raster.values[y, x] for raster in after.values()] == pytest.approx(expected, abs=1e-6)
    with pytest.raises(Refused, match="three bands"):
        colours.value(getattr(image.select(["a", "b"]), name)())


def test_mixtures(colours: Folder, grid: Callable[..., Grid]) -> None:
    """Least squares by numpy; with a constraint, no other shares that add up to one fit better."""
    members = [[0.9, 0.1, 0.2], [0.2, 0.8, 0.3]]
    image = ee.Image("MY/SCENES/A")
    free, whole = (colours.pixels(image.unmix(members, one), grid(5, 4)) for one in (False, True))
    assert list(free) == ["band_0", "band_1"]
    table = np.array(members).T
    before = colours.pixels(image, grid(5, 4))
    for y, x in np.ndindex(4, 5):
        pixel = np.array([before[band].values[y, x] for band in "abc"])
        expected = np.linalg.lstsq(table, pixel, rcond=None)[0]
        assert [r.values[y, x] for r in free.values()] == pytest.approx(expected)
        shares = np.linspace(-5, 5, 2001)
        errors = [np.linalg.norm(table @ [s, 1 - s] - pixel) for s in shares]
        found = [r.values[y, x] for r in whole.values()]
        assert sum(found) == pytest.approx(1)
        assert found[0] == pytest.approx(shares[int(np.argmin(errors))], abs=0.0026)
    with pytest.raises(Refused, match="nonNegative"):
        colours.value(image.unmix(members, False, True))
    with pytest.raises(Refused, match="3 values"):
        colours.value(image.unmix([[1]]))


@pytest.mark.parametrize(
    ("compute", "given", "expected"),
    [
        (lambda i: i.gamma(), 5, 24),
        (lambda i: i.erf(), 0.5, math.erf(0.5)),
        (lambda i: i.erfc(), 0.5, math.erfc(0.5)),
        (lambda i: i.erfInv(), math.erf(0.7), 0.7),
        (lambda i: i.erfcInv(), math.erfc(0.7), 0.7),
        (lambda i: i.digamma(), 1, -0.5772156649015329),  # less Euler's constant
        (lambda i: i.trigamma(), 1, math.pi**2 / 6),
        (lambda i: i.gammainc(ee.Image(1)), 2, 1 - math.exp(-2)),  # P(1, x)
        (lambda i: i.bitCount(), 255, 8),
        (lambda i: i.bitCount(), -1, 64),
        (lambda i: i.firstNonZero(7), 0, 7),
        (lambda i: i.firstNonZero(7), 3, 3),
        (lambda i: i.lanczos(), 1e9, 1),  # tends to its constant
    ],
)
def test_special_functions(
    folder: Folder, grid: Callable[..., Grid], compute: Any, given: float, expected: float
) -> None:
    assert folder.band(compute(ee.Image(given)), grid(1, 1)).values[0, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300, -1e300, -3, 0])
@pytest.mark.parametrize("name", ["gamma", "digamma", "trigamma", "lanczos", "erf", "erfInv", "erfcInv"])
def test_special_functions_of_extremes(
    folder: Folder, grid: Callable[..., Grid], name: str, value: float
) -> None:
    image = ee.Image(1).divide(1 / value) if value and math.isfinite(value) else ee.Image(value or 0)
    image = ee.Image(1e300).multiply(1e300).multiply(math.copysign(1, value)) if math.isinf(value) else image
    folder.band(getattr(image, name)(), grid(1, 1))


# --- random numbers


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
