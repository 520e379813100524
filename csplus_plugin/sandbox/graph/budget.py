"""What one expression may cost, so that no request keeps the machine busy or full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED, TIMED_OUT
from ..values.types import FeatureCollection

MAX_CALLS = 1_000_000  # function calls in one expression: some ten seconds
MAX_ELEMENTS = 5_000_000  # of all lists, dictionaries, arrays and collections that are made on the way
CHARACTERS = 16  # of a string that weigh as much as an element


class Budget:
    """Counts what an evaluation has used."""

    def __init__(self) -> None:
        self._calls = 0
        self._elements = 0

    def spend(self, result: object) -> None:
        """Count a call and the size of what it made.

        Raises:
            Refused: More than one expression may use.
        """
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise Refused(TIMED_OUT)
        self._elements += _size(result)
        if self._elements > MAX_ELEMENTS:
            raise Refused(MEMORY_EXCEEDED)


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value) // CHARACTERS
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, FeatureCollection):
        return len(value.elements)
    return len(value) if isinstance(value, Sequence | Mapping) else 1
