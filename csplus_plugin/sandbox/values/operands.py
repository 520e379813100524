"""The two sides of a comparison in a filter."""

from __future__ import annotations

from typing import Any

from ..errors import Refused
from ..images.image import Image
from ..space.geometries import Geometry
from .properties import property_of
from .types import Element

_PLACES = {".all", ".geo", "system:footprint"}


def selected(element: Element | None, field: str) -> Any:
    """Give the value of a field: a property, or the geometry under one of its names."""
    if element is None:
        return None
    if field in _PLACES:
        place = element.geometry()
        return Geometry(None) if place is None and isinstance(element, Image) else place
    return property_of(element, field)


class Operands:
    """Where the two sides of a comparison come from: fields of the elements, or given values."""

    def __init__(
        self, left_field: str | None, right_value: object, right_field: str | None, left_value: object
    ) -> None:
        if (left_field is None) == (left_value is None):
            raise Refused("Filter: Specify either leftField or leftValue.")
        if (right_field is None) == (right_value is None):
            raise Refused("Filter: Specify either rightField or rightValue.")
        self._left = left_field, left_value
        self._right = right_field, right_value

    def of(self, element: Element, partner: Element | None) -> tuple[Any, Any]:
        """Give the two sides; a right field belongs to the partner, or to the only element there is."""
        left_field, left = self._left
        right_field, right = self._right
        if left_field is not None:
            left = selected(element, left_field)
        if right_field is not None:
            alone = partner is None and left_field is None
            right = selected(element if alone else partner, right_field)
        return left, right
