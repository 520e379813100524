"""A recipe -> the parameters that make it again: what the `read_*` functions do, the other way round.

The parameter of a choice has its name in capitals; only the area, a single look, and lists written as text differ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from qgis.core import QgsProcessingUtils

from ..core.errors import FileTrouble, InvalidChoice
from ..core.language import _
from ..core.longitudes import HALF
from ..core.recipe import Recipe
from ..core.region import Region
from ..core.targets.clear_scene import ClearScene
from ..core.targets.stored import Stored
from ..core.targets.target import Target

_AS_TEXT = ("tiles", "thresholds", "extend_days")
"""Lists that their parameters take as one text, separated by commas."""

_FOUND_BY_THE_RUN = ("skipped",)
"""What a run writes into its recipe, and finds again."""


def parameters_of(recipe: Recipe[Target]) -> dict[str, Any]:
    """Give the parameters of the recipe's algorithm that make the recipe again.

    What no parameter is given for is left at its default: where the result goes, and a style of the target's own.

    Raises:
        InvalidChoice: The recipe names single scenes, and its algorithm has no parameter for them.
        FileTrouble: The area cannot be written where QGIS keeps temporary files.
    """
    scenes, target = recipe.scenes, recipe.target
    if isinstance(target, Stored):  # the asset's own recipe has the other choices
        style = {"STYLE": recipe.output.style} if recipe.output.style else {}
        return {"ASSET": target.asset, **style}
    values: dict[str, Any] = {}
    if isinstance(target, ClearScene):
        # The window of its recipe is the look itself, and follows from it.
        values |= {"bands": target.bands, "indices": target.indices}
        values |= {"scene_id": scenes.ids[0]} if len(scenes.ids) == 1 else {"date": scenes.start}
        left_out = {"start", "end"}
    else:
        if scenes.ids:
            raise InvalidChoice(
                _("The recipe names single scenes, and the dialog of its algorithm cannot."),
                _("Use Clear scene."),
            )
        values |= {item.name: getattr(target, item.name) for item in fields(target)}
        left_out = set(_FOUND_BY_THE_RUN)
    for block in (scenes, recipe.output):
        values |= {item.name: getattr(block, item.name) for item in fields(block)}
    for name in (*left_out, "region", "ids"):
        values.pop(name, None)
    written = {name.upper(): _written(name, value) for name, value in values.items() if value is not None}
    return {**_area(scenes.region), **written}


def _written(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return _joined(value) if name in _AS_TEXT else [str(item) for item in value]
    return value


def _joined(items: Iterable[Any]) -> str:
    return ",".join(map(str, items))


def _area(region: Region) -> dict[str, str]:
    """Write a rectangle as an extent, and any other area as a file, which the dialog shows as a layer."""
    west, south, east, north = region.bounds
    (first, *holes), *others = region.polygons
    corners = {(west, south), (east, south), (east, north), (west, north)}
    is_rectangle = not (holes or others) and len(first) == len(corners) + 1 and set(first) == corners
    # The dialog turns an extent across the antimeridian round.
    if is_rectangle and east <= HALF:
        return {"EXTENT": f"{west!r},{east!r},{south!r},{north!r} [EPSG:4326]"}
    return {"AREA": str(_write_area(region))}


def _write_area(region: Region) -> Path:
    """Write the area once: the same one has the same name, which changes with its shape."""
    geometry = region.geojson()
    parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    # A feature a part: where parts of one overlap, it is invalid, and QGIS takes out what they share.
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": part}}
        for part in parts
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    name = hashlib.sha256(text.encode()).hexdigest()[:8]
    file = Path(QgsProcessingUtils.tempFolder()) / f"csplus_area_{name}.geojson"
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise FileTrouble(
            _("The area cannot be written to {file}: {strerror}.", file=file, strerror=problem.strerror),
            _("Make room in the temporary folder."),
        ) from problem
    return file
