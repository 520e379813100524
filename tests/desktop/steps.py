"""Runs inside the real QGIS: start the plugin, open the dialog, run it, draw the layers, take pictures."""

import sys

import qgis.utils
from in_qgis import (
    JANUARY,
    OUT,
    VIEW,
    bar,
    begin,
    colours,
    finish,
    keep,
    later,
    outcome,
    picture,
    start_plugins,
    step,
)
from qgis.core import QgsApplication, QgsCoordinateReferenceSystem, QgsProject
from qgis.utils import iface


@step
def start():
    start_plugins()
    assert "csplus" in qgis.utils.active_plugins
    assert QgsApplication.processingRegistry().algorithmById("csplus:clearcomposite")
    outcome["ee_at_start"] = "ee" in sys.modules
    # An error while a plugin loads shows as a message bar.
    outcome["messages"] = bar()
    later(500, open_dialog)


@step
def open_dialog():
    from qgis import processing

    given = {**JANUARY, "OUTPUT": str(OUT / "clear.tif")}
    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", given)
    dialog.setGeometry(150, 20, 1000, 860)
    dialog.show()
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(ran)
    later(1500, photograph)


@step
def photograph():
    picture("dialog.png")
    keep["dialog"].runButton().click()


@step
def ran(successful, results):
    outcome["successful"] = successful
    outcome["results"] = {name: str(value) for name, value in results.items()}
    later(1500, show_log)


@step
def show_log():
    picture("log.png")
    keep["dialog"].close()
    layers = QgsProject.instance().mapLayers().values()
    outcome["layers"] = sorted((layer.providerType(), layer.name(), layer.isValid()) for layer in layers)
    root = QgsProject.instance().layerTreeRoot()
    for node in root.findLayers():
        node.setItemVisibilityChecked(node.layer().providerType() == "wms")
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    iface.mapCanvas().setExtent(VIEW)
    iface.mapCanvas().refreshAllLayers()
    later(8000, drawn)


@step
def drawn():
    picture("live_layer.png")
    outcome["colours"] = len(set(colours()))
    finish()


begin(start, 240)
