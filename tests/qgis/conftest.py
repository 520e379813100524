"""QGIS with the provider registered, and nothing of the machine's account in reach."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus import classFactory
from csplus.csplus_plugin.plugin import CsPlusPlugin
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)

PLACE = "-119.9200,-119.9000,37.4100,37.4220 [EPSG:4326]"
JANUARY = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31"}


class Recorder(QgsProcessingFeedback):
    """Keeps what a run says."""

    def __init__(self) -> None:
        super().__init__(False)
        self.said: list[str] = []
        self.warned: list[str] = []

    def pushInfo(self, info: str) -> None:
        self.said.append(info)

    def pushWarning(self, warning: str) -> None:
        self.warned.append(warning)


def polygons(*texts: str, crs: str = "EPSG:4326") -> QgsVectorLayer:
    """Make a layer of polygons, in the project."""
    layer = QgsVectorLayer(f"Polygon?crs={crs}", "areas", "memory")
    features = []
    for text in texts:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(text))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture(scope="session", autouse=True)
def processing(qgis_app: QgsApplication) -> Iterator[CsPlusPlugin]:
    """The Processing plugin's core, as qgis_process starts it, and our provider."""
    from processing.core.Processing import Processing
    from processing.gui import Postprocessing

    Processing.initialize()
    Postprocessing.iface = None  # the stand-in for a desktop has no layer tree that QGIS 3.44 takes
    plugin = classFactory(None)
    plugin.initProcessing()
    yield plugin
    plugin.unload()
    # What tests left in reference cycles goes while QGIS lives: collected after its end, it takes the process down.
    gc.collect()


@pytest.fixture(autouse=True)
def on_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CSPLUS_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CSPLUS_ENDPOINT", "sandbox")


@pytest.fixture
def feedback() -> Recorder:
    return Recorder()


@pytest.fixture
def context(qgis_new_project: None) -> Iterator[QgsProcessingContext]:
    made = QgsProcessingContext()
    made.setProject(QgsProject.instance())
    yield made
    # pytest keeps the context of the last test beyond the end of QGIS, which its layers would not survive.
    made.temporaryLayerStore().removeAllMapLayers()


@pytest.fixture
def target(tmp_path: Path) -> str:
    return str(tmp_path / "clear.tif")
