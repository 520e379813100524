"""Properties of features, images and collections, also those that the service keeps under names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..images.image import Image
from ..space.geometries import ring_of
from .types import Element, FeatureCollection

ID = "system:id"


def property_of(element: Element | FeatureCollection, name: str) -> Any:
    """A property, or one of the names under which the service shows other facts; None where there is none."""
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
    """An element with more properties; `system:id` becomes its id."""
    changed = element.but(
        properties={**element.properties, **{n: v for n, v in properties.items() if n != ID}}
    )
    return changed.but(id=properties[ID]) if ID in properties else changed
