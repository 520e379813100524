"""Recipe -> parameters -> recipe: the dialog that is filled in from a layer makes the same again."""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from typing import Any

import pytest
from csplus.csplus_plugin.core import catalog
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.gap_filled import GapFilled
from csplus.csplus_plugin.core.targets.registry import TARGETS
from csplus.csplus_plugin.core.targets.target import ImageTarget
from csplus.csplus_plugin.processing.recipe_parameters import parameters_of
from csplus.csplus_plugin.processing.values import checked_values
from hypothesis import Phase, given
from osgeo import ogr
from qgis import processing as toolbox
from qgis.core import QgsApplication, QgsProcessingContext

from ..support import recipes
from ..support.examples import examples
from .conftest import JANUARY

OF_EACH = {
    "clearcomposite": recipes.composites(),
    "cloudscore": recipes.score_images(),
    "metrics": recipes.metric_images(),
    "clearobservations": recipes.observation_images(),
    "gapfilledcomposite": recipes.filled_images(),
    "change": recipes.changes(),
}
"""`clearscene` has no window in its parameters, so that it takes a run to get its recipe."""

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Made smaller, a failure would take minutes: each example is read by QGIS."""


def read_again(recipe: Recipe) -> Recipe:
    """Read the parameters as the algorithm does in a run."""
    context = QgsProcessingContext()
    algorithm = (
        QgsApplication.processingRegistry().algorithmById(f"csplus:{recipe.target.ALGORITHM}").create()
    )
    given = parameters_of(recipe)
    names = {definition.name() for definition in algorithm.parameterDefinitions()}
    # STYLE is no parameter of metrics, whose recipe has none; the switches of bands none of a change.
    unknown = {name: value for name, value in given.items() if name not in names}
    assert set(unknown) <= {"COUNT_BAND", "SCORE_BAND", "DATE_BAND"}, unknown
    assert not any(unknown.values())
    return algorithm._build_recipe(checked_values(algorithm, given, context), context)


def area(region: Region) -> ogr.Geometry:
    """The region as one shape; its parts may overlap."""
    body = region.geojson()
    parts = [body["coordinates"]] if body["type"] == "Polygon" else body["coordinates"]
    shapes = [
        ogr.CreateGeometryFromJson(json.dumps({"type": "Polygon", "coordinates": part})) for part in parts
    ]
    return functools.reduce(ogr.Geometry.Union, shapes)


def rounded(region: Region) -> Region:
    """To the nine decimals that areas are read with."""
    return Region(
        tuple(
            tuple(tuple((round(x, 9), round(y, 9)) for x, y in ring) for ring in polygon)
            for polygon in region.polygons
        )
    )


def as_made_by_a_run(recipe: Recipe) -> Recipe:
    """Fit a random recipe to what a run can make: a style, no single scenes, nothing left out."""
    kind = type(
        QgsApplication.processingRegistry().algorithmById(f"csplus:{recipe.target.ALGORITHM}").create()
    )
    target = recipe.target
    if isinstance(target, GapFilled):
        target = replace(target, skipped=())
    style = recipe.output.style or kind.STYLE
    scenes = replace(recipe.scenes, ids=(), region=rounded(recipe.scenes.region))
    return Recipe(scenes, target, replace(recipe.output, style=style))


@pytest.mark.parametrize("name", sorted(OF_EACH))
def test_the_recipe_comes_back(name: str) -> None:
    @examples(25, phases=PHASES)
    @given(OF_EACH[name])
    def check(drawn: Recipe) -> None:
        recipe = as_made_by_a_run(drawn)
        again = read_again(recipe)
        region = again.scenes.region
        assert replace(again.scenes, region=recipe.scenes.region) == recipe.scenes
        assert again.target == recipe.target
        assert again.output == recipe.output
        # Parts that overlap are one area afterwards, and QGIS chooses where their rings begin.
        assert area(region).SymDifference(area(recipe.scenes.region)).GetArea() < 1e-7
        if len(recipe.scenes.region.polygons) == 1:
            assert region == recipe.scenes.region

    check()


def test_every_image_target_is_covered() -> None:
    made = {name for name, target in TARGETS.items() if issubclass(target, ImageTarget)}
    assert made - set(OF_EACH) <= {"clearscene", "periodiccomposites", "openasset"}


@pytest.mark.parametrize(
    ("region", "name"),
    [
        (Region.from_bounds(179.5, -17.5, 180.25, -16.5), "AREA"),
        (Region.from_bounds(-179.5, -17.5, -178.25, -16.5), "EXTENT"),
        (Region.from_bounds(-0.5, 51, 0.5, 52), "EXTENT"),
    ],
)
def test_an_area_at_the_antimeridian_comes_back(region: Region, name: str) -> None:
    recipe = replace(recipes.SIMPLE, scenes=replace(recipes.JANUARY, region=region))
    given = parameters_of(recipe)
    assert {"AREA", "EXTENT"} & set(given) == {name}
    again = read_again(recipe).scenes.region
    assert again.bounds == region.bounds
    assert area(again).SymDifference(area(region)).GetArea() < 1e-12


def test_a_hole_comes_back() -> None:
    outer = ((10.0, 50.0), (11.0, 50.0), (11.0, 51.0), (10.0, 51.0), (10.0, 50.0))
    hole = ((10.4, 50.4), (10.4, 50.6), (10.6, 50.6), (10.6, 50.4), (10.4, 50.4))
    recipe = replace(recipes.SIMPLE, scenes=replace(recipes.JANUARY, region=Region(((outer, hole),))))
    given = parameters_of(recipe)
    assert "EXTENT" not in given
    again = read_again(recipe).scenes.region
    assert area(again).SymDifference(area(recipe.scenes.region)).GetArea() < 1e-12
    assert area(again).GetArea() == pytest.approx(1 - 0.04)


def test_a_crs_without_a_code_comes_back() -> None:
    wkt = QgsApplication.processingRegistry() and _without_code()
    recipe = replace(recipes.SIMPLE, output=replace(recipes.SIMPLE.output, crs=wkt, style="swir"))
    assert read_again(recipe).output.crs == wkt


def _without_code() -> str:
    from qgis.core import Qgis, QgsCoordinateReferenceSystem

    crs = QgsCoordinateReferenceSystem("PROJ:+proj=laea +lat_0=37 +lon_0=-120 +datum=WGS84 +units=m")
    return crs.toWkt(Qgis.CrsWktVariant.Wkt1Gdal)


def test_single_scenes_of_a_composite_are_refused() -> None:
    recipe = replace(recipes.SIMPLE, scenes=replace(recipes.JANUARY, ids=("20230105T184751_X",)))
    with pytest.raises(InvalidChoice, match="single scenes"):
        parameters_of(recipe)


def run(name: str, values: dict[str, Any], context: QgsProcessingContext) -> str:
    return toolbox.run(f"csplus:{name}", {**values, "LIVE": False}, context=context)["RECIPE"]


@pytest.mark.parametrize("asked", [{"DATE": "2023-01-26"}, {"SCENE": True}])
def test_a_single_look_comes_back_in_a_run(asked: dict[str, Any], context: QgsProcessingContext) -> None:
    area = {"EXTENT": JANUARY["EXTENT"], "THRESHOLD": 0.4, "BANDS": ["B4"], "INDICES": ["NDVI"]}
    first = run("clearscene", {**area, "START": "2023-01-01", "END": "2023-01-31"}, context)
    found = Recipe.from_json(first)
    if "SCENE" in asked:
        first = run("clearscene", {**area, "SCENE_ID": found.scenes.ids[0]}, context)
    given = parameters_of(Recipe.from_json(first))
    assert ("SCENE_ID" in given) == (len(Recipe.from_json(first).scenes.ids) == 1)
    assert run("clearscene", given, context) == first


def test_a_gap_filled_one_comes_back_in_a_run(context: QgsProcessingContext) -> None:
    first = run("gapfilledcomposite", {**JANUARY, "EXTEND_YEARS": 1}, context)
    recipe = Recipe.from_json(first)
    assert recipe.target.skipped  # the sample scenes are of one year
    assert run("gapfilledcomposite", parameters_of(recipe), context) == first


def test_every_style_of_the_catalogue_is_written_by_name() -> None:
    recipe = replace(recipes.SIMPLE, output=replace(recipes.SIMPLE.output, style="swir"))
    assert parameters_of(recipe)["STYLE"] in catalog.STYLES


def test_a_stored_composite_comes_back_as_its_asset_and_style() -> None:
    made = recipes.Recipe(
        recipes.JANUARY,
        recipes.stored(recipes.SIMPLE.target, "projects/p/assets/a"),
        replace(recipes.SIMPLE.output, style="swir"),
    )
    assert parameters_of(made) == {"ASSET": "projects/p/assets/a", "STYLE": "swir"}
