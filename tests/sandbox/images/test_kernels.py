"""Kernels as the reference prints them, and what is made with them, against loops over pixels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images import kernels
from csplus.csplus_plugin.sandbox.images.image import Canvas, Grid
from csplus.csplus_plugin.sandbox.space.projections import Projection

from ...support.scene_folder import S2, Folder, masked

UTM = Projection("EPSG:32611", (10, 0, 500000, 0, -10, 4100000))
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
NINE = [[1, 2, 3], [4, 0, 6], [7, 8, 9]]


def weights(folder: Folder, kernel: Any) -> np.ndarray:
    """The weights without the rows and columns of zeros around them."""
    table = folder.value(kernel).weighing(UTM)
    rows, columns = (np.flatnonzero(table.any(axis=axis)) for axis in (1, 0))
    return table[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize(
    ("kernel", "printed"),
    [
        (ee.Kernel.laplacian4, [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
        (ee.Kernel.laplacian8, [[1, 1, 1], [1, -8, 1], [1, 1, 1]]),
        (ee.Kernel.sobel, SOBEL),
        (ee.Kernel.roberts, [[1, 0], [0, -1]]),
        (ee.Kernel.prewitt, [[1, 0, -1], [1, 0, -1], [1, 0, -1]]),
        (ee.Kernel.compass, [[1, 1, -1], [1, -2, -1], [1, 1, -1]]),
        (ee.Kernel.kirsch, [[5, -3, -3], [5, 0, -3], [5, -3, -3]]),
        (lambda: ee.Kernel.rectangle(2, 1), [[0.066] * 5] * 3),
        (lambda: ee.Kernel.fixed(weights=[[4, 3, 2, 1, 2, 3, 4]] * 3), [[4, 3, 2, 1, 2, 3, 4]] * 3),
        (lambda: ee.Kernel.sobel().inverse(), [[-1, 0, 1], [-0.5, 0, 0.5], [-1, 0, 1]]),
        (lambda: ee.Kernel.sobel().rotate(1), [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
        (lambda: ee.Kernel.sobel().rotate(-2), [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
        (
            lambda: ee.Kernel.gaussian(3),
            [
                [0.002, 0.013, 0.021, 0.013, 0.002],
                [0.013, 0.059, 0.098, 0.059, 0.013],
                [0.021, 0.098, 0.162, 0.098, 0.021],
                [0.013, 0.059, 0.098, 0.059, 0.013],
                [0.002, 0.013, 0.021, 0.013, 0.002],
            ],
        ),
        (
            lambda: ee.Kernel.chebyshev(3),
            [[3] * 7, [3, 2, 2, 2, 2, 2, 3], [3, 2, 1, 1, 1, 2, 3], [3, 2, 1, 0, 1, 2, 3]],
        ),
        (
            lambda: ee.Kernel.manhattan(3),
            [[6, 5, 4, 3, 4, 5, 6], [5, 4, 3, 2, 3, 4, 5], [4, 3, 2, 1, 2, 3, 4], [3, 2, 1, 0, 1, 2, 3]],
        ),
        (
            lambda: ee.Kernel.euclidean(3),
            [
                [4.242, 3.605, 3.162, 3.000, 3.162, 3.605, 4.242],
                [3.605, 2.828, 2.236, 2.000, 2.236, 2.828, 3.605],
                [3.162, 2.236, 1.414, 1.000, 1.414, 2.236, 3.162],
                [3.000, 2.000, 1.000, 0.000, 1.000, 2.000, 3.000],
            ],
        ),
    ],
)
def test_printed_weights(folder: Folder, kernel: Callable[[], Any], printed: list) -> None:
    """Up to a thousandth, as the pages say; of some only the upper half is given here, the lower is its mirror."""
    table = np.array(printed)
    whole = table if table[0].any() and len(table) != 4 else np.vstack([table, table[-2::-1]])
    found = weights(folder, kernel())
    assert found.shape == whole.shape
    np.testing.assert_array_equal(np.trunc(found * 1000 + 1e-6 * np.sign(found)), np.round(whole * 1000))


def test_magnitude_and_normalisation(folder: Folder) -> None:
    assert weights(folder, ee.Kernel.square(1, "pixels", True, 9)).tolist() == pytest.approx(np.ones((3, 3)))
    assert (weights(folder, ee.Kernel.square(1, "pixels", False, 2)) == 2).all()
    assert weights(folder, ee.Kernel.kirsch(2)).tolist() == [[10, -6, -6], [10, 0, -6], [10, -6, -6]]
    assert weights(folder, ee.Kernel.sobel(1, True)).tolist() == SOBEL  # a sum of zero cannot become 1
    assert weights(folder, ee.Kernel.manhattan(1, "pixels", True)).sum() == pytest.approx(1)
    assert weights(folder, ee.Kernel.fixed(2, 1, [[1, 3]], normalize=True)).tolist() == [[0.25, 0.75]]


def test_kernels_in_meters(folder: Folder) -> None:
    """Distances count metres, sigma has the unit of the radius; the weights are those of pixels of 10 m."""
    metres = weights(folder, ee.Kernel.euclidean(30, "meters"))
    np.testing.assert_allclose(metres, 10 * weights(folder, ee.Kernel.euclidean(3)))
    blurred = weights(folder, ee.Kernel.gaussian(30, 15, "meters"))
    np.testing.assert_allclose(blurred, weights(folder, ee.Kernel.gaussian(3, 1.5)))
    assert weights(folder, ee.Kernel.rectangle(25, 10, "meters")).shape == (3, 5)


def test_sums_of_kernels_meet_at_the_focus(folder: Folder) -> None:
    both = ee.Kernel.plus(1, "pixels", False).add(ee.Kernel.fixed(1, 2, [[5], [7]], 0, 0))
    assert weights(folder, both).tolist() == [[0, 1, 0], [1, 6, 1], [0, 8, 0]]


@pytest.mark.parametrize(
    "kernel",
    [
        lambda: ee.Kernel.fixed(weights=[[1, 2], [3]]),
        lambda: ee.Kernel.fixed(weights=[]),
        lambda: ee.Kernel.fixed(3, 3, [[1, 2], [3, 4]]),
        lambda: ee.Kernel.fixed(weights=[[1, 2], [3, 4]], x=2),
        lambda: ee.Kernel.fixed(weights=[["a"]]),
        lambda: ee.Kernel.gaussian(3, 0),
    ],
)
def test_kernels_that_are_none(folder: Folder, kernel: Callable[[], Any]) -> None:
    with pytest.raises(Refused):
        folder.value(kernel())


# --- pixels

VALUES = np.random.default_rng(5).integers(1, 9, (9, 11)).astype(np.uint16)
HOLES = np.random.default_rng(6).random(VALUES.shape) < 0.15


@pytest.fixture
def scene(folder: Folder) -> Folder:
    folder.scene("S", {"B4": np.where(HOLES, 0, VALUES)}, nodata=0)
    return folder


@pytest.fixture
def here(grid: Callable[..., Grid]) -> Grid:
    return grid(11, 9)


def band() -> Any:
    return ee.Image(f"{S2}/S").select("B4")


def at(row: int, column: int) -> int | None:
    """A value, None where there is none."""
    inside = 0 <= row < 9 and 0 <= column < 11
    return int(VALUES[row, column]) if inside and not HOLES[row, column] else None


def pixels() -> Any:
    return ((r, c) for r, c in np.ndindex(9, 11) if not HOLES[r, c])


@pytest.mark.parametrize(
    ("kernel", "table", "focus"),
    [
        (ee.Kernel.sobel, SOBEL, (1, 1)),
        (ee.Kernel.roberts, [[1, 0], [0, -1]], (1, 1)),
        (lambda: ee.Kernel.fixed(3, 2, [[1, 2, 3], [4, 5, 6]], 0, 1), [[1, 2, 3], [4, 5, 6]], (0, 1)),
        (lambda: ee.Kernel.fixed(3, 3, NINE, -1, -1), NINE, (1, 1)),
    ],
)  # fmt: skip
def test_convolution(scene: Folder, here: Grid, kernel: Callable[[], Any], table: list, focus: tuple) -> None:
    """sum over i, j of k(i, j) f(x - i, y - j), the focus being 0, 0; masked neighbours add nothing."""
    found = scene.band(band().convolve(kernel()), here)
    assert (found.valid == ~HOLES).all()
    for r, c in pixels():
        total = sum(
            weight * (at(r - (i - focus[1]), c - (j - focus[0])) or 0)
            for i, row in enumerate(table)
            for j, weight in enumerate(row)
        )
        assert found.values[r, c] == pytest.approx(total)


def test_neighbours_as_bands(scene: Folder, here: Grid) -> None:
    neighbours = band().neighborhoodToBands(ee.Kernel.plus(1))
    assert scene.info(neighbours.bandNames()) == ["B4_0_-1", "B4_-1_0", "B4_0_0", "B4_1_0", "B4_0_1"]
    drawn = scene.pixels(neighbours, here)
    for name, raster in drawn.items():
        _, x, y = name.split("_")
        expected = [[at(r + int(y), c + int(x)) for c in range(11)] for r in range(9)]
        assert masked(raster).tolist() == expected
    with pytest.raises(Refused, match="pixels"):
        scene.value(band().neighborhoodToBands(ee.Kernel.square(100, "meters")))


@pytest.mark.parametrize(
    ("kernel", "west", "north", "east", "south"),
    [
        (lambda: ee.Kernel.square(1), 1, 1, 1, 1),
        (lambda: ee.Kernel.rectangle(2, 1), 2, 1, 2, 1),
        (lambda: ee.Kernel.fixed(2, 3, [[0, 1], [1, 1], [0, 0]], 0, 2), 0, 2, 1, 0),
    ],
)
def test_neighbours_as_arrays(
    scene: Folder, here: Grid, kernel: Callable[[], Any], west: int, north: int, east: int, south: int
) -> None:
    """Rows are along y; zero weights are part of the shape; the default replaces what is masked."""
    (raster,) = scene.value(band().neighborhoodToArray(kernel(), 3.7)).pixels(Canvas(here), [0])
    assert (raster.valid == ~HOLES).all()
    for r, c in pixels():
        rows = range(r - north, r + south + 1)
        expected = [[at(i, j) or 3 for j in range(c - west, c + east + 1)] for i in rows]
        assert raster.values[r, c].tolist() == expected
    with pytest.raises(Refused, match="Only fixed, square and rectangle"):
        scene.value(band().neighborhoodToArray(ee.Kernel.circle(1)))


@pytest.mark.parametrize("shape", ["square", "plus"])
def test_entropy(scene: Folder, here: Grid, shape: str) -> None:
    """-sum(p log2 p) of how often each value occurs in the window."""
    found = scene.band(band().entropy(getattr(ee.Kernel, shape)(2)), here)
    assert (found.valid == ~HOLES).all()
    reach = range(-2, 3)
    for r, c in pixels():
        window = [at(r + i, c + j) for i in reach for j in reach if shape == "square" or 0 in {i, j}]
        held = [v for v in window if v is not None]
        shares = [n / len(held) for n in Counter(held).values()]
        assert found.values[r, c] == pytest.approx(-sum(p * math.log2(p) for p in shares), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("euclidean", math.hypot),
        ("manhattan", lambda x, y: abs(x) + abs(y)),
        ("chebyshev", lambda x, y: max(abs(x), abs(y))),
    ],
)
def test_distance(scene: Folder, here: Grid, name: str, metric: Callable[[int, int], float]) -> None:
    """To the nearest pixel that is not zero; masked where the kernel holds none, and where the input is masked."""
    spots = band().eq(8)
    kernel = getattr(ee.Kernel, name)
    found = masked(scene.band(spots.distance(kernel(2)), here)).tolist()
    everywhere = masked(scene.band(spots.distance(kernel(2), False), here)).tolist()
    metres = masked(scene.band(spots.distance(kernel(20, "meters")), here)).tolist()
    reach = range(-2, 3)
    for r, c in np.ndindex(9, 11):
        near = [metric(i, j) for i in reach for j in reach if at(r + i, c + j) == 8]
        expected = pytest.approx(min(near)) if near else None
        assert everywhere[r][c] == expected
        assert found[r][c] == (None if HOLES[r, c] else expected)
        assert metres[r][c] == (None if HOLES[r, c] or not near else pytest.approx(10 * min(near), rel=1e-3))
    with pytest.raises(Refused, match="needs a kernel"):
        scene.value(spots.distance())


def test_gradients_of_a_plane(folder: Folder, here: Grid) -> None:
    """A plane that rises by 3 to the right and 2 downwards: its edges have no neighbours to differ from."""
    rows, columns = np.mgrid[0:9, 0:11]
    folder.scene("P", {"B4": (100 + 3 * columns + 2 * rows).astype(np.uint16)})
    image = ee.Image(f"{S2}/P")
    inner = np.zeros((9, 11), bool)
    inner[1:-1, 1:-1] = True
    scale = here.projection.nominal_scale
    for computed, expected in (
        (image.derivative(), {"B4_x": 3, "B4_y": 2}),
        (image.gradient(), {"x": 3 / scale, "y": -2 / scale}),
        (ee.Terrain.slope(image), {"slope": math.degrees(math.atan(math.hypot(3, 2) / scale))}),
        # It falls to the left and up: to the west by north.
        (ee.Terrain.aspect(image), {"aspect": 270 + math.degrees(math.atan2(2, 3))}),
    ):
        drawn = folder.pixels(computed, here)
        assert {name: raster.values[4, 4] for name, raster in drawn.items()} == pytest.approx(expected)
        assert all((raster.valid == inner).all() for raster in drawn.values())
    with pytest.raises(Refused, match="called 'elevation'"):
        folder.value(ee.Terrain.slope(image.addBands(image)))


@pytest.fixture
def hills(folder: Folder) -> np.ndarray:
    """Elevations of a scene that has them as one of two bands: waves with an edge in the middle."""
    rows, columns = np.mgrid[0:9, 0:11]
    heights = 500 + 9 * np.sin(columns / 2) + 7 * np.cos(rows / 3) + np.where(columns > 5, 40, 0)
    heights = heights.astype(np.float32)
    folder.scene(
        "H", {"elevation": heights, "other": np.ones((9, 11), np.uint8)}, collection="MY/DEM", source="x"
    )
    return heights.astype(float)


def sloping(heights: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Slope and aspect in radians by numpy's gradient, whose inner differences are central ones."""
    down, right = np.gradient(heights, scale)
    return np.arctan(np.hypot(right, down)), np.arctan2(-right, down)


@pytest.mark.parametrize(("azimuth", "elevation"), [(270, 45), (0, 30), (135, 5), (90, 90), (300, 0)])
def test_hillshade_is_the_guides_formula(
    folder: Folder, here: Grid, hills: np.ndarray, azimuth: float, elevation: float
) -> None:
    """cos(azimuth - aspect) sin(slope) sin(zenith) + cos(zenith) cos(slope), in parts of 255, dark below 0."""
    slope, aspect = sloping(hills, here.projection.nominal_scale)
    zenith, towards = np.radians(90 - elevation), np.radians(azimuth)
    light = np.cos(towards - aspect) * np.sin(slope) * np.sin(zenith) + np.cos(zenith) * np.cos(slope)
    expected = np.floor(np.clip(light, 0, 1) * 255 + 0.5)[1:-1, 1:-1]
    image = ee.Image("MY/DEM/H")
    drawn = folder.pixels(ee.Terrain.hillshade(image, azimuth, elevation), here)["hillshade"]
    assert drawn.values.dtype == np.uint8
    assert drawn.mask[1:-1, 1:-1].all()
    assert drawn.mask.sum() == 7 * 9
    assert np.abs(drawn.values[1:-1, 1:-1] - expected).max() <= (0 if elevation else 1)
    assert len(np.unique(expected)) > 3


def test_products_of_a_terrain(folder: Folder, here: Grid, hills: np.ndarray) -> None:
    """All other bands and the metadata stay; slope and aspect are in degrees."""
    products = ee.Terrain.products(ee.Image("MY/DEM/H"))
    info = folder.info(products)
    assert [band["id"] for band in info["bands"]] == ["elevation", "other", "slope", "aspect", "hillshade"]
    assert info["bands"][4]["data_type"] == {"type": "PixelType", "precision": "int", "min": 0, "max": 255}
    assert info["properties"]["source"] == "x"
    drawn = folder.pixels(products, here)
    slope, aspect = sloping(hills, here.projection.nominal_scale)
    inner = np.s_[1:-1, 1:-1]
    assert drawn["slope"].values[inner] == pytest.approx(np.degrees(slope)[inner], abs=1e-3)
    assert drawn["aspect"].values[inner] == pytest.approx(np.degrees(aspect)[inner] % 360, abs=1e-2)
    shade = folder.band(ee.Terrain.hillshade(ee.Image("MY/DEM/H")), here)
    assert (drawn["hillshade"].values[inner] == shade.values[inner]).all()
    assert (drawn["elevation"].values == hills.astype(np.float32)).all()
    same = folder.pixels(ee.Algorithms.Terrain(ee.Image("MY/DEM/H")), here)
    assert list(same) == list(drawn)
    # A plain in light from halfway up: sin(45°) of 255.
    folder.scene("F", {"B1": np.full((9, 11), 7, np.uint8)}, collection="MY/PLAIN")
    flat = folder.band(ee.Terrain.hillshade(ee.Image("MY/PLAIN/F")), here)
    assert set(flat.values[inner].ravel()) == {180}
    with pytest.raises(Refused, match=r"Terrain\.products: .* called 'elevation'"):
        folder.value(ee.Terrain.products(ee.Image("MY/DEM/H").select(["other", "other"])))


def test_large_neighbourhoods_are_refused(scene: Folder, grid: Callable[..., Grid]) -> None:
    with pytest.raises(Refused, match="must be between 0 and"):
        scene.band(band().convolve(ee.Kernel.square(kernels.MAX_RADIUS + 1)), grid(1, 1))
    with pytest.raises(Refused, match="memory"):
        scene.band(band().reduceNeighborhood("median", ee.Kernel.square(500)), grid(256, 1))
    with pytest.raises(Refused, match="bands at most"):
        scene.value(band().neighborhoodToBands(ee.Kernel.square(40)))
