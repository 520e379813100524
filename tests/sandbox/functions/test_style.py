"""Collection.style: colours, opacities, widths, markers and dashes, against numpy on a grid of pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.images.image import Grid
from csplus.csplus_plugin.sandbox.resources.encoders import colours

from ...support.scene_folder import Folder

CRS = "EPSG:32611"
X, Y = 500000, 4100000
MakeGrid = Callable[..., Grid]


def at(x: float, y: float) -> list[float]:
    """A place by pixels of 10 m, to the right and downwards."""
    return [X + 10 * x, Y - 10 * y]


def point(x: float, y: float) -> Any:
    return ee.Geometry.Point(at(x, y), CRS)


def area(west: float, north: float, east: float, south: float) -> Any:
    return ee.Geometry.Polygon(
        [[at(west, north), at(east, north), at(east, south), at(west, south)]], CRS, False
    )


def line(*places: tuple[float, float]) -> Any:
    return ee.Geometry.LineString([at(*place) for place in places], CRS, False)


def drawn(folder: Folder, grid: Grid, features: Any, **style: Any) -> tuple[np.ndarray, np.ndarray]:
    """Colours (height, width, 3) and opacity."""
    pixels = folder.pixels(ee.FeatureCollection(features).style(**style), grid)
    assert list(pixels) == ["vis-red", "vis-green", "vis-blue"]
    assert all(raster.values.dtype == np.uint8 for raster in pixels.values())
    return np.dstack([raster.values for raster in pixels.values()]), pixels["vis-red"].mask


def centres(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[0 : grid.height, 0 : grid.width]
    return columns + 0.5, rows + 0.5


def from_box(
    x: np.ndarray, y: np.ndarray, west: float, north: float, east: float, south: float
) -> np.ndarray:
    """Distance to the outline of a box."""
    outside = np.hypot(
        np.maximum(np.maximum(west - x, x - east), 0), np.maximum(np.maximum(north - y, y - south), 0)
    )
    inside = np.minimum(np.minimum(x - west, east - x), np.minimum(y - north, south - y))
    return np.where(outside > 0, outside, np.maximum(inside, 0))


BOX = (3, 4, 15, 12)


def test_default_style_of_an_area(folder: Folder, grid: MakeGrid) -> None:
    """A black outline 2 pixels wide around black of opacity 0.66."""
    here = grid(20, 16)
    x, y = centres(here)
    edge = from_box(x, y, *BOX) < 1
    inside = (x > 3) & (x < 15) & (y > 4) & (y < 12)
    colour, opacity = drawn(folder, here, [ee.Feature(area(*BOX))])
    assert not colour.any()
    assert opacity == pytest.approx(np.where(edge, 1, np.where(inside, 0.66, 0)))
    assert set(colours(folder.pixels(ee.FeatureCollection([area(*BOX)]).style(), here))[3].ravel()) == {
        0,
        168,
        255,
    }


def test_colours_lie_over_each_other(folder: Folder, grid: MakeGrid) -> None:
    """Half transparent red over blue, and over nothing: red and opacity of the picture are those of 'over'."""
    here = grid(20, 16)
    x, y = centres(here)
    edge, share = from_box(x, y, *BOX) < 1, 0x88 / 255
    inside = (x > 3) & (x < 15) & (y > 4) & (y < 12)
    colour, opacity = drawn(folder, here, [area(*BOX)], color="FF000088", fillColor="0000ff")
    assert opacity == pytest.approx(np.where(inside, 1, np.where(edge, share, 0)))
    assert (colour[inside & ~edge] == [0, 0, 255]).all()
    assert (colour[edge & ~inside] == [255, 0, 0]).all()
    assert (colour[edge & inside] == [136, 0, 119]).all()  # 255 times 0x88 / 255, and the rest of 255

    # Of both transparent, the opacity is 1 - (1 - a)(1 - b), the colour weighs what each contributes.
    colour, opacity = drawn(folder, here, [area(*BOX)], color="FF000088", fillColor="0000ff44")
    above, below = share, 0x44 / 255 * (1 - share)
    assert opacity[edge & inside] == pytest.approx(above + below)
    assert (colour[edge & inside][:, 0] == math.floor(255 * above / (above + below) + 0.5)).all()


def test_the_last_feature_is_on_top(folder: Folder, grid: MakeGrid) -> None:
    here = grid(12, 6)
    boxes = [area(1, 1, 8, 5), area(4, 1, 11, 5)]
    colour, opacity = drawn(folder, here, boxes, width=0, fillColor="lime")
    assert (opacity == (np.abs(centres(here)[1] - 3) < 2) * (np.abs(centres(here)[0] - 6) < 5)).all()
    own = [
        ee.Feature(boxes[0], {"look": {"fillColor": "red"}}),
        ee.Feature(boxes[1], {"look": {"color": "blue", "width": 0}}),
        ee.Feature(area(4, 2, 5, 3), {}),
    ]
    colour, opacity = drawn(folder, here, own, color="green", width=0, styleProperty="look")
    assert colour[3, 2].tolist() == [255, 0, 0]
    # Blue at 0.66 over red, by the feature's own colour; and the third feature has the common style.
    assert colour[3, 6].tolist() == [87, 0, 168]
    assert colour[3, 9].tolist() == [0, 0, 255]
    assert (opacity[3, 6], opacity[3, 9]) == (1, pytest.approx(0.66))
    assert colour[2, 4].tolist() == [29, 84, 57]  # 255 of 0.34 of 0.34; 128 of 0.66


@pytest.mark.parametrize("width", [1.0, 3.0, 4.5])
def test_width_of_a_line(folder: Folder, grid: MakeGrid, width: float) -> None:
    here = grid(30, 20)
    x, y = centres(here)
    start, end = np.array([5.2, 4.1]), np.array([24.3, 14.7])
    course, length = end - start, np.hypot(*(end - start))
    along = ((x - start[0]) * course[0] + (y - start[1]) * course[1]) / length
    across = ((x - start[0]) * course[1] - (y - start[1]) * course[0]) / length
    distance = np.hypot(across, np.maximum(np.abs(along - length / 2) - length / 2, 0))
    _, opacity = drawn(folder, here, [line(tuple(start), tuple(end))], width=width)
    clear = np.abs(distance - width / 2) > 0.05  # round ends are polygons
    assert ((opacity > 0) == (distance < width / 2))[clear].all()


def test_dots_and_dashes(folder: Folder, grid: MakeGrid) -> None:
    here = grid(60, 8)
    x, y = centres(here)
    course = line((4, 4), (52, 4))
    _, opacity = drawn(folder, here, [course], width=2, lineType="dotted")
    dots = np.min([np.hypot(x - 4 - 4 * k, y - 4) for k in range(12)], axis=0)
    assert ((opacity > 0) == (dots < 1)).all()
    _, opacity = drawn(folder, here, [course], width=2, lineType="dashed")
    dashes = np.min([np.hypot(np.maximum(np.abs(x - 7 - 12 * k) - 3, 0), y - 4) for k in range(4)], axis=0)
    assert ((opacity > 0) == (dashes < 1)).all()


ROUND = math.sqrt(3)
SHARES = {
    "circle": math.pi / 4, "square": 1, "diamond": 1 / 2, "triangle": 3 * ROUND / 16, "triangle_up": 3 * ROUND / 16,
    "triangle_down": 3 * ROUND / 16, "triangle_left": 3 * ROUND / 16, "triangle_right": 3 * ROUND / 16,
    "pentagon": 5 / 8 * math.sin(math.radians(72)), "hexagon": 3 * ROUND / 8,
    "pentagram": 5 / 4 * math.sin(math.radians(36)) * (3 - math.sqrt(5)) / 2, "star5": 0.2806, "hexagram": ROUND / 4,
    "star6": ROUND / 4,
}  # fmt: skip
"""Areas of regular polygons and stars by their formulas, as shares of the square around their circle."""


@pytest.mark.parametrize("shape", SHARES)
def test_markers(folder: Folder, grid: MakeGrid, shape: str) -> None:
    here = grid(220, 220)
    _, opacity = drawn(
        folder, here, [point(110, 110)], pointShape=shape, pointSize=200, width=0, fillColor="red"
    )
    assert (opacity > 0).mean() * 220**2 / 200**2 == pytest.approx(SHARES[shape], rel=0.01)
    if shape not in ("triangle_left", "triangle_right"):
        assert (opacity == opacity[:, ::-1]).mean() > 0.99
    rows, columns = np.nonzero(opacity)
    left_or_right = {"triangle_left": (columns.min(), 10), "triangle_right": (columns.max(), 209)}
    tips = {"triangle_down": (rows.max(), 209), **left_or_right}
    tip, expected = tips.get(shape, (rows.min(), 10))
    assert abs(int(tip) - expected) <= 2  # a sharp one lies between the centres of pixels


@pytest.mark.parametrize(("short", "long"), [
    *zip("osdph^v<>", ["circle", "square", "diamond", "pentagram", "hexagram", "triangle", "triangle_down",
                       "triangle_left", "triangle_right"], strict=True),
    ("x", "cross"), ("+", "plus"),
])  # fmt: skip
def test_abbreviations_of_markers(folder: Folder, grid: MakeGrid, short: str, long: str) -> None:
    here = grid(30, 30)
    one = drawn(folder, here, [point(15, 15)], pointShape=short, pointSize=20)[1]
    assert (one == drawn(folder, here, [point(15, 15)], pointShape=long, pointSize=20)[1]).all()
    assert one.any()


def test_crosses_are_strokes(folder: Folder, grid: MakeGrid) -> None:
    here = grid(30, 30)
    x, y = (c - 15 for c in centres(here))
    colour, opacity = drawn(
        folder, here, [point(15, 15)], pointShape="plus", pointSize=20, width=2, color="red"
    )
    arms = np.minimum(np.hypot(np.maximum(abs(x) - 10, 0), y), np.hypot(x, np.maximum(abs(y) - 10, 0)))
    assert (opacity == (arms < 1)).all()
    assert (colour[arms < 1] == [255, 0, 0]).all()
    _, turned = drawn(folder, here, [point(15, 15)], pointShape="cross", pointSize=20, width=2)
    u, v = (x + y) / math.sqrt(2), (x - y) / math.sqrt(2)
    arms = np.minimum(np.hypot(np.maximum(abs(u) - 10, 0), v), np.hypot(u, np.maximum(abs(v) - 10, 0)))
    clear = np.abs(arms - 1) > 0.05
    assert ((turned > 0) == (arms < 1))[clear].all()


def test_a_picture_is_the_same_in_parts(folder: Folder, grid: MakeGrid) -> None:
    features = [
        ee.Feature(area(5, 5, 30, 22), {}), ee.Feature(line((2, 2), (38, 11), (20, 28)), {}),
        ee.Feature(point(20.3, 15.2), {}),
        ee.Feature(ee.Geometry.MultiPoint([at(19, 3), at(21, 3)], CRS), {}),
    ]  # fmt: skip
    for kind in ("solid", "dotted", "dashed"):
        style = {"color": "ff000080", "pointSize": 12, "pointShape": "star5", "width": 3, "lineType": kind}
        colour, opacity = drawn(folder, grid(40, 30), features, **style)
        for left, top in ((0, 0), (20, 0), (0, 15), (20, 15)):
            part = grid(20, 15, x=X + 10 * left, y=Y - 10 * top)
            tile, faint = drawn(folder, part, features, **style)
            assert (opacity[top : top + 15, left : left + 20] == faint).all()
            assert (colour[top : top + 15, left : left + 20] == tile).all()


def test_nothing_to_draw(folder: Folder, grid: MakeGrid) -> None:
    for features in ([ee.Feature(None, {})], [point(500, 500)]):
        assert not drawn(folder, grid(9, 9), features)[1].any()
    assert (
        drawn(folder, grid(9, 9), [point(4.5, 4.5)], pointSize=0)[1].sum() > 0
    )  # a dot of the outline's width


@pytest.mark.parametrize(("style", "message"), [
    ({"pointShape": "heart"}, "Unknown point shape 'heart'"), ({"lineType": "wavy"}, "Unknown line type 'wavy'"),
    ({"color": "no colour"}, "Invalid color"), ({"fillColor": "12345"}, "Invalid color"),
    ({"pointSize": -1}, "pointSize must be a number"), ({"width": 1e9}, "width must be a number"),
    ({"styleProperty": "n"}, "must be a dictionary"), ({"styleProperty": "look"}, "Unknown style property 'weight'"),
])  # fmt: skip
def test_what_is_no_style(folder: Folder, style: dict[str, Any], message: str) -> None:
    features = ee.FeatureCollection([ee.Feature(point(1, 1), {"n": 5, "look": {"weight": 2}})])
    with pytest.raises(Refused, match=message):
        folder.value(features.style(**style))


def test_too_many_dashes_are_refused(folder: Folder, grid: MakeGrid) -> None:
    with pytest.raises(Refused, match="memory limit exceeded"):
        drawn(folder, grid(5, 5, pixel=0.01), [line((0, 0), (9000, 0))], width=0.5, lineType="dotted")
