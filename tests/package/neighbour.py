"""Another plugin, as it is written into the plugin path: it has packages of its own in front, uses ours, and watches.

`neighbour:watch` runs our two algorithms in its own process and reports where packages came from before and after.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from qgis import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingOutputString,
    QgsProcessingParameterString,
    QgsProcessingProvider,
)

NAMES = (
    "ee",
    "google.auth",
    "googleapiclient",
    "httplib2",
    "requests",
    "urllib3",
    "certifi",
    "numpy",
    "rsa",
    "six",
)

sys.path.insert(0, str(Path(__file__).parent / "extlibs"))
try:
    import ee
except ImportError:
    ee = None


def places() -> dict[str, str | None]:
    """Where each package would be imported from now."""
    found = {}
    for name in NAMES:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        found[name] = spec and spec.origin
    return found


class Watch(QgsProcessingAlgorithm):
    def name(self) -> str:
        return "watch"

    def displayName(self) -> str:
        return "Watch"

    def createInstance(self) -> Watch:
        return Watch()

    def initAlgorithm(self, configuration: Any = None) -> None:
        self.addParameter(
            QgsProcessingParameterString("COMPOSITE", "Parameters of the clear composite, JSON")
        )
        self.addOutput(QgsProcessingOutputString("REPORT", "Report, JSON"))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        inner = {"context": context, "feedback": feedback}
        report: dict[str, Any] = {"before": places()}
        report["connection"] = processing.run("csplus:checkconnection", {}, **inner, is_child_algorithm=True)
        composite = json.loads(self.parameterAsString(parameters, "COMPOSITE", context))
        processing.run("csplus:clearcomposite", composite, **inner, is_child_algorithm=True)
        report["after"] = places()
        report["theirs"] = None if ee is None else ee.__file__
        report["theirs_is_in_place"] = sys.modules.get("ee") is ee or ee is None
        return {"REPORT": json.dumps(report)}


class Provider(QgsProcessingProvider):
    def id(self) -> str:
        return "neighbour"

    def name(self) -> str:
        return "Neighbour"

    def loadAlgorithms(self) -> None:
        self.addAlgorithm(Watch())


class Neighbour:
    def initProcessing(self) -> None:
        self.provider = Provider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def unload(self) -> None:
        pass


def classFactory(iface: object) -> Neighbour:
    return Neighbour()
