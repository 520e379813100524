"""Arithmetic of numbers by its name in Earth Engine."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import special_functions


def _power(a: float, b: float) -> float:
    return math.inf if a == 0 and b < 0 else math.pow(a, b)


BINARY: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b if b else 0,
    "max": max,
    "min": min,
    "mod": lambda a, b: math.fmod(a, b) if b else 0,
    "pow": _power,
    "gammainc": special_functions.gamma_inc,
    "hypot": math.hypot,
    "atan2": lambda a, b: math.atan2(b, a),
    "first": lambda a, _: a,
    "firstNonZero": lambda a, b: a or b,
    "and": lambda a, b: int(bool(a) and bool(b)),
    "or": lambda a, b: int(bool(a) or bool(b)),
    "lt": lambda a, b: int(a < b),
    "lte": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "gte": lambda a, b: int(a >= b),
    "eq": lambda a, b: int(a == b),
    "neq": lambda a, b: int(a != b),
    "bitwiseAnd": lambda a, b: int(a) & int(b),
    "bitwiseOr": lambda a, b: int(a) | int(b),
    "bitwiseXor": lambda a, b: int(a) ^ int(b),
    "leftShift": lambda a, b: int(a) << min(63, max(0, int(b))),
    "rightShift": lambda a, b: int(a) >> min(63, max(0, int(b))),
}


UNARY: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": lambda v: math.floor(v + 0.5),
    "signum": lambda v: (v > 0) - (v < 0),
    "sqrt": math.sqrt,
    "cbrt": lambda v: math.copysign(abs(v) ** (1 / 3), v),
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "not": lambda v: int(v == 0),
    "bitwiseNot": lambda v: ~int(v),
    "bitCount": special_functions.bit_count,
    "gamma": special_functions.gamma,
    "digamma": special_functions.digamma,
    "trigamma": special_functions.trigamma,
    "lanczos": special_functions.lanczos,
    "erf": math.erf,
    "erfc": math.erfc,
    "erfInv": special_functions.erf_inv,
    "erfcInv": special_functions.erfc_inv,
}
