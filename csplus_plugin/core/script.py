"""Recipe -> the same composite elsewhere: Code Editor JavaScript, a Python script, or the recipe itself.

The two languages spell the Earth Engine API almost alike, so one text is written in a spelling of its own and each
language says how it spells the rest. A test runs the Python script and compares its pixels with the plugin's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from . import indices
from .bands import DIGITAL_NUMBERS, encoding
from .catalog import CITATION, COUNT_BAND, OCCLUDED_SCL_CLASSES, PRODUCTS, REFLECTANCE_SCALE, SCORES_ID
from .errors import CsPlusError, InvalidChoice
from .grid import home_crs
from .methods import WHOLE

_DAY = "86400000"
_MONTHS_OF_YEAR = 12
_ALL_CLOUD = 100


@dataclass(frozen=True)
class _Language:
    """How a language spells what the two do not share."""

    comment: str
    declare: str
    end: str
    words: dict[str, str]
    indent: str

    def literal(self, value: Any) -> str:
        """Write a constant."""
        text = json.dumps(value)
        return self.words.get(text, text)

    def let(self, name: str, value: str) -> str:
        """Bind a name for the first time."""
        return f"{self.declare}{name} = {value}{self.end}"

    def set(self, name: str, value: str) -> str:
        """Bind a name again."""
        return f"{name} = {value}{self.end}"

    def function(self, name: str, argument: str, body: Iterable[str], result: str) -> list[str]:
        """Define a function of one argument."""
        lines = [*body, f"return {result}{self.end}"]
        if self.declare:
            return [
                f"var {name} = function({argument}) {{",
                *(self.indent + line for line in lines),
                "};",
            ]
        return ["", "", f"def {name}({argument}):", *(self.indent + line for line in lines), "", ""]


_JAVASCRIPT = _Language("// ", "var ", ";", {}, "  ")
_PYTHON = _Language("# ", "", "", {"true": "True", "false": "False", "null": "None"}, "    ")
_NAMES = {".js": ("and", "or"), ".py": ("And", "Or")}
ENDINGS = (".js", ".py", ".json")


def check_ending(path: Path) -> None:
    """Refuse a file whose ending names no language.

    Raises:
        InvalidChoice: With the endings that do.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InvalidChoice(
            f"A script cannot be written as {path.name}.", f"Choose a name that ends in {', '.join(ENDINGS)}."
        )


def write(recipe: Any, path: Path) -> None:
    """Write the script that the file's ending asks for.

    Raises:
        CsPlusError: The file cannot be written.
    """
    check_ending(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(render(recipe, path.suffix.lower()), encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise CsPlusError(
            f"{path} cannot be written: {problem.strerror}.", "Choose another file."
        ) from problem


def render(recipe: Any, ending: str) -> str:
    """Give the text of the script for `.js`, `.py` or `.json`."""
    if ending == ".json":
        return json.dumps(json.loads(recipe.to_json()), indent=2) + "\n"
    language = _JAVASCRIPT if ending == ".js" else _PYTHON
    writer = _Writer(recipe, language, *_NAMES[ending])
    lines = writer.head() + writer.scenes() + writer.masking() + writer.composite() + writer.tail()
    return "\n".join(lines).replace("\n\n\n\n", "\n\n\n").strip() + "\n"


class _Writer:
    """Writes one recipe in one language, part by part."""

    def __init__(self, recipe: Any, language: _Language, conjunction: str, disjunction: str) -> None:
        self.recipe, self.language = recipe, language
        self.conjunction, self.disjunction = conjunction, disjunction
        _, shown = recipe.target.shown(recipe.scenes, recipe.output.style)
        self.shown = list(shown)
        self.filed = [band.name for band in recipe.target.file_bands(recipe.scenes)]
        self.bands = recipe.target.spectral(recipe.scenes, [*self.shown, *self.filed])

    def head(self) -> list[str]:
        scenes = self.recipe.scenes
        comment = self.language.comment
        lines = [
            f"{comment}Clear Sentinel-2 composite, {scenes.start} to {scenes.end} (last day included).",
            f"{comment}Made by Cloud Score+ for QGIS from this recipe:",
            f"{comment}{self.recipe.to_json()}",
            f"{comment}{CITATION}",
        ]
        if self.language is _PYTHON:
            lines += ["import ee", "", "ee.Initialize()"]
        return [*lines, ""]

    def scenes(self) -> list[str]:
        recipe, of = self.recipe.scenes, self.language.literal
        let, put = self.language.let, self.language.set
        collection = of(PRODUCTS[recipe.product].collection)
        first, after = of(recipe.start.isoformat()), of((recipe.end + timedelta(days=1)).isoformat())
        lines = [
            let("region", f"ee.Geometry({of(recipe.region.geojson())}, {of(None)}, {of(False)})"),
            let("scores", f"ee.ImageCollection({of(SCORES_ID)})"),
            let(
                "scenes",
                f"ee.ImageCollection({collection}).filterBounds(region).filterDate({first}, {after})",
            ),
        ]
        months = sorted(set(recipe.months))
        if months and len(months) < _MONTHS_OF_YEAR:
            ranges = ", ".join(f'ee.Filter.calendarRange({month}, {month}, "month")' for month in months)
            lines.append(put("scenes", f"scenes.filter(ee.Filter.{self.disjunction}({ranges}))"))
        if recipe.max_scene_cloud < _ALL_CLOUD:
            limit = f'ee.Filter.lte("CLOUDY_PIXEL_PERCENTAGE", {of(recipe.max_scene_cloud)})'
            lines.append(put("scenes", f"scenes.filter({limit})"))
        if recipe.orbit is not None:
            lines.append(
                put("scenes", f'scenes.filter(ee.Filter.eq("SENSING_ORBIT_NUMBER", {recipe.orbit}))')
            )
        if recipe.tiles:
            lines.append(
                put("scenes", f'scenes.filter(ee.Filter.inList("MGRS_TILE", {of(list(recipe.tiles))}))')
            )
        return [*lines, ""]

    def masking(self) -> list[str]:
        recipe, of = self.recipe.scenes, self.language.literal
        let, put = self.language.let, self.language.set
        score = of(recipe.qa_band)
        finish = []
        if recipe.dilate:
            grown = f'clear.focalMin({of(recipe.dilate)}, "circle", "meters")'
            finish.append(put("clear", f"clear.{self.conjunction}({grown})"))
        finish.append(let("kept", f"image.select({of([*self.bands, recipe.qa_band])}).updateMask(clear)"))
        if recipe.edge_trim:
            finish.append(put("kept", f"kept.clip(image.geometry().buffer({of(-recipe.edge_trim)}, 1))"))
        if self.recipe.target.method in WHOLE:
            finish.append(put("kept", "kept.updateMask(kept.mask().reduce(ee.Reducer.min()))"))
        clear = [let("clear", f"image.select({score}).gte({of(recipe.threshold)})"), *finish]
        lines = self.language.function("keep_clear", "image", clear, "kept")
        if recipe.unscored_policy in ("drop", "fail"):
            lines.append(let("clear", f"scenes.linkCollection(scores, [{score}]).map(keep_clear)"))
            return [*lines, ""]
        valid = f"image.select({of(self.bands[0])}).mask()"
        stand_in = f"ee.Image.constant({of(recipe.threshold)}).toFloat().rename({score}).updateMask({valid})"
        occluded = list(OCCLUDED_SCL_CLASSES)
        by_class = f'image.select("SCL").remap({of(occluded)}, {of([0] * len(occluded))}, 1)'
        rule = by_class if recipe.unscored_policy == "scl" else f"{valid}.gt(0)"
        body = [put("image", f"image.addBands({stand_in})"), let("clear", rule), *finish]
        lines += self.language.function("keep_unscored", "image", body, "kept")
        first, after = recipe.start.isoformat(), (recipe.end + timedelta(days=1)).isoformat()
        index = of("system:index")
        equals = f"ee.Filter.equals({index}, {of(None)}, {index})"
        return [
            *lines,
            let("near", f"scores.filterBounds(region).filterDate({of(first)}, {of(after)})"),
            let("scored", f"ee.ImageCollection(ee.Join.simple().apply(scenes, near, {equals}))"),
            let("unscored", f"ee.ImageCollection(ee.Join.inverted().apply(scenes, near, {equals}))"),
            let("clear", f"scored.linkCollection(scores, [{score}]).map(keep_clear)"),
            put("clear", "clear.merge(unscored.map(keep_unscored))"),
            "",
        ]

    def composite(self) -> list[str]:
        choices, of = self.recipe.target, self.language.literal
        let, put = self.language.let, self.language.set
        names = [*self.bands, self.recipe.scenes.qa_band]
        lines = [*self._method(names)]
        for name in choices.indices:
            index = indices.find(name)
            bands = [
                f"{of(symbol)}: reflectance.select({of(band)})" for symbol, band in index.variables.items()
            ]
            constants = [f"{of(symbol)}: {of(value)}" for symbol, value in index.constants.items()]
            values = ", ".join([*bands, *constants])
            formula = f"reflectance.expression({of(index.formula)}, {{{values}}})"
            lines += [
                let(
                    "reflectance",
                    f"composite.select({of(list(index.bands))}).multiply({REFLECTANCE_SCALE})",
                ),
                put("composite", f"composite.addBands({formula}.rename({of(name)}).toFloat())"),
            ]
        if choices.min_observations > 1 or COUNT_BAND in (*self.shown, *self.filed):
            number = f'ee.Number(image.get("system:time_start")).divide({_DAY}).floor()'
            mask = f"image.select({of(self.bands[0])}).mask()"
            lines += self.language.function(
                "day_of", "image", [], f"ee.Image.constant({number}).updateMask({mask})"
            )
            days = f"clear.map(day_of).reduce(ee.Reducer.countDistinct()).rename([{of(COUNT_BAND)}])"
            lines += [
                let("count", f"{days}.unmask(0, {of(False)})"),
                put(
                    "composite",
                    f"composite.updateMask(count.gte({choices.min_observations})).addBands(count)",
                ),
            ]
        if self.recipe.scenes.clip:
            lines.append(put("composite", "composite.clip(region)"))
        return [*lines, ""]

    def _method(self, names: list[str]) -> list[str]:
        choices, of = self.recipe.target, self.language.literal
        let, put = self.language.let, self.language.set
        score = of(self.recipe.scenes.qa_band)
        chosen = f"clear.select({of(names)})"
        simple = {
            "median": f"{chosen}.median()",
            "mean": f"{chosen}.mean()",
            "min": f"{chosen}.min()",
            "max": f"{chosen}.max()",
            "percentile": f"{chosen}.reduce(ee.Reducer.percentile([{of(choices.percentile)}])).rename({of(names)})",
            "best": f"clear.qualityMosaic({score}).select({of(names)})",
            "latest": f'clear.sort("system:time_start").mosaic().select({of(names)})',
        }
        if choices.method in simple:
            return [let("composite", simple[choices.method])]
        if choices.method == "weighted":
            product = f"image.select({of(names)}).multiply(image.select({score}))"
            return [
                *self.language.function("weigh", "image", [], product),
                let("total", f"clear.select([{score}]).sum()"),
                let("composite", "clear.map(weigh).sum().divide(total).updateMask(total.gt(0))"),
            ]
        axes = of(list(choices.bands) or self.bands)
        body = [
            let("offset", f"image.select({axes}).subtract(centre)"),
            let("distance", "offset.multiply(offset).reduce(ee.Reducer.sum())"),
        ]
        nearness = 'image.addBands(distance.multiply(-1).rename("nearness"))'
        return [
            let("centre", f"clear.select({axes}).median()"),
            *self.language.function("add_nearness", "image", body, nearness),
            let("composite", "clear.map(add_nearness)"),
            put("composite", f'composite.qualityMosaic("nearness").select({of(names)})'),
        ]

    def tail(self) -> list[str]:
        of, let, recipe = self.language.literal, self.language.let, self.recipe
        code = encoding(recipe.target.file_bands(recipe.scenes))
        cast = f"round().min({of(code.highest)}).toUint16()" if code is DIGITAL_NUMBERS else "toFloat()"
        style, _ = recipe.target.shown(recipe.scenes, recipe.output.style)
        view: dict[str, Any] = {"bands": self.shown, "min": style.minimum, "max": style.maximum}
        if style.palette:
            view["palette"] = list(style.palette)
        crs = recipe.output.crs or home_crs(recipe.scenes.region)
        size = recipe.output.resolution
        lines = [
            f"{self.language.comment}One type, nodata {code.nodata:g} where nothing is known.",
            let("image", f"composite.select({of(self.filed)}).{cast}.unmask({of(code.nodata)}, {of(False)})"),
            let("view", self.language.literal(view)),
        ]
        task = {
            "description": "clear_composite",
            "crs": crs,
            "crsTransform": [size, 0, 0, 0, -size, 0],
            "maxPixels": 10**10,
        }
        if self.language is _JAVASCRIPT:
            options = ", ".join(f"{key}: {of(value)}" for key, value in task.items())
            return [
                *lines,
                "Map.centerObject(region);",
                'Map.addLayer(composite, view, "Clear composite");',
                f"Export.image.toDrive({{image: image, region: region, {options}}});",
            ]
        options = ", ".join(f"{key}={of(value)}" for key, value in task.items())
        return [
            *lines,
            f"task = ee.batch.Export.image.toDrive(image=image, region=region, {options})",
            "# task.start()",
        ]
