"""Runs inside the real QGIS: live layers that are saved, opened again, refused.

The part is "save" (try the sandbox from the page of options, run, save), "reopen" (after a restart, against a sandbox
on another port; then its maps are forgotten; then the plugin is disabled and enabled) or "close".
"""

import json
import sys
import threading
import time

import qgis.utils
from in_qgis import (
    JANUARY,
    OUT,
    PART,
    VIEW,
    Watchdog,
    bar,
    begin,
    colours,
    finish,
    keep,
    later,
    live_layers,
    outcome,
    picture,
    plugin,
    start_plugins,
    step,
    tell,
    when,
)
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QPushButton
from qgis.utils import iface

PROJECT = str(OUT / "twelve.qgz")
LAYERS = 12


@step
def save_start():
    start_plugins()
    outcome["ee_at_start"] = "ee" in sys.modules
    later(300, run_without_account)


@step
def run_without_account():
    from qgis import processing

    try:
        processing.run("csplus:clearcomposite", JANUARY)
    except Exception as refused:
        outcome["refused"] = str(refused)
    later(500, welcomed)


@step
def welcomed():
    picture("first_contact.png")
    outcome["first_contact"] = bar()
    buttons = {one.text(): one for one in iface.messageBar().findChildren(QPushButton)}
    outcome["ways"] = list(buttons)
    later(1500, page_is_open)
    buttons["Options"].click()


def options():
    dialog = QApplication.activeModalWidget()
    page = next(w for w in dialog.findChildren(object) if type(w).__name__ == "OptionsPage")
    return dialog, page


@step
def page_is_open():
    dialog, page = options()
    dialog.setGeometry(120, 40, 1150, 820)
    picture("options.png")
    page.sandbox_button.click()
    when(lambda: page.test_button.text() == "Test", sandbox_is_tried)


@step
def sandbox_is_tried():
    dialog, page = options()
    picture("options_sandbox.png")
    outcome["tested"] = page.outcome.text()
    later(300, run)
    dialog.accept()


@step
def run():
    from qgis import processing

    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", JANUARY)
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(lambda *_: later(500, save))
    dialog.show()
    dialog.runButton().click()


@step
def save():
    keep["dialog"].close()
    (layer,) = live_layers()
    layer.setOpacity(0.8)
    for number in range(1, LAYERS):
        copy = layer.clone()
        copy.setName(f"Copy {number}")
        recipe = json.loads(copy.customProperty("csplus/recipe"))
        recipe["scenes"]["threshold"] = 0.4 + number / 100
        copy.setCustomProperty("csplus/recipe", json.dumps(recipe))
        QgsProject.instance().addMapLayer(copy)
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        node.setItemVisibilityChecked(node.layer().id() == layer.id())
    outcome["ids"] = sorted(one.id() for one in live_layers())
    outcome["urls"] = sorted({one.source() for one in live_layers()})
    iface.mapCanvas().setExtent(VIEW.scaled(4))
    assert QgsProject.instance().write(PROJECT)
    iface.mapCanvas().setExtent(VIEW)
    later(4000, saved)


@step
def saved():
    picture("saved.png")
    outcome["colours"] = len(set(colours()))
    iface.setActiveLayer(next(one for one in live_layers() if "Copy" not in one.name()))
    iface.actionIdentify().trigger()
    canvas = iface.mapCanvas()
    place = canvas.rect().center() + QPoint(0, 180)
    outcome["clicked"] = (
        QgsCoordinateTransform(
            canvas.mapSettings().destinationCrs(),
            QgsCoordinateReferenceSystem("EPSG:4326"),
            QgsProject.instance(),
        )
        .transform(canvas.getCoordinateTransform().toMapCoordinates(place))
        .toString(4)
    )
    QTest.mouseMove(canvas.viewport(), place)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    when(lambda: any("119.9" in text for text in bar()), identified, 20)


@step
def identified():
    picture("identify.png")
    outcome["pixel"] = bar()
    finish()


@step
def reopen_start():
    start_plugins()
    outcome["modules_at_start"] = [name for name in ("ee", "csplus_ee", "requests") if name in sys.modules]
    outcome["threads_at_start"] = [one.name for one in threading.enumerate() if "csplus" in one.name]
    outcome["longest_at_rest"] = 0.0
    keep["watchdog"] = Watchdog()
    later(1500, read)


@step
def read():
    outcome["longest_at_rest"] = keep["watchdog"].longest
    begin = time.monotonic()
    iface.addProject(PROJECT)
    outcome["read_seconds"] = time.monotonic() - begin
    keep["watchdog"].begin()
    when(lambda: not plugin().desktop.renewal.is_busy(), renewed)


@step
def renewed():
    outcome["longest_gap"] = keep["watchdog"].stop()
    layers = live_layers()
    outcome["ids"] = sorted(one.id() for one in layers)
    outcome["urls"] = sorted({one.source() for one in layers})
    outcome["opacity"] = sorted({one.opacity() for one in layers})
    outcome["dirty"] = QgsProject.instance().isDirty()
    outcome["messages"] = bar()
    shown = next(
        one for one in layers if QgsProject.instance().layerTreeRoot().findLayer(one.id()).isVisible()
    )
    iface.setActiveLayer(shown)
    later(3000, drawn)


@step
def drawn():
    picture("reopened.png")
    outcome["colours"] = len(set(colours()))
    iface.activeLayer().setCustomProperty("csplus/minted", 1)
    OUT.joinpath("forget").touch()
    when(lambda: not OUT.joinpath("forget").exists(), forgotten)


@step
def forgotten():
    """The service has forgotten its maps: tiles of another zoom are refused, and the layer is renewed."""
    iface.zoomToActiveLayer()
    when(lambda: iface.activeLayer().customProperty("csplus/minted") > 1, renewed_again, 20)


@step
def renewed_again():
    later(4000, redrawn)


@step
def redrawn():
    picture("refused.png")
    outcome["colours_again"] = len(set(colours()))
    extent = iface.mapCanvas().extent()
    outcome["zoomed"] = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
    outcome["messages_again"] = bar()
    from qgis.core import QgsNetworkAccessManager

    manager = QgsNetworkAccessManager.instance()
    listening = manager.receivers(manager.finished)
    qgis.utils.unloadPlugin("csplus")
    outcome["let_go"] = listening - manager.receivers(manager.finished)
    outcome["left"] = [name for name in sys.modules if name == "csplus" or name.startswith("csplus.")]
    when(lambda: not [one for one in threading.enumerate() if "csplus" in one.name], enabled_again, 5)


@step
def enabled_again():
    start_plugins()
    outcome["renewing_again"] = plugin().desktop.renewal._is_listening
    from qgis import processing

    outcome["scenes"] = processing.run("csplus:clearcomposite", JANUARY)["SCENE_COUNT"]
    later(500, settled)


@step
def settled():
    finish()


@step
def close_start():
    """QGIS is closed while a run and a renewal wait for a service that never answers."""
    start_plugins()
    from qgis import processing

    iface.addProject(PROJECT)
    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", JANUARY)
    keep["dialog"] = dialog
    dialog.show()
    dialog.runButton().click()
    later(3000, close)


@step
def close():
    outcome["busy"] = plugin().desktop.renewal.is_busy()
    outcome["threads"] = sorted({one.name for one in threading.enumerate() if "csplus" in one.name})
    outcome["at"] = time.time()
    tell()
    later(500, agree)
    iface.actionExit().trigger()


def agree():
    """Press what QGIS asks before it closes: whether to cancel the run. It stays open then, and is closed again."""
    dialog = QApplication.activeModalWidget()
    if dialog is None:
        later(300, agree)
        return
    picture("close.png")
    outcome["asked"] = dialog.text()
    outcome["at"] = time.time()
    tell()
    next(one for one in dialog.findChildren(QPushButton) if "Yes" in one.text().replace("&", "")).click()
    later(1500, lambda: iface.actionExit().trigger())


begin({"save": save_start, "reopen": reopen_start, "close": close_start}[PART])
