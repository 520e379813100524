"""A run without an account, in the desktop: the message bar offers ways to go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.gui import desktop, main_menu
from csplus.csplus_plugin.gui.desktop import Desktop
from csplus.csplus_plugin.gui.messages import Messages
from csplus.csplus_plugin.gui.tasks_dock import TasksDock
from osgeo import gdal
from qgis import processing
from qgis.core import QgsApplication, QgsProcessingException, QgsProject, QgsSettings
from qgis.gui import QgsLayerTreeView, QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from qgis.PyQt.QtWidgets import QAction, QActionGroup, QDockWidget, QMenu, QPushButton, QTextBrowser, QToolBar

from .conftest import JANUARY
from .test_renewal import pump


class Window:
    """What is asked of QGIS's interface."""

    def __init__(self) -> None:
        self.bar = QgsMessageBar()
        self.canvas = QgsMapCanvas()
        self.tree = QgsLayerTreeView()
        self.docks: list[QDockWidget] = []
        self.factories: list[object] = []
        self.opened: list[str] = []
        self.menu, self.tools, self.map_tools = QMenu(), QToolBar(), QActionGroup(None)

    def messageBar(self) -> QgsMessageBar:
        return self.bar

    def mapCanvas(self) -> QgsMapCanvas:
        return self.canvas

    def layerTreeView(self) -> QgsLayerTreeView:
        return self.tree

    def addDockWidget(self, area: object, dock: QDockWidget) -> None:
        self.docks.append(dock)

    def removeDockWidget(self, dock: QDockWidget) -> None:
        self.docks.remove(dock)

    def mainWindow(self) -> None:
        return None

    def showOptionsDialog(self, parent: object, page: str) -> None:
        self.opened.append(page)

    def registerOptionsWidgetFactory(self, factory: object) -> None:
        self.factories.append(factory)

    def unregisterOptionsWidgetFactory(self, factory: object) -> None:
        self.factories.remove(factory)

    def rasterMenu(self) -> QMenu:
        return self.menu

    def mapToolActionGroup(self) -> QActionGroup:
        return self.map_tools

    def pluginToolBar(self) -> QToolBar:
        return self.tools

    def addToolBarIcon(self, action: QAction) -> None:
        self.tools.addAction(action)

    def removeToolBarIcon(self, action: QAction) -> None:
        self.tools.removeAction(action)

    def buttons(self) -> dict[str, QPushButton]:
        item = self.bar.currentItem()
        return {} if item is None else {button.text(): button for button in item.findChildren(QPushButton)}


@pytest.fixture
def window(qgis_new_project: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Window]:
    monkeypatch.delenv("CSPLUS_ENDPOINT", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    made = Window()
    running = Desktop(made, QgsProject.instance())
    yield made
    running.stop()
    QgsSettings().remove("csplus")
    assert made.factories == made.docks == []
    assert made.bar.items() == []
    assert made.menu.actions() == made.tools.actions() == made.map_tools.actions() == []


def test_the_menu_has_every_algorithm_that_the_provider_has(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(main_menu, "open_algorithm", lambda name, given: opened.append(name))
    (action,) = window.menu.actions()
    assert action in window.tools.actions()
    assert not action.menu().actions()  # nothing before it is opened
    for _ in range(2):  # and nothing twice
        action.menu().aboutToShow.emit()
    groups = [one for one in action.menu().actions() if one.menu()]
    assert [one.text() for one in groups] == ["Composites", "Evidence", "Models", "Connection"]
    assert action.menu().actions()[0].text() == "Clear composite…"
    for one in (algorithm for group in groups for algorithm in group.menu().actions()):
        one.trigger()
    provider = QgsApplication.processingRegistry().providerById("csplus")
    assert sorted(opened) == sorted(algorithm.name() for algorithm in provider.algorithms())
    next(one for one in action.menu().actions() if one.text() == "Options…").trigger()
    assert window.opened == ["csplusOptions"]


def fail() -> None:
    with pytest.raises(QgsProcessingException, match="No Earth Engine account"):
        processing.run("csplus:clearcomposite", JANUARY)
    QCoreApplication.processEvents()


def test_the_sandbox_is_one_click_away_and_a_run_there_another(
    window: Window, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    fail()
    (item,) = window.bar.items()
    assert item.text() == "No Earth Engine account is signed in on this computer."
    assert list(window.buttons()) == ["Sign in", "Try the sandbox", "Options", "Help"]
    window.buttons()["Try the sandbox"].click()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert settings.ENDPOINT.value() == "sandbox"
    (item,) = window.bar.items()
    assert item.text().startswith("The sandbox is chosen")
    opened = []
    monkeypatch.setattr(desktop, "open_algorithm", lambda name, given: opened.append((name, given)))
    assert list(window.buttons()) == ["Clear composite there…", "Options"]
    window.buttons()["Clear composite there…"].click()
    ((name, given),) = opened
    assert processing.run(f"csplus:{name}", {**given, "OUTPUT": target})["SCENE_COUNT"] > 0
    values = gdal.Open(target).ReadAsArray()
    assert np.mean(values != 65535) > 0.9  # nodata: nearly all of it has a value


def test_the_list_of_tasks_follows_the_sandbox(window: Window) -> None:
    tasks = next(dock for dock in window.docks if isinstance(dock, TasksDock))
    tasks.open()
    pump(lambda: not tasks.watch.is_busy)
    assert tasks.watch.has_no_account
    fail()
    window.buttons()["Try the sandbox"].click()
    pump(lambda: not tasks.watch.is_busy)
    assert "account" not in tasks.state.text()
    assert tasks.sign_in_button.isHidden()


def test_the_options_are_one_click_away(window: Window) -> None:
    fail()
    window.buttons()["Options"].click()
    assert window.opened == ["csplusOptions"]


def test_several_failures_are_one_line(window: Window) -> None:
    fail()
    fail()
    assert len(window.bar.items()) == 1


def test_a_line_that_was_closed_by_the_user(window: Window) -> None:
    fail()
    window.bar.popWidget(window.bar.currentItem())
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    fail()
    assert len(window.bar.items()) == 1


def test_where_the_environment_chooses_the_endpoint_the_sandbox_is_not_offered(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSPLUS_ENDPOINT", "earthengine")
    fail()
    assert list(window.buttons()) == ["Sign in", "Options", "Help"]


def test_foreign_text_is_text_and_no_html(window: Window) -> None:
    Messages(window).warn('<a href="https://example.org">Click</a> < here')
    browser = window.bar.currentItem().findChild(QTextBrowser)
    assert browser.toPlainText() == 'Cloud Score+: <a href="https://example.org">Click</a> < here'
    window.bar.clearWidgets()
