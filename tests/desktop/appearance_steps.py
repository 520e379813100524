"""Runs inside the real QGIS: opens every window of ours, photographs it, and tells what is wrong with it.

The part names the look: theme, scale and language come from the profile and from the environment.
"""

from datetime import datetime, timedelta, timezone

import qgis.utils
import windows
from in_qgis import (
    JANUARY,
    PART,
    VIEW,
    begin,
    finish,
    keep,
    later,
    live_layers,
    outcome,
    picture,
    plugin,
    start_plugins,
    step,
    when,
)
from qgis.core import QgsApplication, QgsPointXY, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface

outcome["windows"] = {}


def look_at(name, window):
    """Photograph a window, and note what is wrong with it."""
    QTest.qWait(400)
    picture(f"{PART}_{name}.png")
    outcome["windows"][name] = {
        "cut_off": windows.cut_off(window),
        "without_keyboard": windows.without_keyboard(window),
        "without_name": windows.without_name(window),
    }


@step
def start():
    start_plugins()
    outcome["theme"] = QgsApplication.themeName()
    outcome["language"] = QgsApplication.locale()
    outcome["scale"] = iface.mainWindow().devicePixelRatioF()
    menu = next(one for one in iface.rasterMenu().actions() if one.text() == "Cloud Score+").menu()
    menu.popup(iface.mainWindow().mapToGlobal(iface.mainWindow().rect().center() / 3))
    group = next(one for one in menu.actions() if one.menu())
    submenu = group.menu()
    submenu.popup(menu.mapToGlobal(menu.actionGeometry(group).topRight()))
    QTest.qWait(300)
    picture(f"{PART}_menu.png")
    submenu.close()
    menu.close()
    QTimer.singleShot(1500, options_are_open)
    iface.showOptionsDialog(iface.mainWindow(), "csplusOptions")
    later(300, run)


@step
def options_are_open():
    dialog = QApplication.activeModalWidget()
    page = next(one for one in dialog.findChildren(object) if type(one).__name__ == "OptionsPage")
    screen = QApplication.primaryScreen().size()
    dialog.setGeometry(20, 20, screen.width() - 40, screen.height() - 60)
    look_at("options", page)
    dialog.reject()


@step
def run():
    from qgis import processing

    dialog = processing.createAlgorithmDialog("csplus:clearcomposite", JANUARY)
    keep["dialog"] = dialog
    dialog.algorithmFinished.connect(lambda *_: later(500, ran))
    dialog.setGeometry(20, 20, 1000, QApplication.primaryScreen().size().height() - 60)
    dialog.show()
    look_at("dialog", dialog.mainWidget())
    dialog.runButton().click()


@step
def ran():
    keep["dialog"].close()
    (layer,) = live_layers()
    QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(True)
    iface.setActiveLayer(layer)
    iface.mapCanvas().setExtent(VIEW)
    plugin().desktop._dock.open()
    when(lambda: not plugin().desktop._dock.tuning.is_busy, tuned)


@step
def tuned():
    look_at("tune", plugin().desktop._dock.widget())
    plugin().desktop._dock.hide()
    inspector = plugin().desktop._inspector
    inspector.start()
    look_at("inspector_empty", inspector.dock.widget())
    inspector.inspect(QgsPointXY(-13348380, 4497360))  # clear on some days
    when(lambda: not inspector.is_busy, inspected)


@step
def inspected():
    dock = plugin().desktop._inspector.dock
    dock.choose(3)
    look_at("inspector", dock.widget())
    dock.close()
    plugin().desktop.tasks.open()
    when(lambda: not plugin().desktop.tasks.watch.is_busy, list_tasks)


def show_tasks(tasks, problem=""):
    """Show tasks in the dock, as if a service had told of them."""
    from csplus.csplus_plugin.gui.task_watch import Listing

    watch = plugin().desktop.tasks.watch
    now = datetime.now(timezone.utc)
    watch.listing = Listing(tuple(tasks), "forest-monitoring-12", is_sandbox=False, at=now)
    watch.problem, watch.has_no_account = problem, bool(problem)
    watch.changed.emit()


@step
def list_tasks():
    from csplus.csplus_plugin.earthengine.operations import Operation

    dock = plugin().desktop.tasks
    show_tasks([])
    look_at("no_tasks", dock.widget())
    show_tasks([], "No Earth Engine account was found. Sign in with your Google account.")
    look_at("no_account", dock.widget())
    error = "User memory limit exceeded. If using a mapped function, reduce its size."
    begun = (datetime.now(timezone.utc) - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S")
    folder = ("https://drive.google.com/#folders/1AbC",)
    months = [
        Operation(
            f"A{month}",
            state,
            f"csplus_sierra_2023-{month:02}",
            "EXPORT_IMAGE",
            share,
            begun,
            *("", ""),
            cost,
        )
        for month, state, share, cost in (
            (6, "PENDING", 0, None),
            (5, "RUNNING", 0.46, 812.4),
            (4, "RUNNING", 0.93, 1630.2),
        )
    ]
    done = [
        Operation(
            f"B{month}", "SUCCEEDED", f"csplus_sierra_2023-{month:02}", created=begun, eecu_seconds=1700.0
        )
        for month in (3, 2)
    ]
    failed = Operation(
        "C", "FAILED", "csplus_sierra_2023-01", "EXPORT_IMAGE", 0.2, begun, attempt=5, error=error
    )
    other = Operation("D", "SUCCEEDED", "NDVI table of a colleague", created=begun, links=folder)
    show_tasks([*months, *done, failed, other])
    dock.list.setFocus()
    dock.list.setCurrentItem(dock.list.topLevelItem(5))
    look_at("tasks", dock.widget())
    dock.details_button.click()
    look_at("task", dock.window_)
    dock.window_.reject()
    dock.list.setCurrentItem(dock.list.topLevelItem(1))
    dock.cancel_button.click()
    look_at("cancel", dock.window_)
    dock.window_.reject()
    dock.hide()
    choose_a_project()


@step
def choose_a_project():
    from csplus.csplus_plugin.earthengine.cloud_projects import CloudProject
    from csplus.csplus_plugin.gui.project_chooser import ProjectChooser

    off = "The Earth Engine API is off in this project. https://console.cloud.google.com/apis/library/earthengine"
    projects = [
        CloudProject("forest-monitoring-12", "Forest monitoring", "Registered, noncommercial", ""),
        CloudProject("old-project-98", "An old project", "Earth Engine API off", off),
    ]
    chooser = ProjectChooser(projects, "old-project-98", iface.mainWindow())
    chooser.show()
    look_at("projects", chooser)
    chooser.close()
    qgis.utils.unloadPlugin("csplus")
    finish()


begin(start)
