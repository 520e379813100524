"""The parts of a periodic run -> a piece for each period that has a composite: for the series, and for its film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .deliver import Piece
from .periods import Part


def pieces(parts: Sequence[Part], folder: Path | None = None, group: str = "") -> list[Piece]:
    """Make a piece of every period that has a composite, in order of time.

    Args:
        parts: As `cut_into_periods` gives them.
        folder: For their files; None for none.
        group: Of the layer tree, for their layers.
    """
    made: list[Piece] = []
    for part in parts:
        if part.recipe is None:
            continue
        name = f"{part.recipe.target.ALGORITHM}_{part.period.name}.tif"
        file = folder / name if folder else None
        made.append(Piece(part.recipe, part.period.label, part.survey, file, group, len(made), is_part=True))
    return made
