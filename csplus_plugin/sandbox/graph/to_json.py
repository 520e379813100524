"""Values as the JSON of a `value:compute` answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.image import Band, Image
from ..images.kernels import Kernel
from ..images.pixel_types import PixelType
from ..made_by import MadeBy
from ..meter import MEMORY_EXCEEDED
from ..nesting import deeper
from ..reducers.reducer import Reducer
from ..space.crossings import points_of
from ..space.geometries import Geometry, ring_of
from ..space.projections import Projection
from ..values.confusion_matrix import ConfusionMatrix
from ..values.filters import Filter, Join
from ..values.types import (
    Algorithm,
    Date,
    DateRange,
    ErrorMargin,
    Feature,
    FeatureCollection,
    ImageCollection,
    int_if_whole,
)
from .promotion import type_name

MAX_ELEMENTS = 5000  # of a collection
MAX_VALUES = 5_000_000  # of an answer, all in all
CHARACTERS = 16  # of a string that count as a value
_POINT = 4  # values that a point counts as
_BEYOND_INTEGER = 1 << 31

INDEX = "system:index"
"""The property that a feature shows as its id."""


def to_json(value: object) -> Any:
    """Give a value as JSON.

    Raises:
        Refused: A collection with too many elements, a value that has no JSON, or one that is nested too deeply.
    """
    _check_size(value)
    try:
        return _collection(value) if isinstance(value, FeatureCollection) else _json(value)
    except RecursionError as error:
        raise Refused("The value is nested too deeply for this sandbox engine.") from error


def _check_size(value: object) -> None:
    """Refuse a value that is small only as long as its parts are shared.

    Raises:
        Refused: More elements than an answer may have.
    """
    waiting: list[Any] = [value]
    count = 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, FeatureCollection) and found is value:
            waiting += found.elements
        if isinstance(found, Feature):
            waiting.append(found.place)
        if isinstance(found, FeatureCollection | Feature | Image):
            found = found.properties
        if isinstance(found, Filter | Join | Kernel | Reducer) and found.made_by:
            waiting += found.made_by.arguments.values()
        if isinstance(found, Mapping):
            waiting += found.values()
        elif isinstance(found, Sequence) and not isinstance(found, str):
            waiting += found
        if isinstance(found, ConfusionMatrix):
            found = found.counts
        count += _weight(found)
        if count + len(waiting) > MAX_VALUES:
            raise Refused(MEMORY_EXCEEDED)


def _weight(value: object) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    if isinstance(value, Kernel) and value.fixed:
        return value.table()[0].size
    if isinstance(value, Geometry) and value.shape is not None:
        return 1 + _POINT * points_of(value.shape)
    return 1


def _json(value: object) -> Any:  # noqa: PLR0911, C901
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, np.generic):
        return _json(value.item())
    if isinstance(value, np.ndarray):
        return _json(value.tolist())
    if isinstance(value, Image):
        return image_json(value)
    if isinstance(value, FeatureCollection):
        return _collection_without_elements(value)
    if isinstance(value, Feature):
        return _feature(value)
    if isinstance(value, Geometry):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(name): _json(entry) for name, entry in value.items()}
    if isinstance(value, Sequence):
        return [_json(item) for item in value]
    return _other(value)


def _other(value: object) -> Any:  # noqa: PLR0911 - a table by type
    if isinstance(value, Date):
        return {"type": "Date", "value": value.millis}
    if isinstance(value, DateRange):
        return {"type": "DateRange", "dates": [_number(value.start), _number(value.end)]}
    if isinstance(value, Projection):
        return {
            "type": "Projection",
            "crs": value.crs,
            "transform": [_number(n) for n in value.transform],
        }
    if isinstance(value, PixelType):
        return pixel_type_json(value)
    if isinstance(value, ErrorMargin):
        size = {} if value.value is None else {"value": _json(value.value)}
        return {"type": "ErrorMargin", "unit": value.unit, **size}
    if isinstance(value, ConfusionMatrix):
        return _json(value.counts)
    if isinstance(value, Kernel):
        return _call(value.made_by) | _weights(value)
    if isinstance(value, Filter | Join | Reducer):
        return _call(value.made_by)
    if isinstance(value, Algorithm):
        return {"type": "Algorithm", "args": [{"name": name} for name in value.names]}
    raise Refused(f"A value of type {type(value).__name__} cannot be printed by this sandbox engine.")


_SHORT = {
    "Filter.equals": "Filter.eq",
    "Filter.notEquals": "Filter.neq",
    "Filter.lessThan": "Filter.lt",
    "Filter.lessThanOrEquals": "Filter.lte",
    "Filter.greaterThan": "Filter.gt",
    "Filter.greaterThanOrEquals": "Filter.gte",
}


def _call(made_by: MadeBy | None) -> dict[str, Any]:
    """Give a value as the call that made it.

    Raises:
        Refused: That is not known.
    """
    if made_by is None:
        raise Refused("A filter made of a formula cannot be printed by this sandbox engine.")
    given = made_by.arguments.items()
    arguments = deeper(lambda: {name: _json(argument) for name, argument in given})
    return {"type": _SHORT.get(made_by.name, made_by.name), **arguments}


def _weights(kernel: Kernel) -> dict[str, Any]:
    """Give the focus and the weights of a kernel, as text; kernels in meters have none without a projection."""
    if not kernel.fixed:
        return {}
    weights, focus = kernel.table()
    rows = [f"\n  [{', '.join(map(_as_double, row))}]" for row in weights.tolist()]
    return {"center": list(focus), "weights": "".join(rows)}


_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7


def _as_double(value: float) -> str:
    """Write a number as Java writes a double: 1.0, 0.5, 1.2E-4."""
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_TO or not math.isfinite(value):
        return repr(float(value))
    digits, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
        whole, _, fraction = digits.partition(".")
        found = (whole + fraction).lstrip("0")
        power = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0")) + 1)
        return f"{sign}{found[0]}.{found[1:].rstrip('0') or '0'}E{power}"
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _number(value: float) -> float | str:
    """JSON has no words for what is not finite; protocol buffers spell them out."""
    if math.isfinite(value):
        return int_if_whole(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def image_json(image: Image) -> dict[str, Any]:
    """Give an image's metadata."""
    body: dict[str, Any] = {"type": "Image", "bands": [_band(band) for band in image.bands]}
    properties = dict(image.properties)
    place = image.geometry()
    if place is not None and not place.is_unbounded:
        properties["system:footprint"] = ring_of(place)
    return body | _identity(image.id, image.version, properties)


def _identity(asset: str | None, version: int | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if asset is not None:
        body["id"] = asset
    if version is not None:
        body["version"] = version
    if properties:
        body["properties"] = _json(properties)
    return body


def _band(band: Band) -> dict[str, Any]:
    body: dict[str, Any] = {"id": band.name, "data_type": pixel_type_json(band.type)}
    if band.dimensions is not None:
        body["dimensions"] = list(band.dimensions)
    return body | {"crs": band.crs, "crs_transform": [_number(n) for n in band.transform]}


def pixel_type_json(kind: PixelType) -> dict[str, Any]:
    """Give a pixel type; ends of the range that are not known are left out."""
    body: dict[str, Any] = {"type": "PixelType", "precision": kind.precision}
    ends = {"min": kind.min, "max": kind.max}
    body |= {name: _number(end) for name, end in ends.items() if end is not None}
    return body | ({"dimensions": kind.dimensions} if kind.dimensions else {})


def _feature(feature: Feature) -> dict[str, Any]:
    """Give a feature with its index as its id; one that was an image has the image's id and keeps the index."""
    place = feature.geometry()
    body: dict[str, Any] = {"type": "Feature", "geometry": None if place is None else place.to_json()}
    properties = dict(feature.properties)
    name = feature.id if feature.id is not None else properties.pop(INDEX, None)
    if name is not None:
        body["id"] = _json(name)
    return body | {"properties": _json(properties)}


def _collection(collection: FeatureCollection) -> dict[str, Any]:
    if len(collection.elements) > MAX_ELEMENTS:
        raise Refused(f"Collection query aborted after accumulating over {MAX_ELEMENTS} elements.")
    return _collection_without_elements(collection) | {"features": [_json(e) for e in collection.elements]}


def _collection_without_elements(collection: FeatureCollection) -> dict[str, Any]:
    """Give what is known of a collection as a whole, which is all that is printed of one inside another value."""
    images = isinstance(collection, ImageCollection)
    body: dict[str, Any] = {"type": "ImageCollection" if images else "FeatureCollection"}
    body["bands" if images else "columns"] = [] if images else _columns(collection)
    return body | _identity(collection.id, collection.version, collection.properties)


def _columns(collection: FeatureCollection) -> dict[str, str]:
    """Give the type of each property, that of the first value; in alphabetical order."""
    found: dict[str, str] = {}
    for element in collection.elements:
        for name, value in element.properties.items():
            if value is not None and name not in found:
                found[name] = _column_type(value)
    return dict(sorted(found.items()))


def _column_type(value: object) -> str:
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and not -_BEYOND_INTEGER <= value < _BEYOND_INTEGER
    ):
        return "Long"
    return "Geometry" if isinstance(value, Geometry) else type_name(value)
