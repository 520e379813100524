"""Images pixel by pixel: arithmetic, types, masks, bands, formulas. Expected values are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid
from hypothesis import given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.scene_folder import S2, Folder, masked, write_tif

A = np.array([[1, 2, 3], [4, 5, 0]], np.uint16)
B = np.array([[10, 0, 30], [40, 50, 60]], np.uint16)


@pytest.fixture
def scene(folder: Folder) -> Folder:
    """B2 with its last pixel masked, B3 whole, a class band, 3 x 2 pixels."""
    folder.scene("S", {"B2": A, "SCL": A.astype(np.uint8)}, nodata=0, **{"system:time_start": 1, "CLOUDS": 7})
    write_tif(folder.path / S2 / "S" / "B3.tif", B, 32611, (500000, 4100000), 10, None)
    return folder


@pytest.fixture
def here(grid: Callable[..., Grid]) -> Grid:
    return grid(3, 2)


def image() -> Any:
    return ee.Image(f"{S2}/S")


def band(name: str) -> Any:
    return image().select(name)


def drawn(folder: Folder, computed: Any, here: Grid) -> list:
    return masked(folder.band(computed, here)).tolist()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add", [[11, 2, 33], [44, 55, None]]),
        ("subtract", [[-9, 2, -27], [-36, -45, None]]),
        ("multiply", [[10, 0, 90], [160, 250, None]]),
        ("max", [[10, 2, 30], [40, 50, None]]),
        ("min", [[1, 0, 3], [4, 5, None]]),
        ("mod", [[1, 0, 3], [4, 5, None]]),
        ("lt", [[1, 0, 1], [1, 1, None]]),
        ("gte", [[0, 1, 0], [0, 0, None]]),
        ("eq", [[0, 0, 0], [0, 0, None]]),
        ("neq", [[1, 1, 1], [1, 1, None]]),
        ("And", [[1, 0, 1], [1, 1, None]]),
        ("Or", [[1, 1, 1], [1, 1, None]]),
        ("bitwiseAnd", [[0, 0, 2], [0, 0, None]]),
        ("bitwiseOr", [[11, 2, 31], [44, 55, None]]),
        ("bitwiseXor", [[11, 2, 29], [44, 55, None]]),
        ("first", [[1, 2, 3], [4, 5, None]]),
    ],
)
def test_two_images(scene: Folder, here: Grid, name: str, expected: list) -> None:
    assert drawn(scene, getattr(band("B2"), name)(band("B3")), here) == expected


def test_division_by_zero_is_zero(scene: Folder, here: Grid) -> None:
    result = masked(scene.band(band("B2").divide(band("B3")), here))
    assert result.filled(-1) == pytest.approx(np.array([[0.1, 0, 0.1], [0.1, 0.1, -1]]))
    assert result.dtype == np.float32


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda i: i.abs(), [2.5, 0.5, 0.5, 2.5]),
        (lambda i: i.round(), [-2, 0, 1, 3]),
        (lambda i: i.floor(), [-3, -1, 0, 2]),
        (lambda i: i.ceil(), [-2, 0, 1, 3]),
        (lambda i: i.Not(), [0, 0, 0, 0]),
        (lambda i: i.clamp(-1, 1), [-1, -0.5, 0.5, 1]),
        (lambda i: i.unitScale(-2.5, 2.5), [0, 0.4, 0.6, 1]),
        (lambda i: i.toUint16(), [0, 0, 0, 2]),
        (lambda i: i.toInt16(), [-2, 0, 0, 2]),
        (lambda i: i.toByte(), [0, 0, 0, 2]),
        (lambda i: i.toFloat(), [-2.5, -0.5, 0.5, 2.5]),
        (lambda i: i.signum(), [-1, -1, 1, 1]),
        (lambda i: i.pow(2), [6.25, 0.25, 0.25, 6.25]),
        (lambda i: i.polynomial([1, 2]), [-4, 0, 2, 6]),
        (lambda i: i.interpolate([-1, 1], [0, 20], "clamp"), [0, 5, 15, 20]),
        (lambda i: i.interpolate([-1, 1], [0, 20], "extrapolate"), [-15, 5, 15, 35]),
    ],
)
def test_one_image(folder: Folder, grid: Callable[..., Grid], expression: Any, expected: list) -> None:
    values = [-2.5, -0.5, 0.5, 2.5]
    found = [float(folder.band(expression(ee.Image(v)), grid(1, 1)).values[0, 0]) for v in values]
    wanted = (
        [abs(v) for v in expected] if expression(ee.Image(0)).serialize().find("Image.abs") >= 0 else expected
    )
    assert found == pytest.approx(wanted)


def test_what_is_not_a_number_is_masked(folder: Folder, grid: Callable[..., Grid]) -> None:
    assert not folder.band(ee.Image(-1).sqrt(), grid(1, 1)).valid.any()
    assert folder.band(ee.Image(4).sqrt(), grid(1, 1)).values[0, 0] == 2


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1))
@examples(60)
def test_whole_numbers_never_wrap(one: int, other: int) -> None:
    folder, here = Folder(Path("/nonexistent")), Grid("EPSG:32611", (10, 0, 0, 0, -10, 0), 1, 1)
    for name, exact in (("add", one + other), ("subtract", one - other), ("multiply", one * other)):
        found = folder.band(getattr(ee.Image(one).toInt32(), name)(ee.Image(other).toInt32()), here).values[
            0, 0
        ]
        assert found == (exact if abs(exact) < 2**53 else pytest.approx(float(exact)))


def data_types(folder: Folder, computed: Any) -> list[dict]:
    return [b["data_type"] for b in folder.info(computed)["bands"]]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda: band("B2").add(1), ("int", 1, 65536)),
        (lambda: band("B2").subtract(band("B3")), ("int", -65535, 65535)),
        (lambda: band("B2").divide(10000), ("float", 0, pytest.approx(6.5535))),
        (lambda: band("B2").multiply(0.0001), ("double", 0, pytest.approx(6.5535))),
        (lambda: band("B2").gte(100), ("int", 0, 1)),
        (lambda: band("B2").toFloat(), ("float", 0, 65535)),
        (lambda: image().normalizedDifference(["B3", "B2"]), ("float", -1, 1)),
        (lambda: ee.Image(3), ("int", 3, 3)),
        (lambda: ee.Image(0.5), ("double", 0.5, 0.5)),
        (lambda: band("B2").unmask(-1), ("int", -1, 65535)),
        (lambda: ee.Image(300).toUint8(), ("int", 0, 255)),
    ],
)
def test_pixel_types(scene: Folder, expression: Any, expected: tuple) -> None:
    (kind,) = data_types(scene, expression())
    assert (kind["precision"], kind["min"], kind["max"]) == expected


def test_names_come_from_the_longer_image(scene: Folder) -> None:
    both = image().select(["B2", "B3"])
    assert scene.info(both.add(band("SCL")).bandNames()) == ["B2", "B3"]
    assert scene.info(band("SCL").add(both).bandNames()) == ["B2", "B3"]
    assert scene.info(band("B2").add(band("B3")).bandNames()) == ["B2"]


def test_equal_numbers_of_bands_pair_by_name_or_in_order(scene: Folder, here: Grid) -> None:
    both = image().select(["B2", "B3"])
    swapped = scene.pixels(both.subtract(image().select(["B3", "B2"])), here)
    assert all((r.values[r.valid] == 0).all() for r in swapped.values())
    ordered = scene.pixels(both.add(image().select(["B3", "B2"], ["x", "y"])), here)
    assert (ordered["B2"].values[0] == [11, 2, 33]).all()
    assert (ordered["B3"].values[0] == [11, 2, 33]).all()
    with pytest.raises(Refused, match=r"Image\.add: Images must have the same number of bands"):
        scene.value(both.add(image()))


def test_normalized_difference_masks_negative_inputs(folder: Folder, grid: Callable[..., Grid]) -> None:
    pair = ee.Image([3, 1])
    assert folder.band(pair.normalizedDifference(), grid(1, 1)).values[0, 0] == 0.5
    assert not folder.band(ee.Image([3, -1]).normalizedDifference(), grid(1, 1)).valid.any()
    assert folder.info(pair.set("a", 1).normalizedDifference().propertyNames()) == [
        "system:bands",
        "system:band_names",
    ]
    assert folder.info(pair.normalizedDifference().bandNames()) == ["nd"]
    assert folder.band(ee.Image([0, 0]).normalizedDifference(), grid(1, 1)).values[0, 0] == 0


# --- masks


def test_update_mask_only_lowers(scene: Folder, here: Grid) -> None:
    assert drawn(scene, band("B2").updateMask(band("B3").gt(0)), here) == [[1, None, 3], [4, 5, None]]
    half = scene.band(band("B3").updateMask(0.5).updateMask(1), here)
    assert (half.mask == 0.5).all()


def test_a_masked_mask_counts_as_zero(scene: Folder, here: Grid) -> None:
    assert drawn(scene, band("B3").updateMask(band("B2")), here) == [[10, 0, 30], [40, 50, None]]


def test_mask_as_an_image(scene: Folder, here: Grid) -> None:
    assert drawn(scene, band("B2").mask(), here) == [[1, 1, 1], [1, 1, 0]]
    assert drawn(scene, band("B2").mask(ee.Image(1)), here) == [[1, 2, 3], [4, 5, 0]]


def test_unmask_stays_within_the_footprint(scene: Folder, grid: Callable[..., Grid]) -> None:
    wider = grid(5, 2)
    assert drawn(scene, band("B2").unmask(9), wider) == [[1, 2, 3, None, None], [4, 5, 9, None, None]]
    assert drawn(scene, band("B2").unmask(9, False), wider) == [[1, 2, 3, 9, 9], [4, 5, 9, 9, 9]]
    assert drawn(scene, band("B2").unmask(sameFootprint=False), wider)[1] == [4, 5, 0, 0, 0]


def test_where(scene: Folder, here: Grid) -> None:
    result = band("B3").where(band("B2").gt(2), band("B2").multiply(-1))
    assert drawn(scene, result, here) == [[10, 0, -3], [-4, -5, 60]]


def test_remap(scene: Folder, here: Grid) -> None:
    scl = band("SCL")
    assert drawn(scene, scl.remap([1, 3, 5], [10, 30, 50]), here) == [[10, None, 30], [None, 50, None]]
    assert drawn(scene, scl.remap([5, 1], [0, 1], 7), here) == [[1, 7, 7], [7, 0, None]]


def test_blend(scene: Folder, here: Grid) -> None:
    top = band("B2").updateMask(band("B2").lt(3).multiply(0.5))
    result = scene.band(band("B3").toDouble().blend(top), here)
    assert result.values.tolist() == [[5.5, 1, 30], [40, 50, 60]]
    assert result.mask.all()


def test_clip_covers_edges_in_part(scene: Folder, here: Grid) -> None:
    """Half of the first column, all of the second, a quarter of the third."""
    box = ee.Geometry.Rectangle([500005, 4099980, 500022.5, 4100000], "EPSG:32611", False)
    clipped = scene.band(band("B3").clip(box), here)
    assert clipped.mask.tolist() == [[0.5, 1, 0.25], [0.5, 1, 0.25]]
    assert scene.info(band("B3").clip(box).get("CLOUDS")) == 7


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.updateMask(1),
        lambda image: image.selfMask(),
        lambda image: image.mask(ee.Image(1)),
        lambda image: image.mask(),
        lambda image: image.unmask(0),
        lambda image: image.unmask(0, False),
        lambda image: image.where(1, 2),
        lambda image: image.clip(ee.Geometry.Point(-117, 37).buffer(1000)),
        lambda image: image.clipToCollection(ee.FeatureCollection([ee.Feature(ee.Geometry.Point(-117, 37))])),
        lambda image: image.addBands(ee.Image(1)),
        lambda image: ee.Image.cat([image, ee.Image(1)]),
        lambda image: image.neighborhoodToArray(ee.Kernel.square(1)),
        lambda image: image.resample("bilinear"),
        lambda image: image.linkCollection(ee.ImageCollection(S2), ["B2"]),
        lambda image: image.linkCollection(ee.ImageCollection(S2).filter("CLOUDS == 0"), ["B2"], ["x"]),
        lambda image: ee.Terrain.products(image.select("B3")),
    ],
)
def test_metadata_that_is_retained(scene: Folder, change: Callable[[Any], Any]) -> None:
    """Id, version and properties, as the pages of these functions say."""
    whole, changed = scene.info(ee.Image(f"{S2}/S")), scene.info(change(ee.Image(f"{S2}/S")))
    assert changed["id"] == f"{S2}/S"
    assert changed["version"] == whole["version"]
    assert changed["properties"]["CLOUDS"] == 7
    assert scene.info(change(ee.Image(f"{S2}/S")).get("system:id")) == f"{S2}/S"


def test_clip_twice_meets_in_the_footprint(scene: Folder) -> None:
    left = ee.Geometry.Rectangle([499000, 4099000, 500010, 4101000], "EPSG:32611", False)
    area = scene.info(band("B3").clip(left).geometry().area(1))
    assert area == pytest.approx(10 * 20 / 0.9996**2, rel=1e-3)


# --- bands


def test_select_by_name_pattern_and_position(scene: Folder) -> None:
    names = lambda *selectors: scene.info(image().select(*selectors).bandNames())  # noqa: E731
    assert names(["B.*"]) == ["B2", "B3"]
    assert names(["SCL", 0]) == ["SCL", "B2"]
    assert names([-1]) == ["SCL"]
    assert names(["B2", "B3"], ["blue", "green"]) == ["blue", "green"]


def test_select_refuses_in_the_services_words(scene: Folder) -> None:
    with pytest.raises(Refused) as refused:
        scene.value(image().select("VV"))
    assert refused.value.message == (
        "Image.select: Band pattern 'VV' did not match any bands. Available bands: [B2, B3, SCL]"
    )
    with pytest.raises(Refused) as refused:
        scene.value(ee.ImageCollection([]).median().select("B4"))
    assert refused.value.message == (
        "Image.select: Band pattern 'B4' was applied to an Image with no bands. "
        "See https://developers.google.com/earth-engine/guides/debugging#no-bands"
    )


def test_add_bands(scene: Folder, here: Grid) -> None:
    added = image().select("B2").addBands(band("B3").rename("B2"))
    assert scene.info(added.bandNames()) == ["B2", "B2_1"]
    replaced = image().addBands(ee.Image(9).rename("B2"), None, True)
    assert scene.info(replaced.bandNames()) == ["B2", "B3", "SCL"]
    assert (scene.pixels(replaced, here)["B2"].values == 9).all()
    assert scene.info(replaced.get("CLOUDS")) == 7
    assert scene.info(ee.Image.cat([1, 2, band("B3")]).bandNames()) == ["constant", "constant_1", "B3"]


def test_rename_and_slice(scene: Folder) -> None:
    assert scene.info(image().rename(["a", "b", "c"]).slice(1).bandNames()) == ["b", "c"]
    assert scene.info(image().regexpRename("^B", "band_").bandNames()) == ["band_2", "band_3", "SCL"]
    with pytest.raises(Refused, match=r"Image\.rename: The number of names"):
        scene.value(image().rename(["a"]))


def test_cast_adds_missing_bands_masked(scene: Folder, here: Grid) -> None:
    result = image().select("B2").cast({"B2": "double", "extra": "byte"}, ["extra", "B2"])
    assert scene.info(result.bandTypes())["extra"] == {
        "type": "PixelType",
        "precision": "int",
        "min": 0,
        "max": 255,
    }
    assert not scene.pixels(result, here)["extra"].mask.any()


def test_properties_after_functions(scene: Folder) -> None:
    assert scene.info(image().updateMask(1).get("CLOUDS")) == 7
    assert scene.info(image().toFloat().get("CLOUDS")) == 7
    assert scene.info(image().add(1).get("CLOUDS")) is None
    assert scene.info(image().set("x", "y").get("x")) == "y"
    assert scene.info(image().id()) == "S"  # "the ID of a given element within a collection"
    assert scene.info(image().updateMask(1).id()) == "S"
    assert scene.info(image().date()) == {"type": "Date", "value": 1}
    copied = ee.Image(1).copyProperties(image(), ["CLOUDS"])
    assert scene.info(copied.toDictionary()) == {"CLOUDS": 7}
    assert scene.info(image().metadata("CLOUDS").bandNames()) == ["CLOUDS"]


def test_reduce_over_bands(scene: Folder, here: Grid) -> None:
    both = image().select(["B2", "B3"])
    assert drawn(scene, both.reduce("mean"), here) == [[5.5, 1, 16.5], [22, 27.5, 60]]
    assert scene.info(both.reduce(ee.Reducer.minMax()).bandNames()) == ["min", "max"]


# --- formulas


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("a + b * 2", 7),
        ("(a + b) * 2", 8),
        ("a - b - 1", -3),
        ("-a ** 2", -1),
        ("b ** 3 ** 2", 3**9),
        ("2 ** -1", 0.5),
        ("a > b ? 10 : a < b ? 20 : 30", 20),
        ("!(a == b) && b >= 3", 1),
        ("a == 2 || b != 3", 0),
        ("b % 2 + 7 / 2", 4.5),
        ("max(a, b) + min(a, b) + abs(-4)", 8),
        ("sqrt(16) + pow(2, 3) + exp(0) + log(1)", 13),
        ("floor(2.7) + ceil(2.1) + round(2.5)", 8),
        ("two.x + two['y'] + two[1]", 5 + 6 + 6),
        ("b('p') + b(1)", 70 + 80),
        ("1e3 + .5 + 2.", 1002.5),
        ("(7 & 3) + (4 | 1) + (1 << 3) + (~0)", 3 + 5 + 8 - 1),
        ("cos(PI)", -1),
    ],
)
def test_formulas(folder: Folder, grid: Callable[..., Grid], formula: str, expected: float) -> None:
    two = ee.Image([5, 6]).rename(["x", "y"])
    default = ee.Image([70, 80]).rename(["p", "q"])
    variables = {"a": ee.Image(1), "b": ee.Image(3), "two": two}
    used = {k: v for k, v in variables.items() if k in formula}
    assert folder.band(default.expression(formula, used), grid(1, 1)).values[0, 0] == pytest.approx(expected)


def test_a_formula_may_name_its_band(folder: Folder) -> None:
    assert folder.info(ee.Image(1).expression("evi = x * 2", {"x": ee.Image(2)}).bandNames()) == ["evi"]


@pytest.mark.parametrize(
    "formula",
    [
        "a +",
        "a $ b",
        "(a",
        "a b",
        "b(",
        "a.",
        "a ? 1",
        "nothere(a)",
        "c + 1",
        "'x'",
        "(" * 500 + "a",
        "",
        "-" * 900 + "a",
    ],
)
def test_bad_formulas_are_refused(folder: Folder, formula: str) -> None:
    with pytest.raises(Refused):
        folder.value(ee.Image(1).expression(formula, {"a": ee.Image(1)}))


def test_masks_of_a_conditional(scene: Folder, here: Grid) -> None:
    chosen = image().expression("b2 > 2 ? b3 : 0 - b2", {"b2": band("B2"), "b3": band("B3")})
    assert drawn(scene, chosen, here) == [[-1, -2, 30], [40, 50, None]]
