"""Functions on values of any type."""

from __future__ import annotations

from ..graph.promotion import type_name
from ..graph.registry import function
from ..values.types import hashable


@function("IsEqual")
def is_equal(left: object, right: object) -> bool:
    """Whether two values are equal."""
    return hashable(left) == hashable(right)


@function("ObjectType")
def object_type(value: object) -> str:
    """Give the name of a value's type."""
    return type_name(value)
