"""Ask the real Earth Engine what its documentation leaves open, and the sandbox the same: print where they differ.

    CSPLUS_LIVE=1 python tests/live/compare.py [--all]

Uses the official client with your own account (`earthengine authenticate`) and the project in CSPLUS_PROJECT or
GOOGLE_CLOUD_PROJECT; some hundred small requests. The exit code is 0 whatever differs, 1 where signing in failed, and 2
without CSPLUS_LIVE=1. It has never been run: whoever first does, may find that an expression itself needs mending.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
import ee  # noqa: E402
from csplus.csplus_plugin.sandbox.archive.archive import CLOUD_SCORE, S2_SR, S2_TOA, Archive  # noqa: E402
from csplus.csplus_plugin.sandbox.errors import Refused  # noqa: E402
from csplus.csplus_plugin.sandbox.folders import sample_scenes  # noqa: E402
from csplus.csplus_plugin.sandbox.graph.evaluator import Evaluator  # noqa: E402
from csplus.csplus_plugin.sandbox.images.image import Grid  # noqa: E402
from csplus.csplus_plugin.sandbox.resources import encoders  # noqa: E402

PLACE = (-119.9087, 37.4159)
UTM = "EPSG:32611"
CORNER = (242580, 4144980)
Question = tuple[str, Callable[[], Any]]


def point() -> Any:
    """The example point of the Cloud Score+ dataset page."""
    return ee.Geometry.Point(PLACE)


def at(image: Any, reducer: Any = None) -> Any:
    """An image's values at the point."""
    return image.reduceRegion(reducer or ee.Reducer.first(), point(), 10, UTM)


def columns() -> Any:
    """An image whose value is the column of its pixel, 0 at the corner, in ten-metre pixels."""
    grid = ee.Projection(UTM, [10, 0, CORNER[0], 0, -10, CORNER[1]])
    return ee.Image.pixelCoordinates(grid).select("x").floor().reproject(grid)


def box(west: float, south: float, east: float, north: float) -> Any:
    """A rectangle in pixels from the corner: columns east, rows north."""
    x, y = CORNER
    corners = [x + 10 * west, y + 10 * south, x + 10 * east, y + 10 * north]
    return ee.Geometry.Rectangle(corners, UTM, False)


def stack(*values: float) -> Any:
    """A collection of constants of 16 bits."""
    return ee.ImageCollection([ee.Image(v).toUint16().rename("v") for v in values])


def kind(image: Any) -> Any:
    """The pixel types of an image."""
    return ee.Image(image).bandTypes()


def seven() -> Any:
    """A constant of 16 bits."""
    return ee.Image(7).toUint16()


def half() -> Any:
    """A pixel that is half masked."""
    return ee.Image(5).updateMask(0.5)


def pair(value: float, quality: float) -> Any:
    """A value and a quality."""
    return ee.Image([value, quality]).rename(["v", "q"])


def best(*images: Any) -> Any:
    """The value of the image with the best quality."""
    return at(ee.ImageCollection(list(images)).qualityMosaic("q"))


def target() -> Any:
    """1 in the third column, else 0."""
    return columns().eq(2).rename("t")


def row(image: Any) -> Any:
    """Six pixels from the corner eastwards; -9 where masked."""
    return ee.Feature(image.sampleRectangle(box(0, -1, 6, 0), None, -9)).toDictionary()


def rows() -> Any:
    """Four features, one of them without a number."""
    return ee.FeatureCollection([ee.Feature(None, {"n": n, "i": i}) for i, n in enumerate([2, None, 1, 2])])


def june() -> Any:
    """The scenes of one month, three bands."""
    month = ee.ImageCollection(S2_SR).filterBounds(point()).filterDate("2023-06-01", "2023-07-01")
    return month.select(["B4", "B3", "B2"])


def reducing() -> Iterator[Question]:
    """Medians, percentiles, modes, histograms."""
    yield "type of a median", lambda: kind(stack(1, 2).median())
    yield "type of a mean", lambda: kind(stack(1, 2).mean())
    yield "type of a sum", lambda: kind(stack(1, 2).sum())
    yield "type of a count", lambda: kind(stack(1, 2).count())
    yield "type of a mode", lambda: kind(stack(1, 2).mode())
    yield "type of a percentile", lambda: kind(stack(1, 2).reduce(ee.Reducer.percentile([30])))
    yield "median of an even number", lambda: at(stack(1, 2, 4, 9).median())
    yield "ties of a mode", lambda: at(stack(5, 3, 5, 3).mode())
    shares = [5, 10, 25, 33, 50, 66, 75, 90, 95]
    for n in (1, 2, 3, 4, 5):
        values = [10, 20, 40, 80, 160][:n]
        yield (
            f"percentiles of {n}",
            lambda values=values: ee.List(values).reduce(ee.Reducer.percentile(shares)),
        )
        yield (
            f"percentiles of {n} images",
            lambda values=values: at(stack(*values).reduce(ee.Reducer.percentile(shares))),
        )
    yield "standard deviation of images", lambda: at(stack(1, 3).reduce(ee.Reducer.stdDev()))
    yield "frequencies", lambda: ee.List([1, 2.5, 2.5]).reduce(ee.Reducer.frequencyHistogram())
    yield "fixed histogram", lambda: ee.List([0, 1, 2, 4]).reduce(ee.Reducer.fixedHistogram(0, 4, 2))
    yield "histogram", lambda: ee.List([0, 1, 2, 4, 4]).reduce(ee.Reducer.histogram(4))
    yield "count of what is masked", lambda: at(stack(1).map(lambda i: i.updateMask(0)).count())
    yield "a region without valid pixels: mean", lambda: at(ee.Image(1).updateMask(0), ee.Reducer.mean())
    yield "a region without valid pixels: sum", lambda: at(ee.Image(1).updateMask(0), ee.Reducer.sum())
    yield "a region without valid pixels: count", lambda: at(ee.Image(1).updateMask(0), ee.Reducer.count())


def casting() -> Iterator[Question]:
    """Casts, rounding, types of arithmetic."""
    for value in (2.4, 2.5, 2.7, -0.7, -1.5, 70_000, 1e12):
        yield f"toUint16 of {value}", lambda value=value: at(ee.Image(value).toUint16())
        yield f"toInt16 of {value}", lambda value=value: at(ee.Image(value).toInt16())
    for value in (0.5, 1.5, 2.5, -0.5, -1.5):
        yield f"round of {value}", lambda value=value: at(ee.Image(value).round())
    for name in ("add", "subtract", "multiply", "divide", "mod", "pow", "max", "gte"):
        yield f"type of {name}", lambda name=name: kind(getattr(seven(), name)(ee.Image(3).toUint16()))
    for name in ("round", "floor", "sqrt", "abs", "Not"):
        yield f"type of {name}", lambda name=name: kind(getattr(seven(), name)())
    yield "type of unmask", lambda: kind(seven().unmask(0.5))
    yield "type of a constant", lambda: kind(ee.Image([1, 1.5, -3, 70_000]))
    yield (
        "union of types",
        lambda: kind(ee.ImageCollection([ee.Image(1).toByte(), ee.Image(2).toInt16()]).max()),
    )


def masking() -> Iterator[Question]:
    """Masks, mosaics, qualities, clips."""
    yield "a masked pixel in a mask", lambda: at(ee.Image(1).updateMask(ee.Image(1).updateMask(0)).mask())
    yield "raising a mask", lambda: at(half().updateMask(1).mask())
    yield "masks of a sum", lambda: at(half().add(ee.Image(1).updateMask(0.4)).mask())
    yield "mask of a median", lambda: at(ee.ImageCollection([half(), ee.Image(7)]).median().mask())
    yield "a half mask in a mosaic", lambda: at(ee.ImageCollection([ee.Image(1), half()]).mosaic())
    yield "equal qualities", lambda: best(pair(1, 5), pair(2, 5))
    yield "a masked quality", lambda: best(pair(1, 5), pair(2, 9).updateMask(ee.Image([1, 0])))
    yield "only masked qualities", lambda: best(pair(1, 5).updateMask(ee.Image([1, 0])))
    yield "coverage of a clip", lambda: at(columns().clip(box(0, 0, 0.5, 1)).mask(), ee.Reducer.first())
    yield "remapped without a default", lambda: at(ee.Image(3).remap([1], [2]))
    yield "divided by zero", lambda: at(ee.Image(3).divide(0))
    yield "difference of negative values", lambda: at(ee.Image([-1, 2]).normalizedDifference())


def neighbours() -> Iterator[Question]:
    """Neighbourhoods and distances."""
    yield "distance", lambda: row(target().fastDistanceTransform(10))
    yield "distance to nothing", lambda: row(columns().eq(-99).fastDistanceTransform(3))
    for angle in (0, 90, 180):
        yield (
            f"distance towards {angle}",
            lambda angle=angle: row(target().directionalDistanceTransform(angle, 3)),
        )
    yield "patches", lambda: row(columns().gt(2).connectedPixelCount(4, False))
    yield "focal maximum", lambda: row(target().focalMax(1, "circle", "pixels"))
    yield "focal median", lambda: row(columns().focalMedian(1, "square", "pixels"))
    yield (
        "bilinear",
        lambda: row(columns().resample("bilinear").reproject(UTM, [20, 0, CORNER[0], 0, -20, CORNER[1]])),
    )
    yield (
        "mean over larger pixels",
        lambda: row(
            columns()
            .reduceResolution(ee.Reducer.mean())
            .reproject(UTM, [20, 0, CORNER[0], 0, -20, CORNER[1]])
        ),
    )
    yield "earth mover's distance", lambda: at(ee.Image([3, 4]).spectralDistance(ee.Image([4, 3]), "emd"))
    yield "weights at an edge", lambda: columns().reduceRegion(ee.Reducer.mean(), box(0, 0, 1.25, 1), 10, UTM)


def tables() -> Iterator[Question]:
    """Properties, filters, sorting, joining, shapes of answers."""
    yield "null in aggregate_array", lambda: rows().aggregate_array("n")
    yield "ties and nulls in a sort", lambda: rows().sort("n").aggregate_array("i")
    yield "… falling", lambda: rows().sort("n", False).aggregate_array("i")
    yield "less than, of null", lambda: rows().filter(ee.Filter.lt("n", 5)).aggregate_array("i")
    yield "not equal, of null", lambda: rows().filter(ee.Filter.neq("n", 5)).aggregate_array("i")
    yield (
        "not equal, of a missing property",
        lambda: rows().filter(ee.Filter.neq("m", 5)).aggregate_array("i"),
    )
    yield "formula, of a missing property", lambda: rows().filter(ee.Filter.expression("m < 5")).size()
    yield "an empty date range", lambda: june().filterDate("2023-01-02", "2023-01-01").size()
    yield "properties of a sum", lambda: ee.Image(1).set("a", 1).add(1).propertyNames()
    yield "properties of a comparison", lambda: ee.Image(1).set("a", 1).gt(1).propertyNames()
    yield "properties of a root", lambda: ee.Image(1).set("a", 1).sqrt().propertyNames()
    yield "a date", lambda: ee.Date(0)
    yield "a date range", lambda: ee.DateRange(0, 1)
    yield "a projection", lambda: ee.Projection(UTM)
    yield "a feature", lambda: ee.Feature(ee.Geometry.Point([1, 2]), {"n": 1})
    yield "a constant image", lambda: ee.Image(1)
    yield "a reducer", ee.Reducer.minMax
    yield "a kernel", lambda: ee.Kernel.square(1)
    yield "months between dates", lambda: ee.Date("2023-03-01").difference("2023-01-31", "month")


def scenes() -> Iterator[Question]:
    """The three collections: types of their bands, and of what the plugin makes of them."""
    for name in (S2_SR, S2_TOA, CLOUD_SCORE):
        yield (
            f"pixel types of {name}",
            lambda name=name: kind(ee.ImageCollection(name).filterBounds(point()).first()),
        )
    yield (
        "bands linked to nothing",
        lambda: kind(
            ee.ImageCollection(S2_SR)
            .filterBounds(point())
            .map(
                lambda image: image.set("system:index", "none").linkCollection(
                    ee.ImageCollection(CLOUD_SCORE), ["cs"]
                )
            )
            .first()
            .select("cs")
        ),
    )
    for method in ("median", "mean", "min", "max", "mosaic"):
        yield (
            f"types of a composite by {method}",
            lambda method=method: kind(getattr(june(), method)()),
        )


def trends() -> Iterator[Question]:
    """What reducers make of lists."""
    values = [3, 1, 4, 1, 5, 9, 2, 6]
    pairs = [[n, value] for n, value in enumerate(values)]
    with_one = [[1, *p] for p in pairs]
    r = ee.Reducer
    for name, rows, reducer in (
        ("skew", values, r.skew()),
        ("kurtosis", values, r.kurtosis()),
        ("circularVariance", values, r.circularVariance()),
        ("intervalMean", values, r.intervalMean(20, 80)),
        ("autoHistogram", values, r.autoHistogram(4, 1)),
        ("kendallsCorrelation, with ties", values, r.kendallsCorrelation(1)),
        ("spearmansCorrelation, with ties", pairs, r.spearmansCorrelation()),
        ("pearsonsCorrelation", pairs, r.pearsonsCorrelation()),
        ("sensSlope", pairs, r.sensSlope()),
        ("linearFit", pairs, r.linearFit()),
        ("linearFit above one place", [[1, 2], [1, 3]], r.linearFit()),
        ("linearRegression", with_one, r.linearRegression(2)),
        ("linearRegression of too few", with_one[:2], r.linearRegression(2)),
        ("linearRegression of dependent variables", [[1, 2, n] for n in values], r.linearRegression(2)),
        ("robustLinearRegression", [*with_one, [1, 8, 100]], r.robustLinearRegression(2)),
        ("fixed2DHistogram", pairs, r.fixed2DHistogram(0, 8, 2, 0, 10, 2)),
    ):
        yield name, lambda rows=rows, reducer=reducer: ee.List(rows).reduce(reducer)
    vectors = [ee.Array(p) for p in pairs]
    yield "covariance", lambda: ee.List(vectors).reduce(r.covariance())
    yield "outputs of covariance", lambda: r.covariance().getOutputs()


def arrays() -> Iterator[Question]:
    """Images of arrays, kernels off centre, accuracy."""
    array = ee.Image(ee.Array([[2, 1], [1, 3]]))
    line = ee.Image(ee.Array([1, 2, 3]))
    yield "type of an image of arrays", lambda: kind(line)
    yield "an array and a number", lambda: at(line.add(1), ee.Reducer.toList())
    yield (
        "matrixInverse of a singular matrix",
        lambda: at(ee.Image(ee.Array([[1, 2], [2, 4]])).matrixInverse().arrayGet([0, 0])),
    )
    yield "type of a matrix product", lambda: kind(array.matrixMultiply(array))
    yield "an image of lists", lambda: kind(ee.ImageCollection([1, 2]).reduce(ee.Reducer.toList()))
    yield "eigen", lambda: ee.Array([[2, 1], [1, 3]]).eigen()
    yield "singular values", lambda: ee.Array([[2, 1], [1, 3]]).matrixSingularValueDecomposition()
    kernel = ee.Kernel.fixed(3, 1, [[1, 10, 100]], 0, 0)
    yield "direction of convolve", lambda: row(columns().convolve(kernel))
    yield (
        "names of neighborhoodToBands",
        lambda: columns().neighborhoodToBands(ee.Kernel.square(1)).bandNames(),
    )
    yield "derivative", lambda: row(columns().derivative().select(0))
    yield "gradient", lambda: row(columns().gradient().select("x"))
    matrix = ee.ConfusionMatrix(ee.Array([[8, 2], [1, 9]]))
    yield "producersAccuracy", matrix.producersAccuracy
    yield "consumersAccuracy", matrix.consumersAccuracy
    yield "fscore", matrix.fscore
    yield "unmix", lambda: ee.Image([1, 2]).unmix([[1, 0], [0, 1]], True).bandNames()


def errors() -> Iterator[Question]:
    """Sentences of refusals."""
    yield "a missing band", lambda: at(ee.Image([1, 2]).select("x"))
    yield "no bands", lambda: at(ee.ImageCollection([]).median().select("B4"))
    yield "a composite without a scale", lambda: stack(1, 2).median().reduceRegion(ee.Reducer.mean(), point())
    yield "an unbounded image", lambda: ee.Image(1).reduceRegion(ee.Reducer.mean(), None, 10)
    yield "mixed projections", lambda: ee.Image.cat([columns(), ee.Image(1)]).projection()
    yield "too many pixels", lambda: ee.Image(1).reduceRegion(ee.Reducer.mean(), box(0, 0, 1e4, 1e4), 10, UTM)
    yield "a missing key", lambda: ee.Dictionary({"a": 1}).get("b")
    yield "an index out of range", lambda: ee.List([1]).get(3)
    yield "a wrong type", lambda: ee.Number(ee.String("a").cat("b")).add(1)
    line = ee.Image(ee.Array([1, 2]))
    yield "beyond an array", lambda: at(line.arrayGet([5]))
    yield "labels for another shape", lambda: at(line.arrayFlatten([["a"]]))
    yield "arrays of different shapes", lambda: at(line.add(ee.Image(ee.Array([1, 2, 3]))).arrayGet([0]))


SECTIONS = (reducing, casting, masking, neighbours, tables, scenes, trends, arrays, errors)


def sandbox_answer(evaluator: Evaluator, graph: Any) -> Any:
    """What the sandbox says, as JSON."""
    try:
        return evaluator.to_json(evaluator.evaluate(graph))
    except Refused as refused:
        return {"error": refused.message}


def service_answer(computed: Any) -> Any:
    """What Earth Engine says, as JSON."""
    try:
        return ee.data.computeValue(computed)
    except ee.EEException as error:
        return {"error": str(error)}


def masked_pixels(evaluator: Evaluator) -> tuple[Any, Any]:
    """What an NPY answer holds where pixels are masked: the service's and the sandbox's."""
    image = ee.Image([7, 7.5]).updateMask(0)
    x, y = CORNER
    transform = {"scaleX": 10, "shearX": 0, "translateX": x, "shearY": 0, "scaleY": -10, "translateY": y}
    grid = {"dimensions": {"width": 1, "height": 1}, "affineTransform": transform, "crsCode": UTM}
    theirs = ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    graph = ee.serializer.encode(image, for_cloud_api=True)
    drawn = evaluator.evaluate(graph).render(Grid(UTM, (10, 0, x, 0, -10, y), 1, 1))
    return theirs.tolist(), np.load(io.BytesIO(encoders.npy(drawn))).tolist()


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, numbers to six digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return bool(np.isclose(one, other, rtol=1e-6)) if numbers else one == other


def main() -> int:
    """The exit code."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--all", action="store_true", help="print also what is equal")
    show_all = options.parse_args().all
    if os.environ.get("CSPLUS_LIVE") != "1":
        print(
            "This asks the real Earth Engine with your account: set CSPLUS_LIVE=1, sign in with `earthengine"
        )
        print("authenticate`, and name your Cloud project in CSPLUS_PROJECT or GOOGLE_CLOUD_PROJECT.")
        return 2
    project = os.environ.get("CSPLUS_PROJECT") or os.environ.get("GOOGLE_CLOUD_PROJECT")
    try:
        ee.Initialize(project=project)
    except Exception as error:  # the client raises several kinds, all with a sentence
        print(f"Earth Engine cannot be reached with this account: {error}")
        return 1
    evaluator = Evaluator(Archive(sample_scenes()))
    asked = different = 0
    for section in SECTIONS:
        print(f"\n{section.__doc__}")
        for question, build in section():
            asked += 1
            computed = build()
            theirs = service_answer(computed)
            ours = sandbox_answer(evaluator, ee.serializer.encode(computed, for_cloud_api=True))
            different += _report(question, theirs, ours, show_all=show_all)
    theirs, ours = masked_pixels(evaluator)
    different += _report("masked pixels in NPY", theirs, ours, show_all=show_all)
    print(f"\n{asked + 1} questions, {different} answered differently.")
    return 0


def _report(question: str, theirs: Any, ours: Any, *, show_all: bool) -> int:
    equal = same(theirs, ours)
    if show_all or not equal:
        print(f"{'=' if equal else '!'} {question}")
        print(f"    Earth Engine: {json.dumps(theirs)}")
        if not equal:
            print(f"    sandbox:      {json.dumps(ours)}")
    return int(not equal)


if __name__ == "__main__":
    sys.exit(main())
