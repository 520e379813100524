"""The models at a shell: their outputs are there, and their files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from osgeo import gdal, ogr
from PIL import Image

from .conftest import JANUARY, PLACE, Process

MODELS = {
    "burnseverity": ["burned_areas", "change", "classes"],
    "parcelindex": ["statistics"],
    "seasonstack": ["seasons", "stack"],
    "waterextent": ["water"],
    "yearfilm": ["film"],
}
AREA = f"EXTENT={PLACE}"
WINDOW = [f"{name}={JANUARY[name]}" for name in ("START", "END")]


def made(process: Process, name: str, *values: str) -> dict:
    done = process("--json", "run", f"csplus:{name}", "--", *values)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["results"]


@pytest.mark.parametrize("name", MODELS)
def test_help_knows_the_destinations(process: Process, name: str) -> None:
    """A model that is loaded before the algorithms that it chains has lost them, and runs all the same."""
    done = process("--json", "help", f"csplus:{name}")
    found = json.loads(done.stdout)
    assert sorted(found["outputs"]) == MODELS[name]
    assert set(MODELS[name]) < set(found["parameters"])


def test_water_as_polygons(process: Process, tmp_path: Path) -> None:
    target = tmp_path / "water.gpkg"
    assert made(process, "waterextent", AREA, *WINDOW, f"water={target}") == {"water": str(target)}
    layer = ogr.Open(str(target))
    assert sum(feature["area_ha"] for feature in layer.GetLayer(0)) > 1


def test_burned_areas_with_their_table(process: Process, tmp_path: Path) -> None:
    values = ["BEFORE_START=2023-01-01", "BEFORE_END=2023-01-31", "START=2023-06-01", "END=2023-06-30"]
    files = {name: tmp_path / name for name in ("burned.gpkg", "change.tif", "classes.csv")}
    names = zip(MODELS["burnseverity"], files.values(), strict=True)
    made(process, "burnseverity", AREA, *values, *(f"{name}={file}" for name, file in names))
    polygons, classes = ogr.Open(str(files["burned.gpkg"])), ogr.Open(str(files["classes.csv"]))
    burned = sum(feature["area_ha"] for feature in polygons.GetLayer(0))
    counted = [row for row in classes.GetLayer(0) if int(row["class"]) > 3]
    assert burned == pytest.approx(sum(float(row["area_ha"]) for row in counted))
    assert burned > 1


def test_parcels_with_the_default_index(process: Process, tmp_path: Path) -> None:
    parcels, target = tmp_path / "parcels.geojson", tmp_path / "statistics.geojson"
    ring = [[-119.915, 37.411], [-119.911, 37.411], [-119.911, 37.414], [-119.915, 37.411]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    parcels.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    made(process, "parcelindex", f"PARCELS={parcels}", *WINDOW, f"statistics={target}")
    row = json.loads(target.read_text(encoding="utf-8"))["features"][0]["properties"]
    assert row["NDVI_count"] > 300
    assert -1 <= row["NDVI_min"] < row["NDVI_mean"] < row["NDVI_max"] <= 1


def test_seasons_with_the_default_bands(process: Process, tmp_path: Path) -> None:
    stack = tmp_path / "stack.tif"
    made(process, "seasonstack", AREA, "YEAR=2023", f"seasons={tmp_path / 'seasons'}", f"stack={stack}")
    dataset = gdal.Open(str(stack))
    assert dataset.RasterCount == 4 * 5
    assert len(list((tmp_path / "seasons").glob("*.tif"))) == 4


def test_a_film_of_a_year(process: Process, tmp_path: Path) -> None:
    target = tmp_path / "film.gif"
    made(process, "yearfilm", AREA, "YEAR=2023", "PERIOD=quarter", "WIDTH=200", f"film={target}")
    film = Image.open(target)
    assert (film.format, film.n_frames) == ("GIF", 4)


def test_a_mistake_in_a_step_is_a_sentence(process: Process, tmp_path: Path) -> None:
    done = process("run", "csplus:waterextent", "--", *WINDOW, f"water={tmp_path / 'water.gpkg'}")
    assert done.returncode == 1
    assert (
        "There is neither an extent nor an area. Choose one of the two, EXTENT or AREA."
        in done.stdout + done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(tmp_path.iterdir())
