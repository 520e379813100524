"""Neighbourhoods: which pixels around a pixel count, and how much (guides/kernels)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..errors import Refused
from ..made_by import MadeBy
from ..space.projections import DEFAULT_PROJECTION, Projection

Offsets = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A number for each offset to the east and to the south, in pixels."""

SHAPES: dict[str, Callable[[np.ndarray, np.ndarray, float], np.ndarray]] = {
    "circle": lambda dx, dy, r: np.hypot(dx, dy) <= r,
    "square": lambda dx, dy, r: (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "diamond": lambda dx, dy, r: np.abs(dx) + np.abs(dy) <= r,
    "octagon": lambda dx, dy, r: (np.abs(dx) + np.abs(dy) <= 1.5 * r) & (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "plus": lambda dx, dy, r: ((dx == 0) | (dy == 0)) & (np.abs(dx) <= r) & (np.abs(dy) <= r),
    "cross": lambda dx, dy, r: (np.abs(dx) == np.abs(dy)) & (np.abs(dx) <= r),
}
METRICS: dict[str, Offsets] = {
    "euclidean": np.hypot,
    "manhattan": lambda dx, dy: np.abs(dx) + np.abs(dy),
    "chebyshev": lambda dx, dy: np.maximum(np.abs(dx), np.abs(dy)),
}
EDGES: dict[str, list[list[float]]] = {
    "laplacian4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "roberts": [[1, 0], [0, -1]],
    "prewitt": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "compass": [[1, 1, -1], [1, -2, -1], [1, 1, -1]],
    "kirsch": [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
}
"""Weights as the reference prints them, from north to south."""

MAX_RADIUS = 512  # pixels


@dataclass(frozen=True)
class Distance:
    """What a kernel measures.

    Attributes:
        metric: Distance in pixels by offset.
        radius: How far it reaches in a projection, in pixels.
        unit: What a pixel of that projection counts.
    """

    metric: Offsets
    radius: Callable[[Projection], int]
    unit: Callable[[Projection], float]


@dataclass(frozen=True)
class Kernel:
    """A neighbourhood.

    Attributes:
        weighing: The weight of each neighbour in a projection, in a square with odd sides around the focus.
        frame: How far it reaches to the west, north, east and south where it is a rectangle.
        fixed: Whether it is the same in every projection.
        distance: What it measures, where its weights are distances.
        made_by: The function and its arguments, to be printed; None where that is not known.
    """

    weighing: Callable[[Projection], np.ndarray]
    frame: Callable[[Projection], tuple[int, int, int, int]] | None = None
    fixed: bool = True
    distance: Distance | None = None
    made_by: MadeBy | None = field(default=None, repr=False, compare=False)

    def footprint(self, projection: Projection) -> np.ndarray:
        """Which neighbours count, as booleans in a square with odd sides.

        Raises:
            Refused: None of them, or the radius is no size or too large for this grid.
        """
        found = self.weighing(projection) != 0
        if not found.any():
            raise Refused("Kernel: All weights are zero.")
        return found

    def offsets(self, name: str) -> list[tuple[int, int]]:
        """Offsets to the east and to the south of the neighbours that count, row by row.

        Raises:
            Refused: They depend on the projection.
        """
        if not self.fixed:
            raise Refused(f"{name}: This sandbox engine takes kernels in units of pixels.")
        places = self.footprint(DEFAULT_PROJECTION)
        reach = len(places) // 2
        return [(int(column) - reach, int(row) - reach) for row, column in np.argwhere(places)]

    def table(self) -> tuple[np.ndarray, tuple[int, int]]:
        """Give the weights from north to south, without what is beyond the frame, and column and row of the focus.

        Raises:
            Refused: They depend on the projection.
        """
        if not self.fixed:
            raise Refused(
                "Kernel: This sandbox engine has no weights of a kernel in meters without a projection."
            )
        try:
            weights = self.weighing(DEFAULT_PROJECTION)
        except (ArithmeticError, ValueError) as error:
            raise Refused(f"Kernel: The weights cannot be computed ({error}).") from error
        reach = len(weights) // 2
        west, north, east, south = (
            (reach, reach, reach, reach) if self.frame is None else self.frame(DEFAULT_PROJECTION)
        )
        return weights[reach - north : reach + south + 1, reach - west : reach + east + 1], (west, north)


def in_pixels(radius: float, units: str, projection: Projection) -> float:
    """Give a radius in pixels of a projection.

    Raises:
        Refused: The unit is unknown, or the radius is no size or too large.
    """
    if units in {"meters", "m"}:
        radius = radius / projection.nominal_scale
    elif units != "pixels":
        raise Refused(f"Kernel: Unknown units '{units}'. Must be 'pixels' or 'meters'.")
    if not 0 <= radius <= MAX_RADIUS:
        raise Refused(f"Kernel: A radius of {radius:g} pixels must be between 0 and {MAX_RADIUS}.")
    return radius


def grid_of(radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Offsets to the east (1, n) and to the south (n, 1)."""
    steps = np.arange(-int(radius), int(radius) + 1)
    return steps[np.newaxis, :], steps[:, np.newaxis]


def scaled(weights: np.ndarray, *, normalize: bool, magnitude: float = 1) -> np.ndarray:
    """Weights that add up to a magnitude, or are that many times larger; a sum of zero is left alone."""
    total = weights.sum()
    return weights / total * magnitude if normalize and total else weights * magnitude


def shaped(
    shape: str, radius: float, units: str = "pixels", *, normalize: bool = True, magnitude: float = 1
) -> Kernel:
    """Equal weights in a shape.

    Raises:
        Refused: No such shape.
    """
    if shape not in SHAPES:
        raise Refused(f"Kernel: Unknown kernel type '{shape}'. Must be one of: {', '.join(SHAPES)}.")

    def weighing(projection: Projection) -> np.ndarray:
        reach = in_pixels(radius, units, projection)
        dx, dy = grid_of(reach)
        inside = np.broadcast_to(SHAPES[shape](dx, dy, reach), np.broadcast_shapes(dx.shape, dy.shape))
        return scaled(inside.astype(float), normalize=normalize, magnitude=magnitude)

    def frame(projection: Projection) -> tuple[int, int, int, int]:
        reach = int(in_pixels(radius, units, projection))
        return reach, reach, reach, reach

    return Kernel(weighing, frame if shape == "square" else None, units == "pixels")


def rectangle(x_radius: float, y_radius: float, units: str, *, normalize: bool, magnitude: float) -> Kernel:
    """Equal weights in a rectangle."""

    def reaches(projection: Projection) -> tuple[int, int]:
        return int(in_pixels(x_radius, units, projection)), int(in_pixels(y_radius, units, projection))

    def weighing(projection: Projection) -> np.ndarray:
        x, y = reaches(projection)
        dx, dy = grid_of(max(x, y))
        inside = (np.abs(dx) <= x) & (np.abs(dy) <= y)
        return scaled(inside.astype(float), normalize=normalize, magnitude=magnitude)

    return Kernel(weighing, lambda projection: reaches(projection) * 2, units == "pixels")


def gaussian(radius: float, sigma: float, units: str, *, normalize: bool, magnitude: float) -> Kernel:
    """Give a normal distribution at offsets below the radius: the reference's of radius 3 has five rows.

    Raises:
        Refused: The standard deviation is not positive.
    """
    if sigma <= 0:
        raise Refused("Kernel.gaussian: sigma must be positive.")

    def weighing(projection: Projection) -> np.ndarray:
        reach = in_pixels(radius, units, projection)
        spread = sigma * reach / radius if radius else sigma
        dx, dy = grid_of(max(0, np.ceil(reach) - 1))
        weights = np.exp(-((dx / spread) ** 2 + (dy / spread) ** 2) / 2)
        return scaled(weights, normalize=normalize, magnitude=magnitude)

    return Kernel(weighing, None, units == "pixels")


def distances(metric: str, radius: float, units: str, *, normalize: bool, magnitude: float) -> Kernel:
    """Give the distance from the focus, in the units of the radius."""

    def reach(projection: Projection) -> int:
        return int(in_pixels(radius, units, projection))

    def unit(projection: Projection) -> float:
        return 1.0 if units == "pixels" else projection.nominal_scale

    def weighing(projection: Projection) -> np.ndarray:
        weights = METRICS[metric](*grid_of(reach(projection))) * unit(projection)
        return scaled(weights.astype(float), normalize=normalize, magnitude=magnitude)

    return Kernel(weighing, None, units == "pixels", Distance(METRICS[metric], reach, unit))


def fixed(
    weights: Sequence[Sequence[float]],
    focus: tuple[int, int] | None = None,
    *,
    normalize: bool = False,
    magnitude: float = 1,
) -> Kernel:
    """Weights from a table.

    Args:
        weights: Rows from north to south.
        focus: Offset of the pixel itself from the left and from the top; None for the middle.
        normalize: Whether they shall add up to 1.
        magnitude: A factor on the weights.

    Raises:
        Refused: The table is no rectangle of numbers, too large, or does not have the focus in it.
    """
    width = len(weights[0]) if weights else 0
    if not width or any(len(row) != width for row in weights):
        raise Refused("Kernel.fixed: weights must be rows of equal length.")
    if max(width, len(weights)) > 2 * MAX_RADIUS + 1:
        raise Refused(f"Kernel.fixed: A kernel may have {2 * MAX_RADIUS + 1} rows and columns at most.")
    table = scaled(np.array(weights, dtype=np.float64), normalize=normalize, magnitude=magnitude)
    if not np.isfinite(table).all():
        raise Refused("Kernel.fixed: weights must be finite numbers.")
    x, y = focus or (width // 2, len(weights) // 2)
    if not (0 <= x < width and 0 <= y < len(weights)):
        raise Refused(f"Kernel.fixed: The focus ({x}, {y}) must be within the kernel.")
    frame = (x, y, width - 1 - x, len(weights) - 1 - y)
    reach = max(frame)
    square = np.zeros((2 * reach + 1, 2 * reach + 1))
    square[reach - y : reach - y + len(weights), reach - x : reach - x + width] = table
    return Kernel(lambda _: square, lambda _: frame)


def changed(kernel: Kernel, change: Callable[[np.ndarray], np.ndarray]) -> Kernel:
    """Give a kernel with other weights, at the same places or others."""
    return Kernel(lambda projection: change(kernel.weighing(projection)), None, kernel.fixed)


def added(one: Kernel, other: Kernel, *, normalize: bool) -> Kernel:
    """Give the sum of two kernels, focus on focus."""

    def weighing(projection: Projection) -> np.ndarray:
        parts = [kernel.weighing(projection) for kernel in (one, other)]
        reach = max(len(part) // 2 for part in parts)
        total = sum(np.pad(part, reach - len(part) // 2) for part in parts)
        return scaled(np.asarray(total), normalize=normalize)

    return Kernel(weighing, None, one.fixed and other.fixed)
