"""Reducers that fit, correlate and describe: expected values by other means, of lists and at every pixel."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Canvas, Grid

from ...support.scene_folder import S2, Folder

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=12).round(3)
Y = (2 * X + RANDOM.normal(size=12)).round(3)
TIED_X, TIED_Y = np.round(X), np.round(Y)


def pairs(x: Any, y: Any) -> Any:
    return ee.List([[float(a), float(b)] for a, b in zip(x, y, strict=True)])


def reduced(folder: Folder, values: Any, reducer: Any) -> Any:
    return folder.info(ee.List(values).reduce(reducer))


def student(correlation: float, count: int) -> float:
    """The two-sided p-value of Student's test, by integrating the distribution's density."""
    freedom = count - 2
    t = abs(correlation) * math.sqrt(freedom / (1 - correlation**2))
    # The substitution t = sqrt(freedom) tan(a) makes the tail an integral of a power of the cosine.
    steps = 200_000
    angle = np.linspace(math.atan(t / math.sqrt(freedom)), math.pi / 2, steps + 1)
    middle = (angle[1:] + angle[:-1]) / 2
    constant = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return 2 * constant * float((np.cos(middle) ** (freedom - 1)).mean()) * (angle[-1] - angle[0])


# --- lines


def test_a_line(folder: Folder) -> None:
    """The guide's list: the slope of equal columns is 1, their offset 0; and a line that numpy fits."""
    exact = reduced(folder, [[n, n] for n in range(1, 6)], ee.Reducer.linearFit())
    assert exact == {"scale": pytest.approx(1), "offset": pytest.approx(0, abs=1e-12)}
    slope, offset = np.polyfit(X, Y, 1)
    found = reduced(folder, pairs(X, Y), ee.Reducer.linearFit())
    assert found == {"scale": pytest.approx(slope), "offset": pytest.approx(offset)}


def test_a_line_of_time(folder: Folder) -> None:
    """Milliseconds since 1970 are large beside their differences."""
    time = 1_672_531_200_000 + 86_400_000 * np.arange(12.0)
    slope, offset = np.polyfit(time - time.mean(), Y, 1)
    found = reduced(folder, pairs(time, Y), ee.Reducer.linearFit())
    assert found["scale"] == pytest.approx(slope, rel=1e-9)
    assert found["offset"] == pytest.approx(offset - slope * time.mean(), rel=1e-9)
    rows = [[1, float(t), float(y)] for t, y in zip(time, Y, strict=True)]
    fitted = reduced(folder, rows, ee.Reducer.linearRegression(2))
    assert np.ravel(fitted["coefficients"])[1] == pytest.approx(slope, rel=1e-7)


def test_lines_are_weighted_by_masks(folder: Folder, grid: Callable[..., Grid]) -> None:
    """A mask of a third counts a third: as if the others were there three times."""
    third = [1 / 3, 1, 1, 1 / 3, 1]
    images = [
        ee.Image([float(x), float(y)]).rename(["x", "y"]).updateMask(w)
        for x, y, w in zip(X, Y, third, strict=False)
    ]
    drawn = folder.pixels(ee.ImageCollection(images).reduce(ee.Reducer.linearFit()), grid(1, 1))
    slope, offset = np.polyfit(X[:5], Y[:5], 1, w=np.sqrt(third))
    assert drawn["scale"].values[0, 0] == pytest.approx(slope, rel=1e-6)
    assert drawn["offset"].values[0, 0] == pytest.approx(offset, rel=1e-6)


def test_no_line_through_one_place(folder: Folder) -> None:
    for rows in ([[1, 2]], [[1, 2], [1, 3]]):
        assert reduced(folder, rows, ee.Reducer.linearFit()) == {"scale": None, "offset": None}


# --- regressions


def test_regression(folder: Folder) -> None:
    """Coefficients (numX, numY), and a root mean square for each dependent variable."""
    table = RANDOM.normal(size=(20, 5))
    found = reduced(folder, table.tolist(), ee.Reducer.linearRegression(3, 2))
    solution = np.linalg.lstsq(table[:, :3], table[:, 3:], rcond=None)[0]
    np.testing.assert_allclose(found["coefficients"], solution, rtol=1e-9)
    rest = table[:, 3:] - table[:, :3] @ solution
    np.testing.assert_allclose(found["residuals"], np.sqrt((rest**2).mean(axis=0)), rtol=1e-9)


@pytest.mark.parametrize("rows", [[[1, 2, 3], [2, 3, 4]], [[1, 2, 3], [2, 4, 4], [3, 6, 5], [4, 8, 1]], []])
def test_underdetermined_regressions_are_null(folder: Folder, rows: list) -> None:
    """No more records than variables, or variables that depend on each other."""
    found = reduced(folder, rows, ee.Reducer.linearRegression(2))
    assert found == {"coefficients": None, "residuals": None}


def test_robust_regression_leaves_outliers_out(folder: Folder) -> None:
    """With an outlier it finds what least squares finds without; a huge margin leaves nothing out."""
    x = np.arange(20.0)
    y = 3 * x + 1 + 0.1 * RANDOM.normal(size=20)
    y[4] += 100
    rows = np.column_stack([np.ones(20), x, y]).tolist()
    kept = np.delete(np.arange(20), 4)
    clean = np.linalg.lstsq(np.array(rows)[kept, :2], y[kept], rcond=None)[0]
    for margin in (30, None):
        found = reduced(folder, rows, ee.Reducer.robustLinearRegression(2, 1, margin))
        np.testing.assert_allclose(np.ravel(found["coefficients"]), clean, rtol=1e-9)
        assert found["residuals"][0] < 0.3
    ordinary = reduced(folder, rows, ee.Reducer.linearRegression(2))
    assert reduced(folder, rows, ee.Reducer.robustLinearRegression(2, 1, 1e9)) == ordinary


def test_sens_slope(folder: Folder) -> None:
    """The median of all slopes, listed one by one; points above each other have none."""
    for x, y in ((X, Y), (TIED_X, TIED_Y)):
        slopes = [
            (y[j] - y[i]) / (x[j] - x[i]) for i, j in itertools.combinations(range(12), 2) if x[i] != x[j]
        ]
        found = reduced(folder, pairs(x, y), ee.Reducer.sensSlope())
        assert found["slope"] == pytest.approx(np.median(slopes))
        assert found["offset"] == pytest.approx(np.median(y - np.median(slopes) * x))
    assert reduced(folder, [[1, 2]], ee.Reducer.sensSlope()) == {"slope": None, "offset": None}


# --- correlations


@pytest.mark.parametrize(("x", "y"), [(X, Y), (TIED_X, TIED_Y), (X, -Y), (X, np.sin(40 * X))])
def test_pearson(folder: Folder, x: np.ndarray, y: np.ndarray) -> None:
    found = reduced(folder, pairs(x, y), ee.Reducer.pearsonsCorrelation())
    expected = np.corrcoef(x, y)[0, 1]
    assert found == {
        "correlation": pytest.approx(expected), "p-value": pytest.approx(student(expected, 12), rel=1e-6)
    }  # fmt: skip


def by_hand(values: np.ndarray) -> np.ndarray:
    """Ranks; equal values share the mean of theirs."""
    return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])


@pytest.mark.parametrize(("x", "y"), [(X, Y), (TIED_X, TIED_Y)])
def test_spearman(folder: Folder, x: np.ndarray, y: np.ndarray) -> None:
    found = reduced(folder, pairs(x, y), ee.Reducer.spearmansCorrelation())
    expected = np.corrcoef(by_hand(x), by_hand(y))[0, 1]
    assert found == {
        "correlation": pytest.approx(expected), "p-value": pytest.approx(student(expected, 12), rel=1e-6)
    }  # fmt: skip


@pytest.mark.parametrize(("x", "y"), [(X, Y), (TIED_X, TIED_Y), (np.arange(12.0), Y)])
def test_kendall(folder: Folder, x: np.ndarray, y: np.ndarray) -> None:
    """Tau-b pair by pair: concordant less discordant ones, over those that are not tied in one and the other."""
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in itertools.combinations(range(12), 2)]
    surplus = sum(a * b for a, b in signs)
    expected = surplus / math.sqrt(sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs))
    found = reduced(folder, pairs(x, y), ee.Reducer.kendallsCorrelation(2))
    assert found["tau"] == pytest.approx(expected)
    if len(set(x)) == len(set(y)) == 12:
        score = abs(surplus) / math.sqrt(12 * 11 * (2 * 12 + 5) / 18)
        assert found["p-value"] == pytest.approx(math.erfc(score / math.sqrt(2)))
    scipy = pytest.importorskip("scipy.stats")
    tau, probability = scipy.kendalltau(x, y, method="asymptotic")
    assert found == {"tau": pytest.approx(tau), "p-value": pytest.approx(probability)}


def test_kendall_of_a_series(folder: Folder) -> None:
    """With one input the order is the other."""
    alone = reduced(folder, Y.tolist(), ee.Reducer.kendallsCorrelation(1))
    assert alone == reduced(folder, pairs(range(12), Y), ee.Reducer.kendallsCorrelation(2))
    assert reduced(folder, [1, 2, 3, 4], ee.Reducer.kendallsCorrelation())["tau"] == 1
    assert reduced(folder, [4, 3, 2, 1], ee.Reducer.kendallsCorrelation())["tau"] == -1


def test_nothing_to_correlate(folder: Folder) -> None:
    for reducer in (ee.Reducer.pearsonsCorrelation(), ee.Reducer.spearmansCorrelation()):
        assert reduced(folder, [[1, 2], [1, 3], [1, 4]], reducer) == {"correlation": None, "p-value": None}
        assert reduced(folder, [[1, 2]], reducer) == {"correlation": None, "p-value": None}
    assert reduced(folder, [[1, 2], [1, 3]], ee.Reducer.kendallsCorrelation(2)) == {
        "tau": None,
        "p-value": None,
    }


def test_correlations_with_scipy(folder: Folder) -> None:
    scipy = pytest.importorskip("scipy.stats")
    for count in (3, 4, 30, 400):
        x = RANDOM.normal(size=count)
        y = 0.1 * x + RANDOM.normal(size=count)
        for reducer, function in (
            (ee.Reducer.pearsonsCorrelation(), scipy.pearsonr),
            (ee.Reducer.spearmansCorrelation(), scipy.spearmanr),
        ):
            found, expected = reduced(folder, pairs(x, y), reducer), function(x, y)
            assert found["correlation"] == pytest.approx(expected[0])
            assert found["p-value"] == pytest.approx(expected[1], rel=1e-9, abs=1e-300)


def test_covariance(folder: Folder) -> None:
    vectors = RANDOM.normal(size=(9, 3))
    lists = ee.List([ee.Array(v) for v in vectors.tolist()])
    np.testing.assert_allclose(folder.info(lists.reduce(ee.Reducer.covariance())), np.cov(vectors.T))
    centered = vectors - vectors.mean(axis=0)
    lists = ee.List([ee.Array(v) for v in centered.tolist()])
    np.testing.assert_allclose(folder.info(lists.reduce(ee.Reducer.centeredCovariance())), np.cov(vectors.T))
    with pytest.raises(Refused, match="same length"):
        folder.value(ee.List([ee.Array([1]), ee.Array([1, 2])]).reduce(ee.Reducer.covariance()))


# --- distributions


def test_moments(folder: Folder) -> None:
    deviations = Y - Y.mean()
    scale = math.sqrt((deviations**2).mean())
    assert reduced(folder, Y.tolist(), ee.Reducer.skew()) == pytest.approx(((deviations / scale) ** 3).mean())
    assert reduced(folder, Y.tolist(), ee.Reducer.kurtosis()) == pytest.approx(
        ((deviations / scale) ** 4).mean() - 3
    )
    assert reduced(folder, [1, 1], ee.Reducer.skew()) is None
    scipy = pytest.importorskip("scipy.stats")
    assert reduced(folder, Y.tolist(), ee.Reducer.skew()) == pytest.approx(scipy.skew(Y))
    assert reduced(folder, Y.tolist(), ee.Reducer.kurtosis()) == pytest.approx(scipy.kurtosis(Y))


def test_directions(folder: Folder) -> None:
    """Of angles on both sides of south the mean is south, not north; the spread is that of unit vectors."""
    angles = [math.pi - 0.1, -math.pi + 0.3]
    assert reduced(folder, angles, ee.Reducer.circularMean()) == pytest.approx(-math.pi + 0.1)
    length = math.cos(0.2)
    assert reduced(folder, angles, ee.Reducer.circularVariance()) == pytest.approx(1 - length)
    assert reduced(folder, angles, ee.Reducer.circularStddev()) == pytest.approx(
        math.sqrt(-2 * math.log(length))
    )
    assert folder.info(ee.Reducer.circularStddev().getOutputs()) == ["circularStdDev"]


@pytest.mark.parametrize(
    ("values", "runs"),
    [([1, 1, 2, 2, 1], 3), ([0, 0], 1), ([1, None, 1], 1), ([None, 5, None, 6], 2), ([], 0)],
)
def test_runs(folder: Folder, values: list, runs: int) -> None:
    assert reduced(folder, values, ee.Reducer.countRuns()) == runs


def test_bits(folder: Folder) -> None:
    values = [0b1101, 0b0111, 0b10101]
    assert reduced(folder, values, ee.Reducer.bitwiseAnd()) == 0b101
    assert reduced(folder, values, ee.Reducer.bitwiseOr()) == 0b11111


def test_means_between_percentiles(folder: Folder) -> None:
    values = [100, *range(1, 10), -100]  # ranks 0 to 10: each is ten per cent from the next
    assert reduced(folder, values, ee.Reducer.intervalMean(10, 90)) == pytest.approx(5)
    assert reduced(folder, values, ee.Reducer.intervalMean(50, 100)) == pytest.approx(
        (5 + 6 + 7 + 8 + 9 + 100) / 6
    )
    assert reduced(folder, values, ee.Reducer.intervalMean(50, 50)) == 5
    assert reduced(folder, [1, 2], ee.Reducer.intervalMean(50, 50)) == 1.5
    with pytest.raises(Refused, match="smaller one first"):
        folder.value(ee.Reducer.intervalMean(90, 10))


# --- histograms


def test_histograms_as_tables(folder: Folder) -> None:
    values = [0, 0.5, 1, 3.5]
    table = reduced(folder, values, ee.Reducer.autoHistogram(4, 1))
    assert table == [[0, 2], [1, 1], [2, 0], [3, 1]]
    assert reduced(folder, values, ee.Reducer.autoHistogram(4, 1, None, True)) == [
        [0, 2],
        [1, 3],
        [2, 3],
        [3, 4],
    ]
    assert reduced(folder, values, ee.Reducer.autoHistogram(2, 1)) == [[0, 3], [2, 1]]


def test_histograms_of_pairs(folder: Folder) -> None:
    """Upper ends are not included; the first input's buckets are the rows."""
    rows = [[0, 0], [0.5, 9], [1.5, 9.9], [1.9, 0], [2, 5], [-1, 5], [1, 10]]
    found = reduced(folder, rows, ee.Reducer.fixed2DHistogram(0, 2, 2, 0, 10, 2))
    counts, x, y = np.histogram2d([0, 0.5, 1.5, 1.9], [0, 9, 9.9, 0], bins=[[0, 1, 2], [0, 5, 10]])
    assert found == {"histogram": counts.tolist(), "xAxis": x[:-1].tolist(), "yAxis": y[:-1].tolist()}


# --- reducers of reducers


def test_for_each(folder: Folder) -> None:
    """A copy for each name; several outputs are prefixed with it."""
    rows = [[1, 10], [3, 30]]
    assert reduced(folder, rows, ee.Reducer.mean().forEach(["a", "b"])) == {"a": 2, "b": 20}
    both = reduced(folder, rows, ee.Reducer.minMax().forEach(["a", "b"]))
    assert both == {"a_min": 1, "a_max": 3, "b_min": 10, "b_max": 30}
    banded = ee.Reducer.max().forEachBand(ee.Image([0, 0]).rename(["p", "q"]))
    assert reduced(folder, rows, banded) == {"p": 3, "q": 30}


def test_features_of_records(folder: Folder) -> None:
    found = ee.List([[1, 2], [3, 4]]).reduce(ee.Reducer.toCollection(["a", "b"]))
    features = folder.info(ee.FeatureCollection(found))["features"]
    assert [feature["properties"] for feature in features] == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


# --- at every pixel


@pytest.fixture
def series(folder: Folder) -> Folder:
    """Eight scenes of two bands, a third of the values missing."""
    values = np.random.default_rng(3).integers(1, 50, (8, 2, 3, 4)).astype(np.uint16)
    values[np.random.default_rng(4).random(values.shape) < 0.15] = 0
    values[:, :, 0, 0] = 0
    for n, (x, y) in enumerate(values):
        folder.scene(f"S{n}", {"B4": x, "B8": y}, nodata=0)
    return folder


@pytest.mark.parametrize(
    "reducer",
    [
        ee.Reducer.linearFit, ee.Reducer.sensSlope, ee.Reducer.pearsonsCorrelation, ee.Reducer.spearmansCorrelation,
        lambda: ee.Reducer.kendallsCorrelation(2), ee.Reducer.skew, ee.Reducer.kurtosis, ee.Reducer.countRuns,
        ee.Reducer.circularMean, lambda: ee.Reducer.intervalMean(20, 80), ee.Reducer.bitwiseOr,
        ee.Reducer.kendallsCorrelation, lambda: ee.Reducer.mean().forEach(["a", "b"]),
    ],
)  # fmt: skip
def test_every_pixel_is_a_list_of_its_own(series: Folder, reducer: Callable[[], Any]) -> None:
    """What a collection gives at a pixel is what the list of its values gives."""
    grid = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), 4, 3)
    collection = ee.ImageCollection(S2).select(["B4", "B8"])
    outputs = series.info(reducer().getOutputs())
    double = series.value(reducer()).inputs == 2
    chosen = collection if double else collection.select("B4")
    drawn = list(series.pixels(chosen.reduce(reducer()), grid).values())
    stacks = [series.pixels(ee.Image(f"{S2}/S{n}"), grid) for n in range(8)]
    for y, x in np.ndindex(3, 4):
        rows = [
            [
                int(s[b].values[y, x]) if s[b].valid[y, x] else None
                for b in (("B4", "B8") if double else ("B4",))
            ]
            for s in stacks
        ]
        rows = [row for row in rows if None not in row]
        expected = reduced(series, rows if double else [row[0] for row in rows], reducer())
        expected = expected if len(outputs) > 1 else {outputs[0]: expected}
        for output, raster in zip(outputs, drawn, strict=True):
            if not rows or expected[output] is None:
                assert not raster.valid[y, x]
            else:
                assert raster.values[y, x] == pytest.approx(expected[output], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["sensSlope", "kendallsCorrelation"])
def test_all_pairs_of_very_many_values_are_refused(folder: Folder, name: str) -> None:
    rows = ee.List.sequence(1, 10_000).map(lambda n: [n, n])
    reducer = ee.Reducer.sensSlope() if name == "sensSlope" else ee.Reducer.kendallsCorrelation(2)
    with pytest.raises(Refused, match="memory"):
        folder.value(rows.reduce(reducer))


@pytest.mark.parametrize(
    "reducer",
    [
        lambda: ee.Reducer.fixedHistogram(0, 1, 10**9),
        lambda: ee.Reducer.fixed2DHistogram(0, 1, 10**5, 0, 1, 10**5),
        lambda: ee.Reducer.linearRegression(10**9),
        lambda: ee.Reducer.mean().forEach(["a"] * 2),
    ],
)
def test_reducers_that_are_none(folder: Folder, reducer: Callable[[], Any]) -> None:
    with pytest.raises(Refused):
        folder.value(reducer())


def test_tables_of_every_pixel_are_bounded(series: Folder) -> None:
    grid = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), 40, 30)
    wide = ee.ImageCollection(S2).select("B4").reduce(ee.Reducer.fixedHistogram(0, 50, 100_000))
    with pytest.raises(Refused, match="memory"):
        series.value(wide).pixels(Canvas(grid), [0])


# --- explicit weights


@pytest.fixture
def weighed(folder: Folder) -> tuple[np.ndarray, np.ndarray]:
    """A scene of values and their weights, from 0 to 100."""
    random = np.random.default_rng(3)
    values = random.integers(1, 1000, (6, 8)).astype(np.uint16)
    weights = random.integers(0, 101, (6, 8)).astype(np.uint16)
    folder.scene("A", {"B4": values, "B5": weights})
    return values.astype(float), weights.astype(float)


def test_split_weights_of_a_region(folder: Folder, weighed: tuple[np.ndarray, np.ndarray]) -> None:
    """The guide on weighted reductions: the second band is the weight, the output has the reducer's name."""
    values, weights = weighed
    image = ee.Image(f"{S2}/A")
    region = ee.Geometry.Rectangle([500000, 4099940, 500080, 4100000], "EPSG:32611", geodesic=False)
    for reducer, expected in (
        (ee.Reducer.mean(), {"mean": np.average(values, weights=weights)}),
        (ee.Reducer.sum(), {"sum": (values * weights).sum()}),
        (
            ee.Reducer.variance(),
            {"variance": np.average((values - np.average(values, weights=weights)) ** 2, weights=weights)},
        ),
    ):
        found = folder.value(image.reduceRegion(reducer.splitWeights(), region, 10))
        assert found == pytest.approx(expected, rel=1e-6)
    # Pixels are taken whole, as by any reducer without weights, where their centre is inside.
    part = ee.Geometry.Rectangle([500000, 4099940, 500034, 4100000], "EPSG:32611", geodesic=False)
    found = folder.value(image.reduceRegion(ee.Reducer.mean().splitWeights(), part, 10))
    assert found["mean"] == pytest.approx(np.average(values[:, :3], weights=weights[:, :3]))


def test_split_weights_of_pixels_and_lists(
    folder: Folder, weighed: tuple[np.ndarray, np.ndarray], grid: Callable[..., Grid]
) -> None:
    values, weights = weighed
    image = ee.Image(f"{S2}/A")
    series = ee.ImageCollection([image, image.select("B4").add(50).addBands(image.select("B5").add(1))])
    mean = folder.band(series.reduce(ee.Reducer.mean().splitWeights()), grid(8, 6))
    expected = (values * weights + (values + 50) * (weights + 1)) / (2 * weights + 1)
    assert mean.values == pytest.approx(expected, rel=1e-6)
    assert reduced(folder, [[1, 3], [5, 1], [9, 0]], ee.Reducer.mean().splitWeights()) == 2
    assert reduced(folder, [[1, 0], [5, 0]], ee.Reducer.mean().splitWeights()) is None


def test_split_weights_changes_nothing_else(folder: Folder) -> None:
    assert folder.value(ee.Reducer.mean().splitWeights().getOutputs()) == ["mean"]
    # No input of a maximum is weighted, so none is replaced.
    assert reduced(folder, [1, 5, 3], ee.Reducer.max().splitWeights()) == 5
    with pytest.raises(Refused, match=r"Reducer\.splitWeights: .* not supported"):
        folder.value(ee.Reducer.linearFit().splitWeights())
