"""A whole download: resume what has arrived, fetch the rest, finish the file, move it into place."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import Cancelled, FileTrouble
from ..core.language import _
from . import assembly, cog, overviews
from .fetch import FetchOptions, PixelSource, TileFetcher
from .journal import Journal
from .layout import Layout
from .plan import Plan, Tile
from .progress import Progress

_FORMAT = 4
"""Version of the growing file and its journal; raise it when either changes."""


def download(
    source: PixelSource,
    expression: Mapping[str, Any],
    plan: Plan,
    layout: Layout,
    path: Path,
    *,
    cloud_optimized: bool = False,
    options: FetchOptions | None = None,
    progress: Progress | None = None,
    archive: str = "",
    is_cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Download to a file. If it is interrupted, running it again resumes with what has arrived.

    Args:
        source: The client.
        expression: What to compute, encoded.
        plan: The tiles.
        layout: What the file is like.
        path: Where the file goes; an older one there is replaced only when the new one is complete.
        cloud_optimized: Write a Cloud Optimized GeoTIFF.
        options: How the service is treated, and how much memory is used.
        progress: Counts and reports.
        archive: What the service has for this expression, in words; if that has changed since the download
            began, the user is warned.
        is_cancelled: Asked several times a second.

    Returns:
        Pixels whose first band has a value; of a count, one above 0.

    Raises:
        Cancelled: The user stopped the run.
        FileTrouble: The file cannot be written, or an unfinished download with other settings is there.
        ServiceError: The service refused, or could not be reached for too long.
    """
    progress = progress or Progress(plan.size)
    fingerprint = _fingerprint(expression, plan, layout)
    with Journal(path, fingerprint, layout.flavour.header(), archive, is_cancelled) as journal:
        progress.resumed(sum(tile.value_count for tile in journal.tiles) * plan.item_size)
        if journal.tiles and journal.note != archive:
            progress.archive_changed(journal.note, archive)
        known: dict[Tile, int] = {}

        def encode(tile: Tile, pixels: np.ndarray) -> bytearray:
            known[tile] = _count_known(tile, pixels, layout)
            return assembly.encode_tile(tile, pixels, layout)

        fetcher = TileFetcher(
            source,
            expression,
            plan.grid,
            [band.name for band in layout.bands],
            layout.encoding.dtype,
            encode,
            options or FetchOptions(),
            progress,
            is_cancelled,
        )
        for tile, content in fetcher.fetch(list(plan.find_remaining(journal.tiles))):
            journal.add(tile, content, known.pop(tile))
        progress.finished()
        journal.close_part()

        def reporter(stage: str) -> Callable[[float], None]:
            def report(share: float) -> None:
                if is_cancelled():
                    raise Cancelled
                progress.report_stage(stage, share)

            return report

        assembly.assemble_file(journal.part, journal.tiles, layout)
        overviews.build_missing(
            journal.part, layout.bands, layout.encoding.nodata, reporter(_("Building overviews"))
        )
        if cloud_optimized:
            copy = path.with_name(f"{path.name}.part.cog")
            try:
                cog.write_cog(
                    journal.part, copy, layout.compression, reporter(_("Writing the Cloud Optimized GeoTIFF"))
                )
                _move_into_place(copy, path)
            finally:
                copy.unlink(missing_ok=True)
        else:
            _move_into_place(journal.part, path)
        journal.remove()
        return sum(entry.known for entry in journal.tiles.values())


def _count_known(tile: Tile, pixels: np.ndarray, layout: Layout) -> int:
    """Count the pixels that have a value, where the tile holds the file's first band; of a count, 0 is none."""
    if tile.bands.start:
        return 0
    first = layout.bands[0]
    values = pixels[first.name]
    has_value = values != layout.encoding.nodata
    return int(np.count_nonzero(has_value & (values > 0) if first.counts else has_value))


def _fingerprint(expression: Mapping[str, Any], plan: Plan, layout: Layout) -> str:
    """Make a text that tells this download from any other: what is computed, where, and how it is stored."""
    described = {
        "format": _FORMAT,
        "expression": expression,
        "grid": plan.grid.request(),
        "tile_side": plan.tile_side,
        "tiles": len(plan.tiles),
        "bands": [band.name for band in layout.bands],
        "type": [layout.encoding.dtype, layout.encoding.nodata],
        "compression": layout.compression,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _move_into_place(finished: Path, path: Path) -> None:
    try:
        with finished.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(finished, path)  # noqa: PTH105 the one call that also replaces on Windows
    except OSError as problem:
        raise FileTrouble(
            _("{path} cannot be replaced: {strerror}.", path=path, strerror=problem.strerror),
            _("Close the program that has it open and run again: nothing is downloaded twice."),
        ) from problem
