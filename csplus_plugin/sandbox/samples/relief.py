"""Relief made by running water: land rises, streams cut into it, and slopes creep.

Each step follows the stream power law dz/dt = U - K A^m S, where U is the uplift, A the area that drains
through a cell and S the slope down to the neighbour that it drains to, with the implicit scheme of Braun and
Willett (2013), "A very efficient O(n), implicit and parallel method to solve the stream power equation",
Geomorphology 180. Vectorised: all cells that are equally many cells away from their outlet are solved at once.
"""

from __future__ import annotations

import numpy as np

_ERODIBILITY = 0.16
_AREA_EXPONENT = 0.38
_CREEP = 0.3


def erode(
    rng: np.random.Generator,
    height: np.ndarray,
    uplift: np.ndarray,
    outlets: np.ndarray,
    cell_m: float,
    *,
    steps: int,
    step: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Let land rise and water carve it.

    Args:
        rng: Makes the streams wander.
        height: Metres, at the start.
        uplift: Metres a unit of time.
        outlets: True where water leaves: these cells keep their height.
        cell_m: Side of a cell, metres.
        steps: How many steps.
        step: Units of time a step.

    Returns:
        The height in metres, and for each cell the flat index of the outlet that it drains to.
    """
    height = height.astype(np.float64)
    rise = np.where(outlets, 0.0, uplift * step)
    for _ in range(steps):
        height += rise
        receiver, length = _receivers(rng, height, outlets, cell_m)
        height = _carve(height, receiver, length, cell_m, step)
        height = np.where(outlets, height, _creep(height))
    receiver, _ = _receivers(rng, height, outlets, cell_m)
    return height, _roots(receiver)[0].reshape(height.shape)


def _receivers(
    rng: np.random.Generator, height: np.ndarray, outlets: np.ndarray, cell_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """For each cell (flat) the neighbour that it drains to, itself where none is lower, and how far it is.

    Roughly the steepest way down: a little chance keeps streams from running along the grid.
    """
    rows, columns = height.shape
    padded = np.pad(height, 1, constant_values=np.inf)
    here = np.arange(height.size).reshape(height.shape)
    best = np.zeros(height.shape)
    receiver = here.copy()
    length = np.full(height.shape, cell_m)
    for down, right in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        far = cell_m * np.hypot(down, right)
        there = padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]
        chance = rng.uniform(0.75, 1.25, height.shape).astype(np.float32)
        slope = (height - there) / far * chance
        steeper = slope > best
        best[steeper] = slope[steeper]
        receiver[steeper] = here[steeper] + down * columns + right
        length[steeper] = far
    receiver[outlets] = here[outlets]
    return receiver.ravel(), length.ravel()


def _roots(receiver: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each cell the end of its way down, and how many cells that is away; by doubling the stride."""
    root = receiver
    steps = (receiver != np.arange(receiver.size)).astype(np.int64)
    while True:
        farther = root[root]
        if np.array_equal(farther, root):
            return root, steps
        steps = steps + steps[root]
        root = farther


def _carve(
    height: np.ndarray, receiver: np.ndarray, length: np.ndarray, cell_m: float, step: float
) -> np.ndarray:
    _, away = _roots(receiver)
    order = np.argsort(away, kind="stable")
    levels = np.split(order, np.cumsum(np.bincount(away))[:-1])
    area = np.full(receiver.size, cell_m * cell_m)
    for level in reversed(levels[1:]):
        np.add.at(area, receiver[level], area[level])
    factor = _ERODIBILITY * step * area**_AREA_EXPONENT / length
    carved = height.ravel().copy()
    for level in levels[1:]:
        carved[level] = (carved[level] + factor[level] * carved[receiver[level]]) / (1 + factor[level])
    return carved.reshape(height.shape)


def _creep(height: np.ndarray) -> np.ndarray:
    padded = np.pad(height, 1, mode="edge")
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    return height + _CREEP * (around / 4 - height)


def finer(field: np.ndarray) -> np.ndarray:
    """Give the same field on cells of half the side, smooth."""
    for axis in (0, 1):
        padded = np.pad(field, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        before, here, after = (
            np.take(padded, np.arange(field.shape[axis]) + shift, axis) for shift in (0, 1, 2)
        )
        # Cubic B-spline subdivision would blur; these weights keep a plane a plane.
        pair = np.stack([0.25 * before + 0.75 * here, 0.75 * here + 0.25 * after], axis + 1)
        shape = list(field.shape)
        shape[axis] *= 2
        field = pair.reshape(shape)
    return field
