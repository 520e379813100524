"""Images of arrays: expected values from the reference's descriptions, and from numpy pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images import array_pixels
from csplus.csplus_plugin.sandbox.images.image import Canvas, Grid

from ...support.scene_folder import S2, Folder, masked

DAY = 86_400_000
RANDOM = np.random.default_rng(7)
RED = RANDOM.integers(100, 4000, (5, 3, 4)).astype(np.uint16)
NIR = RANDOM.integers(100, 4000, (5, 3, 4)).astype(np.uint16)
CLOUDY = RANDOM.random((5, 3, 4)) < 0.4
CLOUDY[:, 0, 0], CLOUDY[:, 0, 1] = True, False


@pytest.fixture
def here(grid: Callable[..., Grid]) -> Grid:
    return grid(4, 3)


@pytest.fixture
def series(folder: Folder) -> Folder:
    """Five scenes of two bands with clouds as nodata; the first pixel is never clear, the second one always is."""
    for n in range(5):
        folder.scene(
            f"S{n}",
            {"B4": np.where(CLOUDY[n], 0, RED[n]), "B8": np.where(CLOUDY[n], 0, NIR[n])},
            nodata=0,
            **{"system:time_start": n * DAY},
        )
    return folder


def scenes() -> Any:
    return ee.ImageCollection(S2)


def arrays(folder: Folder, image: Any, grid: Grid) -> list[list[Any]]:
    """The arrays of the first band as nested lists, None where masked."""
    (raster,) = folder.value(image).pixels(Canvas(grid), [0])
    return [
        [v.tolist() if ok else None for v, ok in zip(row, valid, strict=True)]
        for row, valid in zip(raster.values, raster.valid, strict=True)
    ]


def one(folder: Folder, image: Any, grid: Callable[..., Grid]) -> Any:
    return arrays(folder, image, grid(1, 1))[0][0]


# --- the patterns of users


def test_best_pixel_by_sorting_arrays(series: Folder, here: Grid) -> None:
    """The guide's composite: sort by an index, take the end, give the bands their names back."""
    indexed = scenes().map(lambda i: i.addBands(i.normalizedDifference(["B8", "B4"])))
    array = indexed.toArray()
    best = array.arraySort(array.arraySlice(1, 2, 3)).arraySlice(0, -1)
    drawn = series.pixels(best.arrayProject([1]).arrayFlatten([["B4", "B8", "nd"]]), here)
    red, nir = RED.astype(float), NIR.astype(float)
    index = np.where(CLOUDY, -9, (nir - red) / (nir + red))
    at = index.argmax(axis=0)[np.newaxis]
    never = CLOUDY.all(axis=0)
    for name, stack in (("B4", red), ("B8", nir), ("nd", index)):
        expected = np.take_along_axis(stack, at, 0)[0]
        assert (drawn[name].valid == ~never).all()
        np.testing.assert_allclose(drawn[name].values[~never], expected[~never], rtol=1e-6)
    agrees = series.pixels(indexed.qualityMosaic("nd"), here)
    assert (masked(agrees["B4"]) == masked(drawn["B4"])).all()


def test_harmonic_regression(series: Folder, here: Grid) -> None:
    """The guide's harmonic model by linearRegression, against least squares by numpy at every pixel."""
    names = ["constant", "t", "cos"]

    def variables(image: Any) -> Any:
        days = image.date().difference(ee.Date(0), "day")
        t = ee.Image(days).toFloat().rename("t")
        return image.addBands(ee.Image(1)).addBands(t).addBands(t.multiply(0.9).cos().rename("cos"))

    trend = scenes().map(variables).select([*names, "B8"]).reduce(ee.Reducer.linearRegression(3, 1))
    assert series.info(trend.bandNames()) == ["coefficients", "residuals"]
    assert [b["data_type"]["dimensions"] for b in series.info(trend)["bands"]] == [2, 1]
    drawn = series.pixels(trend.select("coefficients").arrayProject([0]).arrayFlatten([names]), here)
    errors = series.band(trend.select("residuals").arrayGet([0]), here)
    t = np.arange(5.0)
    table = np.column_stack([np.ones(5), t, np.cos(0.9 * t)])
    for y, x in np.ndindex(3, 4):
        clear = ~CLOUDY[:, y, x]
        valid = clear.sum() > 3
        assert all(r.valid[y, x] == valid for r in [*drawn.values(), errors])
        if not valid:
            continue
        solution = np.linalg.lstsq(table[clear], NIR[clear, y, x].astype(float), rcond=None)[0]
        np.testing.assert_allclose([drawn[n].values[y, x] for n in names], solution, rtol=1e-6)
        rest = NIR[clear, y, x] - table[clear] @ solution
        assert errors.values[y, x] == pytest.approx(np.sqrt((rest**2).mean()), rel=1e-5)


def test_harmonic_regression_by_matrices(series: Folder, here: Grid) -> None:
    """The same by hand, as the guide on array images does it: solve the equations of arrays."""
    table = scenes().map(lambda i: i.addBands(ee.Image(1)).select(["constant", "B4", "B8"])).toArray()
    solved = table.arraySlice(1, 0, 2).matrixSolve(table.arraySlice(1, 2, 3))
    drawn = series.pixels(solved.arrayProject([0]).arrayFlatten([["a", "b"]]), here)
    for y, x in np.ndindex(3, 4):
        clear = ~CLOUDY[:, y, x]
        if clear.sum() < 2:
            continue
        given = np.column_stack([np.ones(clear.sum()), RED[clear, y, x]])
        expected = np.linalg.lstsq(given, NIR[clear, y, x].astype(float), rcond=None)[0]
        np.testing.assert_allclose([drawn[n].values[y, x] for n in "ab"], expected, rtol=1e-6)


def test_principal_components(folder: Folder, here: Grid) -> None:
    """The guide's PCA: components are uncorrelated, their variances the eigenvalues of numpy's covariance."""
    bands = {name: RANDOM.normal(size=(3, 4)) * (i + 1) for i, name in enumerate("abc")}
    bands["c"] += bands["b"]
    folder.scene("A", bands, collection="MY/SCENES")
    region = ee.Geometry.Rectangle([500000, 4099970, 500040, 4100000], "EPSG:32611", False)
    image = ee.Image("MY/SCENES/A")
    means = image.reduceRegion(ee.Reducer.mean(), region, 10)
    centered = image.subtract(ee.Image.constant(means.values(image.bandNames())))
    array = centered.toArray()
    covariance = ee.Array(array.reduceRegion(ee.Reducer.centeredCovariance(), region, 10).get("array"))
    expected = np.cov([values.ravel() for values in bands.values()])
    np.testing.assert_allclose(folder.value(covariance), expected)
    eigens = covariance.eigen()
    values = np.linalg.eigvalsh(expected)[::-1]
    np.testing.assert_allclose(folder.value(eigens.slice(1, 0, 1).project([0])), values)
    components = ee.Image(eigens.slice(1, 1)).matrixMultiply(array.toArray(1))
    drawn = folder.pixels(components.arrayProject([0]).arrayFlatten([["p1", "p2", "p3"]]), here)
    found = np.cov([raster.values.ravel() for raster in drawn.values()])
    np.testing.assert_allclose(found, np.diag(values), atol=1e-9)


def test_medians_of_arrays_are_those_of_the_collection(series: Folder, here: Grid) -> None:
    reduced = scenes().toArray().arrayReduce(ee.Reducer.median(), [0])
    flat = series.pixels(reduced.arrayProject([1]).arrayFlatten([["B4", "B8"]]), here)
    median = series.pixels(scenes().median(), here)
    for name in ("B4", "B8"):
        assert (masked(flat[name]) == masked(median[name])).all()
        assert (flat[name].valid == median[name].valid).all()


# --- making and unmaking


def test_collections_as_arrays(series: Folder, here: Grid) -> None:
    """Images along axis 0 in their order, only where all bands are valid; bands along axis 1."""
    array = scenes().toArray()
    (kind,) = [b["data_type"] for b in series.info(array)["bands"]]
    assert kind == {"type": "PixelType", "precision": "int", "min": 0, "max": 65535, "dimensions": 2}
    found = arrays(series, array, here)
    for y, x in np.ndindex(3, 4):
        clear = ~CLOUDY[:, y, x]
        rows = np.column_stack([RED[clear, y, x], NIR[clear, y, x]]).tolist()
        assert found[y][x] == (rows or None)
    lengths = masked(series.band(array.arrayLength(0), here))
    assert (lengths.filled(0) == (~CLOUDY).sum(axis=0)).all()


def test_collections_as_arrays_per_band(series: Folder, here: Grid) -> None:
    """dropMasked decides whether a masked image masks the pixel, or is left out of it."""
    dropped = arrays(series, scenes().toArrayPerBand(0, True).select("B8"), here)
    whole = arrays(series, scenes().toArrayPerBand().select("B8"), here)
    for y, x in np.ndindex(3, 4):
        clear = ~CLOUDY[:, y, x]
        assert dropped[y][x] == (NIR[clear, y, x].tolist() or None)
        assert whole[y][x] == (NIR[:, y, x].tolist() if clear.all() else None)
    assert whole[0][1] is not None
    stacked = scenes().map(lambda i: i.toArray()).toArrayPerBand(1, True)
    assert arrays(series, stacked, here)[0][1] == [RED[:, 0, 1].tolist(), NIR[:, 0, 1].tolist()]


def test_bands_as_arrays(folder: Folder, grid: Callable[..., Grid]) -> None:
    """A new axis may be added, and an array may be flattened again; a masked band masks the array."""
    image = ee.Image([1, 2, 3])
    assert one(folder, image.toArray(), grid) == [1, 2, 3]
    assert folder.info(image.toArray().bandNames()) == ["array"]
    assert one(folder, image.toArray().toArray(1), grid) == [[1], [2], [3]]
    assert one(folder, image.toArray().addBands(image.toArray()).toArray(0), grid) == [1, 2, 3, 1, 2, 3]
    assert one(folder, image.toArray().addBands(image.toArray()).toArray(1), grid) == [[1, 1], [2, 2], [3, 3]]
    assert one(folder, image.addBands(ee.Image(4).updateMask(0)).toArray(), grid) is None
    with pytest.raises(Refused, match="no axis 1"):
        folder.value(image.toArray(1))
    with pytest.raises(Refused, match="equal dimensions"):
        folder.value(image.addBands(image.toArray()).toArray())


def test_flattening_names_every_place(folder: Folder, grid: Callable[..., Grid]) -> None:
    """The reference's own labels: monday_red and so on."""
    image = ee.Image(ee.Array([[1, 2.5], [3, 4]]))
    flat = image.arrayFlatten([["monday", "tuesday"], ["red", "green"]])
    drawn = folder.pixels(flat, grid(2, 1))
    assert {n: r.values.tolist() for n, r in drawn.items()} == {
        "monday_red": [[1, 1]], "monday_green": [[2.5, 2.5]], "tuesday_red": [[3, 3]], "tuesday_green": [[4, 4]],
    }  # fmt: skip
    assert folder.info(image.arrayFlatten([["a"], ["b"]], "-").bandNames()) == ["a-b"]
    with pytest.raises(Refused, match="do not fit labels"):
        folder.pixels(image.arrayFlatten([["a"], ["b"]]), grid(1, 1))
    with pytest.raises(Refused, match="there are labels for 1"):
        folder.value(image.arrayFlatten([["a", "b"]]))


def test_arrays_are_drawn_in_pieces(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.arange(60, dtype=np.uint16).reshape(10, 6)
    folder.scene("A", {"B4": values, "B8": values + 100})
    grid = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), 6, 10)
    flat = ee.Image(f"{S2}/A").toArray().arrayFlatten([["a", "b"]])
    monkeypatch.setattr(array_pixels, "PIXELS", 13)
    drawn = folder.pixels(flat, grid)
    assert (drawn["a"].values == values).all()
    assert (drawn["b"].values == values + 100).all()


# --- function by function, beside the function of single arrays that the reference prints results of

MATRIX = [[1, 5, 2], [4, 3, 9]]
SQUARE = [[2.0, 1, 0], [1, 3, 1], [0, 1, 4]]


@pytest.mark.parametrize(
    ("compute", "given", "expected"),
    [
        (lambda i: i.arraySlice(0, 1), [1, 2, 3], [2, 3]),
        (lambda i: i.arraySlice(0, -2), [1, 2, 3], [2, 3]),
        (lambda i: i.arraySlice(0, 0, -1), [1, 2, 3], [1, 2]),
        (lambda i: i.arraySlice(0, 0, None, 2), [1, 2, 3], [1, 3]),
        (lambda i: i.arraySlice(0, 5), [1, 2, 3], []),
        (lambda i: i.arraySlice(1, 1, 2), MATRIX, [[5], [3]]),
        (lambda i: i.arraySort(), [3, 1, 2], [1, 2, 3]),
        (lambda i: i.arraySort(i.arraySlice(0, 0, 1)), [[3, 1, 2], [7, 8, 9]], [[1, 2, 3], [8, 9, 7]]),
        (lambda i: i.arrayTranspose(), MATRIX, [[1, 4], [5, 3], [2, 9]]),
        (lambda i: i.arrayTranspose(), [1, 2], [[1, 2]]),
        (lambda i: i.arrayProject([0]), [[1], [2]], [1, 2]),
        (lambda i: i.arrayProject([1]), [[1, 2]], [1, 2]),
        (lambda i: i.arrayLengths(), MATRIX, [2, 3]),
        (lambda i: i.arrayArgmax(), MATRIX, [1, 2]),
        (lambda i: i.arrayArgmax(), [5, 5], [0]),
        (lambda i: i.arrayPad([3, 2], 9), [[1], [2]], [[1, 9], [2, 9], [9, 9]]),
        (lambda i: i.arrayPad([1]), [1, 2], [1, 2]),
        (lambda i: i.arrayRepeat(0, 2), [1, 2], [1, 2, 1, 2]),
        (lambda i: i.arrayRepeat(1, 2), [1, 2], [[1, 1], [2, 2]]),
        (lambda i: i.arrayCat(i, 0), [1, 2], [1, 2, 1, 2]),
        (lambda i: i.arrayCat(i, 1), [1, 2], [[1, 1], [2, 2]]),
        (lambda i: i.arrayMask(ee.Image(ee.Array([1, 0, 5]))), [1, 2, 3], [1, 3]),
        (lambda i: i.arrayMask(ee.Image(ee.Array([[1, 0, 1]]))), MATRIX, [[1, 2], [4, 9]]),
        (lambda i: i.arrayMask(ee.Image(ee.Array([0, 0]))), [1, 2], []),
        (lambda i: i.arrayReshape(ee.Image(ee.Array([3, 2])), 2), MATRIX, [[1, 5], [2, 4], [3, 9]]),
        (lambda i: i.arrayReshape(ee.Image(ee.Array([-1])), 1), MATRIX, [1, 5, 2, 4, 3, 9]),
        (lambda i: i.arrayReduce("sum", [0]), MATRIX, [[5, 8, 11]]),
        (lambda i: i.arrayReduce("max", [1]), MATRIX, [[5], [9]]),
        (lambda i: i.arrayReduce("mean", [0, 1]), MATRIX, [[4]]),
        (lambda i: i.arrayReduce(ee.Reducer.minMax(), [1], 0), [[4, 2, 9]], [[2], [9]]),
        (lambda i: i.arrayReduce(ee.Reducer.linearFit(), [0], 1), [[1, 3], [2, 5], [3, 7]], [[2, 1]]),
        (lambda i: i.arrayAccum(0), [-2, 1, 9], [-2, -1, 8]),
        (lambda i: i.arrayAccum(1), [[1, 3], [5, 7]], [[1, 4], [5, 12]]),
        (lambda i: i.arrayAccum(0, "max"), [1, 3, 2], [1, 3, 3]),
        (lambda i: i.add(1), [1, 2], [2, 3]),
        (lambda i: i.multiply(i), [1, 2.5], [1, 6.25]),
        (lambda i: i.divide(2), [[1], [3]], [[0.5], [1.5]]),
        (lambda i: i.gt(1), [1, 2], [0, 1]),
        (lambda i: i.sqrt(), [4, 9], [2, 3]),
        (lambda i: i.toInt16(), [1.7, -1.7], [1, -1]),
        (lambda i: i.subtract(i.arrayReduce("mean", [0]).arrayGet([0])), [1, 2, 3], [-1, 0, 1]),
        (lambda i: i.matrixMultiply(i.matrixTranspose()), MATRIX, [[30, 37], [37, 106]]),
        (lambda i: i.matrixDiagonal(), SQUARE, [[2], [3], [4]]),
        (lambda i: i.matrixToDiag(), [[1], [2]], [[1, 0], [0, 2]]),
        (lambda i: ee.Image.matrixIdentity(2), [1], [[1, 0], [0, 1]]),
    ],
)
def test_array_functions(
    folder: Folder, grid: Callable[..., Grid], compute: Any, given: list, expected: list
) -> None:
    found = one(folder, compute(ee.Image(ee.Array(given))), grid)
    assert np.shape(found) == np.shape(expected)
    assert np.ravel(found) == pytest.approx(np.ravel(expected))


@pytest.mark.parametrize(
    ("compute", "given", "expected"),
    [
        (lambda i: i.arrayGet([1, 2]), MATRIX, 9),
        (lambda i: i.arrayGet(ee.Image([0, 1])), MATRIX, 5),
        (lambda i: i.arrayLength(1), MATRIX, 3),
        (lambda i: i.arrayDimensions(), MATRIX, 2),
        (lambda i: i.arrayDotProduct(i), [1, 2, 3], 14),
        (lambda i: i.matrixTrace(), SQUARE, 9),
        (lambda i: i.matrixDeterminant(), SQUARE, 18),
        (lambda i: i.matrixFnorm(), MATRIX, np.sqrt(136)),
    ],
)
def test_numbers_of_arrays(
    folder: Folder, grid: Callable[..., Grid], compute: Any, given: list, expected: float
) -> None:
    assert folder.band(compute(ee.Image(ee.Array(given))), grid(1, 1)).values[0, 0] == pytest.approx(expected)


def test_inverses(folder: Folder, grid: Callable[..., Grid]) -> None:
    image = ee.Image(ee.Array(SQUARE))
    np.testing.assert_allclose(
        one(folder, image.matrixInverse(), grid) @ np.array(SQUARE), np.eye(3), atol=1e-12
    )
    wide = np.array(MATRIX, float)
    pseudo = one(folder, ee.Image(ee.Array(MATRIX)).matrixPseudoInverse(), grid)
    np.testing.assert_allclose(pseudo, wide.T @ np.linalg.inv(wide @ wide.T), atol=1e-12)
    assert one(folder, ee.Image(ee.Array([[1, 2], [2, 4]])).matrixInverse(), grid) is None
    solved = one(folder, image.matrixSolve(ee.Image(ee.Array([[3], [5], [5]]))), grid)
    np.testing.assert_allclose(solved, [[1], [1], [1]])


@pytest.mark.parametrize("matrix", [SQUARE, [[0.0, 2, 1], [4, 1, 0], [1, 0, 3]]])
def test_decompositions(folder: Folder, grid: Callable[..., Grid], matrix: list) -> None:
    """Each is checked by what its description says of it, for arrays and for images."""
    given, image = np.array(matrix), ee.Image(ee.Array(matrix))

    def parts(name: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        split = folder.value(getattr(ee.Array(matrix), name)())
        whole = getattr(image, name)()
        pixels = {n: np.array(one(folder, whole.select(n), grid)) for n in folder.info(whole.bandNames())}
        return split, pixels

    for lu in parts("matrixLUDecomposition"):
        np.testing.assert_allclose(lu["P"] @ given, lu["L"] @ lu["U"], atol=1e-12)
        np.testing.assert_array_equal(np.triu(lu["U"]), lu["U"])
        np.testing.assert_array_equal(np.tril(lu["L"]), lu["L"])
        np.testing.assert_array_equal(np.diag(lu["L"]), 1)
        assert (np.abs(lu["L"]) <= 1).all()  # partial pivoting
        np.testing.assert_array_equal(lu["P"] @ lu["P"].T, np.eye(3))
    for qr in parts("matrixQRDecomposition"):
        np.testing.assert_allclose(qr["Q"] @ qr["R"], given, atol=1e-12)
        np.testing.assert_allclose(qr["Q"] @ qr["Q"].T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.triu(qr["R"]), qr["R"], atol=1e-12)
    for svd in parts("matrixSingularValueDecomposition"):
        np.testing.assert_allclose(svd["U"] @ svd["S"] @ svd["V"].T, given, atol=1e-12)
        np.testing.assert_array_equal(np.diag(np.diag(svd["S"])), svd["S"])
        for orthogonal in (svd["U"], svd["V"]):
            np.testing.assert_allclose(orthogonal @ orthogonal.T, np.eye(3), atol=1e-12)
    if (given == given.T).all():
        for cholesky in parts("matrixCholeskyDecomposition"):
            np.testing.assert_allclose(cholesky["L"] @ cholesky["L"].T, given, atol=1e-12)
            np.testing.assert_array_equal(np.tril(cholesky["L"]), cholesky["L"])
    else:
        with pytest.raises(Refused, match="symmetric and positive-definite"):
            folder.value(ee.Array(matrix).matrixCholeskyDecomposition())


@pytest.mark.parametrize("matrix", [SQUARE, [[2.0, 1], [0, 5]]])
def test_eigenvectors(folder: Folder, matrix: list) -> None:
    """A rows and A + 1 columns: the value, then the vector; in descending order."""
    found = folder.value(ee.Array(matrix).eigen())
    assert found.shape == (len(matrix), len(matrix) + 1)
    for row in found:
        np.testing.assert_allclose(np.array(matrix) @ row[1:], row[0] * row[1:], atol=1e-9)
        assert np.linalg.norm(row[1:]) == pytest.approx(1)
    assert (np.diff(found[:, 0]) <= 0).all()
    with pytest.raises(Refused, match="not real"):
        folder.value(ee.Array([[0, -1], [1, 0]]).eigen())


@pytest.mark.parametrize(("number", "bits"), [(6, [0, 1, 1]), (1, [1]), (0, [0]), (-1, [1] * 64)])
def test_bits(folder: Folder, grid: Callable[..., Grid], number: int, bits: list) -> None:
    assert one(folder, ee.Image(number).bitsToArrayImage(), grid) == bits


def test_slices_may_differ_from_pixel_to_pixel(series: Folder, here: Grid) -> None:
    """A masked start or end is that of the axis."""
    array = scenes().toArrayPerBand(0, True).select("B4")
    start = (
        ee.Image(1)
        .where(ee.Image(f"{S2}/S0").select("B4").gt(2000), 2)
        .updateMask(ee.Image(f"{S2}/S1").select("B4").mask())
    )
    found = arrays(series, array.arraySlice(0, start), here)
    for y, x in np.ndindex(3, 4):
        clear = ~CLOUDY[:, y, x]
        begin = 0 if CLOUDY[1, y, x] else 2 if not CLOUDY[0, y, x] and RED[0, y, x] > 2000 else 1
        assert found[y][x] == (RED[clear, y, x][begin:].tolist() if clear.any() else None)


def test_repeats_may_differ_from_pixel_to_pixel(folder: Folder, here: Grid) -> None:
    copies = np.arange(12, dtype=np.uint16).reshape(3, 4) % 3
    folder.scene("A", {"B4": copies})
    found = arrays(folder, ee.Image(ee.Array([7])).arrayRepeat(0, ee.Image(f"{S2}/A")), here)
    assert found == [[[7] * n for n in row] for row in copies.tolist()]


def test_masks_may_differ_from_pixel_to_pixel(series: Folder, here: Grid) -> None:
    array = scenes().toArrayPerBand(0, True).select("B4")
    found = arrays(series, array.arrayMask(array.gt(2000)), here)
    for y, x in np.ndindex(3, 4):
        clear = RED[~CLOUDY[:, y, x], y, x]
        assert found[y][x] == (clear[clear > 2000].tolist() if clear.size else None)


def test_lists_of_values_are_arrays(series: Folder, here: Grid) -> None:
    """A reducer to lists or tables gives images of arrays."""
    listed = scenes().select("B4").reduce(ee.Reducer.toList())
    assert series.info(listed.bandNames()) == ["B4_list"]
    assert arrays(series, listed, here)[0][1] == RED[:, 0, 1].tolist()
    table = scenes().select("B4").reduce(ee.Reducer.fixedHistogram(0, 4000, 2))
    low = int((RED[:, 0, 1] < 2000).sum())
    assert arrays(series, table, here)[0][1] == [[0, low], [2000, 5 - low]]
    with pytest.raises(Refused, match="nothing that a pixel can hold"):
        series.value(scenes().reduce(ee.Reducer.frequencyHistogram()))


def test_arrays_as_properties(series: Folder) -> None:
    """Sampled, an array is a property; reduced to a list, an element of it."""
    array = scenes().toArrayPerBand(0, True).select("B4")
    point = ee.Geometry.Point([500015, 4099995], "EPSG:32611")
    (feature,) = series.info(array.sample(point, 10))["features"]
    assert feature["properties"]["B4"] == RED[:, 0, 1].tolist()
    first = array.reduceRegion(ee.Reducer.first(), point, 10)
    assert series.info(first) == {"B4": RED[:, 0, 1].tolist()}
    with pytest.raises(Refused, match="does not take arrays"):
        series.value(array.reduceRegion(ee.Reducer.mean(), point, 10))


def test_what_passes_pixels_on_passes_arrays_on(series: Folder, here: Grid) -> None:
    """Masks, names, properties, projections and mosaics do not look into pixels."""
    array = scenes().toArrayPerBand(0, True)
    kept = array.select(["B4"], ["x"]).updateMask(ee.Image(f"{S2}/S1").select("B4").gt(0)).set("a", 1)
    found = arrays(series, kept.reproject("EPSG:32611", None, 10), here)
    assert found[0][1] == RED[:, 0, 1].tolist()
    assert series.info(kept.get("a")) == 1
    pair = ee.ImageCollection([ee.Image(ee.Array([1, 2])), ee.Image(ee.Array([3])).updateMask(0)])
    assert arrays(series, pair.mosaic(), here)[0][0] == [1, 2]


@pytest.mark.parametrize(
    "build",
    [
        lambda a: a.arrayGet([7]),
        lambda a: a.arrayGet([-1]),
        lambda a: a.add(ee.Image(ee.Array([1, 2, 3]))),
        lambda a: a.add(ee.Image(ee.Array([[1], [2]]))),
        lambda a: a.arrayCat(ee.Image(ee.Array([[1]])), 5),
        lambda a: a.arrayReshape(ee.Image(ee.Array([3])), 1),
        lambda a: a.matrixInverse(),
        lambda a: a.unmask(0),
        lambda a: a.focalMean(1),
        lambda a: a.reduce("mean"),
        lambda a: a.where(1, 0),
        lambda a: ee.ImageCollection([a, a]).mean(),
        lambda a: ee.Image(1).updateMask(a),
        lambda a: a.visualize(),
        lambda a: a,
    ],
)
def test_what_arrays_cannot_be_used_for_is_refused(
    folder: Folder, grid: Callable[..., Grid], build: Any
) -> None:
    with pytest.raises(Refused):
        folder.pixels(build(ee.Image(ee.Array([1, 2]))), grid(1, 1))


@pytest.mark.parametrize(
    "build",
    [
        lambda a: a.arrayRepeat(0, 10**9),
        lambda a: a.arrayPad([10**9]),
        lambda a: (
            a.arrayRepeat(0, 3000)
            .toArray(1)
            .matrixMultiply(a.arrayRepeat(0, 3000).toArray(1).arrayTranspose())
        ),
        lambda a: a.arrayRepeat(0, 5000).toArray(1).matrixToDiag(),
        lambda a: ee.Image.matrixIdentity(10**6),
    ],
)
def test_arrays_cannot_grow_without_end(folder: Folder, grid: Callable[..., Grid], build: Any) -> None:
    with pytest.raises(Refused):
        folder.value(build(ee.Image(ee.Array([1, 2])))).pixels(Canvas(grid(20, 20)), [0])


def test_chains_of_arrays_cannot_fill_memory(folder: Folder, grid: Callable[..., Grid]) -> None:
    image = ee.Image(ee.Array([1.5])).arrayRepeat(0, 20_000)
    for _ in range(30):
        image = image.add(1)
    with pytest.raises(Refused, match="memory"):
        folder.value(image).pixels(Canvas(grid(10, 10)), [0])


def test_a_constant_array_is_not_as_many_as_pixels(folder: Folder, grid: Callable[..., Grid]) -> None:
    """It costs nothing until something is computed with it at every pixel, and that only where it fits."""
    large = ee.Image(ee.Array(list(range(100_000))))
    assert len(folder.value(large).pixels(Canvas(grid(100, 100)), [0])) == 1
    with pytest.raises(Refused, match="memory"):
        folder.value(large.add(1)).pixels(Canvas(grid(100, 100)), [0])


def test_padding_keeps_the_value_that_it_pads_with(folder: Folder) -> None:
    """The page of arrayPad: 9 stays 9 beside 0, 1 and 2; so does what is larger, negative or a fraction."""
    here = ee.Geometry.Point([500005, 4099995], "EPSG:32611")

    def pixel(image: Any) -> list:
        return folder.info(ee.Feature(image.sample(here, 10, "EPSG:32611").first()).get("array"))

    row = ee.Image([0, 1, 2]).toArray()
    table = ee.Image([0, 1, 2, 3, 4, 5]).toArray().arrayReshape(ee.Image([2, 3]).toArray(), 2)
    assert pixel(row.arrayPad([5], 9)) == [0, 1, 2, 9, 9]
    assert pixel(table.arrayPad([3, 5], 9)) == [[0, 1, 2, 9, 9], [3, 4, 5, 9, 9], [9] * 5]
    for value in (-1, 300, 0.5):
        assert pixel(row.arrayPad([4], value)) == [0, 1, 2, value]
        assert folder.info(ee.Array([0, 1, 2]).pad([4], value)) == [0, 1, 2, value]
    small = ee.Array([0, 1], ee.PixelType.int8())
    assert folder.info(small.pad([3], 300)) == [0, 1, 300]
    assert folder.info(row.arrayPad([5], 9).bandTypes()) == {
        "array": {"type": "PixelType", "precision": "int", "min": 0, "max": 9, "dimensions": 1}
    }


@pytest.mark.parametrize(
    ("values", "precision", "ends"),
    [
        ([0x00, 0x00, 0xFF], "int", [0, 255]),
        ([[1, 256]], "int", [0, 65535]),
        ([-1, 1], "int", [-128, 127]),
        ([0.5, 1], "double", [None, None]),
    ],
)
def test_types_of_constant_arrays(folder: Folder, values: list, precision: str, ends: list) -> None:
    """The page of ee.Image prints "unsigned int8, 1 dimension" for the first one."""
    (band,) = folder.info(ee.Image(ee.Array(values)))["bands"]
    kind = band["data_type"]
    assert (band["id"], kind["precision"], kind["dimensions"]) == ("constant", precision, np.ndim(values))
    assert [kind.get("min"), kind.get("max")] == ends
    assert folder.info(ee.Image(ee.Array(values)).add(1))["bands"][0]["data_type"]["precision"] == precision


def test_constants_of_a_list(folder: Folder) -> None:
    """The page of Image.constant: constant_0, constant_1; lists may hold arrays."""
    bands = folder.info(ee.Image.constant([-1.2, 4]))["bands"]
    assert [(b["id"], b["data_type"]["precision"], b["data_type"]["min"]) for b in bands] == [
        ("constant_0", "double", -1.2),
        ("constant_1", "int", 4),
    ]
    mixed = folder.info(ee.Image.constant([ee.Array([1, 2]), 3]))["bands"]
    assert [b["data_type"].get("dimensions") for b in mixed] == [1, None]
