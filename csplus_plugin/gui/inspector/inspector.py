"""The point inspector: its action, its map tool, its dock, and one request a click."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsPointXY,
    QgsProject,
)
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtGui import QAction, QIcon

from ...core.about import ROOT
from ...core.errors import CsPlusError
from ...core.language import _, marked
from ...core.looks.day import day_recipe
from ...core.looks.inspection import Look
from ...core.looks.spot import Spot
from ...core.recipe import Recipe
from ...core.targets.target import ImageTarget
from ...core.text import clean
from ...earthengine.session import Connection
from ...layers.carried import carrier_of
from ...layers.looking import Looked
from ..algorithm_dialog import open_recipe
from ..map_crs import map_crs
from .dock import InspectorDock
from .mark import PixelMark
from .task import LookTask
from .tool import InspectTool

TEXT = marked("Inspect pixels")
_ACTION = "csplusInspectPixels"


class PointInspector(QObject):
    """Before it is used for the first time, it is an action and nothing else.

    Args:
        iface: The desktop.
        project: The open project.
        connection: Reads the settings, in the main thread.
    """

    def __init__(
        self, iface: QgisInterface, project: QgsProject, connection: Callable[[], Connection]
    ) -> None:
        super().__init__()
        self._iface, self._project, self._connection = iface, project, connection
        self._canvas = iface.mapCanvas()
        self.tool: InspectTool | None = None
        self.dock: InspectorDock | None = None
        self.mark = PixelMark(self._canvas)
        self._task: LookTask | None = None
        self._number = 0
        self._recipe: Recipe[ImageTarget] | None = None
        icon = QIcon(str(ROOT / "resources" / "icons" / "inspect.svg"))
        self.action = QAction(icon, _(TEXT), iface.mainWindow())
        self.action.setObjectName(_ACTION)
        self.action.setCheckable(True)
        self.action.setToolTip(_("Inspect pixels: click one for every look at it, and which ones made it."))
        self.action.triggered.connect(self.start)
        iface.addToolBarIcon(self.action)
        iface.mapToolActionGroup().addAction(self.action)

    def start(self) -> None:
        """Choose the map tool, and show the dock."""
        self._prepare()
        self._canvas.setMapTool(self.tool)
        self._show_dock()

    def stop(self) -> None:
        """Leave the window, and wait until what runs is out of our code."""
        if self._task is not None:
            self._task.abandon()
        self._let_go()
        self.mark.remove()
        self.action.triggered.disconnect(self.start)
        self._iface.mapToolActionGroup().removeAction(self.action)
        self._iface.removeToolBarIcon(self.action)
        if self.tool is not None and self.dock is not None:
            self.tool.chosen.disconnect(self.inspect)
            self._canvas.unsetMapTool(self.tool)
            self.tool.deleteLater()
            self._canvas.destinationCrsChanged.disconnect(self.mark.again)
            self._project.cleared.disconnect(self.forget)
            self.dock.visibilityChanged.disconnect(self._on_visibility)
            self.dock.day_wanted.disconnect(self._open_day)
            self._iface.removeDockWidget(self.dock)
            self.dock.deleteLater()
            self.tool = self.dock = None
        self.action.deleteLater()

    def inspect(self, place: QgsPointXY) -> None:
        """Ask for every look at a pixel of the layer that is chosen; what was asked before is dropped.

        Args:
            place: In the CRS of the map.
        """
        self._prepare()
        self._drop()
        self.mark.remove()
        layer = self._iface.activeLayer()
        carrier = carrier_of(layer)
        if layer is None or carrier is None:
            self._fail(
                _("Choose a live layer of Cloud Score+, or a GeoTIFF that it made, in the layer tree.")
            )
            return
        geographic = QgsCoordinateReferenceSystem("EPSG:4326")
        crs = map_crs(self._canvas, layer)
        self.mark.crs = layer.crs()
        try:
            where = QgsCoordinateTransform(crs, geographic, self._project).transform(place)
            connection = self._connection()
        except QgsCsException:
            self._fail(_("The place lies nowhere on the globe."))
            return
        except CsPlusError as problem:
            self._fail(str(problem))
            return
        self._number += 1
        self.dock.wait(_name(layer))
        self._show_dock()
        self._task = LookTask(self._number, carrier, (where.x(), where.y()), connection)
        self._task.placed.connect(self._mark)
        self._task.ended.connect(self._take)
        QgsApplication.taskManager().addTask(self._task)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._task is not None

    def forget(self) -> None:
        """Show nothing: another project is there, or the dock is closed."""
        self._drop()
        self.mark.remove()
        self._recipe = None
        if self.dock is not None:
            self.dock.clear()

    def _prepare(self) -> None:
        """Make tool and dock when they are first needed."""
        if self.tool is not None:
            return
        self.tool = InspectTool(self._canvas)
        self.tool.setAction(self.action)
        self.tool.chosen.connect(self.inspect)
        self.dock = InspectorDock(self._iface.mainWindow())
        self.dock.day_wanted.connect(self._open_day)
        self._iface.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.dock)
        self.dock.visibilityChanged.connect(self._on_visibility)
        self._canvas.destinationCrsChanged.connect(self.mark.again)
        self._project.cleared.connect(self.forget)

    def _on_visibility(self, visible: bool) -> None:  # noqa: FBT001 a slot
        # A tab of several docks that is not on top counts as invisible; one that is closed is hidden, too.
        if not visible and self.dock is not None and self.dock.isHidden():
            self.forget()

    def _fail(self, sentence: str) -> None:
        self._recipe = None
        self.dock.fail(sentence)
        self._show_dock()

    def _show_dock(self) -> None:
        """Show it, on top where it is one of several tabs."""
        self.dock.show()
        self.dock.raise_()

    def _mark(self, number: int, spot: Spot) -> None:
        if number == self._number:
            self.mark.show(spot)

    def _take(self, number: int, looked: Looked | None, sentence: str) -> None:
        if number != self._number:
            return
        self._let_go()
        if looked is None:
            self._recipe = None
            self.dock.fail(sentence)
        else:
            self._recipe = looked.recipe
            self.dock.show_found(looked)

    def _open_day(self, look: Look) -> None:
        if self._recipe is not None:
            try:
                open_recipe(day_recipe(self._recipe, look))
            except CsPlusError as problem:
                self.dock.say(str(problem))

    def _drop(self) -> None:
        if self._task is not None:
            self._task.drop()
            self._let_go()

    def _let_go(self) -> None:
        """Hear no more of the task; what it has already said is known by its number."""
        task, self._task = self._task, None
        if task is not None:
            self._number += 1
            task.placed.disconnect()
            task.ended.disconnect()


def _name(layer: QgsMapLayer) -> str:
    return clean(layer.name(), 80)
