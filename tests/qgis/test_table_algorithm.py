"""The machinery of table algorithms, with a small target of the test's own: one row a scene."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.core.scenes import found
from csplus.csplus_plugin.core.table import Column, Table
from csplus.csplus_plugin.core.targets.target import TableTarget
from csplus.csplus_plugin.processing.table_algorithm import TableAlgorithm
from osgeo import ogr
from qgis import processing as toolbox
from qgis.core import QgsFeature, QgsProcessingContext, QgsProject, QgsVectorLayer, QgsWkbTypes

from .conftest import JANUARY, Recorder

BOX = [[[-120, 37], [-119, 37], [-119, 38], [-120, 38], [-120, 37]]]


@dataclass(frozen=True)
class SceneNames(TableTarget):
    ALGORITHM = "scenenames"

    shapes: bool = False

    def check(self, scenes: Any, output: Any) -> None:
        pass

    def sentence(self, scenes: Any) -> str:
        return "Names of scenes"

    def columns(self, scenes: Any) -> tuple[Column, ...]:
        return (
            Column("id", "text", "Index of the scene"),
            Column("day", "day", "Day"),
            Column("cloud", "number", "Cloud (percent)"),
            Column("length", "whole", "Letters of the index"),
            Column("even", "flag", "Whether that is even"),
        )

    def question(self, scenes: Any) -> Any:
        return found(scenes).aggregate_array("system:index")

    def table(self, scenes: Any, survey: Any, answer: Any) -> Table:
        rows = tuple(
            (name, f"{name[:4]}-{name[4:6]}-{name[6:8]}", None, len(name), len(name) % 2 == 0)
            for name in answer
        )
        shape = {"type": "Polygon", "coordinates": BOX}
        return Table(rows, (shape,) * len(rows) if self.shapes else ())


class Names(TableAlgorithm):
    ID, NAME, GROUP, SUMMARY, HELP = "scenenames", "Scene names", "evidence", "Names.", "Names."
    SHAPES = False

    def declare_target(self) -> None:
        pass

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> SceneNames:
        return SceneNames(self.SHAPES)


class Shapes(Names):
    SHAPES = True


def run(algorithm: TableAlgorithm, context: QgsProcessingContext, feedback: Recorder, **values: Any) -> dict:
    algorithm.initAlgorithm()
    results, fine = algorithm.run({**JANUARY, **values}, context, feedback)
    assert fine
    return results


def features(results: dict, context: QgsProcessingContext) -> list[QgsFeature]:
    written = results["TABLE"]
    layer = QgsVectorLayer(written) if Path(written).is_file() else context.getMapLayer(written)
    assert layer.isValid()
    return list(layer.getFeatures())


@pytest.mark.parametrize("ending", ["memory", "gpkg", "csv"])
def test_rows_reach_every_sink(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, ending: str
) -> None:
    sink = "memory:" if ending == "memory" else str(tmp_path / f"names.{ending}")
    results = run(Names(), context, feedback, TABLE=sink)
    rows = features(results, context)
    assert len(rows) == results["ROW_COUNT"] == results["SCENE_COUNT"] > 3
    for row in rows:
        # GDAL writes a day into CSV with slashes.
        day = row["day"].replace("/", "") if ending == "csv" else row["day"].toString("yyyyMMdd")
        assert row["id"][:8] == day
        assert not row["cloud"]
        assert int(row["length"]) == len(row["id"])


def test_rows_may_have_shapes(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    results = run(Shapes(), context, feedback, TABLE=str(tmp_path / "names.gpkg"))
    for row in features(results, context):
        assert row.geometry().wkbType() == QgsWkbTypes.Type.MultiPolygon
        assert row.geometry().boundingBox().toRectF().getRect() == (-120, 37, 1, 1)
        assert isinstance(row["even"], bool)


def test_the_loaded_layer_has_a_name_and_labels(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    parameters = {**JANUARY, "TABLE": str(tmp_path / "names.gpkg")}
    algorithm = Names()
    algorithm.initAlgorithm()
    toolbox.runAndLoadResults(algorithm, parameters, context=context, feedback=feedback)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert layer.name() == "Scene names 2023-01-01 to 2023-01-31 (sandbox)"
    aliases = [layer.attributeAlias(layer.fields().indexOf(name)) for name in ("fid", "id", "cloud", "even")]
    assert aliases == ["", "Index of the scene", "Cloud (percent)", "Whether that is even"]


def test_a_sink_that_cannot_be_made_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    algorithm = Names()
    algorithm.initAlgorithm()
    parameters = {**JANUARY, "TABLE": str(tmp_path / "missing" / "names.gpkg")}
    fine, said = algorithm.checkParameterValues(parameters, context)
    assert not fine
    assert said == f"There is no folder {tmp_path / 'missing'}. Make it, or choose another."
    # In a model nobody checks: the run itself refuses, and asks nothing.
    _results, fine = algorithm.run(parameters, context, feedback)
    assert not fine
    assert not feedback.said


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    resize(folder, 4, "")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def resize(folder: Path, kilobytes: int, more: str = "remount,") -> None:
    given = ["mount", "-t", "tmpfs", "-o", f"{more}size={kilobytes}k", "none", folder]
    if subprocess.run(given, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a small disk")


@pytest.mark.parametrize("ending", ["gpkg", "csv"])
def test_on_a_full_disk_a_table_is_whole_or_absent(
    context: QgsProcessingContext, feedback: Recorder, small_disk: Path, ending: str
) -> None:
    given = {**JANUARY, "END": "2023-12-31"}
    count = run(Names(), context, feedback, **given, TABLE="memory:")["ROW_COUNT"]
    table = small_disk / f"names.{ending}"
    refused = whole = 0
    for kilobytes in range(4, 160, 4):
        resize(small_disk, kilobytes)
        algorithm = Names()
        algorithm.initAlgorithm()
        _results, fine = algorithm.run({**given, "TABLE": str(table)}, context, feedback)
        left = list(small_disk.iterdir())
        if fine:
            text = table.read_bytes() if ending == "csv" else b""
            layer = ogr.Open(str(table))
            assert layer.GetLayer(0).GetFeatureCount() == count
            assert not text or text.count(b"\n") == count + 1  # with the line of names
            layer = None
            table.unlink()
            whole += 1
        else:
            assert left == []
            refused += 1
    assert refused
    assert whole
