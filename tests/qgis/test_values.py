"""Values of parameters as people hand them in: what each means, alone and in a model, for every algorithm."""

from __future__ import annotations

from typing import Any

import pytest
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.processing.values import checked_values
from qgis import processing as toolbox
from qgis.core import (
    NULL,
    QgsApplication,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelParameter,
    QgsProcessingParameterEnum,
    QgsProperty,
)

from .conftest import JANUARY, Recorder

IMAGES = ("csplus:clearcomposite", "csplus:cloudscore")

# What is handed in, what it means.
MEANT = [
    ("PRODUCT", "L1C", "L1C"),
    ("PRODUCT", " L1C ", "L1C"),
    ("PRODUCT", 1, "L1C"),
    ("PRODUCT", 1.0, "L1C"),
    ("PRODUCT", QgsProperty.fromExpression("'L1' || 'C'"), "L1C"),
    ("PRODUCT", QgsProperty.fromExpression("1"), "L1C"),
    ("PRODUCT", None, ...),
    ("PRODUCT", NULL, ...),
    ("PRODUCT", "", ...),
    ("MONTHS", "1,12", ["1", "12"]),
    ("MONTHS", "1, 12", ["1", "12"]),
    ("MONTHS", [1, 12], ["1", "12"]),
    ("MONTHS", ["1", "12"], ["1", "12"]),
    ("MONTHS", 7, ["7"]),
    ("MONTHS", "", []),
    ("MONTHS", [], []),
    ("THRESHOLD", "0.65", 0.65),
    ("THRESHOLD", 1, 1.0),
    ("THRESHOLD", QgsProperty.fromExpression("0.5 + 0.1"), 0.6),
    ("THRESHOLD", NULL, ...),
    ("ORBIT", "", ...),
    ("ORBIT", "13", 13),
    ("ORBIT", 13.0, 13),
    ("TILES", ["11SKB", "10SGG"], "11SKB,10SGG"),
    ("TILES", "11SKB", "11SKB"),
    ("CLIP", "no", False),
    ("CLIP", "off", False),
    ("CLIP", "N", False),
    ("CLIP", 0, False),
    ("CLIP", "yes", True),
    ("CLIP", True, True),
]

# What is refused, in whose words.
REFUSED = [
    ("PRODUCT", "l1c", "PRODUCT is 'l1c', which is not one of its choices. Did you mean L1C"),
    ("PRODUCT", 2, "PRODUCT is 2, which is not one of its choices. Choose from L2A, L1C"),
    ("QA_BAND", "CS", "Did you mean cs"),
    ("MONTHS", "January", "MONTHS is 'January'"),
    ("MONTHS", "1,13", "MONTHS is '13'"),
    ("THRESHOLD", "0,9", "THRESHOLD is '0,9', which is not a number"),
    ("THRESHOLD", 1.5, "THRESHOLD is 1.5, which is out of range. Choose a number from 0 to 1"),
    ("RESOLUTION", "20 m", "RESOLUTION is '20 m', which is not a number"),
    ("ORBIT", "x", "ORBIT is 'x', which is not a number"),
    ("ORBIT", 1.5, "ORBIT is 1.5, which is not a whole number"),
    ("ORBIT", 0, "from 1 to 143"),
    ("CLIP", "perhaps", "CLIP is 'perhaps'. Choose true or false"),
    ("START", "31.01.2023", "START is not a day. Write it as 2023-01-31"),
    ("OUTPUT", "{folder}/clear.png", "is not a GeoTIFF"),
    ("OUTPUT", "{folder}", "GeoTIFF|is a folder"),
    ("OUTPUT", "{folder}/missing/clear.tif", "There is no folder"),
    ("SCRIPT", "{folder}/missing/clear.py", "There is no folder"),
]


@pytest.mark.parametrize("identity", IMAGES)
@pytest.mark.parametrize(("name", "value", "meant"), MEANT)
def test_what_a_value_means(
    context: QgsProcessingContext, identity: str, name: str, value: Any, meant: Any
) -> None:
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(identity)
    found = checked_values(algorithm, {**JANUARY, name: value}, context)
    assert found.get(name, ...) == meant
    assert algorithm.checkParameterValues({**JANUARY, name: value}, context) == (True, "")


def filled(value: Any, folder: object) -> Any:
    return value.format(folder=folder) if isinstance(value, str) else value


@pytest.mark.parametrize("identity", IMAGES)
@pytest.mark.parametrize(("name", "value", "said"), REFUSED)
def test_what_is_refused_alone_and_in_a_model(
    context: QgsProcessingContext, tmp_path: object, identity: str, name: str, value: Any, said: str
) -> None:
    import re

    given = {**JANUARY, "LIVE": False, name: filled(value, tmp_path)}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(identity)
    fine, reason = algorithm.checkParameterValues(given, context)
    assert not fine
    assert re.search(said, reason), reason
    model = QgsProcessingModelAlgorithm("child", "tests")
    child = QgsProcessingModelChildAlgorithm(identity)
    child.setChildId("child")
    for key, one in given.items():
        child.addParameterSources(key, [QgsProcessingModelChildParameterSource.fromStaticValue(one)])
    model.addChildAlgorithm(child)
    feedback = Recorder()
    with pytest.raises(QgsProcessingException):
        toolbox.run(model, {}, context=context, feedback=feedback)
    assert re.search(said, feedback.textLog()), feedback.textLog()
    assert "Traceback" not in feedback.textLog()


def test_a_model_s_own_choice_is_its_place(context: QgsProcessingContext) -> None:
    """An Enum input of a model hands on a number, which QGIS takes for no name and so for the default."""
    model = QgsProcessingModelAlgorithm("choice", "tests")
    model.addModelParameter(
        QgsProcessingParameterEnum("how", "How", ["median", "mean"], defaultValue=1),
        QgsProcessingModelParameter("how"),
    )
    child = QgsProcessingModelChildAlgorithm("csplus:clearcomposite")
    child.setChildId("child")
    for key, one in {**JANUARY, "LIVE": False}.items():
        child.addParameterSources(key, [QgsProcessingModelChildParameterSource.fromStaticValue(one)])
    child.addParameterSources("METHOD", [QgsProcessingModelChildParameterSource.fromModelParameter("how")])
    model.addChildAlgorithm(child)
    results = toolbox.run(model, {"how": 1}, context=context, feedback=Recorder())
    assert '"method": "mean"' in results["CHILD_RESULTS"]["child"]["RECIPE"]


def test_an_index_alone(context: QgsProcessingContext, target: str) -> None:
    given = {**JANUARY, "BANDS": "", "INDICES": "NDVI", "LIVE": False, "OUTPUT": target}
    results = toolbox.run("csplus:clearcomposite", given, context=context, feedback=Recorder())
    assert '"bands": []' in results["RECIPE"]


def test_the_nearest_of_many_choices_is_named(context: QgsProcessingContext) -> None:
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("csplus:clearcomposite")
    with pytest.raises(
        InvalidChoice, match="INDICES is 'ndvi', which is not one of its choices. Did you mean NDVI"
    ):
        checked_values(algorithm, {"INDICES": "ndvi"}, context)
