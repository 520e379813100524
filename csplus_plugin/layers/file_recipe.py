"""The recipe of a GeoTIFF: in its tags, or beside it where its area has too many vertices for a header."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from osgeo import gdal

from ..core.errors import CsPlusError, FileTrouble
from ..core.grid import QuietGdal
from ..core.language import _
from ..core.recipe import Recipe
from ..core.targets.target import Target

TAG = "CSPLUS_RECIPE"
SANDBOX_TAG = "CSPLUS_SANDBOX"
"""Only in files that a sandbox made."""

LONGEST_TAG = 16_000
"""Characters; a longer header would be read by every program that opens the file, over a network too."""


def tag(recipe: Recipe[Target]) -> str:
    """Give the recipe for the tags: whole, or with bounds and a hash in the place of a long area."""
    text = recipe.to_json()
    if len(text) <= LONGEST_TAG:
        return text
    content = json.loads(text)
    content["scenes"]["region"] = {"bounds": recipe.scenes.region.bounds, "sha256": _hash(text)}
    return json.dumps(content, sort_keys=True)


def write_beside(recipe: Recipe[Target], file: Path) -> None:
    """Write the whole recipe beside the file where its tags have no room for it; else remove an older one.

    Raises:
        FileTrouble: It cannot be written.
    """
    beside = _beside(file)
    text = recipe.to_json()
    try:
        if len(text) <= LONGEST_TAG:
            beside.unlink(missing_ok=True)
            return
        part = beside.with_name(f"{beside.name}.part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, beside)  # noqa: PTH105 the one call that also replaces on Windows
    except OSError as problem:
        raise FileTrouble(
            _("The recipe {beside} cannot be written: {strerror}.", beside=beside, strerror=problem.strerror),
            _("The GeoTIFF itself is whole."),
        ) from problem


def read(file: Path) -> Recipe[Target]:
    """Read the recipe of a file that the plugin made.

    Raises:
        CsPlusError: It has none, or the one beside it is missing or belongs to another file.
        InvalidChoice: It is not a recipe that this plugin reads.
    """
    try:
        with QuietGdal():
            dataset = gdal.Open(str(file))
    except RuntimeError:  # where another plugin has switched GDAL's exceptions on
        dataset = None
    text = dataset.GetMetadataItem(TAG) if dataset is not None else None
    if not text:
        raise CsPlusError(
            _("{file} carries no recipe.", file=file), _("Choose a GeoTIFF that the plugin made.")
        )
    wanted = _wanted(text)
    if not wanted:
        return Recipe.from_json(text)
    beside = _beside(file)
    whole = beside.read_text(encoding="utf-8") if beside.is_file() else ""
    if _hash(whole) != wanted:
        raise CsPlusError(
            _(
                "The whole recipe of {name} is in {beside_name}, which is missing or of another file.",
                name=file.name,
                beside_name=beside.name,
            ),
            _("Put the two side by side again."),
        )
    return Recipe.from_json(whole)


def _wanted(text: str) -> str:
    """Give the hash that stands in the place of the area; empty where the recipe is whole."""
    try:
        return str(json.loads(text)["scenes"]["region"].get("sha256", ""))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return ""


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.csplus.json")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
