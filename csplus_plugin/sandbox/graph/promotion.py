"""Arguments as the types that a signature asks for: a string as a date, a number as a constant image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.constants import constant_array, constant_image
from ..images.image import Image
from ..images.kernels import Kernel
from ..images.pixel_types import PixelType, named
from ..reducers.reducer import Reducer
from ..space.geometries import Geometry, from_geojson, united
from ..space.projections import Projection, as_affine, canonical_crs
from ..values import dates
from ..values.arrays import as_array
from ..values.confusion_matrix import ConfusionMatrix
from ..values.filters import Filter, Join
from ..values.types import (
    Algorithm,
    Date,
    DateRange,
    Element,
    ErrorMargin,
    Feature,
    FeatureCollection,
    ImageCollection,
    int_if_whole,
    margin_of,
)
from .registry import call

_MISMATCH = object()
"""No way to make it the wanted type."""


def promote(value: object, wanted: str) -> Any:
    """Give a value as the type of a signature.

    Args:
        value: Anything; None only where the type is open.
        wanted: The type's name in the signature.

    Raises:
        Refused: It cannot become that; the sentence has the service's two lines of types.
    """
    base, _, inner = wanted.partition("<")
    promoter = _PROMOTERS.get(base)
    promoted: Any = value if promoter is None else promoter(value)
    if promoted is _MISMATCH:
        raise Refused(f"Invalid type.\nExpected type: {wanted}.\nActual type: {type_name(value)}.")
    if base == "List" and inner != "Object>":
        return [promote(item, inner.removesuffix(">")) for item in promoted]
    return promoted


def type_name(value: object) -> str:  # noqa: PLR0911 - a table by type, with order
    """Give what the service calls the type of a value."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if isinstance(value, float):
        return "Float"
    if isinstance(value, str):
        return "String"
    if isinstance(value, Mapping):
        return "Dictionary"
    if isinstance(value, Sequence):
        return "List"
    if isinstance(value, np.ndarray):
        return "Array"
    return type(value).__name__


def _number(value: object) -> Any:
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float) else _MISMATCH


def _integer(value: object) -> Any:
    number = _number(value)
    if number is _MISMATCH or number != number or abs(number) == float("inf"):  # noqa: PLR0124 - not a number
        return _MISMATCH
    return int(number)


def _boolean(value: object) -> Any:
    return bool(value) if isinstance(value, bool | int | float) else _MISMATCH


def _image(value: object) -> Any:
    if isinstance(value, Image):
        return value
    if isinstance(value, bool | int | float):
        return constant_image([value])
    if isinstance(value, Sequence) and value and all(isinstance(v, bool | int | float) for v in value):
        return constant_image(value)
    if isinstance(value, np.ndarray):
        return constant_array(value) if value.ndim else constant_image([value.item()])
    return _MISMATCH


def _geometry(value: object) -> Any:
    if isinstance(value, Geometry):
        return value
    if isinstance(value, Image):
        return value.geometry() or Geometry(None)
    if isinstance(value, Feature):
        return value.place if value.place is not None else _MISMATCH
    if isinstance(value, FeatureCollection):
        return united([g for g in (e.geometry() for e in value.elements) if g is not None])
    if isinstance(value, Mapping) and "type" in value:
        return from_geojson(value)
    return _MISMATCH


def _element(value: object) -> Any:
    if isinstance(value, Element | FeatureCollection):
        return value
    if isinstance(value, Geometry):
        return Feature(value)
    return _image(value)


def _feature(value: object) -> Any:
    element = _MISMATCH if isinstance(value, FeatureCollection) else _element(value)
    if isinstance(element, Image):
        return Feature(element.geometry(), element.properties, element.id)
    return _MISMATCH if isinstance(element, FeatureCollection) else element


def _collection(value: object) -> Any:
    if isinstance(value, FeatureCollection):
        return value
    if isinstance(value, Element):
        return FeatureCollection(()).with_elements([value])
    if isinstance(value, Geometry):
        return FeatureCollection((Feature(value),))
    if isinstance(value, Sequence) and not isinstance(value, str):
        elements = [_element(v) for v in value]
        return _MISMATCH if _MISMATCH in elements else FeatureCollection(()).with_elements(elements)
    return _MISMATCH


def _image_collection(value: object) -> Any:
    if isinstance(value, ImageCollection):
        return value
    if isinstance(value, FeatureCollection):
        is_all = all(isinstance(element, Image) for element in value.elements)
        return ImageCollection(value.elements, value.properties, value.id) if is_all else _MISMATCH
    if isinstance(value, Image):
        return ImageCollection((value,))
    if isinstance(value, Sequence) and not isinstance(value, str):
        images = [_image(v) for v in value]
        return _MISMATCH if _MISMATCH in images else ImageCollection(tuple(images))
    return _MISMATCH


def _projection(value: object) -> Any:
    if isinstance(value, Projection):
        return value
    if isinstance(value, str):
        return Projection(canonical_crs(value))
    if isinstance(value, Mapping) and isinstance(value.get("crs"), str):
        return Projection(
            canonical_crs(value["crs"]), as_affine(value.get("transform") or Projection("").transform)
        )
    return _MISMATCH


def _date(value: object) -> Any:
    return value if isinstance(value, Date) else dates.date(value) if _datelike(value) else _MISMATCH


def _date_range(value: object) -> Any:
    if isinstance(value, DateRange):
        return value
    if isinstance(value, Date) or _datelike(value):
        start = dates.date(value).millis
        return DateRange(start, start + 1)
    return _MISMATCH


def _datelike(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _margin(value: object) -> Any:
    if isinstance(value, ErrorMargin):
        return value
    if isinstance(value, int | float):
        return margin_of(value)
    if isinstance(value, Mapping):
        return margin_of(value.get("value"), str(value.get("unit", "meters")))
    return _MISMATCH


def _pixel_type(value: object) -> Any:
    if isinstance(value, PixelType):
        return value
    return named(value) if isinstance(value, str) else _MISMATCH


def _list(value: object) -> Any:
    if isinstance(value, np.ndarray):
        if not value.ndim:
            return _MISMATCH
        return [int_if_whole(v) if isinstance(v, float) else v for v in value.tolist()]
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else _MISMATCH


def _array(value: object) -> Any:
    numbers = isinstance(value, np.ndarray | bool | int | float)
    if not numbers and (not isinstance(value, Sequence) or isinstance(value, str)):
        return _MISMATCH
    array = as_array(value)
    return _MISMATCH if array is None else array


def _dictionary(value: object) -> Any:
    if isinstance(value, Element):
        return dict(value.properties)
    return dict(value) if isinstance(value, Mapping) else _MISMATCH


def _filter(value: object) -> Any:
    """Give a filter; a string is a formula over properties (apidocs/ee-imagecollection-filter)."""
    if isinstance(value, str):
        return call("Filter.expression", [value])
    return value if isinstance(value, Filter) else _MISMATCH


def _only(kind: type) -> Callable[[object], Any]:
    return lambda value: value if isinstance(value, kind) else _MISMATCH


_PROMOTERS: dict[str, Callable[[object], Any]] = {
    "Algorithm": _only(Algorithm),
    "Array": _array,
    "Boolean": _boolean,
    "ConfusionMatrix": _only(ConfusionMatrix),
    "Date": _date,
    "DateRange": _date_range,
    "Dictionary": _dictionary,
    "Element": _element,
    "ErrorMargin": _margin,
    "Feature": _feature,
    "FeatureCollection": _collection,
    "Filter": _filter,
    "Float": _number,
    "Geometry": _geometry,
    "Image": _image,
    "ImageCollection": _image_collection,
    "Integer": _integer,
    "Join": _only(Join),
    "Kernel": _only(Kernel),
    "List": _list,
    "Long": _integer,
    "Number": _number,
    "PixelType": _pixel_type,
    "Projection": _projection,
    "Reducer": _only(Reducer),
    "String": _only(str),
}
