"""Runs inside the real QGIS: the context menu of a live layer, the dialog filled in from its recipe, and the dock that
tunes it.
"""

import json
import sys
import threading

import qgis.utils
from in_qgis import (
    JANUARY,
    OUT,
    VIEW,
    Watchdog,
    begin,
    colours,
    finish,
    keep,
    later,
    outcome,
    picture,
    plugin,
    start_plugins,
    step,
    when,
)
from qgis.core import QgsProject, QgsRasterLayer
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtGui import QContextMenuEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu
from qgis.utils import iface


def dock():
    return plugin().desktop._dock


def algorithm_dialog():
    return next(
        one
        for one in QApplication.topLevelWidgets()
        if isinstance(one, QgsProcessingAlgorithmDialogBase) and one.isVisible()
    )


@step
def start():
    start_plugins()
    outcome["dock_at_start"] = dock().isVisible()
    outcome["ee_at_start"] = "ee" in sys.modules
    from qgis import processing

    given = {**JANUARY, "OUTPUT": str(OUT / "clear.tif"), "METHOD": "best"}
    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", given)
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(lambda *_: later(500, ran))
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
    later(700, then)
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
    later(1500, dialog_of_the_file)


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
    later(300, open_menu_again)


@step
def open_menu_again():
    open_context_menu(keep["live"], tune)


@step
def tune():
    choose("Tune…")
    later(4000, dock_is_open)


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
    outcome["longest_gap"] = keep["watchdog"].stop()
    later(4000, drawn)


@step
def drawn():
    picture("dock_slid.png")
    outcome["share"] = dock().share.text()
    outcome["threshold"] = json.loads(keep["live"].customProperty("csplus/recipe"))["scenes"]["threshold"]
    now = colours()
    outcome["changed"] = sum(one != other for one, other in zip(now, keep["colours"], strict=True))
    dock().undo_button.click()
    later(4000, undone)


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
    later(1500, file_dialog)


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
    plugin().desktop._menu._edit(keep["live"])  # a dialog is open, as when the user upgrades
    QTest.qWait(1000)
    dialog = algorithm_dialog()
    qgis.utils.unloadPlugin("csplus")
    outcome["dialog_stays"] = dialog.isVisible()
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


begin(start)
