"""What a pixel may hold: Earth Engine's `data_type`, a precision with an optional range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..errors import Refused

Precision = Literal["int", "float", "double"]
_ORDER: tuple[Precision, ...] = ("int", "float", "double")
_STORAGE = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64")
_EXACT_IN_FLOAT = 2**24
_EXACT_IN_DOUBLE = 2**53


@dataclass(frozen=True)
class PixelType:
    """Precision and range of a band.

    Attributes:
        precision: Whole numbers, 32-bit floating point, or 64-bit.
        min: Smallest value a pixel can have; None where unknown. Integers always have one.
        max: Largest value; None where unknown. Integers always have one.
        dimensions: Of the array that each pixel holds; 0 for pixels that are numbers.
    """

    precision: Precision
    min: float | None = None
    max: float | None = None
    dimensions: int = 0

    @property
    def element(self) -> PixelType:
        """The type of the numbers in an array."""
        return replace(self, dimensions=0) if self.dimensions else self

    def as_arrays(self, dimensions: int) -> PixelType:
        """Give the type of arrays of such numbers."""
        return replace(self, dimensions=dimensions)

    @property
    def dtype(self) -> np.dtype:
        """The smallest numpy type that holds every value; objects where each pixel is an array of its own."""
        if self.dimensions:
            return np.dtype(object)
        if self.precision != "int":
            return np.dtype(np.float32 if self.precision == "float" else np.float64)
        low, high = self.bounds
        for name in _STORAGE:
            info = np.iinfo(name)
            if info.min <= low and high <= info.max:
                return np.dtype(name)
        return np.dtype(np.int64)

    @property
    def bounds(self) -> tuple[float, float]:
        """The range, open ends filled in: infinite, or those of a 32-bit integer."""
        open_end = 2.0**31 if self.precision == "int" else math.inf
        low = -open_end if self.min is None else self.min
        high = (open_end - (self.precision == "int")) if self.max is None else self.max
        return low, high

    def holds(self, value: float) -> bool:
        """Whether a pixel can have this value."""
        low, high = self.bounds
        return low <= value <= high and (not self.is_int or float(value).is_integer())

    @property
    def is_int(self) -> bool:
        """Whether pixels are whole numbers."""
        return self.precision == "int"

    def convert(self, values: np.ndarray) -> np.ndarray:
        """Values as this type: floating point is truncated toward zero, integers are clamped to the range."""
        if self.dimensions:
            return self._arrays(values)
        if not self.is_int:
            with np.errstate(over="ignore"):
                return values.astype(self.dtype, copy=False)
        info, (low, high) = np.iinfo(self.dtype), self.bounds
        low, high = max(low, info.min), min(high, info.max)
        if values.dtype.kind == "f":
            whole = np.trunc(np.nan_to_num(values.astype(np.float64), posinf=high, neginf=low))
            # 2**63 is a float, the largest int64 is not: the last representable value is.
            return np.clip(whole, low, min(high, np.nextafter(2.0**63, 0))).astype(self.dtype)
        if values.dtype.kind == "b":
            return values.view(np.uint8).astype(self.dtype, copy=False)
        if low <= np.iinfo(values.dtype).min and np.iinfo(values.dtype).max <= high:
            return values.astype(self.dtype, copy=False)
        if values.dtype != np.uint64:
            values = values.astype(np.int64)
        # numpy 2 takes no bound that the values' own type cannot hold.
        held = np.iinfo(values.dtype)
        return np.clip(values, max(low, held.min), min(high, held.max)).astype(self.dtype)

    def _arrays(self, values: np.ndarray) -> np.ndarray:
        """Pixels that are arrays, or nested lists, as arrays of this type; those without a value stay as they are."""
        made, element = np.empty(values.shape, dtype=object), self.element
        flat = made.reshape(-1)
        for i, value in enumerate(values.ravel()):
            if isinstance(value, list | np.ndarray):
                array = np.asarray(value)
                if array.dtype == object:  # a list with a null in it
                    array = array.astype(np.float64)
                flat[i] = element.convert(array.reshape(array.shape + (1,) * (self.dimensions - array.ndim)))
        return made


BOOLEAN = PixelType("int", 0, 1)
BYTE = PixelType("int", 0, 255)
UINT16 = PixelType("int", 0, 65535)
UINT32 = PixelType("int", 0, 2**32 - 1)
FLOAT = PixelType("float")
DOUBLE = PixelType("double")

_SIGNED = {bits: PixelType("int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
NAMED: dict[str, PixelType] = {
    "uint8": BYTE,
    "byte": BYTE,
    "uint16": UINT16,
    "uint32": UINT32,
    "int8": _SIGNED[8],
    "int16": _SIGNED[16],
    "short": _SIGNED[16],
    "int32": _SIGNED[32],
    "int": _SIGNED[32],
    "int64": _SIGNED[64],
    "long": _SIGNED[64],
    "float": FLOAT,
    "double": DOUBLE,
}
"""The type names that casts take."""


def of_dtype(dtype: np.dtype) -> PixelType:
    """Give the type of pixels that arrive as this numpy type."""
    if dtype.kind == "f":
        return DOUBLE if dtype.itemsize > 4 else FLOAT  # noqa: PLR2004 - bytes of a float32
    if dtype.kind == "b":
        return BOOLEAN
    return NAMED.get(dtype.name, _SIGNED[64])


def of_number(value: float) -> PixelType:
    """Give the type of a constant: its range is the value itself."""
    whole = float(value).is_integer() and abs(value) <= _EXACT_IN_DOUBLE
    return PixelType("int", int(value), int(value)) if whole else PixelType("double", value, value)


def named(name: str) -> PixelType:
    """Give the type a cast names.

    Raises:
        Refused: No such type.
    """
    if name not in NAMED:
        raise Refused(f"PixelType: Unknown pixel type: '{name}'.")
    return NAMED[name]


def union(one: PixelType, other: PixelType) -> PixelType:
    """Give the narrowest type that holds the values of both."""
    joined = ranged(
        wider(one, other), min(one.bounds[0], other.bounds[0]), max(one.bounds[1], other.bounds[1])
    )
    return joined.as_arrays(max(one.dimensions, other.dimensions))


def wider(one: PixelType, other: PixelType) -> Precision:
    """Give the precision that loses nothing of either: a large integer beside a float needs a double."""
    precision = _ORDER[max(_ORDER.index(one.precision), _ORDER.index(other.precision))]
    if precision == "float" and any(t.is_int and _is_large(t) for t in (one, other)):
        return "double"
    return precision


def floating(kind: PixelType) -> Precision:
    """Give the floating-point precision that a function of such values has."""
    return "double" if kind.precision == "double" or (kind.is_int and _is_large(kind)) else "float"


def ranged(precision: Precision, low: float, high: float) -> PixelType:
    """Give a type with that range; integers that no longer fit become doubles, infinite ends are left open."""
    if math.isnan(low) or math.isnan(high):
        low, high = -math.inf, math.inf
    if precision == "int":
        if max(abs(low), abs(high)) > _EXACT_IN_DOUBLE:
            return PixelType("double")
        return PixelType("int", int(low), int(high))
    return PixelType(precision, _closed(low), _closed(high))


def _closed(end: float) -> float | None:
    return end if math.isfinite(end) else None


def _is_large(kind: PixelType) -> bool:
    return max(map(abs, kind.bounds)) > _EXACT_IN_FLOAT


def wider_of(*numbers: float) -> PixelType:
    """Give the type that holds all of some constants."""
    kind = of_number(numbers[0])
    for number in numbers[1:]:
        kind = union(kind, of_number(number))
    return kind
