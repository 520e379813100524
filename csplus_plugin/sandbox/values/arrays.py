"""Arrays as values: numbers in one or more dimensions, computed element by element.

An array of whole numbers is held as int64 or as the type it was cast to, any other as float64 or float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.pixel_types import PixelType

MOST_ELEMENTS = 1_000_000

Scalar = Callable[..., float]
"""A function of numbers."""


def as_array(values: Any) -> np.ndarray | None:
    """Nested lists of numbers as an array; None where they are something else, or of uneven length."""
    if isinstance(values, np.ndarray):
        return values
    try:
        found = np.array(values)
    except ValueError:
        return None
    if found.dtype.kind not in "biuf":
        return None
    return found.astype(np.float64 if found.dtype.kind == "f" else np.int64)


def converted(array: np.ndarray, kind: PixelType) -> np.ndarray:
    """Give an array as another type: rounded to whole numbers, and cut to the type's range."""
    return kind.convert(np.floor(array + 0.5) if kind.is_int and array.dtype.kind == "f" else array)


def elementwise(name: str, compute: Scalar, *arrays: np.ndarray) -> np.ndarray:
    """Give a function of numbers at every element; a single number goes with all elements.

    Raises:
        Refused: The arrays have different shapes.
    """
    shapes = {array.shape for array in arrays if array.ndim}
    if len(shapes) > 1:
        raise Refused(f"{name}: Arrays must have the same shape, got {' and '.join(map(str, shapes))}.")
    values = np.frompyfunc(compute, len(arrays), 1)(*(a.astype(object) for a in arrays))
    return tight(np.asarray(values, dtype=object))


def tight(values: np.ndarray) -> np.ndarray:
    """Give an array of Python numbers as int64 where all of them are whole numbers by type, else as float64."""
    whole = all(isinstance(v, int) for v in values.ravel())
    return values.astype(np.int64 if whole and values.size else np.float64)


def limited(count: int) -> int:
    """Give a number of elements that memory allows.

    Raises:
        Refused: It is negative, or too large.
    """
    if not 0 <= count <= MOST_ELEMENTS:
        raise Refused(f"Array: The number of elements must be between 0 and {MOST_ELEMENTS}, got {count}.")
    return count


def expanded(array: np.ndarray, dimensions: int) -> np.ndarray:
    """Give an array with as many dimensions, those added of length 1."""
    return array.reshape(array.shape + (1,) * max(0, dimensions - array.ndim))


def axis_of(name: str, array: np.ndarray, axis: int, *, more: int = 0) -> int:
    """Give an axis that the array has, or may get.

    Raises:
        Refused: It has no such axis.
    """
    if not 0 <= axis < array.ndim + more:
        raise Refused(f"{name}: The array has {array.ndim} dimensions, so there is no axis {axis}.")
    return axis


def product(numbers: Iterable[int]) -> int:
    """Give the product of whole numbers, however large."""
    result = 1
    for number in numbers:
        result *= int(number)
    return result
