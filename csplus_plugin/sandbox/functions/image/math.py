"""Arithmetic, comparison, logic and bits on images (guides/image_math, guides/image_relational)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images import pixel_types
from ...images.image import Canvas, Image, Raster
from ...images.pixel_types import BOOLEAN, PixelType, floating, ranged, union, wider, wider_of
from ...images.pixelwise import Two, each_band, finished, half_up, paired_bands

TypeRule = Callable[[PixelType, PixelType], PixelType]


def _span(
    one: PixelType, other: PixelType, operation: Callable[[float, float], float]
) -> tuple[float, float]:
    """Give the range of a monotonic operation: its extremes lie at the ends of the inputs' ranges."""
    at: Callable[[Any, Any], float] = operation  # numpy's numbers: infinite where Python's would raise
    with np.errstate(all="ignore"):
        ends = [float(at(np.float64(a), np.float64(b))) for a in one.bounds for b in other.bounds]
    return (-math.inf, math.inf) if any(map(math.isnan, ends)) else (min(ends), max(ends))


def _corners(one: PixelType, other: PixelType, operation: Callable[[float, float], float]) -> PixelType:
    return ranged(wider(one, other), *_span(one, other, operation))


def _quotient(one: PixelType, other: PixelType) -> PixelType:
    precision = _floating(one, other).precision
    low, high = other.bounds
    if low <= 0 <= high:
        return PixelType(precision)
    return ranged(precision, *_span(one, other, lambda a, b: a / b))


def _floating(one: PixelType, other: PixelType) -> PixelType:
    return PixelType("double" if "double" in {floating(one), floating(other)} else "float")


def _remainder(one: PixelType, other: PixelType) -> PixelType:
    reach = max(map(abs, other.bounds))
    return ranged(wider(one, other), -reach if one.bounds[0] < 0 else 0, reach)


def _bits(one: PixelType, other: PixelType) -> PixelType:
    joined = union(one, other)
    if not joined.is_int:
        return joined
    # OR and XOR may set any bit below the highest one of either.
    reach = 2 ** int(max(map(abs, joined.bounds))).bit_length()
    return ranged("int", -reach if joined.bounds[0] < 0 else 0, reach - 1)


def _arithmetic(operation: np.ufunc) -> Two:
    def compute(a: np.ndarray, b: np.ndarray, kind: PixelType) -> np.ndarray:
        with np.errstate(all="ignore"):
            return operation(
                a,
                b,
                dtype=np.result_type(kind.dtype, a.dtype, b.dtype) if kind.is_int else kind.dtype,
                casting="unsafe",
            )

    return compute


def _divide(a: np.ndarray, b: np.ndarray, kind: PixelType) -> np.ndarray:
    zero = b == 0
    with np.errstate(all="ignore"):
        return np.where(zero, 0, np.divide(a, np.where(zero, 1, b), dtype=np.float64)).astype(kind.dtype)


def _mod(a: np.ndarray, b: np.ndarray, _: PixelType) -> np.ndarray:
    zero = b == 0
    with np.errstate(all="ignore"):
        return np.where(zero, 0, np.fmod(a, np.where(zero, 1, b)))


def _power(a: np.ndarray, b: np.ndarray, _: PixelType) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.power(a.astype(np.float64), b)


def _compare(operation: np.ufunc) -> Two:
    return lambda a, b, _: operation(a, b)


def _whole(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind in "iu" else np.trunc(values).astype(np.int64)


def _bitwise(operation: np.ufunc) -> Two:
    return lambda a, b, _: operation(_whole(a).astype(np.int64), _whole(b).astype(np.int64))


def _shifted(one: PixelType, _: PixelType) -> PixelType:
    return pixel_types.NAMED["int64"] if one.is_int else one


def _always_boolean(_: PixelType, __: PixelType) -> PixelType:
    return BOOLEAN


_BINARY: dict[str, tuple[Two, TypeRule]] = {
    "add": (_arithmetic(np.add), lambda a, b: _corners(a, b, lambda x, y: x + y)),
    "subtract": (_arithmetic(np.subtract), lambda a, b: _corners(a, b, lambda x, y: x - y)),
    "multiply": (_arithmetic(np.multiply), lambda a, b: _corners(a, b, lambda x, y: x * y)),
    "divide": (_divide, _quotient),
    "max": (_compare(np.maximum), lambda a, b: _corners(a, b, max)),
    "min": (_compare(np.minimum), lambda a, b: _corners(a, b, min)),
    "mod": (_mod, _remainder),
    "pow": (_power, _floating),
    "hypot": (lambda a, b, _: np.hypot(a, b, dtype=np.float64), _floating),
    "atan2": (lambda a, b, _: np.arctan2(b, a, dtype=np.float64), _floating),
    "first": (lambda a, b, _: a + 0 * b, union),
    "lt": (_compare(np.less), _always_boolean),
    "lte": (_compare(np.less_equal), _always_boolean),
    "gt": (_compare(np.greater), _always_boolean),
    "gte": (_compare(np.greater_equal), _always_boolean),
    "eq": (_compare(np.equal), _always_boolean),
    "neq": (_compare(np.not_equal), _always_boolean),
    "and": (lambda a, b, _: (a != 0) & (b != 0), _always_boolean),
    "or": (lambda a, b, _: (a != 0) | (b != 0), _always_boolean),
    "bitwiseAnd": (_bitwise(np.bitwise_and), _bits),
    "bitwiseOr": (_bitwise(np.bitwise_or), _bits),
    "bitwiseXor": (_bitwise(np.bitwise_xor), _bits),
    "leftShift": (_bitwise(np.left_shift), _shifted),
    "rightShift": (_bitwise(np.right_shift), union),
}
_OLD_NAMES = {
    "bitwiseAnd": "bitwise_and",
    "bitwiseOr": "bitwise_or",
    "bitwiseXor": "bitwise_xor",
    "leftShift": "left_shift",
    "rightShift": "right_shift",
}


def _register_binary(name: str, compute: Two, result: TypeRule) -> None:
    names = [f"Image.{n}" for n in (name, _OLD_NAMES.get(name)) if n]

    @function(*names, arrays=None)
    def binary(image1: Image, image2: Image) -> Image:
        return paired_bands(image1, image2, f"Image.{name}", compute, result)


for _name, (_compute, _result) in _BINARY.items():
    _register_binary(_name, _compute, _result)


def _float_of(kind: PixelType) -> PixelType:
    return PixelType(floating(kind))


def _bounded(low: float, high: float) -> Callable[[PixelType], PixelType]:
    return lambda kind: PixelType(floating(kind), low, high)


def _same_range(operation: Callable[[float], float]) -> Callable[[PixelType], PixelType]:
    """Give the type of a function that never decreases."""
    return lambda kind: ranged(kind.precision, *(operation(end) for end in kind.bounds))


def _magnitude(kind: PixelType) -> PixelType:
    low, high = kind.bounds
    return ranged(
        kind.precision, 0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high))
    )


def _ends(operation: Callable[[float], float]) -> Callable[[float], float]:
    return lambda end: end if math.isinf(end) else operation(end)


_UNARY: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[PixelType], PixelType]]] = {
    "abs": (lambda v: np.abs(v.astype(np.int64) if v.dtype.kind == "i" else v), _magnitude),
    "floor": (np.floor, _same_range(_ends(math.floor))),
    "ceil": (np.ceil, _same_range(_ends(math.ceil))),
    "round": (half_up, _same_range(_ends(lambda end: math.floor(end + 0.5)))),
    "signum": (np.sign, lambda kind: ranged(kind.precision, -1, 1)),
    "sqrt": (np.sqrt, _float_of),
    "cbrt": (np.cbrt, _float_of),
    "exp": (np.exp, _float_of),
    "log": (np.log, _float_of),
    "log10": (np.log10, _float_of),
    "sin": (np.sin, _bounded(-1, 1)),
    "cos": (np.cos, _bounded(-1, 1)),
    "tan": (np.tan, _float_of),
    "asin": (np.arcsin, _float_of),
    "acos": (np.arccos, _float_of),
    "atan": (np.arctan, _float_of),
    "sinh": (np.sinh, _float_of),
    "cosh": (np.cosh, _float_of),
    "tanh": (np.tanh, _bounded(-1, 1)),
    "not": (lambda v: v == 0, lambda _: BOOLEAN),
    "bitwiseNot": (
        lambda v: ~_whole(v).astype(np.int64),
        lambda kind: ranged("int", -kind.bounds[1] - 1, -kind.bounds[0] - 1),
    ),
}
_WHOLE_STAYS = {"abs", "floor", "ceil", "round", "signum", "not", "bitwiseNot"}


def _register_unary(
    name: str, compute: Callable[[np.ndarray], np.ndarray], result: Callable[[PixelType], PixelType]
) -> None:
    names = [f"Image.{n}" for n in (name, "bitwise_not" if name == "bitwiseNot" else None) if n]

    def values(given: np.ndarray, _: PixelType) -> np.ndarray:
        exact = given if name in _WHOLE_STAYS else given.astype(np.float64)
        with np.errstate(all="ignore"):
            return compute(exact)

    @function(*names, arrays=None)
    def unary(value: Image) -> Image:
        return each_band(value, values, result)


for _name, (_unary, _kind) in _UNARY.items():
    _register_unary(_name, _unary, _kind)


@function("Image.clamp", arrays=None)
def clamp(input_: Image, low: float, high: float) -> Image:
    """Values outside a range become its ends."""
    return each_band(
        input_,
        lambda values, _: _clamped(values, low, high),
        lambda kind: ranged(
            wider(kind, wider_of(low, high)), max(kind.bounds[0], low), min(max(kind.bounds[1], low), high)
        ),
    )


def _clamped(values: np.ndarray, low: float, high: float) -> np.ndarray:
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        if not (limits.min <= low <= limits.max and limits.min <= high <= limits.max):
            values = values.astype(np.float64)  # numpy 2 takes no number that the type cannot hold
    return np.clip(values, low, high)


@function("Image.unitScale", arrays=None)
def unit_scale(input_: Image, low: float, high: float) -> Image:
    """Scale the range low to high to 0 to 1, clamping nothing."""
    if low == high:
        raise Refused("Image.unitScale: The range must not be empty.")
    return each_band(
        input_,
        lambda values, _: (values.astype(np.float64) - low) / (high - low),
        lambda kind: PixelType(floating(kind)),
    )


@function("Image.polynomial", arrays=None)
def polynomial(image: Image, coefficients: list[float]) -> Image:
    """Give a polynomial at each pixel; coefficients start with the constant."""
    if not coefficients:
        raise Refused("Image.polynomial: Need at least one coefficient.")
    return each_band(
        image,
        lambda values, _: np.polynomial.polynomial.polyval(values.astype(np.float64), coefficients),
        lambda _: pixel_types.DOUBLE,
    )


@function("Image.normalizedDifference")
def normalized_difference(input_: Image, band_names: list[str] | None) -> Image:
    """(first - second) / (first + second); a negative input masks the pixel, properties are dropped."""
    names = band_names or input_.names[:2]
    if len(names) != 2:  # noqa: PLR2004 - a difference takes two
        raise Refused("Image.normalizedDifference: Need exactly two bands.")
    positions = [input_.position(name) for name in names]
    first, second = (input_.bands[i] for i in positions)
    kind = PixelType(
        "double" if "double" in {floating(first.type), floating(second.type)} else "float", -1, 1
    )
    band = type(first)("nd", kind, first.crs, first.transform, first.dimensions)

    def draw(canvas: Canvas, _: object) -> list[Raster]:
        a, b = input_.pixels(canvas, positions)
        x, y = a.values.astype(np.float64), b.values.astype(np.float64)
        mask = np.where((x < 0) | (y < 0), np.float32(0), np.minimum(a.mask, b.mask))
        return [finished(_divide(x - y, x + y, kind), mask, kind)]

    return input_.recomputed([band], draw, properties={})
