"""Neighbourhoods: which pixels around a pixel count, and how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .errors import Refused
from .projections import Projection

SHAPES: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "circle": lambda dx, dy, r: np.hypot(dx, dy) <= r,
    "square": lambda dx, dy, r: (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "diamond": lambda dx, dy, r: np.abs(dx) + np.abs(dy) <= r,
    "octagon": lambda dx, dy, r: (np.abs(dx) + np.abs(dy) <= 1.5 * r) & (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "plus": lambda dx, dy, r: ((dx == 0) | (dy == 0)) & (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "cross": lambda dx, dy, r: (np.abs(dx) == np.abs(dy)) & (np.abs(dx) <= r),
}
MAX_RADIUS = 512  # pixels


@dataclass(frozen=True)
class Kernel:
    """A neighbourhood.

    Args:
        shape: One of `SHAPES`.
        radius: Half its width, in `units`.
        units: `pixels` of the projection it is computed in, or `meters`.
        weights: Weight by distance in pixels; None for equal weights.
        normalize: Whether weights add up to 1.
        magnitude: A factor on the weights.
    """

    shape: str
    radius: float
    units: str = "pixels"
    weights: Callable[[np.ndarray], np.ndarray] | None = None
    normalize: bool = True
    magnitude: float = 1.0

    def footprint(self, projection: Projection) -> np.ndarray:
        """Which neighbours count, as booleans in a square with odd sides.

        Raises:
            Refused: The radius is no size, or too large for this grid.
        """
        dx, dy, radius = self._offsets(projection)
        inside = SHAPES[self.shape](dx, dy, radius)
        return np.broadcast_to(inside, np.broadcast_shapes(dx.shape, dy.shape))

    def weighing(self, projection: Projection) -> np.ndarray:
        """The weight of each neighbour, in a square with odd sides."""
        dx, dy, _ = self._offsets(projection)
        weights = self.footprint(projection).astype(float)
        if self.weights is not None:
            weights = weights * self.weights(np.hypot(dx, dy))
        if self.normalize and weights.sum():
            weights = weights / weights.sum()
        return weights * self.magnitude

    def _offsets(self, projection: Projection) -> tuple[np.ndarray, np.ndarray, float]:
        radius = self.radius
        if self.units in {"meters", "m"}:
            radius = radius / projection.nominal_scale
        elif self.units != "pixels":
            raise Refused(f"Kernel: Unknown units '{self.units}'. Must be 'pixels' or 'meters'.")
        if not 0 <= radius <= MAX_RADIUS:
            raise Refused(f"Kernel: A radius of {radius:g} pixels must be between 0 and {MAX_RADIUS}.")
        steps = np.arange(-int(radius), int(radius) + 1)
        return steps[np.newaxis, :], steps[:, np.newaxis], radius


def named_kernel(shape: str, radius: float, units: str) -> Kernel:
    """A kernel by the name of its shape.

    Raises:
        Refused: No such shape.
    """
    if shape not in SHAPES:
        raise Refused(f"Kernel: Unknown kernel type '{shape}'. Must be one of: {', '.join(SHAPES)}.")
    return Kernel(shape, radius, units)
