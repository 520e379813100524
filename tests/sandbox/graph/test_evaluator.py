"""Expression graphs: scopes, references, promotion, refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.graph import registry
from csplus.csplus_plugin.sandbox.graph.evaluator import supported
from csplus.csplus_plugin.sandbox.graph.registry import function, load_functions, own_parameters
from csplus.csplus_plugin.sandbox.graph.signatures import signatures

from ...support.scene_folder import S2, Folder


def call(name: str, **arguments: Any) -> dict:
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def const(value: Any) -> dict:
    return {"constantValue": value}


def graph(node: dict, **values: dict) -> dict:
    return {"result": "0", "values": {"0": node, **values}}


def refusal(folder: Folder, expression: Any) -> str:
    with pytest.raises(Refused) as refused:
        folder.evaluator.evaluate(expression)
    assert refused.value.status == 400
    return refused.value.message


def test_every_kind_of_node(folder: Folder) -> None:
    expression = graph(
        {
            "dictionaryValue": {
                "values": {
                    "list": {"arrayValue": {"values": [const(1), {"integerValue": "9007199254740993"}]}},
                    "call": call("Number.add", left=const(2), right={"valueReference": "k"}),
                    "applied": {
                        "functionInvocationValue": {"functionReference": "f", "arguments": {"x": const(4)}}
                    },
                }
            }
        },
        k=const(3),
        f={"functionDefinitionValue": {"argumentNames": ["x"], "body": "body"}},
        body=call("Number.multiply", left={"argumentReference": "x"}, right={"argumentReference": "x"}),
    )
    assert folder.evaluator.evaluate(expression) == {"list": [1, 9007199254740993], "call": 5, "applied": 16}


def test_unrelated_functions_reuse_an_argument_name(folder: Folder) -> None:
    first = ee.List([1, 2, 3]).map(lambda n: ee.Number(n).multiply(10))
    second = first.map(lambda n: ee.Number(n).add(1))
    assert folder.info(second) == [11, 21, 31]


def test_nested_functions_see_their_own_and_the_outer_argument(folder: Folder) -> None:
    table = ee.List([1, 2]).map(lambda a: ee.List([10, 20]).map(lambda b: ee.Number(a).add(b)))
    assert folder.info(table) == [[11, 21], [12, 22]]


def test_a_shared_node_with_a_free_argument_has_one_value_a_call(folder: Folder) -> None:
    def month(n: Any) -> Any:
        start = ee.Date("2023-01-01").advance(n, "month")
        return ee.List([start.format("MM"), start.advance(1, "month").format("MM"), start.get("month")])

    assert folder.info(ee.List.sequence(0, 2).map(month)) == [
        ["01", "02", 1],
        ["02", "03", 2],
        ["03", "04", 3],
    ]


def test_shared_nodes_in_a_function_are_computed_once(folder: Folder) -> None:
    """A chain in which every node uses the one before twice: 2**60 evaluations without memory."""
    values = {"n0": call("Number.add", left={"argumentReference": "x"}, right=const(0))}
    for i in range(1, 61):
        previous = {"valueReference": f"n{i - 1}"}
        values[f"n{i}"] = call(
            "Number.subtract", left=previous, right=call("Number.divide", left=previous, right=const(2))
        )
    expression = graph(
        {"functionInvocationValue": {"functionReference": "f", "arguments": {"x": const(2.0**60)}}},
        f={"functionDefinitionValue": {"argumentNames": ["x"], "body": "n60"}},
        **values,
    )
    assert folder.evaluator.evaluate(expression) == 1


def test_iterate_takes_two_arguments(folder: Folder) -> None:
    total = ee.List([1, 2, 3]).iterate(lambda n, s: ee.Number(n).add(s), 10)
    assert folder.info(total) == 16


def test_if_evaluates_only_the_chosen_case(folder: Folder) -> None:
    fails = ee.Image("nowhere/else").get("x")
    assert folder.info(ee.Algorithms.If(1, "yes", fails)) == "yes"
    assert folder.info(ee.Algorithms.If(ee.List([]), fails, "no")) == "no"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [(0, False), (0.5, True), ("", False), ("a", True), ([], False), ({}, False), (None, False)],
)
def test_what_is_true(folder: Folder, condition: Any, holds: bool) -> None:
    expression = graph(call("If", condition=const(condition), trueCase=const(True), falseCase=const(False)))
    assert folder.evaluator.evaluate(expression) is holds


def test_a_cycle_is_refused(folder: Folder) -> None:
    cycle = graph(
        {"valueReference": "a"},
        a=call("Number.abs", input={"valueReference": "b"}),
        b={"valueReference": "a"},
    )
    assert "refers to itself" in refusal(folder, cycle)
    own = graph({"functionDefinitionValue": {"argumentNames": [], "body": "0"}})
    assert "refers to itself" in refusal(folder, own)


def test_deep_nesting_is_refused(folder: Folder) -> None:
    node = const(1)
    for _ in range(5000):
        node = call("Number.add", left=node, right=const(1))
    assert "nested too deeply" in refusal(folder, graph(node))
    values = {
        f"n{i}": call("Number.add", left={"valueReference": f"n{i - 1}"}, right=const(1))
        for i in range(1, 5000)
    }
    assert "nested too deeply" in refusal(folder, graph({"valueReference": "n4999"}, n0=const(0), **values))


@pytest.mark.parametrize(
    ("step", "value"),
    [
        (lambda image, n: image.add(n), 300 * 301 / 2),
        (lambda image, n: image.max(n), 300),
        (lambda image, n: image.updateMask(n), 0),
        (lambda image, n: image.unmask(n), 0),
        (lambda image, n: image.blend(n), 300),
        (lambda image, n: image.rename(f"b{n}"), 0),
    ],
)
def test_chains_of_hundreds_of_steps(folder: Folder, grid: Any, step: Any, value: float) -> None:
    """As deep as the official client itself can write them."""
    image = ee.Image(0)
    for n in range(1, 301):
        image = step(image, n)
    assert (folder.band(image, grid(2, 2)).values == value).all()


def test_hundreds_of_bands_added_one_by_one(folder: Folder, grid: Any) -> None:
    image = ee.Image(0)
    for n in range(1, 301):
        image = image.addBands(ee.Image(n))
    drawn = folder.pixels(image, grid(2, 1))
    assert [raster.values[0, 0] for raster in drawn.values()] == list(range(301))
    assert list(drawn)[-1] == "constant_300"
    total = image.reduce(ee.Reducer.sum()).reduceRegion(
        ee.Reducer.first(), ee.Geometry.Point([500005, 4099995], "EPSG:32611"), 10, "EPSG:32611"
    )
    assert folder.info(total) == {"sum": 300 * 301 / 2}


def test_filters_within_filters(folder: Folder) -> None:
    for index, cloud in (("A", 10), ("B", 20)):
        folder.scene(index, {"B1": np.ones((1, 1), np.uint8)}, cloud=cloud)
    condition = ee.Filter.lt("cloud", 15)
    for _ in range(300):
        condition = condition.Not()
    found = ee.ImageCollection(S2).filter(condition)
    assert folder.info(found.aggregate_array("cloud")) == [10]
    printed = folder.info(condition)
    for _ in range(300):
        printed = printed["filter"]
    assert printed == {"type": "Filter.lt", "leftField": "cloud", "rightValue": 15}


def test_a_deep_image_is_refused_when_drawn(folder: Folder, grid) -> None:
    image = folder.value(ee.Image(1))
    double = load_functions()["Image.add"].run
    for _ in range(3000):
        image = double(image, image)
    with pytest.raises(Refused, match="nested too deeply"):
        image.render(grid(2, 2))


@pytest.mark.parametrize(
    "expression",
    [
        None,
        [],
        {},
        {"result": "0"},
        {"result": "1", "values": {"0": const(1)}},
        {"result": 0, "values": {"0": const(1)}},
        graph({}),
        graph({"constantValue": 1, "valueReference": "0"}),
        graph({"other": 1}),
        graph({"argumentReference": "x"}),
        graph({"arrayValue": {"values": 3}}),
        graph({"dictionaryValue": {"values": []}}),
        graph({"functionInvocationValue": {"arguments": {}}}),
        graph({"functionInvocationValue": 3}),
        graph({"functionDefinitionValue": {"argumentNames": "x", "body": "0"}}),
        graph({"integerValue": "many"}),
    ],
)
def test_malformed_expressions_are_refused(folder: Folder, expression: Any) -> None:
    assert refusal(folder, expression).startswith("Invalid expression: ")


def test_functions_are_refused_by_name(folder: Folder) -> None:
    assert (
        refusal(folder, graph(call("Classifier.smileCart")))
        == "Classifier.smileCart is not supported by this sandbox engine."
    )
    assert refusal(folder, graph(call("No.such"))) == "No.such is not supported by this sandbox engine."


def test_arguments_are_checked(folder: Folder) -> None:
    missing = refusal(folder, graph(call("Image.select", bandSelectors=const([0]))))
    assert missing == "Image.select: Parameter 'input' is required and may not be null."
    unknown = refusal(folder, graph(call("Image.constant", value=const(1), colour=const("red"))))
    assert unknown == "Image.constant: Unrecognized argument 'colour'."
    wrong = refusal(folder, graph(call("Image.bandNames", image=const("B4"))))
    assert wrong == (
        "Image.bandNames, argument 'image': Invalid type.\n"
        "Expected type: Image<unknown bands>.\nActual type: String."
    )
    assert "Cannot call" in refusal(
        folder, graph({"functionInvocationValue": {"functionReference": "k", "arguments": {}}}, k=const(1))
    )


def test_a_wrong_number_of_function_arguments(folder: Folder) -> None:
    two = {"functionDefinitionValue": {"argumentNames": ["a", "b"], "body": "k"}}
    message = refusal(folder, graph(call("List.map", list=const([1]), baseAlgorithm=two), k=const(1)))
    assert "function of 1 arguments" in message


def test_types_that_a_signature_leaves_open_are_no_crash(folder: Folder) -> None:
    message = refusal(
        folder,
        graph(
            call(
                "Image.remap",
                image=call("Image.constant", value=const(1)),
                **{"from": const(["a"]), "to": const([1])},
            )
        ),
    )
    assert message.startswith("Image.remap")


def test_a_map_may_drop_nulls_only_when_told(folder: Folder) -> None:
    folder.scene("A", {"B2": np.ones((2, 2), np.uint16)})
    nothing = lambda image: ee.Algorithms.If(0, image, None)  # noqa: E731
    assert folder.info(ee.ImageCollection(S2).map(nothing, True).size()) == 0
    with pytest.raises(
        Refused, match=r"Collection\.map: A mapped algorithm must return a Feature or Image\."
    ):
        folder.value(ee.ImageCollection(S2).map(nothing).size())


def test_the_needed_functions_are_there() -> None:
    assert {"Image.updateMask", "Image.linkCollection", "reduce.median", "Join.saveFirst", "If"} <= set(
        supported()
    )
    assert len(supported()) > 500


def test_every_function_has_the_parameters_of_the_newest_client() -> None:
    load_functions()
    for name, (run, needs_archive, _) in registry._registered.items():
        real = [registry._snake_case(parameter.name) for parameter in signatures()[name].parameters]
        assert own_parameters(run, needs_archive) == real, name


def test_a_name_is_registered_once() -> None:
    load_functions()
    with pytest.raises(ValueError, match="twice"):
        function("Image.abs")(lambda value: value)


def test_clients_whose_lists_differ_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    older = {name: signature for name, signature in signatures().items() if name != "Image.hypot"}
    transform = older["Geometry.transform"]
    older["Geometry.transform"] = replace(transform, parameters=transform.parameters[:3])
    newer = replace(signatures()["Image.abs"].parameters[0], name="newArgument", optional=True)
    older["Image.abs"] = replace(older["Image.abs"], parameters=(*older["Image.abs"].parameters, newer))
    monkeypatch.setattr(registry, "signatures", lambda: older)
    found = load_functions.__wrapped__()
    assert "Image.hypot" not in found
    assert [parameter.name for parameter in found["Image.abs"].parameters] == ["value"]
    last = found["Geometry.transform"].parameters[-1]
    assert (last.name, last.optional, last.default) == ("geodesic", True, None)


def test_collections_have_a_limit(folder: Folder) -> None:
    def points(count: int) -> Any:
        return ee.FeatureCollection(ee.List.sequence(1, count).map(lambda n: ee.Feature(None, {"n": n})))

    assert len(folder.info(points(5000))["features"]) == 5000
    with pytest.raises(Refused, match=r"^Collection query aborted after accumulating over 5000 elements\.$"):
        folder.info(points(5001))
