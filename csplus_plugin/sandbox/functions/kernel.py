"""Kernels by name, from tables, and of others (guides/kernels)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..images import kernels
from ..images.kernels import Kernel


def _register_shape(shape: str) -> None:
    @function(f"Kernel.{shape}")
    def kernel(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return kernels.shaped(shape, radius, units, normalize=normalize, magnitude=magnitude)


def _register_metric(metric: str) -> None:
    @function(f"Kernel.{metric}")
    def kernel(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return kernels.distances(metric, radius, units, normalize=normalize, magnitude=magnitude)


def _register_edge(name: str, weights: list[list[float]]) -> None:
    @function(f"Kernel.{name}")
    def kernel(magnitude: float, normalize: bool) -> Kernel:
        return kernels.fixed(weights, normalize=normalize, magnitude=magnitude)


for _name in kernels.SHAPES:
    _register_shape(_name)
for _name in kernels.METRICS:
    _register_metric(_name)
for _name, _weights in kernels.EDGES.items():
    _register_edge(_name, _weights)


@function("Kernel.rectangle")
def rectangle(x_radius: float, y_radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """Equal weights in a rectangle."""
    return kernels.rectangle(x_radius, y_radius, units, normalize=normalize, magnitude=magnitude)


@function("Kernel.gaussian")
def gaussian(radius: float, sigma: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """Weights by a normal distribution."""
    return kernels.gaussian(radius, sigma, units, normalize=normalize, magnitude=magnitude)


@function("Kernel.fixed")
def fixed(width: int, height: int, weights: list[list], x: int, y: int, normalize: bool) -> Kernel:
    """Weights from a table, from north to south; sizes and focus of -1 are those of the table and its middle."""
    rows = [[promote(weight, "Number") for weight in row] for row in weights]
    shape = (len(rows[0]) if rows else 0, len(rows))
    if any(given not in {-1, found} for given, found in zip((width, height), shape, strict=True)):
        raise Refused(
            f"Kernel.fixed: weights have {shape[0]} columns and {shape[1]} rows, not {width} and {height}."
        )
    # The guide on texture places the middle of nine rows with -4: a negative offset is that of the table's edge.
    middle = [size // 2 if given == -1 else abs(given) for given, size in zip((x, y), shape, strict=True)]
    return kernels.fixed(rows, (middle[0], middle[1]), normalize=normalize)


@function("Kernel.rotate")
def rotate(kernel: Kernel, rotations: int) -> Kernel:
    """Turn clockwise by right angles."""
    return kernels.changed(kernel, lambda weights: np.rot90(weights, -(rotations % 4)))


@function("Kernel.add")
def add(kernel1: Kernel, kernel2: Kernel, normalize: bool) -> Kernel:
    """Give the sum of two kernels, focus on focus."""
    return kernels.added(kernel1, kernel2, normalize=normalize)


@function("Kernel.inverse")
def inverse(kernel: Kernel) -> Kernel:
    """One by each weight; weights of zero stay."""
    return kernels.changed(
        kernel, lambda weights: np.divide(1, weights, out=np.zeros(weights.shape), where=weights != 0)
    )
