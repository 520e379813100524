"""The parts of a periodic run -> a piece for each period that has a composite: for the series, and for its film."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.layer_name import subject
from .deliver import Piece
from .periods import Part


def pieces(parts: Sequence[Part], folder: Path | None = None, group: str = "", name: str = "") -> list[Piece]:
    """Make a piece of every period that has a composite, in order of time.

    Args:
        parts: As `cut_into_periods` gives them.
        folder: For their files; None for none.
        group: Of the layer tree, for their layers.
        name: Begins the names of their layers; empty for what they show.
    """
    made: list[Piece] = []
    for part in parts:
        if part.recipe is None:
            continue
        file = folder / f"{part.recipe.target.ALGORITHM}_{part.period.name}.tif" if folder else None
        title = f"{name or subject(part.recipe)} {part.period.label}"
        made.append(Piece(part.recipe, title, part.survey, file, group, len(made), is_part=True))
    return made
