"""What one expression may cost, so that no request keeps the machine busy or full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED, TIMED_OUT
from ..space.crossings import points_of
from ..space.geometries import Geometry
from ..values.types import Element, FeatureCollection

MAX_CALLS = 1_000_000  # function calls in one expression: some ten seconds
MAX_ELEMENTS = 5_000_000  # of all lists, dictionaries, arrays and collections that are made on the way
_REMEMBERED = 64  # the weight from which on it is worth it
CHARACTERS = 16  # of a string that weigh as much as an element
_MANY_PROPERTIES = 256


class Budget:
    """Counts what an evaluation has used."""

    def __init__(self) -> None:
        self._calls = 0
        self._elements = 0
        # Weights by identity, with what they belong to: an identity is used again once its object has gone.
        self._weighed: dict[int, tuple[object, int]] = {}

    def spend(self, result: object) -> None:
        """Count a call and the size of what it made.

        Raises:
            Refused: More than one expression may use.
        """
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise Refused(TIMED_OUT)
        self._elements += _size(result)
        if self._elements > MAX_ELEMENTS or self._weight(result) > MAX_ELEMENTS:
            raise Refused(MEMORY_EXCEEDED)

    def _weight(self, value: object) -> int:
        """Weigh a value as written out: what shares its parts is small until something walks through it."""
        if not isinstance(value, list | tuple | dict):
            return max(1, _size(value)) if isinstance(value, str | np.ndarray) else 1
        if id(value) in self._weighed:
            return self._weighed[id(value)][1]
        weight = 1
        for part in value.values() if isinstance(value, dict) else value:
            weight += self._weight(part) if isinstance(part, list | tuple | dict | str | np.ndarray) else 1
        if weight >= _REMEMBERED:
            self._weighed[id(value)] = value, weight
        return weight


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value) // CHARACTERS
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, FeatureCollection):
        return len(value.elements)
    if isinstance(value, Element):
        # A copy of an element copies its properties; those of a scene are few.
        return 1 if len(value.properties) < _MANY_PROPERTIES else len(value.properties) // 4
    if isinstance(value, Geometry):
        return 1 if value.shape is None else 1 + points_of(value.shape) // 2
    return len(value) if isinstance(value, Sequence | Mapping) else 1
