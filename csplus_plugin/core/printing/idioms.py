"""How the client libraries' shorthands look in the graph, and back: a filter on `.all` is `filterBounds` again.

Both libraries build some calls out of several functions of the service. Where a pattern does not match, the generic
spelling in `spelling` is still right, only longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .nodes import Argument, Call, Constant, Function, Items, Node, Pairs


@dataclass(frozen=True)
class Spelled:
    """A call in the words of the client libraries.

    Attributes:
        name: A method, or a function of the library such as `Filter.lte`.
        gives: Class of the result in the client library; empty where it is not known.
        receiver: What the method is called on; None for a function.
        kind: Class that the receiver must have.
        positional: Arguments in order.
        named: Arguments by name, after them.
    """

    name: str
    gives: str
    receiver: Node | None = None
    kind: str = ""
    positional: tuple[Node, ...] = ()
    named: Mapping[str, Node] = field(default_factory=dict)

    def children(self) -> tuple[Node, ...]:
        """List the nodes that are written in it, in the order in which a person would compute them."""
        receiver = () if self.receiver is None else (self.receiver,)
        return *receiver, *self.positional, *self.named.values()


Arguments = Mapping[str, Node]

_EXPRESSION_IMAGE = "DEFAULT_EXPRESSION_IMAGE"
_LOADS = {
    "Collection": ("features", "FeatureCollection"),
    "Image.load": ("id", "Image"),
    "ImageCollection.load": ("id", "ImageCollection"),
    "ImageCollection.fromImages": ("images", "ImageCollection"),
    "Collection.loadTable": ("tableId", "FeatureCollection"),
}
_COMPARISONS = {"Filter.equals": "eq", "Filter.lessThan": "lt", "Filter.greaterThan": "gt"}
_OPPOSITES = {"Filter.equals": "neq", "Filter.lessThan": "gte", "Filter.greaterThan": "lte"}
_FOR_EACH_IMAGE = ("Image.select", "Image.linkCollection")
"""Functions of an image that image collections have as methods, too."""


def idiom(call: Call) -> Spelled | None:
    """Find the shorthand that builds a call."""
    if isinstance(call.function, Node):
        return _expression(call.function, call.arguments)
    if call.function in _LOADS:
        argument, name = _LOADS[call.function]
        return (
            Spelled(name, name, positional=(call.arguments[argument],)) if len(call.arguments) == 1 else None
        )
    if call.function.startswith("GeometryConstructors."):
        return _geometry(call.function.partition(".")[2], call.arguments)
    if call.function in _COMPARISONS:
        return _comparison(_COMPARISONS[call.function], call.arguments)
    find = _PATTERNS.get(call.function)
    return find(call.arguments) if find else None


def _expression(function: Node, arguments: Arguments) -> Spelled | None:
    formula = _arguments_of(function, "Image.parseExpression")
    names = formula.get("vars")
    if not isinstance(names, Items) or _EXPRESSION_IMAGE not in arguments:
        return None
    order = [name.value for name in names.items if isinstance(name, Constant)]
    values = Pairs({str(name): unwrapped(arguments[str(name)], "Image") for name in order[1:]})
    receiver = arguments[_EXPRESSION_IMAGE]
    return Spelled("expression", "Image", receiver, "Image", (formula["expression"], values))


def _geometry(shape: str, arguments: Arguments) -> Spelled | None:
    rest = {_GEOMETRY_WORDS.get(name, name): argument for name, argument in arguments.items()}
    coordinates = rest.pop("coords")
    if "proj" in rest:
        rest["proj"] = unwrapped(rest["proj"], "Projection")
    if shape in ("Polygon", "MultiPolygon") and "evenOdd" not in rest and set(rest) <= {"proj", "geodesic"}:
        # As GeoJSON: by the constructors, JavaScript adds evenOdd, which is the default anyway, and Python does not.
        shaped = Pairs({"type": Constant(shape), "coordinates": coordinates})
        projection = rest.get("proj", Constant(None))
        options = (projection, rest["geodesic"]) if "geodesic" in rest else tuple(rest.values())
        return Spelled("Geometry", "Geometry", positional=(shaped, *options))
    if not rest:
        return Spelled(f"Geometry.{shape}", "Geometry", positional=(coordinates,))
    return Spelled(f"Geometry.{shape}", "Geometry", named={"coords": coordinates, **rest})


_GEOMETRY_WORDS = {"coordinates": "coords", "crs": "proj"}


def _comparison(name: str, arguments: Arguments) -> Spelled | None:
    if set(arguments) != {"leftField", "rightValue"}:
        return None
    return Spelled(f"Filter.{name}", "Filter", positional=(arguments["leftField"], arguments["rightValue"]))


def _not(arguments: Arguments) -> Spelled | None:
    inner = arguments["filter"]
    if not isinstance(inner, Call) or inner.function not in _OPPOSITES:
        return None
    return _comparison(_OPPOSITES[str(inner.function)], inner.arguments)


def _in_list(arguments: Arguments) -> Spelled | None:
    if set(arguments) != {"rightField", "leftValue"}:
        return None
    return Spelled("Filter.inList", "Filter", positional=(arguments["rightField"], arguments["leftValue"]))


def _several(name: str) -> Callable[[Arguments], Spelled | None]:
    def find(arguments: Arguments) -> Spelled | None:
        filters = arguments["filters"]
        return (
            Spelled(f"Filter.{name}", "Filter", positional=filters.items)
            if isinstance(filters, Items)
            else None
        )

    return find


def _filter(arguments: Arguments) -> Spelled | None:
    """Find `filterBounds` and `filterDate`."""
    collection, condition = arguments["collection"], arguments["filter"]
    over = _arguments_of(condition, "Filter.intersects")
    if set(over) == {"leftField", "rightValue"} and _is(over["leftField"], ".all"):
        place = _arguments_of(over["rightValue"], "Feature")
        if set(place) == {"geometry"}:
            return Spelled("filterBounds", "", collection, "Collection", (place["geometry"],))
    within = _arguments_of(condition, "Filter.dateRangeContains")
    if set(within) == {"leftValue", "rightField"} and _is(within["rightField"], "system:time_start"):
        days = _arguments_of(within["leftValue"], "DateRange")
        if set(days) == {"start", "end"}:
            return Spelled("filterDate", "", collection, "Collection", (days["start"], days["end"]))
    return None


def _limit(arguments: Arguments) -> Spelled | None:
    if "limit" in arguments or "key" not in arguments:
        return None
    order = (arguments["ascending"],) if "ascending" in arguments else ()
    return Spelled("sort", "", arguments["collection"], "Collection", (arguments["key"], *order))


def _map(arguments: Arguments) -> Spelled | None:
    """Find `ImageCollection.select` and `linkCollection`, which map a function of their own."""
    function = arguments["baseAlgorithm"]
    if not isinstance(function, Function) or not isinstance(function.body, Call) or "dropNulls" in arguments:
        return None
    body = function.body
    rest = dict(body.arguments)
    image = rest.pop("input", None)
    own = isinstance(image, Argument) and image.name in function.parameters
    if body.function not in _FOR_EACH_IMAGE or not own or any(map(has_argument, rest.values())):
        return None
    name = str(body.function).partition(".")[2]
    words = {"select": ("bandSelectors", "newNames"), "linkCollection": ("imageCollection", "linkedBands")}[
        name
    ]
    if not set(rest) <= set(words):
        return None
    values = tuple(rest[word] for word in words if word in rest)
    if name == "select" and len(values) == 1:
        values = (single(values[0]),)
    return Spelled(name, "ImageCollection", arguments["collection"], "ImageCollection", values)


_PATTERNS: dict[str, Callable[[Arguments], Spelled | None]] = {
    "Collection.filter": _filter,
    "Collection.limit": _limit,
    "Collection.map": _map,
    "Filter.and": _several("and"),
    "Filter.listContains": _in_list,
    "Filter.not": _not,
    "Filter.or": _several("or"),
}


def unwrapped(node: Node, kind: str) -> Node:
    """Give the bare number or text that both libraries would make this node of, for an argument of a class."""
    wrapper = {
        "Image": ("Image.constant", "value"),
        "ErrorMargin": ("ErrorMargin", "value"),
        "Projection": ("Projection", "crs"),
    }
    if kind not in wrapper:
        return node
    function, argument = wrapper[kind]
    inner = _arguments_of(node, function)
    bare = inner.get(argument)
    return bare if len(inner) == 1 and isinstance(bare, Constant) else node


def single(node: Node) -> Node:
    """Give the one name in a list of one, for functions that take either."""
    if isinstance(node, Items) and len(node.items) == 1 and isinstance(node.items[0], Constant):
        return node.items[0]
    return node


def has_argument(node: Node) -> bool:
    """Tell whether a node depends on the argument of a function around it."""
    if isinstance(node, Argument):
        return True
    if isinstance(node, Call):
        return any(map(has_argument, node.arguments.values()))
    if isinstance(node, Items):
        return any(map(has_argument, node.items))
    return False


def _arguments_of(node: Node, function: str) -> Arguments:
    """Give the arguments of a node that calls this function; none for any other."""
    return node.arguments if isinstance(node, Call) and node.function == function else {}


def _is(node: Node, value: str) -> bool:
    return isinstance(node, Constant) and node.value == value
