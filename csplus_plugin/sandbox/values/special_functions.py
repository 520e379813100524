"""Special functions that the standard library lacks.

Formulas: M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, chapters 6 and 7.
"""

from __future__ import annotations

import math

import numpy as np

_LANCZOS_G = 607 / 128
_LANCZOS = (
    0.99999999999999709182, 57.156235665862923517, -59.597960355475491248, 14.136097974741747174,
    -0.49191381609762019978, 0.33994649984811888699e-4, 0.46523628927048575665e-4, -0.98374475304879564677e-4,
    0.15808870322491248884e-3, -0.21026444172410488319e-3, 0.21743961811521264320e-3, -0.16431810653676389022e-3,
    0.84418223983852743293e-4, -0.26190838401581408670e-4, 0.36899182659531622704e-5,
)  # fmt: skip
"""Coefficients of P. Godfrey's approximation of the gamma function for g = 607/128."""

_LARGE = 20.0  # where asymptotic series are exact to double precision
_STEPS = 10_000  # of a series, at most


def gamma(x: float) -> float:
    """Give the gamma function; infinite where it has a pole or is larger than any number."""
    try:
        return math.gamma(x)
    except (OverflowError, ValueError):
        return math.inf


def lanczos(x: float) -> float:
    """Give the rational function in Lanczos' approximation of gamma."""
    total = _LANCZOS[0]
    for i, coefficient in enumerate(_LANCZOS[1:], 1):
        if x + i == 0:
            return math.inf
        total += coefficient / (x + i)
    return total


def digamma(x: float) -> float:
    """Give the derivative of the logarithm of gamma: recurrence up to where the asymptotic series holds (6.3.18)."""
    if x <= 0 and x == math.floor(x):
        return -math.inf
    if x < 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * x)
    below = 0.0
    while x < _LARGE:
        below -= 1 / x
        x += 1
    square = 1 / (x * x)
    series = square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square * (1 / 240 - square / 132))))
    return below + math.log(x) - 0.5 / x - series


def trigamma(x: float) -> float:
    """Give the derivative of digamma (6.4.12)."""
    if x <= 0 and x == math.floor(x):
        return math.inf
    if x < 0:
        return (math.pi / math.sin(math.pi * x)) ** 2 - trigamma(1 - x)
    below = 0.0
    while x < _LARGE:
        below += 1 / (x * x)
        x += 1
    square = 1 / (x * x)
    series = 1 / 6 - square * (1 / 30 - square * (1 / 42 - square * (1 / 30 - square * 5 / 66)))
    return below + 1 / x + 0.5 * square + series * square / x


def erf_inv(y: float) -> float:
    """Give the number whose error function is y: Newton's method on both tails."""
    return math.copysign(erfc_inv(1 - abs(y)), y) if y else 0.0


def erfc_inv(y: float) -> float:
    """Give the number whose complementary error function is y; not a number outside 0 to 2."""
    if not 0 <= y <= 2:  # noqa: PLR2004 - the function's range
        return math.nan
    if y > 1:
        return -erfc_inv(2 - y)
    if y == 0:
        return math.inf
    x = math.sqrt(max(0.0, -math.log(y * (2 - y))))
    for _ in range(60):
        step = (math.erfc(x) - y) / (-2 / math.sqrt(math.pi) * math.exp(-x * x))
        # Halley's correction: the curvature of erfc at x is -2 x times its slope.
        step /= 1 + x * step
        x -= step
        if abs(step) <= 1e-16 * abs(x):
            break
    return x


def gamma_inc(x: float, a: float) -> float:
    """Give regularized lower incomplete gamma function P(a, x) (6.5.29, 6.5.31); not a number for negative input."""
    if x < 0 or a <= 0 or math.isnan(x) or math.isnan(a):
        return math.nan
    if x == 0 or math.isinf(x):
        return 0.0 if x == 0 else 1.0
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for n in range(1, _STEPS):
            term *= x / (a + n)
            total += term
            if term < total * 1e-17:
                break
        return front * total
    # Lentz's method for the continued fraction of the upper function.
    b, c = x + 1 - a, 1e300
    d = h = 1 / b
    for n in range(1, _STEPS):
        factor = -n * (n - a)
        b += 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        h *= d * c
        if abs(d * c - 1) < 1e-16:  # noqa: PLR2004 - converged
            break
    return 1 - front * h


def bit_count(x: float) -> int:
    """How many bits are set in the 64-bit two's complement of a whole number."""
    return (int(x) & (2**64 - 1)).bit_count()


def beta_inc(a: np.ndarray, b: float, x: np.ndarray) -> np.ndarray:
    """Give the regularized incomplete beta function I_x(a, b), by its continued fraction (26.5.8).

    Args:
        a: Above 0, of x's shape.
        b: Above 0.
        x: 0 to 1.
    """
    # The fraction converges fast on one side of the mean; the other side is the function's mirror image.
    mirrored = x > (a + 1) / (a + b + 2)
    first, second = np.where(mirrored, b, a), np.where(mirrored, a, b)
    inside = np.where(mirrored, 1 - x, x)
    with np.errstate(all="ignore"):
        logs = np.array(
            [math.lgamma(p + q) - math.lgamma(p) - math.lgamma(q) for p, q in zip(first, second, strict=True)]
        )
        front = np.exp(logs + first * np.log(inside) + second * np.log1p(-inside)) / first
        value = np.where(inside > 0, front / _beta_fraction(first, second, inside), 0.0)
    return np.where(mirrored, 1 - value, value)


def _beta_fraction(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """1 + d1 x / (1 + d2 x / (1 + …)) by Lentz's method."""
    tiny = 1e-300
    c, d, h = np.ones(a.shape), np.zeros(a.shape), np.ones(a.shape)
    going = np.ones(a.shape, bool)  # each number ends by itself: it must not depend on those beside it
    for n in range(1, _STEPS):
        m = n // 2
        odd = -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1))
        term = (m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m)) if n % 2 == 0 else odd) * x
        d = 1 + term * d
        d = 1 / np.where(np.abs(d) < tiny, tiny, d)
        c = 1 + term / c
        c = np.where(np.abs(c) < tiny, tiny, c)
        h = np.where(going, h * c * d, h)
        going &= np.abs(c * d - 1) > 1e-15  # noqa: PLR2004 - else converged
        if not going.any():
            break
    return h
