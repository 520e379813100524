"""An asset that an export made -> the recipe that draws it: read from the properties that the export gave it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..core.errors import CsPlusError
from ..core.language import _, marked
from ..core.recipe import Recipe
from ..core.region import Region
from ..core.targets.composite import Composite
from ..core.targets.stored import Stored, check_asset, stored
from ..earthengine.client import Client
from . import file_recipe

_NEXT = marked("Name an asset that csplus:exportcomposite made.")


def read_stored(client: Client, asset: str, style: str | None = None) -> Recipe[Stored]:
    """Ask for an asset, and make the recipe that draws it.

    Args:
        client: The service.
        asset: Its id, `projects/…/assets/…`.
        style: How it is drawn; None for as its recipe says.

    Raises:
        InvalidChoice: That is no id, or the asset's recipe is none.
        CsPlusError: It carries no recipe, or does not hold what the recipe makes.
        ServiceError: There is no such asset, or it may not be read.
    """
    check_asset(asset)
    found = client.resource(asset)
    properties = found.get("properties")
    text = properties.get(file_recipe.TAG) if isinstance(properties, dict) else None
    if not isinstance(text, str):
        raise CsPlusError(_("The asset {asset} carries no recipe.", asset=asset), _(_NEXT))
    made = stored_recipe(Recipe.from_json(_with_whole_area(text)), asset, style)
    bands = {band.name for band in made.target.file_bands(made.scenes)}
    if not bands <= _bands(found):
        raise CsPlusError(
            _("The asset {asset} does not hold the bands of its recipe.", asset=asset), _(_NEXT)
        )
    return made


def stored_recipe(recipe: Recipe[Any], asset: str, style: str | None = None) -> Recipe[Stored]:
    """Make the recipe that draws a composite from the asset that holds it.

    Raises:
        CsPlusError: It is not the recipe of a composite.
    """
    if type(recipe.target) is not Composite:
        raise CsPlusError(_("The asset {asset} holds no composite.", asset=asset), _(_NEXT))
    output = recipe.output if style is None else replace(recipe.output, style=style)
    return Recipe(recipe.scenes, stored(recipe.target, asset), output)


def _bands(found: dict[str, Any]) -> set[str]:
    listed = found.get("bands")
    bands = listed if isinstance(listed, list) else []
    return {str(band.get("id")) for band in bands if isinstance(band, dict)}


def _with_whole_area(text: str) -> str:
    """Put the rectangle around a long area in its place: what lies outside the area is masked in the asset."""
    try:
        content = json.loads(text)
        bounds = content["scenes"]["region"]["bounds"]
        content["scenes"]["region"] = Region.from_bounds(*bounds).geojson()
        content["scenes"]["clip"] = False
        return json.dumps(content)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return text  # it is whole, or none: who reads it says so
