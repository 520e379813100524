"""A live layer of a project drawn from another recipe, in place."""

from __future__ import annotations

from qgis.core import QgsRasterLayer

from ..core.layer_name import renamed
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from .provenance import MINTED_PROPERTY, describe_again
from .swap import swap


def redraw(
    layer: QgsRasterLayer,
    before: Recipe[ImageTarget],
    recipe: Recipe[ImageTarget],
    tile_url: str,
    minted: int | None = None,
) -> None:
    """Give a layer another recipe and its address, in the main thread; style, order and the rest stay.

    Its name follows what is shown and the days, where it holds those of before; a name of the user's own stays.

    Args:
        layer: A live layer.
        before: What it was drawn from.
        recipe: What it is drawn from now.
        tile_url: The address that draws it.
        minted: When the address was made, in seconds since 1970; None for now.
    """
    layer.setName(renamed(layer.name(), before, recipe))
    swap(layer, tile_url, recipe.scenes.region)
    if minted is not None:
        layer.setCustomProperty(MINTED_PROPERTY, minted)
    describe_again(layer, recipe)
