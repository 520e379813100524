"""Colours, mixtures and special functions: values from elsewhere than the sandbox."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid

from ...support.scene_folder import Folder


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
