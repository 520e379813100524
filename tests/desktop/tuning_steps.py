"""Runs inside the real QGIS, started by `qgis --code`: the context menu of a live layer, the dialog filled in from its
recipe, and the dock that tunes it. Answers in `$CSPLUS_DESKTOP_OUT/tuning.json`.
"""

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QEvent, Qt, QTimer
from qgis.PyQt.QtGui import QContextMenuEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu
from qgis.utils import iface

OUT = Path(os.environ["CSPLUS_DESKTOP_OUT"])
PLACE = "-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]"
VIEW = QgsRectangle(-13350500, 4495500, -13345700, 4500400)
outcome = {"steps": []}
keep = {}


def finish():
    OUT.joinpath("tuning.json").write_text(json.dumps(outcome))
    os._exit(0)


def step(function):
    """Record that a step was reached, and turn any failure into an outcome."""

    def safely(*arguments):
        try:
            function(*arguments)
            outcome["steps"].append(function.__name__)
        except BaseException:
            outcome["failure"] = traceback.format_exc()
            finish()

    return safely


def picture(name):
    QApplication.processEvents()
    QApplication.primaryScreen().grabWindow(0).save(str(OUT / name))


def when(condition, function, seconds=60):
    """Call the function once the condition holds."""
    end = time.monotonic() + seconds

    @step
    def waiting():
        if condition():
            QTimer.singleShot(0, function)
        elif time.monotonic() > end:
            raise AssertionError(f"{function} was not reached")
        else:
            QTimer.singleShot(50, waiting)

    waiting()


class Watchdog:
    """Measures the longest time in which the main loop did not come round."""

    def __init__(self):
        self.longest, self.last = 0.0, time.monotonic()
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(5)

    def look(self):
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now

    def begin(self):
        self.longest, self.last = 0.0, time.monotonic()


def start_plugins():
    qgis.utils.updateAvailablePlugins()
    for name in ("processing", "csplus"):
        if name not in qgis.utils.active_plugins:
            qgis.utils.loadPlugin(name)
            qgis.utils.startPlugin(name)


def dock():
    return qgis.utils.plugins["csplus"].desktop._dock


def algorithm_dialog():
    return next(
        one
        for one in QApplication.topLevelWidgets()
        if isinstance(one, QgsProcessingAlgorithmDialogBase) and one.isVisible()
    )


def colours():
    image = iface.mapCanvas().grab().toImage()
    width, height = image.width(), image.height()
    places = [(width * x // 40, height * y // 40) for x in range(10, 30) for y in range(10, 30)]
    return [image.pixel(x, y) & 0xFFFFFF for x, y in places]


@step
def start():
    iface.mainWindow().setGeometry(QApplication.primaryScreen().geometry())
    iface.messageBar().clearWidgets()
    start_plugins()
    outcome["dock_at_start"] = dock().isVisible()
    outcome["ee_at_start"] = "ee" in sys.modules
    from qgis import processing

    given = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31", "OUTPUT": str(OUT / "clear.tif")}
    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", {**given, "METHOD": "best"})
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(lambda *_: QTimer.singleShot(500, ran))
    dialog.show()
    dialog.runButton().click()


@step
def ran():
    keep["dialog"].close()
    layers = list(QgsProject.instance().mapLayers().values())
    keep["live"] = next(layer for layer in layers if layer.providerType() == "wms")
    for layer in layers:
        if layer is not keep["live"]:
            QgsProject.instance().removeMapLayer(layer.id())
    dropped = QgsRasterLayer(str(OUT / "clear.tif"), "dropped")
    QgsProject.instance().addMapLayer(dropped)
    QgsProject.instance().layerTreeRoot().findLayer(dropped.id()).setItemVisibilityChecked(False)
    keep["dropped"] = dropped
    iface.setActiveLayer(keep["live"])
    iface.mapCanvas().setExtent(VIEW)
    when(lambda: True, open_menu)


def open_context_menu(layer, then):
    """Press the right button on a layer in the tree; the menu runs a loop of its own."""
    iface.setActiveLayer(layer)
    view = iface.layerTreeView()
    place = view.visualRect(view.currentIndex()).center()
    QTimer.singleShot(700, then)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)


def choose(text):
    """Open the submenu of ours, photograph it, and press one of its actions."""
    menu = QApplication.activePopupWidget()
    action = next(one for one in menu.actions() if one.text() == "Cloud Score+")
    menu.setActiveAction(action)
    submenu = action.menu()
    submenu.popup(menu.mapToGlobal(menu.actionGeometry(action).topRight()))
    QTest.qWait(300)
    outcome.setdefault("menus", []).append([one.text() for one in submenu.actions()])
    picture(f"menu_{len(outcome['menus'])}.png")
    pressed = next(one for one in submenu.actions() if one.text() == text)
    submenu.close()
    menu.close()
    pressed.trigger()


@step
def open_menu():
    open_context_menu(keep["dropped"], edit_the_file)


@step
def edit_the_file():
    choose("Edit and run again…")
    QTimer.singleShot(1500, dialog_of_the_file)


@step
def dialog_of_the_file():
    dialog = algorithm_dialog()
    dialog.setGeometry(150, 20, 1000, 860)
    QTest.qWait(300)
    picture("edit_and_run_again.png")
    outcome["filled_in"] = dialog.createProcessingParameters()
    outcome["filled_in"] = {name: str(value) for name, value in outcome["filled_in"].items()}
    dialog.algorithmFinished.connect(lambda *told: outcome.update(ran_again=told[0]))
    dialog.runButton().click()
    when(lambda: "ran_again" in outcome, run_again)


@step
def run_again():
    from csplus.csplus_plugin.gui import algorithm_dialog as ours

    algorithm_dialog().close()
    QTest.qWait(1000)
    outcome["dialogs_kept"] = len(ours._open)
    made = [one for one in QgsProject.instance().mapLayers().values() if one.providerType() == "wms"]
    recipes = {one.customProperty("csplus/recipe") for one in made}
    outcome["again"] = [len(made), len(recipes)]
    for one in made:
        if one is not keep["live"]:
            QgsProject.instance().removeMapLayer(one.id())
    QTimer.singleShot(300, open_menu_again)


@step
def open_menu_again():
    open_context_menu(keep["live"], tune)


@step
def tune():
    choose("Tune…")
    QTimer.singleShot(4000, dock_is_open)


@step
def dock_is_open():
    edge = dock().mapToGlobal(dock().rect().topRight()).x()
    outcome["within"] = edge < QApplication.primaryScreen().size().width()
    outcome["dock_width"] = dock().width()
    outcome["dock_open"] = dock().isVisible()
    outcome["dock_name"] = dock().layer_name.text()
    picture("dock.png")
    keep["colours"] = colours()
    keep["watchdog"] = Watchdog()
    when(lambda: True, slide)


@step
def slide():
    keep["watchdog"].begin()
    dock().slider.setFocus()
    for _ in range(37):
        QTest.keyClick(dock().slider, Qt.Key.Key_Right)
    when(lambda: not dock().tuning.is_busy, slid)


@step
def slid():
    outcome["longest_gap"] = keep["watchdog"].longest
    keep["watchdog"].timer.stop()
    QTimer.singleShot(4000, drawn)


@step
def drawn():
    picture("dock_slid.png")
    outcome["share"] = dock().share.text()
    outcome["threshold"] = json.loads(keep["live"].customProperty("csplus/recipe"))["scenes"]["threshold"]
    now = colours()
    outcome["changed"] = sum(one != other for one, other in zip(now, keep["colours"], strict=True))
    dock().undo_button.click()
    QTimer.singleShot(4000, undone)


@step
def undone():
    picture("dock_undone.png")
    outcome["differs_after_undo"] = sum(
        one != other for one, other in zip(colours(), keep["colours"], strict=True)
    )
    dock().slider.setValue(50)
    when(lambda: not dock().tuning.is_busy, make_a_file)


@step
def make_a_file():
    dock().file_button.click()
    QTimer.singleShot(1500, file_dialog)


@step
def file_dialog():
    dialog = algorithm_dialog()
    dialog.setGeometry(150, 20, 1000, 860)
    QTest.qWait(300)
    picture("make_it_a_file.png")
    outcome["file"] = {name: str(value) for name, value in dialog.createProcessingParameters().items()}
    dialog.close()
    iface.setActiveLayer(keep["dropped"])
    QTest.qWait(300)
    picture("dock_other_layer.png")
    outcome["other_layer"] = dock().layer_name.text()
    dock().slider.setValue(30)
    qgis.utils.unloadPlugin("csplus")
    outcome["left"] = [name for name in sys.modules if name == "csplus" or name.startswith("csplus.")]
    when(lambda: not [one for one in threading.enumerate() if "csplus" in one.name], unloaded, 5)


@step
def unloaded():
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    outcome["docks_left"] = [
        one.objectName()
        for one in iface.mainWindow().findChildren(object)
        if one.objectName() == "csplusTuneDock"
    ]
    menu = QMenu()
    iface.setActiveLayer(keep["live"])
    iface.layerTreeView().contextMenuAboutToShow.emit(menu)
    outcome["menu_left"] = [one.text() for one in menu.actions()]
    start_plugins()
    outcome["dock_again"] = dock().objectName()
    finish()


QTimer.singleShot(3000, start)
QTimer.singleShot(120_000, finish)
