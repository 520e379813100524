"""Exports that have become assets -> live layers, without computing the composites again."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..layers.stored_asset import stored_recipe
from .deliver import Delivered, Piece, tile_urls
from .exporting import Export
from .run import Run


def draw(run: Run, exports: Sequence[Export], assets: Sequence[str]) -> list[Delivered]:
    """Have the assets of finished tasks drawn, as their recipes say.

    The tasks are done whatever becomes of this, so that what goes wrong here is said and fails nothing.

    Args:
        run: The open run.
        exports: What was exported.
        assets: Id of the asset of each.
    """
    group = "" if len(exports) == 1 else _("Exported composites")
    pieces = [
        Piece(stored_recipe(one.recipe, asset), one.name, one.survey, None, group, place)
        for place, (one, asset) in enumerate(zip(exports, assets, strict=True))
    ]
    try:
        urls = tile_urls(run, [piece.recipe for piece in pieces])
    except Cancelled:
        raise
    except CsPlusError as problem:
        run.warn(
            _(
                "What was exported is there, but cannot be drawn: {problem} csplus:openasset loads it.",
                problem=problem,
            )
        )
        return []
    sandbox = run.session.is_sandbox
    return [Delivered(piece, url, sandbox, None) for piece, url in zip(pieces, urls, strict=True)]
