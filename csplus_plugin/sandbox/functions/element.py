"""Features, images and collections as things with properties (guides/features)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..images.image import Image
from ..space.geometries import Geometry
from ..space.projections import Projection
from ..values.arrays import as_array
from ..values.dates import date as as_date
from ..values.properties import property_of, with_properties
from ..values.types import Date, Element, ErrorMargin, Feature, FeatureCollection

_SYSTEM = "system:"


@function("Feature")
def feature(geometry: Geometry | None, metadata: Mapping[str, Any], geometry_key: str | None) -> Feature:
    """Give a place with properties."""
    return Feature(geometry, dict(metadata))


@function("Element.get")
def get(object_: Element, property_: str) -> Any:
    """Give a property; null where it is missing."""
    return property_of(object_, property_)


@function("Element.getNumber")
def get_number(object_: Element, property_: str) -> float | None:
    """Give a property that is a number."""
    value = property_of(object_, property_)
    return None if value is None else promote(value, "Number")


@function("Element.getString")
def get_string(object_: Element, property_: str) -> str | None:
    """Give a property that is a string."""
    value = property_of(object_, property_)
    return None if value is None else promote(value, "String")


@function("Element.getArray")
def get_array(object_: Element, property_: str) -> np.ndarray | None:
    """Give a property that is an array."""
    value = property_of(object_, property_)
    return None if value is None else promote(value, "Array")


@function("Element.set")
def set_(object_: Element, key: str, value: object) -> Element:
    """Give the element with a property."""
    return with_properties(object_, {key: value})


@function("Element.setMulti")
def set_multi(object_: Element, properties: Mapping[str, Any]) -> Element:
    """Give the element with several properties."""
    return with_properties(object_, properties)


@function("Element.propertyNames")
def property_names(element: Element) -> list[str]:
    """Names of all properties."""
    if isinstance(element, FeatureCollection):
        facts = {"system:id": element.id, "system:version": element.version}
        return [*element.properties, *(name for name, value in facts.items() if value is not None)]
    if not isinstance(element, Image):
        return list(dict.fromkeys([*element.properties, "system:index"]))
    facts = ["system:bands", "system:band_names"]
    if element.geometry() is not None:
        facts = ["system:footprint", *facts]
    if element.id is not None:
        facts = ["system:version", "system:id", *facts]
    return [*element.properties, *facts]


@function("Element.toDictionary")
def to_dictionary(element: Element, properties: list[str] | None) -> dict[str, Any]:
    """Properties as a dictionary: those named, or all that are not the system's."""
    names = properties if properties is not None else _ordinary(element)
    return {name: property_of(element, name) for name in names}


def _ordinary(element: Element) -> list[str]:
    return [name for name in element.properties if not name.startswith(_SYSTEM)]


@function("Element.copyProperties", "Image.copyProperties", arrays=None)
def copy_properties(
    destination: Element | None,
    source: Element | None,
    properties: list[str] | None,
    exclude: list[str] | None,
) -> Element:
    """Give the properties of another element: those named, or all that are not the system's."""
    if destination is None or source is None:
        raise Refused("Element.copyProperties: Parameter 'destination' and 'source' are required.")
    if properties is not None and exclude is not None:
        raise Refused("Element.copyProperties: Specify at most one of properties and exclude.")
    names = properties if properties is not None else _ordinary(source)
    copied = {n: property_of(source, n) for n in names if n not in (exclude or ())}
    return with_properties(destination, copied)


@function("Element.replaceProperties")
def replace_properties(destination: Element, source: Element | None) -> Element:
    """All properties of another element, instead of the own ones."""
    return destination.with_(properties=dict(source.properties) if source is not None else {})


@function("Element.geometry", "Image.geometry", arrays=None)
def geometry(
    feature: Element,
    max_error: ErrorMargin | None,
    proj: Projection | None,
    geodesics: bool | None,
) -> Geometry | None:
    """Where it is; the whole earth for an image without limits."""
    place = feature.geometry()
    if place is None and isinstance(feature, Image):
        return Geometry(None)
    if place is None or proj is None:
        return place
    return place.in_crs(proj.crs, geodesic=geodesics)


@function("Feature.geometry")
def feature_geometry(
    feature: Element,
    max_error: ErrorMargin | None,
    proj: Projection | None,
    geodesics: bool | None,
) -> Geometry | None:
    """Where it is."""
    return geometry(feature, max_error, proj, geodesics)


@function("Feature.setGeometry")
def set_geometry(feature: Element, geometry: Geometry | None) -> Element:
    """Give the feature in another place."""
    return promote(feature, "Feature").with_(place=geometry)


@function("Feature.select")
def select(
    input_: Element,
    property_selectors: list[str],
    new_properties: list[str] | None,
    retain_geometry: bool,
) -> Element:
    """Only some properties, perhaps under other names."""
    names = new_properties or property_selectors
    if len(names) != len(property_selectors):
        raise Refused("Feature.select: newProperties must be as long as propertySelectors.")
    kept = {new: input_.properties.get(old) for old, new in zip(property_selectors, names, strict=True)}
    system = {n: v for n, v in input_.properties.items() if n == "system:index"}
    chosen = promote(input_, "Feature").with_(properties={**system, **kept})
    return chosen if retain_geometry else chosen.with_(place=None)


@function("Feature.id", "Image.id", arrays=None)
def id_(element: Element) -> str | None:
    """Give the id within a collection, which is the index; outside of any, the asset id."""
    return element.properties.get("system:index") or element.id


@function("Image.date", arrays=None)
def image_date(image: Image) -> Date:
    """When the image was taken: `system:time_start`."""
    start = image.properties.get("system:time_start")
    if start is None:
        raise Refused("Image.date: Image has no 'system:time_start' property.")
    return as_date(start)


@function("Feature.toArray")
def to_array(feature: Feature, properties: list[str]) -> np.ndarray:
    """Give some properties, all of them numbers, as an array."""
    numbers = _numbers(feature, properties)
    if numbers is None:
        raise Refused(f"Feature.toArray: The properties [{', '.join(properties)}] must all be numbers.")
    return numbers


def _numbers(element: Element, properties: list[str]) -> np.ndarray | None:
    """Give some properties as an array; None where one is missing or no number."""
    values = [element.properties.get(name) for name in properties]
    return as_array(values) if values and all(isinstance(v, bool | int | float) for v in values) else None


@function("FeatureCollection.makeArray")
def make_array(collection: FeatureCollection, properties: list[str], name: str) -> FeatureCollection:
    """Add an array of some properties as another property; drop features that do not have them all as numbers."""
    found = [(element, _numbers(element, properties)) for element in collection.elements]
    return collection.with_elements(
        [e.with_(properties={**e.properties, name: array}) for e, array in found if array is not None]
    )


@function("Collection.fromColumns")
def from_columns(
    columns: list[list[Any]], property_names: list[str], property_types: list[Any] | None
) -> FeatureCollection:
    """Features without a place, from one list of values for each property."""
    name = "Collection.fromColumns"
    if property_types is not None:
        raise Refused(f"{name}: propertyTypes is not supported by this sandbox engine.")
    if len(columns) != len(property_names) or len({len(column) for column in columns}) > 1:
        raise Refused(f"{name}: Need one list for each property, all of the same length.")
    rows = [dict(zip(property_names, row, strict=True)) for row in zip(*columns, strict=True)]
    return FeatureCollection(
        tuple(Feature(None, {**row, "system:index": str(n)}) for n, row in enumerate(rows))
    )
