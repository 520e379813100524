"""The recipe in a file's tags, and beside it where the area is long."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.errors import CsPlusError, InvalidChoice
from csplus.csplus_plugin.layers import file_recipe
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsVectorLayer

from .conftest import JANUARY, Recorder, polygons


def circle(vertices: int) -> QgsVectorLayer:
    """A round area of so many vertices around the sample scenes' middle."""
    angles = [2 * math.pi * place / vertices for place in range(vertices)]
    ring = [f"{-119.91 + 0.008 * math.cos(a):.9f} {37.416 + 0.006 * math.sin(a):.9f}" for a in angles]
    return polygons(f"POLYGON(({', '.join([*ring, ring[0]])}))")


def run(context: QgsProcessingContext, feedback: Recorder, target: str, vertices: int) -> dict:
    values = {**JANUARY, "AREA": circle(vertices), "LIVE": False, "OUTPUT": target, "FORMAT": "COG"}
    return toolbox.run("csplus:cloudscore", values, context=context, feedback=feedback)


def test_a_short_recipe_is_in_the_tags(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    results = run(context, feedback, target, 20)
    assert file_recipe.read(Path(target)).to_json() == results["RECIPE"]
    assert [path.name for path in Path(target).parent.iterdir()] == ["clear.tif"]


def test_a_long_one_stands_beside_the_file(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    path = Path(target)
    results = run(context, feedback, target, 15_000)
    assert len(results["RECIPE"]) > 300_000
    assert path.stat().st_size < 200_000
    assert len(gdal.Open(target).GetMetadataItem("CSPLUS_RECIPE")) < file_recipe.LONGEST_TAG
    assert sorted(child.name for child in path.parent.iterdir()) == ["clear.tif", "clear.tif.csplus.json"]
    assert file_recipe.read(path).to_json() == results["RECIPE"]
    with pytest.raises(InvalidChoice, match="The area is not a polygon"):
        file_recipe.Recipe.from_json(gdal.Open(target).GetMetadataItem("CSPLUS_RECIPE"))
    beside = path.with_name("clear.tif.csplus.json")
    beside.write_text(beside.read_text().replace("0.6", "0.5"))
    with pytest.raises(CsPlusError, match="missing or of another file"):
        file_recipe.read(path)
    beside.unlink()
    with pytest.raises(CsPlusError, match="missing or of another file"):
        file_recipe.read(path)


def test_an_older_one_goes_with_its_file(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    run(context, feedback, target, 15_000)
    run(context, feedback, target, 20)
    assert [path.name for path in Path(target).parent.iterdir()] == ["clear.tif"]


def test_a_file_of_others_has_no_recipe(tmp_path: Path) -> None:
    path = tmp_path / "other.tif"
    gdal.GetDriverByName("GTiff").Create(str(path), 1, 1).FlushCache()
    for name in ("other.tif", "missing.tif"):
        with pytest.raises(CsPlusError, match="carries no recipe"):
            file_recipe.read(tmp_path / name)
