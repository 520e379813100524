"""What people hand in, with the default context of `processing.run`, and as the child of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from qgis import processing as toolbox
from qgis.core import (
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
)

from ..support.handed_in import CASES, ID
from .conftest import Recorder


def finish(run: object, feedback: Recorder) -> tuple[bool, str]:
    """Whether it ends well, and all that it says."""
    try:
        run()
    except QgsProcessingException as problem:
        return False, f"{feedback.textLog()} {problem}"
    return True, feedback.textLog()


@pytest.mark.parametrize("name", CASES)
def test_with_the_default_context(qgis_new_project: None, tmp_path: Path, name: str) -> None:
    given, feedback = CASES[name].fill(tmp_path), Recorder()
    ok, said = finish(lambda: toolbox.run(ID, given, feedback=feedback), feedback)
    CASES[name].check(ok=ok, said=said, file=tmp_path / "clear.tif")


@pytest.mark.parametrize("name", CASES)
def test_in_a_model(qgis_new_project: None, tmp_path: Path, name: str) -> None:
    given, feedback = CASES[name].fill(tmp_path), Recorder()
    model = QgsProcessingModelAlgorithm("model", "tests")
    child = QgsProcessingModelChildAlgorithm(ID)
    child.setChildId("child")
    for key, value in given.items():
        child.addParameterSources(key, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    model.addChildAlgorithm(child)
    ok, said = finish(lambda: toolbox.run(model, {}, feedback=feedback), feedback)
    CASES[name].check(ok=ok, said=said, file=tmp_path / "clear.tif")
