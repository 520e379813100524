"""Runs inside the real QGIS: start the plugin, open the dialog, run it, draw the layers, take pictures.

Started by `qgis --code`; answers in `$CSPLUS_DESKTOP_OUT/outcome.json`.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProject,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

OUT = Path(os.environ["CSPLUS_DESKTOP_OUT"])
PLACE = "-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]"
outcome = {"steps": []}


def finish():
    OUT.joinpath("outcome.json").write_text(json.dumps(outcome))
    os._exit(0)


def step(name):
    """Record that a step was reached, and turn any failure into an outcome."""

    def wrap(function):
        def safely(*arguments):
            try:
                function(*arguments)
                outcome["steps"].append(name)
            except BaseException:
                outcome["failure"] = traceback.format_exc()
                finish()

        return safely

    return wrap


def picture(name):
    QApplication.processEvents()
    QApplication.primaryScreen().grabWindow(0).save(str(OUT / name))


@step("start")
def start():
    iface.mainWindow().setGeometry(0, 0, 1400, 900)
    iface.messageBar().clearWidgets()
    qgis.utils.updateAvailablePlugins()
    for name in ("processing", "csplus"):
        if name not in qgis.utils.active_plugins:
            qgis.utils.loadPlugin(name)
            qgis.utils.startPlugin(name)
    assert "csplus" in qgis.utils.active_plugins
    assert QgsApplication.processingRegistry().algorithmById("csplus:clearcomposite")
    outcome["ee_at_start"] = "ee" in sys.modules
    # An error while a plugin loads shows as a message bar.
    outcome["messages"] = [item.text() for item in iface.messageBar().items()]
    QTimer.singleShot(500, open_dialog)


@step("dialog")
def open_dialog():
    from qgis import processing

    dialog = processing.createAlgorithmDialog(
        "csplus:clearcomposite",
        {
            "EXTENT": PLACE,
            "START": "2023-01-01",
            "END": "2023-01-31",
            "OUTPUT": str(OUT / "clear.tif"),
        },
    )
    dialog.setGeometry(150, 20, 1000, 860)
    dialog.show()
    outcome["widgets"] = type(dialog).__name__
    keep.append(dialog)
    dialog.algorithmFinished.connect(ran)
    QTimer.singleShot(1500, lambda: photograph(dialog))


@step("photograph")
def photograph(dialog):
    picture("dialog.png")
    dialog.runButton().click()


@step("run")
def ran(successful, results):
    outcome["successful"] = successful
    outcome["results"] = {name: str(value) for name, value in results.items()}
    QTimer.singleShot(1500, show_log)


@step("log")
def show_log():
    picture("log.png")
    keep[0].close()
    layers = QgsProject.instance().mapLayers().values()
    outcome["layers"] = sorted((layer.providerType(), layer.name(), layer.isValid()) for layer in layers)
    root = QgsProject.instance().layerTreeRoot()
    for node in root.findLayers():
        node.setItemVisibilityChecked(node.layer().providerType() == "wms")
    web = QgsCoordinateReferenceSystem("EPSG:3857")
    QgsProject.instance().setCrs(web)
    to_web = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), web, QgsProject.instance())
    iface.mapCanvas().setExtent(
        to_web.transformBoundingBox(QgsRectangle(-119.93, 37.399, -119.8874, 37.4328))
    )
    iface.mapCanvas().refreshAllLayers()
    QTimer.singleShot(8000, drawn)


@step("drawn")
def drawn():
    picture("live_layer.png")
    image = iface.mapCanvas().grab().toImage()
    width, height = image.width(), image.height()
    colours = {
        image.pixel(width * x // 40, height * y // 40) & 0xFFFFFF
        for x in range(10, 30)
        for y in range(10, 30)
    }
    outcome["colours"] = len(colours)
    finish()


keep = []
QTimer.singleShot(3000, start)
QTimer.singleShot(240_000, finish)
