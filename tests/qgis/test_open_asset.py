"""Composites that were exported to assets: drawn and downloaded from there as they would be from their recipes."""

from __future__ import annotations

import json
import math
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.grid import grid_for
from csplus.csplus_plugin.core.picture import picture
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.layers import minting, pixel
from csplus.csplus_plugin.layers.provenance import RECIPE_PROPERTY
from csplus.csplus_plugin.layers.swap import swap
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
)

from ..support.fake_service import Answer, FakeService, Seen, refusal
from ..support.recipes import POINT, REGION
from ..support.servers import ask
from .conftest import JANUARY, Recorder
from .test_export_composite import assert_same_file
from .test_renewal import url_of as drawn_by

ASSETS = "projects/csplus-sandbox/assets"
# Of one observation each, so that the numbers are stored as they are drawn: a median's halves are rounded.
CHOICES = {**JANUARY, "METHOD": "medoid", "BANDS": ["B4", "B3", "B2"], "COUNT_BAND": True}
Source = QgsProcessingModelChildParameterSource


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with start(exports=tmp_path / "exports") as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)
        yield running


@pytest.fixture
def run(service: Sandbox, context: QgsProcessingContext, feedback: Recorder) -> Callable[..., dict]:
    def with_values(algorithm: str, **values: object) -> dict:
        return toolbox.run(f"csplus:{algorithm}", values, context=context, feedback=feedback)

    return with_values


@pytest.fixture
def export(run: Callable[..., dict]) -> Callable[..., dict]:
    def with_values(**values: object) -> dict:
        given = {**CHOICES, "DESTINATION": "asset", "NAME": "x", "WAIT": True, **values}
        return run("exportcomposite", **given)

    return with_values


def tiles(tile_url: str) -> np.ndarray:
    """The tile of zoom 14 that holds the place, decoded by GDAL."""
    longitude, latitude = POINT
    column = int((longitude + 180) / 360 * 2**14)
    row = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * 2**14)
    content = urllib.request.urlopen(tile_url.format(z=14, x=column, y=row)).read()
    gdal.FileFromMemBuffer("/vsimem/tile", content)
    try:
        return gdal.Open("/vsimem/tile").ReadAsArray()
    finally:
        gdal.Unlink("/vsimem/tile")


def test_an_export_that_is_waited_for_is_drawn_like_the_composite(
    export: Callable, run: Callable, feedback: Recorder
) -> None:
    results = export()
    assert results["RESULTS"] == f"{ASSETS}/x"
    layer = results["LIVE_LAYER"]
    assert layer.isValid()
    made = Recipe.from_json(layer.customProperty(RECIPE_PROPERTY))
    assert (made.target.ALGORITHM, made.target.asset) == ("openasset", f"{ASSETS}/x")
    assert layer.metadata().abstract().startswith("Made by the Cloud Score+ sandbox")
    assert layer.temporalProperties().fixedTemporalRange().end().toString("yyyy-MM-dd") == "2023-01-31"
    assert any("csplus:openasset, as its ASSET" in line for line in feedback.said)
    composite = run("clearcomposite", **CHOICES)
    asset, computed = tiles(results["TILE_URL"]), tiles(composite["TILE_URL"])
    assert asset.shape == computed.shape
    assert len(np.unique(computed[0])) > 50
    # Pixels whose centre is in the area, on the map and on the grid alike; at its edge they may differ.
    differs = (asset != computed).any(axis=0)
    assert differs.mean() < 0.02

    client = minting.open_client(settings.connection())
    own = Recipe.from_json(composite["RECIPE"])
    grid, bands = grid_for(own.scenes.region, own.output).request(), ["vis-red", "vis-green", "vis-blue"]
    from_asset, from_scenes = (client.pixels(picture(one), grid, bands) for one in (made, own))
    for band in bands:
        np.testing.assert_array_equal(from_asset[band], from_scenes[band])
    place = pixel.pixel_at(own, *POINT)
    assert pixel.describe_pixel(made, place, client) == pixel.describe_pixel(own, place, client)


def test_a_median_differs_by_its_rounding_alone(export: Callable, run: Callable) -> None:
    export(METHOD="median")
    made = run("openasset", ASSET=f"{ASSETS}/x")
    composite = run("clearcomposite", **{**CHOICES, "METHOD": "median"})
    client = minting.open_client(settings.connection())
    own, stored = (Recipe.from_json(results["RECIPE"]) for results in (composite, made))
    grid = grid_for(own.scenes.region, own.output).request()
    for band in ("vis-red", "vis-green", "vis-blue"):
        values = [client.pixels(picture(one), grid, [band])[band].astype(int) for one in (own, stored)]
        assert abs(values[0] - values[1]).max() <= 1


def test_its_download_is_that_of_the_composite(
    export: Callable, run: Callable, target: str, tmp_path: Path
) -> None:
    export(INDICES=["NDVI"])
    script = tmp_path / "asset.py"
    results = run("openasset", ASSET=f"{ASSETS}/x", LIVE=False, OUTPUT=target, SCRIPT=str(script))
    other = str(tmp_path / "other.tif")
    run("clearcomposite", **{**CHOICES, "INDICES": ["NDVI"], "LIVE": False, "OUTPUT": other})
    ours, theirs = gdal.Open(other), gdal.Open(target)
    assert_same_file(ours, theirs)
    assert theirs.GetMetadataItem("CSPLUS_RECIPE") == results["RECIPE"]
    assert theirs.GetMetadataItem("CSPLUS_SCENE_COUNT") == ours.GetMetadataItem("CSPLUS_SCENE_COUNT")
    assert f'ee.Image("{ASSETS}/x")' in script.read_text(encoding="utf-8")
    assert results["REQUEST_COUNT"] == 3  # the asset, its scenes, its pixels
    assert results["SECONDS"] > 0
    assert results["RECEIVED_BYTES"] > 10_000


def test_its_live_layer_is_renewed(export: Callable, context: QgsProcessingContext, run: Callable) -> None:
    layer = export()["LIVE_LAYER"]
    context.temporaryLayerStore().takeMapLayer(layer)
    context.project().addMapLayer(layer)
    drawn = layer.source()
    swap(layer, drawn_by(layer).replace("/maps/", "/maps/0"), REGION)
    assert layer.source() != drawn
    assert run("refreshlivelayers") == {"RENEWED": 1, "FAILED": 0}
    assert layer.isValid()
    assert layer.source() == drawn  # the sandbox gives one picture one address


def test_periods_are_live_layers_of_one_group(export: Callable) -> None:
    results = export(END="2023-02-28", PERIOD="month")
    assert results["RESULTS"] == f"{ASSETS}/x_2023-01,{ASSETS}/x_2023-02"
    assert [layer.name() for layer in results["LIVE_LAYERS"]] == [
        "x_2023-01 (sandbox)",
        "x_2023-02 (sandbox)",
    ]


def test_without_live_nothing_is_loaded(export: Callable) -> None:
    results = export(LIVE=False)
    assert "LIVE_LAYER" not in results
    assert results["RESULTS"] == f"{ASSETS}/x"


def test_a_style_whose_bands_are_not_stored_gives_way(export: Callable, run: Callable) -> None:
    export(BANDS=["B8", "B4"], STYLE="swir")
    for style in ("score", None):
        made = Recipe.from_json(run("openasset", ASSET=f"{ASSETS}/x", STYLE=style)["RECIPE"])
        shown, bands = made.target.shown(made.scenes, made.output.style)
        assert (shown.label, bands) == ("Grey", ("B8",))


def test_an_area_too_long_for_a_property_is_drawn_by_its_bounds(
    export: Callable, run: Callable, service: Sandbox, target: str, tmp_path: Path
) -> None:
    corners = [
        (-119.91 + 0.008 * math.cos(angle), 37.416 + 0.005 * math.sin(angle))
        for angle in np.linspace(0, 2 * math.pi, 500)[:-1]
    ]
    ring = [[*corner] for corner in (*corners, corners[0])]
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    given = {**CHOICES, "EXTENT": None, "AREA": str(area)}
    export(**given)
    folder = service.exports / "assets" / ASSETS / "x"
    (place,) = [folder] if folder.is_dir() else (service.exports / "assets" / ASSETS).iterdir()
    assert "sha256" in json.loads((place / "properties.json").read_text())["properties"]["CSPLUS_RECIPE"]
    run("openasset", ASSET=f"{ASSETS}/x", LIVE=False, OUTPUT=target)
    other = str(tmp_path / "other.tif")
    run("clearcomposite", **{**given, "LIVE": False, "OUTPUT": other})
    whole, part = gdal.Open(target).ReadAsArray(), gdal.Open(other).ReadAsArray()
    left = [round(a - b) // 10 for a, b in zip(_corner(other), _corner(target), strict=True)]
    column, row = left[0], -left[1]
    inner = whole[:, row : row + part.shape[1], column : column + part.shape[2]]
    np.testing.assert_array_equal(inner, part)
    assert (whole[0] != 65535).sum() == (part[0] != 65535).sum() > 100


def _corner(file: str) -> tuple[float, float]:
    transform = gdal.Open(file).GetGeoTransform()
    return transform[0], transform[3]


@pytest.mark.parametrize("text", ["", "x", "users/me/x", "projects/p/assets/../x", "projects/p/assets/a b"])
def test_what_is_no_id_is_refused_before_anything_is_asked(
    run: Callable, feedback: Recorder, text: str
) -> None:
    with pytest.raises(QgsProcessingException):
        run("openasset", ASSET=text)
    assert not feedback.said


def test_an_asset_that_is_not_there_is_one_sentence(run: Callable) -> None:
    with pytest.raises(QgsProcessingException, match=r"does not exist.*\. Check the id, and whether"):
        run("openasset", ASSET=f"{ASSETS}/nothing")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.pop("properties"), "carries no recipe"),
        (lambda found: found["properties"].update(CSPLUS_RECIPE=7), "carries no recipe"),
        (lambda found: found["properties"].update(CSPLUS_RECIPE="{"), "is not a recipe"),
        (lambda found: found.update(bands=[{"id": "B4"}, 3]), "does not hold the bands"),
        (lambda found: found.pop("bands"), "does not hold the bands"),
        (
            lambda found: found["properties"].update(
                CSPLUS_RECIPE=found["properties"]["CSPLUS_RECIPE"]
                .replace("clearcomposite", "periodiccomposites")
                .replace('"percentile"', '"period": "month", "percentile"')
            ),
            "holds no composite",
        ),
    ],
)
def test_an_asset_of_somebody_else_is_refused(
    export: Callable,
    run: Callable,
    service: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict], Any],
    said: str,
) -> None:
    export()

    def respond(seen: Seen) -> Answer:
        status, headers, content = ask(service.url, seen.method, seen.path, seen.body or None)
        if seen.path.endswith("/assets/x"):
            found = json.loads(content)
            change(found)
            content = json.dumps(found).encode()
        return Answer(status, content, {"Content-Type": headers["content-type"]})

    with FakeService(respond=respond) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        with pytest.raises(QgsProcessingException, match=said):
            run("openasset", ASSET=f"{ASSETS}/x")


def test_an_export_that_cannot_be_drawn_has_not_failed(
    export: Callable, service: Sandbox, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond(seen: Seen) -> Answer:
        if "/maps" in seen.path:
            return refusal(400, "Too many notes.")
        status, headers, content = ask(service.url, seen.method, seen.path, seen.body or None)
        return Answer(status, content, {"Content-Type": headers["content-type"]})

    with FakeService(respond=respond) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        results = export()
    assert results["STATE"] == "SUCCEEDED"
    assert results["RESULTS"] == f"{ASSETS}/x"
    assert any("cannot be drawn" in line and "Too many notes" in line for line in feedback.warned)


def test_in_a_model_a_later_step_uses_the_asset(
    service: Sandbox, context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    model = QgsProcessingModelAlgorithm("batch", "tests")
    first = QgsProcessingModelChildAlgorithm("csplus:exportcomposite")
    first.setChildId("export")
    for name, value in {**CHOICES, "NAME": "x", "DESTINATION": "asset", "WAIT": True, "LIVE": False}.items():
        first.addParameterSources(name, [Source.fromStaticValue(value)])
    second = QgsProcessingModelChildAlgorithm("csplus:openasset")
    second.setChildId("open")
    second.addParameterSources("ASSET", [Source.fromChildOutput("export", "RESULTS")])
    second.addParameterSources("LIVE", [Source.fromStaticValue(False)])
    result = QgsProcessingModelOutput("file", "file")
    result.setChildId("open")
    result.setChildOutputName("OUTPUT")
    second.setModelOutputs({"file": result})
    for child in (first, second):
        model.addChildAlgorithm(child)
    (name,) = [definition.name() for definition in model.parameterDefinitions()]
    toolbox.run(model, {name: target}, context=context, feedback=feedback)
    other = str(Path(target).with_name("other.tif"))
    toolbox.run("csplus:clearcomposite", {**CHOICES, "LIVE": False, "OUTPUT": other}, context=context)
    assert_same_file(gdal.Open(other), gdal.Open(target))


def test_a_recipe_that_names_another_form_of_asset_is_refused() -> None:
    from csplus.csplus_plugin.core.errors import InvalidChoice

    from ..support import recipes

    made = Recipe(recipes.JANUARY, recipes.stored(recipes.SIMPLE.target, "projects/p/assets/a"))
    assert Recipe.from_json(made.to_json()) == made
    with pytest.raises(InvalidChoice, match="is not the id of an asset"):
        Recipe.from_json(made.to_json().replace("projects/p/assets/a", "projects/p/assets/../a"))
    with pytest.raises(InvalidChoice):
        replace(made.target, asset="")
