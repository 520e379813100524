"""The printed scripts where a user runs them: the Code Editor's in Node, Python's up to the exported file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from csplus.csplus_plugin.core import catalog, script
from csplus.csplus_plugin.core.bands import encoding
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.grid import grid_for
from csplus.csplus_plugin.core.methods import SINGLE
from csplus.csplus_plugin.core.picture import picture, pixels
from csplus.csplus_plugin.core.printing.languages import JAVASCRIPT
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.scenes import geometry
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.download.download import download
from csplus.csplus_plugin.download.layout import Layout
from csplus.csplus_plugin.download.plan import plan
from csplus.csplus_plugin.earthengine.client import Client, encoded
from csplus.csplus_plugin.earthengine.session import Connection, session_for
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from hypothesis import Phase, given
from osgeo import gdal

from ...support.examples import examples
from ...support.expressions import EXPRESSIONS, printed
from ...support.graphs import graph, without_references
from ...support.recipes import JANUARY, POINT, SIMPLE, recipes
from ...support.servers import official_client
from ...support.turnstile import until

NODE = Path(__file__).resolve().parents[2] / "javascript"
WITHOUT_NODE = "CSPLUS_TESTS_WITHOUT_NODE"
DRAWN, FEWEST = 300, 60

# Ten pixels around the point of the dataset page, which every sample scene over it covers.
WEST, SOUTH = POINT[0] - 0.0006, POINT[1] - 0.0005
AROUND = Scenes(
    Region.from_bounds(WEST, SOUTH, WEST + 0.0012, SOUTH + 0.001), date(2023, 1, 1), date(2023, 1, 31)
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with start(exports=tmp_path_factory.mktemp("exports")) as running:
        yield running


def in_node(sandbox: Sandbox, scripts: list[str]) -> list[dict[str, Any]]:
    """Run scripts in one process with the official client; give what each shows and exports."""
    if os.environ.get(WITHOUT_NODE):
        pytest.skip(f"{WITHOUT_NODE} is set: this machine has no Node")
    node = shutil.which("node")
    assert node, "Node is missing: make setup installs it"
    assert (NODE / "node_modules").is_dir(), "The JavaScript client is missing: make setup installs it"
    done = subprocess.run(
        [node, str(NODE / "run_scripts.js"), sandbox.url],
        input=json.dumps(scripts),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def every_choice() -> list[Recipe]:
    """One recipe for each value of each choice, the others as by default."""
    scenes = [
        *(replace(JANUARY, unscored_policy=policy) for policy in catalog.UNSCORED_POLICIES),
        replace(JANUARY, months=(12, 1)),
        replace(JANUARY, max_scene_cloud=40.5),
        replace(JANUARY, orbit=113),
        replace(JANUARY, tiles=("11SKB", "10SGG")),
        replace(JANUARY, dilate=50, unscored_policy="scl"),
        replace(JANUARY, edge_trim=500),
        replace(JANUARY, also_mask=("snow", "water"), unscored_policy="keep"),
        replace(JANUARY, ids=("20230105T184751_20230105T184746_T11SKB",)),
        replace(JANUARY, clip=False, product="L1C", qa_band="cs"),
    ]
    targets = [
        *(
            Composite(method=method, target_date=date(2023, 1, 9), indices=("NDVI",), score_band=True)
            for method in catalog.METHODS
        ),
        *(
            Composite(method=method, indices=("NDVI",), date_band=True, target_date=date(2023, 1, 9))
            for method in SINGLE
        ),
        Composite(indices=("NDVI", "EVI"), indices_from="scenes"),
        Composite(method="medoid", bands=("B11",), indices=("NDVI", "SAVI", "BAI"), count_band=True),
        Composite(min_observations=3),
        *(Score(statistic) for statistic in catalog.STATISTICS),
    ]
    styles = [style for style in catalog.STYLES if style != "index"]
    return [
        *(Recipe(chosen, Composite(method="best")) for chosen in scenes),
        *(Recipe(JANUARY, target) for target in targets),
        *(Recipe(JANUARY, Composite(), Output(style=style)) for style in styles),
        Recipe(JANUARY, Composite(indices=("EVI",)), Output(style="index", crs="EPSG:3857")),
    ]


def random_recipes() -> list[Recipe]:
    made: list[Recipe] = []

    @given(recipes())
    @examples(DRAWN, phases=[Phase.generate])
    def draw(recipe: Recipe) -> None:
        try:
            grid_for(recipe.scenes.region, recipe.output)
        except InvalidChoice:
            return
        made.append(recipe)

    draw()
    return made


def test_the_javascript_is_the_plugins_own_expression(sandbox: Sandbox) -> None:
    tried = [*every_choice(), *random_recipes()]
    assert len(tried) > FEWEST
    results = in_node(sandbox, [script.render(recipe, ".js") for recipe in tried])
    for recipe, result in zip(tried, results, strict=True):
        assert "problem" not in result, f"{result}\n{script.render(recipe, '.js')}"
        (layer,), (export,), (centre,) = result["layers"], result["exports"], result["centres"]
        assert without_references(layer["image"]) == graph(picture(recipe)), recipe.to_json()
        assert without_references(export["image"]) == graph(pixels(recipe)), recipe.to_json()
        assert without_references(centre) == graph(geometry(recipe.scenes.region))
        grid, code = (
            grid_for(recipe.scenes.region, recipe.output),
            encoding(recipe.target.file_bands(recipe.scenes)),
        )
        size = grid.resolution
        assert (export["crs"], export["crsTransform"]) == (grid.crs, [size, 0, grid.left, 0, -size, grid.top])
        assert export["formatOptions"] == {"noData": code.nodata}


def test_other_expressions_are_the_same_in_javascript(sandbox: Sandbox) -> None:
    import ee

    built = {name: build(ee) for name, build in EXPRESSIONS.items()}
    scripts = [f"{printed(ee, expression, JAVASCRIPT)}\nprint(result);" for expression in built.values()]
    results = in_node(sandbox, scripts)
    for (name, expression), text, result in zip(built.items(), scripts, results, strict=True):
        assert "problem" not in result, f"{name}: {result}\n{text}"
        assert without_references(result["printed"][0]) == graph(expression), f"{name}:\n{text}"


def test_an_unlike_script_is_told_apart(sandbox: Sandbox) -> None:
    text = script.render(SIMPLE, ".js").replace("gte(0.6)", "gt(0.6)")
    (result,) = in_node(sandbox, [text])
    assert without_references(result["layers"][0]["image"]) != graph(picture(SIMPLE))


def exported(recipe: Recipe, sandbox: Sandbox) -> Path:
    """Run the Python script as it is, with the official client at the sandbox, until its file is there."""
    names: dict[str, Any] = {}
    with official_client(sandbox.url) as ee, pytest.MonkeyPatch.context() as patch:
        patch.setattr(ee, "Initialize", lambda: None)  # it is, with the sandbox's address
        exec(script.render(recipe, ".py"), names)
        task = names["task"]
        until(lambda: task.status()["state"] in ("COMPLETED", "FAILED"))
        status = task.status()
    assert status["state"] == "COMPLETED", status
    (address,) = status["destination_uris"]
    return Path(unquote(urlsplit(address).path))


def downloaded(recipe: Recipe, sandbox: Sandbox, path: Path) -> Path:
    """The plugin's own file of a recipe."""
    bands = recipe.target.file_bands(recipe.scenes)
    tiles = plan(grid_for(recipe.scenes.region, recipe.output), len(bands), encoding(bands).item_size, None)
    layout = Layout(grid=tiles.grid, bands=bands, encoding=encoding(bands), tags={})
    download(
        Client(session_for(Connection(endpoint=sandbox.url))), encoded(pixels(recipe)), tiles, layout, path
    )
    return path


@pytest.mark.parametrize(
    ("recipe", "dtype", "nodata"),
    [
        (Recipe(AROUND, Composite()), gdal.GDT_UInt16, 65535),
        (Recipe(AROUND, Composite(method="medoid", indices=("NDVI",))), gdal.GDT_Float32, -9999),
        (Recipe(replace(AROUND, clip=False), Score()), gdal.GDT_Float32, -9999),
        (
            Recipe(AROUND, Composite(count_band=True), Output(crs="EPSG:4326", resolution=1e-4)),
            gdal.GDT_UInt16,
            65535,
        ),
    ],
    ids=["digital numbers", "decimals", "score", "degrees"],
)
def test_the_exported_file_is_the_plugins_own(
    recipe: Recipe, dtype: int, nodata: float, sandbox: Sandbox, tmp_path: Path
) -> None:
    ours = gdal.Open(str(downloaded(recipe, sandbox, tmp_path / "ours.tif")))
    theirs = gdal.Open(str(exported(recipe, sandbox)))
    assert theirs.RasterCount == ours.RasterCount
    np.testing.assert_allclose(theirs.GetGeoTransform(), ours.GetGeoTransform(), rtol=0, atol=1e-9)
    for number in range(1, ours.RasterCount + 1):
        band, own = theirs.GetRasterBand(number), ours.GetRasterBand(number)
        assert (band.DataType, band.GetNoDataValue()) == (dtype, nodata)
        assert (own.DataType, own.GetNoDataValue()) == (dtype, nodata)
        np.testing.assert_array_equal(band.ReadAsArray(), own.ReadAsArray())
        # Nodata is no value: what a user's software takes the mean of is what is known.
        assert band.ComputeStatistics(False) == own.ComputeStatistics(False)


def test_some_pixels_of_the_compared_files_are_nodata(sandbox: Sandbox) -> None:
    file = gdal.Open(str(exported(Recipe(AROUND, Composite()), sandbox)))
    values = file.ReadAsArray()
    assert (values == file.GetRasterBand(1).GetNoDataValue()).any()
    assert (values != file.GetRasterBand(1).GetNoDataValue()).any()
