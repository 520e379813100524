"""Recipe -> the same image elsewhere: a script for the Code Editor or for Python, or the recipe itself.

Nothing of the recipe is spelt here a second time: the steps are printed from the expressions that `picture` and
`pixels` build, and the export says how the file is written. Tests run both scripts and compare the graphs.
Source: Earth Engine guide and REST reference, `Export.image.toDrive` and `GeoTiffImageExportOptions.noData`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from .bands import encoding
from .catalog import CITATION
from .errors import CsPlusError, InvalidChoice
from .export import edge
from .grid import grid_for
from .language import _, in_english
from .picture import picture, pixels
from .printing.languages import JAVASCRIPT, PYTHON, Language
from .printing.layout import WIDTH, Group, Text
from .printing.printer import Printer
from .scenes import geometry

if TYPE_CHECKING:
    from .recipe import Recipe
    from .targets.target import ImageTarget

_LANGUAGES = {".js": JAVASCRIPT, ".py": PYTHON}
ENDINGS = (*_LANGUAGES, ".json")

_MOST_PIXELS = "1e13"
_NOT_IN_A_DESCRIPTION = re.compile(r"[^A-Za-z0-9_-]+")


def check_ending(path: Path) -> None:
    """Refuse a file whose ending names no language.

    Raises:
        InvalidChoice: With the endings that do.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InvalidChoice(
            _("A script cannot be written as {name}.", name=path.name),
            _("Choose a name that ends in {endings}.", endings=", ".join(ENDINGS)),
        )


def write(recipe: Recipe[ImageTarget], path: Path, parts: Sequence[Recipe[ImageTarget]] = ()) -> None:
    """Write the script that the file's ending asks for.

    Args:
        recipe: What is made.
        path: Where to; its ending names the language.
        parts: The recipes of its images, where it makes several; one after the other in a script.

    Raises:
        CsPlusError: The file cannot be written, or the recipe's grid is impossible.
    """
    check_ending(path)
    ending = path.suffix.lower()
    each = [recipe] if ending == ".json" or not parts else parts
    text = "\n\n".join(render(one, ending) for one in each)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise CsPlusError(
            _("{path} cannot be written: {strerror}.", path=path, strerror=problem.strerror),
            _("Choose another file."),
        ) from problem


def render(recipe: Recipe[ImageTarget], ending: str) -> str:
    """Give the text of the script for `.js`, `.py` or `.json`."""
    if ending == ".json":
        return json.dumps(json.loads(recipe.to_json()), indent=2) + "\n"
    return _Script(recipe, _LANGUAGES[ending]).text()


class _Script:
    """One recipe in one language."""

    def __init__(self, recipe: Recipe[ImageTarget], language: Language) -> None:
        from .library import ee

        self.recipe, self.language = recipe, language
        with in_english():
            self.title = recipe.target.sentence(recipe.scenes)
        self.code = encoding(recipe.target.file_bands(recipe.scenes))
        self.grid = grid_for(recipe.scenes.region, recipe.output)
        self.region = geometry(recipe.scenes.region)
        self.picture, self.pixels, self.outline = picture(recipe), pixels(recipe), edge(self.grid)
        signatures = ee.ApiFunction.allSignatures()
        announced = (self.region, self.picture, self.pixels, self.outline)
        self.printer = Printer(language, signatures, *announced)

    def text(self) -> str:
        """Write it: what it is, the steps to the picture, the map, the steps to the file, the export."""
        shown = self._map() if self.language is JAVASCRIPT else self._picture()
        lines = [*self._head(), *shown, "", *self._export()]
        most = "\n" * (self.language.apart + 1)
        return re.sub(rf"{most}\n+", most, "\n".join(lines)).strip() + "\n"

    def _head(self) -> list[str]:
        scenes = self.recipe.scenes
        lines = self.language.comments(
            f"{self.title}, {scenes.start} to {scenes.end} (last day included).\n"
            "Made by Cloud Score+ for QGIS from this recipe:\n"
            f"{self.recipe.to_json()}\n"
            f"{fill(CITATION, WIDTH)}"
        )
        if self.language is PYTHON:
            lines += ["", "import ee", "", "ee.Initialize()"]
        return [*lines, ""]

    def _map(self) -> list[str]:
        """Show the picture as the Code Editor does: an image, and how to colour it."""
        region = self.printer.let("region", self.region)
        image, view = self.printer.call(self.picture)
        steps = self.printer.lines()
        title = self.language.literal(self.title)
        centre = self._statement(self.language.call("Map.centerObject", [region], {}))
        layer = self._statement(self.language.call("Map.addLayer", [image, view, title], {}))
        return [*steps, "", centre, layer]

    def _picture(self) -> list[str]:
        self.printer.let("region", self.region)
        self.printer.let(
            "picture", self.picture, "The picture, as RGB of 8 bits: geemap shows it, for example."
        )
        return self.printer.lines()

    def _export(self) -> list[str]:
        note = f"The file: {self.code.dtype}, {self.code.nodata:g} where nothing is known."
        image = self.printer.let("pixels", self.pixels, note, suffix="of_file")
        outline = self.printer.let(
            "outline", self.outline, "Whole pixels, on the grid of the plugin's own downloads."
        )
        quoted = self.language.literal
        size, left, top = self.grid.resolution, self.grid.left, self.grid.top
        transform = Group("[", tuple(map(quoted, (size, 0, left, 0, -size, top))), "]")
        options: dict[str, Text] = {
            "image": image,
            "description": quoted(self._description()),
            "region": outline,
            "crs": quoted(self.grid.crs),
            "crsTransform": transform,
            "maxPixels": _MOST_PIXELS,
            "fileFormat": quoted("GeoTIFF"),
            "formatOptions": self.language.dictionary({"noData": quoted(self.code.nodata)}),
        }
        steps = self.printer.lines()
        if self.language is JAVASCRIPT:
            return [*steps, self._statement(self.language.call("Export.image.toDrive", [], options))]
        task = self.language.call("ee.batch.Export.image.toDrive", [], options)
        start = ["# Into your Google Drive; without the next line nothing is exported.", "task.start()"]
        return [*steps, self._statement(task, "task = "), *start]

    def _description(self) -> str:
        scenes = self.recipe.scenes
        text = f"{self.recipe.target.ALGORITHM}_{scenes.start}_{scenes.end}"
        return _NOT_IN_A_DESCRIPTION.sub("_", text)

    def _statement(self, text: Text, before: str = "") -> str:
        return self.language.layout.render(text, before, after=self.language.end)
