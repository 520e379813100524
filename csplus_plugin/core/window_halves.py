"""A window that is too heavy for one survey: its halves, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from .catalog import PRODUCTS
from .survey import Survey

if TYPE_CHECKING:
    from .choices import Scenes

_DAY = timedelta(days=1)


def halves(scenes: Scenes) -> tuple[Scenes, Scenes] | None:
    """Cut the window in two; None where it is one day, or where only one of its days is in the archive."""
    first = max(scenes.start, PRODUCTS[scenes.product].first_day)
    if first >= scenes.end:
        return None
    middle = first + (scenes.end - first) // 2
    return replace(scenes, end=middle), replace(scenes, start=middle + _DAY)


def combined(parts: Sequence[Survey], whole: Sequence[str]) -> Survey:
    """Put the surveys of a window's parts together, in order.

    Args:
        parts: Each with the same filters.
        whole: The filters of the whole window in words, as in `Survey.left`.
    """
    sizes = [sum(size for _, size in of_step) for of_step in zip(*(part.left for part in parts), strict=True)]
    return Survey(
        tuple(zip(whole, sizes, strict=True)),
        tuple(scene for part in parts for scene in part.scenes),
        tuple(sorted(index for part in parts for index in part.hidden_ids)),
    )
