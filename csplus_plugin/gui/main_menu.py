"""Raster > Cloud Score+, and the same as a button: the way to all that the plugin does, beside the toolbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from qgis.core import QgsApplication, QgsProcessingAlgorithm
from qgis.gui import QgisInterface
from qgis.PyQt.QtGui import QAction, QIcon
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from ..core.about import ROOT
from ..processing.base import GROUPS
from .algorithm_dialog import open_algorithm

TITLE = "Cloud Score+"
NAME = "csplusMenu"
"""By which QGIS's *Interface Customization* finds it."""

PROVIDER = "csplus"

_FIRST = f"{PROVIDER}:clearcomposite"
"""What most people come for: above the groups."""


class MainMenu:
    """A menu that is filled when it is opened, from what the provider has then.

    Args:
        iface: The desktop.
        views: Actions that show a dock or take up a map tool.
        others: Text -> what it does.
    """

    def __init__(
        self, iface: QgisInterface, views: Sequence[QAction], others: Mapping[str, Callable[[], None]]
    ) -> None:
        self._iface = iface
        self._views = views
        self._others = others
        self._menu = QMenu(TITLE, iface.mainWindow())
        self._menu.setObjectName(NAME)
        self._menu.setIcon(QIcon(str(ROOT / "resources" / "icons" / "csplus.svg")))
        self._menu.aboutToShow.connect(self._fill)
        action = self._menu.menuAction()
        iface.rasterMenu().addMenu(self._menu)
        iface.addToolBarIcon(action)
        button = iface.pluginToolBar().widgetForAction(action)
        if isinstance(button, QToolButton):
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def stop(self) -> None:
        """Take it out of the window."""
        action = self._menu.menuAction()
        self._iface.removeToolBarIcon(action)
        self._iface.rasterMenu().removeAction(action)
        self._menu.aboutToShow.disconnect(self._fill)
        self._menu.deleteLater()

    def _fill(self) -> None:
        self._menu.clear()
        first = QgsApplication.processingRegistry().algorithmById(_FIRST)
        if first is not None:
            self._add(self._menu, first)
            self._menu.addSeparator()
        for group, algorithms in _by_group():
            submenu = self._menu.addMenu(group)
            for algorithm in algorithms:
                self._add(submenu, algorithm)
        self._menu.addSeparator()
        for action in self._views:
            self._menu.addAction(action)
        self._menu.addSeparator()
        for text, does in self._others.items():
            self._menu.addAction(text).triggered.connect(lambda _=False, does=does: does())

    def _add(self, menu: QMenu, algorithm: QgsProcessingAlgorithm) -> None:
        action = menu.addAction(algorithm.icon(), f"{algorithm.displayName()}…")
        action.setToolTip(algorithm.shortDescription())
        name = algorithm.name()
        action.triggered.connect(lambda _=False: open_algorithm(name, {}))


def _by_group() -> Iterator[tuple[str, list[QgsProcessingAlgorithm]]]:
    """Give the algorithms, group by group, by their names."""
    provider = QgsApplication.processingRegistry().providerById(PROVIDER)
    found = provider.algorithms() if provider is not None else []
    for group in GROUPS:
        algorithms = [one for one in found if one.groupId() == group]
        if algorithms:
            yield algorithms[0].group(), sorted(algorithms, key=lambda one: one.displayName())
