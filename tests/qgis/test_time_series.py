"""Time series in the toolbox, on the embedded sandbox's sample scenes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.session import close_sessions
from qgis import processing as toolbox
from qgis.core import (
    QgsFeature,
    QgsField,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterFeatureSource,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QMetaType

from ..support.archives import L2A, SCORES, write_scene
from .conftest import Recorder

ID = "csplus:timeseries"
WINDOW = {"START": "2023-01-01", "END": "2023-02-28"}
FIELDS = {
    "north": "POLYGON((-119.915 37.415,-119.913 37.415,-119.913 37.417,-119.915 37.417,-119.915 37.415))",
    "south": "POLYGON((-119.906 37.408,-119.905 37.408,-119.905 37.410,-119.906 37.410,-119.906 37.408))",
    "far": "POLYGON((-119.80 37.60,-119.799 37.60,-119.799 37.601,-119.80 37.60))",
}


def parcels(shapes: dict[str, str] = FIELDS, kind: str = "Polygon") -> QgsVectorLayer:
    layer = QgsVectorLayer(f"{kind}?crs=EPSG:4326", "parcels", "memory")
    layer.dataProvider().addAttributes([QgsField("name", QMetaType.Type.QString)])
    layer.updateFields()
    features = []
    for name, text in shapes.items():
        feature = QgsFeature(layer.fields())
        feature.setAttribute("name", name)
        if text:
            feature.setGeometry(QgsGeometry.fromWkt(text))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


def run(context: QgsProcessingContext, feedback: Recorder, **values: Any) -> dict[str, Any]:
    given = {**WINDOW, "ID_FIELD": "name", **values}
    return toolbox.run(ID, given, context=context, feedback=feedback)


def rows(results: dict[str, Any], context: QgsProcessingContext) -> list[dict[str, Any]]:
    written = results["TABLE"]
    layer = QgsVectorLayer(written) if isinstance(written, str) else written
    return [feature.attributeMap() for feature in layer.getFeatures()]


def test_rows_of_each_field(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    given = {
        "FEATURES": parcels(),
        "TABLE": str(tmp_path / "series.gpkg"),
        "BANDS": "B8",
        "STATISTICS": "mean,max",
    }
    results = run(context, feedback, **given, MIN_CLEAR=0.4)
    found = rows(results, context)
    assert len(found) == results["ROW_COUNT"]
    assert {row["feature"] for row in found} == set(FIELDS)
    (far,) = (row for row in found if row["feature"] == "far")
    assert (far["note"], far["NDVI_mean"]) == ("never seen with a score", None)
    for row in found:
        if row["feature"] != "far":
            assert 0.4 <= row["clear_share"] <= 1
            assert 0 < row["B8_mean"] <= row["B8_max"] < 1
            assert -1 < row["NDVI_mean"] < 1
            assert row["score"] > 0
    north = [row["day"] for row in found if row["feature"] == "north"]
    assert len(north) > 3
    assert north == sorted(set(north), key=north.index) == sorted(north)
    assert results["SCENE_COUNT"] > len(north)


def test_every_look_is_a_row_with_the_least_share_of_0(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results = run(context, feedback, FEATURES=parcels(), TABLE="memory:", MIN_CLEAR=0)
    cloudy = [row for row in rows(results, context) if row["note"] == "not clear"]
    assert cloudy
    assert all(not row["NDVI_mean"] and row["clear_share"] == 0 and row["day"] for row in cloudy)


def test_what_is_known_is_not_asked_again(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    numbers = 4  # of a look: clear, seen, score and one value
    true = Client.try_value

    def count(self: Client, expression: Any) -> Any:
        answer = true(self, expression)
        if isinstance(answer, list):
            asked.append(sum(len(row) - 1 for stack in answer for row in stack) // numbers)
        return answer

    monkeypatch.setattr(Client, "try_value", count)
    given = {"FEATURES": parcels(), "TABLE": str(tmp_path / "series.gpkg")}
    first = rows(run(context, feedback, **given), context)
    assert sum(asked) == 24  # two fields in 12 passes that have a score; over the third there are none
    asked.clear()
    # The same again, less strict or smoothed: nothing new is asked for.
    assert rows(run(context, feedback, **given), context) == first
    loose = rows(run(context, feedback, **given, MIN_CLEAR=0.1, SMOOTH=100), context)
    assert len(loose) >= len(first)
    assert not asked
    # A later window: its new passes alone. A field more: its passes alone.
    later = rows(run(context, feedback, **{**given, "END": "2023-03-10"}), context)
    assert 0 < sum(asked) <= 3 * 2
    assert [row for row in later if row["day"] and row["day"].toString("MM") < "03"] == [
        row for row in first if row["day"]
    ]
    asked.clear()
    more = {**FIELDS, "more": "POLYGON((-119.91 37.412,-119.909 37.412,-119.909 37.413,-119.91 37.412))"}
    run(context, feedback, **{**given, "FEATURES": parcels(more)})
    passes = sum(asked)
    assert passes == 12
    asked.clear()
    numbers = 5
    run(context, feedback, **given, BANDS="B4")
    assert sum(asked) == 24


def test_changed_features_and_choices_have_their_own_looks_in_the_same_file(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    """Each run says what a run into a fresh file would, and asks only for what it does not know."""
    places = {name: FIELDS[name] for name in ("north", "south")}
    moved = {**places, "south": FIELDS["south"].replace("37.41", "37.411")}
    steps: list[tuple[dict, dict, int]] = [
        (places, {}, 24),
        (moved, {}, 12),  # one field was drawn anew: the other is known
        ({"south": moved["south"]}, {}, 0),  # one field was deleted
        (places, {"THRESHOLD": 0.8}, 24),
        (places, {"QA_BAND": "cs"}, 24),
        (places, {"BUFFER": 20}, 24),
        ({"new name": places["north"]}, {}, 0),
        (places, {}, 0),
    ]
    for number, (shapes, choices, asked) in enumerate(steps):
        given = {"FEATURES": parcels(shapes), **choices}
        told = Recorder()
        kept = rows(run(context, told, TABLE=str(tmp_path / "kept.gpkg"), **given), context)
        (looks,) = (line for line in told.said if line.startswith("Looks: "))
        assert looks.endswith(f"to be asked for: {asked}."), (number, looks)
        fresh = str(tmp_path / f"fresh {number}.gpkg")
        assert kept == rows(run(context, feedback, TABLE=fresh, **given), context), number


def test_a_pass_whose_score_comes_late_is_asked_for_then(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tiles of one pass, one of them scored at first; and a pass that has no score at first."""
    archive, side = tmp_path / "archive", 40
    numbers = np.full((side, side), 1000.0)
    near, far = (240000.0, 4146000.0), (240200.0, 4146000.0)
    scenes = {
        "20230105T184751_20230105T184746_T11SKB": near,
        "20230110T184749_20230110T184744_T11SKA": far,
        "20230110T184752_20230110T184744_T11SKB": near,
        "20230115T184741_20230115T184736_T11SKB": near,
    }
    for index, origin in scenes.items():
        bands = {"B4": numbers, "B8": 3 * numbers, "SCL": np.full((side // 2, side // 2), 4.0)}
        write_scene(archive, L2A, index, bands, origin=origin)

    def score(index: str) -> None:
        clear = np.full((side, side), 0.9)
        write_scene(archive, SCORES, index, {"cs_cdf": clear, "cs": clear}, origin=scenes[index])
        close_sessions()  # a sandbox reads its folder once

    first, half, other_half, late = scenes
    for index in (first, half):
        score(index)
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive))
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "parcels", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(240150, 4145700, 240250, 4145800)))
    layer.dataProvider().addFeatures([feature])
    given = {"FEATURES": layer, "TABLE": str(tmp_path / "series.gpkg"), "ID_FIELD": None, "MIN_CLEAR": 0.1}

    def shares() -> dict[str, float]:
        found = rows(run(context, feedback, **given), context)
        return {row["day"].toString("MM-dd"): row["clear_share"] for row in found}

    asked = "Looks: {} (places: 1); known: {}; to be asked for: {}."
    assert shares() == {"01-05": 1, "01-10": pytest.approx(0.5)}
    assert asked.format(2, 0, 2) in feedback.said
    score(other_half)
    score(late)
    assert shares() == {"01-05": 1, "01-10": 1, "01-15": 1}
    assert asked.format(3, 1, 2) in feedback.said
    assert shares() == {"01-05": 1, "01-10": 1, "01-15": 1}
    assert asked.format(3, 3, 0) in feedback.said


def test_a_damaged_or_foreign_file_of_looks_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    given = {"FEATURES": parcels(), "TABLE": str(tmp_path / "series.gpkg")}
    beside = tmp_path / "series.gpkg.looks"
    beside.write_bytes(b"something else " * 1000)
    with pytest.raises(Exception, match=r"series\.gpkg\.looks is damaged.*Move it away"):
        run(context, feedback, **given)
    beside.unlink()
    with sqlite3.connect(beside) as file:
        file.execute("CREATE TABLE mine (a)")
    with pytest.raises(Exception, match="does not hold time series"):
        run(context, feedback, **given)
    beside.unlink()
    run(context, feedback, **given)
    whole = beside.read_bytes()
    for change in ("'[1, 2, 3]'", "replace(numbers, '5', '6')", "x'00ff'", "NULL", "7"):
        beside.write_bytes(whole)
        with sqlite3.connect(beside) as file:
            file.execute(f"UPDATE looks SET numbers = {change}")
        with pytest.raises(Exception, match=r"series\.gpkg\.looks is damaged.*Move it away"):
            run(context, feedback, **given)
    beside.write_bytes(whole)
    with sqlite3.connect(beside) as file:  # as a bit of the disk would: another pass's day
        file.execute("UPDATE looks SET day = day + 64 WHERE pass = (SELECT max(pass) FROM looks)")
    with pytest.raises(Exception, match=r"series\.gpkg\.looks is damaged"):
        run(context, feedback, **given)


def test_whatever_byte_of_the_looks_is_damaged_the_table_is_right_or_there_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    given = {"FEATURES": parcels(), "TABLE": str(tmp_path / "series.gpkg")}
    expected = rows(run(context, feedback, **given), context)
    beside = tmp_path / "series.gpkg.looks"
    whole, random = beside.read_bytes(), np.random.default_rng(4)
    used = [at for at, byte in enumerate(whole) if byte]  # most of the file is empty
    outcomes = Counter()
    for _ in range(20):
        damaged = bytearray(whole)
        damaged[random.choice(used)] ^= 1 << int(random.integers(8))
        beside.write_bytes(damaged)
        said, found = "", None
        try:
            found = rows(run(context, feedback, **given), context)
        except QgsProcessingException as problem:
            said = str(problem)
        assert found == expected or (".looks" in said and "Traceback" not in said), said
        outcomes["right" if found else "said"] += 1
    assert outcomes["said"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"BANDS": "", "INDICES": ""}, "No band was chosen"),
        ({"TABLE": "/no/such/folder/series.gpkg"}, "no folder /no/such/folder"),
        ({"ID_FIELD": "nothing"}, "no field nothing|not a valid field|nothing"),
        ({"MIN_CLEAR": 2}, "MIN_CLEAR is 2"),
        ({"REPORT": "/tmp/a.pdf"}, "is no web page"),
        ({"EXTENT": "10,11,50,51 [EPSG:4326]"}, "no feature with an area or a point"),
    ],
)
def test_mistakes_are_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, change: dict, said: str
) -> None:
    with pytest.raises(Exception, match=said) as caught:
        run(context, feedback, **{"FEATURES": parcels(), "TABLE": "memory:", **change})
    assert "Traceback" not in str(caught.value)


def test_points_and_features_without_geometry(context: QgsProcessingContext, feedback: Recorder) -> None:
    points = {"a": "POINT(-119.914 37.416)", "b": "POINT(-119.9055 37.409)", "nowhere": ""}
    layer = parcels(points, "Point")
    found = rows(run(context, feedback, FEATURES=layer, TABLE="memory:"), context)
    assert {row["pixels"] for row in found if row["feature"] != "nowhere"} == {1}
    assert [row["note"] for row in found if row["feature"] == "nowhere"] == ["no geometry"]
    wide = rows(run(context, feedback, FEATURES=layer, TABLE="memory:", BUFFER=40), context)
    assert max(row["pixels"] for row in wide) == pytest.approx(3.1416 * 16, rel=0.01)


def test_only_features_that_touch_the_extent(context: QgsProcessingContext, feedback: Recorder) -> None:
    extent = "-119.907,-119.904,37.40,37.42 [EPSG:4326]"
    results = run(context, feedback, FEATURES=parcels(), TABLE="memory:", EXTENT=extent)
    assert {row["feature"] for row in rows(results, context)} == {"south"}


def test_the_report_shows_each_field(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    page = tmp_path / "series.html"
    run(context, feedback, FEATURES=parcels(), TABLE="memory:", REPORT=str(page), SMOOTH=10, BANDS="B8")
    text = page.read_text(encoding="utf-8")
    for piece in ("north", "south", "Mean of NDVI, smoothed", "Mean of B8 reflectance", "not by Google"):
        assert piece in text, piece
    assert len(text) < 900_000


def test_a_report_without_a_table(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    page = tmp_path / "series.html"
    results = run(context, feedback, FEATURES=parcels(), TABLE=None, REPORT=str(page))
    assert results["ROW_COUNT"] > 5
    assert "north" in page.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["series.html"]


def test_a_model_joins_the_table_to_its_features(context: QgsProcessingContext, feedback: Recorder) -> None:
    model = QgsProcessingModelAlgorithm("joined", "tests")
    model.addModelParameter(
        QgsProcessingParameterFeatureSource("fields"), QgsProcessingModelParameter("fields")
    )
    source = QgsProcessingModelChildParameterSource
    series = QgsProcessingModelChildAlgorithm(ID)
    series.setChildId("series")
    for name, value in {**WINDOW, "ID_FIELD": "name"}.items():
        series.addParameterSources(name, [source.fromStaticValue(value)])
    series.addParameterSources("FEATURES", [source.fromModelParameter("fields")])
    model.addChildAlgorithm(series)
    join = QgsProcessingModelChildAlgorithm("native:joinattributestable")
    join.setChildId("join")
    join.addParameterSources("INPUT", [source.fromModelParameter("fields")])
    join.addParameterSources("INPUT_2", [source.fromChildOutput("series", "TABLE")])
    for name, value in {"FIELD": "name", "FIELD_2": "feature", "METHOD": 0}.items():
        join.addParameterSources(name, [source.fromStaticValue(value)])
    output = QgsProcessingModelOutput("JOINED")
    output.setChildId("join")
    output.setChildOutputName("OUTPUT")
    join.setModelOutputs({"JOINED": output})
    model.addChildAlgorithm(join)
    model.initAlgorithm()
    results, fine = model.run({"fields": parcels(), "join:JOINED": "memory:"}, context, feedback)
    assert fine, feedback.said
    layer = context.getMapLayer(results["join:JOINED"])
    joined = [(f["name"], f["feature"], f["day"], f.hasGeometry()) for f in layer.getFeatures()]
    assert len(joined) == 8
    assert all(name == feature and has_geometry for name, feature, _, has_geometry in joined)


@pytest.mark.parametrize("read", ["FEATURES", "AREA"])
def test_a_table_never_takes_the_place_of_what_is_read(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, read: str
) -> None:
    file = tmp_path / "parcels.gpkg"
    toolbox.run("native:savefeatures", {"INPUT": parcels(), "OUTPUT": str(file)}, context=context)
    before = file.read_bytes()
    given = {"FEATURES": parcels(), read: str(file), "TABLE": str(tmp_path / "." / "parcels.gpkg")}
    with pytest.raises(QgsProcessingException, match=f"TABLE is the file of {read}, and would replace it"):
        run(context, feedback, **given)
    assert file.read_bytes() == before
