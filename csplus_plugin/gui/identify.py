"""QGIS's own *Identify* on a live layer: it finds nothing in tiles, and then we answer with the pixel's values."""

from __future__ import annotations

from collections.abc import Callable

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsPointXY,
    QgsProject,
)
from qgis.gui import QgisInterface, QgsMapTool, QgsMapToolIdentify
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.errors import CsPlusError
from ..core.language import _, marked
from ..earthengine.session import Connection
from ..layers import minting, pixel
from ..layers.background_task import BackgroundTask
from ..layers.swap import LiveLayer, read_live
from .map_crs import map_crs


class Identify(QObject):
    """Listens to the identify tool while it is chosen.

    Args:
        iface: The desktop.
        project: The open project.
        connection: Reads the settings, in the main thread.

    Signals:
        answered: A line for the user.
    """

    answered = pyqtSignal(str)

    def __init__(
        self, iface: QgisInterface, project: QgsProject, connection: Callable[[], Connection]
    ) -> None:
        super().__init__()
        self._iface, self._project, self._connection = iface, project, connection
        self._canvas = iface.mapCanvas()
        self._tool: QgsMapToolIdentify | None = None
        self._question: _Question | None = None
        self._place: QgsPointXY | None = None
        # The tool says several things about one click, all before this fires.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self._canvas.mapToolSet.connect(self._watch)
        self._watch(self._canvas.mapTool())

    def stop(self) -> None:
        """Let go of the canvas and its tool, and end what is asked."""
        self._canvas.mapToolSet.disconnect(self._watch)
        self._watch(None)
        self._timer.stop()
        self._drop()

    def _watch(self, tool: QgsMapTool | None, before: QgsMapTool | None = None) -> None:
        del before
        if self._tool is not None:
            self._tool.identifyMessage.disconnect(self._note_click)
            self._canvas.xyCoordinates.disconnect(self._note_place)
        self._tool = tool if isinstance(tool, QgsMapToolIdentify) else None
        if self._tool is not None:
            self._tool.identifyMessage.connect(self._note_click)
            self._canvas.xyCoordinates.connect(self._note_place)

    def _note_place(self, place: QgsPointXY) -> None:
        # Kept as it was: the panel of results opens at the first click, and moves the map under the mouse.
        self._place = place

    def _note_click(self) -> None:
        self._timer.start(0)

    def _ask(self) -> None:
        """Ask for the pixel under the mouse, if the layer is a live one of ours."""
        layer, place = self._iface.activeLayer(), self._place
        live = read_live(layer)
        if live is None or place is None:
            return
        geographic = QgsCoordinateReferenceSystem("EPSG:4326")
        crs = map_crs(self._canvas, layer)
        try:
            place = QgsCoordinateTransform(crs, geographic, self._project).transform(place)
            connection = self._connection()
        except QgsCsException:
            return
        except CsPlusError as problem:
            self.answered.emit(str(problem))
            return
        self._drop()  # a newer click counts
        self._question = _Question(live, place.x(), place.y(), connection)
        self._question.answered.connect(self.answered)
        QgsApplication.taskManager().addTask(self._question)

    def _drop(self) -> None:
        if self._question is not None:
            self._question.drop()
            self._question = None


class _Question(BackgroundTask):
    """Asks for one pixel."""

    DEFECT = marked("The pixel cannot be read: {kind} ({defect}).")

    answered = pyqtSignal(str)

    def __init__(self, live: LiveLayer, longitude: float, latitude: float, connection: Connection) -> None:
        super().__init__(_("Reading a pixel"))
        self._live, self._place, self._connection = live, (longitude, latitude), connection
        self._line = ""

    def work(self) -> None:
        """Ask."""
        minting.check_service(self._live, self._connection)
        recipe = minting.read_recipe(self._live)
        found = pixel.pixel_at(recipe, *self._place)
        client = minting.open_client(self._connection, self.is_unwanted)
        line = pixel.describe_pixel(recipe, found, client)
        longitude, latitude = self._place
        more = _("For every look at it, right-click the layer: Cloud Score+ > Inspect pixels.")
        self._line = f"{line} ({latitude:.5f}, {longitude:.5f}) {more}"

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Give the line, in the main thread."""
        if result and not self.is_dropped:
            self.answered.emit(str(self.problem or self._line))
