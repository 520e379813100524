"""Runs inside the real QGIS, started by `qgis --code`: the point inspector, from its action to the last trace of it."""

import json
import sys
import threading
import time

import qgis.utils
from in_qgis import (
    PLACE,
    Watchdog,
    begin,
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
from qgis.core import QgsProject, QgsRectangle
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QToolTip
from qgis.utils import iface

VIEW = QgsRectangle(-13348620, 4497180, -13348140, 4497540)


def inspector():
    return plugin().desktop._inspector


def dock():
    return inspector().dock


def is_idle():
    return not inspector().is_busy


def click():
    viewport = iface.mapCanvas().viewport()
    QTest.mouseClick(
        viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, viewport.rect().center()
    )


def our_actions():
    return [
        one for one in iface.mainWindow().findChildren(QAction) if one.objectName() == "csplusInspectPixels"
    ]


@step
def start():
    start_plugins()
    outcome["at_start"] = [
        one.objectName()
        for one in iface.mainWindow().findChildren(QDockWidget)
        if one.objectName() == "csplusInspectorDock"
    ]
    outcome["ee_at_start"] = "ee" in sys.modules
    outcome["actions"] = len(our_actions())
    from qgis import processing

    given = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-12-31", "INDICES": ["NDVI"]}
    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", {**given, "METHOD": "best"})
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(lambda *_: later(500, ran))
    dialog.show()
    dialog.runButton().click()


@step
def ran():
    keep["dialog"].close()
    (keep["live"],) = QgsProject.instance().mapLayers().values()
    iface.setActiveLayer(keep["live"])
    iface.mapCanvas().setExtent(VIEW)
    iface.messageBar().clearWidgets()
    for one in iface.mainWindow().findChildren(QDockWidget):
        if one.objectName() in ("Browser", "ProcessingToolbox"):
            one.hide()
    our_actions()[0].trigger()
    outcome["checked"] = our_actions()[0].isChecked()
    later(5000, chosen)


@step
def chosen():
    picture("opened.png")
    iface.mapCanvas().setExtent(VIEW)
    keep["watchdog"] = Watchdog()
    later(300, clicked)


@step
def clicked():
    keep["watchdog"].begin()
    keep["began"] = time.monotonic()
    click()
    when(is_idle, answered)


@step
def answered():
    outcome["seconds"] = time.monotonic() - keep["began"]
    outcome["longest_gap"] = keep["watchdog"].longest
    keep["watchdog"].timer.stop()
    later(4000, looked_at)


@step
def looked_at():
    picture("year.png")
    found = dock().found
    outcome["looks"] = len(found.looks)
    outcome["months"] = sorted({look.moment.month for look in found.looks})
    outcome["taken"] = [look.moment.strftime("%Y-%m-%d") for look in found.looks if look.is_taken]
    outcome["sentence"] = dock().outcome.text()
    number = next(n for n, look in enumerate(found.looks) if look.is_taken)
    place = dock().chart.places()[number][1].toPoint()
    QTest.mouseMove(dock().chart, place + QPoint(1, 1))
    QTest.qWait(300)
    picture("hover.png")
    outcome["hover"] = QToolTip.text()
    QTest.mouseClick(dock().chart, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    outcome["row"] = [
        dock().model.index(row.row(), 0).data() for row in dock().table.selectionModel().selectedRows()
    ]
    dock().variable.setCurrentText("NDVI")
    QTest.qWait(300)
    picture("selected.png")
    dock().csv_button.click()
    outcome["csv"] = QApplication.clipboard().text().count("\n")
    dock().day_button.click()
    later(1500, day_dialog)


@step
def day_dialog():
    dialog = next(
        one
        for one in QApplication.topLevelWidgets()
        if isinstance(one, QgsProcessingAlgorithmDialogBase) and one.isVisible()
    )
    dialog.setGeometry(150, 20, 1000, 860)
    QTest.qWait(300)
    picture("use_this_day.png")
    outcome["day"] = {name: str(value) for name, value in dialog.createProcessingParameters().items()}
    dialog.close()
    change_recipe(start="2023-01-01", end="2023-01-31")
    change_recipe(method="median")
    click()
    when(is_idle, with_median)


def change_recipe(**choices):
    recipe = json.loads(keep["live"].customProperty("csplus/recipe"))
    for block in ("scenes", "target"):
        recipe[block] |= {name: value for name, value in choices.items() if name in recipe[block]}
    keep["live"].setCustomProperty("csplus/recipe", json.dumps(recipe))


@step
def with_median():
    QTest.qWait(300)
    picture("median.png")
    outcome["median"] = dock().outcome.text()
    change_recipe(threshold=1)
    click()
    when(is_idle, none_is_clear)


@step
def none_is_clear():
    QTest.qWait(300)
    picture("none_is_clear.png")
    outcome["none"] = dock().outcome.text()
    change_recipe(threshold=0.6, start="2022-06-01", end="2022-06-30")
    click()
    when(is_idle, no_look)


@step
def no_look():
    QTest.qWait(300)
    picture("no_look.png")
    outcome["no_look"] = dock().outcome.text()
    iface.mapCanvas().setExtent(QgsRectangle(1000000, 6000000, 1001000, 6001000))
    click()
    when(is_idle, outside)


@step
def outside():
    QTest.qWait(300)
    picture("outside.png")
    outcome["outside"] = dock().outcome.text()
    iface.mapCanvas().setExtent(VIEW)
    click()
    qgis.utils.unloadPlugin("csplus")
    outcome["left"] = [name for name in sys.modules if name == "csplus" or name.startswith("csplus.")]
    when(lambda: not [one for one in threading.enumerate() if "csplus" in one.name], unloaded, 5)


@step
def unloaded():
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    outcome["docks_left"] = [
        one.objectName()
        for one in iface.mainWindow().findChildren(QDockWidget)
        if one.objectName().startswith("csplus")
    ]
    outcome["actions_left"] = len(our_actions())
    outcome["tool_left"] = type(iface.mapCanvas().mapTool()).__name__
    start_plugins()
    outcome["actions_again"] = len(our_actions())
    finish()


begin(start, 150)
