"""Lines in the message bar of QGIS, with buttons that lead on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qgis.core import Qgis
from qgis.gui import QgisInterface
from qgis.PyQt.QtWidgets import QPushButton

TITLE = "Cloud Score+"


class Messages:
    """Our lines in a window's message bar.

    Args:
        iface: The desktop.
    """

    def __init__(self, iface: QgisInterface) -> None:
        self._iface = iface

    def warn(self, sentence: str) -> None:
        """Show what went wrong, with the way to the connection check."""
        self.show(sentence, {"Check connection": open_connection_check})

    def show(self, sentence: str, buttons: Mapping[str, Callable[[], None]]) -> None:
        """Show a sentence until the user closes it.

        Args:
            sentence: What happened.
            buttons: Text of a button -> what it does.
        """
        bar = self._iface.messageBar()
        item = bar.createMessage(TITLE, sentence)
        for text, action in buttons.items():
            button = QPushButton(text, item)
            button.clicked.connect(lambda _=False, act=action: act())
            item.layout().addWidget(button)
        bar.pushWidget(item, Qgis.MessageLevel.Warning)


def open_connection_check() -> None:
    """Open the dialog of *Check connection*."""
    from qgis import processing

    dialog = processing.createAlgorithmDialog("csplus:checkconnection", {})
    if dialog is not None:
        dialog.show()
