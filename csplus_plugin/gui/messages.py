"""Lines in the message bar of QGIS, with buttons that lead on."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

from qgis.core import Qgis
from qgis.gui import QgisInterface, QgsMessageBarItem
from qgis.PyQt.QtWidgets import QPushButton

from ..core.language import _
from .algorithm_dialog import open_algorithm

TITLE = "Cloud Score+"


class Messages:
    """Our lines in a window's message bar: one at a time, the latest.

    Args:
        iface: The desktop.
    """

    def __init__(self, iface: QgisInterface) -> None:
        self._bar = iface.messageBar()
        self._item: QgsMessageBarItem | None = None

    def warn(self, sentence: str) -> None:
        """Show what went wrong, with the way to the connection check."""
        self.show(sentence, {_("Check connection"): open_connection_check})

    def inform(self, sentence: str) -> None:
        """Show what was done."""
        self.show(sentence, {}, Qgis.MessageLevel.Success)

    def tell(self, sentence: str) -> None:
        """Show what was asked for."""
        self.show(sentence, {}, Qgis.MessageLevel.Info)

    def show(
        self,
        sentence: str,
        buttons: Mapping[str, Callable[[], None]],
        level: Qgis.MessageLevel = Qgis.MessageLevel.Warning,
    ) -> None:
        """Show a sentence until the user closes it, or presses one of its buttons.

        Args:
            sentence: What happened.
            buttons: Text of a button -> what it does.
            level: Its colour.
        """
        self.clear()
        # The bar reads HTML, and names of layers and answers of services may be anybody's.
        item = self._bar.createMessage(TITLE, html.escape(sentence, quote=False))
        for text, action in buttons.items():
            button = QPushButton(text, item)
            button.clicked.connect(lambda _=False, act=action: self._press(act))
            item.layout().addWidget(button)
        item.destroyed.connect(self._forget)
        self._item = item
        self._bar.pushWidget(item, level)

    def clear(self) -> None:
        """Take our line away, if it is still there."""
        item, self._item = self._item, None
        if item is not None:
            item.destroyed.disconnect(self._forget)
            self._bar.popWidget(item)

    def _press(self, action: Callable[[], None]) -> None:
        self.clear()
        action()

    def _forget(self) -> None:
        self._item = None


def open_connection_check() -> None:
    """Open the dialog of *Check connection*."""
    open_algorithm("checkconnection", {})
