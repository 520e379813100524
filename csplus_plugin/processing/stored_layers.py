"""Exports that have become assets -> live layers, without computing the composites again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..layers.stored_asset import stored_recipe
from .deliver import Delivered, Piece, deliver, tile_urls
from .destinations import Destinations
from .exporting import Export
from .fetching import make_folder
from .run import Run


def download(run: Run, exports: Sequence[Export], assets: Sequence[str], folder: Path) -> list[Path]:
    """Download what the assets of finished tasks hold, as the GeoTIFFs that downloads of their recipes would be.

    Args:
        run: The open run.
        exports: What was exported.
        assets: Id of the asset of each.
        folder: Where the files go, called as the assets are; those that are there already and fit are kept.

    Raises:
        CsPlusError: Anything that a user can cause or that the service refuses.
    """
    make_folder(folder)
    pieces = _pieces(exports, assets, folder)
    destinations = Destinations(live=False, file=None, cloud_optimized=False, script=None, folder=folder)
    deliver(run, pieces[0].recipe, pieces, destinations)
    return [piece.file for piece in pieces if piece.file is not None]


def draw(run: Run, exports: Sequence[Export], assets: Sequence[str]) -> list[Delivered]:
    """Have the assets of finished tasks drawn, as their recipes say.

    The tasks are done whatever becomes of this, so that what goes wrong here is said and fails nothing.

    Args:
        run: The open run.
        exports: What was exported.
        assets: Id of the asset of each.
    """
    pieces = _pieces(exports, assets)
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


def _pieces(exports: Sequence[Export], assets: Sequence[str], folder: Path | None = None) -> list[Piece]:
    group = "" if len(exports) == 1 else _("Exported composites")
    return [
        Piece(
            stored_recipe(one.recipe, asset),
            one.name,
            one.survey,
            folder / f"{one.name}.tif" if folder else None,
            group,
            place,
            is_part=True,
        )
        for place, (one, asset) in enumerate(zip(exports, assets, strict=True))
    ]
