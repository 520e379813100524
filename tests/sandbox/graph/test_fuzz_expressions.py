"""Whatever an expression says, it has a value or is refused: no defect, in bounded time and memory."""

from __future__ import annotations

import resource
from typing import Any

import pytest
from csplus.csplus_plugin.sandbox.graph.evaluator import supported
from csplus.csplus_plugin.sandbox.graph.signatures import signatures
from csplus.csplus_plugin.sandbox.server import Sandbox
from hypothesis import given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.fuzzing import IMAGE, PROJECT, called, constant, fine
from ...support.servers import GRID, L2A, SCENE, SCORES

numbers = st.one_of(
    st.integers(-5, 30),
    st.sampled_from([0, -1, 1e9, -1e300, 1e-300, 2**31, 2**53, 2**64, 10**30]),
    st.floats(allow_nan=False, allow_infinity=False),
)
words = st.sampled_from([
    "", "B4", ".*", "(a+)+b", "system:index", "EPSG:4326", "EPSG:32611", "EPSG:0", "2023-01-05", "month", "meters",
    "../../x", "mean", "%d", "\x00", "a" * 300, L2A, f"{L2A}/{SCENE}", SCORES, "x + y",
])  # fmt: skip
constants = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, words),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=2),
    max_leaves=6,
).map(lambda value: {"constantValue": value})


COLLECTION = called("ImageCollection.load", id=constant(L2A))
SQUARE = constant([[[-119.94, 37.459], [-119.938, 37.459], [-119.938, 37.461], [-119.94, 37.461]]])
PLACE = called("GeometryConstructors.Point", coordinates=constant([-119.939, 37.46]))
OF_TYPE = {
    "Image": [{"functionInvocationValue": IMAGE}, called("Image.constant", value=constant([1, 2.5]))],
    "ImageCollection": [COLLECTION],
    "FeatureCollection": [COLLECTION],
    "Element": [{"functionInvocationValue": IMAGE}],
    "Feature": [called("Feature", geometry=PLACE)],
    "Geometry": [called("GeometryConstructors.Polygon", coordinates=SQUARE, evenOdd=constant(True))],
    "Projection": [called("Projection", crs=constant("EPSG:32611"))],
    "Reducer": [called("Reducer.mean"), called("Reducer.toList")],
    "Filter": [called("Filter.equals", leftField=constant("MGRS_TILE"), rightValue=constant("11SKB"))],
    "Kernel": [called("Kernel.square", radius=constant(1))],
    "Date": [called("Date", value=constant("2023-01-05"))],
    "Join": [called("Join.inner")],
}  # fmt: skip


@st.composite
def calls(draw: st.DrawFn, name: str, depth: int = 2) -> dict[str, Any]:
    """A call whose arguments mostly, but not always, have the right type."""
    arguments = {}
    for parameter in signatures()[name].parameters:
        if parameter.optional and draw(st.booleans()):
            continue
        kind = parameter.type.partition("<")[0]
        fitting = OF_TYPE.get(kind)
        if fitting and draw(st.integers(0, 9)):
            arguments[parameter.name] = draw(st.sampled_from(fitting))
        elif depth and not draw(st.integers(0, 5)):
            arguments[parameter.name] = draw(calls(draw(st.sampled_from(NAMES)), depth - 1))
        else:
            arguments[parameter.name] = draw(constants)
    return called(name, **arguments)


NAMES = [name for name in supported() if name != "If"]


@pytest.mark.parametrize("letter", sorted({name[0] for name in NAMES}))
def test_calls_with_any_arguments(shared: Sandbox, letter: str) -> None:
    names = [name for name in NAMES if name[0] == letter]

    @examples(min(400, 4 * len(names)))
    @given(
        st.sampled_from(names).flatmap(calls),
        st.sampled_from(["value:compute", "image:computePixels", "tables"]),
    )
    def check(node: dict[str, Any], name: str) -> None:
        body = {"expression": {"result": "0", "values": {"0": node}}, "grid": GRID, "fileFormat": "NPY"}
        if name == "tables":
            body["fileFormat"] = "CSV"
        fine(shared, "POST", f"{PROJECT}/{name}", body)

    check()


def value(sandbox: Sandbox, values: dict[str, Any], result: object = "0") -> int:
    body = {"expression": {"result": result, "values": values}}
    return fine(sandbox, "POST", f"{PROJECT}/value:compute", body)


def test_an_array_of_one_number_is_no_list(shared: Sandbox) -> None:
    number = called("Array.abs", input=constant(1))
    assert value(shared, {"0": called("List.size", list=number)}) == 400


def test_graphs_that_go_in_circles(shared: Sandbox) -> None:
    assert value(shared, {"0": {"valueReference": "0"}}) == 400
    assert (
        value(
            shared,
            {"0": {"valueReference": "1"}, "1": {"arrayValue": {"values": [{"valueReference": "0"}]}}},
        )
        == 400
    )
    function = {"functionDefinitionValue": {"argumentNames": ["x"], "body": "1"}}
    again = {
        "functionInvocationValue": {"functionReference": "0", "arguments": {"x": {"argumentReference": "x"}}}
    }
    assert value(shared, {"0": function, "1": again}) == 400


@pytest.mark.parametrize("depth", [50, 500, 5_000, 50_000])
def test_deep_graphs(shared: Sandbox, depth: int) -> None:
    values = {
        str(i): called("Number.add", left={"valueReference": str(i + 1)}, right=constant(1))
        for i in range(depth)
    }
    status = value(shared, {**values, str(depth): constant(0)})
    assert status == (200 if depth == 50 else status)
    assert status in (200, 400)


@pytest.mark.parametrize("depth", [10, 100, 300])
def test_deep_trees(shared: Sandbox, depth: int) -> None:
    node, lists = constant(0), [0]
    for _ in range(depth):
        node, lists = called("Number.abs", input=node), [lists]
    assert value(shared, {"0": node}) in (200, 400)
    assert value(shared, {"0": constant(lists)}) in (200, 400)


def memory() -> float:
    """The most memory that this process has had, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def doubled(name: str, start_value: object, first: str, second: str, times: int) -> dict[str, Any]:
    """A value put together with itself, again and again."""
    values = {
        str(i): called(
            name, **{first: {"valueReference": str(i + 1)}, second: {"valueReference": str(i + 1)}}
        )
        for i in range(times)
    }
    return {**values, str(times): constant(start_value)}


def mapped(times: int, each: int) -> dict[str, Any]:
    """Lists in lists: a function over a sequence, in a function over a sequence, and so on."""
    values: dict[str, Any] = {"sequence": called("List.sequence", start=constant(1), end=constant(each))}
    inner: dict[str, Any] = constant(1)
    for i in range(times):
        values[f"body{i}"] = inner
        function = {"functionDefinitionValue": {"argumentNames": [f"x{i}"], "body": f"body{i}"}}
        inner = called("List.map", list={"valueReference": "sequence"}, baseAlgorithm=function)
    return {**values, "0": inner}


LARGE = [[[-100, -50], [100, -50], [100, 50], [-100, 50]]]
ZIGZAG = [[-170 + 340 * (i % 2), 60 * (-1) ** (i // 2)] for i in range(20_000)]
BOMBS = {
    "many elements": {"0": constant(list(range(1_000_000)))},
    "a long sequence": {"0": called("List.size", list=called("List.sequence", start=constant(1), end=constant(1e9)))},
    "a sequence of tiny steps": {
        "0": called("List.sequence", start=constant(0), end=constant(1), step=constant(1e-300))
    },
    "a long repetition": {"0": called("List.repeat", value=constant(1), count=constant(10**9))},
    "a string doubled": doubled("String.cat", "x" * 1000, "string1", "string2", 40),
    "a list doubled": doubled("List.cat", [1] * 1000, "list", "other", 40),
    "a number to a huge power": doubled("Number.multiply", 10**15, "left", "right", 64),
    "a large power": {"0": called("Number.pow", left=constant(10**9), right=constant(10**9))},
    "a large shift": {"0": called("Number.leftShift", left=constant(1), right=constant(10**9))},
    "a hard pattern": {
        "0": called("String.match", input=constant("a" * 30 + "!"), regex=constant("(a+)+b"), flags=constant(""))
    },
    "a hard pattern for bands": {
        "0": called(
            "Image.select",
            input=called("Image.rename", input=called("Image.constant", value=constant(1)), names=constant(["a" * 40])),
            bandSelectors=constant(["(a+)+b"]),
        )
    },
    "a large kernel": {"0": called("Kernel.square", radius=constant(1e6), units=constant("pixels"))},
    "a huge kernel": {"0": called("Kernel.circle", radius=constant(1e300), units=constant("pixels"))},
    "a wide buffer": {
        "0": called("Geometry.buffer", geometry=OF_TYPE["Geometry"][0], distance=constant(1e300))
    },
    "a region of many pixels": {
        "0": called(
            "Image.reduceRegion",
            image=called("Image.constant", value=constant(1)),
            reducer=called("Reducer.mean"),
            geometry=called("GeometryConstructors.Polygon", coordinates=constant(LARGE), geodesic=constant(False)),
            scale=constant(1),
            maxPixels=constant(1e13),
        )
    },
    "far points of a line": {
        "0": called(
            "Geometry.length",
            geometry=called("GeometryConstructors.LineString", coordinates=constant(ZIGZAG)),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_would_take_for_ever_or_all_memory(shared: Sandbox, name: str) -> None:
    before = memory()
    assert value(shared, BOMBS[name]) in (200, 400)
    assert memory() - before < 1500
