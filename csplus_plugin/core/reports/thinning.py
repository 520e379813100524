"""Fewer points that draw the same line."""

from __future__ import annotations

import math
from collections.abc import Sequence

Place = tuple[float, float | None]


def thinned(points: Sequence[Place], columns: int) -> list[int]:
    """Choose the points without which a line would look different: by column its first, lowest, highest and last.

    Source: Jugel et al. 2014, M4: a visualization-oriented time series data aggregation.

    Args:
        points: In order of x.
        columns: How many columns of pixels there are to draw in.

    Returns:
        Places in `points`, in order; all of them where they are few, and of each break of the line one point.
    """
    if len(points) <= 4 * columns:
        return list(range(len(points)))
    low, high = points[0][0], points[-1][0]
    width = (high - low) / columns or 1.0
    chosen: set[int] = set()
    column: list[int] = []
    for number, (x, _) in enumerate(points):
        if column and math.floor((x - low) / width) != math.floor((points[column[0]][0] - low) / width):
            chosen.update(_ends(points, column))
            column = []
        column.append(number)
    chosen.update(_ends(points, column))
    return sorted(chosen)


def _ends(points: Sequence[Place], column: list[int]) -> set[int]:
    values = [(value, number) for number in column if (value := points[number][1]) is not None]
    found = {column[0], column[-1]}
    if values:
        found |= {min(values)[1], max(values)[1]}
    if len(values) < len(column):
        found.add(next(number for number in column if points[number][1] is None))
    return found
