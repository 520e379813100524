"""The whole way of a download: take up what has arrived, fetch the rest, finish the file, put it in its place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import Cancelled, FileTrouble
from . import cog, overviews, raster
from .fetch import Fetch, PixelSource, Service
from .journal import Journal
from .plan import Plan
from .progress import Progress

_FORMAT = 2
"""Number of what a growing file and its journal look like."""


def download(
    source: PixelSource,
    expression: Mapping[str, Any],
    plan: Plan,
    layout: raster.Layout,
    path: Path,
    *,
    cloud_optimized: bool = False,
    service: Service | None = None,
    progress: Progress | None = None,
    archive: str = "",
    is_cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Download to a file. Where it ends before that, running it again goes on with what has arrived.

    Args:
        source: The client.
        expression: What to compute, encoded.
        plan: The tiles.
        layout: Grid, bands, type, tags.
        path: Where the file goes; an older one there is replaced only by a whole new one.
        cloud_optimized: Write a Cloud Optimized GeoTIFF.
        service: How the service is treated.
        progress: Told what happens.
        archive: What the service holds for this expression, in words; if it is not what it was when the download
            began, that is said.
        is_cancelled: Asked several times a second.

    Raises:
        Cancelled: The user stopped the run.
        FileTrouble: The file cannot be written, or its place is taken by another unfinished download.
        ServiceError: The service refused, or is out of reach for too long.
    """
    progress = progress or Progress(plan.size)
    job = _fingerprint(expression, plan, layout)
    with Journal(path, job, layout.flavour.head(), archive, is_cancelled) as journal:
        progress.resumed(sum(tile.cells for tile in journal.tiles) * plan.item_size)
        if journal.tiles and journal.note != archive:
            progress.changed(journal.note, archive)
        fetch = Fetch(
            source,
            expression,
            plan.grid,
            [band.name for band in layout.bands],
            plan.item_size,
            lambda tile, pixels: raster.encode(tile, pixels, layout),
            service or Service(),
            progress,
            is_cancelled,
        )
        for tile, content in fetch.run(list(plan.remaining(journal.tiles))):
            journal.add(tile, content)
        progress.finished()
        journal.seal()

        def advance(stage: str) -> Callable[[float], None]:
            def told(share: float) -> None:
                if is_cancelled():
                    raise Cancelled
                progress.stage(stage, share)

            return told

        raster.assemble(journal.part, journal.tiles, layout)
        overviews.complete(journal.part, layout.bands, layout.code.nodata, advance("Overviews"))
        if cloud_optimized:
            copy = path.with_name(f"{path.name}.part.cog")
            try:
                cog.optimize(journal.part, copy, layout.compression, advance("Cloud Optimized GeoTIFF"))
                _place(copy, path)
            finally:
                copy.unlink(missing_ok=True)
        else:
            _place(journal.part, path)
        journal.remove()


def _fingerprint(expression: Mapping[str, Any], plan: Plan, layout: raster.Layout) -> str:
    """Tell this download from any other: what is computed, where, and how it is stored."""
    described = {
        "format": _FORMAT,
        "expression": expression,
        "grid": plan.grid.request(),
        "side": plan.side,
        "tiles": len(plan.tiles),
        "bands": [band.name for band in layout.bands],
        "type": [layout.code.dtype, layout.code.nodata],
        "compression": layout.compression,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _place(finished: Path, path: Path) -> None:
    try:
        with finished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(finished, path)  # noqa: PTH105 the one call that also replaces on Windows
    except OSError as problem:
        raise FileTrouble(
            f"{path} cannot be replaced: {problem.strerror}.",
            "Close what has it open and run again: nothing is fetched twice.",
        ) from problem
