"""Runs inside the real QGIS, started by `qgis --code`: the point inspector, from its action to the last trace of it.
Answers in `$CSPLUS_DESKTOP_OUT/inspector.json`.
"""

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsApplication, QgsProject, QgsRectangle
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QEvent, QPoint, Qt, QTimer
from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QToolTip
from qgis.utils import iface

OUT = Path(os.environ["CSPLUS_DESKTOP_OUT"])
PLACE = "-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]"
VIEW = QgsRectangle(-13348620, 4497180, -13348140, 4497540)
outcome = {"steps": []}
keep = {}


def finish():
    OUT.joinpath("inspector.json").write_text(json.dumps(outcome))
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


def start_plugins():
    qgis.utils.updateAvailablePlugins()
    for name in ("processing", "csplus"):
        if name not in qgis.utils.active_plugins:
            qgis.utils.loadPlugin(name)
            qgis.utils.startPlugin(name)


def inspector():
    return qgis.utils.plugins["csplus"].desktop._inspector


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
    iface.mainWindow().setGeometry(QApplication.primaryScreen().geometry())
    iface.messageBar().clearWidgets()
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
    dialog.algorithmFinished.connect(lambda *_: QTimer.singleShot(500, ran))
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
    QTimer.singleShot(5000, chosen)


@step
def chosen():
    picture("opened.png")
    iface.mapCanvas().setExtent(VIEW)
    keep["watchdog"] = Watchdog()
    QTimer.singleShot(300, clicked)


@step
def clicked():
    keep["watchdog"].longest = 0.0
    keep["watchdog"].last = time.monotonic()
    keep["began"] = time.monotonic()
    click()
    when(is_idle, answered)


@step
def answered():
    outcome["seconds"] = time.monotonic() - keep["began"]
    outcome["longest_gap"] = keep["watchdog"].longest
    keep["watchdog"].timer.stop()
    QTimer.singleShot(4000, looked_at)


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
    QTimer.singleShot(1500, day_dialog)


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
    change_recipe(method="best", start="2023-01-01", end="2023-12-31")
    QgsApplication.setUITheme("Night Mapping")  # last: only a restart brings all of the other theme back
    click()
    when(is_idle, at_night)


@step
def at_night():
    dock().choose(4)
    QTest.qWait(1000)
    picture("night.png")
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


QTimer.singleShot(3000, start)
QTimer.singleShot(150_000, finish)
