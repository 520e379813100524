"""What the context menu of the layer tree offers on layers that carry a recipe."""

from __future__ import annotations

from qgis.core import QgsMapLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QApplication, QMenu

from ..core.about import ROOT
from ..core.errors import CsPlusError
from ..core.language import _
from ..core.layer_name import own_name
from ..core.text import clean
from ..layers.carried import carries_recipe, read_carried
from ..layers.swap import read_live
from .algorithm_dialog import open_recipe

TITLE = "Cloud Score+"


class LayerMenu(QObject):
    """Adds a submenu when a context menu opens; nothing is looked at before.

    Args:
        iface: The desktop.

    Signals:
        tuning: The user wants to tune the layer.
        inspecting: The user wants to inspect its pixels.
        done: What was done, a sentence.
        failed: What went wrong, a sentence.
    """

    tuning = pyqtSignal()
    inspecting = pyqtSignal()
    done = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, iface: QgisInterface) -> None:
        super().__init__()
        self._view = iface.layerTreeView()
        self._view.contextMenuAboutToShow.connect(self._extend)

    def stop(self) -> None:
        """Let go of the layer tree; a menu is QGIS's own and goes when it closes."""
        self._view.contextMenuAboutToShow.disconnect(self._extend)

    def _extend(self, menu: QMenu) -> None:
        layer = self._view.currentLayer()
        if not carries_recipe(layer):
            return
        menu.addSeparator()
        added = menu.addMenu(QIcon(str(ROOT / "resources" / "icons" / "csplus.svg")), TITLE)
        if read_live(layer) is not None:
            added.addAction(_("Tune…")).triggered.connect(self.tuning)
        added.addAction(_("Inspect pixels")).triggered.connect(self.inspecting)
        added.addAction(_("Edit and run again…")).triggered.connect(lambda: self._edit(layer))
        added.addAction(_("Copy recipe")).triggered.connect(lambda: self._copy(layer))

    def _edit(self, layer: QgsMapLayer) -> None:
        try:
            recipe = read_carried(layer)
            is_live = read_live(layer) is not None
            name = own_name(layer.name(), recipe) if is_live else ""
            open_recipe(recipe, **({"NAME": name} if name else {}))
        except CsPlusError as problem:
            self.failed.emit(str(problem))

    def _copy(self, layer: QgsMapLayer) -> None:
        try:
            QApplication.clipboard().setText(read_carried(layer).to_json())
        except CsPlusError as problem:
            self.failed.emit(str(problem))
            return
        self.done.emit(_("The recipe of {name} was copied as JSON.", name=clean(layer.name(), 60)))
