"""Properties of features, images and collections, also those that the service keeps under names of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import meter
from ..images.image import Image
from ..space.geometries import ring_of
from .types import Element, FeatureCollection, as_number

ID = "system:id"

_ELEMENT, _ENTRY = 500, 60  # bytes of a copy, apart from its properties and for each of them


def property_of(element: Element | FeatureCollection, name: str) -> Any:
    """Give a property, or one of the names under which the service shows other facts; None where there is none."""
    if name in element.properties:
        return element.properties[name]
    if name == ID:
        return element.id
    if name == "system:version" and isinstance(element, Image | FeatureCollection):
        return element.version
    if isinstance(element, Image):
        if name in {"system:bands", "system:band_names"}:
            return element.names
        place = element.geometry() if name == "system:footprint" else None
        return None if place is None else ring_of(place)
    return None


def with_properties(element: Any, properties: Mapping[str, Any]) -> Any:
    """Give an element with more properties; `system:id` becomes its id."""
    changed = element.with_(
        properties={**element.properties, **{n: v for n, v in properties.items() if n != ID}}
    )
    return changed.with_(id=properties[ID]) if ID in properties else changed


def indexed(elements: Sequence[Any]) -> list[Any]:
    """Elements that all have a `system:index`: their position, where they have none."""
    return [
        element
        if "system:index" in element.properties
        else element.with_(properties={**element.properties, "system:index": str(n)})
        for n, element in enumerate(elements)
    ]


def prefixed(collection: FeatureCollection, prefix: str) -> list:
    """Elements with a prefix before their index."""
    meter.reserve(sum(_ELEMENT + _ENTRY * len(element.properties) for element in collection.elements))
    return [
        element.with_(
            properties={
                **element.properties,
                "system:index": f"{prefix}{element.properties.get('system:index', n)}",
            }
        )
        for n, element in enumerate(collection.elements)
    ]


def in_order(elements: Sequence[Any], key: str, *, ascending: bool) -> list[Any]:
    """Elements sorted by a property: equal ones keep their order, those without it come last."""

    def value(element: Element) -> tuple[int, Any]:
        found = property_of(element, key)
        number = as_number(found)
        return (0, number) if number is not None else (1, str(found))

    held = [e for e in elements if property_of(e, key) is not None]
    rest = [e for e in elements if property_of(e, key) is None]
    return [*sorted(held, key=value, reverse=not ascending), *rest]
