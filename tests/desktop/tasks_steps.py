"""Runs inside the real QGIS: an export whose run is cancelled, the dock of tasks, an asset that becomes a layer."""

import sys
import threading

import qgis.utils
from in_qgis import (
    JANUARY,
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
    press,
    start_plugins,
    step,
    when,
)
from qgis.PyQt.QtCore import QEvent, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu, QPushButton
from qgis.utils import iface

EXPORT = {**JANUARY, "BANDS": ["B4", "B3", "B2"], "DESTINATION": "asset", "WAIT": True}


def dock():
    return plugin().desktop.tasks


def rows():
    items = [dock().list.topLevelItem(place) for place in range(dock().list.topLevelItemCount())]
    return [[item.text(column) for column in range(4)] for item in items]


def run(name, then):
    """Run an export in its dialog; `then` gets the dialog once the task is started."""
    from qgis import processing

    dialog = processing.createAlgorithmDialog("csplus:exportcomposite", {**EXPORT, "NAME": name})
    keep["dialog"] = dialog
    # Its Python half until the end of QGIS: one that is let go of before QGIS deletes the rest can crash it.
    keep.setdefault("dialogs", []).append(dialog)
    dialog.algorithmFinished.connect(lambda *_: later(500, then))
    dialog.show()
    dialog.runButton().click()
    return dialog


def is_ours(window):
    return window.isVisible() and window.windowTitle().startswith("Cloud Score+")


@step
def start():
    start_plugins()
    outcome["dock_at_start"] = dock().isVisible()
    panels = iface.mainWindow().findChild(QMenu, "mPanelMenu")
    outcome["in_panels"] = dock().toggleViewAction() in panels.actions()
    outcome["ee_at_start"] = "ee" in sys.modules
    keep["watchdog"] = Watchdog()
    dialog = run("to_be_cancelled", cancelled)
    # The button is there once it runs; a task is known once the log names it.
    when(
        lambda: "csplus_to_be_cancelled, " in dialog.logText() if hasattr(dialog, "logText") else True,
        wait_a_while,
    )


@step
def wait_a_while():
    later(6000, cancel_the_run)


@step
def cancel_the_run():
    keep["dialog"].cancelButton().click()


@step
def cancelled():
    keep["dialog"].close()
    later(1500, told)


@step
def told():
    outcome["said"] = bar()
    picture("cancelled.png")
    keep["watchdog"].begin()
    press("Cancel the task too")
    when(lambda: dock().list.topLevelItemCount() and rows()[0][1] == "cancelled", task_is_cancelled)


@step
def task_is_cancelled():
    outcome["after_cancel"] = rows()
    outcome["longest_gap"] = keep["watchdog"].stop()
    run("stored", stored)


@step
def stored():
    keep["dialog"].close()
    outcome["layers_of_the_run"] = [layer.name() for layer in live_layers()]
    (keep["layer"],) = live_layers()
    iface.mapCanvas().setExtent(VIEW)
    dock().watch.refresh()
    when(lambda: rows()[0][1] == "done", open_by_keyboard)


@step
def open_by_keyboard():
    outcome["rows"] = rows()
    dock().list.setFocus()
    QTest.keyClick(dock().list, Qt.Key.Key_Home)
    QTest.qWait(200)
    outcome["can_open"] = dock().open_button.isEnabled()
    QTest.keyClick(dock().list, Qt.Key.Key_Return)
    when(lambda: len(live_layers()) == 2, opened)


@step
def opened():
    outcome["told"] = dock().outcome.text()
    outcome["dock_width"] = dock().width()
    later(4000, drawn)


@step
def drawn():
    picture("tasks.png")
    outcome["colours"] = len(set(colours()))
    # A question is open when the plugin goes.
    dock().details_button.click()
    QTest.qWait(300)
    picture("details.png")
    seen = [
        one
        for one in QApplication.topLevelWidgets()
        if one.isVisible() and one.windowTitle() == dock().windowTitle()
    ]
    outcome["details_open"] = len(seen)
    dock().watch.refresh()
    qgis.utils.unloadPlugin("csplus")
    outcome["left"] = [name for name in sys.modules if name == "csplus" or name.startswith("csplus.")]
    when(lambda: not [one for one in threading.enumerate() if "csplus" in one.name], unloaded, 5)


@step
def unloaded():
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    names = [one.objectName() for one in iface.mainWindow().findChildren(object)]
    outcome["docks_left"] = [name for name in names if name.startswith("csplus")]
    outcome["windows_left"] = [
        one.windowTitle()
        for one in QApplication.topLevelWidgets()
        if one.windowTitle().startswith("Cloud Score+")
    ]
    outcome["timers_left"] = [
        one for one in iface.mainWindow().findChildren(QTimer) if one.objectName().startswith("csplus")
    ] != []
    outcome["buttons_left"] = [
        one.text() for one in iface.messageBar().findChildren(QPushButton) if "task" in one.text()
    ]
    start_plugins()
    outcome["dock_again"] = dock().objectName()
    finish()


begin(start, 150)
