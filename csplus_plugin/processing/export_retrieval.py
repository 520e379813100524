"""What comes back from an export: files, and live layers of assets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.export import Destination
from . import fetching, stored_layers
from .deliver import Delivered
from .exporting import Export
from .run import Run


@dataclass(frozen=True)
class Retrieved:
    """What was downloaded, and what is to be loaded as layers."""

    files: list[Path] = field(default_factory=list)
    layers: list[Delivered] = field(default_factory=list)


def retrieve(
    run: Run,
    exports: Sequence[Export],
    results: Sequence[str],
    destination: Destination,
    *,
    folder: str,
    live: bool,
) -> Retrieved:
    """Download what was exported, and draw assets.

    Args:
        run: The run whose tasks are over.
        exports: Its images.
        results: Where each of them is.
        destination: Where they were exported to.
        folder: To download to; empty for no download.
        live: Whether assets shall be drawn.
    """
    if destination.kind != "asset":
        return Retrieved(fetching.fetch(run, exports, destination, Path(folder)) if folder else [])
    return Retrieved(
        stored_layers.download(run, exports, results, Path(folder)) if folder else [],
        stored_layers.draw(run, exports, results) if live else [],
    )
