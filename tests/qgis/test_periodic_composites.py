"""Periodic composites in the toolbox, on the embedded sandbox's sample scenes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.periodic import Periodic
from csplus.csplus_plugin.layers import file_recipe
from csplus.csplus_plugin.layers.provenance import RECIPE_PROPERTY
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProject, QgsVectorLayer

from .conftest import PLACE, Recorder

ID = "csplus:periodiccomposites"
SPRING = {"EXTENT": PLACE, "START": "2023-01-10", "END": "2023-04-30"}
MONTHS = ["2023-01", "2023-02", "2023-03", "2023-04"]


def run(context: QgsProcessingContext, feedback: Recorder, **values: object) -> dict:
    return toolbox.run(ID, {**SPRING, "LIVE": False, **values}, context=context, feedback=feedback)


def sent(feedback: Recorder) -> int:
    (line,) = [line for line in feedback.said if line.endswith("to the service.")]
    return int(line.split()[0])


def test_each_file_is_that_of_a_single_run(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, target: str
) -> None:
    results = run(context, feedback, OUTPUT_FOLDER=str(tmp_path / "year"), COUNT_BAND=True)
    files = [Path(file) for file in results["FILES"]]
    assert [file.name for file in files] == [f"clearcomposite_{month}.tif" for month in MONTHS]
    assert sorted((tmp_path / "year").iterdir()) == files  # and nothing beside them
    assert (results["PERIOD_COUNT"], results["EMPTY_COUNT"]) == (4, 0)
    assert sent(feedback) == 1 + 4
    given = {"EXTENT": PLACE, "START": "2023-03-01", "END": "2023-03-31", "LIVE": False, "COUNT_BAND": True}
    single = toolbox.run(
        "csplus:clearcomposite", {**given, "OUTPUT": target}, context=context, feedback=Recorder()
    )
    np.testing.assert_array_equal(gdal.Open(target).ReadAsArray(), gdal.Open(str(files[2])).ReadAsArray())
    assert file_recipe.read(files[2]) == Recipe.from_json(single["RECIPE"])
    # The window's own month is cut off, and said so.
    assert "2023-01: the window holds 22 of its 31 days." in feedback.warned
    whole = Recipe.from_json(results["RECIPE"])
    assert isinstance(whole.target, Periodic)
    assert (whole.target.period, whole.scenes.start, whole.scenes.end) == (
        "month",
        date(2023, 1, 10),
        date(2023, 4, 30),
    )


def test_a_second_run_keeps_what_is_there(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    first = run(context, feedback, OUTPUT_FOLDER=str(tmp_path), TABLE="memory:")
    times = [Path(file).stat().st_mtime_ns for file in first["FILES"]]
    Path(first["FILES"][1]).unlink()
    Path(first["FILES"][2]).write_bytes(b"no GeoTIFF")
    again = Recorder()
    second = run(context, again, OUTPUT_FOLDER=str(tmp_path), TABLE="memory:")
    assert sent(again) == 1 + 2
    kept = [Path(file).stat().st_mtime_ns for file in second["FILES"]]
    assert [a == b for a, b in zip(times, kept, strict=True)] == [True, False, False, True]
    tables = [[f["clear_percent"] for f in results["TABLE"].getFeatures()] for results in (first, second)]
    assert tables[0] == tables[1]
    # Another threshold is another recipe, a COG another file.
    other = Recorder()
    run(context, other, OUTPUT_FOLDER=str(tmp_path), THRESHOLD=0.5)
    assert sent(other) == 1 + 4
    other = Recorder()
    run(context, other, OUTPUT_FOLDER=str(tmp_path), THRESHOLD=0.5, FORMAT="COG")
    assert sent(other) == 1 + 4
    other = Recorder()
    run(context, other, OUTPUT_FOLDER=str(tmp_path), THRESHOLD=0.5, FORMAT="COG", STYLE="false_color")
    assert sent(other) == 1


def test_the_table_has_a_row_for_each_period_with_the_empty_ones(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results = run(
        context, feedback, END="2023-01-31", PERIOD="days", PERIOD_DAYS=3, TABLE="memory:", LIVE=True
    )
    layer = results["TABLE"]
    assert isinstance(layer, QgsVectorLayer)
    rows = [
        dict(zip(layer.fields().names(), feature.attributes(), strict=True))
        for feature in layer.getFeatures()
    ]
    assert [row["period"] for row in rows] == [f"2023-01-{day}" for day in (10, 13, 16, 19, 22, 25, 28, 31)]
    assert sum(row["scenes"] for row in rows) == results["SCENE_COUNT"]
    empty = [row for row in rows if not row["days"]]
    assert len(empty) == results["EMPTY_COUNT"] > 0
    assert len(results["LIVE_LAYERS"]) == results["PERIOD_COUNT"] == len(rows) - len(empty)
    assert any("no composite" in line for line in feedback.warned)
    assert not rows[-1]["whole"]
    # One request for the scenes, and one for each layer.
    assert sent(feedback) == 1 + results["PERIOD_COUNT"]


def test_the_layers_are_one_group_in_time_with_the_newest_on_top(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    given = {**SPRING, "OUTPUT_FOLDER": str(tmp_path), "LIVE": True}
    toolbox.runAndLoadResults(ID, given, context=context, feedback=feedback)
    groups = {group.name(): group for group in QgsProject.instance().layerTreeRoot().findGroups()}
    title = "True colour by month 2023-01-10\N{EN DASH}04-30 (sandbox)"
    assert set(groups) == {title, f"{title}, files"}
    for group in groups.values():
        layers = [node.layer() for node in group.findLayers()]
        assert [layer.name().split()[2] for layer in layers] == MONTHS[::-1]
        for layer in layers:
            recipe = Recipe.from_json(layer.customProperty(RECIPE_PROPERTY))
            assert type(recipe.target) is Composite
            time = layer.temporalProperties()
            assert time.isActive()
            ends = (time.fixedTemporalRange().begin(), time.fixedTemporalRange().end())
            days = [moment.toUTC().toString("yyyy-MM-dd") for moment in ends]
            assert days == [recipe.scenes.start.isoformat(), recipe.scenes.end.isoformat()]
    assert list(tmp_path.glob("*.aux.xml")) == []


def test_months_leave_periods_out(context: QgsProcessingContext, feedback: Recorder) -> None:
    results = run(context, feedback, MONTHS="2,4", TABLE="memory:", LIVE=True)
    assert [feature["period"] for feature in results["TABLE"].getFeatures()] == ["2023-02", "2023-04"]


def test_a_script_makes_every_period(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    path = tmp_path / "series.py"
    run(context, feedback, SCRIPT=str(path))
    assert path.read_text().count("ee.batch.Export.image.toDrive(") == 4
    run(context, feedback, SCRIPT=str(tmp_path / "series.json"))
    assert isinstance(Recipe.from_json((tmp_path / "series.json").read_text()).target, Periodic)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"PERIOD": "fortnight"}, "fortnight"),
        ({"PERIOD": "days", "PERIOD_DAYS": 0}, "PERIOD_DAYS"),
        ({"MIN_OBSERVATIONS": 50}, "None of the 4 periods has enough usable scenes"),
        ({"OUTPUT_FOLDER": "/no/such/folder/at/all"}, "There is no folder"),
        ({"TABLE": "/no/such/folder/months.csv"}, "There is no folder"),
        ({"END": "2028-12-31", "PERIOD": "days", "PERIOD_DAYS": 1}, "more than 500 periods"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(context, feedback, **values)
