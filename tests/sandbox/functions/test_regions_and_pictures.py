"""Statistics over regions, samples, projections, neighbourhoods, pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import S2, Folder, masked, write_tif

SIDE = 20
VALUES = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)


@pytest.fixture
def scene(folder: Folder) -> Folder:
    folder.scene(
        "S", {"B4": VALUES, "B3": (VALUES % 7).astype(np.uint16)}, nodata=399, **{"system:time_start": 5}
    )
    return folder


def band(name: str = "B4") -> Any:
    return ee.Image(f"{S2}/S").select(name)


def box(left: float, top: float, right: float, bottom: float) -> Any:
    """A rectangle in pixels of the scene."""
    corners = [500000 + 10 * left, 4100000 - 10 * bottom, 500000 + 10 * right, 4100000 - 10 * top]
    return ee.Geometry.Rectangle(corners, "EPSG:32611", False)


# --- regions


def test_whole_pixels(scene: Folder) -> None:
    part = VALUES[2:5, 3:7]
    region = {"geometry": box(3, 2, 7, 5), "scale": 10}
    info = lambda reducer: scene.info(band().reduceRegion(reducer, **region))["B4"]  # noqa: E731
    assert info(ee.Reducer.mean()) == pytest.approx(part.mean())
    assert info(ee.Reducer.sum()) == part.sum()
    assert info(ee.Reducer.count()) == part.size
    assert info(ee.Reducer.max()) == part.max()
    assert info(ee.Reducer.first()) == part[0, 0]
    assert info(ee.Reducer.last()) == part[-1, -1]
    assert info(ee.Reducer.stdDev()) == pytest.approx(part.std())
    assert info(ee.Reducer.median()) == pytest.approx(np.median(part))
    assert info(ee.Reducer.percentile([25])) == pytest.approx(np.percentile(part, 25))
    assert info(ee.Reducer.toList()) == part.ravel().tolist()
    assert info(ee.Reducer.countDistinct()) == part.size
    assert (
        sum(row[1] for row in info(ee.Reducer.fixedHistogram(40, 100, 6)))
        == ((part >= 40) & (part < 100)).sum()
    )


def test_edges_weigh_by_coverage(scene: Folder) -> None:
    """Half of column 3, all of column 4: the mean leans to column 4, the count sees centres only."""
    region = {"geometry": box(3.5, 2, 5, 3), "scale": 10}
    both = ee.Reducer.mean().combine(ee.Reducer.count(), "", True).combine(ee.Reducer.sum(), "", True)
    found = scene.info(band().reduceRegion(both, **region))
    assert found["B4_sum"] == pytest.approx(43 * 0.5 + 44)
    assert found["B4_mean"] == pytest.approx((43 * 0.5 + 44) / 1.5)
    quarter = scene.info(band().reduceRegion(ee.Reducer.count(), box(3.7, 2, 5, 3), 10))
    assert quarter == {"B4": 1}
    plain = scene.info(band().reduceRegion(ee.Reducer.mean().unweighted(), box(3.7, 2, 5, 3), 10))
    assert plain == {"B4": 44}


def parcel(x: float = 500033, y: float = 4099871) -> Any:
    """A turned rectangle of 90 by 55 metres, 0.495 ha, in UTM."""
    ring = []
    for along, across in ((0, 0), (90, 0), (90, 55), (0, 55)):
        turn = math.radians(27)
        ring.append(
            [
                x + along * math.cos(turn) - across * math.sin(turn),
                y + along * math.sin(turn) + across * math.cos(turn),
            ]
        )
    return ee.Geometry.Polygon([ring], "EPSG:32611", False)


def test_a_clip_to_the_region_does_not_count_edges_twice(scene: Folder) -> None:
    """The weight is the smaller of mask and coverage: 4950 square metres, whether clipped or not."""
    region, sizes = parcel(), {"scale": 10, "crs": "EPSG:32611"}
    ground = 90 * 55 / 0.9996**2  # pixelArea knows the scale of UTM at its central meridian
    area = ee.Image.pixelArea()
    clipped = scene.info(area.clip(region).reduceRegion(ee.Reducer.sum(), region, **sizes))["area"]
    assert clipped == pytest.approx(ground, rel=2e-3)
    assert scene.info(area.reduceRegion(ee.Reducer.sum(), region, **sizes))["area"] == pytest.approx(clipped)
    features = ee.FeatureCollection([ee.Feature(region)])
    table = area.clip(region).reduceRegions(features, ee.Reducer.sum(), **sizes)
    assert scene.info(table.first().get("sum")) == pytest.approx(clipped)
    twice = area.clip(region).clip(region).reduceRegion(ee.Reducer.sum(), region, **sizes)
    assert scene.info(twice)["area"] == pytest.approx(clipped)


def test_the_weight_is_the_smaller_of_mask_and_coverage(scene: Folder) -> None:
    """Mask 0.5 over coverage 0.25, 0.5 and 1: weights 0.25, 0.5 and 0.5."""
    image = ee.Image(1).updateMask(0.5)
    for share, weight in ((0.25, 0.25), (0.5, 0.5), (1, 0.5)):
        region = box(3, 2, 3 + share, 3)
        summed = image.reduceRegion(ee.Reducer.sum(), region, 10, "EPSG:32611")
        assert scene.info(summed)["constant"] == pytest.approx(weight)


def test_points_and_several_bands(scene: Folder) -> None:
    point = ee.Geometry.Point([500000 + 35, 4100000 - 25], "EPSG:32611")
    image = ee.Image(f"{S2}/S")
    assert scene.info(image.reduceRegion(ee.Reducer.mean(), point, 10)) == {"B3": 43 % 7, "B4": 43}
    names = scene.info(image.reduceRegion(ee.Reducer.minMax(), point, 10))
    assert names == {"B3_min": 1, "B3_max": 1, "B4_min": 43, "B4_max": 43}


def test_nothing_valid_is_null(scene: Folder) -> None:
    empty = band().updateMask(0)
    assert scene.info(empty.reduceRegion(ee.Reducer.mean(), box(0, 0, 5, 5), 10)) == {"B4": None}
    assert scene.info(empty.reduceRegion(ee.Reducer.count(), box(0, 0, 5, 5), 10)) == {"B4": 0}
    assert scene.info(empty.reduceRegion(ee.Reducer.frequencyHistogram(), box(0, 0, 5, 5), 10)) == {"B4": {}}


def test_scale_snaps_to_multiples(scene: Folder) -> None:
    found = scene.info(band().reduceRegion(ee.Reducer.toList(), box(0, 0, 8, 4), 20))["B4"]
    assert found == VALUES[1:4:2, 1:8:2].ravel().tolist()


def test_region_refusals(scene: Folder) -> None:
    def message(computed: Any) -> str:
        with pytest.raises(Refused) as refused:
            scene.value(computed)
        return refused.value.message

    region = ee.Geometry.BBox(-120, 37, -119, 38)
    many = message(band().reduceRegion(ee.Reducer.mean(), box(0, 0, 100, 50), 10, maxPixels=4999))
    assert (
        many
        == "Image.reduceRegion: Too many pixels in the region. Found 5000, but maxPixels allows only 4999."
    )
    huge = message(band().reduceRegion(ee.Reducer.mean(), region, 10, maxPixels=1e13))
    assert huge == "User memory limit exceeded."
    composite = ee.ImageCollection(S2).median()
    assert message(composite.reduceRegion(ee.Reducer.mean(), region)) == (
        "Image.reduceRegion: The default WGS84 projection is invalid for aggregations. "
        "Specify a scale or crs & crs_transform."
    )
    assert "unbounded image" in message(composite.reduceRegion(ee.Reducer.mean(), None, 10))
    assert "Need 2 bands" in message(band().reduceRegion(ee.Reducer.min(2), box(0, 0, 2, 2), 10))


def test_best_effort_enlarges_the_scale(scene: Folder) -> None:
    found = scene.info(
        band().reduceRegion(ee.Reducer.count(), box(0, 0, 20, 20), 10, bestEffort=True, maxPixels=50)
    )
    assert 20 <= found["B4"] <= 50


def test_default_region_is_the_footprint(scene: Folder) -> None:
    assert scene.info(band().reduceRegion(ee.Reducer.count())) == {"B4": SIDE * SIDE - 1}


def test_groups(scene: Folder) -> None:
    pair = ee.Image(f"{S2}/S").select(["B4", "B3"])
    found = scene.info(pair.reduceRegion(ee.Reducer.sum().group(1, "class"), box(0, 0, 14, 1), 10))
    assert found == {"groups": [{"class": k, "sum": 2 * k + 7} for k in range(7)]}


def test_regions_as_features(scene: Folder) -> None:
    features = ee.FeatureCollection(
        [ee.Feature(box(0, 0, 2, 1), {"n": "a"}), ee.Feature(box(2, 0, 4, 1), {"n": "b"})]
    )
    one = scene.info(band().reduceRegions(features, ee.Reducer.mean(), 10))["features"]
    assert [f["properties"] for f in one] == [{"n": "a", "mean": 0.5}, {"n": "b", "mean": 2.5}]
    assert [f["id"] for f in one] == ["0", "1"]
    two = scene.info(ee.Image(f"{S2}/S").reduceRegions(features, ee.Reducer.max(), 10))["features"]
    assert two[1]["properties"]["B4"] == 3
    assert two[1]["properties"]["B3"] == 3


def test_samples(scene: Folder) -> None:
    table = scene.info(band().sample(box(17, 19, 20, 20), 10, geometries=True))
    assert [f["properties"]["B4"] for f in table["features"]] == [397, 398]
    assert table["features"][0]["geometry"]["type"] == "Point"
    whole = scene.info(band().sample(box(0, 0, 20, 20), 10, numPixels=100, seed=1).size())
    assert 60 < whole < 140
    places = ee.FeatureCollection([ee.Feature(box(1, 1, 2, 2), {"k": 3})])
    (row,) = scene.info(band().sampleRegions(places, scale=10))["features"]
    assert row["properties"]["B4"] == 21
    assert row["properties"]["k"] == 3


def test_rectangles_of_pixels(scene: Folder) -> None:
    found = scene.info(band().sampleRectangle(box(1, 2, 4, 4)))["properties"]["B4"]
    assert found == VALUES[2:4, 1:4].tolist()
    with pytest.raises(Refused, match="no default value"):
        scene.value(band().sampleRectangle(box(18, 18, 20, 20)))
    filled = scene.info(band().sampleRectangle(box(18, 18, 20, 20), defaultValue=7))["properties"]["B4"]
    assert filled == [[378, 379], [398, 7]]


# --- projections


def test_mixed_projections_are_refused(folder: Folder) -> None:
    folder.scene("S", {"B4": VALUES})
    write_tif(folder.path / S2 / "S" / "B11.tif", VALUES[:10, :10], 32611, (500000, 4100000), 20, None)
    with pytest.raises(Refused) as refused:
        folder.value(ee.Image(f"{S2}/S").projection())
    assert refused.value.message == (
        "Image.projection: The bands of the specified image contain different projections. "
        "Use Image.select to pick a single band."
    )
    assert folder.info(ee.Image(f"{S2}/S").select("B11").projection().nominalScale()) == pytest.approx(20)


def test_reproject_computes_there_first(scene: Folder, grid: Callable[..., Grid]) -> None:
    coarse = band().reproject("EPSG:32611", [40, 0, 500000, 0, -40, 4100000])
    found = scene.band(coarse, grid(8, 8)).values
    assert (found == np.kron(VALUES[2:8:4, 2:8:4], np.ones((4, 4)))).all()
    assert scene.info(coarse.projection())["transform"] == [40, 0, 500000, 0, -40, 4100000]


def test_bilinear_between_pixel_centres(scene: Folder, grid: Callable[..., Grid]) -> None:
    fine = scene.band(band().toDouble().resample("bilinear"), grid(8, 8, x=500020, y=4099980, pixel=5)).values
    rows, columns = np.mgrid[0:8, 0:8]
    exact = (2 + (rows + 0.5) / 2 - 0.5) * SIDE + 2 + (columns + 0.5) / 2 - 0.5
    assert fine == pytest.approx(exact)
    cubic = scene.band(band().toDouble().resample("bicubic"), grid(8, 8, x=500020, y=4099980, pixel=5)).values
    assert cubic == pytest.approx(exact)
    native = scene.band(band().resample("bilinear"), grid(8, 8)).values
    assert (native == VALUES[:8, :8]).all()


def test_reduce_resolution_averages(scene: Folder, grid: Callable[..., Grid]) -> None:
    mean = band().reduceResolution(ee.Reducer.mean())
    found = scene.band(mean, grid(4, 4, pixel=40)).values
    assert found == pytest.approx(VALUES[:16, :16].reshape(4, 4, 4, 4).mean(axis=(1, 3)))
    with pytest.raises(Refused, match="Too many input pixels"):
        scene.band(mean, grid(1, 1, pixel=200))


@pytest.mark.parametrize(
    ("options", "transform", "size"),
    [
        ({"scale": 10}, [10, 0, 500030, 0, -10, 4099980], (4, 3)),
        ({"scale": 20}, [20, 0, 500020, 0, -20, 4099980], (3, 2)),
        ({"width": 8, "height": 3}, [5, 0, 500030, 0, -10, 4099980], (8, 3)),
        ({"maxDimension": 8}, [5, 0, 500030, 0, -5, 4099980], (8, 6)),
        ({}, [10, 0, 500030, 0, -10, 4099980], (4, 3)),
    ],
)
def test_clip_to_bounds_and_scale(
    scene: Folder, options: dict, transform: list, size: tuple[int, int]
) -> None:
    region = box(3, 2, 7, 5)
    wrapped = ee.Image(
        ee.ApiFunction.apply_("Image.clipToBoundsAndScale", {"input": band(), "geometry": region, **options})
    )
    (info,) = scene.info(wrapped)["bands"]
    assert tuple(info["dimensions"]) == size
    assert info["crs_transform"] == pytest.approx(transform)
    image = scene.value(wrapped)
    own = Grid(info["crs"], tuple(info["crs_transform"]), *size)
    assert image.render(own)["B4"].mask.all()
    outside = image.render(own.padded(2, 2))["B4"].mask
    assert outside[2:-2, 2:-2].all()
    assert outside.sum() == own.size


def test_a_download_grid_in_pixels_of_a_reprojection(scene: Folder) -> None:
    placed = band().reproject("EPSG:32611", [10, 0, 500020, 0, -10, 4099970])
    region = ee.Geometry.Rectangle([0, 0, 5, 4], placed.projection(), False)
    image = ee.Image(
        ee.ApiFunction.apply_("Image.clipToBoundsAndScale", {"input": placed, "geometry": region})
    )
    (info,) = scene.info(image)["bands"]
    assert info["dimensions"] == [5, 4]
    own = Grid(info["crs"], tuple(info["crs_transform"]), 5, 4)
    assert (scene.band(image, own).values == VALUES[3:7, 2:7]).all()


def test_default_projection_and_scale(scene: Folder) -> None:
    composite = (
        ee.ImageCollection(S2).select("B4").median().setDefaultProjection("EPSG:32611", [1, 0, 0, 0, -1, 0])
    )
    call = {"input": composite, "geometry": box(3.2, 2, 7, 5), "scale": 20}
    (info,) = scene.info(ee.Image(ee.ApiFunction.apply_("Image.clipToBoundsAndScale", call)))["bands"]
    assert info["crs_transform"] == [20, 0, 500020, 0, -20, 4099980]
    assert info["dimensions"] == [3, 2]


def test_pixel_images(folder: Folder, grid: Callable[..., Grid]) -> None:
    area = folder.band(ee.Image.pixelArea(), grid(3, 3)).values
    assert area == pytest.approx(100 / 0.9996**2, rel=1e-5)
    degrees = Grid("EPSG:4326", (0.5, 0, 10, 0, -0.5, 50), 2, 2)
    lonlat = folder.pixels(ee.Image.pixelLonLat(), degrees)
    assert lonlat["longitude"].values.tolist() == [[10.25, 10.75], [10.25, 10.75]]
    assert lonlat["latitude"].values.tolist() == [[49.75, 49.75], [49.25, 49.25]]


def test_areas_are_those_of_the_ellipsoid(folder: Folder) -> None:
    """Against the closed formula for the zone between two parallels (Snyder 1987, equation 3-12)."""
    degrees = Grid("EPSG:4326", (0.01, 0, 10, 0, -0.01, 60), 90, 100)
    area = folder.band(ee.Image.pixelArea(), degrees).values
    e2 = 0.00669437999014
    e, sines = math.sqrt(e2), np.sin(np.radians(60 - 0.01 * np.arange(101)))
    q = (1 - e2) * (sines / (1 - e2 * sines**2) - np.log((1 - e * sines) / (1 + e * sines)) / (2 * e))
    zones = -np.diff(q) * 6378137.0**2 / 2 * np.radians(0.01)
    assert area == pytest.approx(np.broadcast_to(zones[:, np.newaxis], area.shape), rel=3e-8)


# --- neighbourhoods


def _brute(
    values: np.ndarray, valid: np.ndarray, inside: Callable[[int, int], bool], radius: int, best: Any
) -> np.ndarray:
    result = np.full(values.shape, -1.0)
    for r in range(values.shape[0]):
        for c in range(values.shape[1]):
            held = [
                values[r + i, c + j]
                for i in range(-radius, radius + 1)
                for j in range(-radius, radius + 1)
                if inside(i, j)
                and 0 <= r + i < values.shape[0]
                and 0 <= c + j < values.shape[1]
                and valid[r + i, c + j]
            ]
            if held:
                result[r, c] = best(held)
    return result


SHAPES: dict[str, Callable[[float], Callable[[int, int], bool]]] = {
    "circle": lambda r: lambda i, j: i * i + j * j <= r * r,
    "square": lambda r: lambda i, j: True,
    "diamond": lambda r: lambda i, j: abs(i) + abs(j) <= r,
    "plus": lambda r: lambda i, j: i == 0 or j == 0,
    "cross": lambda r: lambda i, j: abs(i) == abs(j),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("radius", [1, 2.5, 4])
@pytest.mark.parametrize(
    ("name", "best"),
    [("focalMin", min), ("focalMax", max), ("focalMean", np.mean), ("focalMedian", np.median)],
)
def test_focal(
    folder: Folder, grid: Callable[..., Grid], shape: str, radius: float, name: str, best: Any
) -> None:
    random = np.random.default_rng(1)
    values = random.integers(1, 1000, (12, 15)).astype(np.uint16)
    values[random.random(values.shape) < 0.3] = 0
    folder.scene("S", {"B4": values}, nodata=0)
    found = masked(folder.band(getattr(band(), name)(radius, shape), grid(15, 12))).astype(float).filled(-1)
    wanted = _brute(values.astype(float), values > 0, SHAPES[shape](radius), int(radius), best)
    assert found == pytest.approx(wanted)


def test_kernels_in_metres_follow_the_grid(folder: Folder, grid: Callable[..., Grid]) -> None:
    one = np.zeros((21, 21), np.uint8)
    one[10, 10] = 1
    folder.scene("S", {"spot": one})
    grown = folder.band(band("spot").focalMax(30, "square", "meters"), grid(21, 21)).values
    assert grown.sum() == 7 * 7
    coarse = folder.band(band("spot").focalMax(30, "square", "meters"), grid(7, 7, pixel=30)).values
    assert coarse.sum() == 9
    twice = folder.band(band("spot").focalMax(1, "plus", iterations=2), grid(21, 21)).values
    assert twice.sum() == 13


def test_distances(folder: Folder, grid: Callable[..., Grid]) -> None:
    random = np.random.default_rng(2)
    spots = (random.random((15, 18)) < 0.03).astype(np.uint8)
    folder.scene("S", {"spots": spots})
    found = folder.band(band("spots").fastDistanceTransform(30), grid(18, 15)).values
    rows, columns = np.nonzero(spots)
    r, c = np.mgrid[0:15, 0:18]
    wanted = ((r[..., None] - rows) ** 2 + (c[..., None] - columns) ** 2).min(axis=-1)
    assert (found == wanted).all()


def test_convolution_and_neighbourhood_reduction(scene: Folder, grid: Callable[..., Grid]) -> None:
    smooth = scene.band(band().convolve(ee.Kernel.square(1)), grid(5, 5, x=500050, y=4099950)).values
    assert smooth == pytest.approx(VALUES[5:10, 5:10])
    mean = scene.pixels(
        band().reduceNeighborhood(ee.Reducer.mean(), ee.Kernel.square(1)), grid(5, 5, x=500050, y=4099950)
    )
    assert mean["B4_mean"].values == pytest.approx(VALUES[5:10, 5:10])


# --- pictures


def test_stretch_and_gamma(folder: Folder, grid: Callable[..., Grid]) -> None:
    one = lambda value, **style: int(folder.band(ee.Image(value).visualize(**style), grid(1, 1)).values[0, 0])  # noqa: E731
    assert [one(v, min=0, max=2500) for v in (-5, 0, 1250, 2500, 9000)] == [0, 0, 128, 255, 255]
    assert one(0.25, min=0, max=1, gamma=2) == 128
    assert one(10, gain=2, bias=5) == 25
    assert folder.info(ee.Image(1).visualize(min=0, max=1).bandNames()) == ["vis-gray"]
    assert folder.info(ee.Image([1, 2, 3]).visualize(min=[0, 1, 2], max=9).bandNames()) == [
        "vis-red",
        "vis-green",
        "vis-blue",
    ]


def test_palettes(folder: Folder, grid: Callable[..., Grid]) -> None:
    def colour(value: float, palette: Any) -> list[int]:
        drawn = folder.pixels(ee.Image(value).visualize(min=0, max=1, palette=palette), grid(1, 1))
        return [int(r.values[0, 0]) for r in drawn.values()]

    assert colour(0, ["red", "00ff00"]) == [255, 0, 0]
    assert colour(1, ["red", "00ff00"]) == [0, 255, 0]
    assert colour(0.5, ["#000", "white"]) == [128, 128, 128]
    assert colour(0.25, ["black", "blue", "white"]) == [0, 0, 128]
    with pytest.raises(Refused, match="Invalid color"):
        colour(0, ["reddish"])


def test_masks_and_opacity_in_pictures(scene: Folder, grid: Callable[..., Grid]) -> None:
    picture = scene.pixels(
        ee.Image(f"{S2}/S").select(["B4", "B4", "B3"], ["r", "g", "b"]).visualize(max=400, opacity=0.5),
        grid(20, 20),
    )
    assert all(r.mask[0, 0] == 0.5 and r.mask[-1, -1] == 0 for r in picture.values())
    with pytest.raises(Refused, match="Expected 1 or 3 bands"):
        scene.value(ee.Image(f"{S2}/S").visualize(bands=["B3", "B4"]))


def test_painting(folder: Folder, grid: Callable[..., Grid]) -> None:
    features = ee.FeatureCollection(
        [ee.Feature(box(1, 1, 4, 3), {"n": 5}), ee.Feature(box(3, 2, 5, 4), {"n": 9})]
    )
    filled = folder.band(ee.Image(0).paint(features, "n"), grid(6, 5)).values
    assert filled.tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 5, 5, 5, 0, 0],
        [0, 5, 5, 9, 9, 0],
        [0, 0, 0, 9, 9, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    outline = folder.band(
        ee.Image().byte().paint(ee.FeatureCollection([box(2, 2, 10, 10)]), 1, 2), grid(12, 12)
    )
    assert outline.valid[2:10, 2:10].sum() == 64 - 36
    drawn = folder.pixels(
        ee.Image(ee.ApiFunction.apply_("Collection.draw", {"collection": features, "color": "ff0080"})),
        grid(6, 5),
    )
    assert [int(r.values[1, 1]) for r in drawn.values()] == [255, 0, 128]
    assert drawn["vis-red"].mask[0, 0] == 0 or drawn["vis-red"].mask[4, 0] == 0
