"""Pieces -> files, then tile addresses, then a script; and, in the main thread, layers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsProcessingContext, QgsRasterLayer

from .. import settings
from ..core import script
from ..core.about import version
from ..core.bands import encoding
from ..core.errors import FileTrouble
from ..core.grid import grid_for, outline
from ..core.language import _
from ..core.layer_name import FILE, SANDBOX, SANDBOX_FILE, file_name
from ..core.picture import picture, pixels
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.target import ImageTarget
from ..download.download import download
from ..download.fetch import FetchOptions
from ..download.layout import Layout
from ..download.plan import plan
from ..download.progress import Progress
from ..earthengine.client import encoded
from ..layers import file_recipe, kept, loading, provenance, style
from ..layers.live import live_layer
from ..layers.swap import mark
from .destinations import Destinations
from .run import Run

_MAPS_AT_ONCE = 8
"""Tile addresses asked for at once; each takes the service a moment."""


@dataclass(frozen=True)
class Piece:
    """One image of a run.

    Attributes:
        recipe: Every choice; the piece can be made again from it.
        title: Name of its layers, but for what they are and who made them.
        survey: The scenes it is made of.
        file: GeoTIFF to write, or None.
        group: Group of the layer tree for its layers; empty for none.
        place: Its place in the group, from the bottom.
        is_part: One of a series, whose files lie in a folder: a file that is there already, made from the same recipe
            and the same scenes, is kept.
    """

    recipe: Recipe[ImageTarget]
    title: str
    survey: Survey
    file: Path | None
    group: str = ""
    place: int = 0
    is_part: bool = False


@dataclass(frozen=True)
class Delivered:
    """A piece that is made, and what its layers need.

    Attributes:
        piece: The piece.
        tile_url: Tile address of its live layer; empty for none.
        is_sandbox: Whether a sandbox made it, and not Google.
        clear_percent: Share of the area that has a value in the file; None without a file.
    """

    piece: Piece
    tile_url: str
    is_sandbox: bool
    clear_percent: float | None


def deliver(
    run: Run, recipe: Recipe[ImageTarget], pieces: Sequence[Piece], destinations: Destinations
) -> list[Delivered]:
    """Make what was asked for of every piece.

    Args:
        run: The open run.
        recipe: Of the whole.
        pieces: Its images.
        destinations: Where they go.

    Raises:
        CsPlusError: Anything that a user can cause or that the service refuses.
    """
    # The files first: no live layer is left in the project by a run that fails.
    shares = [
        None
        if piece.file is None
        else _make_file(run, piece, piece.file, cloud_optimized=destinations.cloud_optimized)
        for piece in run.through(pieces)
    ]
    urls = [""] * len(pieces)
    if destinations.live:
        urls = tile_urls(run, [piece.recipe for piece in pieces])
    if destinations.script is not None:
        script.write(recipe, destinations.script, [piece.recipe for piece in pieces])
    if not (destinations.live or destinations.script or any(piece.file for piece in pieces)):
        run.warn(
            _(
                "No layer and no file was made: LIVE is off, and OUTPUT and SCRIPT are empty. The scenes were counted, "
                "and the recipe is among the results."
            )
        )
    return [
        Delivered(piece, url, run.session.is_sandbox, share)
        for piece, url, share in zip(pieces, urls, shares, strict=True)
    ]


def tile_urls(run: Run, recipes: Sequence[Recipe[ImageTarget]]) -> list[str]:
    """Have the tile addresses made, several at once."""
    pictures = [encoded(picture(recipe)) for recipe in recipes]
    with ThreadPoolExecutor(_MAPS_AT_ONCE) as pool:
        return list(pool.map(run.client.map, pictures))


def live_layer_of(delivered: Delivered) -> QgsRasterLayer:
    """Make the live layer of a piece that has a tile address, with its recipe and its time; in no project yet.

    Raises:
        CsPlusError: QGIS cannot make a tile layer.
    """
    piece = delivered.piece
    layer = live_layer(delivered.tile_url, _title(delivered), piece.recipe.scenes.region)
    provenance.describe(layer, piece.recipe, piece.survey, sandbox=delivered.is_sandbox)
    return layer


def load_layers(delivered: Delivered, context: QgsProcessingContext) -> str:
    """Make the live layer, and say what is done with the file's layer once it is loaded; in the main thread.

    Returns:
        Id of the live layer; empty for none.
    """
    piece = delivered.piece
    if piece.file is not None:

        def finish(layer: QgsRasterLayer) -> None:
            style.apply(layer, piece.recipe)
            provenance.describe(layer, piece.recipe, piece.survey, sandbox=delivered.is_sandbox)

        loading.finish_layer(str(piece.file), _title(delivered, is_file=True), context, finish)
    if not delivered.tile_url:
        return ""
    layer = live_layer_of(delivered)
    mark(layer, delivered.tile_url)
    return loading.load_layer(layer, context, "LIVE_LAYER", group=piece.group, place=piece.place)


def load_file(delivered: Delivered, context: QgsProcessingContext) -> None:
    """Make the layer of a file that is no destination of Processing, where there is a project; in the main thread."""
    piece = delivered.piece
    if context.project() is None:
        return
    options = QgsRasterLayer.LayerOptions()
    options.loadDefaultStyle = False  # or QGIS counts a histogram, and leaves it beside the file
    layer = QgsRasterLayer(str(piece.file), _title(delivered, is_file=True), "gdal", options)
    if not layer.isValid():
        raise FileTrouble(
            _("{file} cannot be opened.", file=piece.file), _("Run again: what is whole is kept.")
        )
    style.apply(layer, piece.recipe)
    provenance.describe(layer, piece.recipe, piece.survey, sandbox=delivered.is_sandbox)
    group = _("{group}, files", group=piece.group) if piece.group and delivered.tile_url else piece.group
    loading.load_layer(layer, context, "FILES", group=group, place=piece.place)


def _title(delivered: Delivered, *, is_file: bool = False) -> str:
    endings = {(False, True): SANDBOX, (True, False): FILE, (True, True): SANDBOX_FILE}
    piece = delivered.piece
    title = file_name(piece.title, piece.recipe) if is_file else piece.title
    return title + _(endings.get((is_file, delivered.is_sandbox), ""))


def _make_file(run: Run, piece: Piece, path: Path, *, cloud_optimized: bool) -> float:
    """Download a piece, if it is not there yet, and give the share of its area that has a value, in percent."""
    if piece.is_part:
        run.say(f"{path.name}:")
        known = kept.count_known(
            path,
            piece.recipe,
            provenance.counts(piece.survey),
            cloud_optimized=cloud_optimized,
            sandbox=run.session.is_sandbox,
        )
        if known is not None:
            run.say(_("It is there already, made from the same recipe and the same scenes."))
            return _share(piece, known)
    return _download(run, piece, path, cloud_optimized=cloud_optimized)


def _share(piece: Piece, known: int) -> float:
    """Give the share of the area that so many pixels are, in percent."""
    scenes = piece.recipe.scenes
    grid = grid_for(scenes.region, piece.recipe.output)
    cells: float = grid.width * grid.height
    if scenes.clip:
        cells = outline(scenes.region, grid.crs).GetArea() / grid.resolution**2
    return min(100.0, 100 * known / max(cells, 1))


def _download(run: Run, piece: Piece, path: Path, *, cloud_optimized: bool) -> float:
    """Download a piece, and give the share of its area that has a value, in percent."""
    recipe, survey = piece.recipe, piece.survey
    bands = recipe.target.file_bands(recipe.scenes)
    code = encoding(bands)
    area = recipe.scenes.region if recipe.scenes.clip else None
    tiles = plan(grid_for(recipe.scenes.region, recipe.output), len(bands), code.item_size, area)
    run.say(_("Download: {tiles}", tiles=tiles))
    limit = settings.large_download()
    if tiles.size > limit:
        run.warn(
            _(
                "This download is over {limit:.0f} MB and will take a while. Earth Engine can compute it without "
                "this computer: composites by csplus:exportcomposite, anything by the script that SCRIPT writes.",
                limit=limit / 1e6,
            )
        )
    tags = provenance.tags(
        recipe,
        survey,
        endpoint=run.session.base_url,
        version=version(),
        sandbox=run.session.is_sandbox,
    )
    known = download(
        run.client,
        encoded(pixels(recipe)),
        tiles,
        Layout(grid=tiles.grid, bands=bands, encoding=code, tags=tags, compression=settings.compression()),
        path,
        cloud_optimized=cloud_optimized,
        options=FetchOptions(memory=settings.bytes_in_flight()),
        progress=Progress(tiles.size, run.show, run.say, run.warn),
        archive=f"{survey.scene_count} scenes, {survey.scored_count} scored",
        is_cancelled=run.is_cancelled,
    )
    file_recipe.write_beside(recipe, path)
    share = _share(piece, known)
    if known:
        run.say(_("{share:.1f} percent of the area has a value.", share=share))
    else:
        run.warn(
            _(
                "No pixel of the file has a value. Lower the threshold, choose a longer window or fewer clear days, "
                "or try cs_cdf as the score band."
            )
        )
    return share
