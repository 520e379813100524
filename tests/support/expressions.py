"""Expressions that the plugin may come to build, beyond those it builds today: to be printed, run and compared."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from csplus.csplus_plugin.core.printing.languages import Language
from csplus.csplus_plugin.core.printing.printer import Printer

S2 = "COPERNICUS/S2_SR_HARMONIZED"


def printed(ee: ModuleType, expression: Any, language: Language) -> str:
    printer = Printer(language, ee.ApiFunction.allSignatures(), expression)
    printer.let("result", expression)
    return "\n".join(printer.lines())


def scenes(ee: ModuleType) -> Any:
    return ee.ImageCollection(S2).filterDate("2023-01-01", "2023-02-01")


def by_month(ee: ModuleType) -> Any:
    """A map inside a map: each uses the argument of the one around it."""

    def of_month(month: Any) -> Any:
        number = ee.Number(month)
        images = scenes(ee).filter(ee.Filter.calendarRange(number, number, "month"))
        return images.map(lambda image: image.set("month", number)).median().set("month", number)

    return ee.ImageCollection(ee.List.sequence(1, 12).map(of_month))


def shared_in_two_functions(ee: ModuleType) -> Any:
    first = scenes(ee).map(lambda image: image.updateMask(image.select("B4").mask().focalMin(20).gt(0.5)))
    return first.merge(
        scenes(ee).map(lambda image: image.addBands(image.select("B4").mask().focalMin(20).gt(0.5)))
    )


def of_features(ee: ModuleType) -> Any:
    points = ee.FeatureCollection([ee.Feature(ee.Geometry.Point([1, 2]), {"name": 'it\'s "a" point'})])
    return points.map(lambda feature: feature.buffer(20).set("area", feature.geometry().area(1)))


EXPRESSIONS: dict[str, Callable[[ModuleType], Any]] = {
    "a map in a map": by_month,
    "one step in two functions": shared_in_two_functions,
    "features": of_features,
    "the first of a collection": lambda ee: ee.Image(scenes(ee).first()).select("B4"),
    "sorted, limited": lambda ee: scenes(ee).sort("CLOUDY_PIXEL_PERCENTAGE", False).limit(3, "system:index"),
    "new band names": lambda ee: (
        scenes(ee).select(["B4", "B3"], ["red", "green"]).max().select(["red"], ["r"])
    ),
    "linked properties": lambda ee: scenes(ee).linkCollection(
        ee.ImageCollection("x"), ["cs"], ["MODEL_VERSION"]
    ),
    "a rectangle": lambda ee: ee.Geometry.Rectangle([0, 0, 10, 10], "EPSG:32611", False).buffer(5, 1),
    "a polygon": lambda ee: ee.Geometry.Polygon([[[0, 0], [1, 0], [1, 1], [0, 0]]]).bounds(),
    "a polygon in a projection": lambda ee: ee.Geometry(
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, "EPSG:32611"
    ),
    "dates": lambda ee: ee.Date("2023-01-01").advance(1, "month").difference(ee.Date("2022-01-01"), "day"),
    "reduced over a region": lambda ee: (
        scenes(ee)
        .median()
        .reduceRegion(ee.Reducer.mean().combine(ee.Reducer.count(), "", True), ee.Geometry.Point([1, 2]), 10)
        .set("a", 1)
    ),
    "filters": lambda ee: ee.Filter.And(
        ee.Filter.gte("a", 1),
        ee.Filter.neq("b", "x"),
        ee.Filter.lt("c", 2).Not(),
        ee.Filter.Or(ee.Filter.notNull(["d"]), ee.Filter.inList("e", [1, 2])),
        ee.Filter.equals(leftField="f", rightField="g"),
    ),
    "logic": lambda ee: ee.Image(1).Or(ee.Image(0).And(2)).Not(),
    "remapped": lambda ee: ee.Image(1).remap([1, 2], [3, 4], bandName="B4"),
    "iterated": lambda ee: ee.List([1, 2]).iterate(lambda item, sum_: ee.Number(item).add(sum_), 0),
    "kernels and numbers": lambda ee: ee.Image(2).convolve(ee.Kernel.gaussian(3)).add(1e-7).multiply(-0.5),
    "arrays of constants": lambda ee: ee.List([[1, 2.5], ["a", None], {"b": True}]).size(),
    "an expression of bands": lambda ee: ee.Image([1, 2, 3]).expression("b(0) + x", {"x": 4}),
    "a function that JavaScript and Python have no method for": lambda ee: ee.apply(
        "Image.parseExpression", {"expression": "a", "argName": "a", "vars": ["a"]}
    ),
}
