"""Whatever is sent, the evaluator answers or refuses: no crash, in bounded time and memory.

Graphs are made of the real functions with arguments that fit more or less. What was found this way stays as an example.
"""

from __future__ import annotations

import contextlib
import json
import math
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.graph import budget
from csplus.csplus_plugin.sandbox.graph.evaluator import supported
from csplus.csplus_plugin.sandbox.graph.signatures import signatures
from csplus.csplus_plugin.sandbox.images.image import Canvas, Grid, Image
from hypothesis import example, given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.fuzzing import called, constant
from ...support.scene_folder import S2, SCORES, Folder
from ...support.turnstile import LONG

GRID = Grid("EPSG:32611", (10, 0, 500000, 0, -10, 4100000), 3, 2)
NAMES = supported()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("fuzz"))
    for index in "AB":
        values = np.arange(6, dtype=np.uint16).reshape(2, 3)
        made.scene(index, {"B4": values, "B8": values}, **{"system:time_start": 1_672_531_200_000, "n": 3})
        made.scene(index, {"cs_cdf": values.astype(np.float32) / 6}, collection=SCORES)
    return made


def items(*nodes: Any) -> dict[str, Any]:
    return {"arrayValue": {"values": list(nodes)}}


def graph(node: Any, **values: Any) -> dict[str, Any]:
    return {"result": "0", "values": {"0": node, "f1": FUNCTION_1, "f2": FUNCTION_2, **values}}


def argument(name: str) -> dict[str, Any]:
    return {"argumentReference": name}


FUNCTION_1 = {"functionDefinitionValue": {"argumentNames": ["a"], "body": "b1"}}
FUNCTION_2 = {"functionDefinitionValue": {"argumentNames": ["a", "b"], "body": "b2"}}
BODIES = {"b1": argument("a"), "b2": argument("b")}

IMAGE = called("Image.load", id=constant(f"{S2}/A"))
POINT = called("GeometryConstructors.Point", coordinates=constant([-117, 37.04]))
SQUARE = called(
    "GeometryConstructors.Rectangle",
    coordinates=constant([500000, 4099980, 500030, 4100000]),
    crs=called("Projection", crs=constant("EPSG:32611")),
    geodesic=constant(False),
)
COLLECTION = called("ImageCollection.load", id=constant(S2))

NUMBERS = st.sampled_from(
    [0, 1, -1, 2, 0.5, 1e9, -1e18, 1e300, 2**53, 2**63, -(2**63), 1e-300]
) | st.integers(-5, 300)
WORDS = """B4 B.* (a+)+$ [ a{1000}{1000} (?=x) \\1 month meters EPSG:4326 EPSG:32611 EPSG:0 2023-01-01 yyyy n
    system:index ../.. constant mean red b('B4')+1"""
TEXTS = st.sampled_from(["", S2, "a" * 3000, "\x00", "é", *WORDS.split()]) | st.text(max_size=6)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS
CONSTANTS = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
).map(constant)

FITS = (
    "linearFit",
    "sensSlope",
    "kendallsCorrelation",
    "pearsonsCorrelation",
    "covariance",
    "skew",
    "countRuns",
)

FITTING: dict[str, st.SearchStrategy] = {
    "Image": st.sampled_from(
        [
            IMAGE,
            called("Image.constant", value=constant(3)),
            called("Image.constant", value=constant([1.5, 2])),
            called("Image.toArray", image=IMAGE),
            called("ImageCollection.toArray", collection=COLLECTION),
            called("Image.constant", value=called("Array", values=constant([[2, 1], [1, 3]]))),
        ]
    ),
    "ImageCollection": st.just(COLLECTION),
    "FeatureCollection": st.sampled_from(
        [COLLECTION, called("Collection", features=items(called("Feature", geometry=POINT)))]
    ),
    "Geometry": st.sampled_from([POINT, SQUARE]),
    "Feature": st.just(called("Feature", geometry=SQUARE)),
    "Element": st.sampled_from([IMAGE, called("Feature", geometry=POINT)]),
    "Reducer": st.sampled_from(
        [
            *(
                called(f"Reducer.{name}")
                for name in ("mean", "minMax", "histogram", "toList", "stdDev", *FITS)
            ),
            called("Reducer.linearRegression", numX=constant(1)),
            called("Reducer.repeat", reducer=called("Reducer.max"), count=constant(2)),
            called("Reducer.percentile", percentiles=constant([5, 95])),
        ]
    ),
    "Filter": st.sampled_from(
        [called("Filter.always"), called("Filter.equals", leftField=constant("n"), rightValue=constant(3))]
    ),
    "Join": st.just(called("Join.simple")),
    "Kernel": st.sampled_from(
        [
            called("Kernel.circle", radius=constant(1.5)),
            called("Kernel.sobel"),
            called("Kernel.euclidean", radius=constant(2)),
            called("Kernel.rectangle", xRadius=constant(20), yRadius=constant(1), units=constant("meters")),
            called("Kernel.fixed", weights=constant([[0, 1, 2]]), x=constant(0), y=constant(0)),
        ]
    ),
    "ConfusionMatrix": st.just(
        called("ConfusionMatrix", array=called("Array", values=constant([[1, 0], [2, 3]])))
    ),
    "Projection": st.just(called("Projection", crs=constant("EPSG:32611"))),
    "Date": st.just(called("Date", value=constant(0))),
    "DateRange": st.just(called("DateRange", start=constant("2023-01-01"), end=constant("2024-01-01"))),
    "Array": st.sampled_from([constant([1, 2]), constant([[1, 2], [3, 4]]), constant([]), constant(3)]),
    "Algorithm": st.sampled_from([{"valueReference": "f1"}, {"valueReference": "f2"}]),
    "Number": NUMBERS.map(constant),
    "Float": NUMBERS.map(constant),
    "Integer": NUMBERS.map(constant),
    "Long": NUMBERS.map(constant),
    "String": TEXTS.map(constant),
    "Boolean": st.booleans().map(constant),
    "List": st.lists(PLAIN, max_size=5).map(constant),
    "Dictionary": st.dictionaries(TEXTS, PLAIN, max_size=3).map(constant),
    "PixelType": st.sampled_from(["int8", "float", "none"]).map(constant),
    "ErrorMargin": st.just(constant(1)),
}


@st.composite
def calls(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """A call of one of the functions; arguments mostly of the right type, some themselves calls."""
    name = draw(st.sampled_from(NAMES))
    arguments = {}
    for parameter in signatures()[name].parameters:
        if parameter.optional and draw(st.booleans()):
            continue
        fitting = FITTING.get(parameter.type.partition("<")[0], CONSTANTS)
        strange = calls(depth - 1) if depth else CONSTANTS
        arguments[parameter.name] = draw(st.one_of(fitting, fitting, fitting, strange, CONSTANTS))
    return called(name, **arguments)


def answered(folder: Folder, expression: Any) -> Any:
    """The answer as JSON, pixels drawn too; None where it was refused. Anything else is a failure."""
    start, answer = time.perf_counter(), None
    with contextlib.suppress(Refused):
        value = folder.evaluator.evaluate(expression)
        if isinstance(value, Image):
            value.pixels(Canvas(GRID), range(len(value.bands)))  # arrays too, which are not for rendering
            value.render(GRID)
        answer = json.dumps(folder.evaluator.to_json(value), allow_nan=False)
    assert time.perf_counter() - start < LONG
    return answer


@examples(400)
@given(node=calls())
@example(node=called("String.split", string=constant("a" * 40 + "!"), regex=constant("(a+)+$")))
@example(node=called("String.match", input=constant("a" * 5000), regex=constant(".*.*.*.*=")))
@example(node=called("Number.pow", left=constant(1e300), right=constant(1e300)))
@example(node=called("Number.leftShift", left=constant(2**60), right=constant(10**9)))
@example(node=called("Array.repeat", array=constant([1, 2]), axis=constant(10**6), copies=constant(10**6)))
@example(node=called("Array.cat", arrays=items(constant([1]), constant([2])), axis=constant(10**9)))
@example(node=called("Array.pad", array=constant([1]), lengths=constant([10**12])))
@example(node=called("Array.transpose", array=constant([1]), axis1=constant(0), axis2=constant(10**9)))
@example(node=called("Array.identity", size=constant(10**6)))
@example(node=called("Image.matrixIdentity", size=constant(10**6)))
@example(
    node=called("Image.arrayPad", image=called("Image.toArray", image=IMAGE), lengths=constant([10**12]))
)
@example(node=called("Image.arrayRepeat", input=IMAGE, axis=constant(0), copies=constant(10**9)))
@example(node=called("Image.arrayReshape", image=IMAGE, lengths=constant([-1]), dimensions=constant(10**9)))
@example(
    node=called(
        "Kernel.fixed", weights=items(called("List.repeat", value=constant(1), count=constant(10**6)))
    )
)
@example(node=called("Reducer.linearRegression", numX=constant(10**9)))
@example(
    node=called(
        "Reducer.fixed2DHistogram",
        xMin=constant(0),
        xMax=constant(1),
        xSteps=constant(10**9),
        yMin=constant(0),
        yMax=constant(1),
        ySteps=constant(10**9),
    )
)
@example(node=called("List.sequence", start=constant(0), end=constant(1e300)))
@example(node=called("Date", value=constant(1e300)))
@example(node=called("Reducer.repeat", reducer=called("Reducer.mean"), count=constant(10**9)))
@example(node=called("Image.load", id=constant("../../etc/passwd")))
@example(node=called("Projection", crs=constant("/etc/passwd")))
@example(node=called("Image.clamp", input=IMAGE, low=constant(2**53), high=constant(-1)))
@example(node=called("Image.connectedPixelCount", input=IMAGE, maxSize=constant(10**9)))
def test_any_graph_is_answered_or_refused(folder: Folder, node: Any) -> None:
    answered(folder, graph(node, **BODIES))


@examples(300)
@given(
    expression=st.recursive(
        PLAIN, lambda i: st.lists(i, max_size=3) | st.dictionaries(st.sampled_from(
            ["result", "values", "0", "constantValue", "arrayValue", "valueReference", "functionInvocationValue",
             "functionName", "arguments", "argumentReference", "functionDefinitionValue", "body", "argumentNames"]
        ), i, max_size=4), max_leaves=20,
    )
)  # fmt: skip
def test_any_json_is_no_crash(folder: Folder, expression: Any) -> None:
    answered(folder, expression)
    answered(folder, {"result": "0", "values": {"0": expression}})


def test_a_million_elements(folder: Folder) -> None:
    many = constant(list(range(1_000_000)))
    for name, arguments in {
        "List.reverse": {"list": many},
        "List.distinct": {"list": many},
        "List.removeAll": {"list": many, "other": many},
        "List.sort": {"list": many},
        "Array": {"values": many},
    }.items():
        answered(folder, graph(called(name, **arguments)))
    joined = called("List.map", list=many, baseAlgorithm={"valueReference": "f1"})
    answered(folder, graph(joined, **BODIES))


def test_lists_cannot_be_doubled_without_end(folder: Folder) -> None:
    """Thirty doublings of a list of a thousand would be a million million elements."""
    values = {"n0": called("List.repeat", value=constant(0), count=constant(1000))}
    for i in range(1, 31):
        values[f"n{i}"] = called(
            "List.cat", list={"valueReference": f"n{i - 1}"}, other={"valueReference": f"n{i - 1}"}
        )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert answered(folder, graph(called("List.size", list={"valueReference": "n30"}), **values)) is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20  # kilobytes


def test_strings_cannot_be_doubled_without_end(folder: Folder) -> None:
    values = {"n0": constant("x" * 1000)}
    for i in range(1, 41):
        values[f"n{i}"] = called(
            "String.cat", string1={"valueReference": f"n{i - 1}"}, string2={"valueReference": f"n{i - 1}"}
        )
    assert (
        answered(folder, graph(called("String.length", string={"valueReference": "n40"}), **values)) is None
    )


def test_numbers_cannot_grow_without_end(folder: Folder) -> None:
    """Whole numbers in Python have no largest; a double does."""
    values = {"n0": {"integerValue": str(2**62)}}
    for i in range(1, 41):
        previous = {"valueReference": f"n{i - 1}"}
        values[f"n{i}"] = called("Number.multiply", left=previous, right=previous)
    result = answered(folder, graph({"valueReference": "n40"}, **values))
    assert result is None or math.isinf(float(json.loads(result)))


def nested_maps(innermost: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
    """Six maps within each other over a hundred elements each; what the last one gives."""
    values: dict[str, Any] = {
        "list": called("List.sequence", start=constant(1), end=constant(100)),
        "b6": innermost(6),
    }
    for i in range(6):
        values[f"g{i}"] = {"functionDefinitionValue": {"argumentNames": [f"a{i}"], "body": f"b{i + 1}"}}
        values[f"b{i}"] = called(
            "List.map", list={"valueReference": "list"}, baseAlgorithm={"valueReference": f"g{i}"}
        )
    return {"result": "b0", "values": values}


def test_nested_maps_cannot_run_without_end(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_CALLS", 50_000)
    with pytest.raises(Refused, match="timed out"):
        folder.evaluator.evaluate(
            nested_maps(lambda depth: items(*(argument(f"a{i}") for i in range(depth))))
        )


def test_shared_parts_cannot_fill_an_answer(folder: Folder) -> None:
    """The same list in a list in a list costs nothing until it is written out."""
    assert answered(folder, nested_maps(lambda _: constant(1))) is None


@pytest.mark.parametrize("kind", ["arrayValue", "dictionaryValue", "constantValue"])
def test_deep_nesting(folder: Folder, kind: str) -> None:
    node: Any = constant(1)
    for _ in range(100_000):
        if kind == "constantValue":
            node = {"constantValue": [node["constantValue"]]}
        else:
            node = {kind: {"values": [node] if kind == "arrayValue" else {"a": node}}}
    with pytest.raises(Refused):
        folder.evaluator.to_json(folder.evaluator.evaluate({"result": "0", "values": {"0": node}}))


@pytest.mark.parametrize("digits", [20, 400, 100_000])
def test_whole_numbers_of_any_length(folder: Folder, digits: int) -> None:
    """More than 64 bits are a floating-point number, and more than that can hold are a sentence."""
    node = {"integerValue": "9" * digits}
    if digits <= 308:
        assert folder.evaluator.evaluate(graph(node)) == 1e20
    else:
        with pytest.raises(Refused, match="is no integer"):
            folder.evaluator.evaluate(graph(node))
