"""Any number may be none, infinite or too large wherever a number is taken: an answer or a sentence, never a crash.

Every function that takes numbers, lists of them or what is made of them is tried with each number in each such place,
beside several kinds of the other arguments: a function of arrays says nothing about numbers where it gets no array.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.graph.signatures import Parameter, signatures

from ...support.fuzzing import called, constant
from ...support.scene_folder import Folder
from .test_fuzz_evaluator import (
    BODIES,
    COLLECTION,
    FITTING,
    IMAGE,
    NAMES,
    POINT,
    SQUARE,
    answered,
    folder,  # noqa: F401 - the fixture
    graph,
    items,
)

INFINITY = called("Number.erfInv", input=constant(1))
STRANGE = {
    "NaN": called("Number.subtract", left=INFINITY, right=INFINITY),
    "infinity": INFINITY,
    "minus infinity": called("Number.erfInv", input=constant(-1)),
    "large": constant(1e308),
    "very negative": constant(-1e308),
    "beyond 64 bits": {"integerValue": str(2**63)},
    "least of 64 bits": {"integerValue": str(-(2**63))},
    "whole beyond 64 bits": constant(2**64),
    "beyond 32 bits": constant(2**31),
    "smallest": constant(1e-320),
}
"""Numbers that a graph can make, though no JSON holds the first three."""

TAKES_NUMBERS = {
    *("Number", "Float", "Integer", "Long", "Object", "<any>", "Date", "DateRange", "ErrorMargin", "Image"),
    *("List", "Array", "Dictionary"),
}
MATRIX = called("Array", values=constant([[2, 1], [1, 3]]))
TABLE = called("Feature", geometry=SQUARE, metadata=constant({"n": 3, "B4": 2}))
KINDS: dict[str, list[Any]] = {
    "Image": [
        IMAGE,
        called("Image.toArray", image=IMAGE),
        called("Image.constant", value=MATRIX),
        called("Image.constant", value=constant([1.5, 2])),
    ],
    "Array": [constant([1, 2]), constant([[1, 2], [3, 4]])],
    "String": [constant("B4"), constant("month"), constant("%d"), constant("meters")],
    "List": [constant([1, 2]), constant([0, 1]), constant(["B4"]), items(IMAGE)],
    "Geometry": [SQUARE, POINT],
    "Integer": [constant(1), constant(0)],
    "Reducer": [
        called("Reducer.mean"),
        called("Reducer.percentile", percentiles=constant([5, 95])),
        called("Reducer.histogram"),
        called("Reducer.linearFit"),
    ],
    "Kernel": [called("Kernel.circle", radius=constant(1.5)), called("Kernel.euclidean", radius=constant(2))],
    "FeatureCollection": [called("Collection", features=items(TABLE)), COLLECTION],
}
"""Arguments of a type that functions of it treat differently."""
MOST_KINDS = max(map(len, KINDS.values()))


def plain_argument(kind: str) -> Any:
    """Some argument of that type, always the same."""
    base = kind.partition("<")[0]
    numbers = {"Number": 1, "Float": 1, "Integer": 1, "Long": 1, "String": "B4", "Boolean": True}
    if base in numbers:
        return constant(numbers[base])
    if base in {"List", "Dictionary", "PixelType"}:
        return constant({"List": [1, 2], "Dictionary": {"n": 1}, "PixelType": "float"}[base])
    if base not in FITTING:
        return constant(1)
    return {
        "Image": IMAGE,
        "ImageCollection": COLLECTION,
        "FeatureCollection": COLLECTION,
        "Geometry": SQUARE,
        "Feature": called("Feature", geometry=SQUARE),
        "Element": IMAGE,
        "Reducer": called("Reducer.mean"),
        "Filter": called("Filter.always"),
        "Join": called("Join.simple"),
        "Kernel": called("Kernel.circle", radius=constant(1.5)),
        "ConfusionMatrix": called(
            "ConfusionMatrix", array=called("Array", values=constant([[1, 0], [2, 3]]))
        ),
        "Projection": called("Projection", crs=constant("EPSG:32611")),
        "Date": called("Date", value=constant(0)),
        "DateRange": called("DateRange", start=constant(0), end=constant(10)),
        "Array": constant([1, 2]),
        "Algorithm": {"valueReference": "f1"},
        "ErrorMargin": constant(1),
    }[base]


def others(parameters: tuple[Parameter, ...], changed: Parameter, variant: int) -> dict[str, Any] | None:
    """The arguments beside the one that is changed; None where this variant is no other than an earlier one."""
    arguments, new = {}, variant == 0
    for parameter in parameters:
        base = parameter.type.partition("<")[0]
        if parameter is changed:
            continue
        if parameter.name == "unit":
            arguments["unit"] = constant("day")
        elif parameter.name == "scale" and base in ("Float", "Number"):
            arguments["scale"] = constant(10)
        elif not parameter.optional or base == "Geometry":
            kinds = KINDS.get(base) or [plain_argument(parameter.type)]
            arguments[parameter.name] = kinds[variant % len(kinds)]
            new = new or len(kinds) > variant
    return arguments if new else None


def forms(base: str, number: Any) -> list[Any]:
    """The ways in which a number gets into an argument of that type."""
    pair = items(number, number)
    by_name = {"dictionaryValue": {"values": {"n": number, "B4": number}}}
    return {
        "List": [pair, items(pair, pair), items(constant(1), number), number],
        "Array": [pair, items(pair, pair), items(constant(1), number), number],
        "Object": [number, pair, by_name],
        "<any>": [number, pair, by_name],
        "Dictionary": [by_name],
        "Date": [number, called("Date", value=number)],
        "DateRange": [number, called("DateRange", start=constant(0), end=number)],
        "Image": [
            called("Image.constant", value=number),
            called("Image.constant", value=pair),
            called("Image.toArray", image=called("Image.constant", value=number)),
        ],
    }.get(base, [number])


def calls_with(number: Any) -> Iterator[tuple[str, str, Any]]:
    """Every call that has the number in one place: function, parameter and node."""
    for name in NAMES:
        parameters = signatures()[name].parameters
        for changed in parameters:
            base = changed.type.partition("<")[0]
            if base not in TAKES_NUMBERS:
                continue
            for variant in range(MOST_KINDS):
                arguments = others(parameters, changed, variant)
                if arguments is None:
                    continue
                for form in forms(base, number):
                    yield name, changed.name, called(name, **{**arguments, changed.name: form})


@pytest.mark.parametrize("number", STRANGE)
def test_any_number_may_be_no_number(folder: Folder, number: str) -> None:  # noqa: F811
    """Wherever a function takes a number, whether it uses the value at once or when pixels are drawn."""
    for name, parameter, node in calls_with(STRANGE[number]):
        try:
            answered(folder, graph(node, **BODIES))
        except BaseException as error:
            raise AssertionError(f"{name}, {parameter}: {node}") from error


def test_every_function_that_takes_a_number_is_called() -> None:
    taking = {
        name
        for name in NAMES
        if any(p.type.partition("<")[0] in TAKES_NUMBERS for p in signatures()[name].parameters)
    }
    assert {name for name, _, _ in calls_with(constant(1))} == taking
    assert len(taking) > 650


@pytest.mark.parametrize("date", ["start", "end"])
@pytest.mark.parametrize("number", ["NaN", "infinity", "minus infinity", "large"])
def test_dates_that_are_none(folder: Folder, date: str, number: str) -> None:  # noqa: F811
    for node in (
        called(f"DateRange.{date}", dateRange=STRANGE[number]),
        called("Date.millis", date=STRANGE[number]),
        called("Date.advance", date=constant(0), delta=STRANGE[number], unit=constant("day")),
    ):
        with pytest.raises(Refused, match="out of range"):
            folder.evaluator.evaluate(graph(node))


def test_a_matrix_of_no_numbers_is_not_solved(folder: Folder) -> None:  # noqa: F811
    none = items(items(STRANGE["NaN"], constant(1)), items(constant(1), constant(2)))
    with pytest.raises(Refused, match="finite"):
        folder.evaluator.evaluate(graph(called("Array.matrixSolve", left=none, right=constant([[1], [2]]))))


def test_a_grid_around_the_globe_a_thousand_times_is_a_sentence(folder: Folder) -> None:  # noqa: F811
    node = called(
        "Image.reduceRegion",
        image=called("Image.constant", value=constant(1)),
        reducer=called("Reducer.mean"),
        geometry=called("GeometryConstructors.Point", coordinates=constant([0, 0])),
        scale=constant(2**63),
    )
    with pytest.raises(Refused, match="reach around the globe too often"):
        folder.evaluator.evaluate(graph(node))


@pytest.mark.parametrize("number", ["NaN", "infinity", "minus infinity", "large"])
def test_calendars_and_sequences_without_end(folder: Folder, number: str) -> None:  # noqa: F811
    strange = STRANGE[number]
    element = called("Element.set", object=IMAGE, key=constant("system:time_start"), value=strange)
    months = called("Filter.calendarRange", start=constant(1), end=constant(2), field=constant("month"))
    filtered = called(
        "Collection.filter",
        collection=called("ImageCollection.fromImages", images=items(element)),
        filter=months,
    )
    with pytest.raises(Refused, match="Date: .* is out of range"):
        folder.evaluator.evaluate(graph(called("Collection.size", collection=filtered)))
    sequence = called("List.sequence", start=constant(0), end=strange)
    with pytest.raises(Refused, match="List.sequence: (start, end and step must be finite|More than)"):
        folder.evaluator.evaluate(graph(sequence))
    with pytest.raises(Refused, match="Date.fromYMD"):
        folder.evaluator.evaluate(
            graph(called("Date.fromYMD", year=strange, month=constant(1), day=constant(1)))
        )
